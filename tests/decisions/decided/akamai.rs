//! Akamai tokens: published ones, and every rule by its name.

use std::net::IpAddr;

use http::{Request, Response};
use playgate::cors::Cors;
use playgate::crypto::MacHash;
use playgate::request::PeerAddr;
use playgate::schemes::akamai::{
    Akamai, AkamaiCarrier, AkamaiDraft, AkamaiSigner, MIN_KEY_DIGITS, Unsignable, UrlEscaping,
};
use playgate::schemes::cloudfront::{CloudFront, Protocol};
use playgate::schemes::{Carrier, Refuse, Scheme};
use playgate::site::GrantFact;
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Decision, KeyScope, Site, Verifier};
use serde::Deserialize;

use crate::support::{
    HOST, NOW, TestKey, World, cloudfront_key, cloudfront_signer, gate, get, inner, lines_about, vod,
};

const KEY: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";
const PATH: &str = "/videos/1/a.ts";

fn behind(site: Site) -> Verifier {
    Verifier::builder().site(site).trusted_proxies(["192.0.2.200"]).build().unwrap()
}

fn asks(target: &str, fields: &[(&str, &str)], peer: &str) -> Request<()> {
    let peer = PeerAddr((peer.parse::<IpAddr>().unwrap(), 50000).into());
    let request = Request::get(target).header("host", HOST).extension(peer);
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
}

/// The code, or `granted`.
fn decided(verifier: &Verifier, request: &Request<()>, now: i64) -> String {
    match verifier.decide(request, UnixSeconds::new(now)) {
        Decision::Granted(_) => "granted".to_owned(),
        other => other.denial().map_or_else(|| format!("{other:?}"), |denial| denial.code().to_string()),
    }
}

fn signer() -> AkamaiSigner {
    AkamaiSigner::new(&Akamai::new(KEY)).unwrap()
}

fn sign(draft: AkamaiDraft<'_>) -> String {
    draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap()
}

fn acl(entry: &str) -> String {
    sign(signer().acl([entry]))
}

#[derive(Deserialize)]
struct Published {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    parameter: String,
    key: String,
    #[serde(default)]
    algorithm: MacHash,
    salt: Option<String>,
    client: String,
    now: i64,
    url: String,
    expect: String,
}

/// The reasons of the data, as codes.
const CODES: [(&str, &str); 5] = [
    ("granted", "granted"),
    ("expired", "url_signature_expired"),
    ("not_yet_valid", "url_signature_not_yet_valid"),
    ("resource_mismatch", "url_signature_out_of_scope"),
    ("malformed", "url_signature_bad"),
];

/// The HMACs of those with a short key are compared in the crate itself.
#[test]
fn published_tokens_of_akamai_are_decided_as_published() {
    let Published { cases } = serde_json::from_str(include_str!("../../data/akamai.json")).unwrap();
    let mut short = 0;
    for case in &cases {
        let mut akamai = Akamai::new(case.key.as_str()).names([&case.parameter]).hash(case.algorithm);
        if case.parameter == "__cld_token__" {
            akamai = akamai.url_escaping([UrlEscaping::Cloudinary]);
        }
        if let Some(salt) = &case.salt {
            akamai = akamai.salt(salt);
        }
        let built = Verifier::builder().site(Site::bucket("vod").any_host().akamai(akamai)).build();
        if case.key.len() < MIN_KEY_DIGITS {
            let errors = built.unwrap_err().to_string();
            assert!(errors.contains("12 digits or more"), "{}: {errors}", case.name);
            short += 1;
            continue;
        }
        let target = case.url.split_once("//").and_then(|(_, rest)| Some(&rest[rest.find('/')?..])).unwrap();
        let (_, code) = CODES.iter().find(|(reason, _)| *reason == case.expect).unwrap();
        let decided = decided(&built.unwrap(), &asks(target, &[], &case.client), case.now);
        assert_eq!(decided, *code, "{}", case.name);
    }
    assert_eq!((cases.len(), short), (16, 4));
}

