//! What does a key cost among a hundred of them, and among a million: to load, to hold, to find, to verify with, to change?
//!
//! `cargo bench --bench keys` prints one table, and by how much a process with a million keys grows. With any other argument
//! the sets are small and everything is done a few times.
//!
//! A million key pairs would take a day to make. Most keys have a random odd modulus, which loads, lies and is found as any
//! other; those whose tokens are granted share one real pair under many names, which makes them keys of their own.

#![expect(clippy::print_stdout, reason = "the figures are what a bench is for")]

#[allow(dead_code, reason = "shared with the other benches")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod request;

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use http::Request;
use playgate::error::Code;
use playgate::keys::KeySet;
use playgate::mint::Signer;
use playgate::time::UnixSeconds;
use playgate::{Decision, Key, KeyScope, Verifier};
use request::{EXP, get, signature_alone, site, token};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const PAST: UnixSeconds = UnixSeconds::new(1_740_000_000);

/// How many keys have tokens that are granted again and again.
const HOT: usize = 64;

/// The bytes of a key in SPKI, and where its modulus stands there.
const DER_LEN: usize = 294;
const MODULUS: std::ops::Range<usize> = 33..289;

/// The bytes of a `kid`.
const KID_LEN: usize = 16;

/// The argument of a process that tells what its keys take.
const BYTES: &str = "--bytes-each";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, size] = &*arguments
        && flag == BYTES
    {
        println!("{}", resident_each(size.parse().unwrap()));
        return;
    }
    let (sizes, effort): (&[usize], _) = if arguments.is_empty() {
        (
            &[100, 1_000, 10_000, 100_000, 1_000_000],
            Effort { cold: 1_000, changes: 500, rounds: 5, samples: 200 },
        )
    } else {
        (&[100, 200], Effort { cold: 10, changes: 3, rounds: 1, samples: 1 })
    };
    let columns: Vec<Vec<(&'static str, String)>> = sizes.iter().map(|&size| column(size, &effort)).collect();
    let names: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    println!("| RSA keys of 2048 bits, 16-byte kid | {} |", names.join(" | "));
    println!("| --- |{}", " ---: |".repeat(sizes.len()));
    for row in 0..columns[0].len() {
        let cells: Vec<&str> = columns.iter().map(|column| &*column[row].1).collect();
        println!("| {} | {} |", columns[0][row].0, cells.join(" | "));
    }
    if arguments.is_empty() {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let told = alone.args([BYTES, "1000000"]).output().unwrap().stdout;
        println!(
            "\nBy the size of a process that holds a million: {} bytes each.",
            String::from_utf8(told).unwrap().trim()
        );
    }
}

/// How often what is done.
struct Effort {
    cold: usize,
    changes: usize,
    rounds: usize,
    samples: usize,
}

/// All about sets of one size.
fn column(size: usize, effort: &Effort) -> Vec<(&'static str, String)> {
    let pair = Pair::new();
    let stock = Stock::new(&pair, size);
    let (load, drop_each) = load(&stock, effort);
    let (key_bytes, table_bytes) = bytes(&stock);
    let cold_kids = effort.cold.min(size);
    let verifier = Verifier::builder().site(site()).clock(|| NOW).token_cache(0).build().unwrap();
    verifier.keys().replace(KeySet::from_keys(stock.keys()).unwrap());
    let lookup = lookup(&verifier.keys().snapshot(), &stock);
    // Names that are cold have not been asked for yet.
    let cold = cold(&verifier, &pair, &stock, cold_kids);
    let hot = Tokens::new(&pair, &stock, HOT.min(size));
    let (raw, warm) = warm(&verifier, &pair, &hot, effort);
    let (insert, remove) = changes(&verifier, &pair, effort);
    let mut rows = vec![
        ("load from DER, CPU ns each", format!("{load:.0}")),
        ("drop, CPU ns each", format!("{drop_each:.0}")),
        ("a cold key, bytes", key_bytes.to_string()),
        ("its part of the table, bytes", table_bytes.to_string()),
        ("lookup of any key, ns", format!("{lookup:.0}")),
        ("signature alone, us", micros(raw)),
        ("new token of a hot key, us", micros(warm)),
        ("new token of a cold key, us", micros(cold)),
        ("insert, us", micros(insert)),
        ("remove, us", micros(remove)),
    ];
    rows.extend(latencies(&verifier, &stock, &hot, effort));
    rows
}

