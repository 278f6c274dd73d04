//! Every refusal as its client, its operator and its handler see it: one row per denial.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{
    Ask, HOST, NOW, TestKey, World, cloudfront_key, cloudfront_signer, compact, gate, get, lines_about, vod,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use playgate::adapters::actix::ActixGate;
use playgate::adapters::http::ReplyBody;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::crypto::SignatureHash;
use playgate::error::{
    ClaimName, Code, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault, UrlSignatureFault,
};
use playgate::explain::StepResult;
use playgate::manifest::MAX_CARRIED;
use playgate::mint::LinkSigner;
use playgate::rate::FailedSignatures;
use playgate::rate::Rate;
use playgate::request::PeerAddr;
use playgate::revocation::Revocation;
use playgate::schemes::Carrier;
use playgate::schemes::Refuse;
use playgate::schemes::akamai::{Akamai, AkamaiCarrier, AkamaiSigner};
use playgate::schemes::cloudfront::{CloudFront, Protocol};
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::schemes::link::{IpBinding, SecureLink};
use playgate::site::danger::Danger;
use playgate::site::{Forward, Outside};
use playgate::store::Store;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Denial, KeyScope, Site, Verifier};
use tower::{Layer as _, ServiceExt as _, service_fn};

const ORIGIN: &str = "https://app.example.com";
const BARE: Option<&str> = Some("Bearer");
const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);
const SCOPE: Option<&str> = Some(r#"Bearer error="insufficient_scope""#);

/// A request, and all that is decided about its answer.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) ask: Ask,
    pub(crate) denial: Denial,
    pub(crate) verdict: &'static str,
    challenge: Option<&'static str>,
}

/// The site `main` on [`HOST`], with every rule that a token can break.
fn main_site() -> Site {
    Site::bucket("vod")
        .id("main")
        .host(HOST)
        .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
        .require_exp(true)
        .max_lifetime(Duration::from_hours(1))
        .issuer("us")
        .audience("cdn")
        .whole_bucket(false)
        .forward(Forward::only_keys(["a"]))
        .max_token_bytes(2000)
        .hook(|claims| if claims.has("plan", "none") { Err(Refuse::default()) } else { Ok(()) })
        .cors(Cors::with_credentials([ORIGIN]))
}

fn builder(site: Site) -> VerifierBuilder {
    let retired = TestKey::Secret.key_as("retired", KeyScope::bucket("vod"));
    gate()
        .site(site)
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .key(TestKey::P256.key(KeyScope::bucket("other")))
        .key(retired.not_after(UnixSeconds::new(NOW - 1)))
}

fn verifier() -> Verifier {
    flooded(every_site())
}

/// With a key for which as many signatures have failed as may fail in a day.
fn flooded(builder: VerifierBuilder) -> Verifier {
    let limits = FailedSignatures::unlimited().per_key(Rate::new(200, Duration::from_hours(24)).unwrap());
    let key = TestKey::SecretOther.key_as("flooded", KeyScope::bucket("vod"));
    let verifier = builder.failed_signatures(limits).key(key).build().unwrap();
    let bad = get(PATH).query(compact(FLOODED, &claims(&[]), [0; 32])).parsed().unwrap();
    for _ in 0..200 {
        let decision = verifier.decide(&bad, UnixSeconds::new(NOW));
        let denial = decision.denial().or(decision.unenforced_denial());
        assert_eq!(denial, Some(Denial::BadSignature));
    }
    verifier
}

const FLOODED: &str = r#"{"alg":"HS256","kid":"flooded"}"#;

fn every_site() -> VerifierBuilder {
    every_site_as(|site| site)
}

/// The verifier of the rows, none of whose sites enforces.
pub(crate) fn unenforcing_verifier() -> Verifier {
    flooded(every_site_as(|site| site.danger(Danger { enforce: false })))
}

/// Every site, with a change to those that are not public.
fn every_site_as(change: fn(Site) -> Site) -> VerifierBuilder {
    let open =
        Site::bucket("open").id("open").host("open.example.com").public().forward(Forward::only_keys(["a"]));
    let folder = Site::bucket("vod").id("folder").host("folder.example.com").base_path("/media/");
    let tls = Site::bucket("vod").id("tls").host("tls.example.com").require_https(true);
    let links = || SecureLink::gcore(LINK_SECRET);
    let link = Site::bucket("vod").id("link").host("link.example.com").max_lifetime(Duration::from_hours(1));
    let link = link.secure_link(links());
    let bound = Site::bucket("vod").id("bound").host("bound.example.com");
    let bound = bound.secure_link(links().ip_binding(IpBinding::EXACT));
    let akamai =
        Site::bucket("vod").id("akamai").host("akamai.example.com").max_lifetime(Duration::from_hours(1));
    let akamai =
        akamai.akamai(Akamai::new(AKAMAI_KEY).carriers([AkamaiCarrier::Query, AkamaiCarrier::Header]));
    let cloudfront = CloudFront::new().protocol(Protocol::Https).hashes([SignatureHash::Sha256]);
    let cloudfront =
        Site::bucket("vod").id("cloudfront").host("cloudfront.example.com").cloudfront(cloudfront);
    let embed = Site::bucket("vod").id("embed").host("embed.example.com").embed(Embed::new());
    let sites = [folder, tls, link, bound, akamai, cloudfront, embed].map(change);
    let sites = sites.into_iter().chain([open]).map(|site| site.cors(Cors::with_credentials([ORIGIN])));
    // The tests come from this machine, as a proxy would that ends TLS here.
    let builder = builder(change(main_site())).trusted_proxies(["127.0.0.1"]);
    let builder = builder.key(cloudfront_key(TestKey::RsaOther, KeyScope::bucket("vod")));
    sites.fold(builder, VerifierBuilder::site).outside(Outside::Refuse).store(&store())
}

