//! The configuration, and what stands behind it: an origin that keeps its files as files are kept.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Response;
use http::request::Parts;
use playgate::rate::Rate;
use playgate::revocation::Revocation;
use playgate::schemes::Refuse;
use playgate::schemes::embed::{EmbedDraft, EmbedToken};
use playgate::store::Store;
use playgate::verifier::Embeds;
use playgate::{Decision, Verifier};

use crate::support::{Disk, NOW, TestKey, World, at, echo, get, inner};

pub(crate) const PLAYLIST: &str = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\nseg-1.m4s\n";
pub(crate) const MPD: &str = include_str!("../../data/manifests/on-demand.mpd");

pub(crate) const LINK_SECRET: &str = "a shared secret of links";
pub(crate) const AKAMAI_KEY: &str = "00112233445566778899aabbccddeeff";
pub(crate) const OLD_LINK_SECRET: &str = "a shared secret of yesterday";

/// The embed tokens that rows speak of, by what is the matter with them.
pub(crate) mod embeds {
    /// Good, from everywhere.
    pub(crate) const GOOD: &str = "11111111111111111111111111111111";
    /// For pages of `https://app.example.com`.
    pub(crate) const FRAMED: &str = "22222222222222222222222222222222";
    pub(crate) const OLD: &str = "33333333333333333333333333333333";
    pub(crate) const REVOKED: &str = "44444444444444444444444444444444";
    /// Good, and used as often as it may be.
    pub(crate) const USED_UP: &str = "55555555555555555555555555555555";
}

/// Every door, with the one configuration.
pub(crate) async fn world() -> World {
    World::around(verifier(), inner(answer)).await
}

fn verifier() -> Verifier {
    let disk = Disk::new();
    disk.put("playgate.toml", include_str!("playgate.toml"));
    for (name, key) in [
        ("keys/vod/rsa.pem", TestKey::Rsa),
        ("keys/vod/p256.pem", TestKey::P256),
        ("keys/vod/ed25519.pem", TestKey::Ed25519),
        ("keys/trial/rsa.pem", TestKey::Rsa),
        ("keys/other/p256-other.pem", TestKey::P256Other),
        ("keys/cloudfront/rsa-other.pem", TestKey::RsaOther),
        ("secret.secret", TestKey::Secret),
        ("secret-other.secret", TestKey::SecretOther),
    ] {
        disk.put(name, key.public());
    }
    disk.put("link.secret", LINK_SECRET);
    disk.put("link.old.secret", OLD_LINK_SECRET);
    disk.put("akamai.secret", AKAMAI_KEY);
    let store = Store::in_memory();
    let configured = |now: i64| {
        let builder = at(now).file(disk.path("playgate.toml")).store(&store);
        let no_plan = |request: &playgate::schemes::HookRequest<'_>| request.has("plan", "none");
        builder
            .hook("strict", move |claims| if no_plan(claims) { Err(Refuse::default()) } else { Ok(()) })
            .build()
            .unwrap()
    };
    let verifier = configured(NOW);
    let draft = |text: &str| EmbedDraft::new("1").token(EmbedToken::parse(text).unwrap());
    let issue = |verifier: &Verifier, draft| {
        now(embeds_of(verifier).issue(draft)).unwrap();
    };
    issue(&verifier, draft(embeds::GOOD).viewer("u 1"));
    issue(&verifier, draft(embeds::FRAMED).origins(["app.example.com"]));
    issue(&configured(NOW - 3600), draft(embeds::OLD).expires_in(Duration::from_hours(1)));
    issue(&verifier, draft(embeds::REVOKED));
    now(embeds_of(&verifier).revoke(EmbedToken::parse(embeds::REVOKED).unwrap())).unwrap();
    issue(&verifier, draft(embeds::USED_UP).rate(Rate::new(1, Duration::from_hours(24)).unwrap()));
    use_up(&verifier);
    now(verifier.revoke(Revocation::token("gone"))).unwrap();
    verifier
}

fn embeds_of(verifier: &Verifier) -> Embeds {
    verifier.embeds("embed").unwrap()
}

/// What a store in memory does is done at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn use_up(verifier: &Verifier) {
    let ask = get("/videos/1/master.m3u8").query(embeds::USED_UP).host("embed.example.com");
    let request = ask.parsed().unwrap();
    assert!(matches!(verifier.decide(&request, verifier.now()), Decision::Granted(_)));
}

/// Manifests and segments have tags, dates and parts; everything else says what was seen of the request. The query can
/// ask for a `status=`.
fn answer(parts: &Parts) -> Response<Bytes> {
    let (kind, body) = match parts.uri.path().rsplit('.').next() {
        Some("m3u8") => ("application/vnd.apple.mpegurl", PLAYLIST),
        Some("mpd") => ("application/dash+xml", MPD),
        Some("m4s") => ("video/iso.segment", "0123456789"),
        Some("gz") => ("application/vnd.apple.mpegurl", "gzipped"),
        _ => return told(parts, echo(parts)),
    };
    let field = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let response = Response::builder()
        .header("content-type", kind)
        .header("etag", "\"v1\"")
        .header("last-modified", "Sat, 01 Nov 2025 00:00:00 GMT")
        .header("accept-ranges", "bytes")
        .header("cache-control", "public, max-age=4")
        .header("vary", "accept-encoding");
    let is_fresh = match field("if-none-match") {
        Some(tags) => tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == "\"v1\""),
        None => field("if-modified-since") == Some("Sat, 01 Nov 2025 00:00:00 GMT"),
    };
    if is_fresh {
        return response.status(304).body(Bytes::new()).unwrap();
    }
    match field("range") {
        Some("bytes=2-4") => {
            let range = format!("bytes 2-4/{}", body.len());
            let part = Bytes::from_static(&body.as_bytes()[2..5]);
            response.status(206).header("content-range", range).body(part).unwrap()
        }
        Some(_) => {
            let range = format!("bytes */{}", body.len());
            response.status(416).header("content-range", range).body(Bytes::new()).unwrap()
        }
        None if kind.contains("mpegurl") && body == "gzipped" => {
            response.header("content-encoding", "gzip").body(Bytes::from_static(body.as_bytes())).unwrap()
        }
        None => response.body(Bytes::from_static(body.as_bytes())).unwrap(),
    }
}

fn told(parts: &Parts, mut response: Response<Bytes>) -> Response<Bytes> {
    if let Some((_, status)) = parts.uri.query().and_then(|query| query.split_once("status=")) {
        *response.status_mut() = status.parse().unwrap();
    }
    response
}
