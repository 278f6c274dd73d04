//! Paths, hosts, versions of HTTP, and TLS in front.

use http::Request;

use super::{Row, http2, raw, raw_beyond_actix, row};
use crate::support::{HOST, get, token};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = paths();
    rows.extend(public());
    rows.extend(folder());
    rows.extend(hosts());
    rows.extend(versions());
    rows.extend(tls());
    rows
}

fn paths() -> Vec<Row> {
    let good = token("");
    let path = |target: &str, verdict| row(format!("path {target}"), get(target).cookie(&good), verdict);
    let bad = |target: &str| path(target, "400 ambiguous_path").tells("vary", "origin");
    let fine = |target: &str| path(target, "200").shows(format!("GET {target}\n"));
    vec![
        fine("/"),
        fine("/videos/1/"),
        fine("/videos/1/a%20b.ts"),
        fine("/videos/1/a+b.ts"),
        fine("/videos/1/%E2%82%AC.ts"),
        fine("/videos/1/%76.ts"),
        fine("/videos/1/a;b=c,d.ts"),
        fine("/videos/1/a:b@c!$&'()*.ts"),
        fine("/videos/1/...ts"),
        fine("/videos/1/.hidden"),
        fine("/videos/1/a.ts?x=/../y"),
        bad("/videos//1/a.ts"),
        bad("//videos/1/a.ts"),
        bad("/videos/./a.ts"),
        bad("/videos/../a.ts"),
        bad("/videos/.."),
        bad("/videos/%2e%2e/a.ts"),
        bad("/videos/.%2E/a.ts"),
        bad("/videos%2f1/a.ts"),
        bad("/videos%5C1/a.ts"),
        bad("/videos/%252e%252e/a.ts"),
        bad("/videos/%00a.ts"),
        bad("/videos/%0d%0a.ts"),
        bad("/videos/%7f.ts"),
        bad("/videos/%zz.ts"),
        bad("/videos/%e.ts"),
        bad("/videos/%ff.ts"),
        bad(&format!("/{}", "a".repeat(5000))),
        row("path with a backslash", get("/videos\\a.ts").cookie(&good).http1_only(), "400 ambiguous_path"),
        row("path of a star", get("*").cookie(&good).http1_only(), "400 ambiguous_path"),
    ]
}

fn public() -> Vec<Row> {
    let main = |name: &str, target: &str, verdict| row(format!("public: {name}"), get(target), verdict);
    vec![
        main("a folder", "/posters/1.jpg", "200").lacks("cache-control"),
        main("the folder itself", "/posters/", "200"),
        main("the folder without its slash", "/posters", "401 credential_missing"),
        main("a folder of the same beginning", "/posters2/1.jpg", "401 credential_missing"),
        main("out of it", "/posters/../videos/1/a.ts", "400 ambiguous_path"),
        main("out of it by encoding", "/posters/%2e%2e/videos/1/a.ts", "400 ambiguous_path"),
        main("an exact key", "/robots.txt", "200"),
        main("an exact key and more", "/robots.txt/a", "401 credential_missing"),
        main("a bad token is not looked at", "/posters/1.jpg?auth=junk", "200").shows("auth=junk"),
        row("public: another method", get("/posters/1.jpg").method("DELETE"), "405 method")
            .tells("allow", "GET, HEAD"),
        row("public: HEAD", get("/posters/1.jpg").method("HEAD"), "200"),
        row("public: the whole site", get("/a").host("open.example.com"), "200"),
    ]
}

/// A site that begins at a folder, among what is the application's own.
fn folder() -> Vec<Row> {
    let www = |target: &str, verdict| {
        row(format!("www {target}"), get(target).host("www.example.com").cookie(token("videos/")), verdict)
    };
    vec![
        www("/media/videos/1/a.ts", "200"),
        www("/media/other/a.ts", "403 out_of_scope"),
        www("/media/", "403 out_of_scope"),
        www("/media", "403 out_of_scope"),
        www("/api/media/videos", "200").lacks("cache-control"),
        www("/Media/a.ts", "400 ambiguous_path"),
        www("/Medias/a.ts", "200").lacks("cache-control"),
        www("/a/../b", "200").lacks("cache-control"),
        www("/a/../media/videos/1/a.ts", "400 ambiguous_path"),
        www("//media/videos/1/a.ts", "400 ambiguous_path"),
        www("/%6dedia/videos/1/a.ts", "200").tells("cache-control", "private"),
        www("/%256dedia/videos/1/a.ts", "400 ambiguous_path"),
        www("/media%2fvideos/1/a.ts", "400 ambiguous_path"),
        row("www: nothing", get("/media/videos/1/a.ts").host("www.example.com"), "401 credential_missing"),
        row("folder: not ours", get("/login").host("folder.example.com"), "404 outside"),
        row("www: not ours", get("/login").host("www.example.com").method("POST").body("u=1"), "200"),
    ]
}

