//! No credential reaches a log line, an error or a `Debug`. Each kind of credential is put into each place of a request to each
//! kind of site, in any spelling, and every level is logged.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::crypto::LinkHash;
use playgate::mint::LinkSigner;
use playgate::schemes::Carrier;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::schemes::link::{LinkEncoding, SecureLink};
use playgate::site::{Forward, UnknownHost};
use playgate::time::UnixSeconds;
use playgate::{Decision, KeyScope, Site, Verifier};
use proptest::prelude::*;
use proptest::sample::select;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::drawn::cases;
use crate::support::{NOW, TestKey, ThreadLog, gate};

const LINK_SECRET: &str = "a shared secret";
const HMAC_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The length of a piece of a credential that counts as a leak, in bytes.
const PIECE: usize = 12;

/// A host for each kind of site, and one of no site at the end.
const HOSTS: [&str; 11] = [
    "plain.example.com",
    "strip.example.com",
    "embed.example.com",
    "video.example.com",
    "gcore.example.com",
    "hmac.example.com",
    "live.example.com",
    "public.example.com",
    "base.example.com",
    "label.example.com",
    "nobody.example.com",
];

struct Stand {
    verifier: Verifier,
    credentials: Vec<(&'static str, String)>,
    runtime: tokio::runtime::Runtime,
}

impl Stand {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let [plain, strip, embed, video, gcore, hmac, live, public, base, label, _] = HOSTS;
        let vod = |host: &str| Site::bucket("vod").host(host);
        let video_link = SecureLink::gcore_video(LINK_SECRET);
        let gcore_link = SecureLink::gcore(LINK_SECRET);
        let hmac_link = SecureLink::custom("{expires}|{dir}", LinkHash::HmacSha256, HMAC_SECRET)
            .encoding(LinkEncoding::Hex);
        let verifier = gate()
            .site(
                vod(plain).carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).grant_extension(true),
            )
            .site(
                vod(strip)
                    .strip_credentials(true)
                    .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
                    .identity_header("x-viewer", "sub")
                    .cors(Cors::with_credentials(["https://*.example.com"])),
            )
            .site(vod(embed).embed(Embed::new().paths(["/watch/{token}", "/embed/{token}/"])))
            .site(vod(video).secure_link(video_link.clone()).require_https(true))
            .site(vod(gcore).secure_link(gcore_link.clone()).grant_extension(true))
            .site(vod(hmac).secure_link(hmac_link.clone()).forward(Forward::only_keys(["hash", "expires"])))
            .site(Site::live_by_path().host(live))
            .site(vod(public).public().forward(Forward::except_keys(["x"])))
            .site(vod(base).base_path("/media/").strip_credentials(true))
            .site(Site::bucket("{bucket}").host("{bucket}.example.com").id(label))
            .trusted_proxies(["127.0.0.1"])
            .unknown_host(UnknownHost::Pass)
            .outside(playgate::site::Outside::Pass)
            .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
            .key(TestKey::Secret.key(KeyScope::bucket("vod")))
            .build()
            .unwrap();
        let embeds = verifier.embeds(embed).unwrap();
        let token = runtime.block_on(embeds.issue(EmbedDraft::new("1").viewer("ada"))).unwrap().to_text();
        let linked = |link: &SecureLink, url: &str, from: &str, to: &str| {
            let signer = LinkSigner::new(link).unwrap();
            let signed = signer.link(url).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
            let (_, rest) = signed.split_once(from).unwrap();
            rest.split(to).next().unwrap().to_owned()
        };
        let credentials = vec![
            ("a signed token", TestKey::Rsa.token(r#"{"uri":""}"#)),
            (
                "a signed token with little in it",
                TestKey::Secret.sign(r#"{"alg":"HS256","kid":"secret"}"#, "{}"),
            ),
            ("an embed token", token.clone()),
            ("an embed token and one character", format!("{token}a")),
            ("an embed token less one character", token[1..].to_owned()),
            ("the longest embed token", "0123456789abcdef".repeat(4)),
            ("an embed token too long by one", "0123456789abcdef".repeat(4) + "0"),
            (
                "a video link's proof",
                linked(&video_link, &format!("https://{video}/videos/a_1/master.m3u8"), "videos/a_1/", "/"),
            ),
            ("a link's proof", linked(&gcore_link, &format!("https://{gcore}/videos/1/a.ts"), "md5=", "&")),
            ("a link's HMAC", linked(&hmac_link, &format!("https://{hmac}/videos/1/a.ts"), "hash=", "&")),
        ];
        assert!(EmbedToken::parse(&token).is_ok());
        Self { verifier, credentials, runtime }
    }

    /// Returns everything that is written about a request: log lines, `Debug` and `Display`.
    fn written_about(&self, request: &Request<()>) -> String {
        let mut text = String::new();
        let log = ThreadLog::start();
        let inner = service_fn(async |_: Request<()>| {
            Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let response = self
            .runtime
            .block_on(GateLayer::new(self.verifier.clone()).layer(inner).oneshot(request.clone()))
            .unwrap();
        let decision = self.verifier.decide(request, self.verifier.now());
        let reply = decision.reply(request);
        let lines = log.lines_about("");
        drop(log);
        write!(text, "{decision:?} {reply:?}").unwrap();
        if let Some(denial) = response.extensions().get::<playgate::Denial>() {
            write!(text, " {denial} {denial:?} {}", denial.code().as_str()).unwrap();
        }
        let mut edited = request.clone();
        write!(text, " {:?}", reply.map(|reply| reply.apply(&mut edited))).unwrap();
        write!(text, " {:?}", edited.extensions().get::<playgate::OwnedGrant>()).unwrap();
        if let Decision::Granted(grant) = &decision {
            write!(text, " {grant:?} {:?}", grant.to_owned()).unwrap();
        }
        write!(text, " {:?}", playgate::request::RequestView::target(request)).unwrap();
        text.push_str(&lines.join("\n"));
        text
    }
}

/// The percent-encoding of a credential.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    /// The number of times that the text is encoded.
    times: usize,
    /// One character in this many is encoded.
    every: usize,
    upper: bool,
}

fn spelled(text: &str, spelling: Spelling) -> String {
    let mut text = text.to_owned();
    for _ in 0..spelling.times {
        text = text
            .bytes()
            .enumerate()
            .map(|(at, byte)| match (at % spelling.every, spelling.upper) {
                (0, true) => format!("%{byte:02X}"),
                (0, false) => format!("%{byte:02x}"),
                _ => char::from(byte).to_string(),
            })
            .collect();
    }
    text
}

/// The name of a place in a request, and a function that puts text there.
type Place = (&'static str, fn(&mut Head, &str));

/// A request in the making.
struct Head {
    method: String,
    host: String,
    target: String,
    fields: Vec<(&'static str, String)>,
}

const PLACES: [Place; 39] = [
    ("a page's path", |head, text| head.target = format!("/watch/{text}")),
    ("below a path", |head, text| head.target = format!("/embed/{text}/videos/1/a.ts")),
    ("a path's last segment", |head, text| head.target = format!("/videos/1/{text}")),
    ("a file's name", |head, text| head.target = format!("/videos/1/{text}.m3u8")),
    ("a name before another", |head, text| head.target = format!("/videos/1/seg-{text}")),
    ("a folder", |head, text| head.target = format!("/videos/{text}/a.ts")),
    ("the first folder", |head, text| head.target = format!("/{text}/a.ts")),
    ("a video link's place", |head, text| head.target = format!("/videos/a_1/{text}/1750000060/a.ts")),
    ("a video link below a base path", |head, text| {
        head.target = format!("/media/cmaf/a_1/{text}/1750000060/a.ts");
    }),
    ("a parameter in the path", |head, text| head.target = format!("/videos/1/a.ts&auth={text}")),
    ("an encoded query in the path", |head, text| head.target = format!("/videos/1/a.ts%3Fauth={text}")),
    ("a path parameter", |head, text| head.target = format!("/videos/1/a.ts;auth={text};b=1")),
    ("beside an encoded slash", |head, text| head.target = format!("/videos/1%2F{text}/a.ts")),
    ("an ambiguous path", |head, text| head.target = format!("//videos/../{text}")),
    ("outside a base path", |head, text| head.target = format!("/other/{text}")),
    ("behind letters", |head, text| head.target = format!("/videos/1/caf%C3%A9-{text}.ts")),
    ("deep in a path", |head, text| head.target = format!("/{}{text}", "a/".repeat(110))),
    ("a long segment", |head, text| head.target = format!("/{}{text}", "a.".repeat(120))),
    ("auth", |head, text| head.target = format!("/videos/1/a.ts?auth={text}")),
    ("auth of a manifest", |head, text| head.target = format!("/videos/1/a.m3u8?auth={text}")),
    ("auth twice", |head, text| head.target = format!("/videos/1/a.ts?auth={text}&auth={text}")),
    ("md5", |head, text| head.target = format!("/videos/1/a.ts?md5={text}&expires=1750000060")),
    ("hash of a manifest", |head, text| {
        head.target = format!("/videos/1/a.m3u8?hash={text}&expires=1750000060");
    }),
    ("another parameter", |head, text| head.target = format!("/videos/1/a.ts?x={text}&auth=junk")),
    ("the method", |head, text| text.clone_into(&mut head.method)),
    ("the host", |head, text| text.clone_into(&mut head.host)),
    ("a label of the host", |head, text| head.host = format!("{text}.example.com")),
    ("a cookie", |head, text| head.fields.push(("cookie", format!("a=1; Qencode-Auth-Token={text}")))),
    ("another cookie", |head, text| head.fields.push(("cookie", format!("session={text}")))),
    ("a cookie's name", |head, text| head.fields.push(("cookie", format!("a=1; {text}=1")))),
    ("a parameter's name", |head, text| head.target = format!("/videos/1/a.ts?a=1&{text}=1")),
    ("a parameter without a value", |head, text| head.target = format!("/videos/1/a.ts?{text}")),
    ("bearer", |head, text| head.fields.push(("authorization", format!("Bearer {text}")))),
    ("basic", |head, text| head.fields.push(("authorization", format!("Basic {text}")))),
    ("a client's address", |head, text| head.fields.push(("x-forwarded-for", format!("{text}, {text}")))),
    ("forwarded", |head, text| head.fields.push(("forwarded", format!("for={text};proto={text}")))),
    ("a page's origin", |head, text| head.fields.push(("origin", format!("https://{text}.example.com")))),
    ("a referer", |head, text| {
        head.fields.push(("referer", format!("https://{text}.example.com/watch/{text}?auth={text}")));
    }),
    ("conditions", |head, text| head.fields.push(("if-none-match", format!("\"{text}\"")))),
];

fn request(host: &str, (_, place): Place, text: &str) -> Option<Request<()>> {
    let mut head = Head {
        method: "GET".to_owned(),
        host: host.to_owned(),
        target: "/videos/1/a.ts".to_owned(),
        fields: Vec::new(),
    };
    place(&mut head, text);
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(head.method.as_bytes()).ok()?;
    *request.uri_mut() = head.target.parse::<Uri>().ok()?;
    let mut fields = HeaderMap::new();
    fields.insert("host", HeaderValue::from_str(&head.host).ok()?);
    for (name, value) in head.fields {
        fields.append(name, HeaderValue::from_str(&value).ok()?);
    }
    *request.headers_mut() = fields;
    request.extensions_mut().insert(playgate::request::PeerAddr("127.0.0.1:4711".parse().unwrap()));
    Some(request)
}

/// Returns a piece of `credential` that occurs in `text`, in any percent-encoding.
fn leak<'c>(credential: &'c str, text: &str) -> Option<&'c str> {
    let mut readings = vec![text.as_bytes().to_vec()];
    for _ in 0..3 {
        let last = readings.last().unwrap();
        let again: Vec<u8> = percent_decoded(last);
        if again == *last {
            break;
        }
        readings.push(again);
    }
    let bytes = credential.as_bytes();
    let pieces = bytes.windows(PIECE.min(bytes.len()));
    let found = pieces.enumerate().find(|(_, piece)| readings.iter().any(|reading| occurs(reading, piece)));
    found.map(|(at, piece)| &credential[at..at + piece.len()])
}

fn occurs(text: &[u8], piece: &[u8]) -> bool {
    text.windows(piece.len()).any(|window| window == piece)
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let plain = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| byte == b'%');
        decoded.push(plain.unwrap_or(byte));
        rest = if plain.is_some() { &after[2..] } else { after };
    }
    decoded
}

#[test]
fn no_credential_is_written_anywhere_as_it_stands_or_percent_encoded() {
    let stand = Stand::new();
    let mut leaks = Vec::new();
    let mut asked = 0;
    for (kind, credential) in &stand.credentials {
        for (times, upper) in [(0, false), (1, false), (1, true), (3, false)] {
            let text = spelled(credential, Spelling { times, every: 1, upper });
            for place in PLACES {
                for host in HOSTS {
                    let Some(request) = request(host, place, &text) else { continue };
                    asked += 1;
                    let written = stand.written_about(&request);
                    if let Some(piece) = leak(credential, &written) {
                        leaks.push(format!("{kind} encoded {times} times in {} on {host}: {piece}", place.0));
                    }
                }
            }
        }
    }
    assert!(asked > 8000, "only {asked} requests could be made");
    assert!(leaks.is_empty(), "{} of {asked}:\n{}", leaks.len(), leaks.join("\n"));
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn no_spelling_of_a_credential_is_written_anywhere(
        which in 0..10_usize,
        place in select(&PLACES[..]),
        host in select(&HOSTS[..]),
        times in 0..4_usize,
        every in 1..7_usize,
        upper: bool,
        around in ("[a-z0-9._%&=-]{0,6}", "[a-z0-9._%&=-]{0,6}"),
    ) {
        thread_local!(static STAND: Stand = Stand::new());
        STAND.with(|stand| {
            let (kind, credential) = &stand.credentials[which];
            let text = format!("{}{}{}", around.0, spelled(credential, Spelling { times, every, upper }), around.1);
            let Some(request) = request(host, place, &text) else { return Ok(()) };
            let written = stand.written_about(&request);
            prop_assert!(leak(credential, &written).is_none(), "{kind} in {}: {text}\n{written}", place.0);
            Ok(())
        })?;
    }
}
