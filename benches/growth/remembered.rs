//! Growth of what is remembered: valid tokens, in percent of the room for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use playgate::{Decision, Verifier};

use crate::interleaved::{Budget, Candidate};
use crate::{FILE, HOST, NOW, counting, get, site};

/// How many requests are made at once: few enough to be as near as those that a server has just read.
const BATCH: usize = 8;

/// Decides tokens of ever new viewers.
struct Viewers {
    room: usize,
    percent: usize,
    verifier: Verifier,
    /// How often a signature was checked.
    checked: Arc<AtomicUsize>,
    /// The next one that nobody has seen.
    next: usize,
    /// How many came in since it was filled.
    admitted: usize,
}

impl Viewers {
    fn new(room: usize, percent: usize) -> Self {
        let checked = Arc::default();
        let verifier = Self::empty(room, &checked);
        let mut viewers = Self { room, percent, verifier, checked, next: 0, admitted: 0 };
        viewers.fill();
        viewers
    }

    fn empty(room: usize, checked: &Arc<AtomicUsize>) -> Verifier {
        let builder = Verifier::builder().token_cache(room).site(site().host(HOST));
        builder.key(counting::key("k", "courses", checked)).build().unwrap()
    }

    /// Makes the room anew, and lets in as many as it is to hold.
    fn fill(&mut self) {
        self.verifier = Self::empty(self.room, &self.checked);
        for _ in 0..(self.room * self.percent / 100).max(1) {
            let request = self.newcomer();
            self.grant(&request);
        }
        self.admitted = 0;
    }

    fn newcomer(&mut self) -> Request<()> {
        self.next += 1;
        get(HOST, &format!("/{FILE}?auth={}", counting::token("k", self.next)))
    }

    fn grant(&self, request: &Request<()>) {
        let decision = self.verifier.decide(request, NOW);
        assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
    }

    /// Asks until all are remembered. Each twice: one that nobody asked for again could be driven out by another for ever.
    fn settle(&self, requests: &[Request<()>]) {
        let mut before = None;
        while before != Some(self.checked()) {
            before = Some(self.checked());
            for request in requests {
                self.grant(request);
                self.grant(request);
            }
        }
    }

    fn checked(&self) -> usize {
        self.checked.load(Ordering::Relaxed)
    }
}

/// A hit, spread over `hits` tokens that came in last; and the admission of a new one.
pub(crate) fn cache_fill(percent: usize, (room, hits): (usize, usize), candidates: &mut Vec<Candidate>) {
    let name = format!("{percent} %");
    let mut viewers = Viewers::new(room, percent);
    let requests: Vec<_> = (0..hits).map(|_| viewers.newcomer()).collect();
    viewers.settle(&requests);
    let (mut place, checked) = (0, viewers.checked());
    let hit = move || {
        place = if place + 1 == requests.len() { 0 } else { place + 1 };
        viewers.grant(&requests[place]);
        assert_eq!(viewers.checked(), checked, "a token that was seen before");
    };
    candidates.push(Candidate::new("cache fill, seen", &name, Budget::None, hit).turn(hits));

    let mut viewers = Viewers::new(room, percent);
    let admit = move |times: u64| {
        let times = usize::try_from(times).unwrap();
        viewers.admitted += times;
        // What is full stays full, whoever comes in; what is not stays about as it was.
        if percent < 100 && viewers.admitted > room / 16 {
            viewers.fill();
        }
        let checked = viewers.checked();
        let (mut taken, mut left) = (Duration::ZERO, times);
        while left > 0 {
            let requests: Vec<_> = (0..left.min(BATCH)).map(|_| viewers.newcomer()).collect();
            left -= requests.len();
            let started = Instant::now();
            for request in &requests {
                viewers.grant(request);
            }
            taken += started.elapsed();
        }
        assert_eq!(viewers.checked(), checked + times, "tokens that are new");
        taken
    };
    candidates.push(Candidate::timed("cache fill, new and remembered", &name, Budget::None, admit));
}
