//! Revocations that a server acknowledged and then lost: a replica without them was promoted, or the data were lost.

use std::time::{Duration, Instant};

use playgate::revocation::Revocation;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::store::{Store, StoreError};
use playgate::{Decision, KeyScope, Verifier};
use tokio::time::sleep;

use super::origin::{Origin, Setup};
use super::proxy::Proxy;
use super::{Ask, part_of, until};
use crate::support::redis::{After, PASSWORD, Redis, url};
use crate::support::{HOST, TestKey, in_time, vod};

/// A primary, its replica, and the address that leads to the one in charge.
struct Pair {
    primary: Redis,
    replica: Redis,
    address: Proxy,
}

impl Pair {
    async fn start() -> Option<Self> {
        let (primary, replica) = (Redis::start(After::Nothing)?, Redis::start(After::Nothing)?);
        replica.follow(&primary);
        let address = Proxy::start(primary.port()).await;
        Some(Self { primary, replica, address })
    }

    async fn origin(&self) -> Origin {
        let origin = Origin::start(&Setup::new(url(self.address.port()))).await;
        origin.ready().await;
        origin
    }

    /// Ends the replication.
    fn detach(&self) {
        self.replica.wait_for(&self.primary);
        self.replica.promote();
    }

    /// Fails over as if the primary had acknowledged the writes and never sent their news: the last news that the nodes have
    /// read are on the replica.
    fn fail_over_unseen(&mut self) {
        let news = self.primary.tell(&["XREVRANGE", "{playgate}:news", "+", "-", "COUNT", "1"]);
        let (id, _) = news.split_once('\n').unwrap();
        self.replica.tell(&["XADD", "{playgate}:news", id.trim(), "news", "begun"]);
        self.fail_over();
    }

    fn fail_over(&mut self) {
        self.primary.kill();
        self.address.lead_to(self.replica.port());
    }
}

