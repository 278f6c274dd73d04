//! May a page of another origin read the answer? Preflights, origins, and the headers of every answer.

use std::time::Duration;

use crate::support::{Answer, Ask, HOST, TestKey, World, behind, gate, get, saying, token, vod};
use playgate::cors::Cors;
use playgate::schemes::Carrier;
use playgate::{ConfigErrors, KeyScope, Site, Verifier};

const APP: &str = "https://app.example.com";
const PATH: &str = "/videos/1/a.ts";

/// The fields that a preflight's answer or an ordinary one may have.
const FIELDS: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
];

fn with(cors: Cors) -> Site {
    vod().cors(cors)
}

fn preflight(target: &str, origin: &str) -> Ask {
    get(target).method("OPTIONS").origin(origin).field("access-control-request-method", "GET")
}

fn cors_fields(answer: &Answer) -> Vec<(&'static str, &str)> {
    FIELDS.into_iter().filter_map(|name| Some((name, answer.field(name)?))).collect()
}

#[tokio::test]
async fn a_true_preflight_is_answered_before_authentication() {
    let world = World::start(behind(with(Cors::with_credentials([APP])))).await;
    for target in [PATH, "/", "/videos/1/a.ts?auth=junk", "/videos/1/a.ts?auth=a&auth=b", "/a/../b"] {
        let answer =
            world.ask(&preflight(target, APP).field("access-control-request-headers", "range")).await;
        assert_eq!(answer.status, 204, "{target}");
        assert!(answer.body.is_empty() && !answer.is_inner(), "{target}");
        let expected = [
            ("access-control-allow-origin", APP),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET, HEAD"),
            ("access-control-allow-headers", "range"),
            ("access-control-max-age", "3600"),
        ];
        assert_eq!(cors_fields(&answer), expected, "{target}");
        let vary = ["access-control-request-headers", "access-control-request-method", "origin"];
        assert_eq!(answer.vary(), vary, "{target}");
        assert_eq!(answer.field("www-authenticate"), None, "{target}");
    }
}

#[tokio::test]
async fn a_preflight_from_an_origin_that_may_not_ask_learns_nothing() {
    let world = World::start(behind(with(Cors::with_credentials([APP])))).await;
    for origin in ["https://evil.example.net", "null", "https://app.example.com.evil.net", ""] {
        let answer = world.ask(&preflight(PATH, origin)).await;
        assert_eq!(answer.status, 204, "{origin}");
        assert_eq!(cors_fields(&answer), [], "{origin}");
        assert!(answer.vary().contains(&"origin".to_owned()), "{origin}");
    }
}

#[tokio::test]
async fn any_other_options_is_an_ordinary_request() {
    let world = World::start(behind(with(Cors::with_credentials([APP])))).await;
    let options = || get(PATH).method("OPTIONS");
    let good = token("videos/1/");
    for (name, ask) in [
        ("bare", options()),
        ("origin alone", options().origin(APP)),
        ("requested method alone", options().field("access-control-request-method", "GET")),
        ("two origins", options().origin(APP).origin(APP).field("access-control-request-method", "GET")),
        ("GET that asks for a method", get(PATH).origin(APP).field("access-control-request-method", "GET")),
    ] {
        assert_eq!(world.verdict(&ask).await, "401 credential_missing", "{name}");
        let verdict = if ask.method == "GET" { "200" } else { "405 method" };
        assert_eq!(world.verdict(&ask.query(&good)).await, verdict, "{name}");
    }
    let listed = with(Cors::with_credentials([APP])).methods(["GET", "OPTIONS"]);
    let world = World::start(behind(listed)).await;
    let answer = world.ask(&options().origin(APP).query(&good)).await;
    assert!(answer.is_inner(), "it reaches whoever serves OPTIONS");
    assert_eq!(answer.field("access-control-allow-origin"), Some(APP));
}