#[test]
fn a_token_is_found_where_the_site_looks_for_it() {
    let everywhere = [AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie];
    let site = vod().akamai(Akamai::new(KEY).names(["hdnts", "__token__"]).carriers(everywhere));
    let (all, usual) = (behind(site), behind(vod().akamai(Akamai::new(KEY))));
    let (good, bad) = (acl("/videos/*"), acl("/audio/*"));
    let cookies = |values: &[&str]| format!("hdnts={}", values.join("; hdnts="));
    let encoded = good.replace('%', "%25").replace('~', "%7E").replace('=', "%3D").replace('/', "%2F");
    let query = |query: &str| format!("{PATH}?{query}");
    let refused = "url_signature_out_of_scope";
    for (name, target, fields, with_all, with_usual) in [
        ("query", query(&format!("hdnts={good}")), vec![], "granted", "granted"),
        ("another name", query(&format!("__token__={good}")), vec![], "granted", "credential_missing"),
        ("among others", query(&format!("x=1&hdnts={good}&y")), vec![], "granted", "granted"),
        ("an encoded name", query(&format!("%68dnts={good}")), vec![], "granted", "granted"),
        ("percent-encoded", query(&format!("hdnts={encoded}")), vec![], "granted", "granted"),
        (
            "encoded twice",
            query(&format!("hdnts={}", encoded.replace('%', "%25"))),
            vec![],
            "url_signature_bad",
            "url_signature_bad",
        ),
        (
            "twice",
            query(&format!("hdnts={good}&hdnts={good}")),
            vec![],
            "ambiguous_credential",
            "ambiguous_credential",
        ),
        (
            "two names",
            query(&format!("hdnts={good}&__token__={good}")),
            vec![],
            "ambiguous_credential",
            "granted",
        ),
        ("no value", query("hdnts"), vec![], "url_signature_bad", "url_signature_bad"),
        ("header", PATH.to_owned(), vec![("HDNTS", good.clone())], "granted", "credential_missing"),
        (
            "two lines",
            PATH.to_owned(),
            vec![("hdnts", good.clone()), ("hdnts", good.clone())],
            "ambiguous_credential",
            "credential_missing",
        ),
        ("cookie", PATH.to_owned(), vec![("cookie", cookies(&[&good]))], "granted", "granted"),
        ("second cookie", PATH.to_owned(), vec![("cookie", cookies(&["x", &good]))], "granted", "granted"),
        (
            "cookie of the other name",
            PATH.to_owned(),
            vec![("cookie", format!("hdnts=x; __token__={good}"))],
            "granted",
            "url_signature_bad",
        ),
        (
            "fourth cookie",
            PATH.to_owned(),
            vec![("cookie", cookies(&["x", "x", "x", &good]))],
            "granted",
            "granted",
        ),
        (
            "fifth cookie",
            PATH.to_owned(),
            vec![("cookie", cookies(&["x", "x", "x", "x", &good]))],
            "url_signature_bad",
            "url_signature_bad",
        ),
        ("bad cookies", PATH.to_owned(), vec![("cookie", cookies(&["x", &bad, "y"]))], refused, refused),
        ("encoded cookie", PATH.to_owned(), vec![("cookie", cookies(&[&encoded]))], "granted", "granted"),
        (
            "query before cookie",
            query(&format!("hdnts={bad}")),
            vec![("cookie", cookies(&[&good]))],
            refused,
            refused,
        ),
        (
            "header before cookie",
            PATH.to_owned(),
            vec![("hdnts", bad.clone()), ("cookie", cookies(&[&good]))],
            refused,
            "granted",
        ),
        (
            "bearer",
            PATH.to_owned(),
            vec![("authorization", format!("Bearer {good}"))],
            "credential_missing",
            "credential_missing",
        ),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = asks(&target, &fields, "192.0.2.1");
        assert_eq!(decided(&all, &request, NOW), with_all, "{name}");
        // Beside signed tokens nothing changes, but for the missing credential's status.
        assert_eq!(decided(&usual, &request, NOW), with_usual, "{name}, usual");
    }
}

