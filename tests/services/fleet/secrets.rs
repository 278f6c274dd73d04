use std::path::Path;
use std::time::Duration;

use playgate::store::Store;

use super::origin::{Origin, Setup};
use super::{Fleet, part_of, until};
use crate::support::TestKey;
use crate::support::redis::{After, PASSWORD, Redis};

/// Every byte in a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_in(&path) } else { std::fs::read(&path).unwrap() });
    }
    all
}

fn holds(all: &[u8], text: &str) -> bool {
    memchr::memmem::find(all, text.as_bytes()).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_leaks_and_logs_that_leak_open_nothing() {
    let start = Fleet::start(After::Everything, |redis: &Redis| Setup::new(redis.url()));
    let Some(fleet) = start.await else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let with = [("video", "1"), ("viewer", "viewer-of-the-record")];
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(one.tell("issue", &with).await.unwrap());
    }
    tokens.push(one.tell("rotate", &with).await.unwrap());
    tokens.push(one.tell("issue", &with).await.unwrap());
    tokens.push(playgate::schemes::embed::EmbedToken::generate().unwrap().to_text());
    for token in &tokens {
        for origin in [one, other] {
            origin.verdict(&part_of("1", token)).await;
            origin.verdict(&super::get(format!("/watch/{token}"))).await;
        }
    }
    one.tell("revoke", &[("token", &tokens[4])]).await.unwrap();
    until(other, &part_of("1", &tokens[4]), "403 revoked").await;

    // Keys, values and news as they are on disk, and every command that wrote them.
    fleet.redis.tell(&["SAVE"]);
    let all = bytes_in(fleet.redis.folder());
    assert!(holds(&all, "viewer-of-the-record") && holds(&all, "{playgate}:token:"), "it was all written");
    for key in fleet.redis.tell(&["--scan"]).lines() {
        assert!(key.starts_with("{playgate}:"), "{key}");
    }
    for token in &tokens {
        assert!(!holds(&all, token), "a token is on the server");
    }
    let shown = [one.tell("shown", &[]).await.unwrap(), one.log(), other.log()];
    assert!(shown[1].contains("embed_unknown") && shown[2].contains("embed_unknown"), "{shown:?}");
    for text in &shown {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(!tokens.iter().any(|token| text.contains(token)), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_without_it() {
    let Some(fleet) = Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url())).await else {
        return;
    };
    let wrong = fleet.redis.url().replace(PASSWORD, "wrong-password");
    let origin = Origin::start(&Setup::new(wrong)).await;
    let signed = part_of("1", &TestKey::Rsa.token(r#"{"uri":"videos/1"}"#));
    let began = std::time::Instant::now();
    while !origin.log().contains("authentication failed") {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", origin.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(origin.verdict(&signed).await, "503 store_unavailable");
    let error = origin.tell("issue", &[("video", "1")]).await.unwrap_err();
    assert_eq!(error, "shared store is unavailable: authentication failed");
    for text in [origin.log(), origin.tell("shown", &[]).await.unwrap(), error] {
        assert!(!text.contains("wrong-password") && !text.contains(PASSWORD), "{text}");
    }
    assert_eq!(origin.log().matches("unreachable").count(), 1, "said once");
}

#[tokio::test]
async fn what_is_wrong_with_a_store_is_said_at_once_and_shows_no_password() {
    let secret = "s3cr3t-of-the-url";
    for (name, url, found) in [
        ("no URL", secret.to_owned(), "has a URL that cannot be parsed"),
        ("another scheme", format!("http://:{secret}@host"), "has a URL that cannot be parsed"),
        ("a bad port", format!("redis://:{secret}@host:port"), "has a URL that cannot be parsed"),
        ("a bad database", format!("redis://:{secret}@host/x"), "has a URL that cannot be parsed"),
        ("TLS", format!("rediss://:{secret}@host"), "has a URL for TLS, which is not supported"),
    ] {
        let store = Store::redis(url);
        assert!(!format!("{store:?}").contains(secret), "{name}");
        let error = store.connect().unwrap_err().to_string();
        assert!(error.starts_with(&format!("shared store {found}: write redis://")), "{name}: {error}");
        assert!(!error.contains(secret), "{name}: {error}");
    }
    let good = || Store::redis("redis://127.0.0.1:1");
    let long = "p".repeat(65);
    for (name, store, found) in [
        ("no prefix", good().prefix(""), "has the prefix \"\""),
        ("braces", good().prefix("{a}"), "has the prefix \"{a}\""),
        ("a long prefix", good().prefix(&long), "has the prefix \"ppp"),
        ("no staleness", good().max_staleness(Duration::from_millis(999)), "has a staleness of 999ms"),
        ("no time", good().timeout(Duration::ZERO), "has a timeout of 0ns"),
        ("much time", good().timeout(Duration::from_secs(6)), "has a timeout of 6s"),
    ] {
        let error = store.connect().unwrap_err().to_string();
        assert!(error.starts_with(&format!("shared store {found}")), "{name}: {error}");
    }
    let both = good().prefix("").timeout(Duration::ZERO).connect().unwrap_err();
    assert_eq!(both.iter().count(), 2, "{both}");
    assert!(good().connect().is_ok(), "a server that is down is no error");
}

#[test]
fn a_store_is_connected_within_a_runtime() {
    let error = Store::redis("redis://127.0.0.1:1").connect().unwrap_err().to_string();
    assert_eq!(error, "shared store is connected outside a tokio runtime: write connect() inside one");
}