#[tokio::test]
async fn without_a_policy_nothing_is_touched_and_nothing_is_answered() {
    let fields = &[
        ("access-control-allow-origin", "https://inner.example.com"),
        ("access-control-allow-credentials", "true"),
        ("vary", "accept-encoding"),
    ];
    let world = saying(vod(), fields).await;
    assert_eq!(world.verdict(&preflight(PATH, APP)).await, "401 credential_missing");
    let answer = world.ask(&get(PATH).origin(APP).query(token("videos/1/"))).await;
    assert_eq!(answer.field("access-control-allow-origin"), Some("https://inner.example.com"));
    assert_eq!(answer.field("vary"), Some("accept-encoding"));
    let denial = world.ask(&get(PATH).origin(APP)).await;
    assert_eq!((cors_fields(&denial), denial.vary()), (vec![], vec![]));
}

#[tokio::test]
async fn outside_of_every_site_a_preflight_is_none_of_ours() {
    let world = World::start(behind(with(Cors::with_credentials([APP])).base_path("/media/"))).await;
    assert!(world.ask(&preflight("/api", APP)).await.is_inner());
    assert_eq!(world.ask(&preflight("/media/a", APP)).await.status, 204);
    let elsewhere = preflight("/media/a", APP).host("other.example.com");
    assert_eq!(world.verdict(&elsewhere).await, "421 unknown_host");
}

#[tokio::test]
async fn origins_compare_exactly_by_scheme_host_and_port() {
    let listed = [APP, "http://localhost:3000", "https://*.example.net", "https://*.example.org:8443"];
    let world = World::start(behind(with(Cors::with_credentials(listed)))).await;
    for (origin, allowed) in [
        (APP, true),
        ("http://localhost:3000", true),
        ("https://a.example.net", true),
        ("https://a-b_1.example.net", true),
        ("https://a.example.org:8443", true),
        ("https://APP.example.com", true),
        ("HTTPS://app.example.com", true),
        ("http://app.example.com", false),
        ("https://app.example.com:443", true),
        ("https://app.example.com:8443", false),
        ("https://app.example.com/", false),
        ("https://app.example.com.", false),
        ("https://app.example.com.evil.net", false),
        ("https://evil-app.example.com", false),
        ("https://x.app.example.com", false),
        ("http://localhost", false),
        ("http://localhost:30000", false),
        ("https://example.net", false),
        ("https://.example.net", false),
        ("https://a.b.example.net", false),
        ("https://evilexample.net", false),
        ("https://evil.com/.example.net", false),
        ("https://evil.com#.example.net", false),
        ("https://evil.com:1.example.net", false),
        ("https://user@a.example.net", false),
        ("https://*.example.net", false),
        ("https://A.example.net", true),
        ("http://a.example.net", false),
        ("https://a.example.net:443", true),
        ("https://a.example.org", false),
        ("null", false),
        ("*", false),
        ("", false),
        ("https://app.example.com, https://a.example.net", false),
        ("https://app.example.com https://a.example.net", false),
    ] {
        let expected = allowed.then_some(origin);
        let denied = world.ask(&get(PATH).origin(origin)).await;
        let granted = world.ask(&get(PATH).origin(origin).cookie(token("videos/1/"))).await;
        let asked = world.ask(&preflight(PATH, origin)).await;
        for answer in [denied, granted, asked] {
            assert_eq!(answer.field("access-control-allow-origin"), expected, "{origin}");
            let credentials = answer.field("access-control-allow-credentials");
            assert_eq!(credentials, allowed.then_some("true"), "{origin}");
            assert!(answer.vary().contains(&"origin".to_owned()), "{origin}");
        }
    }
}

#[tokio::test]
async fn null_matches_only_where_it_is_listed() {
    let listed = World::start(behind(with(Cors::without_credentials(["null"])))).await;
    let answer = listed.ask(&get(PATH).origin("null")).await;
    assert_eq!(answer.field("access-control-allow-origin"), Some("null"));
    assert_eq!(answer.field("access-control-allow-credentials"), None);
    let other = listed.ask(&get(PATH).origin("https://null")).await;
    assert_eq!(other.field("access-control-allow-origin"), None);
}