fn micros(nanoseconds: u128) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let micros = nanoseconds as f64 / 1_000.0;
    format!("{micros:.1}")
}

fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A real key pair.
struct Pair {
    private_pem: String,
    public_der: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        let der = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec();
        let private_pem = pem::encode(&pem::Pem::new("PRIVATE KEY", der));
        let signer = Signer::from_pem("k", private_pem.as_bytes()).unwrap();
        let public_der = pem::parse(signer.public_pem().unwrap()).unwrap().into_contents();
        assert_eq!(public_der.len(), DER_LEN);
        Self { private_pem, public_der }
    }

    fn token(&self, kid: &str, exp: UnixSeconds) -> String {
        token(&Signer::from_pem(kid, self.private_pem.as_bytes()).unwrap(), exp)
    }
}

/// Keys before they are loaded, one after the other: every tenth is the real one, the first thousand all are.
struct Stock {
    size: usize,
    kids: String,
    der: Vec<u8>,
}

impl Stock {
    fn new(pair: &Pair, size: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let (mut kids, mut der) = (String::with_capacity(size * KID_LEN), Vec::with_capacity(size * DER_LEN));
        for number in 0..size {
            let _ = write!(kids, "{:016x}", random());
            let at = der.len();
            der.extend_from_slice(&pair.public_der);
            if number >= 1_000 && number % 10 != 0 {
                let modulus = &mut der[at..][MODULUS];
                for word in modulus.chunks_exact_mut(8) {
                    word.copy_from_slice(&random().to_le_bytes());
                }
                modulus[0] |= 0x80;
                modulus[255] |= 1;
            }
        }
        Self { size, kids, der }
    }

    fn kid(&self, number: usize) -> &str {
        &self.kids[number * KID_LEN..][..KID_LEN]
    }

    /// Loads every key anew.
    fn keys(&self) -> impl Iterator<Item = Key> {
        let scope = KeyScope::bucket("courses");
        let der = self.der.chunks_exact(DER_LEN).enumerate();
        der.map(move |(number, der)| Key::from_der(self.kid(number), der, scope.clone()).unwrap())
    }

    /// Places in no order that a cache could guess.
    fn spread(&self, count: usize) -> impl Iterator<Item = usize> {
        let size = self.size;
        (0..count).map(move |index| index * 7_919 % size) // prime to every size
    }
}

/// Nanoseconds of processor time to load a key from DER into a set, and to drop it.
fn load(stock: &Stock, effort: &Effort) -> (f64, f64) {
    let rounds = effort.rounds.max(100_000 / stock.size * effort.rounds / 5);
    let (mut loading, mut dropping) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = busy();
        let set = KeySet::from_keys(stock.keys()).unwrap();
        let loaded = busy();
        assert_eq!(set.len(), stock.size);
        drop(set);
        loading.push(loaded.saturating_sub(started).as_nanos());
        dropping.push(busy().saturating_sub(loaded).as_nanos());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = |times| median(times) as f64 / stock.size as f64;
    (each(loading), each(dropping))
}

/// For how long this thread had a processor: what others do on the machine is left out, but for what they do to its caches.
fn busy() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).try_into().unwrap()
}

/// What is asked of Rust's allocator for a key, and for its part of the table.
fn bytes(stock: &Stock) -> (u64, u64) {
    let mut keys = Vec::with_capacity(stock.size);
    let of_keys = measure(|| keys.extend(stock.keys())).bytes_current;
    let mut set = None;
    let of_table = measure(|| set = Some(KeySet::from_keys(keys.iter().cloned()).unwrap())).bytes_current;
    let each = |bytes: i64| bytes.unsigned_abs().div_ceil(stock.size as u64);
    (each(of_keys), each(of_table))
}