fn hosts() -> Vec<Row> {
    let good = token("videos/1/");
    let host = |host: &str, verdict| {
        row(format!("host {host:?}"), get("/videos/1/a.ts").query(&good).host(host), verdict)
    };
    let odd = |host: &str| {
        let ask = get("/videos/1/a.ts").query(&good).host(host).http1_only();
        row(format!("host {host:?}"), ask, "400 ambiguous_host")
    };
    // RFC 9112 §3.2 has servers refuse that, and actix-web does.
    let two = |second: &str| {
        let ask = get("/videos/1/a.ts").query(&good).field("host", second).http1_only().beyond_actix();
        row(format!("host {HOST:?} and {second:?}"), ask, "400 ambiguous_host")
    };
    vec![
        host("CDN.example.COM", "200"),
        host("cdn.example.com.", "200"),
        host("cdn.example.com:80", "200"),
        host("cdn.example.com.:8443", "200"),
        host("cdn.example.com..", "421 unknown_host"),
        host("other.example.com", "421 unknown_host"),
        host("127.0.0.1:8080", "421 unknown_host"),
        host("[::1]:8080", "421 unknown_host"),
        odd("a b"),
        odd("user@cdn.example.com"),
        odd("cdn.example.com/x"),
        odd("cdn.example.com:port"),
        odd(""),
        two(HOST),
        two("other.example.com"),
    ]
}

fn versions() -> Vec<Row> {
    let good = token("videos/1/");
    let path = format!("/videos/1/a.ts?auth={good}");
    let (old, new) = (format!("GET {path} HTTP/1.0"), format!("GET {path} HTTP/1.1"));
    let absolute = |authority: &str| format!("GET http://{authority}{path} HTTP/1.1");
    let http = |authority: &str| Request::get(format!("http://{authority}{path}"));
    let (same, spelled, other) =
        (absolute(HOST), absolute("CDN.example.com.:80"), absolute("other.example.com"));
    let (user, bare) = (absolute("user@cdn.example.com"), format!("GET http://{HOST}{path} HTTP/1.0"));
    let host = "Host: cdn.example.com";
    let refused = "400 ambiguous_host";
    vec![
        raw("HTTP/1.0", &[&old, host], "200"),
        raw("HTTP/1.0 with nothing", &["GET /videos/1/a.ts HTTP/1.0", host], "401 credential_missing"),
        raw("HTTP/1.0 HEAD", &["HEAD /videos/1/a.ts HTTP/1.0", host], "401")
            .tells("www-authenticate", "Bearer"),
        raw("HTTP/1.0 without a host", &[&old], refused),
        raw("HTTP/1.0, HLS", &[&old.replace("a.ts", "a.m3u8"), host], "200").shows("seg-1.m4s?auth="),
        raw("HTTP/1.1 by hand", &[&new, host], "200"),
        raw("HTTP/1.1, a field in capitals", &[&new, "HOST: cdn.example.com", "RANGE: bytes=0-1"], "200")
            .shows("range: bytes=0-1"),
        raw("HTTP/1.1, a space behind", &[&new, "Host: cdn.example.com  "], "200"),
        raw("absolute form", &[&same, host], "200"),
        raw("absolute form, spelled otherwise", &[&spelled, host], "200"),
        raw("absolute form, another host", &[&other, host], refused),
        raw("absolute form, another Host", &[&same, "Host: other.example.com"], refused),
        raw("absolute form, a user", &[&user, host], refused),
        raw("absolute form, HTTP/1.0 without a host", &[&bare], "200"),
        raw(
            "absolute form without a path",
            &[&format!("GET http://{HOST} HTTP/1.1"), host],
            "401 credential_missing",
        ),
        raw_beyond_actix("no host at all", &["GET /videos/1/a.ts HTTP/1.1"], refused),
        http2("HTTP/2", http(HOST), "200"),
        http2("HTTP/2, spelled otherwise", http("CDN.example.com.:443"), "200"),
        http2("HTTP/2, an unknown authority", http("other.example.com"), "421 unknown_host"),
        http2("HTTP/2, the host twice alike", http(HOST).header("host", HOST), "200"),
        http2("HTTP/2, another host", http(HOST).header("host", "other.example.com"), refused),
        http2("HTTP/2, another authority", http("other.example.com").header("host", HOST), refused),
        http2("HTTP/2, two hosts", http(HOST).header("host", HOST).header("host", HOST), refused),
        http2("HTTP/2, a user", http("user@cdn.example.com"), refused),
    ]
}

/// A site that wants HTTPS, behind a proxy that says what the client speaks.
fn tls() -> Vec<Row> {
    let good = token("videos/1/");
    let tls = |name: &str, fields: &[(&str, &str)], verdict| {
        let ask = get("/videos/1/a.ts").query(&good).host("tls.example.com");
        let ask = fields.iter().fold(ask, |ask, (name, value)| ask.field(name, *value));
        row(format!("TLS: {name}"), ask, verdict)
    };
    vec![
        tls("the proxy says nothing", &[], "403 https_required"),
        tls("the proxy says https", &[("x-forwarded-proto", "https")], "200"),
        tls("the proxy says HTTPS", &[("forwarded", "for=1.2.3.4;proto=HTTPS")], "200"),
        tls("the proxy says http", &[("x-forwarded-proto", "http")], "403 https_required"),
        tls("the proxy says http, in the standard", &[("forwarded", "proto=http")], "403 https_required"),
        tls("the last one counts", &[("x-forwarded-proto", "https, http")], "403 https_required"),
        tls(
            "both must agree",
            &[("x-forwarded-proto", "https"), ("forwarded", "proto=http")],
            "403 https_required",
        ),
    ]
}
