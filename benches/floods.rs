//! What do viewers notice of a flood of bad signatures, and what does a limit of failed signatures change?
//!
//! `cargo bench --bench floods` prints one table: an axum origin on one thread, over real sockets. Viewers ask as fast as they
//! are answered, mostly with tokens that were seen before; the flood comes from another address, at a steady pace if the origin
//! can hold it. Every answer is asserted. With any other argument each part runs for a moment.

#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]

#[allow(dead_code, reason = "shared by benches, each of which uses its own part")]
mod fixtures;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use fixtures::{Kind, key_of};
use playgate::mint::Signer;
use playgate::rate::FailedSignatures;
use playgate::rate::Rate;
use playgate::{Denial, KeyScope, Policy, Scope, Site, Verifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

const HOST: &str = "cdn.example.com";
const PATH: &str = "/videos/1/segment-00042.ts";
const BODY: &str = "the bytes of a segment";
const KID: &str = "k";

const VIEWER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FLOODER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Connections of the viewers together, and of the flood.
const CONNECTIONS: usize = 16;
/// Tokens that viewers go on with; one request in so many brings a new one.
const SEEN: usize = 64;
const NEW_EVERY: usize = 100;
/// How many requests the flood has under way on each connection.
const BATCH: usize = 8;
/// Bad signatures a second: more than half of what the origin could check on its thread, did it nothing else.
const PACE: u32 = 25_000;

/// How many signatures may fail where there is a limit.
const LIMIT: u32 = 60;

fn main() {
    let smoke = std::env::args().skip(1).any(|argument| argument != "--bench");
    let (phase, rounds, new) =
        if smoke { (Duration::from_millis(50), 1, 512) } else { (Duration::from_secs(2), 7, 4096) };
    let signer = Kind::Rsa2048.signer(KID);
    let tokens: Arc<[String]> = mint(&signer, SEEN + new).into();
    let verifier =
        Verifier::builder().site(site()).key(key_of(&signer, KeyScope::bucket("courses"))).build().unwrap();
    let bad =
        http::Request::get(format!("{PATH}?auth={}", forged(&tokens))).header("host", HOST).body(()).unwrap();
    assert_eq!(verifier.decide(&bad, verifier.now()).denial(), Some(Denial::BadSignature));
    let (_origin, address) = serve(&verifier);

    let cases = [
        ("idle", false, FailedSignatures::unlimited()),
        ("a flood, no limit", true, FailedSignatures::unlimited()),
        (
            "a flood, 60 a minute for each client",
            true,
            FailedSignatures::unlimited().per_client(Rate::per_minute(LIMIT).unwrap()),
        ),
    ];
    let mut samples = cases.each_ref().map(|_| Samples::default());
    for _ in 0..rounds {
        for ((_, flooded, limits), samples) in cases.iter().zip(&mut samples) {
            // Nothing is owed, and a key that comes anew has signed nothing that was seen.
            for limits in [FailedSignatures::unlimited(), *limits] {
                verifier.swap(Policy::builder().site(site()).failed_signatures(limits).build().unwrap());
            }
            assert_eq!(verifier.keys().remove_kid(KID), 1);
            verifier.keys().insert(key_of(&signer, KeyScope::bucket("courses"))).unwrap();
            samples.add(&run(address, &tokens, *flooded, limits, phase), phase);
        }
    }
    println!(
        "| | viewers' requests in a second | p50 | p99 | bad signatures answered in a second |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    for ((name, ..), samples) in cases.iter().zip(samples) {
        samples.print(name);
    }
}

fn site() -> Site {
    Site::bucket("courses").host(HOST)
}

/// Tokens that differ, on as many threads as there are.
fn mint(signer: &Signer, count: usize) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let part = |thread: usize| {
            scope.spawn(move || {
                let numbers = (thread..count).step_by(threads);
                let token = |number: usize| {
                    let draft = signer
                        .token(Scope::folder("videos/1").unwrap())
                        .claim("sub", format!("viewer {number}"));
                    draft.expires_in(Duration::from_hours(24)).sign().unwrap().as_str().to_owned()
                };
                numbers.map(token).collect::<Vec<_>>()
            })
        };
        let parts: Vec<_> = (0..threads).map(part).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// One token with the signature of another, which takes a whole verification to refuse.
fn forged(tokens: &[String]) -> String {
    let [one, other] = [&tokens[0], &tokens[1]].map(|token| token.rsplit_once('.').unwrap());
    format!("{}.{}", one.0, other.1)
}

/// An origin on a thread of its own, as long as the runtime is kept.
fn serve(verifier: &Verifier) -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let app = verifier.around(Router::new().route("/videos/{*key}", get(|| async { BODY })));
    let listener = runtime.block_on(tokio::net::TcpListener::bind((VIEWER, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|connection| connection.set_nodelay(true).unwrap());
    runtime.spawn(async { axum::serve(listener, app.into_make_service()).await });
    (runtime, address)
}

/// What one part of the bench has seen.
#[derive(Default)]
struct Seen {
    /// How long viewers have waited, each in nanoseconds.
    waits: Vec<u64>,
    /// How many of the flood's were answered with 401, and how many with 429.
    checked: usize,
    limited: usize,
}

/// Viewers and flood for a while, each on a thread of their own.
fn run(
    address: SocketAddr,
    tokens: &Arc<[String]>,
    flooded: bool,
    limits: &FailedSignatures,
    phase: Duration,
) -> Seen {
    let current = || Builder::new_current_thread().enable_all().build().unwrap();
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let until = Instant::now() + phase;
        let flood = flooded.then(|| {
            let bad = forged(tokens);
            scope.spawn(move || current().block_on(flood(address, &bad, until)))
        });
        seen.waits = current().block_on(view(address, tokens, until));
        if let Some(flood) = flood {
            (seen.checked, seen.limited) = flood.join().unwrap();
        }
    });
    let is_limited = *limits != FailedSignatures::unlimited();
    assert_eq!(seen.limited > 0, flooded && is_limited, "{} limited", seen.limited);
    let most = usize::try_from(LIMIT).unwrap() + CONNECTIONS + usize::try_from(phase.as_secs()).unwrap();
    assert!(!is_limited || seen.checked <= most, "{} of the flood were checked", seen.checked);
    seen
}

