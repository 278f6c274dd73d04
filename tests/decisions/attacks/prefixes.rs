//! The boundary of a scope: what a `uri` covers of its bucket, its stream and its site, and not a byte more.

use playgate::{Denial, KeyScope, Site};

use super::{Attack, Expected, Family, Harmless, OUT_OF_SCOPE, PATH, PAYLOAD, Refused, attack};
use crate::support::{HOST, TestKey, gate, get, vod};

const SLASH: Expected = Refused("403 out_of_scope", Denial::ScopeStartsWithSlash);
const WHOLE: Expected = Refused("403 out_of_scope", Denial::WholeBucket);
const WRONG_KEY: Expected = Refused("403 wrong_key", Denial::WrongKeyScope);
const LIVE: &str = "live.example.com";

pub(crate) fn family() -> Family {
    let verifier = gate()
        .outside(playgate::site::Outside::Pass)
        .site(vod().whole_bucket(false))
        .site(Site::bucket("vod").id("folder").host("folder.example.com").base_path("/media/"))
        .site(Site::live_by_path().id("live").host(LIVE))
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .key(TestKey::P256.key(KeyScope::bucket("vo")))
        .key(TestKey::Ed25519.key(KeyScope::stream("ch1")))
        .build()
        .unwrap();
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [prefixes(), unicode(), keys(), live()];
    Family::new("prefixes", verifier, clean, attacks.into_iter().flatten().collect())
}

