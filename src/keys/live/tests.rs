use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};

use super::*;

struct Tattling {
    number: usize,
    writer: ThreadId,
    freed_elsewhere: Arc<AtomicUsize>,
}

impl Drop for Tattling {
    fn drop(&mut self) {
        if thread::current().id() != self.writer {
            self.freed_elsewhere.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn no_reader_frees_what_was_replaced() {
    let freed_elsewhere = Arc::new(AtomicUsize::new(0));
    let value = |number| Tattling {
        number,
        writer: thread::current().id(),
        freed_elsewhere: Arc::clone(&freed_elsewhere),
    };
    let live = Live::new(value(0));
    let done = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let guard = live.load();
                    assert!(guard.number >= last, "time ran backwards");
                    last = guard.number;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut number = 0;
        while number < 20_000 || reads.load(Ordering::Relaxed) < 20_000 {
            number += 1;
            live.update(|_| Ok::<_, Infallible>(value(number))).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(freed_elsewhere.load(Ordering::Relaxed), 0);
    let held = live.retired.lock().unwrap().len();
    assert!(held <= 2, "at most what two readers held: {held}");
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let live = Live::new(1);
    assert_eq!(live.update(|_| Err::<i32, &str>("no")), Err("no"));
    assert_eq!(**live.load(), 1);
}
