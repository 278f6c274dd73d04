//! Keys and policies change while requests are decided: no decision sees the old after a change has returned, none
//! sees half of a change, and none pays for freeing what was replaced.
//!
//! The deciding threads and the changing one meet in numbered phases, so that nothing here depends on how the
//! scheduler deals; the deadline is only for a test that fails.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use playgate::error::Denial;
use playgate::mint::Signer;
use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;
use playgate::{Decision, Key, KeyScope, KeySet, Policy, Scope, Site, Verifier};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const READERS: usize = 2;
const ROUNDS: u64 = 1000;
const DEADLINE: Duration = Duration::from_secs(30);

struct Get {
    host: &'static str,
    query: String,
}

impl Get {
    fn new(host: &'static str, token: &str) -> Self {
        Self { host, query: format!("auth={token}") }
    }
}

impl RequestView for Get {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: b"/videos/1/a.ts", query: Some(self.query.as_bytes()) }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(self.host.as_bytes())
    }
}

const HOST: &str = "cdn.example.com";

fn secret(kid: &str) -> Vec<u8> {
    format!("{kid:-<32}").into_bytes()
}

fn key(kid: &str) -> Key {
    Key::from_secret(kid, &secret(kid), KeyScope::bucket("courses")).unwrap()
}

/// A token by `kid` that says so in `iss`.
fn token(kid: &str) -> String {
    let signer = Signer::from_secret(kid, &secret(kid)).unwrap();
    let draft = signer.token(Scope::folder("videos/1").unwrap()).claim("iss", kid);
    draft.sign().unwrap().as_str().to_owned()
}

fn policy(site: Site) -> Policy {
    Policy::builder().site(site).build().unwrap()
}

fn bucket() -> Site {
    Site::bucket("courses").host(HOST)
}

/// Where the changing thread is, and how far the deciding ones have followed.
#[derive(Default)]
struct Stage {
    phase: AtomicU64,
    seen: [AtomicU64; READERS],
}

impl Stage {
    const END: u64 = u64::MAX;

    /// Enters a phase, and waits until every reader has decided in it.
    fn play(&self, phase: u64) {
        self.phase.store(phase, Ordering::SeqCst);
        let started = Instant::now();
        while self.seen.iter().any(|seen| seen.load(Ordering::SeqCst) != phase) {
            assert!(started.elapsed() < DEADLINE, "a reader stands still in phase {phase}");
            thread::yield_now();
        }
    }

    /// Between two phases nothing is promised.
    fn change(&self) {
        self.phase.store(0, Ordering::SeqCst);
    }

    /// Decides until the end; `check` gets the phase when it was the same before and after the decision.
    fn follow(&self, reader: usize, mut decide: impl FnMut(Option<u64>)) {
        loop {
            thread::yield_now(); // there may be fewer cores than threads
            match self.phase.load(Ordering::SeqCst) {
                Self::END => return,
                0 => decide(None),
                phase => {
                    decide(Some(phase));
                    self.seen[reader].store(phase, Ordering::SeqCst);
                }
            }
        }
    }
}

/// Ends the readers even when the changing thread panics, so that a failure is told and does not hang.
struct Ending<'s>(&'s Stage);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.phase.store(Stage::END, Ordering::SeqCst);
    }
}

fn denial(verifier: &Verifier, request: &Get) -> Option<Denial> {
    match verifier.decide(request, NOW) {
        Decision::Granted(_) => None,
        other => Some(other.denial().unwrap_or_else(|| panic!("{other:?}"))),
    }
}

/// A key that comes and goes, beside one that stays.
#[test]
fn a_removed_key_is_refused_and_an_inserted_one_granted_once_the_call_returns() {
    const PRESENT: u64 = 1;
    const ABSENT: u64 = 0;
    let verifier = Verifier::builder().site(bucket()).key(key("stays")).build().unwrap();
    let (stays, comes) = (Get::new(HOST, &token("stays")), Get::new(HOST, &token("comes")));
    let stage = Stage::default();
    thread::scope(|scope| {
        let _ending = Ending(&stage);
        for reader in 0..READERS {
            let (verifier, stage, stays, comes) = (&verifier, &stage, &stays, &comes);
            scope.spawn(move || {
                stage.follow(reader, |phase| {
                    assert_eq!(denial(verifier, stays), None, "the other key is always in force");
                    let verdict = denial(verifier, comes);
                    // The phase was entered before this decision began, and a change leaves it first.
                    let now = stage.phase.load(Ordering::SeqCst);
                    match phase.filter(|phase| *phase == now).map(|phase| phase & 1) {
                        Some(PRESENT) => assert_eq!(verdict, None, "inserted"),
                        Some(_) => assert_eq!(verdict, Some(Denial::UnknownKey), "removed"),
                        None => assert!(matches!(verdict, None | Some(Denial::UnknownKey)), "{verdict:?}"),
                    }
                });
            });
        }
        for round in 1..=ROUNDS {
            stage.change();
            match round % 3 {
                0 => verifier.keys().replace(KeySet::from_keys([key("stays"), key("comes")]).unwrap()),
                _ => verifier.keys().insert(key("comes")).unwrap(),
            }
            assert_eq!(denial(&verifier, &comes), None, "by the very next decision");
            stage.play(round * 4 + PRESENT);
            verifier.swap(policy(bucket())); // keeps the keys
            stage.change();
            match round % 5 {
                0 => verifier.keys().replace(KeySet::from_keys([key("stays")]).unwrap()),
                _ => assert_eq!(verifier.keys().remove_kid("comes"), 1),
            }
            assert_eq!(denial(&verifier, &comes), Some(Denial::UnknownKey), "by the very next decision");
            stage.play(round * 4 + 2 + ABSENT);
        }
    });
}

