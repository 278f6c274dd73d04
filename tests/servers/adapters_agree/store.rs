//! What waits for a store that a fleet shares, at every door. The rows have theirs in memory, and wait for nothing.

use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::store::Store;
use playgate::{KeyScope, Verifier};

use crate::support::redis::{After, Redis};
use crate::support::{Ask, HOST, TestKey, World, get, http1, in_time, token, vod};

const PART: &str = "/videos/1/seg-1.ts";

/// By the clock of this machine, which Redis has too.
fn verifier(store: &Store) -> Verifier {
    let site = vod().embed(Embed::new()).strip_credentials(true);
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    Verifier::builder().site(site).key(key).store(store).build().unwrap()
}

fn part(token: EmbedToken) -> Ask {
    get(PART).query(token.to_text())
}

#[tokio::test]
async fn every_server_says_alike_that_a_store_is_out_of_reach() {
    let nobody_listens = Store::redis("redis://127.0.0.1:1").connect().unwrap();
    let world = World::start(verifier(&nobody_listens)).await;
    for (name, ask) in [
        ("an embed token, which is looked up", get(PART).query("0".repeat(32))),
        ("the same in a cookie", get(PART).cookie("0".repeat(32))),
        ("a signed token, which may be revoked", get(PART).query(token("videos/1/"))),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "503 store_unavailable", "{name}");
        assert_eq!(answer.field("retry-after"), Some("1"), "{name}");
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_looks_up_what_another_node_has_issued() {
    let Some(redis) = Redis::start(After::Nothing) else { return };
    let node = async || {
        let store = Store::redis(redis.url()).connect().unwrap();
        in_time(store.ready()).await;
        verifier(&store)
    };
    let (issuing, asked) = (node().await, node().await);
    let embeds = issuing.embeds(HOST).unwrap();
    let world = World::start(asked).await;
    // Redis learns the script by the first lookup of all, which runs twice.
    let (door, address) = world.addresses().next().unwrap();
    http1(door, address, &part(EmbedToken::generate().unwrap()).http1()).await;
    for (door, address) in world.addresses() {
        let issue = async |video| embeds.issue(EmbedDraft::new(video)).await.unwrap();
        for (name, token, verdict) in [
            ("a token", issue("1").await, "200"),
            ("one of another video", issue("2").await, "403 out_of_scope"),
            ("one that nobody issued", EmbedToken::generate().unwrap(), "403 embed_unknown"),
        ] {
            let before = redis.scripts_run();
            let answer = http1(door, address, &part(token).http1()).await;
            assert_eq!(answer.verdict(), verdict, "{door}: {name}");
            assert_eq!(redis.scripts_run() - before, 1, "{door}: {name} is looked up");
            if verdict == "200" {
                assert_eq!(answer.seen(), format!("GET {PART}\n"), "{door}: {name}");
                assert_eq!(answer.field("cache-control"), Some("private"), "{door}: {name}");
            }
            let again = http1(door, address, &part(token).http1()).await;
            assert_eq!(again.essence(), answer.essence(), "{door}: {name}, again");
            assert_eq!(redis.scripts_run() - before, 1, "{door}: {name} is in memory then");
        }
    }
}
