use std::cell::Cell;

use super::*;

fn one() -> (EmbedToken, Digest) {
    let token = EmbedToken::generate().unwrap();
    (token, Digest::of(token))
}

fn is_held(digests: &Digests, digest: Digest) -> bool {
    matches!(digests.part(digest).get(&digest), Some(Mark::Held(_)))
}

#[test]
fn news_of_a_held_digest_revoke_its_token() {
    let (digests, (token, digest)) = (Digests::new(), one());
    assert_eq!(digests.put(digest, token, digests.epoch(), || ()), Put::Done);
    let revoked = Cell::new(None);
    digests.revoke(digest, |token| revoked.set(Some(token)));
    assert_eq!(revoked.get(), Some(token));
}

#[test]
fn a_lookup_that_was_under_way_when_the_news_came_puts_nothing() {
    let (digests, (token, digest)) = (Digests::new(), one());
    let epoch = digests.epoch();
    digests.revoke(digest, |_| panic!("it was not held"));
    assert_eq!(digests.put(digest, token, epoch, || panic!("it was revoked")), Put::Revoked);
    digests.tidy(Instant::now(), |_| false).count();
    assert_eq!(digests.put(digest, token, epoch, || panic!("it was revoked")), Put::Revoked, "remembered");
    digests.tidy(Instant::now() + REMEMBERED, |_| false).count();
    assert_eq!(digests.put(digest, token, epoch, || ()), Put::Done, "and not for ever");
}

#[test]
fn a_lookup_that_was_under_way_when_all_was_forgotten_puts_nothing() {
    let (digests, (token, digest)) = (Digests::new(), one());
    let epoch = digests.epoch();
    assert_eq!(digests.put(digest, token, epoch, || ()), Put::Done);
    digests.forget(|| ());
    assert!(!is_held(&digests, digest));
    assert_eq!(digests.put(digest, token, epoch, || panic!("it is late")), Put::Late);
    assert_eq!(digests.put(digest, token, digests.epoch(), || ()), Put::Done);
}

#[test]
fn what_memory_holds_no_more_is_dropped() {
    let digests = Digests::new();
    let all: Vec<_> = (0..1_000).map(|_| one()).collect();
    for (token, digest) in &all {
        digests.put(*digest, *token, digests.epoch(), || ());
    }
    let (kept, digest) = all[0];
    digests.tidy(Instant::now(), |token| *token == kept).count();
    assert!(is_held(&digests, digest));
    assert_eq!(digests.parts.iter().map(|part| lock(part).len()).sum::<usize>(), 1);
}
