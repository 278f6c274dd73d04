//! Secure links, embed tokens and live streams.

use std::net::IpAddr;

use playgate::mint::LinkSigner;
use playgate::schemes::link::{Covers, IpBinding, SecureLink};
use playgate::time::UnixSeconds;

use super::origin::{LINK_SECRET, OLD_LINK_SECRET, embeds};
use super::{Row, row};
use crate::support::{Ask, NOW, TestKey, get, token};

const PATH: &str = "/videos/1/a.ts";
const MANIFEST: &str = "/videos/1/master.m3u8";
const APP: &str = "https://app.example.com";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = links();
    rows.extend(bound_links());
    rows.extend(embed_tokens());
    rows.extend(live());
    rows
}

fn links() -> Vec<Row> {
    let signed = |secret: &str, at: i64| {
        let signer = LinkSigner::new(&SecureLink::gcore(secret)).unwrap();
        signer.link(PATH).directory().expires_at(UnixSeconds::new(at)).sign().unwrap()
    };
    let good = signed(LINK_SECRET, NOW + 60);
    let on = |name: &str, target: String, verdict| {
        row(format!("link: {name}"), get(target).host("link.example.com"), verdict)
    };
    let proof = good.split(['=', '&']).nth(1).unwrap_or_default().to_owned();
    vec![
        on("good", good.clone(), "200")
            .tells("access-control-allow-origin", "*")
            .tells("cache-control", "private"),
        on("another file of the directory", good.replace("a.ts", "b.ts"), "200"),
        on("by the secret of yesterday", signed(OLD_LINK_SECRET, NOW + 60), "200"),
        on("by nobody's secret", signed("a secret of nobody", NOW + 60), "403 link_bad"),
        on("another directory", good.replace("/1/", "/2/"), "403 link_bad"),
        on("a directory below", good.replace("a.ts", "b/a.ts"), "403 link_bad"),
        on("old", signed(LINK_SECRET, NOW), "410 link_expired"),
        on("its last second", signed(LINK_SECRET, NOW + 1), "200"),
        on("too long a life", signed(LINK_SECRET, NOW + 7200), "403 link_bad"),
        on("another expiry", good.replace("expires=1", "expires=2"), "403 link_bad"),
        on("no expiry", format!("{PATH}?md5={proof}"), "403 link_bad"),
        on("no proof", good.replace("md5=", "x="), "403 credential_missing"),
        on("half a proof", good.replace("&expires", "A&expires"), "403 link_bad"),
        on("padded, as nginx takes it", good.replace("&expires", "==&expires"), "200"),
        on("a proof twice", format!("{good}&md5={proof}"), "400 ambiguous_credential"),
        on("nothing", PATH.to_owned(), "403 credential_missing").lacks("www-authenticate"),
        on(
            "a token, where none is taken",
            format!("{PATH}?auth={}", token("videos/1/")),
            "403 credential_missing",
        ),
        row("link: HEAD", get(good.clone()).host("link.example.com").method("HEAD"), "200"),
        row(
            "link: HEAD of an old one",
            get(signed(LINK_SECRET, NOW)).host("link.example.com").method("HEAD"),
            "410",
        ),
        row("link: DELETE", get(good).host("link.example.com").method("DELETE"), "405 method"),
    ]
}

