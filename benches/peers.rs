//! What do the crates that one could pick instead cost?
//!
//! `cargo bench --bench peers` prints one Markdown table; what other arguments do, [`interleaved`] tells.
//!
//! Each row is a process of its own, because two back-ends of one crate do not fit into the same; only one of them
//! works at a time. All get the same key and the same token, make ready what they can, and check the signature, `exp`
//! and `nbf` without leeway, and the claim `uri`. Peers look up no key and match no path, which spares them work.
//!
//! Peers are built from the package `peers` beside this file, for which the first run takes minutes. One that does
//! not build is left out, and cargo says why; with `PLAYGATE_REQUIRE_SERVICES=1` that is a failure. With `-- --test`
//! those that ask for more than Rust and a C compiler are not tried.

mod child;
#[allow(dead_code, reason = "shared with the tests")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;
mod request;

use std::ffi::OsString;
use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use child::{Check, Task};
use fixtures::{Kind, SECRET};
use interleaved::{Budget, Candidate};
use playgate::time::UnixSeconds;
use playgate::{Decision, Key, KeyScope, Verifier};
use request::{EXP, KID, get, signature_alone, site};
use spki::SubjectPublicKeyInfoRef;

const EXPIRED: UnixSeconds = UnixSeconds::new(1_750_000_000);
/// The first argument of a process that is a row of the table; the second says which.
const CHILD: &str = "child";

struct Peer {
    /// The crate, and the program that asks it.
    name: &'static str,
    backend: &'static str,
    /// Of the package `peers`.
    feature: &'static str,
    /// Whether a Rust toolchain and a C compiler build it.
    plain: bool,
}

const PEERS: [Peer; 6] = [
    Peer { name: "jwt-simple", backend: "BoringSSL", feature: "jwt-simple-boring", plain: false },
    Peer { name: "jwt-simple", backend: "pure Rust", feature: "jwt-simple-pure-rust", plain: true },
    Peer { name: "jsonwebtoken", backend: "AWS-LC", feature: "jsonwebtoken-aws-lc", plain: true },
    Peer { name: "jsonwebtoken", backend: "pure Rust", feature: "jsonwebtoken-rust-crypto", plain: true },
    Peer { name: "biscuit", backend: "ring", feature: "biscuit", plain: true },
    Peer { name: "jwt-compact", backend: "pure Rust", feature: "jwt-compact", plain: true },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [CHILD, "signature"] => child::serve(|task, token| Some(signature(task, token))),
        [CHILD, "decision"] => child::serve(|task, token| Some(decision(task, token))),
        _ => interleaved::run(candidates(arguments.iter().any(|argument| argument == "--test"))),
    }
}

/// A child: the signature, which no candidate can do without.
fn signature(task: &Task, token: &str) -> Check {
    Box::new(signature_alone(&task.algorithm, &task.pem, token))
}

/// A child: this crate, from `http::Request` to the verdict, with a look at the clock as peers have it.
fn decision(task: &Task, token: &str) -> Check {
    let scope = KeyScope::bucket("courses");
    let key = match task.algorithm.as_str() {
        "HS256" => Key::from_secret(KID, &task.bare, scope),
        _ => Key::from_pem(KID, task.pem.as_bytes(), scope),
    };
    let verifier = Verifier::builder().token_cache(0).site(site()).key(key.unwrap()).build().unwrap();
    let request = get(token);
    Box::new(move || matches!(verifier.decide(black_box(&request), UnixSeconds::now()), Decision::Granted(_)))
}

