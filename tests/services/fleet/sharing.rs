use std::time::{Duration, Instant};

use super::origin::{Origin, Setup};
use super::{Fleet, part_of, until};
use crate::support::redis::{After, Redis};
use crate::support::{TestKey, get};

async fn fleet() -> Option<Fleet> {
    Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url())).await
}

/// Both the origin that revokes and the other refuse; how long the other took.
async fn refused(by: &Origin, other: &Origin, ask: &super::Ask, began: Instant) -> Duration {
    assert_eq!(by.verdict(ask).await, "403 revoked", "{ask:?}: the next decision on the node that revokes");
    until(other, ask, "403 revoked").await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_origin_issues_the_other_grants_and_what_it_revokes_the_other_refuses_within_a_second() {
    let Some(fleet) = fleet().await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let mut times = Vec::new();
    for _ in 0..100 {
        let ask = part_of("1", &one.issue("1").await);
        assert_eq!(fleet.verdict(&ask).await, "200");
        let token = ask.target.split_once("auth=").unwrap().1;
        let began = Instant::now();
        one.tell("revoke", &[("token", token)]).await.unwrap();
        times.push(refused(one, other, &ask, began).await);
    }
    times.sort();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "a token that is revoked is refused at the other origin after {median:?} (median), {most:?} (maximum of 100)"
    );
    assert!(most < Duration::from_secs(1), "{most:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_rotated_everywhere_at_once_and_other_videos_are_not() {
    let Some(fleet) = fleet().await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let old = part_of("1", &one.issue("1").await);
    let not_seen_by_the_other = part_of("1", &one.issue("1").await);
    let another_video = part_of("2", &other.issue("2").await);
    for ask in [&old, &another_video] {
        assert_eq!(fleet.verdict(ask).await, "200");
    }
    for times in 0..3 {
        let began = Instant::now();
        let new = part_of("1", &one.tell("rotate", &[("video", "1")]).await.unwrap());
        let took = refused(one, other, &old, began).await;
        println!("a rotated video is refused at the other origin after {took:?}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(fleet.verdict(&new).await, "200", "{times}: the new one");
        assert_eq!(fleet.verdict(&not_seen_by_the_other).await, "403 revoked");
        assert_eq!(fleet.verdict(&another_video).await, "200");
        one.tell("revoke_video", &[("video", "1")]).await.unwrap();
        until(other, &new, "403 revoked").await;
    }
    let newest = part_of("1", &other.issue("1").await);
    assert_eq!(fleet.verdict(&newest).await, "200", "issued after that, by the other");
    assert_eq!(
        other.tell("rotate", &[("video", "1"), ("token", &"0".repeat(32))]).await.unwrap(),
        "0".repeat(32)
    );
    until(one, &newest, "403 revoked").await;
    // It is known, so nothing is rotated.
    let taken = one.tell("rotate", &[("video", "1"), ("token", &"0".repeat(32))]).await.unwrap_err();
    assert!(taken.contains("already issued"), "{taken}");
    assert_eq!(fleet.verdict(&part_of("1", &"0".repeat(32))).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewers_tokens_of_every_video_are_revoked_together() {
    let Some(fleet) = fleet().await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let issue = async |video: &str, viewer: &str| {
        part_of(video, &one.tell("issue", &[("video", video), ("viewer", viewer)]).await.unwrap())
    };
    let all = [issue("1", "ann").await, issue("2", "ann").await, issue("1", "bob").await];
    for ask in &all {
        assert_eq!(fleet.verdict(ask).await, "200");
    }
    let late = issue("3", "ann").await;
    let began = Instant::now();
    one.tell("revoke_viewer", &[("viewer", "ann")]).await.unwrap();
    for ask in &all[..2] {
        let took = refused(one, other, ask, began).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    assert_eq!(fleet.verdict(&late).await, "403 revoked", "the other hears of it by looking it up");
    assert_eq!(fleet.verdict(&all[2]).await, "200", "another viewer");
    assert_eq!(fleet.verdict(&issue("1", "ann").await).await, "200", "issued after that");
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_tokens_are_taken_back_by_name_subject_and_key_everywhere_and_given_back() {
    let Some(fleet) = fleet().await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let signed =
        |key: TestKey, more: &str| part_of("1", &key.token(&format!(r#"{{"uri":"videos/1"{more}}}"#)));
    let kid = TestKey::P256.header();
    let kid = serde_json::from_str::<serde_json::Value>(&kid).unwrap()["kid"].as_str().unwrap().to_owned();
    let spared = signed(TestKey::Rsa, r#","jti":"b","sub":"v","iat":2000"#);
    let spared_of_the_key = signed(TestKey::P256, r#","iat":2000"#);
    for (name, what, with, ask, spared) in [
        ("by jti", "jti", vec![("name", "a")], signed(TestKey::Rsa, r#","jti":"a""#), &spared),
        ("by sub", "sub", vec![("name", "u")], signed(TestKey::Rsa, r#","sub":"u""#), &spared),
        (
            "by sub, issued before",
            "sub",
            vec![("name", "v"), ("before", "2000")],
            signed(TestKey::Rsa, r#","sub":"v","iat":1999"#),
            &spared,
        ),
        (
            "by kid, issued before",
            "kid",
            vec![("name", kid.as_str()), ("before", "2000")],
            signed(TestKey::P256, r#","iat":1999"#),
            &spared_of_the_key,
        ),
        ("by kid", "kid", vec![("name", kid.as_str())], spared_of_the_key.clone(), &spared),
    ] {
        assert_eq!(fleet.verdict(&ask).await, "200", "{name}");
        let began = Instant::now();
        one.tell(what, &with).await.unwrap();
        let took = refused(one, other, &ask, began).await;
        println!("a signed token that is taken back {name} is refused at the other origin after {took:?}");
        assert!(took < Duration::from_secs(1), "{name}: {took:?}");
        assert_eq!(fleet.verdict(spared).await, "200", "{name}");
    }
    let third = Origin::start(&Setup::new(fleet.redis.url())).await;
    third.ready().await;
    let ask = signed(TestKey::Rsa, r#","jti":"a""#);
    assert_eq!(third.verdict(&ask).await, "403 revoked", "an origin that came later");
    assert_eq!(other.tell("restore_jti", &[("name", "a")]).await.unwrap(), "true");
    assert_eq!(other.verdict(&ask).await, "200");
    until(one, &ask, "200").await;
    until(&third, &ask, "200").await;
    assert_eq!(other.tell("restore_jti", &[("name", "a")]).await.unwrap(), "false");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_issued_once_and_one_that_was_revoked_never_again() {
    let Some(fleet) = fleet().await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let token = "f".repeat(33);
    let with = [("video", "1"), ("token", token.as_str())];
    one.tell("revoke", &with[1..]).await.unwrap();
    assert!(
        other.tell("issue", &with).await.unwrap_err().contains("already issued"),
        "revoked before it was issued"
    );
    let token = "e".repeat(64);
    let with = [("video", "1"), ("token", token.as_str())];
    assert_eq!(other.verdict(&part_of("1", &token)).await, "403 embed_unknown");
    assert_eq!(one.verdict(&part_of("1", &token)).await, "403 embed_unknown");
    other.tell("issue", &with).await.unwrap();
    assert_eq!(
        other.verdict(&part_of("1", &token)).await,
        "200",
        "on the node that issues, by the next decision"
    );
    assert!(
        until(one, &part_of("1", &token), "200").await < Duration::from_secs(7),
        "on the other in a while"
    );
    assert!(one.tell("issue", &with).await.unwrap_err().contains("already issued"));
    assert_eq!(one.verdict(&get(format!("/watch/{token}"))).await, "200");
}