fn row(uri: &str, target: &str, source: &'static str, expected: Expected) -> Attack {
    let token = TestKey::Rsa.token(&format!(r#"{{"uri":"{uri}"}}"#));
    attack(format!("uri {uri:?} for {target}"), source, get(target).cookie(token), expected)
}

fn prefixes() -> Vec<Attack> {
    let textual = "Qencode and Google prefixes are textual: /show covers /show2";
    let dots = "RFC 3986 §5.2.4: a scope is no path to resolve";
    let alias = "Tsai 2018, nginx alias off by slash";
    let slash = "RFC 3986 §3.3: an object key has no leading slash";
    vec![
        row("videos/1", "/videos/10/a.ts", textual, OUT_OF_SCOPE),
        row("videos/1", "/videos/1.mp4", textual, OUT_OF_SCOPE),
        row("videos/1", "/videos/1-private/a.ts", textual, OUT_OF_SCOPE),
        row("videos/1/", "/videos/10/a.ts", textual, OUT_OF_SCOPE),
        row("videos", "/videos2/1/a.ts", textual, OUT_OF_SCOPE),
        row("v", "/videos/1/a.ts", textual, OUT_OF_SCOPE),
        row("videos/1/a", "/videos/1/a.ts", textual, OUT_OF_SCOPE),
        row("videos/1/a.ts", "/videos/1/a.ts2", textual, OUT_OF_SCOPE),
        row("videos/1/", "/videos/1", alias, OUT_OF_SCOPE),
        row("videos/1/a.ts/", PATH, alias, OUT_OF_SCOPE),
        row("videos/1/b.ts", PATH, "Gcore: a file covers itself", OUT_OF_SCOPE),
        row("1/", PATH, "CWE-187: part of a path", OUT_OF_SCOPE),
        row("a.ts", PATH, "CWE-187: part of a path", OUT_OF_SCOPE),
        row("Videos/1/", PATH, "CVE-2024-6866 (flask-cors): case", OUT_OF_SCOPE),
        row("videos//1/", PATH, "CVE-2019-9901 (Envoy): merged slashes", OUT_OF_SCOPE),
        row("videos/1//", PATH, "CVE-2019-9901 (Envoy): merged slashes", OUT_OF_SCOPE),
        row("videos\\\\1\\\\", PATH, "CVE-2018-1271 (Spring): backslashes", OUT_OF_SCOPE),
        row(".", PATH, dots, OUT_OF_SCOPE),
        row("..", PATH, dots, OUT_OF_SCOPE),
        row("./", PATH, dots, OUT_OF_SCOPE),
        row("../", PATH, dots, OUT_OF_SCOPE),
        row("./videos/1/", PATH, dots, OUT_OF_SCOPE),
        row("videos/./1/", PATH, dots, OUT_OF_SCOPE),
        row("videos/2/../1/", PATH, dots, OUT_OF_SCOPE),
        row("videos/1/..", "/videos/2/a.ts", dots, OUT_OF_SCOPE),
        row("/", PATH, slash, SLASH),
        row("//", PATH, slash, SLASH),
        row("/videos/1/", PATH, slash, SLASH),
        row("\\/videos\\/1\\/", PATH, "firebase/php-jwt writes \\/", SLASH),
        row("\\u002fvideos/1/", PATH, "RFC 8259 §7", SLASH),
        row("", PATH, "CloudFront without Resource is everything", WHOLE),
        row(" ", PATH, "CWE-20: a blank is no nothing", OUT_OF_SCOPE),
        row("*", PATH, "CloudFront: * is everything", OUT_OF_SCOPE),
        row("videos/1/\\u0000", PATH, "CWE-158", OUT_OF_SCOPE),
        row("videos/1\\u0000/", PATH, "CWE-158", OUT_OF_SCOPE),
        row("videos/1/ ", PATH, "CWE-46", OUT_OF_SCOPE),
        row("%76ideos/1/", PATH, "RFC 3986 §2.4: a claim is not decoded", OUT_OF_SCOPE),
        row("videos%2f1/", PATH, "RFC 3986 §2.4: a claim is not decoded", OUT_OF_SCOPE),
        row("videos/1/%", PATH, "RFC 3986 §2.4: a claim is not decoded", OUT_OF_SCOPE),
        row("https://cdn.example.com/videos/1/", PATH, "CloudFront: Resource is a URL", OUT_OF_SCOPE),
        row("cdn.example.com/videos/1/", PATH, "CloudFront: Resource is a URL", OUT_OF_SCOPE),
        row("videos/1/a.ts?x", PATH, "CloudFront: Resource has a query", OUT_OF_SCOPE),
        row("vod/videos/1/", PATH, "S3: a path that begins with the bucket", OUT_OF_SCOPE),
        row("videos/1", PATH, "control", Harmless),
        row("videos\\/1\\/", PATH, "firebase/php-jwt writes \\/", Harmless),
        row("videos/1/a.ts", PATH, "control", Harmless),
    ]
}

fn unicode() -> Vec<Attack> {
    let forms = "Unicode TR15; CVE-2019-9636 (Python): normalisation";
    vec![
        row("caf\u{e9}/", "/cafe%CC%81/a.ts", forms, OUT_OF_SCOPE),
        row("cafe\u{301}/", "/caf%C3%A9/a.ts", forms, OUT_OF_SCOPE),
        row("caf\\u00e9/", "/cafe%CC%81/a.ts", forms, OUT_OF_SCOPE),
        row("\u{fb01}lm/", "/film/a.ts", "Unicode TR15: ligatures", OUT_OF_SCOPE),
        row("film/", "/%EF%AC%81lm/a.ts", "Unicode TR15: ligatures", OUT_OF_SCOPE),
        row("stra\u{df}e/", "/strasse/a.ts", "Unicode case folding", OUT_OF_SCOPE),
        row("\u{212a}/", "/K/a.ts", "Unicode case folding: Kelvin", OUT_OF_SCOPE),
        row("vide\u{43e}s/1/", PATH, "Unicode TR36 §2: Cyrillic o", OUT_OF_SCOPE),
        row("caf\\u00e9/", "/caf%C3%A9/a.ts", "control", Harmless),
    ]
}

fn keys() -> Vec<Attack> {
    let bound = "Qencode: a key is bound to one bucket or stream";
    let payload = r#"{"uri":"ch1"}"#;
    let on = |host: &str, key: TestKey, payload| get("/ch1/a.ts").host(host).cookie(key.token(payload));
    vec![
        attack(
            "a key of bucket vo on bucket vod",
            bound,
            get(PATH).cookie(TestKey::P256.token(PAYLOAD)),
            WRONG_KEY,
        ),
        attack("a stream's key on a bucket", bound, on(HOST, TestKey::Ed25519, payload), WRONG_KEY),
        attack("a bucket's key on a stream", bound, on(LIVE, TestKey::Rsa, payload), WRONG_KEY),
        attack(
            "a bucket claim beside another bucket's key",
            "RFC 8725 §3.9",
            get(PATH).cookie(TestKey::P256.token(r#"{"uri":"videos/1/","bucket":"vod","aud":"vod"}"#)),
            WRONG_KEY,
        ),
        attack(
            "a uri that climbs into another bucket",
            "CWE-22",
            get(PATH).cookie(TestKey::P256.token(r#"{"uri":"../vod/videos/1/"}"#)),
            WRONG_KEY,
        ),
        attack(
            "a uri with the base path",
            "RFC 3986 §3.3",
            get("/media/videos/1/a.ts")
                .host("folder.example.com")
                .cookie(TestKey::Rsa.token(r#"{"uri":"media/"}"#)),
            OUT_OF_SCOPE,
        ),
    ]
}

fn live() -> Vec<Attack> {
    let whole = "Qencode: a playback id is compared whole, not as part of a text";
    let rows = [
        ("", "/ch1/a.ts"),
        ("ch", "/ch1/a.ts"),
        ("ch1", "/ch10/a.ts"),
        ("ch1", "/ch1x.m3u8"),
        ("ch1", "/ch2/ch1/a.ts"),
        ("ch1", "/CH1/a.ts"),
        ("ch1/", "/ch1/a.ts"),
        ("ch1/a.ts", "/ch1/a.ts"),
        ("CH1", "/ch1/a.ts"),
        ("*", "/ch1/a.ts"),
        ("ch1,ch2", "/ch1/a.ts"),
    ];
    let attacks = rows.into_iter().map(|(uri, target)| {
        let token = TestKey::Ed25519.token(&format!(r#"{{"uri":"{uri}"}}"#));
        // Another stream than the key's is refused for the key already.
        let expected = if target.starts_with("/ch1/") { OUT_OF_SCOPE } else { WRONG_KEY };
        attack(
            format!("live: uri {uri:?} for {target}"),
            whole,
            get(target).host(LIVE).cookie(token),
            expected,
        )
    });
    let good = TestKey::Ed25519.token(r#"{"uri":"ch1"}"#);
    let control =
        attack("live: its own stream", "control", get("/ch1/a.ts").host(LIVE).cookie(good), Harmless);
    attacks.chain([control]).collect()
}
