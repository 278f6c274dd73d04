//! A process that times one candidate, asked line by line.
//!
//! 1. The first line is a [`Task`], in JSON. Before anything is timed, the candidate has to grant its token and to
//!    refuse what it has to refuse. The answer is how often one run allocates, or `null` where the candidate does
//!    not know the algorithm.
//! 2. Each further line is a number of runs. The answer is how many nanoseconds they took.
//!
//! A process that is not asked sleeps. It ends with its input.

#![expect(clippy::print_stdout, reason = "answers")]

use std::hint::black_box;
use std::io;
use std::time::Instant;

use allocation_counter::measure;
use serde::{Deserialize, Serialize};

/// What every candidate is given, in the forms that they read.
#[derive(Clone, Serialize, Deserialize)]
#[allow(dead_code, reason = "no candidate reads every form")]
pub(crate) struct Task {
    /// As the token's `alg` says it.
    pub(crate) algorithm: String,
    /// The public key as SPKI; nothing for HS256.
    pub(crate) pem: String,
    /// What stands inside of it: a PKCS#1 key, an uncompressed point, 32 bytes. For HS256 the secret.
    pub(crate) bare: Vec<u8>,
    pub(crate) token: String,
    /// The claim `uri` of that token.
    pub(crate) uri: String,
    /// Tokens that differ from it in one respect, and must not be granted.
    pub(crate) refused: Vec<String>,
}

/// Is the token granted? Whatever can be prepared is.
pub(crate) type Check = Box<dyn FnMut() -> bool>;

/// Does what the lines of the input ask, until they end. `prepare` gives nothing for an algorithm that it does not
/// know.
pub(crate) fn serve(prepare: impl Fn(&Task, &str) -> Option<Check>) {
    let mut lines = io::stdin().lines().map(Result::unwrap);
    let Some(task) = lines.next() else { return };
    let task: Task = serde_json::from_str(&task).unwrap();
    let Some(mut granted) = prepare(&task, &task.token) else {
        println!("null");
        return;
    };
    assert!(granted(), "refuses {}", task.token);
    for refused in &task.refused {
        assert!(!prepare(&task, refused).unwrap()(), "grants {refused}");
    }
    println!("{}", measure(|| assert!(granted())).count_total);
    for line in lines {
        let times: u64 = line.parse().unwrap();
        let started = Instant::now();
        for _ in 0..times {
            assert!(black_box(granted()));
        }
        println!("{}", started.elapsed().as_nanos());
    }
}