/// Under policy `a` with key `a`, token `b` names no key; under the mixture it would be of the wrong issuer.
#[test]
fn policy_and_keys_that_are_replaced_as_one_are_never_seen_apart() {
    let state = |name: &'static str| {
        let site = bucket().id(name).issuer(name);
        (policy(site), KeySet::from_keys([key(name)]).unwrap())
    };
    let verifier = Verifier::builder().site(bucket().id("a").issuer("a")).key(key("a")).build().unwrap();
    let requests = [Get::new(HOST, &token("a")), Get::new(HOST, &token("b"))];
    let stage = Stage::default();
    let granted = [AtomicU64::new(0), AtomicU64::new(0)];
    thread::scope(|scope| {
        let _ending = Ending(&stage);
        for reader in 0..READERS {
            let (verifier, stage, requests, granted) = (&verifier, &stage, &requests, &granted);
            scope.spawn(move || {
                stage.follow(reader, |_| {
                    for ((request, name), granted) in requests.iter().zip(["a", "b"]).zip(granted) {
                        match verifier.decide(request, NOW) {
                            Decision::Granted(grant) => {
                                assert_eq!(grant.kid(), Some(name));
                                assert_eq!(grant.site().id(), name);
                                granted.fetch_add(1, Ordering::Relaxed);
                            }
                            other => assert_eq!(other.denial(), Some(Denial::UnknownKey), "a mixture"),
                        }
                    }
                });
            });
        }
        for round in 1..=ROUNDS {
            for name in ["b", "a"] {
                let (policy, keys) = state(name);
                let Ok(()) =
                    verifier.update(|state| Ok::<_, Infallible>(state.with_policy(policy).with_keys(keys)));
            }
            stage.play(round * 2); // in state a
            let (policy, keys) = state("b");
            let Ok(()) =
                verifier.update(|state| Ok::<_, Infallible>(state.with_keys(keys).with_policy(policy)));
            stage.play(round * 2 + 1);
        }
    });
    for (name, granted) in ["a", "b"].iter().zip(&granted) {
        assert!(granted.load(Ordering::Relaxed) >= ROUNDS, "state {name} was seen");
    }
}

/// What a policy owns, through its hook; tells which thread dropped it.
struct Tattling(Arc<Mutex<Vec<ThreadId>>>);

impl Drop for Tattling {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

#[test]
fn no_deciding_thread_frees_a_replaced_snapshot() {
    let droppers = Arc::new(Mutex::new(Vec::new()));
    let tattling = || {
        let owned = Tattling(Arc::clone(&droppers));
        bucket().hook(move |_| {
            let _ = &owned;
            Ok(())
        })
    };
    let verifier = Verifier::builder().site(tattling()).key(key("k")).build().unwrap();
    let request = Get::new(HOST, &token("k"));
    let stage = Stage::default();
    thread::scope(|scope| {
        let _ending = Ending(&stage);
        for reader in 0..READERS {
            let (verifier, stage, request) = (&verifier, &stage, &request);
            scope.spawn(move || {
                // A decision is held over the next, as a slow answer does, so that changes fall into its life.
                let mut held = None;
                stage.follow(reader, |_| {
                    let decision = verifier.decide(request, NOW);
                    assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
                    held = Some(decision);
                });
                drop(held);
            });
        }
        for round in 1..=ROUNDS {
            stage.change();
            verifier.swap(policy(tattling()));
            match round % 2 {
                0 => assert_eq!(verifier.keys().remove_kid("more"), 1),
                _ => verifier.keys().insert(key("more")).unwrap(),
            }
            stage.play(round);
        }
    });
    // The readers are gone: the next change finds itself the only owner of all that it replaces.
    verifier.swap(policy(tattling()));
    let droppers_seen = droppers.lock().unwrap().clone();
    assert_eq!(
        droppers_seen.len() as u64,
        ROUNDS + 1,
        "all that was replaced is freed, and nothing in force"
    );
    let writer = thread::current().id();
    assert!(droppers_seen.iter().all(|dropper| *dropper == writer), "by the thread that replaced it");
}

#[test]
fn a_change_of_keys_starts_from_those_in_force() {
    let verifier = Verifier::builder().site(bucket()).keys([key("a"), key("b")]).build().unwrap();
    let (held, a) = (verifier.snapshot(), key("a").identity());
    verifier
        .update(|now| now.keys().without(&a).ok_or("a is not there").map(|keys| now.with_keys(keys)))
        .unwrap();
    let granted = |kid: &str| denial(&verifier, &Get::new(HOST, &token(kid))).is_none();
    assert_eq!(["a", "b"].map(granted), [false, true]);
    assert_eq!(verifier.snapshot().keys().len(), 1);
    assert_eq!(held.keys().len(), 2, "what was taken before stays as it was");
    let twice =
        verifier.update(|now| now.keys().without(&a).ok_or("a is not there").map(|keys| now.with_keys(keys)));
    assert_eq!(twice, Err("a is not there"));
}
