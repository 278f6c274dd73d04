use std::time::Duration;

use tokio::time::sleep;

use super::origin::{Origin, Setup};
use super::proxy::Proxy;
use super::{Ask, Fleet, part_of, until};
use crate::support::TestKey;
use crate::support::redis::{After, Redis, free_port, url};

fn signed(jti: &str) -> Ask {
    part_of("1", &TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1","jti":"{jti}"}}"#)))
}

fn token_of(ask: &Ask) -> &str {
    ask.target.split_once("auth=").unwrap().1
}

const UNAVAILABLE: &str = "503 store_unavailable";

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_down_memory_keeps_working_and_all_is_well_when_it_is_back() {
    let start = Fleet::start(After::Everything, |redis: &Redis| Setup::new(redis.url()));
    let Some(mut fleet) = start.await else { return };
    let known = part_of("1", &fleet.one.issue("1").await);
    let revoked = part_of("1", &fleet.one.issue("1").await);
    let not_seen = part_of("1", &fleet.one.issue("1").await);
    let of_a_video = part_of("2", &fleet.one.issue("2").await);
    let with = [("video", "3"), ("viewer", "ann")];
    let of_a_viewer = part_of("3", &fleet.one.tell("issue", &with).await.unwrap());
    for ask in [&known, &of_a_video, &of_a_viewer] {
        assert_eq!(fleet.verdict(ask).await, "200");
    }
    fleet.one.tell("revoke", &[("token", token_of(&revoked))]).await.unwrap();
    fleet.one.tell("jti", &[("name", "taken-back")]).await.unwrap();
    until(&fleet.other, &signed("taken-back"), "403 revoked").await;

    fleet.redis.kill();
    assert_eq!(fleet.verdict(&known).await, "200", "what is in memory");
    assert_eq!(fleet.verdict(&signed("good")).await, "200", "a signed token");
    assert_eq!(fleet.verdict(&signed("taken-back")).await, "403 revoked");
    let answer = fleet.other.ask(&not_seen).await;
    assert_eq!(answer.verdict(), UNAVAILABLE, "what is not in memory");
    assert!(answer.field("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert!(fleet.one.tell("issue", &[("video", "1")]).await.unwrap_err().contains("is unavailable"));
    // In force where it is said, and told to the others later.
    let error = fleet.one.tell("revoke", &[("token", token_of(&known))]).await.unwrap_err();
    assert!(error.contains("is unavailable"), "{error}");
    fleet.one.tell("revoke_video", &[("video", "2")]).await.unwrap_err();
    fleet.one.tell("revoke_viewer", &[("viewer", "ann")]).await.unwrap_err();
    fleet.one.tell("jti", &[("name", "taken-back-meanwhile")]).await.unwrap_err();
    for ask in [&known, &of_a_video, &of_a_viewer, &signed("taken-back-meanwhile")] {
        assert_eq!(fleet.one.verdict(ask).await, "403 revoked");
        assert_eq!(fleet.other.verdict(ask).await, "200", "it does not know yet");
    }

    fleet.redis.start_again();
    until(&fleet.other, &not_seen, "200").await;
    assert_eq!(fleet.verdict(&revoked).await, "403 revoked");
    assert_eq!(fleet.verdict(&signed("taken-back")).await, "403 revoked");
    for ask in [&known, &of_a_video, &of_a_viewer, &signed("taken-back-meanwhile")] {
        assert_eq!(fleet.one.verdict(ask).await, "403 revoked");
        until(&fleet.other, ask, "403 revoked").await;
    }
    let new = part_of("1", &fleet.one.issue("1").await);
    assert_eq!(fleet.verdict(&new).await, "200");
    fleet.one.tell("revoke", &[("token", token_of(&new))]).await.unwrap();
    until(&fleet.other, &new, "403 revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_without_its_data_revives_nothing() {
    let start = Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url()));
    let Some(mut fleet) = start.await else { return };
    let known = part_of("1", &fleet.one.issue("1").await);
    let rotated = part_of("1", &fleet.one.issue("1").await);
    assert_eq!(fleet.verdict(&known).await, "200");
    assert_eq!(fleet.verdict(&rotated).await, "200");
    let known = part_of("1", &fleet.one.tell("rotate", &[("video", "1")]).await.unwrap());
    assert_eq!(fleet.verdict(&known).await, "200");
    fleet.one.tell("jti", &[("name", "taken-back")]).await.unwrap();
    until(&fleet.other, &signed("taken-back"), "403 revoked").await;

    for (name, lost) in [("killed", false), ("emptied", true)] {
        if lost {
            fleet.redis.tell(&["FLUSHALL"]);
        } else {
            fleet.redis.kill();
            fleet.redis.start_again();
        }
        for origin in [&fleet.one, &fleet.other] {
            let took = until(origin, &known, "403 embed_unknown").await;
            assert!(took < Duration::from_secs(6), "{name}: {took:?}");
            assert_ne!(origin.verdict(&rotated).await, "200", "{name}");
            assert_eq!(origin.verdict(&signed("taken-back")).await, "403 revoked", "{name}");
            assert_eq!(origin.verdict(&signed("good")).await, "200", "{name}");
        }
        // What was taken back is known to those as well who come now.
        let late = Origin::start(&Setup::new(fleet.redis.url())).await;
        late.ready().await;
        until(&late, &signed("taken-back"), "403 revoked").await;
        // What is issued from now on is above what was revoked before.
        let new = part_of("1", &fleet.other.issue("1").await);
        assert_eq!(fleet.verdict(&new).await, "200", "{name}");
        fleet.one.tell("rotate", &[("video", "1")]).await.unwrap();
        until(&fleet.other, &new, "403 revoked").await;
        let newest = part_of("1", &fleet.other.issue("1").await);
        assert_eq!(fleet.verdict(&newest).await, "200", "{name}");
        fleet.other.tell("revoke_video", &[("video", "1")]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_believed_for_so_long_and_no_longer() {
    const MOST: Duration = Duration::from_secs(2);
    let setup = |redis: &Redis| Setup::new(redis.url()).staleness(MOST);
    let Some(fleet) = Fleet::start(After::Nothing, setup).await else { return };
    let known = part_of("1", &fleet.one.issue("1").await);
    let of_another_video = part_of("2", &fleet.one.issue("2").await);
    for ask in [&known, &of_another_video, &signed("good")] {
        assert_eq!(fleet.verdict(ask).await, "200");
    }
    sleep(MOST + MOST / 2).await;
    assert_eq!(fleet.verdict(&known).await, "200", "silence is no loss of contact");

    fleet.redis.freeze();
    let began = std::time::Instant::now();
    assert_eq!(fleet.verdict(&known).await, "200", "for a while");
    let mut refused = Vec::new();
    for origin in [&fleet.one, &fleet.other] {
        until(origin, &signed("good"), UNAVAILABLE).await;
        refused.push(began.elapsed());
        assert_eq!(origin.verdict(&known).await, UNAVAILABLE);
    }
    println!("not believed after {refused:?}");
    assert!(refused[0] < MOST + Duration::from_secs(1), "{refused:?}");
    let error = fleet.one.tell("revoke_video", &[("video", "1")]).await.unwrap_err();
    assert!(error.contains("is unavailable"), "{error}");
    assert_eq!(fleet.one.verdict(&known).await, "403 revoked", "in force where it is said");
    assert_eq!(fleet.other.verdict(&known).await, UNAVAILABLE);

    fleet.redis.thaw();
    for origin in [&fleet.one, &fleet.other] {
        until(origin, &signed("good"), "200").await;
        until(origin, &known, "403 revoked").await;
        assert_eq!(origin.verdict(&of_another_video).await, "200");
    }
    println!("believed again after {:?}", began.elapsed());
    let new = part_of("1", &fleet.one.issue("1").await);
    assert_eq!(fleet.verdict(&new).await, "200");
}

/// A fleet whose other origin reaches Redis by a way of its own.
async fn parted(staleness: Duration) -> Option<(Fleet, Proxy)> {
    let start = Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url()));
    let mut fleet = start.await?;
    let proxy = Proxy::start(fleet.redis.port()).await;
    fleet.other = Origin::start(&Setup::new(url(proxy.port())).staleness(staleness)).await;
    fleet.other.ready().await;
    Some((fleet, proxy))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_while_a_node_was_cut_off_is_caught_up_with() {
    let Some((fleet, proxy)) = parted(Duration::from_mins(10)).await else { return };
    for (name, cut, trimmed) in [
        ("held up for a moment", false, false),
        ("cut off", true, false),
        ("cut off for so long that the news are gone", true, true),
    ] {
        let known = part_of("1", &fleet.one.issue("1").await);
        let of_a_video = part_of("2", &fleet.one.issue("2").await);
        let of_a_viewer =
            part_of("3", &fleet.one.tell("issue", &[("video", "3"), ("viewer", "ann")]).await.unwrap());
        let spared = part_of("4", &fleet.one.issue("4").await);
        let all = [&known, &of_a_video, &of_a_viewer, &signed(name), &spared];
        for ask in all {
            assert_eq!(fleet.verdict(ask).await, "200", "{name}");
        }
        proxy.hold();
        fleet.one.tell("revoke", &[("token", token_of(&known))]).await.unwrap();
        fleet.one.tell("revoke_video", &[("video", "2")]).await.unwrap();
        fleet.one.tell("revoke_viewer", &[("viewer", "ann")]).await.unwrap();
        fleet.one.tell("jti", &[("name", &name.replace(' ', "+"))]).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        for ask in all {
            assert_eq!(
                fleet.other.verdict(ask).await,
                "200",
                "{name}: nothing is heard, and memory is believed"
            );
        }
        if trimmed {
            fleet.redis.tell(&["XTRIM", "{playgate}:news", "MAXLEN", "0"]);
            fleet.one.tell("jti", &[("name", "another")]).await.unwrap();
        }
        if cut {
            proxy.cut();
        }
        proxy.let_go();
        for (ask, verdict) in all.into_iter().zip(["403 revoked"; 4]) {
            let took = until(&fleet.other, ask, verdict).await;
            println!("{name}: caught up after {took:?}");
        }
        assert_eq!(fleet.verdict(&spared).await, "200", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_held_up_for_longer_is_given_up_and_another_is_found() {
    let Some((fleet, proxy)) = parted(Duration::from_mins(10)).await else { return };
    let known = part_of("1", &fleet.one.issue("1").await);
    assert_eq!(fleet.verdict(&known).await, "200");
    proxy.hold();
    let not_seen = part_of("1", &fleet.one.issue("1").await);
    assert_eq!(fleet.other.verdict(&not_seen).await, UNAVAILABLE);
    sleep(Duration::from_secs(5)).await;
    fleet.one.tell("revoke", &[("token", token_of(&known))]).await.unwrap();
    assert_eq!(fleet.other.verdict(&known).await, "200", "memory is believed");
    proxy.let_go();
    until(&fleet.other, &known, "403 revoked").await;
    until(&fleet.other, &not_seen, "200").await;
    let log = fleet.other.log();
    assert_eq!(log.matches("shared store is unreachable").count(), 1, "{log}");
    assert_eq!(log.matches("shared store is reachable again").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_starts_before_redis_opens_nothing_until_it_is_there() {
    let Some(fleet) = Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url())).await else {
        return;
    };
    let known = part_of("1", &fleet.one.issue("1").await);
    let (nowhere, proxy) = (free_port(), Proxy::start(fleet.redis.port()).await);
    let lost = Origin::start(&Setup::new(url(nowhere))).await;
    proxy.hold();
    let late = Origin::start(&Setup::new(url(proxy.port()))).await;
    for origin in [&lost, &late] {
        for ask in [&known, &signed("good")] {
            let answer = origin.ask(ask).await;
            assert_eq!(answer.verdict(), UNAVAILABLE, "{ask:?}");
            assert!(answer.field("retry-after").is_some());
        }
    }
    proxy.let_go();
    late.ready().await;
    assert_eq!(late.verdict(&known).await, "200");
    assert_eq!(late.verdict(&signed("good")).await, "200");
}