fn signed(jti: &str) -> Ask {
    part_of("1", &TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1","jti":"{jti}"}}"#)))
}

fn token_of(ask: &Ask) -> &str {
    ask.target.split_once("auth=").unwrap().1
}

/// Issues the credentials to revoke: a token by itself, one with its video, one with its viewer, and a signed token.
async fn credentials(origin: &Origin) -> [Ask; 4] {
    let with = [("video", "3"), ("viewer", "ann")];
    [
        part_of("1", &origin.issue("1").await),
        part_of("2", &origin.issue("2").await),
        part_of("3", &origin.tell("issue", &with).await.unwrap()),
        signed("t1"),
    ]
}

async fn revoke(origin: &Origin, [alone, ..]: &[Ask; 4]) {
    origin.tell("revoke", &[("token", token_of(alone))]).await.unwrap();
    origin.tell("revoke_video", &[("video", "2")]).await.unwrap();
    origin.tell("revoke_viewer", &[("viewer", "ann")]).await.unwrap();
    origin.tell("jti", &[("name", "t1")]).await.unwrap();
}

const REVOKED: &str = "403 revoked";

/// Waits until the marks in the nodes' own memory are dropped: after two minutes, at the next sweep.
async fn past_the_marks(origins: &[&Origin]) {
    for origin in origins {
        origin.tell("later", &[("name", "200")]).await.unwrap();
    }
    sleep(Duration::from_secs(11)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_stays_revoked_after_a_failover_to_a_replica_that_lacks_it() {
    let Some(mut pair) = Pair::start().await else { return };
    let (one, other) = (pair.origin().await, pair.origin().await);
    let all = credentials(&one).await;
    let spared = part_of("4", &one.issue("4").await);
    for ask in all.iter().chain([&spared]) {
        assert_eq!(one.verdict(ask).await, "200");
        assert_eq!(other.verdict(ask).await, "200");
    }
    pair.detach();
    revoke(&one, &all).await;
    for ask in &all {
        assert_eq!(one.verdict(ask).await, REVOKED);
        until(&other, ask, REVOKED).await;
    }
    pair.fail_over();
    until(&one, &part_of("4", &until_issued(&one, "4").await), "200").await;
    let late = pair.origin().await;
    for ask in &all {
        assert_eq!(late.verdict(ask).await, REVOKED, "{ask:?}: at an origin that came later");
    }
    past_the_marks(&[&one, &other]).await;
    for (name, origin) in [("the one that revoked", &one), ("another", &other), ("a late one", &late)] {
        for ask in &all {
            assert_eq!(origin.verdict(ask).await, REVOKED, "{ask:?}: at {name}");
        }
        assert_eq!(origin.verdict(&spared).await, "200", "at {name}");
        let new = part_of("2", &origin.issue("2").await);
        assert_eq!(other.verdict(&new).await, "200", "issued after it at {name}");
    }
}

/// Issues a token as soon as the store is back.
async fn until_issued(origin: &Origin, video: &str) -> String {
    for _ in 0..1_000 {
        if let Ok(token) = origin.tell("issue", &[("video", video)]).await {
            return token;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the store does not come back");
}

/// The node that revokes is cut off before it could read its own news.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_did_not_read_the_news_of_its_own_revocation_sends_it_again() {
    let Some(mut pair) = Pair::start().await else { return };
    let (one, other) = (pair.origin().await, pair.origin().await);
    let all = credentials(&one).await;
    for ask in &all {
        assert_eq!(one.verdict(ask).await, "200");
        assert_eq!(other.verdict(ask).await, "200");
    }
    pair.detach();
    revoke(&one, &all).await;
    pair.fail_over_unseen();
    until_issued(&one, "4").await; // it is connected, and has sent its revocations
    let late = pair.origin().await;
    for ask in &all {
        assert_eq!(late.verdict(ask).await, REVOKED, "{ask:?}: at an origin that came later");
    }
    past_the_marks(&[&one, &other]).await;
    for origin in [&one, &other, &late] {
        for ask in &all {
            assert_eq!(origin.verdict(ask).await, REVOKED, "{ask:?}");
        }
    }
}

/// The nodes cannot see that the server is another one, so they send recent revocations again in any case.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_is_survived_if_the_server_does_not_show_its_identity() {
    let Some(mut pair) = Pair::start().await else { return };
    for redis in [&pair.primary, &pair.replica] {
        let password = format!(">{PASSWORD}");
        redis.tell(&["ACL", "SETUSER", "node", "on", &password, "~*", "&*", "+@all", "-info", "-config"]);
    }
    let url = url(pair.address.port()).replace("://:", "://node:");
    let one = Origin::start(&Setup::new(url.clone())).await;
    one.ready().await;
    let all = credentials(&one).await;
    pair.detach();
    revoke(&one, &all).await;
    pair.fail_over_unseen();
    until_issued(&one, "4").await;
    let late = Origin::start(&Setup::new(url)).await;
    late.ready().await;
    for ask in &all {
        assert_eq!(late.verdict(ask).await, REVOKED, "{ask:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_restoration_or_issue_takes_precedence_over_a_revocation_that_is_sent_again() {
    let Some(pair) = Pair::start().await else { return };
    let (one, other) = (pair.origin().await, pair.origin().await);
    let away = Proxy::start(pair.primary.port()).await;
    let cut_off = Origin::start(&Setup::new(url(away.port()))).await;
    cut_off.ready().await;
    let [alone, ..] = credentials(&one).await;
    one.tell("jti", &[("name", "t1")]).await.unwrap();
    one.tell("revoke", &[("token", token_of(&alone))]).await.unwrap();
    for origin in [&one, &other, &cut_off] {
        until(origin, &signed("t1"), REVOKED).await;
    }
    away.hold();
    assert_eq!(other.tell("restore_jti", &[("name", "t1")]).await.unwrap(), "true");
    until(&one, &signed("t1"), "200").await;
    // The news are gone, so the node that was cut off sends what it knows.
    pair.primary.tell(&["XTRIM", "{playgate}:news", "MAXLEN", "0"]);
    away.cut();
    away.let_go();
    until(&cut_off, &signed("t1"), "200").await;
    sleep(Duration::from_secs(1)).await;
    for origin in [&one, &other, &cut_off] {
        assert_eq!(origin.verdict(&signed("t1")).await, "200", "restored");
    }

    // Nobody but a node that came after the loss issues the same token again.
    away.hold();
    let (mut primary, address) = (pair.primary, pair.address);
    address.hold();
    primary.kill();
    primary.start_again();
    let new = Origin::start(&Setup::new(primary.url())).await;
    new.ready().await;
    new.tell("issue", &[("video", "1"), ("token", token_of(&alone))]).await.unwrap();
    address.cut();
    address.let_go();
    away.cut();
    away.let_go();
    for origin in [&one, &other, &cut_off] {
        until(origin, &signed("t1"), "200").await;
    }
    let late = Origin::start(&Setup::new(primary.url())).await;
    late.ready().await;
    for origin in [&new, &late] {
        assert_eq!(origin.verdict(&alone).await, "200", "it was issued after it was revoked");
    }
    for origin in [&new, &late, &one, &other, &cut_off] {
        assert_eq!(origin.verdict(&signed("t1")).await, "200", "it was restored before the loss");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_stays_revoked_after_the_data_were_lost_and_a_backup_was_restored() {
    let Some(mut redis) = Redis::start(After::Nothing) else { return };
    let setup = Setup::new(redis.url());
    let (one, other) = (Origin::start(&setup).await, Origin::start(&setup).await);
    one.ready().await;
    other.ready().await;
    let all = credentials(&one).await;
    redis.tell(&["SAVE"]);
    revoke(&one, &all).await;
    for ask in &all {
        until(&other, ask, REVOKED).await;
    }
    drop(one); // the one that revoked is gone
    redis.kill();
    redis.start_again(); // with what was saved before
    until(&other, &part_of("4", &until_issued(&other, "4").await), "200").await;
    let late = Origin::start(&setup).await;
    late.ready().await;
    past_the_marks(&[&other]).await;
    for origin in [&other, &late] {
        for ask in &all {
            assert_eq!(origin.verdict(ask).await, REVOKED, "{ask:?}");
        }
    }
}

/// A verifier in this process whose revocations wait for one replica.
async fn waiting(pair: &Pair) -> (Store, Verifier) {
    let store = Store::redis(pair.primary.url()).wait_for_replicas(1, Duration::from_secs(1));
    let store = store.connect().unwrap();
    in_time(store.ready()).await;
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let site = vod().embed(Embed::new());
    let verifier = Verifier::builder().site(site).key(key).store(&store).build().unwrap();
    (store, verifier)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_waits_for_replicas_and_fails_if_there_are_too_few() {
    let Some(pair) = Pair::start().await else { return };
    let (_store, verifier) = waiting(&pair).await;
    let embeds = verifier.embeds(HOST).unwrap();
    let issue = async || embeds.issue(EmbedDraft::new("1").viewer("ann")).await.unwrap();
    let taken_back = Revocation::token("t1");

    embeds.revoke(issue().await).await.unwrap();
    embeds.revoke_viewer("ann").await.unwrap();
    embeds.revoke_video("1").await.unwrap();
    embeds.rotate(EmbedDraft::new("1")).await.unwrap();
    verifier.revoke(taken_back.clone()).await.unwrap();
    assert!(verifier.restore(&taken_back).await.unwrap());

    pair.replica.wait_for(&pair.primary);
    pair.replica.freeze();
    let token = issue().await; // which waits for nobody
    let began = Instant::now();
    let too_few = |result: Result<(), StoreError>| match result {
        Err(error @ StoreError::NotReplicated { acknowledged: 0, wanted: 1, .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let said = too_few(embeds.revoke(token).await);
    assert_eq!(said, "only 0 of 1 replicas acknowledged the change: repeat it to wait again");
    let took = began.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
    too_few(embeds.revoke_viewer("ann").await);
    too_few(embeds.revoke_video("1").await);
    too_few(embeds.rotate(EmbedDraft::new("1")).await.map(|_| ()));
    too_few(verifier.restore(&taken_back).await.map(|_| ()));
    too_few(verifier.revoke(taken_back.clone()).await);
    // Many wait at a time, and other commands wait for none of them.
    let began = Instant::now();
    let revoking = (0..32).map(|number| verifier.revoke(Revocation::token(number.to_string())));
    let looking = async {
        let began = Instant::now();
        issue().await;
        began.elapsed()
    };
    let (revoked, looked) =
        futures_util::future::join(futures_util::future::join_all(revoking), looking).await;
    for result in revoked {
        too_few(result);
    }
    println!(
        "32 revocations without their replica took {:?}, an issue beside them {looked:?}",
        began.elapsed()
    );
    assert!(looked < Duration::from_millis(900), "{looked:?}");

    // It is in force all the same: here, and for whoever asks the store.
    let (_other_store, other) = waiting(&pair).await;
    for verifier in [&verifier, &other] {
        let denial = async |ask: Ask| {
            let request = ask.parsed().unwrap();
            let mut found = None;
            loop {
                let need = match verifier.decide_with(&request, verifier.now(), found.as_ref()) {
                    Decision::Needs(needed) => needed.need(),
                    decision => return decision.denial().map(|denial| denial.code().as_str()),
                };
                found = Some(in_time(verifier.look_up(need)).await);
            }
        };
        assert_eq!(denial(part_of("1", &token.to_text())).await, Some("revoked"));
        assert_eq!(denial(signed("t1")).await, Some("revoked"));
    }
    pair.replica.thaw();
    pair.replica.wait_for(&pair.primary);
    verifier.revoke(taken_back).await.unwrap();
    embeds.revoke(token).await.unwrap();
}

#[tokio::test]
async fn waiting_for_no_replica_or_for_ever_is_refused() {
    let good = || Store::redis("redis://127.0.0.1:1");
    for (name, store) in [
        ("none", good().wait_for_replicas(0, Duration::from_secs(1))),
        ("no time", good().wait_for_replicas(1, Duration::ZERO)),
        ("much time", good().wait_for_replicas(1, Duration::from_secs(6))),
    ] {
        let error = store.connect().unwrap_err().to_string();
        assert!(error.contains("replicas for") && error.contains("1 replica or more"), "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_lose_what_it_acknowledged_is_reported() {
    let Some(mut redis) = Redis::start(After::Nothing) else { return };
    let (of_disk, of_room) = ("keeps nothing on disk", "maxmemory-policy allkeys-lru");
    let reported = async |redis: &Redis| {
        let store = Store::redis(redis.url()).connect().unwrap();
        let verifier = Verifier::builder().site(vod()).store(&store);
        let verifier = verifier.key(TestKey::Rsa.key(KeyScope::bucket("vod"))).build().unwrap();
        in_time(store.ready()).await;
        assert_eq!(verifier.health().store, store.problems());
        store.problems()
    };
    let nowhere = Store::redis("redis://127.0.0.1:1").connect().unwrap().problems();
    assert!(nowhere.len() == 1 && nowhere[0].contains("unreachable: "), "{nowhere:?}");
    let problems = reported(&redis).await;
    assert!(problems.len() == 1 && problems[0].contains(of_disk), "{problems:?}");
    redis.tell(&["CONFIG", "SET", "maxmemory", "100mb"]);
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let problems = reported(&redis).await;
    assert!(problems.len() == 2 && problems[0].contains(of_room), "{problems:?}");
    let origin = Origin::start(&Setup::new(redis.url())).await;
    origin.ready().await;
    let began = Instant::now();
    while !(origin.log().contains(of_disk) && origin.log().contains(of_room)) {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", origin.log());
        sleep(Duration::from_millis(20)).await;
    }
    // A managed server refuses CONFIG, and one that takes snapshots is as it should be.
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    redis.tell(&["CONFIG", "SET", "save", "3600 1"]);
    assert!(reported(&redis).await.is_empty());
    redis.kill();
    redis.start_again_with(&["--rename-command", "CONFIG", ""]);
    assert!(reported(&redis).await.is_empty(), "whether it takes snapshots is not known");
    redis.kill();
    redis.start_again_with(&["--rename-command", "CONFIG", "", "--rename-command", "INFO", ""]);
    assert!(reported(&redis).await.is_empty());
}

/// The node's own clock gives the order of revocations that the server has not acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_while_the_store_is_down_is_sent_later_whatever_was_restored_before() {
    let Some(mut redis) = Redis::start(After::Everything) else { return };
    let setup = Setup::new(redis.url());
    let (one, other) = (Origin::start(&setup).await, Origin::start(&setup).await);
    one.ready().await;
    other.ready().await;
    let all = credentials(&one).await;
    one.tell("jti", &[("name", "t1")]).await.unwrap();
    assert_eq!(one.tell("restore_jti", &[("name", "t1")]).await.unwrap(), "true");
    for ask in &all {
        until(&one, ask, "200").await;
        until(&other, ask, "200").await;
    }
    redis.kill();
    let [alone, ..] = &all;
    one.tell("revoke", &[("token", token_of(alone))]).await.unwrap_err();
    one.tell("revoke_video", &[("video", "2")]).await.unwrap_err();
    one.tell("revoke_viewer", &[("viewer", "ann")]).await.unwrap_err();
    one.tell("jti", &[("name", "t1")]).await.unwrap_err();
    redis.start_again();
    for ask in &all {
        assert_eq!(one.verdict(ask).await, REVOKED, "{ask:?}");
        until(&other, ask, REVOKED).await;
        assert_eq!(one.verdict(ask).await, REVOKED, "{ask:?}");
    }
    assert_eq!(other.tell("restore_jti", &[("name", "t1")]).await.unwrap(), "true");
    until(&one, &signed("t1"), "200").await;
    assert_eq!(other.verdict(&signed("t1")).await, "200");
}