/// Nanoseconds to find a key and touch it.
fn lookup(set: &KeySet, stock: &Stock) -> f64 {
    let kids: Vec<&str> = stock.spread(stock.size.min(200_000)).map(|number| stock.kid(number)).collect();
    let once = || {
        let started = Instant::now();
        for kid in &kids {
            assert!(set.keys_of(black_box(kid)).next().unwrap().last_used().is_none());
        }
        started.elapsed().as_nanos()
    };
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = median((0..11).map(|_| once()).collect()) as f64 / kids.len() as f64;
    each
}

fn is_granted(verifier: &Verifier, request: &Request<()>) {
    let decision = verifier.decide(black_box(request), NOW);
    assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
}

/// Each key's first token.
fn cold(verifier: &Verifier, pair: &Pair, stock: &Stock, kids: usize) -> u128 {
    // The real ones that are spread over all; of a small set, whatever there is.
    let numbers = (0..kids)
        .map(|index| if stock.size > 10_000 { index * (stock.size / kids / 10 * 10) } else { index });
    let requests: Vec<_> = numbers.map(|number| get(&pair.token(stock.kid(number), EXP))).collect();
    let times = requests.iter().map(|request| {
        let started = Instant::now();
        is_granted(verifier, request);
        started.elapsed().as_nanos()
    });
    median(times.collect())
}

/// What readers ask for.
struct Tokens {
    /// Granted, by a hot key.
    granted: Vec<Request<()>>,
    raw: String,
    /// Refused, once the key is found: any of all.
    refused: Vec<Request<()>>,
}

impl Tokens {
    fn new(pair: &Pair, stock: &Stock, count: usize) -> Self {
        let tokens: Vec<String> = (0..count).map(|number| pair.token(stock.kid(number), EXP)).collect();
        let expired = pair.token("0123456789abcdef", PAST);
        let (_, rest) = expired.split_once('.').unwrap(); // whoever expired is not asked for a signature
        let named = |number: usize| {
            use base64::Engine as _;
            let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, stock.kid(number));
            get(&format!("{}.{rest}", base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(header)))
        };
        Self {
            granted: tokens.iter().map(|token| get(token)).collect(),
            raw: tokens[0].clone(),
            refused: stock.spread(stock.size.min(20_000)).map(named).collect(),
        }
    }
}