#[tokio::test]
async fn headers_and_vary_go_on_every_answer() {
    let site = with(Cors::with_credentials([APP])).public_paths(["open/"]);
    let world = saying(site, &[]).await;
    let good = token("videos/1/");
    let inner = |status: &str| get(format!("{PATH}?auth={good}&status={status}"));
    for (name, ask, status) in [
        ("200", inner("200"), 200),
        ("206", inner("206"), 206),
        ("304", inner("304"), 304),
        ("302", inner("302"), 302),
        ("404", inner("404"), 404),
        ("416", inner("416"), 416),
        ("500", inner("500"), 500),
        ("HEAD", inner("200").method("HEAD"), 200),
        ("public", get("/open/a"), 200),
        ("ambiguous path", get("/a/../b"), 400),
        ("missing", get(PATH), 401),
        ("malformed", get(PATH).cookie("junk"), 401),
        ("out of scope", get("/other").cookie(&good), 403),
        ("method", get(PATH).method("PUT").cookie(&good), 405),
        ("two parameters", get(PATH).query("a").query("b"), 400),
    ] {
        for (origin, allowed) in [(Some(APP), true), (Some("https://evil.example.net"), false), (None, false)]
        {
            let ask = origin.map_or(ask.clone(), |origin| ask.clone().origin(origin));
            let answer = world.ask(&ask).await;
            assert_eq!(answer.status, status, "{name}");
            let fields = [
                ("access-control-allow-origin", APP),
                ("access-control-allow-credentials", "true"),
                ("access-control-expose-headers", "content-range, accept-ranges, date, etag"),
            ];
            let expected = if allowed { &fields[..] } else { &[] };
            assert_eq!(cors_fields(&answer), expected, "{name} for {origin:?}");
            assert_eq!(answer.vary(), ["origin"], "{name} for {origin:?}");
        }
    }
}

