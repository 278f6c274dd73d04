//! The cost of requests of every kind, in bytes visited for each byte of the request.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{ServiceExt as _, service_fn};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{BESIDES, PER_BYTE, take};
use crate::adapters::tower::Gate;
use crate::cors::Cors;
use crate::crypto::{Algorithm, SigningKey};
use crate::error::{Denial, UrlSignatureFault};
use crate::keys::Key;
use crate::mint::{LinkSigner, Signer};
use crate::records::EmbedDraft;
use crate::request::PeerAddr;
use crate::schemes::Carrier;
use crate::schemes::akamai::{Akamai, AkamaiCarrier, AkamaiSigner, UrlEscaping};
use crate::schemes::cloudfront::{CloudFront, Protocol, Wildcards};
use crate::schemes::embed::{Embed, OriginsOn};
use crate::schemes::link::{IpBinding, SecureLink};
use crate::scope::{KeyScope, Scope};
use crate::site::{Forward, GrantFact, Site, UnknownHost};
use crate::time::UnixSeconds;
use crate::verifier::Verifier;

const NOW: i64 = 1_750_000_000;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const LINK_SECRET: &str = "a shared secret";

/// The length of a long path, query or header: more than any server reads.
const LONG: usize = 60_000;

/// A host for each kind of site.
const HOSTS: [&str; 12] = [
    "plain.example.com",
    "strip.example.com",
    "embed.example.com",
    "video.example.com",
    "nginx.example.com",
    "live.example.com",
    "public.example.com",
    "mounts.example.com",
    "akamai.example.com",
    "cloudfront.example.com",
    "anywhere.example.com",
    "unknown.example.net",
];

/// Returns settings with everything that adds work: two keys, every carrier, every URL escaping.
fn akamai_settings() -> Akamai {
    Akamai::new("00112233445566778899aabbccddeeff")
        .also("ffeeddccbbaa99887766554433221100")
        .carriers([AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie])
        .url_escaping([UrlEscaping::None, UrlEscaping::Edge, UrlEscaping::Cloudinary])
}

/// Returns Akamai tokens whose matching takes long, signed, and an unsigned one without `acl`.
fn akamai_tokens() -> Vec<String> {
    let signer = AkamaiSigner::new(&akamai_settings()).unwrap();
    let draft = |acl: String| signer.acl([acl]).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let unsigned = format!("exp=1750000060~data=%2541{}~hmac={}", "%41".repeat(1200), "0".repeat(64));
    vec![draft(format!("/{}", "*v".repeat(1800))), draft("/*i*e*o*/b!".repeat(300) + "/*"), unsigned]
}

fn cloudfront_settings() -> CloudFront {
    CloudFront::new().protocol(Protocol::Https)
}

fn cloudfront_key() -> Key {
    let pem = include_bytes!("../../tests/support/keys/p256.test.pub.pem");
    Key::from_pem_for(Algorithm::CloudFrontP256, "p256", pem, KeyScope::bucket("vod")).unwrap()
}