#[test]
fn each_rule_of_a_token_holds() {
    let leeway = Leeway::from_secs(10).unwrap();
    let site = || vod().akamai(Akamai::new(OTHER).also(KEY)).max_lifetime(std::time::Duration::from_hours(1));
    let (exact, lenient) = (behind(site()), behind(site().leeway(leeway)));
    let signer = signer();
    let at = UnixSeconds::new;
    let entry = |entry: &str| signer.acl([entry]);
    let bound = |ip: &str| sign(entry("/*").client(ip.parse().unwrap()));
    let dated = |starts: i64, expires: i64| {
        entry("/*").starts_at(at(NOW + starts)).expires_at(at(NOW + expires)).sign().unwrap()
    };
    let good = sign(entry("/videos/1/*"));
    let bad = "url_signature_bad";
    let (early, late) = ("url_signature_not_yet_valid", "url_signature_expired");
    for (name, token, with_exact, with_lenient) in [
        ("good", good.clone(), "granted", "granted"),
        ("all fields", sign(entry("/*").id("s-1").data("a=b!c").starts_at(at(NOW))), "granted", "granted"),
        ("the second of st", dated(0, 1), "granted", "granted"),
        ("before st", dated(1, 2), early, "granted"),
        ("long before st", dated(11, 12), early, early),
        ("the second of exp", dated(-1, 0), late, "granted"),
        ("within leeway", dated(-20, -9), late, "granted"),
        ("after leeway", dated(-20, -10), late, late),
        ("the longest life", dated(0, 3600), "granted", "granted"),
        ("too long a life", dated(0, 3601), bad, bad),
        (
            "another entry",
            sign(entry("/videos/2/*")),
            "url_signature_out_of_scope",
            "url_signature_out_of_scope",
        ),
        ("a list", sign(signer.acl(["/x", "/videos/1/?.ts"])), "granted", "granted"),
        ("the client's address", bound("192.0.2.1"), "granted", "granted"),
        ("the client's address, mapped", bound("::ffff:192.0.2.1"), "granted", "granted"),
        ("another address", bound("192.0.2.2"), bad, bad),
        ("another exp", good.replace("exp=1", "exp=2"), bad, bad),
        ("another acl", good.replace("/1/", "/2/"), bad, bad),
        ("another field", good.replace("~acl", "~id=x~acl"), bad, bad),
        ("a field twice", good.replace("~acl", "~acl=/*~acl"), bad, bad),
        ("an unknown field", good.replace("~acl", "~x=1~acl"), bad, bad),
        (
            "upper-case digits",
            good.split_once("~hmac=")
                .map(|(text, hmac)| format!("{text}~hmac={}", hmac.to_uppercase()))
                .unwrap(),
            bad,
            bad,
        ),
        (
            "by no key",
            sign(AkamaiSigner::new(&Akamai::new("0123456789abcdef")).unwrap().acl(["/*"])),
            bad,
            bad,
        ),
        (
            "by the other key",
            sign(AkamaiSigner::new(&Akamai::new(OTHER)).unwrap().acl(["/*"])),
            "granted",
            "granted",
        ),
        ("with a salt", sign(AkamaiSigner::new(&Akamai::new(KEY).salt("s")).unwrap().acl(["/*"])), bad, bad),
        (
            "with SHA-1",
            sign(AkamaiSigner::new(&Akamai::new(KEY).hash(MacHash::Sha1)).unwrap().acl(["/*"])),
            bad,
            bad,
        ),
    ] {
        let request = asks(&format!("{PATH}?hdnts={token}"), &[], "192.0.2.1");
        assert_eq!(decided(&exact, &request, NOW), with_exact, "{name}");
        assert_eq!(decided(&lenient, &request, NOW), with_lenient, "{name}, with leeway");
    }
    // Behind a proxy, only an address that no hop hides counts.
    let target = format!("{PATH}?hdnts={}", bound("203.0.113.7"));
    for (forwarded, expected) in [("203.0.113.7", "granted"), ("203.0.113.8", bad), ("unknown", bad)] {
        let request = asks(&target, &[("x-forwarded-for", forwarded)], "192.0.2.200");
        assert_eq!(decided(&exact, &request, NOW), expected, "{forwarded}");
    }
}