/// Good claims, with these in place of theirs.
fn claims(changes: &[(&str, Option<&str>)]) -> String {
    let good = [
        ("uri", r#""videos/1/""#.to_owned()),
        ("exp", (NOW + 60).to_string()),
        ("iss", r#""us""#.to_owned()),
        ("aud", r#""cdn""#.to_owned()),
    ];
    let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let mut members: Vec<String> = kept.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    let changed = changes.iter().filter_map(|(name, value)| Some(format!(r#""{name}":{}"#, (*value)?)));
    members.extend(changed);
    format!("{{{}}}", members.join(","))
}

fn with_claim(name: &str, value: impl AsRef<str>) -> String {
    TestKey::Rsa.token(&claims(&[(name, Some(value.as_ref()))]))
}

fn without_claim(name: &str) -> String {
    TestKey::Rsa.token(&claims(&[(name, None)]))
}

fn with_header(header: &str) -> String {
    TestKey::Rsa.sign(header, &claims(&[]))
}

fn good() -> String {
    TestKey::Rsa.token(&claims(&[]))
}

const PATH: &str = "/videos/1/a.ts";
const LINK_SECRET: &str = "a shared secret";
const AKAMAI_KEY: &str = "00112233445566778899aabbccddeeff";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = requests();
    rows.extend(carried_rows());
    rows.extend(headers());
    rows.extend(claim_rows());
    rows.extend(link_rows());
    rows.extend(akamai_rows());
    rows.extend(cloudfront_rows());
    rows.extend(embed_rows());
    rows
}

/// The embed tokens that rows speak of, by what is the matter with them.
const EMBEDS: [&str; 3] = [
    "11111111111111111111111111111111",
    "22222222222222222222222222222222",
    "33333333333333333333333333333333",
];

/// A store with these tokens and revocations.
fn store() -> Store {
    let store = Store::in_memory();
    let site = || Site::bucket("vod").id("embed").host("embed.example.com").embed(Embed::new());
    let at = |now: i64| crate::support::at(now).store(&store).site(site()).build().unwrap();
    let [old, revoked, elsewhere] = EMBEDS.map(|text| EmbedToken::parse(text).unwrap());
    let issue = |now: i64, draft: EmbedDraft| {
        at(now).embeds("embed").unwrap().issue(draft).now_or_never().unwrap().unwrap();
    };
    issue(NOW - 3600, EmbedDraft::new("1").token(old).expires_in(Duration::from_hours(1)));
    issue(NOW, EmbedDraft::new("1").token(elsewhere).origins(["elsewhere.example.com"]));
    issue(NOW, EmbedDraft::new("1").token(revoked));
    at(NOW).embeds("embed").unwrap().revoke(revoked).now_or_never().unwrap().unwrap();
    at(NOW).revoke(Revocation::token("gone")).now_or_never().unwrap().unwrap();
    store
}

/// What is the matter with an embed token, and with a signed one that was taken back.
fn embed_rows() -> Vec<Row> {
    let row = |name, token: &str, denial, verdict| Row {
        name,
        ask: get("/videos/1/master.m3u8").query(token).host("embed.example.com"),
        denial,
        verdict,
        challenge: None,
    };
    let [old, revoked, elsewhere] = EMBEDS;
    let (expires, now) = (UnixSeconds::new(NOW), UnixSeconds::new(NOW));
    let unknown = "0".repeat(32);
    let gone = with_claim("jti", "\"gone\"");
    vec![
        row("an unknown embed token", &unknown, Denial::EmbedUnknown, "403 embed_unknown"),
        row("an old embed token", old, Denial::EmbedExpired { expires, now }, "403 embed_expired"),
        row("a revoked embed token", revoked, Denial::Revoked, "403 revoked"),
        row("an embed token without its page", elsewhere, Denial::OriginNotAllowed, "403 origin_not_allowed"),
        Row {
            ask: get(PATH).cookie(&gone),
            ..row("a signed token that was taken back", "", Denial::Revoked, "403 revoked")
        },
    ]
}

/// What is wrong with a secure link.
fn link_rows() -> Vec<Row> {
    let signer = LinkSigner::new(&SecureLink::gcore(LINK_SECRET)).unwrap();
    let signed = |at: i64| signer.link(PATH).expires_at(UnixSeconds::new(at)).sign().unwrap();
    let row = |name, target: String, denial, verdict| Row {
        name,
        ask: get(target).host("link.example.com"),
        denial,
        verdict,
        challenge: None,
    };
    let bad = |name, target, fault| row(name, target, Denial::LinkBad(fault), "403 link_bad");
    let good = signed(NOW + 60);
    let unknown = Row {
        ask: get(&good).host("bound.example.com").field("x-forwarded-for", "unknown"),
        ..bad("a link for a client that cannot be told", String::new(), LinkFault::ClientUnknown)
    };
    let (expires, now) = (UnixSeconds::new(NOW), UnixSeconds::new(NOW));
    vec![
        bad("a link without its expiry", good.split('&').next().unwrap().to_owned(), LinkFault::NoExpiry),
        bad("a link with another expiry", good.replace("expires=", "expires=-"), LinkFault::Expiry),
        bad("a link with half a proof", good.replace("&expires", "A&expires"), LinkFault::Proof),
        bad("a link for another path", good.replace("/1/", "/2/"), LinkFault::Mismatch),
        bad("a link for two hours where one is allowed", signed(NOW + 7200), LinkFault::Lifetime),
        unknown,
        row("an old link", signed(NOW), Denial::LinkExpired { expires, now }, "410 link_expired"),
        row(
            "a proof twice",
            format!("{good}&md5=x"),
            Denial::AmbiguousCredential(Repeated::QueryParameter),
            "400 ambiguous_credential",
        ),
    ]
}

/// What is wrong with an Akamai token.
fn akamai_rows() -> Vec<Row> {
    let signer = AkamaiSigner::new(&Akamai::new(AKAMAI_KEY)).unwrap();
    let at = UnixSeconds::new;
    let draft = || signer.acl(["/videos/1/*"]).expires_at(at(NOW + 60));
    let good = draft().sign().unwrap();
    let row = |name, token: &str, denial, verdict| Row {
        name,
        ask: get(format!("{PATH}?hdnts={token}")).host("akamai.example.com"),
        denial,
        verdict,
        challenge: None,
    };
    let bad =
        |name, token: &str, fault| row(name, token, Denial::UrlSignatureBad(fault), "403 url_signature_bad");
    let of_other = draft().client("192.0.2.77".parse().unwrap()).sign().unwrap();
    let unknown = "an Akamai token for a client that cannot be told";
    let unknown = bad(unknown, &of_other, UrlSignatureFault::ClientUnknown);
    let unknown = Row { ask: unknown.ask.field("x-forwarded-for", "unknown"), ..unknown };
    let other = bad("an Akamai token of another client", &of_other, UrlSignatureFault::OtherClient);
    let (old, early) = (draft().expires_at(at(NOW)), draft().starts_at(at(NOW + 1)));
    let (far, now) = (draft().expires_at(at(NOW + 7200)), at(NOW));
    let (expired, not_yet) = ("403 url_signature_expired", "403 url_signature_not_yet_valid");
    let elsewhere = signer.acl(["/videos/2/*"]).expires_at(at(NOW + 60)).sign().unwrap();
    vec![
        bad("an Akamai token of 8193 bytes", &"x".repeat(8193), UrlSignatureFault::TooLong),
        bad("an Akamai token without hmac", "exp=1~acl=/*", UrlSignatureFault::Form),
        bad("an Akamai token with two exp", &format!("exp=1~{good}"), UrlSignatureFault::RepeatedField),
        bad("an Akamai token with a url", &format!("url=/~{good}"), UrlSignatureFault::UnknownField),
        bad("an Akamai token with a word for exp", &good.replace("exp=", "exp=x"), UrlSignatureFault::Date),
        bad("an Akamai token without exp", "acl=/*~hmac=00", UrlSignatureFault::NoExpiry),
        bad("an Akamai token with an empty acl", "exp=1~acl=~hmac=00", UrlSignatureFault::NoScope),
        bad("an Akamai token with another acl", &good.replace("/1/", "/2/"), UrlSignatureFault::Mismatch),
        bad("an Akamai token for two hours", &far.sign().unwrap(), UrlSignatureFault::Lifetime),
        Row { ask: other.ask.field("x-forwarded-for", "203.0.113.7"), ..other },
        unknown,
        row(
            "an old Akamai token",
            &old.sign().unwrap(),
            Denial::UrlSignatureExpired { expires: now, now },
            expired,
        ),
        row(
            "an early Akamai token",
            &early.sign().unwrap(),
            Denial::UrlSignatureNotYetValid { starts: at(NOW + 1), now },
            not_yet,
        ),
        row(
            "an Akamai token for another path",
            &elsewhere,
            Denial::UrlSignatureOutOfScope,
            "403 url_signature_out_of_scope",
        ),
        Row {
            ask: get(PATH).host("akamai.example.com").field("hdnts", "x").field("hdnts", "x"),
            ..row(
                "two fields with Akamai tokens",
                "",
                Denial::AmbiguousCredential(Repeated::HeaderField),
                "400 ambiguous_credential",
            )
        },
    ]
}

/// What is wrong with a credential of CloudFront, as far as no other row has it.
fn cloudfront_rows() -> Vec<Row> {
    let signer = cloudfront_signer(TestKey::RsaOther);
    let at = UnixSeconds::new;
    let url = |path: &str| signer.url(format!("https://cloudfront.example.com{path}"));
    let good = url(PATH).expires_at(at(NOW + 60)).sign().unwrap();
    let row = |name, query: &str, denial, verdict| Row {
        name,
        ask: get(format!("{PATH}?{query}")).host("cloudfront.example.com"),
        denial,
        verdict,
        challenge: None,
    };
    let bad =
        |name, query: &str, fault| row(name, query, Denial::UrlSignatureBad(fault), "403 url_signature_bad");
    let (query, now) = (good.query(), at(NOW));
    let (less, _) = query.split_once("&Signature").unwrap();
    let (sha1, _) = query.split_once("&Hash").unwrap();
    let elsewhere = signer.policy("https://cloudfront.example.com/videos/2/*").expires_at(at(NOW + 60));
    let twice = good.cookies().map(|(name, value)| format!("{name}={value}; {name}={value}"));
    let twice = twice.collect::<Vec<_>>().join("; ");
    let repeated = Denial::AmbiguousCredential(Repeated::Cookie);
    vec![
        bad("a CloudFront URL without a signature", less, UrlSignatureFault::Incomplete),
        bad("a CloudFront URL with SHA-1", sha1, UrlSignatureFault::HashRefused),
        bad(
            "a CloudFront URL of another file",
            &url("/b").expires_at(at(NOW + 60)).sign().unwrap().query(),
            UrlSignatureFault::Mismatch,
        ),
        row(
            "an old CloudFront URL",
            &url(PATH).expires_at(now).sign().unwrap().query(),
            Denial::UrlSignatureExpired { expires: now, now },
            "403 url_signature_expired",
        ),
        row(
            "a CloudFront policy for another path",
            &elsewhere.sign().unwrap().query(),
            Denial::UrlSignatureOutOfScope,
            "403 url_signature_out_of_scope",
        ),
        Row {
            challenge: INVALID,
            ..row(
                "a CloudFront URL of an unknown key",
                &query.replace("Id=rsa-other", "Id=gone"),
                Denial::UnknownKey,
                "401 unknown_key",
            )
        },
        Row {
            ask: get(PATH).host("cloudfront.example.com").field("cookie", twice),
            ..row("two cookies of one name", "", repeated, "400 ambiguous_credential")
        },
    ]
}

/// What is wrong with the request itself.
#[expect(clippy::too_many_lines, reason = "a row for each fault")]
fn requests() -> Vec<Row> {
    let row = |name, ask, denial, verdict, challenge| Row { name, ask, denial, verdict, challenge };
    let path = |name, target: &str, fault| {
        row(name, get(target).cookie(good()), Denial::AmbiguousPath(fault), "400 ambiguous_path", None)
    };
    let twice = Denial::AmbiguousCredential;
    let open = get("/a").host("open.example.com").method("PUT");
    let outside = get("/app/a").host("folder.example.com");
    vec![
        path("dot segment", "/videos/1/../2/a.ts", PathFault::DotSegment),
        path("empty segment", "/videos//a.ts", PathFault::EmptySegment),
        path("encoded slash", "/videos%2fa.ts", PathFault::EncodedSlash),
        path("backslash", "/videos\\a.ts", PathFault::Backslash),
        path("control character", "/videos/%00", PathFault::Control),
        path("percent-encoding", "/videos/%zz", PathFault::PercentEncoding),
        path("decodes again", "/videos/%252e%252e/", PathFault::DecodesAgain),
        path("not UTF-8", "/videos/%ff", PathFault::NotUtf8),
        path("too long", &format!("/{}", "a".repeat(5000)), PathFault::TooLong),
        row(
            "no leading slash",
            get("*").http1_only(),
            Denial::AmbiguousPath(PathFault::NotAbsolute),
            "400 ambiguous_path",
            None,
        ),
        row(
            "reads inside",
            get("/%256dedia/a").host("folder.example.com"),
            Denial::AmbiguousPath(PathFault::ReadsInside),
            "400 ambiguous_path",
            None,
        ),
        row(
            "folds inside",
            get("/MEDIA/a").host("folder.example.com"),
            Denial::AmbiguousPath(PathFault::FoldsInside),
            "400 ambiguous_path",
            None,
        ),
        row(
            "no host",
            get(PATH).without_host(),
            Denial::AmbiguousHost(HostFault::Missing),
            "400 ambiguous_host",
            None,
        ),
        row(
            "two hosts",
            get(PATH).field("host", HOST).http1_only(),
            Denial::AmbiguousHost(HostFault::Repeated),
            "400 ambiguous_host",
            None,
        ),
        row(
            "hosts disagree",
            get(format!("http://other.example.com{PATH}")).http1_only(),
            Denial::AmbiguousHost(HostFault::Disagrees),
            "400 ambiguous_host",
            None,
        ),
        row(
            "no host name",
            get(PATH).host("a b").http1_only(),
            Denial::AmbiguousHost(HostFault::Malformed),
            "400 ambiguous_host",
            None,
        ),
        row(
            "unknown host",
            get(PATH).host("other.example.com"),
            Denial::UnknownHost,
            "421 unknown_host",
            None,
        ),
        row("outside", outside, Denial::Outside, "404 outside", None),
        row(
            "plain HTTP",
            get(PATH).host("tls.example.com").field("x-forwarded-proto", "http"),
            Denial::HttpsRequired,
            "403 https_required",
            None,
        ),
        row(
            "two parameters",
            get(PATH).query(good()).query(good()),
            twice(Repeated::QueryParameter),
            "400 ambiguous_credential",
            None,
        ),
        row(
            "two authorizations",
            get(PATH).bearer(good()).bearer(good()),
            twice(Repeated::Authorization),
            "400 ambiguous_credential",
            None,
        ),
        row("nothing", get(PATH), Denial::CredentialMissing, "401 credential_missing", BARE),
        row(
            "method",
            get(PATH).method("DELETE").cookie(good()),
            Denial::Method { verified: true },
            "405 method",
            None,
        ),
        row("method on a public site", open, Denial::Method { verified: false }, "405 method", None),
    ]
}

/// What would be carried into a manifest.
fn carried_rows() -> Vec<Row> {
    let row = |name, path: &str, host: &str, verified| Row {
        name,
        ask: get(format!("{path}?a={}", "x".repeat(MAX_CARRIED))).host(host).cookie(good()),
        denial: Denial::QueryTooLong { verified },
        verdict: "414 query_too_long",
        challenge: None,
    };
    vec![
        row("too much to carry", "/videos/1/a.m3u8", HOST, true),
        row("too much to carry on a public site", "/a.mpd", "open.example.com", false),
    ]
}

/// What is wrong with the token before its claims are looked at.
fn headers() -> Vec<Row> {
    let row = |name, token: String, denial, verdict, challenge| Row {
        name,
        ask: get(PATH).cookie(token),
        denial,
        verdict,
        challenge,
    };
    let malformed =
        |name, token, fault| row(name, token, Denial::MalformedToken(fault), "401 malformed_token", INVALID);
    let rs256 = |rest: &str| with_header(&format!(r#"{{"alg":"RS256","kid":"rsa"{rest}}}"#));
    let many: Vec<String> = (0..64).map(|number| format!(r#","m{number}":0"#)).collect();
    let nested = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let token = good();
    let retired = TestKey::Secret.sign(r#"{"alg":"HS256","kid":"retired"}"#, &claims(&[]));
    let (not_after, now) = (UnixSeconds::new(NOW - 1), UnixSeconds::new(NOW));
    vec![
        malformed("empty", String::new(), TokenFault::Empty),
        malformed("too long", format!("{token}{}", "A".repeat(2000)), TokenFault::TooLong),
        malformed("segments", "undefined".to_owned(), TokenFault::Segments),
        malformed("base64", format!("{token}="), TokenFault::Base64),
        malformed("JSON", compact("[]", "{}", "x"), TokenFault::Json),
        malformed("UTF-8", "_w.e30.AA".to_owned(), TokenFault::NotUtf8),
        malformed("duplicate", rs256(r#","kid":"rsa""#), TokenFault::DuplicateMember),
        malformed("members", rs256(&many.concat()), TokenFault::TooManyMembers),
        malformed("nesting", rs256(&format!(r#","a":{nested}"#)), TokenFault::TooDeep),
        malformed("alg", with_header(r#"{"kid":"rsa"}"#), TokenFault::Algorithm),
        malformed("kid", with_header(r#"{"alg":"RS256","kid":7}"#), TokenFault::KeyId),
        malformed(
            "milliseconds",
            TestKey::Rsa.token(&claims(&[("exp", Some("1790000000000"))])),
            TokenFault::Milliseconds { claim: ClaimName::Exp, date: UnixSeconds::new(1_790_000_000_000) },
        ),
        Row {
            name: "percent-encoding",
            ask: get(PATH).query("%zz"),
            denial: Denial::MalformedToken(TokenFault::PercentEncoding),
            verdict: "401 malformed_token",
            challenge: INVALID,
        },
        row("typ", rs256(r#","typ":"JWE""#), Denial::WrongType, "401 malformed_token", INVALID),
        row("crit", rs256(r#","crit":[]"#), Denial::CriticalHeader, "401 malformed_token", INVALID),
        row(
            "none",
            with_header(r#"{"alg":"none","kid":"rsa"}"#),
            Denial::UnsignedToken,
            "401 wrong_algorithm",
            INVALID,
        ),
        row(
            "XML-DSig",
            with_header(r#"{"alg":"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256","kid":"rsa"}"#),
            Denial::XmlDsigAlgorithm,
            "401 wrong_algorithm",
            INVALID,
        ),
        row(
            "another algorithm",
            with_header(r#"{"alg":"HS256","kid":"rsa"}"#),
            Denial::WrongAlgorithm,
            "401 wrong_algorithm",
            INVALID,
        ),
        row("no kid", with_header(r#"{"alg":"RS256"}"#), Denial::MissingKeyId, "401 unknown_key", INVALID),
        row(
            "unknown kid",
            with_header(r#"{"alg":"RS256","kid":"gone"}"#),
            Denial::UnknownKey,
            "401 unknown_key",
            INVALID,
        ),
        row("retired key", retired, Denial::RetiredKey { not_after, now }, "401 unknown_key", INVALID),
        row("key scope", TestKey::P256.token(&claims(&[])), Denial::WrongKeyScope, "403 wrong_key", None),
        row(
            "signature",
            TestKey::RsaOther.sign(&TestKey::Rsa.header(), &claims(&[])),
            Denial::BadSignature,
            "401 bad_signature",
            INVALID,
        ),
        row(
            "too many signatures of the key have failed",
            TestKey::SecretOther.sign(FLOODED, &claims(&[])),
            Denial::TooManyFailures { of: Failing::Key, retry_after: 432 },
            "429 rate_limited",
            None,
        ),
    ]
}

/// What is wrong with the claims.
fn claim_rows() -> Vec<Row> {
    let row = |name, token: String, denial, verdict, challenge| Row {
        name,
        ask: get(PATH).bearer(token),
        denial,
        verdict,
        challenge,
    };
    let malformed = |name, claim, which| {
        row(name, with_claim(claim, "[{}]"), Denial::MalformedClaim(which), "401 malformed_token", INVALID)
    };
    let missing = |name, claim, which| {
        row(name, without_claim(claim), Denial::MissingClaim(which), "401 claim_refused", INVALID)
    };
    let now = UnixSeconds::new(NOW);
    let (exp, nbf) = (UnixSeconds::new(NOW + 3601), UnixSeconds::new(NOW + 1));
    vec![
        malformed("uri malformed", "uri", ClaimName::Uri),
        malformed("exp malformed", "exp", ClaimName::Exp),
        malformed("nbf malformed", "nbf", ClaimName::Nbf),
        malformed("iss malformed", "iss", ClaimName::Iss),
        row(
            "aud malformed",
            with_claim("aud", "7"),
            Denial::MalformedClaim(ClaimName::Aud),
            "401 malformed_token",
            INVALID,
        ),
        missing("uri missing", "uri", ClaimName::Uri),
        missing("exp missing", "exp", ClaimName::Exp),
        missing("iss missing", "iss", ClaimName::Iss),
        missing("aud missing", "aud", ClaimName::Aud),
        row(
            "expired",
            with_claim("exp", NOW.to_string()),
            Denial::Expired { exp: now, now },
            "401 expired",
            INVALID,
        ),
        row(
            "not yet valid",
            with_claim("nbf", (NOW + 1).to_string()),
            Denial::NotYetValid { nbf, now },
            "401 not_yet_valid",
            INVALID,
        ),
        row(
            "lives too long",
            with_claim("exp", (NOW + 3601).to_string()),
            Denial::LifetimeTooLong { exp, max: 3600 },
            "401 claim_refused",
            INVALID,
        ),
        row("issuer", with_claim("iss", r#""them""#), Denial::WrongIssuer, "401 claim_refused", INVALID),
        row("audience", with_claim("aud", r#""app""#), Denial::WrongAudience, "401 claim_refused", INVALID),
        row(
            "leading slash",
            with_claim("uri", r#""/videos/1/""#),
            Denial::ScopeStartsWithSlash,
            "403 out_of_scope",
            SCOPE,
        ),
        row("whole bucket", with_claim("uri", r#""""#), Denial::WholeBucket, "403 out_of_scope", SCOPE),
        row(
            "out of scope",
            with_claim("uri", r#""videos/2/""#),
            Denial::OutOfScope,
            "403 out_of_scope",
            SCOPE,
        ),
        row(
            "hook",
            with_claim("plan", r#""none""#),
            Denial::RefusedByHook(Refuse::default()),
            "403 refused_by_hook",
            None,
        ),
    ]
}

/// The layer around a service that must not be called.
async fn through_the_layer(verifier: &Verifier, request: Request<Bytes>) -> Response<ReplyBody<Full<Bytes>>> {
    let inner = service_fn(|_: Request<Bytes>| async {
        Ok::<Response<Full<Bytes>>, &str>(Response::new(Full::from("inner")))
    });
    GateLayer::new(verifier.clone()).layer(inner).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn every_denial_is_answered_as_decided() {
    let world = World::start(verifier()).await;
    for Row { name, ask, denial, verdict, challenge } in rows() {
        if denial == Denial::UrlSignatureBad(UrlSignatureFault::OtherClient) {
            continue; // not every server here knows its peer
        }
        let answer = world.ask(&ask.origin(ORIGIN)).await;
        assert_eq!(answer.verdict(), verdict, "{name}");
        assert_eq!(answer.denial, Some(denial), "{name}");
        assert_eq!(answer.field("www-authenticate"), challenge, "{name}");
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{name}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{name}");
        assert_eq!(answer.field("allow"), (answer.status == 405).then_some("GET, HEAD"), "{name}");

        let has_site = !matches!(denial, Denial::UnknownHost | Denial::Outside | Denial::AmbiguousHost(_));
        let cors = |value| has_site.then_some(value);
        assert_eq!(answer.field("access-control-allow-origin"), cors(ORIGIN), "{name}");
        assert_eq!(answer.field("access-control-allow-credentials"), cors("true"), "{name}");
        assert_eq!(answer.field("vary"), cors("origin"), "{name}");

        let problem = answer.problem().unwrap();
        assert_eq!(problem["status"], answer.status, "{name}");
        assert_eq!(problem["code"], denial.code_text(), "{name}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{name}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_code_is_covered_by_a_row() {
    let covered: BTreeSet<Code> = rows().iter().map(|row| row.denial.code()).collect();
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| !covered.contains(code)).collect();
    // A store that is shared is not here: `fleet`.
    assert_eq!(missing, [&Code::StoreUnavailable]);
    for row in rows() {
        let status = row.verdict.split(' ').next().unwrap();
        assert_eq!(status, row.denial.code().default_status().to_string(), "{}", row.name);
    }
}

#[tokio::test]
async fn the_denial_is_in_the_extensions_of_its_response() {
    let verifier = verifier();
    for Row { name, ask, denial, .. } in rows() {
        // From this machine, as through a server.
        let mut request = ask.parsed().unwrap();
        request.extensions_mut().insert(PeerAddr("127.0.0.1:40000".parse().unwrap()));
        let response = through_the_layer(&verifier, request).await;
        assert_eq!(response.extensions().get::<Denial>(), Some(&denial), "{name}");
        let verified = [
            "method",
            "too much to carry",
            "hook",
            "an old link",
            "a link for two hours where one is allowed",
            "an Akamai token for two hours",
            "an Akamai token of another client",
            "an Akamai token for a client that cannot be told",
            "an old embed token",
            "a revoked embed token",
            "an embed token without its page",
            "a signed token that was taken back",
        ];
        assert_eq!(denial.verified(), verified.contains(&name), "{name}");
    }
    let granted = through_the_layer(&verifier, get(PATH).cookie(good()).parsed().unwrap()).await;
    assert!(granted.extensions().get::<Denial>().is_none());
    assert_eq!(granted.into_body().collect().await.unwrap().to_bytes(), "inner");
}

#[test]
fn every_denial_is_explained_by_the_rule_that_failed_and_a_remedy() {
    let verifier = verifier();
    let mut rules = BTreeSet::new();
    for Row { name, ask, denial, verdict, .. } in rows() {
        let mut request = ask.parsed().unwrap();
        request.extensions_mut().insert(PeerAddr("127.0.0.1:40000".parse().unwrap()));
        let explanation = verifier.explain(&request, UnixSeconds::new(NOW));
        let (status, code) = (explanation.status.unwrap(), explanation.code.unwrap());
        assert_eq!(format!("{status} {code}"), verdict, "{name}: {explanation}");
        assert_eq!(explanation.reason, Some(denial.to_string()), "{name}: {explanation}");
        assert!(!explanation.remedies.is_empty(), "{name}: {explanation}");
        let own = explanation.credentials.iter().flat_map(|credential| &credential.steps);
        let failed: Vec<_> =
            own.chain(&explanation.steps).filter(|step| step.result == StepResult::Failed).collect();
        let [step] = *failed else { panic!("{name}: {explanation}") };
        assert!(step.detail.as_ref().unwrap().starts_with(&denial.to_string()), "{name}: {explanation}");
        rules.insert(step.rule.as_str());
    }
    // Not among the rows: a bucket that the host does not name, and a rate.
    let expected = [
        "address",
        "algorithm",
        "audience",
        "base_path",
        "credential",
        "expiry",
        "form",
        "hook",
        "host",
        "https",
        "issuer",
        "key",
        "key_in_force",
        "key_scope",
        "method",
        "not_before",
        "origin",
        "path",
        "query_length",
        "record",
        "revocation",
        "scope",
        "signature",
    ];
    assert_eq!(rules.into_iter().collect::<Vec<_>>(), expected);
}

/// A middleware or a logger of actix-web finds it where one of tower does.
#[tokio::test]
async fn the_denial_is_in_the_extensions_of_its_response_behind_actix_web_too() {
    let verifier = verifier();
    let inner = actix_web::web::to(async || actix_web::HttpResponse::Ok().body("inner"));
    let app = actix_web::App::new().wrap(ActixGate::new(verifier.clone())).default_service(inner);
    let app = actix_web::test::init_service(app).await;
    let mut seen = 0;
    for Row { name, ask, denial, .. } in rows() {
        // Other rows need a peer, or bytes that this builder of requests refuses.
        let is_plain = ask.fields.is_empty() && ask.method == "GET" && !name.contains("client");
        let (Some(host), true) = (&ask.host, is_plain && ask.target.parse::<http::Uri>().is_ok()) else {
            continue;
        };
        let request =
            actix_web::test::TestRequest::get().uri(&ask.target).insert_header(("host", host.as_str()));
        let response = actix_web::test::call_service(&app, request.to_request()).await;
        assert_eq!(response.response().extensions().get::<Denial>(), Some(&denial), "{name}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
    let target = format!("{PATH}?auth={}", good());
    let request = actix_web::test::TestRequest::get().uri(&target).insert_header(("host", HOST));
    let response = actix_web::test::call_service(&app, request.to_request()).await;
    assert_eq!(response.status(), 200);
    assert!(response.response().extensions().get::<Denial>().is_none());
}

#[tokio::test]
async fn a_refused_head_has_the_headers_of_a_refused_get_and_no_body() {
    let world = World::start(verifier()).await;
    for Row { name, ask, .. } in rows().into_iter().filter(|row| row.ask.method == "GET") {
        let get = world.ask(&ask).await;
        let head = world.ask(&ask.method("HEAD")).await;
        assert!(head.body.is_empty(), "{name}");
        assert_eq!(head.status, get.status, "{name}");
        assert_eq!(head.essence().1, get.essence().1, "{name}");
    }
}

#[tokio::test]
async fn a_content_length_for_head_is_that_of_the_body_that_get_would_have() {
    let world = World::start(verifier()).await;
    let length = world.ask(&get(PATH)).await.body.len().to_string();
    let head = get(PATH).method("HEAD");
    let mut answers = Vec::new();
    for (door, address) in world.addresses() {
        answers.push((door, crate::support::http1(door, address, &head.http1()).await));
    }
    for (door, answer) in answers {
        // It may be left out, but it must not be another (RFC 9110 §8.6).
        assert!(answer.field("content-length").is_none_or(|value| value == length), "{door}: {answer:?}");
    }
    assert_eq!(world.http2(head.http2().unwrap()).await.status, 401);
}

#[tokio::test]
async fn a_site_can_remap_statuses_and_the_challenge_follows_the_status() {
    let site = main_site()
        .answer(Code::CredentialMissing, 403)
        .answer(Code::OutOfScope, 404)
        .answer(Code::Expired, 410)
        .answer(Code::WrongKey, 401)
        .answer(Code::Method, 403)
        .answer(Code::AmbiguousPath, 404);
    let world = World::start(builder(site).build().unwrap()).await;
    let expired = with_claim("exp", NOW.to_string());
    for (name, ask, verdict, challenge) in [
        ("nothing", get(PATH), "403 credential_missing", None),
        ("out of scope", get("/x").cookie(good()), "404 out_of_scope", None),
        ("expired", get(PATH).cookie(expired), "410 expired", None),
        ("wrong key", get(PATH).cookie(TestKey::P256.token(&claims(&[]))), "401 wrong_key", BARE),
        ("method", get(PATH).method("PUT").cookie(good()), "403 method", None),
        ("path", get("/a/../b"), "404 ambiguous_path", None),
        ("untouched", get(PATH).cookie("junk"), "401 malformed_token", INVALID),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), verdict, "{name}");
        assert_eq!(answer.field("www-authenticate"), challenge, "{name}");
        assert_eq!(answer.field("allow"), None, "{name}");
        assert_eq!(answer.problem().unwrap()["status"], answer.status, "{name}");
    }
}

#[tokio::test]
async fn without_the_reason_a_body_tells_no_more_than_its_status() {
    let world = World::start(flooded(every_site().expose_reason(false))).await;
    for Row { name, ask, verdict, challenge, .. } in rows() {
        let answer = world.ask(&ask).await;
        assert_eq!(Some(answer.verdict().as_str()), verdict.split(' ').next(), "{name}");
        let problem = answer.problem().unwrap();
        let members: Vec<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["status", "title"], "{name}");
        assert_eq!(answer.field("www-authenticate"), challenge, "{name}");
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{name}");
    }
}

/// Fails if `text` has `token` in it, or one of its segments, as text or as the numbers of its bytes.
fn shows_nothing(text: &str, token: &str, what: &str) {
    let numbers = |bytes: &[u8]| bytes.iter().take(8).map(u8::to_string).collect::<Vec<_>>().join(", ");
    for part in token.split('.').chain([token]).filter(|part| part.len() > 16) {
        assert!(!text.contains(part), "{what} shows {part}: {text}");
        assert!(!text.contains(&numbers(part.as_bytes())), "{what} shows {part} as numbers: {text}");
    }
    let signature = token.rsplit('.').next().unwrap();
    if let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature)
        && signature.len() > 16
    {
        assert!(!text.contains(&numbers(&signature)), "{what} shows the signature: {text}");
    }
}

#[tokio::test]
async fn no_answer_shows_the_token() {
    let world = World::start(verifier()).await;
    for Row { name, ask, .. } in rows() {
        let Some(token) = token_in(&ask) else { continue };
        let answer = world.ask(&ask.origin(ORIGIN)).await;
        let text = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.body));
        shows_nothing(&text, &token, name);
    }
}

#[tokio::test]
async fn no_debug_shows_the_token() {
    let site = main_site().grant_extension(true).strip_credentials(true).identity_header("x-viewer", "sub");
    let verifier = builder(site).build().unwrap();
    let mut asks: Vec<Ask> = rows().into_iter().map(|row| row.ask).collect();
    asks.extend([get(PATH).cookie(good()), get(PATH).query(good()), get(PATH).bearer(good())]);
    for ask in asks {
        let Some(token) = token_in(&ask) else { continue };
        let request = ask.parsed().unwrap();
        let decision = verifier.decide(&request, verifier.now());
        shows_nothing(&format!("{decision:?}"), &token, "the decision");
        if let playgate::Decision::Granted(grant) = &decision {
            shows_nothing(&format!("{grant:?}{:?}", grant.to_owned()), &token, "the grant");
        }
        if let Some(denial) = decision.denial() {
            shows_nothing(&format!("{denial:?} {denial}"), &token, "the denial");
        }
        shows_nothing(&format!("{:?}", decision.reply(&request)), &token, "the reply");
        let mut buffer = playgate::schemes::jws::TokenBuffer::new();
        let parsed = format!("{:?}", playgate::schemes::jws::Token::parse(token.as_bytes(), &mut buffer));
        shows_nothing(&parsed, &token, "the parsed token");
        let response = through_the_layer(&verifier, request.clone()).await;
        shows_nothing(&format!("{response:?}"), &token, "the response");
    }
    let keys = format!("{verifier:?} {:?} {:?}", verifier.keys(), verifier.snapshot());
    assert!(!keys.contains("a test secret"), "{keys}");
}

/// The credential that a row brings.
fn token_in(ask: &Ask) -> Option<String> {
    let query = ask.target.split_once("auth=").map(|(_, value)| value);
    let fields = ask.fields.iter().find_map(|(_, value)| {
        value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("Qencode-Auth-Token="))
    });
    query.or(fields).filter(|token| token.len() > 40).map(str::to_owned)
}

#[tokio::test]
async fn a_refusal_is_one_log_line_with_code_site_method_path_kid_and_client() {
    lines_about("start");
    let verifier = verifier();
    for (number, Row { name, ask, denial, .. }) in rows().into_iter().enumerate() {
        if denial == Denial::LinkBad(LinkFault::ClientUnknown)
            || denial == Denial::UrlSignatureBad(UrlSignatureFault::ClientUnknown)
        {
            continue; // here it can be told
        }
        let token = token_in(&ask);
        let mark = format!("198.51.100.{number}");
        let mut request = ask.parsed().unwrap();
        let peer = format!("{mark}:40000").parse().unwrap();
        request.extensions_mut().insert(PeerAddr(peer));
        let path = request.uri().path().to_owned();
        through_the_layer(&verifier, request).await;
        let lines = lines_about(&format!("client=\"{mark}\""));
        let [line] = lines.as_slice() else { panic!("{name}: {lines:?}") };
        assert!(line.contains(" INFO playgate: refused "), "{name}: {line}");
        let has = |field: &str| line.split_ascii_whitespace().any(|word| word == field);
        assert!(has(&format!("code=\"{}\"", denial.code())), "{name}: {line}");
        assert!(has(&format!("method={:?}", ask.method)), "{name}: {line}");
        if path.len() > 256 {
            assert!(line.contains(&format!(" path=\"/{{{} bytes #", path.len() - 1)), "{name}: {line}");
        } else {
            assert!(has(&format!("path={:?}", path.replace('\\', "\\\\"))), "{name}: {line}");
        }
        assert!(line.contains(&format!("reason={:?}", denial.to_string())), "{name}: {line}");
        match denial {
            Denial::UnknownHost | Denial::Outside | Denial::AmbiguousHost(_) => {
                assert!(!line.contains("site="), "{line}");
            }
            _ if matches!(name, "reads inside" | "folds inside") => {
                assert!(has("site=\"folder\""), "{name}: {line}");
            }
            Denial::HttpsRequired => assert!(has("site=\"tls\""), "{name}: {line}"),
            _ if ask.host.as_deref() == Some("link.example.com") => {
                assert!(has("site=\"link\""), "{name}: {line}");
            }
            _ if ask.host.as_deref() == Some("akamai.example.com") => {
                assert!(has("site=\"akamai\""), "{name}: {line}");
                assert!(!line.contains("hmac"), "{name}: {line}");
            }
            _ if ask.host.as_deref() == Some("cloudfront.example.com") => {
                assert!(has("site=\"cloudfront\""), "{name}: {line}");
                assert!(!line.contains("Signature"), "{name}: {line}");
            }
            _ if ask.host.as_deref() == Some("embed.example.com") => {
                assert!(has("site=\"embed\""), "{name}: {line}");
            }
            _ if name.ends_with("public site") => assert!(has("site=\"open\""), "{name}: {line}"),
            _ => assert!(has("site=\"main\""), "{name}: {line}"),
        }
        let kid = match name {
            "key scope" => "kid=\"p256\"",
            "unknown kid" | "a CloudFront URL of an unknown key" => "kid=\"gone\"",
            "retired key" => "kid=\"retired\"",
            "signature" | "expired" | "out of scope" | "hook" | "method" | "too much to carry" => {
                "kid=\"rsa\""
            }
            _ => "",
        };
        assert!(kid.is_empty() || has(kid), "{name}: {line}");
        if let Some(token) = token {
            shows_nothing(line, &token, name);
        }
    }
}

#[tokio::test]
async fn the_servers_log_the_address_of_their_client_and_no_token() {
    lines_about("start");
    let world = World::start(verifier()).await;
    let path = "/videos/1/once-per-door.ts";
    let good = good();
    let bad = with_claim("exp", NOW.to_string());
    for ask in [get(path).query(&bad), get(path).query(&good), get(path).cookie(&bad).query("junk")] {
        world.ask(&ask).await;
    }
    let lines = lines_about(path);
    let refused = lines.iter().filter(|line| line.contains("refused") && line.contains("code=\"expired\""));
    let doors = world.addresses().count();
    assert_eq!(refused.clone().count(), 2 * doors, "each door, two protocols: {lines:#?}");
    for line in refused {
        assert!(line.contains("client=\"127.0.0.1\"") && line.contains("kid=\"rsa\""), "{line}");
    }
    let granted = lines.iter().filter(|line| line.contains("granted")).count();
    assert_eq!(granted, 2 * doors, "{lines:#?}");
    assert!(lines.iter().filter(|line| line.contains("granted")).all(|line| line.contains("DEBUG")));
    for line in lines_about("playgate: ") {
        shows_nothing(&line, &good, "a log line");
        shows_nothing(&line, &bad, "a log line");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_log_names_the_client_and_else_the_peer() {
    lines_about("start");
    let told = |path: &str| get(path).field("x-forwarded-for", "6.6.6.6, 198.51.100.7");
    let trusting = World::start(verifier()).await; // 127.0.0.1 is a proxy to it
    trusting.ask(&told("/told-and-trusts.ts")).await;
    let wary = World::start(builder(main_site()).build().unwrap()).await;
    wary.ask(&told("/told-and-wary.ts")).await;
    for (path, client) in
        [("/told-and-trusts.ts", "client=\"198.51.100.7\""), ("/told-and-wary.ts", "client=\"127.0.0.1\"")]
    {
        let lines: Vec<String> =
            lines_about(path).into_iter().filter(|line| line.contains("client=")).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(client)), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_client_cannot_forge_a_log_line() {
    lines_about("start");
    let verifier = verifier();
    let kid = r"x\u000a2026 INFO playgate: refused code=\u0022forged\u0022 \u001b[31m";
    let token = TestKey::Rsa.sign(&format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), &claims(&[]));
    let peer = PeerAddr("203.0.113.99:1".parse().unwrap());
    let mut request = get("/videos/%0aforged").cookie(token).parsed().unwrap();
    request.extensions_mut().insert(peer);
    through_the_layer(&verifier, request.clone()).await;
    *request.uri_mut() = PATH.parse().unwrap();
    through_the_layer(&verifier, request).await;
    let lines = lines_about("203.0.113.99");
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        assert!(!line.contains('\u{1b}') && !line.contains("code=\"forged\""), "{line}");
    }
}

#[test]
fn a_key_that_opens_nothing_is_told_of_when_the_verifier_is_built() {
    lines_about("start");
    let idle = TestKey::Secret.key_as("idle-key", KeyScope::bucket("corses-misspelt"));
    builder(main_site()).key(idle).build().unwrap();
    let lines = lines_about("corses-misspelt");
    assert!(lines.iter().any(|line| line.contains("WARN") && line.contains("idle-key")), "{lines:#?}");
}

#[test]
fn of_many_keys_that_open_nothing_ten_are_named_and_the_rest_is_counted() {
    lines_about("start");
    let idle = |number: usize| {
        TestKey::Secret.key_as(&format!("many-{number}"), KeyScope::bucket(format!("many-buckets-{number}")))
    };
    (0..12).map(idle).fold(gate().site(vod()), playgate::verifier::VerifierBuilder::key).build().unwrap();
    assert_eq!(lines_about("no site serves bucket \\\"many-buckets-").len(), 10);
    let rest = lines_about("and 2 more buckets of keys that no site serves");
    assert!(rest.len() == 1 && rest[0].contains("WARN"), "{rest:#?}");
}

#[test]
fn a_site_that_no_key_opens_is_told_of_when_the_verifier_is_built() {
    lines_about("start");
    let locked = |id: &str| Site::bucket("a-bucket-of-no-key").id(id).host(format!("{id}.example"));
    builder(main_site()).site(locked("locked-site")).site(locked("open-site").public()).build().unwrap();
    let lines = lines_about("a-bucket-of-no-key");
    assert!(lines.len() == 1 && lines[0].contains("locked-site") && lines[0].contains("WARN"), "{lines:#?}");
}
