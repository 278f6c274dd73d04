//! Several cookies of one name, some of them embed tokens that have to be looked up, for every adapter.

use playgate::rate::Rate;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::store::Store;
use playgate::{KeyScope, Verifier};

use crate::support::redis::{After, Redis};
use crate::support::{Answer, Ask, HOST, TestKey, World, get, http1, in_time, token, vod};

/// Returns a verifier with its own memory, like another node of the fleet.
async fn node(redis: &Redis) -> Verifier {
    let store =
        Store::redis(redis.url()).unknown_tokens(Rate::per_minute(60_000).unwrap()).connect().unwrap();
    in_time(store.ready()).await;
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    Verifier::builder().site(vod().embed(Embed::new())).key(key).store(&store).build().unwrap()
}

async fn issue(verifier: &Verifier) -> String {
    verifier.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap().to_text()
}

fn junk() -> String {
    EmbedToken::generate().unwrap().to_text()
}

fn ask(cookies: &[String]) -> Ask {
    cookies.iter().fold(get("/videos/1/a.ts"), Ask::cookie)
}

/// Returns the verdict, after a check that all doors agree.
async fn verdict_of(world: &World, cookies: &[String]) -> String {
    let mut verdicts = answers(world, async || cookies.to_vec()).await.into_iter();
    let (_, first) = verdicts.next().unwrap();
    for (door, answer) in verdicts {
        assert_eq!(answer.verdict(), first.verdict(), "{door}");
    }
    first.verdict()
}

/// Makes a first lookup, which loads its script into the server.
async fn bring_scripts(world: &World) {
    assert_eq!(verdict_of(world, &[junk()]).await, "403 embed_unknown");
}

/// Asks each door, with cookies of its own, and returns the answers.
async fn answers(
    world: &World,
    mut cookies: impl AsyncFnMut() -> Vec<String>,
) -> Vec<(&'static str, Answer)> {
    let mut answers = Vec::new();
    for (door, address) in world.addresses().collect::<Vec<_>>() {
        answers.push((door, http1(door, address, &ask(&cookies().await).http1()).await));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_cookie_that_is_not_in_memory_is_found_behind_junk() {
    let Some(redis) = Redis::start(After::Nothing) else { return };
    let (here, elsewhere) = (node(&redis).await, node(&redis).await);
    let world = World::start(here).await;
    bring_scripts(&world).await;
    issue(&elsewhere).await;
    for before in 0..3 {
        let count = redis.scripts_run();
        let cookies = async || {
            let mut cookies: Vec<_> = (0..before).map(|_| junk()).collect();
            cookies.push(issue(&elsewhere).await);
            cookies
        };
        let answers = answers(&world, cookies).await;
        for (door, answer) in &answers {
            assert_eq!(answer.verdict(), "200", "{door}, behind {before}");
        }
        let lookups = redis.scripts_run() - count - answers.len() as u64;
        assert_eq!(lookups, answers.len() as u64 * (before + 1), "behind {before}: one for each cookie");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_makes_three_lookups_at_most_and_the_next_goes_on_from_there() {
    let Some(redis) = Redis::start(After::Nothing) else { return };
    let (here, elsewhere) = (node(&redis).await, node(&redis).await);
    let good = issue(&elsewhere).await;
    let world = World::start(here).await;
    bring_scripts(&world).await;
    let (door, address) = world.addresses().next().unwrap();
    let cookies = [junk(), junk(), junk(), good];
    let ask = ask(&cookies);
    let count = redis.scripts_run();
    assert_eq!(http1(door, address, &ask.http1()).await.verdict(), "503 store_unavailable");
    assert_eq!(redis.scripts_run() - count, 3);
    // The three are remembered as unknown, which costs no lookup.
    assert_eq!(http1(door, address, &ask.http1()).await.verdict(), "200");
    assert_eq!(redis.scripts_run() - count, 4);
    assert_eq!(verdict_of(&world, &cookies).await, "200");
    assert_eq!(redis.scripts_run() - count, 4, "it is in memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_memory_grants_needs_no_lookup_of_those_before_it() {
    let Some(mut redis) = Redis::start(After::Nothing) else { return };
    let here = node(&redis).await;
    let good = issue(&here).await;
    let signed = token("videos/1");
    let world = World::start(here).await;
    let count = redis.scripts_run();
    for (name, cookies) in [
        ("an embed token", [junk(), good.clone()]),
        ("a signed token", [junk(), signed.clone()]),
        ("before it", [good.clone(), junk()]),
    ] {
        assert_eq!(verdict_of(&world, &cookies).await, "200", "{name}");
    }
    assert_eq!(redis.scripts_run(), count);

    redis.kill();
    for (name, cookies, verdict) in [
        ("an embed token", vec![junk(), good.clone()], "200"),
        ("behind three", vec![junk(), junk(), junk(), good], "200"),
        ("a signed token", vec![junk(), signed], "200"),
        ("junk", vec![junk()], "503 store_unavailable"),
        ("junk beside a token of another video", vec![junk(), token("videos/2")], "503 store_unavailable"),
        ("no token", vec!["a.b.c".to_owned(), "x".to_owned()], "401 malformed_token"),
    ] {
        assert_eq!(verdict_of(&world, &cookies).await, verdict, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_cookies_that_grant_nothing_the_most_specific_denial_is_reported_after_their_lookups() {
    let Some(redis) = Redis::start(After::Nothing) else { return };
    let (here, elsewhere) = (node(&redis).await, node(&redis).await);
    let world = World::start(here).await;
    let revoked = issue(&elsewhere).await;
    elsewhere.embeds(HOST).unwrap().revoke(EmbedToken::parse(&revoked).unwrap()).await.unwrap();
    for (name, cookies, verdict) in [
        ("unknown, revoked", vec![junk(), revoked.clone()], "403 revoked"),
        ("revoked, unknown", vec![revoked, junk()], "403 revoked"),
        ("unknown, out of scope", vec![junk(), token("videos/2")], "403 out_of_scope"),
        ("unknown", vec![junk(), junk()], "403 embed_unknown"),
    ] {
        assert_eq!(verdict_of(&world, &cookies).await, verdict, "{name}");
    }
}
