//! CORS on every kind of answer, and what is a preflight.

use super::{Row, row};
use crate::support::{Ask, get, token};

const PATH: &str = "/videos/1/a.ts";
const APP: &str = "https://app.example.com";
const NET: &str = "https://a.example.net";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = answers();
    rows.extend(preflights());
    rows.extend(others());
    rows
}

/// Every origin on every kind of answer of `cdn.example.com`.
fn answers() -> Vec<Row> {
    let good = token("videos/1/");
    let kinds: [(&str, Ask, &str); 8] = [
        ("granted", get(PATH).query(&good), "200"),
        ("HEAD", get(PATH).query(&good).method("HEAD"), "200"),
        ("public", get("/posters/1.jpg"), "200"),
        ("an error within", get(format!("{PATH}?auth={good}&status=500")), "500"),
        ("not found within", get(format!("{PATH}?auth={good}&status=404")), "404"),
        ("elsewhere", get(format!("{PATH}?auth={good}&status=302")), "302"),
        ("denied", get(PATH), "401 credential_missing"),
        ("ambiguous", get("/a/../b"), "400 ambiguous_path"),
    ];
    let origins = [
        ("the app", Some(APP), Some(APP)),
        ("a subdomain", Some(NET), Some(NET)),
        ("a stranger", Some("https://evil.example"), None),
        ("null", Some("null"), None),
        ("no origin", None, None),
    ];
    let mut rows = Vec::new();
    for (kind, ask, verdict) in kinds {
        for (name, origin, allowed) in origins {
            let ask = origin.map_or(ask.clone(), |origin| ask.clone().origin(origin));
            let row = row(format!("CORS: {kind} for {name}"), ask, verdict).tells("vary", "origin");
            rows.push(match allowed {
                Some(origin) => row
                    .tells("access-control-allow-origin", origin)
                    .tells("access-control-allow-credentials", "true")
                    .tells("access-control-expose-headers", "content-range, accept-ranges, date, etag"),
                None => row
                    .lacks("access-control-allow-origin")
                    .lacks("access-control-allow-credentials")
                    .lacks("access-control-expose-headers"),
            });
        }
    }
    rows
}

fn preflight(target: &str) -> Ask {
    get(target).method("OPTIONS").field("access-control-request-method", "GET")
}

fn preflights() -> Vec<Row> {
    let vary = "origin | access-control-request-method, access-control-request-headers";
    vec![
        row("preflight: the app", preflight(PATH).origin(APP), "204")
            .tells("access-control-allow-origin", APP)
            .tells("access-control-allow-credentials", "true")
            .tells("access-control-allow-methods", "GET, HEAD")
            .tells("access-control-allow-headers", "range, authorization")
            .tells("access-control-max-age", "3600")
            .tells("vary", vary),
        row("preflight: with a bad token", preflight(PATH).origin(APP).query("junk"), "204")
            .tells("access-control-allow-origin", APP),
        row("preflight: of an ambiguous path", preflight("/a/../b").origin(APP), "204")
            .tells("access-control-allow-origin", APP),
        row("preflight: a stranger", preflight(PATH).origin("https://evil.example"), "204")
            .lacks("access-control-allow-origin")
            .lacks("access-control-allow-methods")
            .tells("vary", vary),
        row("preflight: null", preflight(PATH).origin("null"), "204").lacks("access-control-allow-origin"),
        row(
            "preflight: null, where it is listed",
            preflight("/a.m3u8").origin("null").host("live.example.com"),
            "204",
        )
        .tells("access-control-allow-origin", "null")
        .lacks("access-control-allow-credentials"),
        row(
            "preflight: everybody",
            preflight("/a").origin("https://evil.example").host("open.example.com"),
            "204",
        )
        .tells("access-control-allow-origin", "*")
        .tells("access-control-allow-headers", "range"),
        row(
            "preflight: no policy",
            preflight(PATH).origin(APP).host("quiet.example.com"),
            "401 credential_missing",
        )
        .lacks("access-control-allow-origin")
        .lacks("vary"),
        row("preflight: outside of every site", preflight("/api").origin(APP).host("www.example.com"), "200"),
        row(
            "preflight: an unknown host",
            preflight(PATH).origin(APP).host("other.example.com"),
            "421 unknown_host",
        )
        .lacks("access-control-allow-origin"),
    ]
}

fn others() -> Vec<Row> {
    let options = || get(PATH).method("OPTIONS");
    let asks = |ask: Ask| ask.field("access-control-request-method", "GET");
    let public = |ask: Ask| ask.host("open.example.com");
    vec![
        row("OPTIONS for a page, no preflight", options().origin(APP), "401 credential_missing")
            .tells("access-control-allow-origin", APP),
        row("OPTIONS for nobody", asks(options()), "401 credential_missing").tells("vary", "origin"),
        row("OPTIONS for two pages", asks(options()).origin(APP).origin(APP), "401 credential_missing")
            .lacks("access-control-allow-origin"),
        row("GET that asks for a method", asks(get(PATH)).origin(APP), "401 credential_missing"),
        row("two origins", get(PATH).origin(APP).origin(NET), "401 credential_missing")
            .lacks("access-control-allow-origin"),
        row("an origin with a slash", get(PATH).origin("https://app.example.com/"), "401 credential_missing")
            .lacks("access-control-allow-origin"),
        row("an origin in capitals", get(PATH).origin("https://APP.example.com"), "401 credential_missing")
            .tells("access-control-allow-origin", "https://APP.example.com"),
        row("two labels", get(PATH).origin("https://a.b.example.net"), "401 credential_missing")
            .lacks("access-control-allow-origin"),
        row("an origin on a public site", public(get("/a")).origin(APP), "200")
            .tells("access-control-allow-origin", "*")
            .tells("access-control-expose-headers", "x-inner")
            .lacks("vary"),
        row("no origin on a public site", public(get("/a")), "200").tells("access-control-allow-origin", "*"),
        row("a bad method on a public site", public(get("/a").method("DELETE")), "405 method")
            .tells("access-control-allow-origin", "*"),
    ]
}