/// Links that hold the client's address, as the proxy in front tells it.
fn bound_links() -> Vec<Row> {
    let client = IpAddr::from([203, 0, 113, 9]);
    let link = SecureLink::gcore(LINK_SECRET).covers(Covers::File).ip_binding(IpBinding::EXACT);
    let link = LinkSigner::new(&link).unwrap();
    let good = link.link(PATH).client(client).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let on = |name: &str, fields: &[(&str, &str)], verdict| {
        let ask = get(&*good).host("bound.example.com");
        let ask = fields.iter().fold(ask, |ask, (name, value)| ask.field(name, *value));
        row(format!("bound: {name}"), ask, verdict)
    };
    vec![
        on("X-Forwarded-For", &[("x-forwarded-for", "203.0.113.9")], "200")
            .shows("GET /videos/1/a.ts\n")
            .hides("md5"),
        on("Forwarded", &[("forwarded", "for=203.0.113.9;proto=https")], "200"),
        on("both agree", &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")], "200"),
        on(
            "both disagree",
            &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=1.2.3.4")],
            "403 link_bad",
        ),
        on("what the client says itself", &[("x-forwarded-for", "203.0.113.9, 1.2.3.4")], "403 link_bad"),
        on(
            "two fields, one list",
            &[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.9")],
            "200",
        ),
        on("the same in IPv6", &[("x-forwarded-for", "::ffff:203.0.113.9")], "200"),
        on("hidden", &[("x-forwarded-for", "unknown")], "403 link_bad"),
        on("nobody", &[], "403 link_bad"),
    ]
}

fn embed_tokens() -> Vec<Row> {
    use embeds::{FRAMED, GOOD, OLD, REVOKED, USED_UP};
    let on = |target: String| get(target).host("embed.example.com");
    let frame =
        |ask: Ask| ask.field("sec-fetch-dest", "iframe").field("referer", "https://app.example.com/a");
    vec![
        row("embed: the page", on(format!("/watch/{GOOD}")), "200").lacks("content-security-policy"),
        row("embed: below the path", on(format!("/embed/{GOOD}{PATH}")), "200")
            .tells("cache-control", "private"),
        row("embed: the query", on(PATH.to_owned()).query(GOOD), "200"),
        row("embed: a cookie", on(PATH.to_owned()).cookie(GOOD), "200"),
        row("embed: HEAD", on(PATH.to_owned()).query(GOOD).method("HEAD"), "200"),
        row("embed: another video", on("/videos/2/a.ts".to_owned()).query(GOOD), "403 out_of_scope"),
        row("embed: nothing below the path", on(format!("/embed/{GOOD}/")), "403 out_of_scope"),
        row("embed: unknown", on(PATH.to_owned()).query("0".repeat(32)), "403 embed_unknown"),
        row("embed: no token in the path", on("/watch/about".to_owned()), "403 embed_unknown"),
        row("embed: old", on(PATH.to_owned()).query(OLD), "403 embed_expired"),
        row("embed: revoked", on(PATH.to_owned()).query(REVOKED), "403 revoked"),
        row("embed: revoked, for a page", on(PATH.to_owned()).query(REVOKED).origin(APP), "403 revoked")
            .tells("access-control-allow-origin", APP),
        row("embed: framed by nobody", on(MANIFEST.to_owned()).query(FRAMED), "403 origin_not_allowed"),
        row("embed: framed by its page", on(MANIFEST.to_owned()).query(FRAMED).origin(APP), "200")
            .tells("access-control-allow-credentials", "true"),
        row(
            "embed: framed by another page",
            on(MANIFEST.to_owned()).query(FRAMED).origin("https://evil.example"),
            "403 origin_not_allowed",
        ),
        row("embed: a page in its frame", frame(on(format!("/watch/{FRAMED}"))), "200"),
        row("embed: a segment from anywhere", on(PATH.to_owned()).query(FRAMED), "200"),
        row("embed: used up", on(MANIFEST.to_owned()).query(USED_UP), "429 rate_limited"),
        row("embed: used up, HEAD", on(MANIFEST.to_owned()).query(USED_UP).method("HEAD"), "429"),
        row("embed: a segment is not counted", on(PATH.to_owned()).query(USED_UP), "200"),
        row("embed: a signed token is good too", on(PATH.to_owned()).query(token("videos/1/")), "200"),
        row("embed: twice", on(PATH.to_owned()).query(GOOD).query(GOOD), "400 ambiguous_credential"),
    ]
}

fn live() -> Vec<Row> {
    let by_stream = |uri: &str| TestKey::SecretOther.token(&format!(r#"{{"uri":"{uri}"}}"#));
    let by_bucket = token("channel-1");
    let path = |target: &str| get(target).host("live.example.com");
    let host = |id: &str| get("/seg-1.ts").host(&format!("play-{id}.example.com"));
    let good = by_stream("channel-1");
    vec![
        row("live: the playlist", path("/channel-1.m3u8").query(&good), "200").shows("seg-1.m4s?auth="),
        row("live: a segment", path("/channel-1/seg-1.ts").query(&good), "200"),
        row("live: another channel", path("/channel-2.m3u8").query(&good), "403 wrong_key"),
        row(
            "live: a token for another channel",
            path("/channel-1.m3u8").query(by_stream("channel-2")),
            "403 out_of_scope",
        ),
        row("live: everything", path("/channel-1.m3u8").query(by_stream("")), "403 out_of_scope"),
        row("live: a bucket's key", path("/channel-1.m3u8").query(&by_bucket), "403 wrong_key"),
        row("live: nothing", path("/channel-1.m3u8").origin("null"), "401 credential_missing")
            .tells("access-control-allow-origin", "null"),
        row("live: by host", host("channel-1").cookie(&good), "200"),
        row("live: by host in capitals", host("CHANNEL-1").cookie(&good), "200"),
        row("live: by another host", host("channel-2").cookie(&good), "403 wrong_key"),
        row("live: by host, nothing", host("channel-1"), "401 credential_missing"),
    ]
}
