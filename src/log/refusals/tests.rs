use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use super::*;

/// A limiter whose clock reads this number.
fn limiter() -> (Arc<AtomicI64>, Arc<RefusalLimiter>) {
    let second = Arc::new(AtomicI64::new(1_750_000_000));
    let clock = Arc::clone(&second);
    (second, RefusalLimiter::new(Arc::new(move || UnixSeconds::new(clock.load(Ordering::Relaxed)))))
}

/// The number of refusals of a flood that are logged.
fn flood(limiter: &Arc<RefusalLimiter>, site: Option<&str>, code: &'static str, limit: u32) -> usize {
    (0..1_000).filter(|_| limiter.admits(site, code, limit)).count()
}

fn sums(limiter: &RefusalLimiter) -> Vec<(Option<String>, &'static str, u64)> {
    let sums = limiter.lock().end();
    let mut sums: Vec<_> = sums
        .into_iter()
        .map(|(pair, count)| {
            let code = pair.as_ref().map_or("others", |pair| pair.code);
            (pair.and_then(|pair| pair.site).map(String::from), code, count)
        })
        .collect();
    sums.sort();
    sums
}

#[test]
fn each_site_and_code_has_its_own_number_of_lines() {
    let (_, limiter) = limiter();
    for (site, code, limit) in [
        (Some("a"), "expired", 100),
        (Some("b"), "expired", 7),
        (Some("a"), "revoked", 0),
        (None, "expired", 1),
    ] {
        assert_eq!(flood(&limiter, site, code, limit), limit as usize, "{site:?} {code}");
    }
    let expected = [
        (None, "expired", 999),
        (Some("a".to_owned()), "expired", 900),
        (Some("a".to_owned()), "revoked", 1_000),
        (Some("b".to_owned()), "expired", 993),
    ];
    assert_eq!(sums(&limiter), expected);
}

#[test]
fn a_new_second_begins_anew_even_if_the_clock_is_set_back() {
    let (second, limiter) = limiter();
    for step in [0, 1, 1, -5, -1_750_000_000] {
        second.fetch_add(step, Ordering::Relaxed);
        assert_eq!(flood(&limiter, Some("a"), "expired", 10), 10);
        let counted = limiter.lock().pairs.len();
        assert_eq!(counted, 1);
        // The same second goes on.
        assert_eq!(flood(&limiter, Some("a"), "expired", 10), 0);
        second.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_number_of_pairs_is_bounded_and_the_others_share_one() {
    let (_, limiter) = limiter();
    for number in 0..MAX_PAIRS {
        assert!(limiter.admits(Some(&number.to_string()), "expired", 5), "{number}");
    }
    // Known pairs keep their own number of lines.
    assert!(limiter.admits(Some("0"), "expired", 5));
    let logged = (0..10_000).filter(|number| limiter.admits(Some(&format!("x{number}")), "revoked", 5));
    assert_eq!(logged.count(), 5);
    assert_eq!(limiter.lock().pairs.len(), MAX_PAIRS);
    assert_eq!(sums(&limiter), [(None, "others", 9_995)]);
}

#[test]
fn a_limiter_that_is_never_exceeded_starts_no_thread() {
    let (second, limiter) = limiter();
    for _ in 0..10 {
        assert!((0..100).all(|_| limiter.admits(Some("a"), "expired", 100)));
        second.fetch_add(1, Ordering::Relaxed);
    }
    assert!(!limiter.lock().has_thread);
    for _ in 0..2 {
        assert!(!limiter.admits(Some("a"), "expired", 0));
        assert!(limiter.lock().has_thread);
    }
}

#[test]
fn the_thread_ends_after_the_flood_and_does_not_keep_the_limiter_alive() {
    let (second, limiter) = limiter();
    let start = Instant::now();
    flood(&limiter, Some("a"), "expired", 100);
    second.fetch_add(1, Ordering::Relaxed);
    while limiter.lock().has_thread {
        assert!(start.elapsed() < Duration::from_secs(30), "the thread does not end");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(sums(&limiter), [], "the thread has written the count");
    // The next flood starts another one.
    flood(&limiter, Some("a"), "expired", 100);
    assert!(limiter.lock().has_thread);
    assert_eq!(Arc::strong_count(&limiter), 1);
}

#[test]
fn threads_count_together() {
    let (_, limiter) = limiter();
    let logged: usize = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| flood(&limiter, Some("a"), "expired", 100))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(logged, 100);
    assert_eq!(sums(&limiter), [(Some("a".to_owned()), "expired", 3_900)]);
}