/// The parts of a credential by name.
type Parts = Vec<(&'static str, String)>;

/// Returns credentials of CloudFront whose parsing or matching takes long. All but one are signed.
fn cloudfront_credentials() -> Vec<(String, Parts)> {
    let pem = include_bytes!("../../tests/support/keys/p256.test.pem");
    let der = ::pem::parse(pem).unwrap().into_contents();
    let key = SigningKey::from_der(Algorithm::CloudFrontP256, &der).unwrap();
    let encode = |bytes: &[u8]| {
        base64_simd::STANDARD.encode_to_string(bytes).replace('+', "-").replace('/', "~").replace('=', "_")
    };
    let signed = |text: &str, first: (&'static str, String)| {
        let signature = encode(&key.sign(text.as_bytes()).unwrap());
        vec![
            first,
            ("Signature", signature),
            ("Key-Pair-Id", "p256".to_owned()),
            ("Hash-Algorithm", "SHA256".to_owned()),
        ]
    };
    let date = r#"{"AWS:EpochTime":1750000060}"#;
    let policy = |resource: &str, conditions: &str| {
        let resource =
            format!(r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{{conditions}}}}}]}}"#);
        signed(&resource, ("Policy", encode(resource.as_bytes())))
    };
    let less = format!(r#""DateLessThan":{date}"#);
    let resource = |resource: String| policy(&resource, &less);
    let members = (0..64).map(|number| format!(r#""\u0041{number}":0,"#)).collect::<Vec<_>>().concat();
    let canned = format!("https://cloudfront.example.com/{}", "vi".repeat(2000));
    let canned = format!(r#"{{"Statement":[{{"Resource":"{canned}","Condition":{{{less}}}}}]}}"#);
    let mut all = vec![
        ("stars", resource(format!("https://*/{}", "*v".repeat(1800)))),
        ("stars before a miss", resource(format!("https://*/{}x", "*vi".repeat(900)))),
        ("stars in the query", resource(format!("*?{}", "a=%*".repeat(1000)))),
        ("stars anywhere", resource(format!("*{}", "*i?v".repeat(1000)))),
        ("question marks", resource(format!("https://*/{}*", "?".repeat(3000)))),
        ("escapes", resource(r"\u002a".repeat(600))),
        ("escaped slashes", resource(format!(r"https:\/\/*{}*", r"\/".repeat(1000)))),
        ("members", policy("*", &format!("{members}{less}"))),
        ("depth", policy("*", &format!(r#""x":{}{},{less}"#, "[".repeat(14), "]".repeat(14)))),
        ("blanks", policy("*", &format!("{}{less}", " ".repeat(5000)))),
        (
            "an address",
            policy("*", &format!(r#"{less},"IpAddress":{{"AWS:SourceIp":"{}"}}"#, "1".repeat(4000))),
        ),
        ("canned", signed(&canned, ("Expires", "1750000060".to_owned()))),
    ];
    let mut forged = policy(&"*".repeat(4000), &less);
    forged[1].1 = "A".repeat(96);
    let mut encoded = policy(&"*".repeat(1000), &less);
    encoded[0].1 = encoded[0].1.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    all.extend([("forged", forged), ("percent-encoded", encoded)]);
    all.into_iter().map(|(name, parts)| (name.to_owned(), parts)).collect()
}

struct Stand {
    verifier: Verifier,
    tokens: Vec<String>,
    runtime: tokio::runtime::Runtime,
}

impl Stand {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let [plain, strip, embed, video, nginx, live, public, mounts, akamai, cloudfront, anywhere, _] =
            HOSTS;
        let vod = |host: &str| Site::bucket("vod").host(host);
        let video_link = SecureLink::gcore_video(LINK_SECRET);
        let names: String = (0..8).map(|number| format!("{{query:q{number}}}")).collect::<Vec<_>>().concat();
        let nginx_link =
            SecureLink::nginx(format!("{{expires}}{{path}}{{ip}}{names} {{secret}}"), LINK_SECRET)
                .ip_binding(IpBinding::EXACT);
        let embeds =
            Embed::new().paths(["/watch/{token}", "/embed/{token}/"]).origins_on(OriginsOn::Everything);
        let mut builder = Verifier::builder()
            .clock(|| UnixSeconds::new(NOW))
            .site(vod(plain).carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).hook(|claims| {
                let _ = (claims.claim("a"), claims.has("plan", "gold"));
                Ok(())
            }))
            .site(
                vod(strip)
                    .strip_credentials(true)
                    .secure_link(video_link.clone())
                    .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
                    .identity_header("x-viewer", "sub")
                    .identity_header("x-scope", GrantFact::Scope)
                    .remove_header("x-auth-kid")
                    .forward(Forward::except_keys(["auth"]))
                    .cors(Cors::with_credentials(["https://*.example.com", "https://app.example.com"])),
            )
            .site(vod(embed).embed(embeds))
            .site(vod(video).secure_link(video_link.clone()).require_https(true))
            .site(vod(nginx).secure_link(nginx_link.clone()))
            .site(vod(akamai).akamai(akamai_settings()))
            .site(vod(cloudfront).cloudfront(cloudfront_settings()))
            .site(
                vod(anywhere).id("anywhere").cloudfront(cloudfront_settings().wildcards(Wildcards::Anywhere)),
            )
            .site(Site::live_by_path().host(live))
            .site(vod(public).public().forward(Forward::except_keys(["x"])));
        for depth in 1..20 {
            let base = "/media".repeat(depth) + "/";
            builder = builder.site(Site::bucket("vod").id(&*base).host(mounts).base_path(&*base));
        }
        let verifier = builder
            .site(Site::bucket("vod").id("mounts").host("mounts.{region}.com").base_path("/other/"))
            .trusted_proxies(["127.0.0.1", "10.0.0.0/8"])
            .unknown_host(UnknownHost::Pass)
            .outside(crate::site::Outside::Pass)
            .key(Key::from_secret("k", SECRET, KeyScope::bucket("vod")).unwrap())
            .key(cloudfront_key())
            .build()
            .unwrap();
        let signer = Signer::from_secret("k", SECRET).unwrap();
        let small = signer.token(Scope::folder("videos/1").unwrap()).sign().unwrap().as_str().to_owned();
        let mut large = signer.token(Scope::folder("videos/1").unwrap());
        for number in 0..60 {
            large = large.claim(&format!("{}{number:02}", "a".repeat(20)), vec![0; 5]);
        }
        let large = large.sign().unwrap().as_str().to_owned();
        assert!((3000..4096).contains(&large.len()), "{}", large.len());
        let draft = EmbedDraft::new("1").origins(["https://*.example.com"]);
        let embed = runtime.block_on(verifier.embeds(embed).unwrap().issue(draft)).unwrap().to_text();
        Self { verifier, tokens: vec![small, large, embed], runtime }
    }

    /// Returns the number of bytes visited for a request, from the layer to the call of the inner service.
    fn visited_for(&self, request: Request<()>) -> u64 {
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
        let service = Gate::new(inner, self.verifier.clone());
        // An event that is not recorded is not rendered either.
        let recorder =
            tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::sink);
        let _recorded = recorder.finish().set_default();
        take();
        drop(self.runtime.block_on(service.oneshot(request)).unwrap());
        take()
    }
}

/// Returns the approximate length of a request as it is sent.
fn length(request: &Request<()>) -> usize {
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.method().as_str().len() + request.uri().to_string().len() + fields.sum::<usize>()
}

/// Repeats `text` up to [`LONG`].
fn many(text: &str) -> String {
    text.repeat(LONG / text.len())
}

fn request(host: &str, target: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::get(target).header("host", host);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let mut request = request.body(()).unwrap();
    request.extensions_mut().insert(PeerAddr("127.0.0.1:4711".parse().unwrap()));
    request
}

fn paths() -> Vec<(&'static str, String)> {
    let cut = |text: String| text[..4096].to_owned();
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let mut paths = vec![
        ("decoded again and again", format!("/%{}41", "25".repeat(LONG / 2))),
        ("decoded again and again, as long as is looked at", format!("/%{}41", "25".repeat(2040))),
        ("much encoded thrice", cut(format!("/{}", many("%252541")))),
        ("much encoded thrice, without end", format!("/{}", many("%252541"))),
        ("backslashes", cut(format!("/{}", many("%5c")))),
        ("encoded backslashes", cut(format!("/{}", many("%25255ca")))),
        ("dots", cut(format!("/{}", many("../")))),
        ("encoded dots", cut(format!("/{}", many("%252e%252e/")))),
        ("slashes", cut(many("/"))),
        ("slashes and dots", cut(many("//../a/."))),
        ("short segments", cut(many("/a"))),
        ("short segments without end", many("/a")),
        ("one segment", format!("/{}", many("a"))),
        ("a segment of runs", format!("/{}", many("a.b.cd"))),
        ("base paths", cut(many("/media"))),
        ("encoded base paths", cut(many("/%256dedia"))),
        ("bytes above ASCII", cut(format!("/{}", many("%c3%a9")))),
        ("a page", format!("/watch/{}", many("a"))),
        ("below a page", cut(format!("/embed/{}/a.ts", encoded(&many("a"))))),
        ("a video link", cut(format!("/videos/a_1/{}", many("b/")))),
        ("a manifest", "/videos/1/a.m3u8".to_owned()),
        ("a manifest with a long name", cut(format!("/videos/1/{}", many(".m3u8")))),
    ];
    for (_, path) in &mut paths {
        if path.ends_with("%2") || path.ends_with('%') {
            path.truncate(path.rfind('%').unwrap());
        }
    }
    paths
}

fn queries() -> Vec<(&'static str, String)> {
    vec![
        ("ampersands", many("&")),
        ("equals signs", many("=")),
        ("one parameter over and over", many("auth=x&")),
        ("many parameters", many("q=1&")),
        ("links", many("md5=x&expires=1&q0=2&q7=3&")),
        ("encoded names", many("%61%75%74%68=x&")),
        ("names of a known length", many("%61uti&a%75td&")),
        ("a long name", many("%61")),
        ("a long value", format!("auth={}", many("%25"))),
        ("a link's long values", format!("md5=x&expires={}&q1={}", "1".repeat(20_000), "a".repeat(20_000))),
        (
            "a link",
            "md5=AAAAAAAAAAAAAAAAAAAAAA&expires=1750000060&q0=&q1=&q2=&q3=&q4=&q5=&q6=&q7=".to_owned(),
        ),
        ("dots", format!("auth={}", many("."))),
        ("three parts", format!("auth={}.{}.{}", "a".repeat(2700), "a".repeat(2700), "a".repeat(2700))),
        ("a token's length of braces", format!("auth={}.{}.AA", "e30", "W1tb".repeat(1000))),
    ]
}

fn headers() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("cookies", "cookie", many("Qencode-Auth-Token=x; ")),
        ("other cookies", "cookie", many("a=b;")),
        ("semicolons", "cookie", many(";")),
        ("blanks", "cookie", format!("a{}; b", " ".repeat(LONG))),
        ("one cookie", "cookie", format!("Qencode-Auth-Token={}", many("a"))),
        ("four cookies", "cookie", format!("Qencode-Auth-Token={}; ", "a.b.c".repeat(1600)).repeat(4)),
        ("addresses", "x-forwarded-for", many("10.1.2.3,")),
        ("no addresses", "x-forwarded-for", many("unknown, ")),
        ("commas", "x-forwarded-for", many(",")),
        ("quotes", "x-forwarded-for", many("\"")),
        ("a long address", "x-forwarded-for", many("1")),
        ("hops", "forwarded", many("for=10.0.0.1;proto=https,")),
        ("parameters of a hop", "forwarded", many("a=b;")),
        ("protocols", "x-forwarded-proto", many("https,")),
        ("bearer", "authorization", format!("Bearer {}", many("a"))),
        ("blanks of bearer", "authorization", format!("Bearer{}", " ".repeat(LONG) + "a")),
        ("an origin", "origin", format!("https://{}.example.com", many("a"))),
        ("a referer's host", "referer", format!("https://{}", many("a"))),
        ("a referer's path", "referer", format!("https://a.example.com/{}", many("%2541/"))),
        ("a referer's short path", "referer", format!("https://a.example.com/{}", "%2541/".repeat(600))),
        ("a referer's query", "referer", format!("https://a.example.com/?{}", "a&".repeat(2000))),
        ("a referer of tokens", "referer", format!("https://a.example.com/?{}", "auth=a.b&".repeat(400))),
        ("conditions", "if-none-match", many("\"a\",")),
        ("commas of conditions", "if-none-match", many(",")),
        ("a field that folds", "x_auth.kid", many("a")),
        ("a long name of a field", "x-auth-kid-and-more-of-it-than-there-is", many("a")),
    ]
}

/// Returns requests with each of these credentials, in each carrier, and among others of their kind.
fn cloudfront_requests(stand: &Stand) -> Vec<(String, Request<()>)> {
    let mut requests = Vec::new();
    for (name, parts) in cloudfront_credentials() {
        let query = parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let encoded = query.replace("Policy", "%50%6f%6c%69%63%79").replace('~', "%7E");
        let cookies = parts.iter().map(|(name, value)| format!("CloudFront-{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let among_others = format!("{}{cookies}", "CloudFront-Polic=x; ".repeat(500));
        let long = format!("/{}", "vi".repeat(2000));
        let signed = request("cloudfront.example.com", &format!("{long}?{query}"), &[]);
        let denial = stand.verifier.decide(&signed, UnixSeconds::new(NOW)).denial();
        let is_verified = denial != Some(Denial::UrlSignatureBad(UrlSignatureFault::Mismatch));
        assert_eq!(is_verified, name != "forged", "{name}: {denial:?}");
        for path in ["/videos/1/a.m3u8".to_owned(), long] {
            for (target, cookies) in [
                (format!("{path}?{query}"), ""),
                (format!("{path}?{encoded}"), ""),
                (format!("{path}?{}{query}", "a=%2541&".repeat(1000)), ""),
                (format!("{path}?{query}&{}", "&".repeat(1000)), &*cookies),
                (path.clone(), &*cookies),
                (path.clone(), &*among_others),
                (format!("{path}?{}", "a=%2541&".repeat(1000)), &*cookies),
            ] {
                let name = format!("CloudFront's {name} for {target:.20} of {} bytes", target.len());
                for host in ["cloudfront.example.com", "anywhere.example.com"] {
                    requests.push((name.clone(), request(host, &target, &[("cookie", cookies)])));
                }
            }
        }
    }
    requests
}

#[test]
fn no_request_costs_more_than_so_much_for_each_of_its_bytes() {
    let stand = Stand::new();
    let mut requests: Vec<(String, Request<()>)> = Vec::new();
    for host in HOSTS {
        for (name, path) in paths() {
            requests.push((format!("path of {name}"), request(host, &path, &[])));
        }
        for (name, query) in queries() {
            for file in ["a.ts", "a.m3u8"] {
                let target = format!("/videos/1/{file}?{query}");
                requests.push((format!("query of {name} for {file}"), request(host, &target, &[])));
            }
        }
        for (name, field, value) in headers() {
            requests.push((
                format!("header of {name}"),
                request(host, "/videos/1/a.m3u8?b=1", &[(field, &value)]),
            ));
            for token in &stand.tokens {
                // A grant adds work: stripping, identity headers, forwarding, conditions.
                let target = format!("/videos/1/a.m3u8?auth={token}&b=1");
                let fields = [(field, &*value), ("origin", "https://a.example.com")];
                requests.push((format!("grant with a header of {name}"), request(host, &target, &fields)));
            }
        }
        for token in &stand.tokens {
            let encoded = token.replace('.', "%2E").replace('a', "%61");
            for target in [
                format!("/videos/1/a.ts?auth={encoded}"),
                format!("/videos/1/a.m3u8?auth={token}&{}", many("x=1&")),
                format!("/videos/1/a.m3u8?{}auth={token}", many("&")),
                format!("/watch/{token}"),
                format!("/videos/1/{token}.ts"),
                format!("/videos/1/a.ts?auth={token}x"),
            ] {
                requests.push((format!("token in {target:.40}"), request(host, &target, &[])));
            }
        }
    }
    let signer = LinkSigner::new(&SecureLink::gcore_video(LINK_SECRET)).unwrap();
    let link = signer
        .link("https://strip.example.com/videos/a_1/master.m3u8")
        .expires_at(UnixSeconds::new(NOW + 60));
    let link = link.sign().unwrap().replace("https://strip.example.com", "");
    requests.push((
        "video link".to_owned(),
        request("strip.example.com", &format!("{link}?{}", many("a=1&")), &[]),
    ));
    for token in akamai_tokens() {
        let cookies = format!("hdnts={token}; ").repeat(4);
        for path in ["/videos/1/a.m3u8".to_owned(), format!("/{}", "vi".repeat(2000))] {
            for (target, fields) in [
                (format!("{path}?hdnts={token}"), vec![]),
                (format!("{path}?{}hdnts={token}", "a=%2541&".repeat(1000)), vec![]),
                (path.clone(), vec![("hdnts", &*token)]),
                (format!("{path}?{}", "a=%2541&".repeat(1000)), vec![("cookie", &*cookies)]),
            ] {
                let name = format!("Akamai token {token:.20} for {target:.20} with {} fields", fields.len());
                requests.push((name, request("akamai.example.com", &target, &fields)));
            }
        }
    }
    requests.extend(cloudfront_requests(&stand));
    let mut worst = Vec::new();
    for (name, request) in requests {
        let (host, received) = (request.headers()["host"].to_str().unwrap().to_owned(), length(&request));
        let received = u64::try_from(received).unwrap();
        let visited = stand.visited_for(request);
        assert!(visited > 0, "{name} at {host}: nothing was counted");
        worst.push((
            visited.saturating_sub(BESIDES) / received,
            visited,
            received,
            format!("{name} at {host}"),
        ));
    }
    worst.sort_unstable();
    let (over, ..) = *worst.last().unwrap();
    let last: Vec<_> = worst.iter().rev().take(12).collect();
    assert!(over < PER_BYTE, "{last:#?}");
}
