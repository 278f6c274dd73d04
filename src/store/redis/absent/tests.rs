use super::*;

#[test]
fn a_token_without_a_record_is_remembered_for_a_while_in_bounded_room() {
    let (absent, now) = (Absent::new(), Instant::now());
    let token = EmbedToken::generate().unwrap();
    assert!(absent.answer(&token, now).is_none());
    absent.remember(token, Nothing::Absent, now);
    assert!(matches!(absent.answer(&token, now), Some(Answer::Absent)));
    absent.remember(token, Nothing::Unreadable, now);
    assert!(matches!(absent.answer(&token, now), Some(Answer::Unavailable)));
    absent.remember(token, Nothing::Revoked, now);
    assert!(matches!(absent.answer(&token, now), Some(Answer::Revoked)));
    assert!(absent.answer(&token, now + REMEMBERED).is_none());
    absent.forget(&token);
    assert!(absent.answer(&token, now).is_none());
    for _ in 0..3 * ROOM {
        absent.remember(EmbedToken::generate().unwrap(), Nothing::Absent, now);
    }
    assert!(absent.0.len() <= ROOM, "{}", absent.0.len());
}
