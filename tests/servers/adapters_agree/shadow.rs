//! A site that does not enforce: what passes at every door, and what does not.

use super::{Row, row};
use crate::support::{Ask, NOW, TestKey, get, token};

const PATH: &str = "/videos/1/a";

fn trial(ask: Ask) -> Ask {
    ask.host("trial.example.com")
}

pub(crate) fn rows() -> Vec<Row> {
    let old = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","sub":"mallory","exp":{NOW}}}"#));
    let good = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"alice"}"#);
    let passes = |name: &str, ask: Ask| {
        let row = row(format!("trial: {name}"), trial(ask).field("X_Viewer", "root"), "200");
        row.tells("cache-control", "private").tells("x-inner", "yes").hides("viewer").hides("auth=")
    };
    let refused = |name: &str, ask: Ask, verdict| row(format!("trial: {name}"), trial(ask), verdict);
    vec![
        passes("nothing", get(PATH)).shows("GET /videos/1/a\n"),
        passes("an old token", get(PATH).query(&old)).shows("GET /videos/1/a\n"),
        passes("an old token in a cookie", get(PATH).cookie(&old)).hides("cookie"),
        passes("junk", get(PATH).query("junk")),
        passes("a token of another path", get("/videos/2/a").query(&good)),
        passes("an unknown embed token", get(PATH).query("0".repeat(32))),
        passes("an unknown embed token in the path", get(format!("/embed/{}/videos/1/a", "0".repeat(32))))
            .tells("referrer-policy", "strict-origin"),
        passes("the verdict of another gate", get(PATH).field("x-gate-verdict", "deny")).hides("verdict"),
        passes("a page of another origin", get(PATH).origin("https://app.example.com"))
            .tells("access-control-allow-origin", "https://app.example.com")
            .tells("access-control-allow-credentials", "true")
            .tells("vary", "origin"),
        passes("a page that is not listed", get(PATH).origin("https://b.example.com"))
            .lacks("access-control-allow-origin"),
        refused("a manifest with an old token", get("/videos/1/a.m3u8").query(&old), "200")
            .tells("etag", "\"v1\"")
            .tells("cache-control", "private, max-age=4")
            .tells("x-inner", "yes")
            .hides("auth="),
        refused("a part of a segment", get("/videos/1/a.m4s").field("range", "bytes=2-4"), "206")
            .shows("234"),
        refused("a good token", get(PATH).query(&good), "200").shows("x-viewer: alice").hides("auth="),
        refused("a manifest with a good token", get("/videos/1/a.m3u8").query(&good), "200").shows("auth="),
        refused("a public file", get("/posters/1.jpg"), "200").lacks("cache-control"),
        refused("another method", get(PATH).method("DELETE"), "405 method").tells("allow", "GET, HEAD"),
        refused("another method with junk", get(PATH).method("POST").query("junk"), "405 method"),
        refused("two readings", get("/videos/../a"), "400 ambiguous_path"),
        refused("two credentials", get(PATH).query(&good).query(&good), "400 ambiguous_credential"),
        refused(
            "a preflight",
            get(PATH)
                .method("OPTIONS")
                .origin("https://app.example.com")
                .field("access-control-request-method", "GET"),
            "204",
        ),
        row("trial: its key elsewhere", get(PATH).query(token("videos/2/")), "403 out_of_scope"),
    ]
}
