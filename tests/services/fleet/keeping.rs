//! What is on the server, for how long, and who is connected to it; origins in this process.

use std::time::Duration;

use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::store::{RedisStore, Store};
use playgate::{Decision, KeyScope, Verifier};

use super::origin::Setup;
use super::{Fleet, part_of, until};
use crate::support::redis::{After, Redis};
use crate::support::{HOST, TestKey, in_time, vod};

async fn fleet() -> Option<Fleet> {
    Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url())).await
}

fn verifier(store: &Store) -> Verifier {
    let site = vod().embed(Embed::new());
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    Verifier::builder().site(site).key(key).store(store).build().unwrap()
}

/// As an adapter has it.
async fn opens(verifier: &Verifier, token: EmbedToken) -> Result<(), &'static str> {
    let request = part_of("1", &token.to_text()).parsed().unwrap();
    let now = verifier.now();
    let need = match verifier.decide(&request, now) {
        Decision::Needs(needed) => needed.need(),
        decision => return decision.denial().map_or(Ok(()), |denial| Err(denial.code().as_str())),
    };
    let found = in_time(verifier.look_up(need)).await;
    let decision = verifier.decide_with(&request, now, Some(&found));
    decision.denial().map_or(Ok(()), |denial| Err(denial.code().as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_drops_by_itself_what_is_over() {
    let Some(fleet) = fleet().await else { return };
    let with = [("video", "1"), ("viewer", "ann")];
    for token in ["a", "b"] {
        let token = token.repeat(32);
        fleet.one.tell("issue", &[with[0], with[1], ("token", &token)]).await.unwrap();
    }
    fleet.one.tell("revoke", &[("token", &"b".repeat(32))]).await.unwrap();
    fleet.one.tell("revoke", &[("token", &"c".repeat(32))]).await.unwrap();
    fleet.one.tell("revoke_video", &with[..1]).await.unwrap();
    fleet.one.tell("revoke_viewer", &with[1..]).await.unwrap();
    let left = |kind: &str| {
        let keys = fleet.redis.tell(&["--scan", "--pattern", &format!("{{playgate}}:{kind}:*")]);
        let mut left: Vec<i64> =
            keys.lines().map(|key| fleet.redis.tell(&["TTL", key]).trim().parse().unwrap()).collect();
        left.sort_unstable();
        left
    };
    let day = 86_400;
    let tokens = left("token");
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|left| (day - 60..=day + 600).contains(left)), "{tokens:?}");
    for kind in ["video", "viewer"] {
        let marks = left(kind);
        assert!(marks.len() == 1 && (30 * day..=31 * day).contains(&marks[0]), "{kind}: {marks:?}");
    }

    // A token that never expires keeps what it was revoked by.
    let lasting = fleet.one.tell("issue", &[with[0], with[1], ("lasting", "yes")]).await.unwrap();
    assert_eq!(fleet.verdict(&part_of("1", &lasting)).await, "200");
    assert_eq!(left("token")[0], -1);
    fleet.one.tell("rotate", &with[..1]).await.unwrap();
    until(&fleet.other, &part_of("1", &lasting), "403 revoked").await;
    assert_eq!((left("video"), left("viewer")), (vec![-1], vec![-1]));
    fleet.one.tell("revoke", &[("token", &lasting)]).await.unwrap();
    assert_eq!(left("token").len(), 5);
    assert!(left("token")[0] > 0, "{:?}", left("token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_opens_nothing_and_is_told_of_once() {
    let Some(fleet) = fleet().await else { return };
    for (name, value, found) in [
        ("of a later release", r#"5 ab  {"v":2,"realm":"","video":"1"}"#, "version is 2"),
        (
            "with a restriction that is not known",
            r#"5 ab  {"v":1,"realm":"","video":"1","only":"x"}"#,
            "Data error",
        ),
        ("cut off", r#"5 ab  {"v":1"#, "Eof error"),
        ("something else", "5", "no order number"),
    ] {
        let ask = part_of("1", &fleet.one.issue("1").await);
        let key = fleet.redis.tell(&["--scan", "--pattern", "{playgate}:token:*"]);
        fleet.redis.tell(&["SET", key.trim(), value]);
        let logged = fleet.other.log().matches(found).count();
        for _ in 0..5 {
            assert_eq!(fleet.other.verdict(&ask).await, "503 store_unavailable", "{name}");
        }
        assert_eq!(fleet.other.log().matches(found).count() - logged, 1, "{name}: {}", fleet.other.log());
        assert_eq!(fleet.one.verdict(&ask).await, "200", "{name}: it is in memory there");
        fleet.redis.tell(&["DEL", key.trim()]);
    }
}

/// How many connections the server has besides the one that asks.
fn connections(redis: &Redis) -> usize {
    redis.tell(&["CLIENT", "LIST"]).lines().filter(|line| !line.trim().is_empty()).count() - 1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_ends_with_the_last_handle() {
    let Some(fleet) = fleet().await else { return };
    let before = connections(&fleet.redis);
    let store = Store::redis(fleet.redis.url()).connect().unwrap();
    in_time(store.ready()).await;
    assert_eq!(connections(&fleet.redis), before + 2);
    let gate = verifier(&store);
    let token = gate.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
    assert_eq!(opens(&gate, token).await, Ok(()));
    drop(store);
    assert_eq!(opens(&gate, token).await, Ok(()));
    assert_eq!(connections(&fleet.redis), before + 2, "the verifier has it still");
    drop(gate);
    in_time(async {
        while connections(&fleet.redis) > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_are_counted_with_their_latency_and_those_without_an_answer_as_failed() {
    let Some(mut fleet) = fleet().await else { return };
    let store = Store::redis(fleet.redis.url()).connect().unwrap();
    in_time(store.ready()).await;
    let gate = verifier(&store);
    let counted = || {
        let lookups = gate.stats().lookups;
        (lookups.needed, lookups.started, lookups.failed, lookups.latency.count)
    };
    assert_eq!(counted(), (0, 0, 0, 0));
    let token = EmbedToken::parse(&fleet.one.issue("1").await).unwrap();
    assert_eq!(opens(&gate, token).await, Ok(()));
    assert_eq!(counted(), (1, 1, 0, 1));
    assert_eq!(opens(&gate, token).await, Ok(()));
    assert_eq!(counted(), (1, 1, 0, 1), "the token is in memory");
    fleet.redis.kill();
    let other = EmbedToken::generate().unwrap();
    assert_eq!(opens(&gate, other).await, Err("store_unavailable"));
    let (needed, started, failed, ended) = counted();
    assert_eq!((needed, started), (2, 2));
    assert_eq!((failed, ended), (1, 2));
}

#[test]
fn a_store_whose_runtime_has_ended_believes_nothing_and_keeps_nobody_waiting() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let (first, second) = (runtime(), runtime());
    let Some(fleet) = first.block_on(fleet()) else { return };
    let (gate, token) = first.block_on(async {
        let store = Store::redis(fleet.redis.url()).connect().unwrap();
        in_time(store.ready()).await;
        let gate = verifier(&store);
        let token = gate.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
        (gate, token)
    });
    second.block_on(async {
        assert_eq!(opens(&gate, token).await, Ok(()), "whatever runtime the request is in");
        gate.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
    });
    first.shutdown_timeout(Duration::from_secs(5));
    second.block_on(async {
        assert_eq!(opens(&gate, token).await, Err("store_unavailable"));
        let error = in_time(gate.embeds(HOST).unwrap().revoke(token)).await.unwrap_err();
        assert_eq!(error.to_string(), "shared store is unavailable: its runtime has ended");
        assert_eq!(opens(&gate, token).await, Err("revoked"), "here it is in force");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn prefixes_databases_and_protocols_are_as_the_url_has_them() {
    let Some(fleet) = fleet().await else { return };
    let url = fleet.redis.url();
    let connect = async |store: RedisStore| {
        let store = store.connect().unwrap();
        in_time(store.ready()).await;
        verifier(&store)
    };
    let plain = connect(Store::redis(&url)).await;
    let resp3 = connect(Store::redis(format!("{url}/?protocol=resp3"))).await;
    let apart = connect(Store::redis(&url).prefix("another")).await;
    let elsewhere = connect(Store::redis(format!("{url}/5"))).await;
    let token = resp3.embeds(HOST).unwrap().issue(EmbedDraft::new("1").viewer("ann")).await.unwrap();
    for (name, gate, verdict) in [
        ("the one that issues", &resp3, Ok(())),
        ("another protocol", &plain, Ok(())),
        ("another prefix", &apart, Err("embed_unknown")),
        ("another database", &elsewhere, Err("embed_unknown")),
    ] {
        assert_eq!(opens(gate, token).await, verdict, "{name}");
    }
    plain.embeds(HOST).unwrap().revoke_viewer("ann").await.unwrap();
    in_time(async {
        while opens(&resp3, token).await != Err("revoked") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}