fn candidates(smoke: bool) -> Vec<Candidate> {
    let tasks = Kind::ALL.map(task);
    let mut candidates = Vec::new();
    let own = |row: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([CHILD, row]);
        command
    };
    let aws_lc = version("aws-lc-rs", "Cargo.lock");
    let undated = tasks.clone().map(|task| Task { refused: vec![task.refused[0].clone()], ..task });
    push(&mut candidates, &format!("signature alone, aws-lc-rs {aws_lc}"), &undated, || own("signature"));
    let playgate = concat!("playgate ", env!("CARGO_PKG_VERSION"), ", whole decision");
    push(&mut candidates, playgate, &tasks, || own("decision"));
    for peer in PEERS.iter().filter(|peer| peer.plain || !smoke) {
        let name =
            format!("{} {}, {}", peer.name, version(peer.name, "benches/peers/Cargo.lock"), peer.backend);
        match build(peer, smoke) {
            // Started at once: the next of the same name takes its place on the disk.
            Ok(program) => push(&mut candidates, &name, &tasks, || Command::new(&program)),
            Err(why) => {
                let required =
                    std::env::var_os("PLAYGATE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
                assert!(!required, "{name}: {why}, and PLAYGATE_REQUIRE_SERVICES asks for it");
                eprintln!("left out: {name}: {why}");
            }
        }
    }
    // The rows of one algorithm stand together.
    candidates.sort_by_key(|candidate| Kind::ALL.into_iter().position(|kind| kind.name() == candidate.group));
    candidates
}

fn task(kind: Kind) -> Task {
    let signer = kind.signer(KID);
    let pem = signer.public_pem().unwrap_or_default();
    let bare = if kind == Kind::Hmac {
        SECRET.to_vec()
    } else {
        let der = pem::parse(&pem).unwrap().into_contents();
        SubjectPublicKeyInfoRef::try_from(der.as_slice()).unwrap().subject_public_key.raw_bytes().to_vec()
    };
    let token = request::token(&signer, EXP);
    let refused = vec![with_a_bit_flipped(&token), request::token(&signer, EXPIRED)];
    let (algorithm, uri) = (kind.algorithm().to_owned(), "videos/8f14e45f/".to_owned());
    Task { algorithm, pem, bare, token, uri, refused }
}

/// The same token, but for one bit of its signature.
fn with_a_bit_flipped(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let middle = signature.len() / 2;
    signature[middle] ^= 1;
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A process for each algorithm that the candidate knows.
fn push(candidates: &mut Vec<Candidate>, name: &str, tasks: &[Task], command: impl Fn() -> Command) {
    for (kind, task) in Kind::ALL.into_iter().zip(tasks) {
        let mut process = Process::start(name, command());
        let allocations = process.ask(&serde_json::to_string(task).unwrap());
        let Some(allocations) = serde_json::from_str(&allocations).unwrap() else { continue };
        let run = move |times: u64| Duration::from_nanos(process.ask(&times.to_string()).parse().unwrap());
        candidates.push(Candidate::timed(kind.name(), name, Budget::None, run).allocations(allocations));
    }
}

/// One row's process, which sleeps while it is not asked.
struct Process {
    name: String,
    child: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(name: &str, mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { name: name.to_owned(), child, answers }
    }

    fn ask(&mut self, line: &str) -> String {
        let asked = writeln!(self.child.stdin.as_mut().unwrap(), "{line}");
        let answer = asked.ok().and_then(|()| self.answers.next());
        answer.unwrap_or_else(|| panic!("{} ended early", self.name)).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.wait()); // closes its input, which ends it
    }
}

/// The peer's program.
fn build(peer: &Peer, smoke: bool) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    let profile = if smoke { "dev" } else { "release" }; // optimising what is run once takes minutes
    command.args(["build", "--profile", profile, "--locked", "--message-format=json-render-diagnostics"]);
    command.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/Cargo.toml")]);
    command.arg("--target-dir").arg(Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers"));
    command.args(["--features", peer.feature, "--bin", peer.name]);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it does not build, for the reason that cargo gives above ({})", output.status));
    }
    let messages = output.stdout.lines().map_while(Result::ok);
    let mut programs = messages.filter_map(|message| {
        let message: serde_json::Value = serde_json::from_str(&message).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    programs.next().ok_or_else(|| "cargo names no program".to_owned())
}

/// The version that a lock file holds.
fn version(name: &str, lock: &str) -> String {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(lock)).unwrap_or_default();
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
    after.and_then(|(_, rest)| rest.split_once('"')).map_or("?", |(version, _)| version).to_owned()
}
