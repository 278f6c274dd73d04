//! Signed tokens: every key, every carrier, everything that can be wrong with one.

use super::{Row, row};
use crate::support::{Ask, NOW, TestKey, compact, get, token};

const PATH: &str = "/videos/1/a.ts";

type Carry = fn(Ask, &str) -> Ask;

/// Every carrier, as `cdn.example.com` knows it.
const CARRIERS: [(&str, Carry); 3] = [
    ("query", |ask, token| ask.query(token)),
    ("bearer", |ask, token| ask.bearer(token)),
    ("cookie", |ask, token| ask.cookie(token)),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = good();
    rows.extend(bad());
    rows.extend(strict());
    rows.extend(precedence());
    rows.extend(cookies());
    rows.extend(clean());
    rows.extend(methods());
    rows
}

fn good() -> Vec<Row> {
    let mut rows = Vec::new();
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519, TestKey::Secret] {
        let token = key.token(&format!(r#"{{"uri":"videos/1/","exp":{}}}"#, NOW + 60));
        for (carrier, carry) in CARRIERS {
            for method in ["GET", "HEAD"] {
                let name = format!("{method} with a good {} token by {carrier}", key.alg());
                let ask = carry(get(PATH).method(method), &token);
                let row = row(name, ask, "200").tells("cache-control", "private").tells("x-inner", "yes");
                rows.push(if method == "GET" { row.shows("GET /videos/1/a.ts") } else { row });
            }
        }
    }
    rows
}

/// What is wrong with a token, and what it is answered with.
fn faults() -> Vec<(&'static str, String, &'static str)> {
    let claims = |claims: &str| TestKey::P256.token(claims);
    let header = |header: &str| TestKey::P256.sign(header, r#"{"uri":"videos/1/"}"#);
    let good = claims(r#"{"uri":"videos/1/"}"#);
    let forged = TestKey::P256Other.sign(&TestKey::P256.header(), r#"{"uri":"videos/1/"}"#);
    vec![
        ("junk", "undefined".to_owned(), "401 malformed_token"),
        ("no JSON", compact("[]", "{}", "x"), "401 malformed_token"),
        ("padding", format!("{good}="), "401 malformed_token"),
        ("an unknown crit", header(r#"{"alg":"ES256","kid":"p256","crit":["x"]}"#), "401 malformed_token"),
        ("another kid", header(r#"{"alg":"ES256","kid":"nobody"}"#), "401 unknown_key"),
        ("no kid", header(r#"{"alg":"ES256"}"#), "401 unknown_key"),
        ("no algorithm at all", header(r#"{"alg":"none","kid":"p256"}"#), "401 wrong_algorithm"),
        ("another key's algorithm", header(r#"{"alg":"RS256","kid":"p256"}"#), "401 wrong_algorithm"),
        ("another key's signature", forged, "401 bad_signature"),
        ("its time over", claims(&format!(r#"{{"uri":"videos/1/","exp":{NOW}}}"#)), "401 expired"),
        (
            "a time to come",
            claims(&format!(r#"{{"uri":"videos/1/","nbf":{}}}"#, NOW + 1)),
            "401 not_yet_valid",
        ),
        ("exp in a string", claims(r#"{"uri":"videos/1/","exp":"9999999999"}"#), "401 malformed_token"),
        ("another bucket's key", TestKey::P256Other.token(r#"{"uri":"videos/1/"}"#), "403 wrong_key"),
        ("another folder", claims(r#"{"uri":"videos/2/"}"#), "403 out_of_scope"),
        ("a folder of the same beginning", claims(r#"{"uri":"videos/1/a"}"#), "403 out_of_scope"),
        ("a leading slash", claims(r#"{"uri":"/videos/1/"}"#), "403 out_of_scope"),
        ("no uri", claims("{}"), "401 claim_refused"),
        ("a name that was taken back", claims(r#"{"uri":"videos/1/","jti":"gone"}"#), "403 revoked"),
    ]
}

fn bad() -> Vec<Row> {
    let mut rows = Vec::new();
    for (fault, token, verdict) in faults() {
        for (carrier, carry) in CARRIERS {
            let name = format!("a token with {fault} by {carrier}");
            rows.push(row(name, carry(get(PATH), &token), verdict).tells("vary", "origin").lacks("x-inner"));
        }
        let head = get(PATH).method("HEAD").cookie(&token);
        let status = verdict.split(' ').next().unwrap_or_default();
        rows.push(row(format!("HEAD of a token with {fault}"), head, status).lacks("x-inner"));
    }
    rows.push(row("nothing", get(PATH), "401 credential_missing").tells("www-authenticate", "Bearer"));
    rows.push(row("HEAD with nothing", get(PATH).method("HEAD"), "401").tells("www-authenticate", "Bearer"));
    rows
}

fn strict() -> Vec<Row> {
    let strict = |name: &str, changes: &[(&str, String)], verdict| {
        let good = [
            ("uri", r#""videos/1/""#.to_owned()),
            ("exp", (NOW + 60).to_string()),
            ("iss", r#""us""#.to_owned()),
            ("aud", r#"["app","cdn"]"#.to_owned()),
        ];
        let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let claims = kept.chain(changes).filter(|(_, value)| !value.is_empty());
        let claims: Vec<String> = claims.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let token = TestKey::Rsa.token(&format!("{{{}}}", claims.join(",")));
        row(format!("strict: {name}"), get(PATH).query(token).host("strict.example.com"), verdict)
    };
    let text = |text: &str| text.to_owned();
    vec![
        strict("all is well", &[], "200"),
        strict("no exp", &[("exp", text(""))], "401 claim_refused"),
        strict("too long a life", &[("exp", (NOW + 3700).to_string())], "401 claim_refused"),
        strict("expired within the leeway", &[("exp", (NOW - 9).to_string())], "200"),
        strict("expired at the end of the leeway", &[("exp", (NOW - 10).to_string())], "401 expired"),
        strict("not yet, within the leeway", &[("nbf", (NOW + 10).to_string())], "200"),
        strict("not yet, beyond the leeway", &[("nbf", (NOW + 11).to_string())], "401 not_yet_valid"),
        strict("another issuer", &[("iss", text("\"them\""))], "401 claim_refused"),
        strict("no issuer", &[("iss", text(""))], "401 claim_refused"),
        strict("another audience", &[("aud", text("\"app\""))], "401 claim_refused"),
        strict("the whole bucket", &[("uri", text("\"\""))], "403 out_of_scope"),
        strict("too long", &[("x", format!("\"{}\"", "x".repeat(2000)))], "401 malformed_token"),
        strict("the hook says no", &[("plan", text("\"none\""))], "403 refused_by_hook"),
    ]
}

/// The first carrier that is present decides.
fn precedence() -> Vec<Row> {
    let good = token("videos/1/");
    let basic = |ask: Ask| ask.field("authorization", "Basic dTpw");
    let encoded = good.replace('.', "%2E");
    vec![
        row("a bad query beside a good cookie", get(PATH).query("junk").cookie(&good), "401 malformed_token"),
        row("a good query beside a bad cookie", get(PATH).query(&good).cookie("junk"), "200"),
        row(
            "a bad bearer beside a good cookie",
            get(PATH).bearer("junk").cookie(&good),
            "401 malformed_token",
        ),
        row("a good query beside a bad bearer", get(PATH).query(&good).bearer("junk"), "200"),
        row("an empty query beside a good cookie", get(PATH).query("").cookie(&good), "401 malformed_token"),
        row("a password beside a good cookie", basic(get(PATH)).cookie(&good), "200"),
        row("a password alone", basic(get(PATH)), "401 credential_missing"),
        row("the query twice", get(PATH).query(&good).query(&good), "400 ambiguous_credential"),
        row("two authorizations", get(PATH).bearer(&good).bearer(&good), "400 ambiguous_credential"),
        row("a token and a password", basic(get(PATH).bearer(&good)), "400 ambiguous_credential"),
        row("an encoded token", get(PATH).query(&encoded), "200"),
        row("an encoded token in a cookie", get(PATH).cookie(&encoded), "401 malformed_token"),
        row("an encoded name", get(format!("{PATH}?%61uth={good}")), "200"),
        row("a name in capitals", get(format!("{PATH}?AUTH={good}")), "401 credential_missing"),
        row("bearer in capitals", get(PATH).field("authorization", format!("BEARER {good}")), "200"),
        row("a token after other parameters", get(format!("{PATH}?a=1&&b&auth={good}")), "200"),
        row("half an encoding", get(PATH).query("%e"), "401 malformed_token"),
        row("a token and an empty one", get(format!("{PATH}?auth={good}&auth")), "400 ambiguous_credential"),
    ]
}

/// `Cookie` fields: one list, however they are split (RFC 9113 §8.2.3).
fn cookies() -> Vec<Row> {
    let good = token("videos/1/");
    let named = |token: &str| format!("Qencode-Auth-Token={token}");
    let split = |fields: &[String]| {
        let ask = get(PATH);
        fields.iter().fold(ask, |ask, field| ask.field("cookie", field.clone()))
    };
    let other = "a=1; b=2".to_owned();
    let both = [named("junk"), named(&good)];
    vec![
        row("a cookie among others", split(&[format!("a=1; {}; b=2", named(&good))]), "200"),
        row("a cookie in a field of its own", split(&[other.clone(), named(&good), other.clone()]), "200"),
        row("two cookies, the second good", split(&both), "200"),
        row("the same in one field", split(&[both.join("; ")]), "200"),
        row("two bad cookies", split(&[named("junk"), named("junk")]), "401 malformed_token"),
        row(
            "the fourth cookie is good",
            split(&[vec![named("junk"); 3], vec![named(&good)]].concat()),
            "200",
        ),
        row(
            "the fifth cookie is good",
            split(&[vec![named("junk"); 4], vec![named(&good)]].concat()),
            "401 malformed_token",
        ),
        row("other cookies alone", split(std::slice::from_ref(&other)), "401 credential_missing"),
        row(
            "a name that begins alike",
            split(&[format!("Qencode-Auth-Token2={good}")]),
            "401 credential_missing",
        ),
        row("a name in lower case", split(&[named(&good).to_lowercase()]), "401 credential_missing"),
        row("no space between cookies", split(&[format!("a=1;{}", named(&good))]), "200"),
        row("an empty cookie", split(&[named("")]), "401 malformed_token"),
    ]
}

/// What the inner service sees, where credentials are taken out and claims are put in.
fn clean() -> Vec<Row> {
    let on = |target: &str| get(target).host("clean.example.com");
    let good = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"u1","plan":7}"#);
    let odd = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"u\r\nx-plan: 9"}"#);
    let old = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","exp":{NOW}}}"#));
    let cookie = |token: &str| format!("a=1; media={token}; b=2");
    let spoofed = |ask: Ask| ask.field("x-viewer", "root").field("X-Plan", "root");
    vec![
        row("stripped of the query", on(&format!("{PATH}?a=1&token={good}&b")), "200")
            .shows("GET /videos/1/a.ts?a=1&b\n")
            .hides(&good),
        row("stripped of the whole query", on(&format!("{PATH}?token={good}")), "200").shows("a.ts\n"),
        row("stripped of the cookie", on(PATH).field("cookie", cookie(&good)), "200")
            .shows("cookie: a=1; b=2\n")
            .hides(&good),
        row("stripped of the bearer", on(PATH).bearer(&good), "200").hides("authorization"),
        row(
            "stripped of every carrier",
            on(&format!("{PATH}?token={good}")).bearer("x").field("cookie", "media=y"),
            "200",
        )
        .hides("token")
        .hides("authorization")
        .hides("cookie"),
        row(
            "the password stays",
            on(&format!("{PATH}?token={good}")).field("authorization", "Basic dTpw"),
            "200",
        )
        .shows("authorization: Basic dTpw"),
        row("the viewer is told", on(PATH).bearer(&good), "200").shows("x-viewer: u1\n").shows("x-plan: 7\n"),
        row("nobody else tells the viewer", spoofed(on(PATH).bearer(&good)), "200").hides("root"),
        row("a viewer that is no line is left out", spoofed(on(PATH).bearer(&odd)), "200").hides("x-viewer"),
        row("expired is 410 here", on(PATH).bearer(&old), "410 expired"),
        row("out of scope is 404 here", on("/videos/2/a.ts").bearer(&good), "404 out_of_scope"),
        row("nothing is 403 here", on(PATH), "403 credential_missing").lacks("www-authenticate"),
        row("the default name is nobody's here", on(PATH).query(&good), "403 credential_missing"),
        row("PUT is let through here", on(PATH).method("PUT").bearer(&good).body("abc"), "200").shows("PUT "),
        row("OPTIONS is let through here", on(PATH).method("OPTIONS").bearer(&good), "200").shows("OPTIONS "),
    ]
}

fn methods() -> Vec<Row> {
    let good = token("videos/1/");
    let mut rows = Vec::new();
    for method in ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        let ask = || get(PATH).method(method);
        let (bare, granted) = (format!("{method} with nothing"), format!("{method} with a good token"));
        rows.push(row(bare, ask(), "401 credential_missing").lacks("allow"));
        rows.push(row(granted, ask().query(&good), "405 method").tells("allow", "GET, HEAD"));
    }
    rows.push(row("POST with a body", get(PATH).method("POST").body("abc"), "401 credential_missing"));
    rows
}
