//! Manifests and files: what is carried into them, and HTTP around them.

use super::{Row, row};
use crate::support::{Ask, get, token};

const MANIFEST: &str = "/videos/1/media.m3u8";
const SEGMENT: &str = "/videos/1/seg-1.m4s";
const DATE: &str = "Sat, 01 Nov 2025 00:00:00 GMT";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = forwarded();
    rows.extend(untouched());
    rows.extend(files());
    rows
}

fn forwarded() -> Vec<Row> {
    let good = token("videos/1/");
    let (auth, long) = (format!("auth={good}"), "y".repeat(8000));
    let hls = || get(MANIFEST).query(&good);
    let dash = || get("/videos/1/a.mpd").query(&good);
    let quiet = |ask: Ask| ask.host("quiet.example.com");
    let whole = |row: Row| {
        row.tells("cache-control", "private, max-age=4").lacks("accept-ranges").tells("last-modified", DATE)
    };
    vec![
        whole(
            row("HLS", hls(), "200").shows(format!("seg-1.m4s?{auth}\n")).shows(format!("init.mp4?{auth}\"")),
        ),
        whole(
            row("DASH", dash(), "200")
                .shows(format!("own-video.mp4?{auth}"))
                .shows(format!("own-low.mp4?{auth}")),
        ),
        whole(row("HEAD of HLS", hls().method("HEAD"), "200").lacks("content-length")),
        whole(row("HEAD of DASH", dash().method("HEAD"), "200").lacks("content-length")),
        whole(row("HLS, a part of it", hls().field("range", "bytes=2-4"), "200").shows("#EXTM3U")),
        whole(row("HLS, compressed", hls().field("accept-encoding", "gzip"), "200").shows(&auth)),
        row("HLS for a page", hls().origin("https://app.example.com"), "200")
            .tells("access-control-allow-origin", "https://app.example.com")
            .tells("vary", "accept-encoding | origin"),
        // Tags of its own: the inner service's are those of other bytes.
        row("HLS, the inner tag", hls().field("if-none-match", "\"v1\""), "200").shows(&auth),
        row(
            "HLS, the inner tag and a date",
            hls().field("if-none-match", "\"v1\"").field("if-modified-since", DATE),
            "200",
        )
        .shows(&auth),
        row("HLS, any tag", hls().field("if-none-match", "*"), "200"),
        row("HLS, a date", hls().field("if-modified-since", DATE), "304")
            .tells("cache-control", "private, max-age=4"),
        row("HLS, HEAD with a date", hls().method("HEAD").field("if-modified-since", DATE), "304"),
        row("HLS, where parameters are chosen", quiet(get(format!("{MANIFEST}?x=1&y=2&{auth}"))), "200")
            .shows("seg-1.m4s?y=2&auth=")
            .hides("x=1"),
        row(
            "HLS with more than can be carried",
            quiet(get(format!("{MANIFEST}?y={long}&{auth}"))),
            "414 query_too_long",
        ),
        row(
            "a segment with more than can be carried",
            quiet(get(format!("{SEGMENT}?y={long}&{auth}"))),
            "200",
        ),
        row("HLS of another folder", get("/videos/2/media.m3u8").query(&good), "403 out_of_scope"),
        row("HLS of nobody", get(MANIFEST), "401 credential_missing"),
    ]
}

fn untouched() -> Vec<Row> {
    let good = token("videos/1/");
    let plain = |row: Row| row.shows("\nseg-1.m4s\n").tells("etag", "\"v1\"").tells("accept-ranges", "bytes");
    vec![
        plain(row("HLS by cookie", get(MANIFEST).cookie(&good), "200")),
        plain(row("HLS by bearer", get(MANIFEST).bearer(&good), "200")),
        plain(row("public HLS", get("/a.m3u8").query(&good).host("open.example.com"), "200"))
            .tells("cache-control", "public, max-age=4"),
        row("HLS that is compressed already", get("/videos/1/media.gz").query(&good), "200")
            .tells("content-encoding", "gzip")
            .tells("etag", "\"v1\"")
            .shows("gzipped"),
        row("HEAD of HLS by cookie", get(MANIFEST).cookie(&good).method("HEAD"), "200")
            .tells("content-length", "55")
            .tells("etag", "\"v1\""),
    ]
}

/// Parts and conditions of files reach the inner service as they are, and its answers come back as they are.
fn files() -> Vec<Row> {
    let good = token("videos/1/");
    let file = || get(SEGMENT).cookie(&good);
    let part = || file().field("range", "bytes=2-4");
    let kept = |row: Row| row.tells("etag", "\"v1\"").tells("accept-ranges", "bytes").tells("x-inner", "yes");
    vec![
        kept(row("a segment", file(), "200").shows("0123456789").tells("content-length", "10")),
        kept(row("HEAD of a segment", file().method("HEAD"), "200").tells("content-length", "10")),
        kept(row("a part", part(), "206").shows("234").tells("content-range", "bytes 2-4/10")),
        kept(row("HEAD of a part", part().method("HEAD"), "206").tells("content-length", "3")),
        kept(
            row("no such part", file().field("range", "bytes=99-"), "416")
                .tells("content-range", "bytes */10"),
        ),
        kept(row("its tag", file().field("if-none-match", "\"v1\""), "304")),
        kept(row("its tag, weak and among others", file().field("if-none-match", "\"v0\", W/\"v1\""), "304")),
        kept(row("its tag, HEAD", file().method("HEAD").field("if-none-match", "\"v1\""), "304")),
        kept(row("another tag", file().field("if-none-match", "\"v0\""), "200")),
        kept(row("its date", file().field("if-modified-since", DATE), "304")),
        kept(row("another date", file().field("if-modified-since", "Sun, 02 Nov 2025 00:00:00 GMT"), "200")),
        row("a part, refused", get(SEGMENT).field("range", "bytes=2-4"), "401 credential_missing")
            .lacks("content-range"),
        row("its tag, refused", get(SEGMENT).field("if-none-match", "\"v1\""), "401 credential_missing")
            .lacks("etag"),
        row("a part for a page", part().origin("https://app.example.com"), "206")
            .tells("access-control-expose-headers", "content-range, accept-ranges, date, etag"),
        row("caches of a site that leaves them", file().host("quiet.example.com"), "200")
            .tells("cache-control", "public, max-age=4")
            .tells("vary", "accept-encoding"),
        row("caches of a site that keeps them", file(), "200").tells("cache-control", "private, max-age=4"),
    ]
}
