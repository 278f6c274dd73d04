//! Methods, and the public way past them.

use playgate::schemes::Carrier;
use playgate::{Denial, KeyScope};

use crate::support::{TestKey, World, behind, gate, get, token, vod};

const PATH: &str = "/videos/1/a.ts";
const OTHERS: [&str; 6] = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"];

#[tokio::test]
async fn head_is_get() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    let head = get(PATH).method("HEAD");
    assert_eq!(world.verdict(&head.clone().query(&good)).await, "200");
    assert_eq!(world.ask(&head).await.status, 401);
    // Naming one of them names both.
    for methods in [["GET"], ["HEAD"]] {
        let world = World::start(behind(vod().methods(methods))).await;
        for method in ["GET", "HEAD"] {
            let answer = world.ask(&get(PATH).method(method).query(&good)).await;
            assert_eq!(answer.status, 200, "{method} where {methods:?} is listed");
        }
    }
}

#[tokio::test]
async fn another_method_is_401_without_a_good_credential_and_405_with_allow_with_one() {
    let world = World::start(behind(vod())).await;
    let (good, bad) = (token("videos/1/"), token("videos/2/"));
    for method in OTHERS {
        let ask = get(PATH).method(method);
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "401 credential_missing", "{method}");
        assert_eq!(answer.field("allow"), None, "{method}");
        let answer = world.ask(&ask.clone().query(&bad)).await;
        assert_eq!(answer.verdict(), "403 out_of_scope", "{method}");
        assert_eq!(answer.field("allow"), None, "{method}");
        for ask in [ask.clone().query(&good), ask.clone().cookie(&good)] {
            let answer = world.ask(&ask).await;
            assert_eq!(answer.verdict(), "405 method", "{method}");
            assert_eq!(answer.field("allow"), Some("GET, HEAD"), "{method}");
            assert_eq!(answer.denial, Some(Denial::Method { verified: true }), "{method}");
        }
    }
}

#[tokio::test]
async fn methods_are_case_sensitive() {
    let world = World::start(behind(vod())).await;
    for method in ["get", "Get", "HEAd"] {
        let answer = world.ask(&get(PATH).method(method).query(token("videos/1/"))).await;
        assert_eq!(answer.verdict(), "405 method", "{method}");
    }
}

#[tokio::test]
async fn a_site_can_list_more_methods() {
    let world = World::start(behind(vod().methods(["GET", "PUT"]))).await;
    let good = token("videos/1/");
    for (method, status) in [("GET", 200), ("HEAD", 200), ("PUT", 200), ("POST", 405)] {
        let answer = world.ask(&get(PATH).method(method).query(&good).body("bytes")).await;
        assert_eq!(answer.status, status, "{method}");
        if status == 405 {
            assert_eq!(answer.field("allow"), Some("GET, PUT, HEAD"));
        }
    }
    assert_eq!(world.verdict(&get(PATH).method("PUT")).await, "401 credential_missing");
}

#[tokio::test]
async fn connect_and_a_target_of_a_star_do_not_get_around_the_layer() {
    let world = World::start(behind(vod())).await;
    let good = token("");
    for line in ["OPTIONS *", "CONNECT cdn.example.com:443", "CONNECT cdn.example.com:80"] {
        let answer = world
            .raw(format!(
                "{line} HTTP/1.1\r\nHost: cdn.example.com\r\nCookie: Qencode-Auth-Token={good}\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(answer.verdict(), "400 ambiguous_path", "{line}");
    }
}

#[tokio::test]
async fn on_a_public_site_a_token_is_not_looked_at() {
    let verifier = gate()
        .site(
            vod().public().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).grant_extension(true),
        )
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (name, ask) in [
        ("none", get(PATH)),
        ("good", get(PATH).query(token("videos/1/"))),
        ("bad", get(PATH).query("undefined")),
        ("out of scope", get(PATH).query(token("videos/2/"))),
        ("two in the query", get(PATH).query("a").query("b")),
        ("two bearers", get(PATH).bearer("a").bearer("b")),
        ("cookie", get(PATH).cookie("undefined")),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "200", "{name}");
        assert!(answer.seen().starts_with(&format!("GET {}\n", ask.target)), "{name}: the query stays");
        assert_eq!(answer.seen().contains("cookie: "), name == "cookie", "the cookie stays");
        assert_eq!(answer.field("cache-control"), None, "{name}: nothing private about it");
    }
    let answer = world.ask(&get(PATH).method("POST")).await;
    assert_eq!(answer.verdict(), "405 method");
    assert_eq!(answer.field("allow"), Some("GET, HEAD"));
    assert_eq!(answer.denial, Some(Denial::Method { verified: false }));
}

#[tokio::test]
async fn public_paths_are_exact_keys_or_folders() {
    let world = World::start(behind(vod().public_paths(["poster.jpg", "trailers/", "a b/"]))).await;
    for (target, public) in [
        ("/poster.jpg", true),
        ("/%70oster.jpg", true),
        ("/poster.jpg?auth=junk", true),
        ("/poster.jpg/", false),
        ("/poster.jpg2", false),
        ("/Poster.jpg", false),
        ("/trailers/", true),
        ("/trailers/1/a.ts", true),
        ("/trailers", false),
        ("/trailersx/a.ts", false),
        ("/x/trailers/a.ts", false),
        ("/a%20b/c", true),
        ("/a+b/c", false),
        ("/videos/1/a.ts", false),
    ] {
        let answer = world.ask(&get(target)).await;
        let verdict = if public { "200" } else { "401 credential_missing" };
        assert_eq!(answer.verdict(), verdict, "{target}");
    }
    for target in ["/trailers/../videos/a.ts", "/trailers/%2e%2e/a.ts", "/trailers//a.ts", "/trailers%2Fa"] {
        assert_eq!(world.verdict(&get(target)).await, "400 ambiguous_path", "{target}");
    }
}