#[tokio::test]
async fn what_the_inner_service_says_of_origins_is_replaced() {
    let fields = &[
        ("access-control-allow-origin", "*"),
        ("access-control-allow-origin", "https://inner.example.com"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-secret"),
    ];
    let good = token("videos/1/");
    let world = saying(with(Cors::without_credentials([APP])), fields).await;
    let answer = world.ask(&get(PATH).origin(APP).cookie(&good)).await;
    assert_eq!(answer.fields("access-control-allow-origin"), [APP]);
    assert_eq!(answer.field("access-control-allow-credentials"), None);
    let exposed = answer.field("access-control-expose-headers");
    assert_eq!(exposed, Some("content-range, accept-ranges, date, etag"));
    for origin in ["https://inner.example.com", "https://evil.example.net"] {
        let answer = world.ask(&get(PATH).origin(origin).cookie(&good)).await;
        assert_eq!(cors_fields(&answer), [], "{origin}");
    }
    let answer = world.ask(&get(PATH).cookie(&good)).await;
    assert_eq!(cors_fields(&answer), [], "no origin");
}

#[tokio::test]
async fn vary_is_appended_to() {
    for (fields, vary) in [
        (&[][..], &["origin"][..]),
        (&[("vary", "Accept-Encoding")], &["accept-encoding", "origin"]),
        (&[("vary", "Accept-Encoding, Range")], &["accept-encoding", "origin", "range"]),
        (&[("vary", "a"), ("vary", "b")], &["a", "b", "origin"]),
        (&[("vary", "Origin")], &["origin"]),
        (&[("vary", "a, ORIGIN"), ("vary", "b")], &["a", "b", "origin"]),
        (&[("vary", "x-origin")], &["origin", "x-origin"]),
        (&[("vary", "*")], &["*"]),
    ] {
        let world = saying(with(Cors::with_credentials([APP])), fields).await;
        for ask in [get(PATH), get(PATH).origin(APP)] {
            let answer = world.ask(&ask.cookie(token("videos/1/"))).await;
            assert_eq!(answer.vary(), vary, "{fields:?}");
            let values = answer.fields("vary");
            assert!(fields.iter().all(|(_, inner)| values.contains(inner)), "{fields:?} as {values:?}");
        }
    }
}

#[tokio::test]
async fn a_star_is_for_everybody_without_credentials() {
    let world = saying(with(Cors::without_credentials(["*"])), &[("vary", "accept-encoding")]).await;
    let good = token("videos/1/");
    for origin in [Some(APP), Some("null"), None] {
        let asked = |ask: Ask| origin.map_or(ask.clone(), |origin| ask.origin(origin));
        for ask in [get(PATH), get(PATH).cookie(&good)] {
            let answer = world.ask(&asked(ask)).await;
            assert_eq!(answer.field("access-control-allow-origin"), Some("*"), "{origin:?}");
            assert_eq!(answer.field("access-control-allow-credentials"), None, "{origin:?}");
            let vary: &[&str] = if answer.is_inner() { &["accept-encoding"] } else { &[] };
            assert_eq!(answer.vary(), vary, "every origin gets the same");
        }
    }
    let answer = world.ask(&preflight(PATH, APP)).await;
    assert_eq!((answer.status, answer.field("access-control-allow-origin")), (204, Some("*")));
}

#[test]
fn a_star_or_null_with_credentials_is_a_configuration_error() {
    let build = |origins: &[&str]| -> Result<Verifier, ConfigErrors> {
        gate().site(with(Cors::with_credentials(origins.iter().copied()))).build()
    };
    for origins in [&["*"][..], &[APP, "*"], &["null"]] {
        let error = build(origins).unwrap_err().to_string();
        assert!(error.contains("together with credentials"), "{error}");
    }
    for origin in ["https://app.example.com/", "app.example.com", "https://*", "https://a*.example.com", ""] {
        assert!(build(&[origin]).is_err(), "{origin}");
    }
    assert!(build(&[]).is_err());
    assert!(build(&[APP]).is_ok());
}

#[tokio::test]
async fn the_bearer_carrier_adds_authorization_to_the_allowed_headers() {
    for (name, headers, bearer, allowed) in [
        ("default", None, false, "range"),
        ("bearer", None, true, "range, authorization"),
        ("listed already", Some(["Authorization", "x-a"]), true, "Authorization, x-a"),
    ] {
        let mut cors = Cors::without_credentials([APP]);
        if let Some(headers) = headers {
            cors = cors.headers(headers);
        }
        let carriers = [Carrier::Query, Carrier::Cookie].into_iter().chain(bearer.then_some(Carrier::Bearer));
        let world = World::start(behind(with(cors).carriers(carriers))).await;
        let answer = world.ask(&preflight(PATH, APP)).await;
        assert_eq!(answer.field("access-control-allow-headers"), Some(allowed), "{name}");
    }
}

#[tokio::test]
async fn a_policy_names_its_methods_headers_and_ages() {
    let cors = Cors::without_credentials([APP])
        .methods(["GET", "PUT"])
        .headers(["x-a"])
        .expose(["x-b", "etag"])
        .max_age(Duration::from_secs(5));
    let world = World::start(behind(with(cors))).await;
    let answer = world.ask(&preflight(PATH, APP)).await;
    assert_eq!(answer.field("access-control-allow-methods"), Some("GET, PUT"));
    assert_eq!(answer.field("access-control-allow-headers"), Some("x-a"));
    assert_eq!(answer.field("access-control-max-age"), Some("5"));
    assert_eq!(answer.field("access-control-expose-headers"), None, "nothing is exposed yet");
    let answer = world.ask(&get(PATH).origin(APP)).await;
    assert_eq!(answer.field("access-control-expose-headers"), Some("x-b, etag"));
    let bare = Cors::without_credentials([APP]).headers([] as [&str; 0]).expose([] as [&str; 0]);
    let world = World::start(behind(with(bare))).await;
    assert_eq!(world.ask(&preflight(PATH, APP)).await.field("access-control-allow-headers"), None);
    assert_eq!(world.ask(&get(PATH).origin(APP)).await.field("access-control-expose-headers"), None);
}

#[tokio::test]
async fn each_site_has_its_own_policy() {
    let open = Site::bucket("open").id("open").host(HOST).base_path("/open/").public();
    let verifier = gate()
        .outside(playgate::site::Outside::Pass)
        .site(with(Cors::with_credentials([APP])).base_path("/media/"))
        .site(open.cors(Cors::without_credentials(["*"])))
        .site(Site::bucket("vod").id("quiet").host("quiet.example.com"))
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (name, ask, origin) in [
        ("media", get("/media/a"), Some(APP)),
        ("open", get("/open/a"), Some("*")),
        ("outside", get("/a"), None),
        ("no policy", get("/a").host("quiet.example.com"), None),
    ] {
        let answer = world.ask(&ask.origin(APP)).await;
        assert_eq!(answer.field("access-control-allow-origin"), origin, "{name}");
    }
}
