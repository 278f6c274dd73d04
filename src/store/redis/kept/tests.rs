use super::*;

fn viewer(number: usize) -> Revoked {
    Revoked::Viewer(number.to_string())
}

fn names_due(kept: &Kept, everything: bool, now: Instant) -> Vec<Revoked> {
    kept.due(everything, now).into_iter().map(|(revoked, _)| revoked).collect()
}

#[test]
fn entries_are_due_oldest_first_acknowledged_ones_while_they_are_recent() {
    let (kept, now) = (Kept::default(), Instant::now());
    kept.keep_pending(viewer(1), Order::Estimated(1));
    kept.keep(viewer(2), 7, i64::MAX);
    kept.keep_pending(viewer(3), Order::Estimated(2));
    assert_eq!(names_due(&kept, false, now), [viewer(1), viewer(2), viewer(3)]);
    let later = now + RECENT + Duration::from_secs(1);
    assert_eq!(names_due(&kept, false, later), [viewer(1), viewer(3)]);
    assert_eq!(names_due(&kept, true, later), [viewer(1), viewer(2), viewer(3)]);
    let (_, order) = kept.due(false, later)[0].clone();
    kept.settle(&viewer(1), order, Some((9, i64::MAX)));
    assert_eq!((kept.up_to(&viewer(1)), names_due(&kept, false, later)), (Some(9), vec![viewer(3)]));
    kept.settle(&viewer(1), Order::Given(8), None);
    assert_eq!(kept.up_to(&viewer(1)), Some(9), "the same was revoked once more meanwhile");
    kept.settle(&viewer(1), Order::Given(9), None);
    assert_eq!(kept.up_to(&viewer(1)), None, "it was void at the server");
}

#[test]
fn an_entry_is_dropped_once_its_tokens_have_expired() {
    let (kept, now) = (Kept::default(), Instant::now());
    let signed = Revoked::Signed(Revocation::token("t"));
    kept.keep(viewer(1), 1, 100);
    kept.keep(signed.clone(), 2, i64::MAX);
    kept.sweep(UnixSeconds::new(100), now);
    assert_eq!(names_due(&kept, true, now).len(), 2);
    kept.sweep(UnixSeconds::new(101), now);
    assert_eq!(names_due(&kept, true, now), [signed]);
    kept.sweep(UnixSeconds::new(101), now + RECENT + Duration::from_secs(1));
    assert!(names_due(&kept, true, now).is_empty(), "the list has it");
}

#[test]
fn an_entry_that_is_kept_for_good_stays_so_when_the_same_is_revoked_again() {
    let kept = Kept::default();
    kept.keep(viewer(1), 1, until(-1)); // of a token that does not expire
    kept.keep_pending(viewer(1), Order::of_now(1));
    let (_, order) = kept.due(false, Instant::now())[0].clone();
    kept.settle(&viewer(1), order, Some((2, until(LONGEST)))); // by a server that has lost the token
    kept.sweep(UnixSeconds::new(until(2 * LONGEST)), Instant::now());
    assert_eq!(kept.up_to(&viewer(1)), Some(2));
}

#[test]
fn room_is_bounded_and_the_entry_that_was_acknowledged_first_is_dropped() {
    let kept = Kept::default();
    for number in 0..=PENDING_ROOM {
        kept.keep_pending(viewer(number), Order::of_now(0));
    }
    assert_eq!(kept.lock().entries.len(), PENDING_ROOM);
    for number in 0..ROOM {
        kept.keep(Revoked::Token(Digest::numbered(number)), 1, i64::MAX);
    }
    let inner = kept.lock();
    assert_eq!((inner.entries.len(), inner.pending.len()), (ROOM, PENDING_ROOM));
    assert_eq!(inner.acknowledged.len(), ROOM - PENDING_ROOM);
    assert!(inner.entries.contains_key(&viewer(0)), "what the server does not know stays");
    assert!(!inner.entries.contains_key(&Revoked::Token(Digest::numbered(0))));
    assert!(inner.entries.contains_key(&Revoked::Token(Digest::numbered(ROOM - 1))));
}