#[test]
fn a_token_without_acl_opens_its_url_alone() {
    let verifier = |akamai: Akamai| behind(vod().akamai(akamai));
    let url = |akamai: &Akamai, url: &str| sign(AkamaiSigner::new(akamai).unwrap().url(url));
    let usual = Akamai::new(KEY);
    let one = |escaping| Akamai::new(KEY).url_escaping([escaping]);
    let (edge, cloudinary) = (one(UrlEscaping::Edge), one(UrlEscaping::Cloudinary));
    let pathless = Akamai::new(KEY).ignore_query(true);
    let bad = "url_signature_bad";
    for (name, akamai, signed, target, expected) in [
        ("as it is", &usual, url(&usual, PATH), PATH, "granted"),
        ("another file", &usual, url(&usual, PATH), "/videos/1/b.ts", bad),
        ("another spelling", &usual, url(&usual, PATH), "/videos/1/%61.ts", bad),
        ("with a query", &usual, url(&usual, PATH), "/videos/1/a.ts?x=1", bad),
        ("with its query", &usual, url(&usual, "/videos/1/a.ts?x=1&y"), "/videos/1/a.ts?x=1&y", "granted"),
        ("escaped", &usual, url(&edge, "/a%20b/~c?x=1"), "/a%20b/~c?x=1", "granted"),
        ("not escaped", &edge, url(&usual, PATH), PATH, bad),
        ("by Cloudinary", &cloudinary, url(&cloudinary, "/a,b%20c"), "/a,b%20c", "granted"),
        ("by Cloudinary, with a query", &cloudinary, url(&cloudinary, "/a?x=1&y"), "/a?x=1&y", "granted"),
        ("by Cloudinary, a query as a name", &cloudinary, url(&cloudinary, "/a?x"), "/a%3Fx", bad),
        (
            "by Cloudinary, parameters as a value",
            &cloudinary,
            url(&cloudinary, "/a?x=1&y"),
            "/a?x=1%26y",
            bad,
        ),
        ("by Cloudinary, elsewhere", &usual, url(&cloudinary, "/a,b"), "/a,b", bad),
        ("the path alone", &pathless, url(&pathless, PATH), "/videos/1/a.ts?x=1", "granted"),
        (
            "the path alone, signed with a query",
            &pathless,
            url(&pathless, "/videos/1/a.ts?x"),
            PATH,
            "granted",
        ),
    ] {
        let verifier = verifier(akamai.clone());
        let separator = if target.contains('?') { '&' } else { '?' };
        let request = asks(&format!("{target}{separator}hdnts={signed}"), &[], "192.0.2.1");
        assert_eq!(decided(&verifier, &request, NOW), expected, "{name}");
        let cookie = format!("hdnts={signed}");
        let request = asks(target, &[("cookie", &cookie)], "192.0.2.1");
        assert_eq!(decided(&verifier, &request, NOW), expected, "{name}, as a cookie");
    }
    for (length, expected) in [(8192, "granted"), (8193, bad)] {
        let long = format!("{PATH}?x={}", "1".repeat(length - PATH.len() - 2));
        let cookie = format!("hdnts={}", url(&usual, &long));
        let request = asks(&long, &[("cookie", &cookie)], "192.0.2.1");
        assert_eq!(decided(&verifier(usual.clone()), &request, NOW), expected, "{length} bytes");
    }
    // A visible url, and the text of one form in the other.
    let hostile = url(&usual, "/p~acl=/*");
    let (text, hmac) = hostile.split_once("~hmac=").unwrap();
    for forged in [format!("{text}~url=/p~acl=/*~hmac={hmac}"), format!("{text}~acl=~hmac={hmac}")] {
        let request = asks(&format!("{PATH}?hdnts={forged}"), &[], "192.0.2.1");
        assert_eq!(decided(&verifier(usual.clone()), &request, NOW), bad, "{forged}");
    }
}