/// The signature alone, and whole decisions by hot keys, in turns.
fn warm(verifier: &Verifier, pair: &Pair, tokens: &Tokens, effort: &Effort) -> (u128, u128) {
    let public_pem = pem::encode(&pem::Pem::new("PUBLIC KEY", pair.public_der.clone()));
    let alone = signature_alone("RS256", &public_pem, &tokens.raw);
    let (mut raw, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..effort.samples {
        let started = Instant::now();
        for _ in &tokens.granted {
            assert!(alone());
        }
        raw.push(started.elapsed().as_nanos() / tokens.granted.len() as u128);
        let started = Instant::now();
        for request in &tokens.granted {
            is_granted(verifier, request);
        }
        whole.push(started.elapsed().as_nanos() / tokens.granted.len() as u128);
    }
    (median(raw), median(whole))
}

/// One key more, and one less.
fn changes(verifier: &Verifier, pair: &Pair, effort: &Effort) -> (u128, u128) {
    let kid = |number: usize| format!("new-{number:012}");
    let key =
        |number: usize| Key::from_der(&kid(number), &pair.public_der, KeyScope::bucket("courses")).unwrap();
    let time = |run: &mut dyn FnMut(usize)| {
        let each = |number| {
            let started = Instant::now();
            run(number);
            started.elapsed().as_nanos()
        };
        median((0..effort.changes).map(each).collect())
    };
    let mut keys: Vec<Key> = (0..effort.changes).rev().map(key).collect();
    let insert = time(&mut |_| verifier.keys().insert(keys.pop().unwrap()).unwrap());
    let remove = time(&mut |number| assert_eq!(verifier.keys().remove_kid(&kid(number)), 1));
    (insert, remove)
}

/// What the writer does while readers are timed.
const PHASES: usize = 3;

/// How long decisions take while nothing happens, while keys come and go, and while all are replaced.
fn latencies(
    verifier: &Verifier,
    stock: &Stock,
    tokens: &Tokens,
    effort: &Effort,
) -> Vec<(&'static str, String)> {
    let meanwhile = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let for_a_while = Duration::from_millis(if effort.rounds > 1 { 800 } else { 1 });
    let mut times: [[Vec<u128>; PHASES]; 2] = Default::default();
    let mut replaced = Vec::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut replaced = Vec::new();
            for _ in 0..effort.rounds {
                std::thread::sleep(for_a_while);
                meanwhile.store(1, Ordering::SeqCst);
                let started = Instant::now();
                while started.elapsed() < for_a_while {
                    let key =
                        Key::from_der("another", &stock.der[..DER_LEN], KeyScope::bucket("courses")).unwrap();
                    verifier.keys().insert(key).unwrap();
                    assert_eq!(verifier.keys().remove_kid("another"), 1);
                }
                meanwhile.store(0, Ordering::SeqCst);
                std::thread::sleep(for_a_while);
                meanwhile.store(2, Ordering::SeqCst);
                let started = Instant::now();
                while started.elapsed() < for_a_while {
                    let set = KeySet::from_keys(stock.keys()).unwrap();
                    let started = Instant::now();
                    verifier.keys().replace(set);
                    replaced.push(started.elapsed().as_nanos());
                }
                meanwhile.store(0, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
            replaced
        });
        let mut place = 0_usize;
        while !done.load(Ordering::SeqCst) {
            place += 1;
            let grants = place % 2;
            let requests = if grants == 1 { &tokens.granted } else { &tokens.refused };
            let request = &requests[place / 2 % requests.len()];
            let before = meanwhile.load(Ordering::SeqCst);
            let started = Instant::now();
            let decision = verifier.decide(black_box(request), NOW);
            let taken = started.elapsed().as_nanos();
            match decision.denial() {
                None => assert!(grants == 1 && matches!(decision, Decision::Granted(_)), "{decision:?}"),
                Some(denial) => assert!(grants == 0 && denial.code() == Code::Expired, "{denial}"),
            }
            if before == meanwhile.load(Ordering::SeqCst) {
                times[grants][before].push(taken);
            }
        }
        replaced = writer.join().unwrap();
    });
    let names = [
        [
            "refused once its key is found, any of all: p50 / p99 / p99.9 us, idle",
            "refused, while keys come and go",
            "refused, while all are loaded anew and replaced",
        ],
        [
            "granted, new token of a hot key: p50 / p99 / p99.9 us, idle",
            "granted, while keys come and go",
            "granted, while all are loaded anew and replaced",
        ],
    ];
    let mut rows = vec![("replace all, old ones dropped, ms", micros(median(replaced) / 1_000))];
    for (times, names) in times.iter_mut().zip(names) {
        for (times, name) in times.iter_mut().zip(names) {
            times.sort_unstable();
            let at = |of_thousand: usize| {
                times
                    .get(times.len().saturating_sub(1) * of_thousand / 1_000)
                    .map_or("-".to_owned(), |time| micros(*time))
            };
            rows.push((name, format!("{} / {} / {}", at(500), at(990), at(999))));
        }
    }
    rows
}

/// What the process grows by, for each of so many keys.
fn resident_each(size: usize) -> usize {
    let stock = Stock::new(&Pair::new(), size);
    let before = resident();
    let set = KeySet::from_keys(stock.keys()).unwrap();
    let grown = resident().saturating_sub(before);
    assert_eq!(set.len(), size);
    grown / size
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}
