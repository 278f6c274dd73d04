//! The mistakes that operators make, and the log lines by which they find them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::{Ask, HOST, NOW, TestKey, ThreadLog, World, gate, get, lines_about, token, vod};
use actix_web::test as actix;
use actix_web::{App, HttpResponse, web};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use playgate::adapters::actix::ActixGate;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::mint::LinkSigner;
use playgate::rate::{FailedSignatures, Rate};
use playgate::request::PeerAddr;
use playgate::schemes::Carrier;
use playgate::schemes::link::{IpBinding, SecureLink};
use playgate::site::Outside;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{ConfigError, Key, KeyScope, Site, Verifier};
use tower::{Layer as _, ServiceExt as _, service_fn};

const ORIGIN: &str = "https://app.example.com";

/// The number of answers of [`World::ask`]: seven servers, each over two protocols.
const ANSWERS: usize = 14;

fn vod_key() -> Key {
    TestKey::Rsa.key(KeyScope::bucket("vod"))
}

fn with(site: Site) -> Verifier {
    gate().site(site).outside(Outside::Refuse).key(vod_key()).build().unwrap()
}

/// Sends a request to every server, and returns the fields of the one line that each of them logs. `mark` is text that occurs in
/// these lines and in no other.
async fn logged(verifier: Verifier, ask: &Ask, mark: &str) -> BTreeMap<String, String> {
    lines_about("start");
    World::start(verifier).await.ask(ask).await;
    let lines = lines_about(mark);
    assert_eq!(lines.len(), ANSWERS, "{lines:#?}");
    let mut all: Vec<_> = lines.iter().map(|line| fields(line)).collect();
    all.dedup();
    assert_eq!(all.len(), 1, "each server logs the same: {all:#?}");
    all.remove(0)
}

/// The fields of a log line, as a strict parser of logfmt reads them.
fn fields(line: &str) -> BTreeMap<String, String> {
    let first = line.match_indices('=').next().map_or(line.len(), |(at, _)| at);
    let start = line[..first].rfind(' ').unwrap() + 1;
    let mut fields = BTreeMap::new();
    let mut rest = &line[start..];
    while let Some((name, after)) = rest.split_once('=') {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name:?} in {line}");
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            let mut value = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next().unwrap_or_else(|| panic!("a quote without an end in {line}")) {
                    (at, '"') => break at,
                    (_, '\\') => value.push(characters.next().unwrap().1),
                    (_, other) => value.push(other),
                }
            };
            (value, &quoted[end + 1..])
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        assert!(fields.insert(name.to_owned(), value).is_none(), "{name} twice in {line}");
        assert!(after.is_empty() || after.starts_with(' '), "text behind a value in {line}");
        rest = after.trim_start();
    }
    assert!(rest.is_empty(), "{rest:?} is no field in {line}");
    fields
}

fn has(fields: &BTreeMap<String, String>, name: &str, value: &str) {
    assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name} of {fields:#?}");
}

fn hints(fields: &BTreeMap<String, String>, text: &str) {
    assert!(
        fields.get("hint").is_some_and(|hint| hint.contains(text)),
        "{text:?} in the hint of {fields:#?}"
    );
}