#[test]
fn a_grant_has_the_fields_as_claims_and_shows_no_text() {
    let site = vod()
        .akamai(Akamai::new(KEY))
        .hook(|request| if request.has("id", "banned") { Err(Refuse::default()) } else { Ok(()) });
    let verifier = behind(site);
    let signer = signer();
    let scope_of = |token: &str| {
        let request = asks(&format!("{PATH}?hdnts={token}"), &[], "192.0.2.1");
        let decision = verifier.decide(&request, UnixSeconds::new(NOW));
        let Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
        assert!(!format!("{decision:?}").contains(token.rsplit('=').next().unwrap()));
        assert_eq!((grant.scheme(), grant.carrier()), (Scheme::Akamai, Carrier::Query));
        assert_eq!((grant.expires_at(), grant.kid()), (Some(UnixSeconds::new(NOW + 60)), None));
        let claims: serde_json::Value = grant.claims().unwrap();
        (grant.to_owned().scope().map(str::to_owned), claims)
    };
    let token = sign(signer.acl(["/videos/1/*"]).id("s-1").data("a=b").starts_at(UnixSeconds::new(NOW)));
    let (scope, claims) = scope_of(&token);
    assert_eq!(scope.as_deref(), Some("videos/1/"));
    let expected = serde_json::json!({
        "st": NOW, "exp": NOW + 60, "acl": "/videos/1/*", "id": "s-1", "data": "a=b",
    });
    assert_eq!(claims, expected);
    // Percent-encoded as a whole, it is the same token.
    assert_eq!(scope_of(&token.replace('/', "%2F").replace('~', "%7e")), (scope, claims));
    for (draft, scope) in [
        (signer.acl(["/*"]), Some("")),
        (signer.acl([PATH]), Some("videos/1/a.ts")),
        (signer.acl(["%2fvideos%2f1%2f*"]), Some("videos/1/")),
        (signer.acl(["/x", "/*"]), None),
        (signer.acl(["*/a.ts"]), None),
        (signer.url(PATH), None),
    ] {
        assert_eq!(scope_of(&sign(draft)).0.as_deref(), scope);
    }
    let banned = asks(&format!("{PATH}?hdnts={}", sign(signer.acl(["/*"]).id("banned"))), &[], "192.0.2.1");
    assert_eq!(decided(&verifier, &banned, NOW), "refused_by_hook");
}

/// A site moves from one scheme to the other, and browsers keep the old cookie.
#[test]
fn a_cookie_of_another_scheme_does_not_refuse_a_good_one() {
    let keys = [cloudfront_key(TestKey::Rsa, KeyScope::bucket("vod"))];
    let settings = CloudFront::new().protocol(Protocol::Https);
    let site = vod().akamai(Akamai::new(KEY)).cloudfront(settings);
    let verifier = gate().site(site).keys(keys).build().unwrap();
    let signer = cloudfront_signer(TestKey::Rsa);
    let policy = signer.policy("https://cdn.example.com/*");
    let policy = policy.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let cloudfront: Vec<String> = policy.cookies().map(|(name, value)| format!("{name}={value}")).collect();
    let cloudfront = cloudfront.join("; ");
    let akamai = format!("hdnts={}", acl("/videos/*"));
    for (cookies, expected) in [
        (cloudfront.clone(), "granted"),
        (format!("{cloudfront}; hdnts=x"), "granted"),
        (format!("hdnts=x; {cloudfront}"), "granted"),
        (format!("CloudFront-Policy=x; {akamai}"), "granted"),
        ("CloudFront-Policy=x; hdnts=x".to_owned(), "url_signature_bad"),
    ] {
        let request = asks(PATH, &[("cookie", &cookies)], "192.0.2.1");
        assert_eq!(decided(&verifier, &request, NOW), expected, "{cookies}");
    }
}