/// What viewers wait for each answer.
async fn view(address: SocketAddr, tokens: &Arc<[String]>, until: Instant) -> Vec<u64> {
    let new = Arc::new(AtomicUsize::new(SEEN));
    let mut viewers = JoinSet::new();
    for viewer in 0..CONNECTIONS {
        let (tokens, new) = (Arc::clone(tokens), Arc::clone(&new));
        viewers.spawn(async move {
            let mut connection = Connection::open(VIEWER, address).await.unwrap();
            let mut waits = Vec::new();
            for number in viewer.. {
                let token = match number % NEW_EVERY {
                    0 => {
                        tokens.get(new.fetch_add(1, Ordering::Relaxed)).expect("there are enough new tokens")
                    }
                    _ => &tokens[number % SEEN],
                };
                let asked = Instant::now();
                connection.ask(&request(token)).await.unwrap();
                assert_eq!(connection.answer().await.unwrap(), (200, BODY.len()));
                waits.push(u64::try_from(asked.elapsed().as_nanos()).unwrap());
                if Instant::now() > until {
                    break;
                }
            }
            waits
        });
    }
    viewers.join_all().await.concat()
}

/// How many of the flood's requests were answered with 401, and how many with 429.
async fn flood(address: SocketAddr, bad: &str, until: Instant) -> (usize, usize) {
    let batch: Arc<[u8]> = request(bad).repeat(BATCH).into();
    let mut flooders = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let batch = Arc::clone(&batch);
        flooders.spawn(async move {
            let mut connection = Connection::open(FLOODER, address).await.unwrap();
            let mut pace = tokio::time::interval(
                Duration::from_secs(1) * u32::try_from(CONNECTIONS * BATCH).unwrap() / PACE,
            );
            pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut answers = (0, 0);
            loop {
                pace.tick().await;
                connection.ask(&batch).await.unwrap();
                for _ in 0..BATCH {
                    match connection.answer().await.unwrap() {
                        (401, _) => answers.0 += 1,
                        (429, _) => answers.1 += 1,
                        other => panic!("{other:?}"),
                    }
                }
                if Instant::now() > until {
                    return answers;
                }
            }
        });
    }
    flooders.join_all().await.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

fn request(token: &str) -> Vec<u8> {
    format!("GET {PATH}?auth={token} HTTP/1.1\r\nhost: {HOST}\r\n\r\n").into_bytes()
}

/// A connection from an address, over which answers come one after the other.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(from: Ipv4Addr, to: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    async fn ask(&mut self, requests: &[u8]) -> io::Result<()> {
        self.stream.write_all(requests).await
    }

    /// The status of the next answer, and how long its body is.
    async fn answer(&mut self) -> io::Result<(u16, usize)> {
        loop {
            if let Some((status, head, body)) = read_head(&self.buffer)
                && self.buffer.len() >= head + body
            {
                self.buffer.drain(..head + body);
                return Ok((status, body));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Status, and the lengths of head and body.
fn read_head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    Some((status, end + 4, length.parse().unwrap()))
}

/// Of one row, over all rounds.
#[derive(Default)]
struct Samples {
    waits: Vec<u64>,
    viewers: Vec<f64>,
    flood: Vec<f64>,
}

impl Samples {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn add(&mut self, seen: &Seen, phase: Duration) {
        self.viewers.push(seen.waits.len() as f64 / phase.as_secs_f64());
        self.flood.push((seen.checked + seen.limited) as f64 / phase.as_secs_f64());
        self.waits.extend(&seen.waits);
    }

    /// Medians of the rounds, and quantiles over all requests.
    fn print(mut self, name: &str) {
        self.waits.sort_unstable();
        let wait = |of_thousand: usize| self.waits[self.waits.len() * of_thousand / 1000] / 1000;
        let median = |mut rounds: Vec<f64>| {
            rounds.sort_by(f64::total_cmp);
            rounds[rounds.len() / 2]
        };
        let (p50, p99) = (wait(500), wait(990));
        println!(
            "| {name} | {:.0} | {p50} µs | {p99} µs | {:.0} |",
            median(self.viewers),
            median(self.flood)
        );
    }
}