async fn through_the_layer(verifier: &Verifier, request: Request<Bytes>) -> u16 {
    let inner = service_fn(|_: Request<Bytes>| async {
        Ok::<Response<Full<Bytes>>, &str>(Response::new(Full::from("inner")))
    });
    let response = GateLayer::new(verifier.clone()).layer(inner).oneshot(request).await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn a_wrong_host_is_named() {
    let ask = get("/mistakes/host.ts").host("cdn-of-the-staging-environment.exmaple.com:8443");
    let line = logged(with(vod()), &ask, "/mistakes/host.ts").await;
    has(&line, "code", "unknown_host");
    has(&line, "host", "cdn-of-the-staging-environment.exmaple.com:8443");
    has(&line, "path", "/mistakes/host.ts");
    hints(&line, "add the host to a site's hosts");
}

#[tokio::test]
async fn a_host_is_bounded_escaped_and_never_a_credential() {
    lines_about("start");
    let verifier = with(vod());
    let token = token("");
    for (number, (host, shown)) in [
        ("a\"b\\c=d".to_owned(), r#"a\"b\\c=d"#.to_owned()),
        ("a ".repeat(200), String::new()),
        (format!("{}example.com", "a.".repeat(100)), String::new()),
        (token.to_ascii_lowercase(), String::new()),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/mistakes/hosts-{number}.ts");
        through_the_layer(&verifier, get(&path).host(&host).parsed().unwrap()).await;
        let lines = lines_about(&path);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        let line = fields(&lines[0]);
        assert!(line["host"].len() <= 128, "{line:#?}");
        assert!(shown.is_empty() || line["host"] == shown, "{line:#?}");
        assert!(!lines[0].contains(&token.to_ascii_lowercase()[..12]), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_path_outside_of_every_base_path_is_logged_with_the_base_paths_of_the_host() {
    let other = vod().id("live").base_path("/live/");
    let verifier =
        gate().site(vod().base_path("/media/")).site(other).outside(Outside::Refuse).key(vod_key());
    let line = logged(verifier.build().unwrap(), &get("/mistakes/outside.ts"), "/mistakes/outside.ts").await;
    has(&line, "code", "outside");
    has(&line, "host", HOST);
    hints(&line, "are /live/, /media/");
}

#[tokio::test]
async fn a_date_in_milliseconds_is_refused_and_the_line_says_that_it_looks_like_milliseconds() {
    for claim in ["exp", "nbf"] {
        let path = format!("/mistakes/{claim}.ts");
        let token = TestKey::Rsa.token(&format!(r#"{{"uri":"","{claim}":{}}}"#, NOW * 1000));
        let line = logged(with(vod()), &get(&path).query(token), &path).await;
        has(&line, "code", "malformed_token");
        let reason =
            format!("{claim} is {}: this looks like milliseconds, but NumericDate is in seconds", NOW * 1000);
        has(&line, "reason", &format!("malformed token: {reason}"));
    }
}

#[tokio::test]
async fn a_cookie_of_another_name_is_logged_with_the_names_that_were_searched_and_those_that_came() {
    let ask = get("/mistakes/cookie.ts?t=1&v=a-value")
        .field("cookie", "session=a-secret-value; theme=dark; session=another-value")
        .field("cookie", format!("auth-token={}", token("")));
    let line = logged(with(vod()), &ask, "/mistakes/cookie.ts").await;
    has(&line, "code", "credential_missing");
    has(&line, "searched", "query parameter auth, cookie Qencode-Auth-Token");
    has(&line, "cookies", "session, theme, auth-token");
    has(&line, "parameters", "t, v");
    hints(&line, "no cookie or query parameter of the request has one of the searched names");
    let other = logged(with(vod()), &get("/mistakes/query.ts?token=a-value"), "/mistakes/query.ts").await;
    has(&other, "parameters", "token");
    hints(&other, "no query parameter of the request has one of the searched names");
    for value in ["a-secret-value", "dark", "another-value", "a-value", &token("")[..12]] {
        assert!(!format!("{line:?}").contains(value), "{line:#?}");
    }
}

#[tokio::test]
async fn a_cookie_of_another_domain_is_not_sent_and_the_line_says_when_cookies_are() {
    let line = logged(with(vod()), &get("/mistakes/no-cookie.ts"), "/mistakes/no-cookie.ts").await;
    has(&line, "code", "credential_missing");
    assert!(!line.contains_key("cookies"), "{line:#?}");
    hints(&line, "the request has no cookie and no query parameter");
    hints(&line, "Domain, Path and Secure");
}

#[tokio::test]
async fn of_many_cookies_eight_are_named_each_cut_and_escaped() {
    let cookies: Vec<String> = (0..20).map(|number| format!("c{number}{}=v", "!".repeat(100))).collect();
    let ask = get("/mistakes/many-cookies.ts").field("cookie", cookies.join("; "));
    let line = logged(with(vod()), &ask, "/mistakes/many-cookies.ts").await;
    let named: Vec<&str> = line["cookies"].split(", ").collect();
    assert_eq!(named.len(), 9, "{line:#?}");
    assert_eq!(named[8], "…", "{line:#?}");
    assert!(named.iter().all(|name| name.len() <= 48), "{line:#?}");

    lines_about("start");
    let escaped =
        get("/mistakes/escaped-cookie.ts").field("cookie", "a\"b c=\"; =only-a-value; only-a-value2");
    through_the_layer(&with(vod()), escaped.parsed().unwrap()).await;
    let lines = lines_about("/mistakes/escaped-cookie.ts");
    has(&fields(&lines[0]), "cookies", r#"a\"b c"#);
    assert!(!lines[0].contains("only-a-value"), "{lines:#?}");
}

#[tokio::test]
async fn a_bearer_token_that_no_carrier_lists_is_mentioned() {
    let ask = get("/mistakes/bearer.ts").bearer(token(""));
    let line = logged(with(vod()), &ask, "/mistakes/bearer.ts").await;
    has(&line, "code", "credential_missing");
    hints(&line, "an Authorization: Bearer token was sent, but the site's carriers do not include bearer");
    assert!(!format!("{line:?}").contains(&token("")[..12]), "{line:#?}");

    let links = vod()
        .accepts([playgate::schemes::Scheme::SecureLink])
        .secure_link(SecureLink::gcore("a shared secret"));
    let ask = get("/mistakes/bearer-of-links.ts").bearer(token(""));
    let line = logged(with(links), &ask, "/mistakes/bearer-of-links.ts").await;
    hints(&line, "no scheme of this site accepts one");

    let listed = vod().carriers([Carrier::Query, Carrier::Bearer]);
    let line = logged(with(listed), &get("/mistakes/listed-bearer.ts"), "/mistakes/listed-bearer.ts").await;
    has(&line, "searched", "query parameter auth, Authorization: Bearer");
    assert!(!line.contains_key("hint"), "{line:#?}");
}

#[tokio::test]
async fn a_scope_with_the_base_path_in_it_is_logged_beside_the_object_key_that_was_compared() {
    let site = || vod().base_path("/media/");
    for (number, (uri, hint)) in [
        ("media/videos/1/", Some("the scope would match without the base path /media/")),
        ("/media/videos/1/", Some("the scope would match without the base path /media/")),
        ("/videos/1/", Some("the scope would match without its leading slash")),
        ("videos/1/*", Some("the scope would match without the star")),
        ("videos/2/", None),
        ("media/videos/2/", None),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/media/videos/1/mistaken-{number}.ts");
        let line = logged(with(site()), &get(&path).query(token(uri)), &path).await;
        has(&line, "code", "out_of_scope");
        has(&line, "resource", &path["/media/".len()..]);
        has(&line, "scope", uri);
        match hint {
            Some(hint) => hints(&line, hint),
            None => assert!(!line.contains_key("hint"), "{line:#?}"),
        }
    }
}

#[tokio::test]
async fn a_scope_is_bounded_escaped_and_never_a_credential() {
    lines_about("start");
    let secret = "0123456789abcdef".repeat(2);
    for (number, uri) in
        ["a/".repeat(900), format!("videos/{secret}/"), r"a\u000ab\u0022 code=\u0022forged".to_owned()]
            .iter()
            .enumerate()
    {
        let path = format!("/mistakes/scope-{number}.ts");
        through_the_layer(&with(vod()), get(&path).query(token(uri)).parsed().unwrap()).await;
        let lines = lines_about(&path);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        let line = fields(&lines[0]);
        has(&line, "code", "out_of_scope");
        assert!(line["scope"].len() <= 256 && !line["scope"].contains(&secret), "{line:#?}");
    }
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_logged_once_for_each_site() {
    lines_about("start");
    let cors = || Cors::with_credentials([ORIGIN]);
    let other = Site::bucket("vod").id("other-site").host("other.example.com").cors(cors());
    let site = vod().id("cors-site").cors(cors());
    let world = World::start(gate().site(site).site(other).key(vod_key()).build().unwrap()).await;
    let origin = "https://once.example.com";
    let good = get("/videos/1/a.ts").query(token(""));
    let preflight = get("/videos/1/a.ts").method("OPTIONS").field("access-control-request-method", "GET");
    for ask in [&good, &preflight, &get("/videos/1/a.ts"), &good.clone().host("other.example.com")] {
        world.ask(&ask.clone().origin(origin)).await;
    }
    world.ask(&good.clone().origin(ORIGIN)).await;
    let lines = lines_about(origin);
    let sites: Vec<String> = lines.iter().map(|line| fields(line)["site"].clone()).collect();
    assert_eq!(sites, ["cors-site", "other-site"], "{lines:#?}");
    for line in &lines {
        assert!(line.contains(" INFO playgate: CORS origin is not listed "), "{line}");
        hints(&fields(line), "add it to cors.origins");
    }
    assert!(lines_about(ORIGIN).is_empty());
}

#[tokio::test]
async fn of_many_origins_sixty_four_are_logged_and_then_once_that_there_are_more() {
    lines_about("start");
    let site = vod().id("flooded-with-origins").cors(Cors::with_credentials([ORIGIN]));
    let verifier = gate().site(site).key(vod_key()).build().unwrap();
    for number in 0..200 {
        let origin = format!("https://{number}.{}example.com", "a.".repeat(number));
        let ask = get("/videos/1/a.ts").query(token("")).origin(&origin);
        assert_eq!(through_the_layer(&verifier, ask.parsed().unwrap()).await, 200);
    }
    let lines = lines_about("flooded-with-origins");
    let lines: Vec<_> = lines.iter().filter(|line| line.contains(" INFO playgate: ")).collect();
    assert_eq!(lines.len(), 65, "{lines:#?}");
    assert!(lines[..64].iter().all(|line| fields(line)["origin"].len() <= 128), "{lines:#?}");
    assert!(lines[64].contains("more CORS origins are not listed"), "{lines:#?}");
}

/// A verifier that limits failed signatures of each client.
fn limited() -> VerifierBuilder {
    let limits = FailedSignatures::default().per_client(Rate::new(60, Duration::from_mins(1)).unwrap());
    gate().key(vod_key()).failed_signatures(limits)
}

#[tokio::test]
async fn a_server_that_passes_no_client_address_is_warned_of_once_for_each_verifier_that_needs_it() {
    let log = ThreadLog::start(); // every request is handled on this thread
    let warnings = || log.lines_about("the server provides no client address");
    let bound = SecureLink::gcore("a shared secret").ip_binding(IpBinding::EXACT);
    let signer = LinkSigner::new(&bound).unwrap();
    let link = signer.link("/videos/1/a.ts").client("192.0.2.1".parse().unwrap());
    let link = link.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let tls = gate().site(vod().require_https(true)).key(vod_key());
    let needing = [
        (limited().site(vod()), get("/videos/1/a.ts").query("junk"), "the limit on failed signatures"),
        (gate().site(vod().secure_link(bound)), get(&link), "an address-bound credential"),
        (tls, get("/videos/1/a.ts").query(token("")), "require_https"),
    ];
    let not_needing = gate().site(vod()).key(vod_key()).build().unwrap();
    assert_eq!(
        through_the_layer(&not_needing, get("/videos/1/a.ts").query("junk").parsed().unwrap()).await,
        401
    );
    assert!(warnings().is_empty(), "{:#?}", warnings());
    for (number, (builder, ask, needed_by)) in needing.into_iter().enumerate() {
        let verifier = builder.build().unwrap();
        let mut known = ask.parsed().unwrap();
        known.extensions_mut().insert(PeerAddr("192.0.2.9:4711".parse().unwrap()));
        through_the_layer(&verifier, known).await;
        assert_eq!(warnings().len(), number, "the address is known");
        for _ in 0..3 {
            through_the_layer(&verifier, ask.parsed().unwrap()).await;
        }
        verifier.update(|state| Ok::<_, ()>(state.with_keys(state.keys().clone()))).unwrap();
        through_the_layer(&verifier, ask.parsed().unwrap()).await;
        let lines = warnings();
        assert_eq!(lines.len(), number + 1, "{lines:#?}");
        assert!(lines[number].contains(" WARN playgate: "), "{lines:#?}");
        has(&fields(&lines[number]), "needed_by", needed_by);
        hints(&fields(&lines[number]), "into_make_service_with_connect_info");
    }
    // actix-web passes the address, but not on a Unix socket.
    let verifier = limited().site(vod()).build().unwrap();
    let app = App::new().wrap(ActixGate::new(verifier)).default_service(web::to(HttpResponse::Ok));
    let app = actix::init_service(app).await;
    for peer in [Some("192.0.2.9:4711"), None, None] {
        let mut request =
            actix::TestRequest::get().uri("/videos/1/a.ts?auth=junk").insert_header(("host", HOST));
        if let Some(peer) = peer {
            request = request.peer_addr(peer.parse().unwrap());
        }
        assert_eq!(actix::call_service(&app, request.to_request()).await.status().as_u16(), 401);
        assert_eq!(warnings().len(), if peer.is_some() { 3 } else { 4 });
    }
}

#[test]
fn a_private_key_in_place_of_a_public_one_is_refused_with_the_command_that_derives_the_other() {
    let refused = Key::from_pem("rsa", TestKey::Rsa.private(), KeyScope::bucket("vod")).unwrap_err();
    assert!(matches!(refused, ConfigError::PrivateKey { .. }), "{refused:?}");
    assert!(refused.to_string().contains("openssl pkey"), "{refused}");
}

#[tokio::test]
async fn a_kid_that_is_not_loaded_is_logged_beside_those_that_are() {
    let token = TestKey::RsaOther.token(r#"{"uri":""}"#);
    let line = logged(with(vod()), &get("/mistakes/kid.ts").query(token), "/mistakes/kid.ts").await;
    has(&line, "code", "unknown_key");
    has(&line, "kid", "rsa-other");
    hints(&line, "kids of the loaded keys: rsa");
}

#[tokio::test]
async fn a_key_of_another_scope_is_logged_with_its_scope_and_the_one_that_is_needed() {
    let verifier =
        gate().site(vod().id("main")).key(TestKey::Rsa.key(KeyScope::bucket("corses"))).build().unwrap();
    let line = logged(verifier, &get("/mistakes/key.ts").query(token("")), "/mistakes/key.ts").await;
    has(&line, "code", "wrong_key");
    has(&line, "key_scope", "bucket corses");
    hints(&line, "bucket vod or of site main");
}

#[tokio::test]
async fn a_clock_that_is_off_by_an_hour_is_pointed_at() {
    for (number, (claims, code, hint)) in [
        (format!(r#""exp":{}"#, NOW - 3600), "expired", Some("off by 3600 s, about 1 h: check the clocks")),
        (format!(r#""exp":{}"#, NOW - 7230), "expired", Some("off by 7230 s, about 2 h")),
        (format!(r#""nbf":{}"#, NOW + 3590), "not_yet_valid", Some("off by 3590 s, about 1 h")),
        (format!(r#""exp":{}"#, NOW - 5), "expired", None),
        (format!(r#""exp":{}"#, NOW - 1800), "expired", None),
        (format!(r#""exp":{}"#, NOW - 3600 * 24 * 30), "expired", None),
        (r#""exp":-9223372036854775808"#.to_owned(), "expired", None),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/mistakes/clock-{number}.ts");
        let token = TestKey::Rsa.token(&format!(r#"{{"uri":"",{claims}}}"#));
        let line = logged(with(vod()), &get(&path).query(token), &path).await;
        has(&line, "code", code);
        match hint {
            Some(hint) => hints(&line, hint),
            None => assert!(!line.contains_key("hint"), "{line:#?}"),
        }
    }
}