#[test]
fn a_signer_refuses_what_no_verifier_accepts() {
    let signer = signer();
    let at = UnixSeconds::new;
    let acl = |entry: &str| signer.acl([entry]).expires_at(at(NOW));
    for (name, draft, fault) in [
        ("no expiry", signer.acl(["/*"]), Unsignable::NoExpiry),
        ("an expiry before 1970", signer.acl(["/*"]).expires_at(at(-1)), Unsignable::Date),
        ("milliseconds", signer.acl(["/*"]).expires_at(at(1_000_000_000_000)), Unsignable::Date),
        ("a late start", acl("/*").starts_at(at(NOW)), Unsignable::StartsTooLate),
        ("no path", acl(""), Unsignable::Path),
        ("no entry", signer.acl([""; 0]).expires_at(at(NOW)), Unsignable::Path),
        ("a relative path", acl("videos/*"), Unsignable::Path),
        ("a relative URL", signer.url("a.ts").expires_at(at(NOW)), Unsignable::Path),
        ("a separator in a path", acl("/a~b"), Unsignable::Character),
        ("a separator in an id", acl("/a").id("x~acl=/*"), Unsignable::Character),
        ("a blank in data", acl("/a").data("a b"), Unsignable::Character),
        ("another character in a path", acl("/é"), Unsignable::Character),
    ] {
        assert_eq!(draft.sign().unwrap_err(), fault, "{name}");
    }
    let decoding = AkamaiSigner::new(&Akamai::new(KEY).url_escaping([UrlEscaping::Cloudinary])).unwrap();
    for url in ["/a%3Fx", "/a?x=1%26y=2", "/a?x=%3D"] {
        assert_eq!(decoding.url(url).expires_at(at(NOW)).sign().unwrap_err(), Unsignable::Ambiguous, "{url}");
    }
}

/// Every server: stripped from every place, carried into manifests, allowed in preflights, and named in no answer.
#[tokio::test]
async fn what_follows_a_grant_follows_that_of_an_akamai_token() {
    let everywhere = [AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie];
    let site = || {
        let origins = ["https://app.example.com"];
        vod()
            .akamai(Akamai::new(KEY).carriers(everywhere))
            .cors(Cors::with_credentials(origins))
            .strip_credentials(true)
            .identity_header("x-session", "id")
            .identity_header("x-scope", GrantFact::Scope)
    };
    let world = World::start(gate().site(site()).build().unwrap()).await;
    let token = sign(signer().acl(["/videos/1/*"]).id("s-1"));
    let cookies = format!("a=1; hdnts={token}");
    let ask = get(format!("{PATH}?x=1&hdnts={token}")).field("hdnts", &token).field("cookie", cookies);
    let answer = world.ask(&ask).await;
    assert_eq!(answer.seen(), format!("GET {PATH}?x=1\ncookie: a=1\nx-scope: videos/1/\nx-session: s-1\n"));
    for (ask, verdict) in [
        (get(PATH).field("hdnts", &token), "200"),
        (get(PATH).field("cookie", format!("hdnts=x; hdnts={token}")), "200"),
        (get(format!("/videos/2/a.ts?hdnts={token}")), "403 url_signature_out_of_scope"),
        (get(format!("{PATH}?hdnts={token}0")), "403 url_signature_bad"),
        (get(format!("{PATH}?hdnts={token}&hdnts=x")), "400 ambiguous_credential"),
        (get(PATH).field("hdnts", &token).field("hdnts", &token), "400 ambiguous_credential"),
        (get(format!("{PATH}?hdnts={token}")).method("DELETE"), "405 method"),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), verdict);
        assert_eq!(answer.field("www-authenticate"), None);
        assert!(lines_about("s-1").is_empty() && lines_about("hmac").is_empty(), "a token in a log line");
    }
    let preflight = get(PATH)
        .method("OPTIONS")
        .origin("https://app.example.com")
        .field("access-control-request-method", "GET");
    assert_eq!(world.ask(&preflight).await.field("access-control-allow-headers"), Some("range, hdnts"));

    let manifest = inner(|_| {
        let body = "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts?x=1\n";
        let answer = Response::builder().header("content-type", "application/vnd.apple.mpegurl");
        answer.body(bytes::Bytes::from_static(body.as_bytes())).unwrap()
    });
    let world = World::around(gate().site(site()).build().unwrap(), manifest).await;
    let master = "/videos/1/master.m3u8";
    let url = sign(signer().url(master));
    for (token, rewritten) in [(&token, true), (&url, false)] {
        let answer = world.ask(&get(format!("{master}?hdnts={token}"))).await;
        let carried = |uri: &str| format!("{uri}hdnts={token}\n");
        let body = answer.seen();
        assert_eq!(
            body.contains(&carried("a.ts?")) && body.contains(&carried("b.ts?x=1&")),
            rewritten,
            "{body}"
        );
    }
}
