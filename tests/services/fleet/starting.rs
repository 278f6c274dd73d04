//! The readiness of a store while its server starts, loads its data or does not answer.

use std::time::Duration;

use playgate::revocation::Revocation;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::store::Store;
use playgate::{KeyScope, Verifier};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::proxy::Proxy;
use crate::support::redis::{After, Redis, url};
use crate::support::{HOST, TestKey, in_time, vod};

fn verifier(store: &Store) -> Verifier {
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    Verifier::builder().site(vod().embed(Embed::new())).key(key).store(store).build().unwrap()
}

fn connect(port: u16) -> Store {
    Store::redis(url(port)).timeout(Duration::from_millis(500)).connect().unwrap()
}

async fn is_ready_within(store: &Store, most: Duration) -> bool {
    timeout(most, store.ready()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_ready_takes_commands_at_once() {
    let Some(redis) = Redis::start(After::Nothing) else { return };
    let proxy = Proxy::start(redis.port()).await;
    proxy.hold();
    let store = connect(proxy.port());
    let gate = verifier(&store);
    // It takes a while to send these to the server, before any other command.
    for number in 0..2_000 {
        gate.revoke(Revocation::token(number.to_string())).await.unwrap_err();
    }
    assert!(!is_ready_within(&store, Duration::from_secs(2)).await, "the server is not reached");
    proxy.let_go();
    in_time(store.ready()).await;
    gate.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
    assert_eq!(redis.tell(&["HLEN", "{playgate}:revoked"]).trim(), "2000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_connections_and_answers_nothing_is_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = connect(listener.local_addr().unwrap().port());
    let mut held = Vec::new();
    let accepting = async {
        loop {
            held.push(listener.accept().await.unwrap());
        }
    };
    let waiting = is_ready_within(&store, Duration::from_secs(3));
    let ready = tokio::select! { ready = waiting => ready, () = accepting => false };
    assert!(!ready && held.len() > 2, "{} connections", held.len());
    let error = verifier(&store).embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap_err();
    assert!(error.to_string().contains("is unavailable"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loads_its_data_is_ready_once_they_are_loaded() {
    let Some(mut redis) = Redis::start(After::Nothing) else { return };
    let store = connect(redis.port());
    in_time(store.ready()).await;
    verifier(&store).revoke(Revocation::token("t1")).await.unwrap();
    redis.tell(&["EVAL", "for i = 1, 3000 do redis.call('SET', 'other:' .. i, i) end", "0"]);
    redis.tell(&["SAVE"]);
    redis.kill();
    drop(store);
    // A millisecond for each key.
    let slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
    redis.start_again_with(&slowly);
    let store = connect(redis.port());
    assert!(!is_ready_within(&store, Duration::from_millis(500)).await);
    assert!(redis.tell(&["INFO", "persistence"]).contains("loading:1"), "it loads still");
    in_time(store.ready()).await;
    assert!(redis.tell(&["INFO", "persistence"]).contains("loading:0"));
    let gate = verifier(&store);
    gate.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
    assert!(gate.restore(&Revocation::token("t1")).await.unwrap(), "it knows what it has loaded");
}
