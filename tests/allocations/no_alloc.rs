//! Deciding allocates nothing: neither granting nor refusing, by any rule; nor does letting the decision go. A thread, a key and
//! a remembered token allocate once.
//!
//! Counted are allocations by Rust's global allocator on the deciding thread. What a cryptographic library allocates
//! in C is not seen: AWS-LC does 25 for an RSA signature.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use crate::fixtures::{Kind, key_of};
use allocation_counter::measure;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use http::{Request, Response, Uri};
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::crypto::{Algorithm, LinkHash, MacHash, SignatureHash};
use playgate::error::{Code, Denial, LinkFault};
use playgate::keys::KeySource;
use playgate::keys::danger::any_scope;
use playgate::mint::{LinkSigner, Signer, TokenDraft};
use playgate::rate::FailedSignatures;
use playgate::rate::Rate;
use playgate::request::PeerAddr;
use playgate::revocation::Revocation;
use playgate::schemes::Carrier;
use playgate::schemes::Refuse;
use playgate::schemes::akamai::{Akamai, AkamaiCarrier, AkamaiDraft, AkamaiSigner, UrlEscaping};
use playgate::schemes::cloudfront::{CloudFront, CloudFrontDraft, CloudFrontSigner, Protocol, Wildcards};
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::schemes::link::{Covers, IpBinding, LinkEncoding, SecureLink};
use playgate::site::danger::Danger;
use playgate::site::{CacheScope, DEFAULT_TOKEN_CACHE, Forward};
use playgate::store::Store;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Decision, Key, KeyScope, Scope, Site, Verifier};
use tower::{Layer as _, Service as _};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const LATER: UnixSeconds = UnixSeconds::new(1_750_003_600);
const HOST: &str = "cdn.example.com";
const PAGE: &str = "https://app.example.com";
const LINK_SECRET: &str = "a shared secret";
const LINK_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Decides twice on each of so many threads that live at the same time. Returns the allocations of each decision.
fn on_new_threads(threads: usize, verifier: &Verifier) -> Vec<[u64; 2]> {
    let (request, barrier) = (get("/videos/1/a.ts"), std::sync::Barrier::new(threads));
    std::thread::scope(|scope| {
        let decide = || {
            barrier.wait();
            let counted = [0, 1].map(|_| measure(|| drop(verifier.decide(&request, NOW))).count_total);
            barrier.wait();
            counted
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(decide)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The allocations of a thread's first decision: its slot among the readers, its table of rows, and its row for the site.
const FIRST: u64 = 6;

#[test]
fn a_thread_allocates_its_slot_and_its_counters_with_its_first_decision_and_nothing_afterwards() {
    let verifier = Verifier::builder().site(Site::bucket("courses").host(HOST)).build().unwrap();
    let first = on_new_threads(64, &verifier);
    assert!(first.iter().all(|[first, second]| *first <= FIRST && *second == 0), "{first:?}");
    assert!(first.iter().any(|[first, _]| *first > 0), "{first:?}");
    // Later threads take the slots and the rows of earlier ones, and allocate only their own table of rows. Half as many,
    // because other tests start threads too.
    let later = on_new_threads(32, &verifier);
    assert!(later.iter().all(|[first, second]| *first <= 1 && *second == 0), "{later:?}");
}

/// How often the allocator was asked while deciding, and while the decision was let go.
fn decide(verifier: &Verifier, request: &Request<()>, check: impl FnOnce(&Decision<'_>)) -> (u64, u64) {
    drop(verifier.decide(request, NOW)); // a thread's first decision makes its slot in the live cell
    let mut decision = None;
    let deciding = measure(|| decision = Some(verifier.decide(request, NOW))).count_total;
    check(decision.as_ref().unwrap());
    (deciding, measure(|| drop(decision)).count_total)
}

fn folder() -> Scope {
    Scope::folder("videos/1").unwrap()
}

fn signed(draft: TokenDraft<'_>) -> String {
    draft.sign().unwrap().as_str().to_owned()
}

fn get(target: &str) -> Request<()> {
    Request::get(target).header("host", HOST).body(()).unwrap()
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}

#[test]
fn granting_allocates_nothing_whatever_the_algorithm_and_the_carrier() {
    for kind in Kind::ALL {
        let signer = kind.signer("k");
        let site = Site::bucket("courses")
            .host(HOST)
            .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
            .hook(|claims| if claims.has("plan", "gold") { Ok(()) } else { Err(Refuse::default()) });
        let key = || key_of(&signer, KeyScope::bucket("courses"));
        let of_room = |tokens: usize| {
            let builder = Verifier::builder().site(site.clone()).key(key()).token_cache(tokens);
            builder.build().unwrap()
        };
        let (verifier, new_each_time) = (of_room(DEFAULT_TOKEN_CACHE), of_room(0));
        let token = signed(signer.token(folder()).expires_at(LATER).claim("plan", "gold"));
        let cookies = format!("a=1; b=2; c=3; Qencode-Auth-Token={token}; d=4; e=5");
        let with = |name: &str, value: &str| {
            Request::get("/videos/1/a.ts").header("host", HOST).header(name, value).body(()).unwrap()
        };
        for (name, request) in [
            ("query", get(&format!("/videos/1/a.ts?auth={token}"))),
            (
                "query, percent-encoded",
                get(&format!("/videos/1/a.ts?x=1&auth={}", token.replace('.', "%2e"))),
            ),
            ("path, percent-encoded", get(&format!("/videos/1/caf%C3%A9.ts?auth={token}"))),
            ("host in capitals", {
                let request = Request::get(format!("http://CDN.Example.com/videos/1/a.ts?auth={token}"));
                request.header("host", "CDN.Example.com:80").body(()).unwrap()
            }),
            ("bearer", with("authorization", &format!("Bearer {token}"))),
            ("cookie among six", with("cookie", &cookies)),
            ("second cookie of the name", with("cookie", &format!("Qencode-Auth-Token=bad; {cookies}"))),
        ] {
            for (verifier, seen) in [(&verifier, "seen before"), (&new_each_time, "new")] {
                let counted = decide(verifier, &request, |decision| {
                    assert!(matches!(decision, Decision::Granted(_)), "{kind:?} {name}: {decision:?}");
                });
                assert_eq!(counted, (0, 0), "{kind:?} {name}, {seen}: deciding, letting go");
            }
        }
        // A token that is taken in is one allocation, the first and the one that drives another out.
        let small = of_room(4);
        for number in 0..100 {
            let draft = signer.token(folder()).claim("plan", "gold").claim("n", format!("{number:08}"));
            let request = get(&format!("/videos/1/a.ts?auth={}", signed(draft)));
            let counted = measure(|| drop(small.decide(&request, NOW))).count_total;
            assert!(counted == 1 || number == 0, "{kind:?}: {counted} to take in number {number}");
        }
    }
}

/// Links of every kind, each with its path and what of the query it names.
fn links() -> Vec<(&'static str, SecureLink, &'static str)> {
    let custom = |hash, secret: &str| SecureLink::custom("{expires}|{host}|{path}{secret}", hash, secret);
    let keyed = || SecureLink::custom("{expires}|{host}|{dir}", LinkHash::HmacSha256, LINK_KEY);
    vec![
        ("gcore", SecureLink::gcore(LINK_SECRET), "/videos/1/a.ts"),
        ("gcore, file", SecureLink::gcore(LINK_SECRET).covers(Covers::File), "/videos/1/a.ts"),
        ("gcore, either", SecureLink::gcore(LINK_SECRET).covers(Covers::Either), "/videos/1/a.ts"),
        ("gcore, second secret", SecureLink::gcore(LINK_SECRET).also("another secret"), "/videos/1/a.ts"),
        ("gcore_video", SecureLink::gcore_video(LINK_SECRET), "/videos/1_2/a.ts"),
        ("gcore_mp4", SecureLink::gcore_mp4(LINK_SECRET), "/videos/1_2/a.mp4?speed=1k&buffer=2k"),
        ("nginx", SecureLink::nginx("{expires}{path} {secret}", LINK_SECRET), "/caf%C3%A9/a.ts"),
        ("nginx, argument", SecureLink::nginx("{expires}{path}{query:v}{secret}", LINK_SECRET), "/a.ts?v=1"),
        (
            "nginx, never expires",
            SecureLink::nginx("{path}{secret}", LINK_SECRET).never_expires(true),
            "/videos/1/a.ts",
        ),
        ("md5", custom(LinkHash::Md5, LINK_SECRET), "/videos/1/a.ts"),
        ("sha256", custom(LinkHash::Sha256, LINK_SECRET), "/videos/1/a.ts"),
        ("sha256, hex", custom(LinkHash::Sha256, LINK_SECRET).encoding(LinkEncoding::Hex), "/videos/1/a.ts"),
        ("hmac", keyed(), "/videos/1/a.ts"),
        ("hmac, hex", keyed().encoding(LinkEncoding::Hex), "/videos/1/a.ts"),
    ]
}

#[test]
fn deciding_a_link_allocates_nothing_whatever_its_format() {
    let asks = |link: &SecureLink, path: &str, client: &str, at: UnixSeconds| {
        let url = format!("http://{HOST}{path}");
        let signer = LinkSigner::new(link).unwrap();
        let url = signer.link(&url).client(client.parse().unwrap()).expires_at(at).sign().unwrap();
        let target = url.strip_prefix(&format!("http://{HOST}")).unwrap().to_owned();
        let peer = PeerAddr((client.parse::<std::net::IpAddr>().unwrap(), 50000).into());
        Request::get(target).header("host", HOST).extension(peer).body(()).unwrap()
    };
    let mut links: Vec<_> =
        links().into_iter().map(|(name, link, path)| (name.to_owned(), link, path)).collect();
    for (name, link, path) in links.clone().into_iter().filter(|(name, ..)| name.starts_with("gcore")) {
        if !name.ends_with("either") {
            links.push((format!("{name}, exact address"), link.clone().ip_binding(IpBinding::EXACT), path));
            let network = IpBinding::EXACT.parse("/24").unwrap().parse("/48").unwrap();
            links.push((format!("{name}, network"), link.ip_binding(network), path));
        }
    }
    for (name, link, path) in links {
        let verifier =
            Verifier::builder().site(Site::bucket("courses").host(HOST).secure_link(link.clone())).build();
        let verifier = verifier.unwrap();
        for client in ["203.0.113.7", "2001:db8:1:2:3:4:5:6"] {
            let granted = asks(&link, path, client, LATER);
            let counted = decide(&verifier, &granted, |decision| {
                assert!(matches!(decision, Decision::Granted(_)), "{name}: {decision:?}");
            });
            assert_eq!(counted, (0, 0), "{name}, {client}: granted");

            let mut elsewhere = granted.clone();
            let moved = granted.uri().to_string().replacen("a.", "b/a.", 1).replacen("1_2", "1_3", 1);
            *elsewhere.uri_mut() = moved.parse().unwrap();
            let counted = decide(&verifier, &elsewhere, |decision| {
                let mismatch = Some(Denial::LinkBad(LinkFault::Mismatch));
                assert_eq!(decision.denial(), mismatch, "{name}");
            });
            assert_eq!(counted, (0, 0), "{name}, {client}: refused");

            if !name.contains("never") {
                let old = asks(&link, path, client, UnixSeconds::new(NOW.get() - 1));
                let counted = decide(&verifier, &old, |decision| {
                    assert!(matches!(decision.denial(), Some(Denial::LinkExpired { .. })), "{name}");
                });
                assert_eq!(counted, (0, 0), "{name}, {client}: expired");
            }
        }
    }
}

const AKAMAI_KEY: &str = "00112233445566778899aabbccddeeff";

/// A token for `/videos/1/`, an hour to live.
fn signed_akamai(refine: impl Fn(AkamaiDraft<'_>) -> AkamaiDraft<'_>) -> String {
    let signer = AkamaiSigner::new(&Akamai::new(AKAMAI_KEY)).unwrap();
    refine(signer.acl(["/videos/1/*"]).expires_at(LATER)).sign().unwrap()
}

#[test]
fn deciding_an_akamai_token_allocates_nothing_in_any_carrier() {
    let other = "ffeeddccbbaa99887766554433221100";
    let everywhere = [AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie];
    let escapings = [UrlEscaping::Cloudinary, UrlEscaping::Edge, UrlEscaping::None];
    for hash in [MacHash::Sha256, MacHash::Sha1, MacHash::Md5] {
        let akamai = |key: &str| Akamai::new(key).hash(hash).salt("salt").url_escaping(escapings);
        let signer = AkamaiSigner::new(&akamai(AKAMAI_KEY)).unwrap();
        let site =
            Site::bucket("courses").host(HOST).akamai(akamai(other).also(AKAMAI_KEY).carriers(everywhere));
        let site = site.hook(|request| if request.has("id", "no") { Err(Refuse::default()) } else { Ok(()) });
        let verifier = Verifier::builder().site(site).build().unwrap();
        let path = "/videos/1/a%20b.ts";
        let client: std::net::IpAddr = "203.0.113.7".parse().unwrap();
        let listed = signer.acl(["/x", "*/?%20b.ts"]).id("yes").data("x").starts_at(NOW).client(client);
        for draft in [signer.acl(["/videos/*"]), listed, signer.url(path)] {
            let token = draft.expires_at(LATER).sign().unwrap();
            let encoded = token.replace('%', "%25").replace('~', "%7E").replace('/', "%2F");
            let get = |query: &str| {
                let request = Request::get(format!("{path}{query}")).header("host", HOST);
                request.extension(PeerAddr((client, 50000).into()))
            };
            for (carrier, request) in [
                ("query", get(&format!("?hdnts={token}"))),
                ("query, percent-encoded", get(&format!("?hdnts={encoded}"))),
                ("header", get("").header("hdnts", &token)),
                (
                    "fourth cookie",
                    get("").header("cookie", format!("hdnts=x; hdnts=%78; hdnts=; hdnts={token}")),
                ),
            ] {
                let request = request.body(()).unwrap();
                let counted = decide(&verifier, &request, |decision| {
                    assert!(matches!(decision, Decision::Granted(_)), "{hash:?} {carrier}: {decision:?}");
                });
                assert_eq!(counted, (0, 0), "{hash:?} {carrier}: {token}");
            }
        }
    }
}

fn cloudfront_signer(name: &str) -> CloudFrontSigner {
    let file = format!("{}/tests/support/keys/{name}.test.pem", env!("CARGO_MANIFEST_DIR"));
    CloudFrontSigner::from_pem(name, &std::fs::read(file).unwrap()).unwrap()
}

fn cloudfront_key(name: &str) -> Key {
    let file = format!("{}/tests/support/keys/{name}.test.pub.pem", env!("CARGO_MANIFEST_DIR"));
    let algorithm = if name == "rsa" { Algorithm::CloudFrontRsa } else { Algorithm::CloudFrontP256 };
    Key::from_pem_for(algorithm, name, std::fs::read(file).unwrap(), KeyScope::bucket("courses")).unwrap()
}

#[test]
fn deciding_a_credential_of_cloudfront_allocates_nothing_in_any_carrier() {
    let path = "/videos/1/a%20b.ts?x=1";
    let client = PeerAddr("203.0.113.7:50000".parse().unwrap());
    for (wildcards, resource) in [
        (Wildcards::Sections, "http*://*.example.com/*/*"),
        (Wildcards::Sections, "https://cdn.example.com/*os/*?x=?"),
        (Wildcards::Anywhere, "*.example.com/*/?/*=?"),
    ] {
        let cloudfront = CloudFront::new().protocol(Protocol::Https).wildcards(wildcards);
        let site = Site::bucket("courses").host(HOST).cloudfront(cloudfront);
        let site = site.hook(|request| if request.has("ip", "no") { Err(Refuse::default()) } else { Ok(()) });
        let keys = ["rsa", "p256"].map(cloudfront_key);
        let verifier = Verifier::builder().site(site).keys(keys).build().unwrap();
        for name in ["rsa", "p256"] {
            let signer = cloudfront_signer(name);
            let canned = signer.url(format!("https://{HOST}{path}"));
            let custom = signer.policy(resource);
            let bound = signer.policy("*").starts_after(UnixSeconds::new(5)).client([203, 0, 113, 7].into());
            for draft in [canned, custom, bound] {
                let policy = draft.expires_at(LATER).sign().unwrap();
                let get = |target: String| Request::get(target).header("host", HOST).extension(client);
                let mut cookies = get(path.to_owned());
                for (name, value) in policy.cookies() {
                    cookies = cookies.header("cookie", format!("a=b; {name}={value}"));
                }
                let encoded = policy.query().replace('~', "%7E").replace('_', "%5F");
                for (carrier, request) in [
                    ("query", get(policy.url(path))),
                    ("query, percent-encoded", get(format!("{path}&{encoded}"))),
                    ("cookies", cookies),
                ] {
                    let request = request.body(()).unwrap();
                    let counted = decide(&verifier, &request, |decision| {
                        assert!(matches!(decision, Decision::Granted(_)), "{name} {carrier}: {decision:?}");
                    });
                    assert_eq!(counted, (0, 0), "{name} {carrier}: {}", request.uri());
                }
            }
        }
    }
}

#[test]
fn what_needs_no_credential_allocates_nothing() {
    let site =
        Site::bucket("open").host(HOST).base_path("/open/").public().cors(Cors::without_credentials(["*"]));
    let verifier = Verifier::builder().outside(playgate::site::Outside::Pass).site(site).build().unwrap();
    let preflight = Request::options("/open/a.ts")
        .header("host", HOST)
        .header("origin", "https://a.example")
        .header("access-control-request-method", "GET")
        .body(())
        .unwrap();
    for (name, request) in [("public", get("/open/a.ts")), ("outside", get("/api")), ("preflight", preflight)]
    {
        let counted = decide(&verifier, &request, |decision| {
            let right = match name {
                "public" => matches!(decision, Decision::Public(_)),
                "outside" => matches!(decision, Decision::Pass(_)),
                _ => matches!(decision, Decision::Preflight(_)),
            };
            assert!(right, "{name}: {decision:?}");
        });
        assert_eq!(counted, (0, 0), "{name}: deciding, letting go");
    }
}

#[test]
fn refusing_allocates_nothing_whatever_the_rule() {
    let (verifier, requests) = refused_requests();
    let mut codes = BTreeSet::new();
    let mut denials = BTreeSet::new();
    for (expected, request) in &requests {
        let counted = decide(&verifier, request, |decision| {
            let denial = decision.denial().unwrap_or_else(|| panic!("{expected}: {decision:?}"));
            codes.insert(denial.code());
            let shown = format!("{denial:?}");
            assert!(shown.starts_with(expected), "{expected}: {shown}");
            denials.insert(variant(&shown));
        });
        assert_eq!(counted, (0, 0), "{expected}: deciding, letting go");
    }
    let mut expected = every_denial();
    let all = Code::ALL.iter().filter(|code| **code != Code::StoreUnavailable);
    assert_eq!(codes.iter().collect::<Vec<_>>(), all.collect::<Vec<_>>());
    expected.remove("StoreUnavailable"); // of a store that is out of touch, which has a test of its own
    expected.remove("StaleKey"); // of a key file, which has a test of its own
    expected.remove("HookPanicked"); // a panic allocates what it carries
    expected.remove("PathMayBeShortened"); // by a layer, after the decision
    // `nbf` may always be absent.
    expected.remove("MissingClaim(Nbf)");
    assert_eq!(denials, expected);
}

#[test]
fn passing_a_request_that_would_be_refused_allocates_nothing() {
    let signer = Kind::Ed25519.signer("k");
    let site =
        Site::bucket("courses").host(HOST).danger(Danger { enforce: false }).shadow_header("x-verdict");
    let verifier = Verifier::builder()
        .site(site)
        .key(key_of(&signer, KeyScope::bucket("courses")))
        .trusted_proxies(["127.0.0.1"])
        .build()
        .unwrap();
    let token = signed(signer.token(folder()));
    drop(verifier.decide(&get(&format!("/videos/1/a.ts?auth={token}")), NOW));
    for (target, code) in [
        ("/videos/1/a.ts".to_owned(), Code::CredentialMissing),
        ("/videos/1/a.ts?auth=junk".to_owned(), Code::MalformedToken),
        (format!("/videos/2/a.ts?auth={token}"), Code::OutOfScope),
    ] {
        let counted = decide(&verifier, &get(&target), |decision| {
            assert_eq!(decision.unenforced_denial().map(Denial::code), Some(code), "{target}: {decision:?}");
        });
        assert_eq!(counted, (0, 0), "{target}: deciding, letting go");
    }
}

/// The key is stale for new tokens and for those that are remembered.
#[test]
fn refusing_a_stale_key_allocates_nothing() {
    let (signer, files) = (Kind::Ed25519.signer("k"), tempfile::tempdir().unwrap());
    let file = files.path().join("k.pem");
    std::fs::write(&file, signer.public_pem().unwrap()).unwrap();
    let source = KeySource::file(file, KeyScope::bucket("courses")).max_staleness(Duration::from_mins(1));
    let verifier =
        Verifier::builder().site(Site::bucket("courses").host(HOST)).key_source(source).build().unwrap();
    let request = get(&format!("/videos/1/a.ts?auth={}", signed(signer.token(folder()))));
    let now = UnixSeconds::now();
    drop(verifier.decide(&get("/videos/1/a.ts"), now)); // the slot of this thread; the token stays new
    for name in ["new", "remembered"] {
        let mut decision = None;
        let later = now.saturating_add(3600);
        let counted = measure(|| decision = Some(verifier.decide(&request, later))).count_total;
        let denial = decision.as_ref().and_then(Decision::denial);
        assert!(matches!(denial, Some(Denial::StaleKey { .. })), "{name}: {decision:?}");
        assert_eq!(counted, 0, "{name}");
        drop(decision);
        assert!(verifier.decide(&request, now).denial().is_none(), "{name}");
    }
}

#[test]
fn finding_a_key_among_many_of_its_kid_allocates_nothing() {
    let (signer, other) = (Kind::Ed25519.signer("k"), Kind::Ed25519.signer("k"));
    let bucket = |number: usize| KeyScope::bucket(format!("tenant-{number}"));
    let tenants = (0..2_000).map(|number| key_of(&other, bucket(number)));
    let issued = |signer: &Signer, scope, issuer: &str| key_of(signer, scope).issued_by(issuer).unwrap();
    let keys = [
        issued(&other, KeyScope::bucket("courses"), "us"),
        key_of(&other, KeyScope::site(HOST)),
        key_of(&signer, any_scope()),
    ];
    let sites = [Site::bucket("courses").host(HOST), Site::bucket("none").host("none.example.com")];
    let builder = sites.into_iter().fold(Verifier::builder(), VerifierBuilder::site);
    let verifier = builder.keys(tenants).keys(keys).failed_signatures(limits(1_000)).build().unwrap();
    for revocation in [
        Revocation::one_key(&issued(&other, KeyScope::bucket("courses"), "us").identity()),
        Revocation::key("another"),
    ] {
        verifier.revoke(revocation).now_or_never().unwrap().unwrap();
    }
    let token = |signer: &Signer, issuer: &str| {
        let draft = signer.token(folder()).expires_at(LATER);
        let draft = if issuer.is_empty() { draft } else { draft.claim("iss", issuer) };
        signed(draft)
    };
    let third = Kind::Ed25519.signer("k");
    for (name, token, host, expected) in [
        ("the last of three", token(&signer, "us"), HOST, None),
        ("of two", token(&signer, "them"), HOST, None),
        ("none of three", token(&third, "us"), HOST, Some("BadSignature")),
        ("revoked, as no other fits", token(&other, "us"), "none.example.com", Some("BadSignature")),
        ("escaped", token(&signer, "\"us\""), HOST, None),
    ] {
        let request =
            Request::get(format!("/videos/1/a.ts?auth={token}")).header("host", host).body(()).unwrap();
        for remembered in ["new", "seen"] {
            let counted = decide(&verifier, &request, |decision| {
                let denial = decision.denial().map(|denial| variant(&format!("{denial:?}")));
                assert_eq!(denial.as_deref(), expected, "{name}, {remembered}");
            });
            assert_eq!(counted, (0, 0), "{name}, {remembered}: deciding, letting go");
        }
    }
}

/// So many failed signatures a day, of a client and for a key.
fn limits(requests: u32) -> FailedSignatures {
    let rate = Rate::new(requests, Duration::from_hours(24)).unwrap();
    FailedSignatures::unlimited().per_client(rate).per_key(rate)
}

#[test]
fn counting_failed_signatures_allocates_nothing() {
    let signer = Kind::Rsa2048.signer("k");
    let site = Site::bucket("courses").host(HOST);
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let verifier =
        Verifier::builder().site(site).key(key).token_cache(0).failed_signatures(limits(4)).build().unwrap();
    let good = signed(signer.token(folder()).expires_at(LATER));
    let other = signed(signer.token(folder()).expires_at(UnixSeconds::new(LATER.get() + 1)));
    let bad = format!("{}.{}", good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    let from = |token: &str, client: &str| {
        let peer = PeerAddr((client.parse::<std::net::IpAddr>().unwrap(), 50000).into());
        let request = Request::get(format!("/videos/1/a.ts?auth={token}")).header("host", HOST);
        request.extension(peer).body(()).unwrap()
    };
    for (name, token, client, expected) in [
        ("a good one", &good, "192.0.2.1", None),
        ("a bad one", &bad, "192.0.2.1", Some(Denial::BadSignature)),
        ("a good one from elsewhere", &good, "2001:db8::1", None),
        ("a bad one from elsewhere", &bad, "2001:db8::1", Some(Denial::BadSignature)),
    ] {
        let counted = decide(&verifier, &from(token, client), |decision| {
            assert_eq!(decision.denial(), expected, "{name}");
        });
        assert_eq!(counted, (0, 0), "{name}: deciding, letting go");
    }
    let counted = decide(&verifier, &from(&good, "192.0.2.1"), |decision| {
        let denial = decision.denial().map(|denial| format!("{denial:?}")).unwrap_or_default();
        assert!(denial.starts_with("TooManyFailures { of: Key"), "{denial}");
    });
    assert_eq!(counted, (0, 0), "the key's debt is full: deciding, letting go");
}

#[test]
fn refusing_for_want_of_a_store_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let store = Store::redis("redis://127.0.0.1:1").connect().unwrap(); // where nobody listens
    let signer = Kind::Ed25519.signer("k");
    let site = Site::bucket("courses").host(HOST).embed(Embed::new());
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let verifier = Verifier::builder().store(&store).site(site).key(key).build().unwrap();
    let token = signed(signer.token(folder()).expires_at(LATER));
    let request = get(&format!("/videos/1/a.ts?auth={token}"));
    let counted = decide(&verifier, &request, |decision| {
        assert_eq!(decision.denial(), Some(Denial::StoreUnavailable));
    });
    assert_eq!(counted, (0, 0), "a signed token: deciding, letting go");
    let request = get(&format!("/videos/1/a.ts?auth={}", "0".repeat(32)));
    let counted = decide(&verifier, &request, |decision| {
        assert!(matches!(decision, Decision::Needs(_)), "{decision:?}");
    });
    assert_eq!(counted, (0, 0), "an embed token: deciding, letting go");
}

/// `Debug` less the fields: `Expired { .. }` is `Expired`.
fn variant(shown: &str) -> String {
    match shown.split_once(" {") {
        Some(("Method" | "QueryTooLong", _)) | None => shown.to_owned(),
        Some((name, _)) if name.contains('(') => format!("{name})"),
        Some((name, _)) => name.to_owned(),
    }
}

/// Every denial there is, as the source lists them, with each of its faults.
fn every_denial() -> BTreeSet<String> {
    let variants = |name: &str| -> Vec<&'static str> {
        let source =
            concat!(include_str!("../../src/error/denial.rs"), include_str!("../../src/error/fault.rs"),);
        let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
        let (body, _) = body.split_once("\n}\n").unwrap();
        let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
        lines.filter(|line| line.starts_with(char::is_uppercase)).collect()
    };
    let mut all = BTreeSet::new();
    for line in variants("Denial") {
        match line.split_once('(') {
            Some((name, "Refuse),")) => all.extend([format!("{name}(Refuse)")]),
            Some((name, of)) => {
                let faults = variants(of.trim_end_matches("),"));
                all.extend(
                    faults.iter().map(|fault| format!("{name}({})", fault.trim_end_matches([',', '{', ' ']))),
                );
            }
            None if line.starts_with("Method") || line.starts_with("QueryTooLong") => {
                let name = line.trim_end_matches([' ', '{']);
                all.extend([true, false].map(|verified| format!("{name} {{ verified: {verified} }}")));
            }
            None => all.extend([line.trim_end_matches([',', '{', ' ']).to_owned()]),
        }
    }
    assert!(all.contains("Expired") && all.contains("MalformedToken(Base64)"), "{all:?}");
    all
}

/// A request for every denial, named by how its `Debug` begins.
#[expect(clippy::too_many_lines, reason = "one row for each denial")]
fn refused_requests() -> (Verifier, Vec<(&'static str, Request<()>)>) {
    let signer = Kind::Ed25519.signer("k");
    let foreign = Kind::Ed25519.signer("foreign");
    let retired = Kind::Ed25519.signer("retired");
    let flooded = Kind::Ed25519.signer("flooded");
    let unknown = Kind::Ed25519.signer("unknown");
    let bucket = || KeyScope::bucket("courses");
    let store = Store::in_memory();
    let embeds = embed_rows(&store);
    let verifier = Verifier::builder()
        .store(&store)
        .site(embedding())
        .outside(playgate::site::Outside::pass_hosts(["root.example.com"]))
        .site(
            Site::bucket("courses")
                .host(HOST)
                .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
                .base_path("/videos/"),
        )
        .site(Site::bucket("courses").host("root.example.com").forward(Forward::except_keys(["b"])))
        .site(Site::bucket("courses").host("open.example.com").public().forward(Forward::only_keys(["a"])))
        .site(Site::bucket("courses").host("tls.example.com").require_https(true))
        .site(Site::bucket("courses").host("strict.example.com").require_exp(true).whole_bucket(false))
        .site(Site::bucket("courses").host("short.example.com").max_lifetime(Duration::from_mins(1)))
        .site(Site::bucket("courses").host("iss.example.com").issuer("us"))
        .site(Site::bucket("courses").host("aud.example.com").audience("them"))
        .site(Site::bucket("courses").host("hook.example.com").hook(|_| Err(Refuse::default())))
        .site(Site::bucket("courses").host("bound-hook.example.com").hook(|request| {
            let refuse = Refuse::new("other_client").status(451).retry_after(60);
            if request.client_matches("sub", IpBinding::EXACT) { Ok(()) } else { Err(refuse) }
        }))
        .site(
            Site::bucket("courses")
                .host("link.example.com")
                .max_lifetime(Duration::from_hours(1))
                .secure_link(SecureLink::gcore(LINK_SECRET)),
        )
        .site(
            Site::bucket("courses")
                .host("bound.example.com")
                .secure_link(SecureLink::gcore(LINK_SECRET).ip_binding(IpBinding::EXACT)),
        )
        .site(
            Site::bucket("courses")
                .host("akamai.example.com")
                .max_lifetime(Duration::from_hours(1))
                .akamai(Akamai::new(AKAMAI_KEY).carriers([AkamaiCarrier::Query, AkamaiCarrier::Header])),
        )
        .site(
            Site::bucket("courses")
                .host("cloudfront.example.com")
                .max_lifetime(Duration::from_hours(1))
                .cloudfront(
                    CloudFront::new()
                        .protocol(Protocol::Https)
                        .hashes([SignatureHash::Sha256])
                        .require_resource(true),
                ),
        )
        .keys(["rsa", "p256"].map(cloudfront_key))
        .key(key_of(&signer, bucket()))
        .key(key_of(&flooded, bucket()))
        // Clients without an address share the limit of one, so the key's is reached first.
        .failed_signatures(limits(1_000).per_key(Rate::new(10, Duration::from_hours(24)).unwrap()))
        .key(key_of(&foreign, KeyScope::bucket("another")))
        .key(key_of(&retired, bucket()).not_after(UnixSeconds::new(1)))
        .build()
        .unwrap();

    let good = signed(signer.token(folder()).expires_at(LATER));
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = input.split_once('.').unwrap();
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(br#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#);
    let at = |host: &str, token: &str| {
        Request::get(format!("/videos/1/a.ts?auth={token}")).header("host", host).body(()).unwrap()
    };
    let root = |token: &str| at("root.example.com", token);
    let with_header = |header: &str| root(&format!("{}.{payload}.{signature}", encode(header.as_bytes())));
    let with_payload = |payload: &str| root(&format!("{header}.{}.{signature}", encode(payload.as_bytes())));
    let claims =
        |host: &str, payload: &str| at(host, &format!("{header}.{}.{signature}", encode(payload.as_bytes())));
    let path = |path: &str| {
        let request = Request::get(format!("{path}?auth={good}"));
        request.header("host", "root.example.com").body(()).unwrap()
    };
    let token = |signer: &Signer| signed(signer.token(folder()).expires_at(LATER));
    let of_an_address = signed(signer.token(folder()).expires_at(LATER).claim("sub", "203.0.113.7"));
    let other_signature = {
        let other = token(&unknown);
        format!("{input}.{}", other.rsplit_once('.').unwrap().1)
    };
    let bad_of_flooded = {
        let good = token(&flooded);
        format!("{}.{}", good.rsplit_once('.').unwrap().0, other_signature.rsplit_once('.').unwrap().1)
    };
    for _ in 0..10 {
        drop(verifier.decide(&root(&bad_of_flooded), NOW));
    }
    let members: Vec<String> = (0..65).map(|number| format!("\"m{number}\":0")).collect();
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(20), "]".repeat(20));
    let link = |host: &str, query: &str| {
        Request::get(format!("/videos/1/a.ts?{query}")).header("host", host).body(()).unwrap()
    };
    let akamai = |token: String| link("akamai.example.com", &format!("hdnts={token}"));
    let long = |host: &str, extension: &str| {
        let uri = format!("/videos/1/a.{extension}?a={}&%61=1&auth={good}", "x".repeat(9000));
        Request::get(uri).header("host", host).body(()).unwrap()
    };
    let delete = |host: &str| {
        let request = Request::delete(format!("/videos/1/a.ts?auth={good}"));
        request.header("host", host).body(()).unwrap()
    };

    let rows = vec![
        ("AmbiguousPath(NotAbsolute)", {
            Request::options("*").header("host", "root.example.com").body(()).unwrap()
        }),
        ("AmbiguousPath(TooLong)", path(&format!("/{}", "a".repeat(5000)))),
        ("AmbiguousPath(PercentEncoding)", path("/videos/%zz")),
        ("AmbiguousPath(Control)", path("/videos/%00")),
        ("AmbiguousPath(Backslash)", path("/videos/a%5cb")),
        ("AmbiguousPath(EncodedSlash)", path("/videos/a%2fb")),
        ("AmbiguousPath(EmptySegment)", path("/videos//a")),
        ("AmbiguousPath(DotSegment)", path("/videos/%2e%2e/a")),
        ("AmbiguousPath(DecodesAgain)", path("/videos/%252e%252e/a")),
        ("AmbiguousPath(NotUtf8)", path("/videos/%ff")),
        ("AmbiguousPath(ReadsInside)", get("/%2576ideos/1/a.ts")),
        ("AmbiguousPath(FoldsInside)", get("/VIDEOS/1/a.ts")),
        ("AmbiguousPath(Rewritten)", {
            let original = axum::extract::OriginalUri(Uri::from_static("/en/videos/1/a.ts"));
            Request::get("/videos/1/a.ts").extension(original).header("host", HOST).body(()).unwrap()
        }),
        ("AmbiguousHost(Repeated)", {
            let request = Request::get("/videos/1/a.ts").header("host", HOST).header("host", HOST);
            request.body(()).unwrap()
        }),
        ("AmbiguousHost(Disagrees)", {
            let request = Request::get("http://other.example.com/videos/1/a.ts").header("host", HOST);
            request.body(()).unwrap()
        }),
        ("AmbiguousHost(Missing)", Request::get("/videos/1/a.ts").body(()).unwrap()),
        ("AmbiguousHost(Malformed)", at("a b", &good)),
        ("HttpsRequired", at("tls.example.com", &good)),
        ("UnknownHost", at("unknown.example.com", &good)),
        ("Outside", Request::get("/api").header("host", HOST).body(()).unwrap()),
        ("AmbiguousCredential(QueryParameter)", root(&format!("{good}&auth={good}"))),
        ("AmbiguousCredential(Authorization)", {
            let request = Request::get("/videos/1/a.ts").header("host", HOST);
            request.header("authorization", "Bearer a").header("authorization", "Basic b").body(()).unwrap()
        }),
        ("CredentialMissing", get("/videos/1/a.ts")),
        ("MalformedToken(Empty)", root("")),
        ("MalformedToken(TooLong)", root(&"a".repeat(5000))),
        ("MalformedToken(PercentEncoding)", root("%zz")),
        ("MalformedToken(Segments)", root(input)),
        ("MalformedToken(Base64)", root(&format!("{good}*"))),
        ("MalformedToken(NotUtf8)", root(&format!("{header}._w.{signature}"))),
        ("MalformedToken(Json)", with_payload("{]")),
        ("MalformedToken(DuplicateMember)", with_payload(r#"{"a":1,"\u0061":2}"#)),
        ("MalformedToken(TooManyMembers)", with_payload(&format!("{{{}}}", members.join(",")))),
        ("MalformedToken(TooDeep)", with_payload(&deep)),
        ("MalformedToken(Algorithm)", with_header(r#"{"kid":"k"}"#)),
        ("MalformedToken(KeyId)", with_header(r#"{"alg":"EdDSA","kid":1}"#)),
        ("MalformedToken(Milliseconds", with_payload(r#"{"exp":1790000000000}"#)),
        ("MalformedClaim(Uri)", with_payload(r#"{"uri":1}"#)),
        ("MalformedClaim(Exp)", with_payload(r#"{"exp":"1"}"#)),
        ("MalformedClaim(Nbf)", with_payload(r#"{"nbf":null}"#)),
        ("MalformedClaim(Iss)", claims("iss.example.com", r#"{"iss":1}"#)),
        ("MalformedClaim(Aud)", claims("aud.example.com", r#"{"aud":{}}"#)),
        ("MissingClaim(Uri)", with_payload("{}")),
        ("MissingClaim(Exp)", claims("strict.example.com", "{}")),
        ("MissingClaim(Iss)", claims("iss.example.com", "{}")),
        ("MissingClaim(Aud)", claims("aud.example.com", "{}")),
        ("WrongType", with_header(r#"{"alg":"EdDSA","typ":"JWE"}"#)),
        ("CriticalHeader", with_header(r#"{"alg":"EdDSA","crit":[]}"#)),
        ("UnsignedToken", with_header(r#"{"alg":"none","kid":"k"}"#)),
        ("XmlDsigAlgorithm", {
            with_header(r#"{"alg":"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256","kid":"k"}"#)
        }),
        ("WrongAlgorithm", with_header(r#"{"alg":"RS256","kid":"k"}"#)),
        ("MissingKeyId", with_header(r#"{"alg":"EdDSA"}"#)),
        ("UnknownKey", root(&token(&unknown))),
        ("RetiredKey", root(&token(&retired))),
        ("WrongKeyScope", root(&token(&foreign))),
        ("Expired", root(&signed(signer.token(folder()).expires_at(NOW)))),
        ("NotYetValid", root(&signed(signer.token(folder()).not_before(LATER)))),
        ("LifetimeTooLong", at("short.example.com", &good)),
        ("WrongIssuer", claims("iss.example.com", r#"{"iss":"\u0075z"}"#)),
        ("WrongAudience", claims("aud.example.com", r#"{"aud":["a","b"]}"#)),
        ("ScopeStartsWithSlash", with_payload(r#"{"uri":"\/videos\/1"}"#)),
        ("WholeBucket", claims("strict.example.com", r#"{"uri":"","exp":1750003600}"#)),
        ("OutOfScope", root(&signed(signer.token(Scope::folder("videos/2").unwrap())))),
        ("BadSignature", root(&other_signature)),
        ("TooManyFailures", root(&bad_of_flooded)),
        ("RefusedByHook", at("hook.example.com", &good)),
        (
            "RefusedByHook(Refuse { status: 451, retry_after: 60, has_retry_after: true, code: \"other_client\"",
            {
                let mut request = at("bound-hook.example.com", &of_an_address);
                request.extensions_mut().insert(PeerAddr("203.0.113.8:50000".parse().unwrap()));
                request
            },
        ),
        ("LinkBad(NoExpiry)", link("link.example.com", "md5=AAAAAAAAAAAAAAAAAAAAAA")),
        ("LinkBad(Expiry)", link("link.example.com", "md5=AAAAAAAAAAAAAAAAAAAAAA&expires=-1")),
        ("LinkBad(Proof)", link("link.example.com", "md5=AAAA&expires=1750003600")),
        ("LinkBad(ClientUnknown)", {
            link("bound.example.com", "md5=AAAAAAAAAAAAAAAAAAAAAA&expires=1750003600")
        }),
        ("LinkBad(Mismatch)", link("link.example.com", "md5=AAAAAAAAAAAAAAAAAAAAAA&expires=1750003600")),
        ("LinkBad(Lifetime)", {
            let signer = LinkSigner::new(&SecureLink::gcore(LINK_SECRET)).unwrap();
            let far = signer.link("/videos/1/a.ts").expires_at(NOW.saturating_add(7200)).sign().unwrap();
            link("link.example.com", far.split_once('?').unwrap().1)
        }),
        ("LinkExpired", {
            let signer = LinkSigner::new(&SecureLink::gcore(LINK_SECRET)).unwrap();
            let old = signer.link("/videos/1/a.ts").expires_at(NOW).sign().unwrap();
            link("link.example.com", old.split_once('?').unwrap().1)
        }),
        ("UrlSignatureBad(Form)", akamai("x".to_owned())),
        ("UrlSignatureBad(Form)", akamai("%78".to_owned())),
        ("UrlSignatureBad(TooLong)", akamai("x".repeat(9000))),
        ("UrlSignatureBad(RepeatedField)", akamai("exp=1~exp=1~hmac=00".to_owned())),
        ("UrlSignatureBad(UnknownField)", akamai("url=1~hmac=00".to_owned())),
        ("UrlSignatureBad(NoScope)", akamai("exp=1~acl=~hmac=00".to_owned())),
        ("UrlSignatureBad(NoExpiry)", akamai("st=1~hmac=00".to_owned())),
        ("UrlSignatureBad(Date)", akamai("exp=-1~hmac=00".to_owned())),
        ("UrlSignatureBad(Mismatch)", akamai(format!("exp=1~acl=/*~hmac={}", "00".repeat(32)))),
        ("UrlSignatureBad(Mismatch)", akamai(format!("exp=1~hmac={}", "00".repeat(32)))),
        (
            "UrlSignatureBad(Lifetime)",
            akamai(signed_akamai(|draft| draft.expires_at(NOW.saturating_add(7200)))),
        ),
        ("UrlSignatureBad(ClientUnknown)", {
            akamai(signed_akamai(|draft| draft.client("192.0.2.1".parse().unwrap())))
        }),
        ("UrlSignatureBad(OtherClient)", {
            let mut request = akamai(signed_akamai(|draft| draft.client("192.0.2.1".parse().unwrap())));
            request.extensions_mut().insert(PeerAddr("192.0.2.2:50000".parse().unwrap()));
            request
        }),
        ("AmbiguousCredential(HeaderField)", {
            let request = Request::get("/videos/1/a.ts").header("host", "akamai.example.com");
            request.header("hdnts", "x").header("hdnts", "x").body(()).unwrap()
        }),
        ("UrlSignatureExpired", akamai(signed_akamai(|draft| draft.expires_at(NOW)))),
        ("UrlSignatureNotYetValid", {
            akamai(signed_akamai(|draft| draft.starts_at(NOW.saturating_add(1))))
        }),
        ("UrlSignatureOutOfScope", {
            let signer = AkamaiSigner::new(&Akamai::new(AKAMAI_KEY)).unwrap();
            akamai(signer.acl(["/videos/2/*", "/*/b.ts"]).expires_at(LATER).sign().unwrap())
        }),
        ("AmbiguousCredential(QueryParameter)", akamai("x&hdnts=x".to_owned())),
        ("Method { verified: true }", delete("root.example.com")),
        ("Method { verified: false }", delete("open.example.com")),
        ("QueryTooLong { verified: true }", long("root.example.com", "m3u8")),
        ("QueryTooLong { verified: false }", long("open.example.com", "mpd")),
        ("Revoked", root(&signed(signer.token(folder()).claim("jti", "gone")))),
    ];
    (verifier, rows.into_iter().chain(embeds).chain(cloudfront_rows()).collect())
}

/// A denial for everything that can be the matter with a credential of CloudFront, by both kinds of key.
fn cloudfront_rows() -> Vec<(&'static str, Request<()>)> {
    let host = "cloudfront.example.com";
    let get =
        |query: &str| Request::get(format!("/videos/1/a.ts?{query}")).header("host", host).body(()).unwrap();
    let mut rows = vec![
        ("UrlSignatureBad(Incomplete)", get("Key-Pair-Id=rsa")),
        ("UrlSignatureBad(Incomplete)", get("Policy=x&Key-Pair-Id=rsa")),
        ("UrlSignatureBad(Form)", get("Policy=x&Expires=1&Signature=x&Key-Pair-Id=rsa")),
        ("UrlSignatureBad(HashRefused)", get("Policy=x&Signature=x&Key-Pair-Id=rsa")),
        ("AmbiguousCredential(QueryParameter)", get("Policy&%50olicy")),
        ("AmbiguousCredential(Cookie)", {
            let cookies = "CloudFront-Policy=x; CloudFront-Policy=x";
            Request::get("/videos/1/a.ts").header("host", host).header("cookie", cookies).body(()).unwrap()
        }),
    ];
    for name in ["rsa", "p256"] {
        let signer = cloudfront_signer(name);
        let url = "https://cloudfront.example.com/videos/1/a.ts";
        let everything = || signer.policy("*").expires_at(LATER);
        let of = |draft: CloudFrontDraft<'_>| get(&draft.sign().unwrap().query());
        let bound = || everything().client([192, 0, 2, 1].into());
        let good = everything().sign().unwrap().query();
        let with = |name: &str, value: &str| {
            let (start, rest) = good.split_once(&format!("{name}=")).unwrap();
            let rest = rest.split_once('&').map_or("", |(_, rest)| rest);
            get(&format!("{start}{name}={value}&{rest}"))
        };
        let other = signer.url("https://cloudfront.example.com/other").expires_at(LATER);
        rows.extend([
            ("UrlSignatureBad(Form)", with("Signature", "!")),
            ("UrlSignatureBad(Form)", with("Policy", "!")),
            ("UrlSignatureBad(TooLong)", with("Signature", &"A".repeat(9000))),
            ("UrlSignatureBad(TooLong)", with("Policy", &"A".repeat(9000))),
            ("UnknownKey", with("Key-Pair-Id", "gone")),
            ("UnknownKey", with("Key-Pair-Id", "k")),
            ("UrlSignatureBad(Mismatch)", with("Signature", "AAAA")),
            ("UrlSignatureBad(Form)", with("Policy", "AAAA")),
            ("UrlSignatureBad(Mismatch)", of(other)),
            ("UrlSignatureBad(Date)", get(&format!("Expires=01&{}", good.split_once('&').unwrap().1))),
            ("UrlSignatureExpired", of(signer.url(url).expires_at(NOW))),
            ("UrlSignatureExpired", of(everything().expires_at(NOW))),
            ("UrlSignatureNotYetValid", of(everything().starts_after(NOW))),
            ("UrlSignatureOutOfScope", of(signer.policy("https://*/videos/2/*").expires_at(LATER))),
            ("UrlSignatureBad(Lifetime)", of(everything().expires_at(LATER.saturating_add(1)))),
            ("UrlSignatureBad(ClientUnknown)", of(bound())),
            ("UrlSignatureBad(OtherClient)", {
                let mut request = of(bound());
                request.extensions_mut().insert(PeerAddr("[2001:db8::1]:50000".parse().unwrap()));
                request
            }),
        ]);
    }
    // Policies that no signer of ours makes, signed by another library.
    let key =
        jsonwebtoken::EncodingKey::from_rsa_pem(include_bytes!("../support/keys/rsa.test.pem")).unwrap();
    let encode = |bytes: &[u8]| {
        base64::prelude::BASE64_STANDARD.encode(bytes).replace('+', "-").replace('/', "~").replace('=', "_")
    };
    for (denial, policy) in [
        ("UrlSignatureBad(Form)", r#"{"Statement":[{},{}]}"#),
        ("UrlSignatureBad(Form)", r#"{"Statement":[{"Resource":"*","Resource":"*"}]}"#),
        ("UrlSignatureBad(UnknownField)", r#"{"Statement":[],"\u0056ersion":1}"#),
        ("UrlSignatureBad(NoExpiry)", r#"{"Statement":[{}]}"#),
        ("UrlSignatureBad(Date)", r#"{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":"1"}}}]}"#),
        (
            "UrlSignatureBad(NoScope)",
            r#"{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1750003600}}}]}"#,
        ),
        (
            "UrlSignatureOutOfScope",
            r#"{"Statement":[{"Resource":"https:\/\/\u002a\/2\/*","Condition":{"DateLessThan":{"AWS:EpochTime":1750003600}}}]}"#,
        ),
    ] {
        let signature =
            jsonwebtoken::crypto::sign(policy.as_bytes(), &key, jsonwebtoken::Algorithm::RS256).unwrap();
        let signature = encode(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap());
        let query = format!("Policy={}&Signature={signature}", encode(policy.as_bytes()));
        rows.push((denial, get(&format!("{query}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256"))));
    }
    rows
}

/// The site that takes embed tokens.
fn embedding() -> Site {
    Site::bucket("courses").host("embed.example.com").embed(Embed::new())
}

/// A denial for everything that can be the matter with an embed token in this store.
fn embed_rows(store: &Store) -> Vec<(&'static str, Request<()>)> {
    let at = |now: UnixSeconds| {
        let builder = Verifier::builder().clock(move || now).store(store).site(embedding());
        builder.build().unwrap()
    };
    let issue = |now: UnixSeconds, draft: EmbedDraft| {
        let embeds = at(now).embeds("embed.example.com").unwrap();
        embeds.issue(draft).now_or_never().unwrap().unwrap()
    };
    let get = |token: String| {
        let request = Request::get(format!("/videos/1/master.m3u8?auth={token}"));
        request.header("host", "embed.example.com").body(()).unwrap()
    };
    let hour = Duration::from_hours(1);
    let revoked = issue(NOW, EmbedDraft::new("1"));
    at(NOW).embeds("embed.example.com").unwrap().revoke(revoked).now_or_never().unwrap().unwrap();
    at(NOW).revoke(Revocation::token("gone")).now_or_never().unwrap().unwrap();
    let old = issue(NOW.saturating_sub(3600), EmbedDraft::new("1").expires_in(hour));
    let elsewhere = issue(NOW, EmbedDraft::new("1").origins(["app.example.com"]));
    let once = EmbedDraft::new("1").rate(Rate::new(1, Duration::from_hours(24)).unwrap());
    vec![
        ("EmbedUnknown", get("0".repeat(32))),
        ("EmbedExpired", get(old.to_text())),
        ("Revoked", get(revoked.to_text())),
        ("OriginNotAllowed", get(elsewhere.to_text())),
        ("RateLimited", get(issue(NOW, once).to_text())), // the first decision has used it up
    ]
}

#[test]
fn granting_an_embed_token_allocates_nothing_wherever_it_stands_and_whatever_is_asked_of_it() {
    let site = Site::bucket("courses").host(HOST);
    let site = site.embed(Embed::new().paths(["/watch/{token}", "/embed/{token}/"])).hook(|_| Ok(()));
    let verifier = Verifier::builder().clock(|| NOW).site(site).build().unwrap();
    let draft =
        EmbedDraft::new("1").viewer("ann").origins(["https://*.example.com"]).metadata("plan", "gold");
    let embeds = verifier.embeds(HOST).unwrap();
    let token = embeds.issue(draft.rate(Rate::per_minute(1000).unwrap())).now_or_never().unwrap().unwrap();
    embeds.revoke_viewer("bob").now_or_never().unwrap().unwrap();
    let text = token.to_text();
    for (name, target) in [
        ("page", format!("/watch/{text}")),
        ("below", format!("/embed/{text}/videos/1/seg-1.ts")),
        ("query", format!("/videos/1/master.m3u8?auth={text}")),
        ("cookie", "/videos/1/1.key".to_owned()),
    ] {
        let cookie = format!("Qencode-Auth-Token={text}");
        let mut request =
            Request::get(target).header("host", HOST).header("referer", "https://app.example.com/");
        if name == "cookie" {
            request = request.header("cookie", cookie);
        }
        let counted = decide(&verifier, &request.body(()).unwrap(), |decision| {
            assert!(matches!(decision, Decision::Granted(_)), "{name}: {decision:?}");
        });
        assert_eq!(counted, (0, 0), "{name}: deciding, letting go");
    }
}

/// Header fields of an inner service's answer.
type Fields = &'static [(&'static str, &'static str)];

/// How often the layer asks the allocator while a page of another origin is answered, beyond what its inner service asks,
/// which answers with these header fields.
fn asked_by_the_layer(site: Site, fields: Fields) -> u64 {
    let signer = Kind::Hmac.signer("k");
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let verifier = Verifier::builder().site(site.host(HOST)).key(key).clock(|| NOW).build().unwrap();
    let token = signed(signer.token(folder()).expires_at(LATER));
    let respond = move || {
        let mut response = Response::new(http_body_util::Full::<bytes::Bytes>::default());
        for (name, value) in fields {
            response.headers_mut().insert(*name, http::HeaderValue::from_static(value));
        }
        response
    };
    let alone = measure(|| drop(std::hint::black_box(respond()))).count_total;
    let inner =
        tower::service_fn(move |_request: Request<()>| std::future::ready(Ok::<_, Infallible>(respond())));
    let mut service = GateLayer::new(verifier.clone()).layer(inner);
    let mut counted = 0;
    for _ in 0..2 {
        let mut request = get(&format!("/videos/1/a.ts?auth={token}"));
        request.headers_mut().insert("origin", http::HeaderValue::from_static(PAGE));
        let mut answer = None;
        // The request is dropped by the inner service: only asking for memory is counted, not giving it back.
        counted =
            measure(|| answer = futures_util::FutureExt::now_or_never(service.call(request))).count_total;
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    counted - alone
}

#[test]
fn the_layer_adds_no_allocation_besides_response_headers() {
    const MAP: u64 = 2; // fields, and their places: to make a header map, and each time it grows
    const FOUR: Fields =
        &[("content-type", "video/mp2t"), ("accept-ranges", "bytes"), ("etag", "\"1\""), ("date", "now")];
    let site = || Site::bucket("courses");
    let cors = || site().cors(Cors::with_credentials([PAGE]));
    for (name, site, fields, expected) in [
        ("headers are the inner service's", site().cache(CacheScope::Inner), &[][..], 0),
        ("`cache-control` makes the map", site(), &[], MAP),
        ("`cache-control` finds room", site(), FOUR, 0),
        ("CORS and `vary` make the map", cors().cache(CacheScope::Inner), &[], MAP),
        ("CORS, `vary` and `cache-control` make the map", cors(), &[], MAP),
        ("CORS, `vary` and `cache-control` let it grow once", cors(), FOUR, MAP),
        ("a list of what was said, and its new text", site(), &[("cache-control", "public, max-age=60")], 2),
    ] {
        assert_eq!(asked_by_the_layer(site, fields), expected, "{name}");
    }
}
