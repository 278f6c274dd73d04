//! What only the inner service understands reaches it.

use bytes::Bytes;

use super::PATH;
use crate::support::{World, behind, get, inner, token, vod};

#[tokio::test]
async fn range_and_conditional_requests_reach_the_inner_service_untouched() {
    let answer = |parts: &http::request::Parts| {
        let mut response = http::Response::new(Bytes::from_static(b"234"));
        let status = if parts.headers.contains_key("if-none-match") { 304 } else { 206 };
        *response.status_mut() = status.try_into().unwrap();
        let headers = response.headers_mut();
        headers.insert("content-range", "bytes 2-4/9".parse().unwrap());
        headers.insert("etag", "\"v1\"".parse().unwrap());
        let names = ["range", "if-range", "if-none-match", "if-modified-since"];
        for (name, value) in names.into_iter().filter_map(|name| Some((name, parts.headers.get(name)?))) {
            headers.insert(http::HeaderName::from_static(name), value.clone());
        }
        response
    };
    let world = World::around(behind(vod()), inner(answer)).await;
    let good = token("videos/1/");
    let fields = [("range", "bytes=2-4"), ("if-range", "\"v1\"")];
    let ranged = get(PATH).query(&good).field(fields[0].0, fields[0].1).field(fields[1].0, fields[1].1);
    let answer = world.ask(&ranged).await;
    assert_eq!((answer.status, &*answer.body), (206, &b"234"[..]));
    assert_eq!(answer.field("content-range"), Some("bytes 2-4/9"));
    for (name, value) in fields {
        assert_eq!(answer.field(name), Some(value));
    }
    let fields =
        [("if-none-match", "\"v1\", W/\"v2\""), ("if-modified-since", "Sun, 22 Nov 2026 00:00:00 GMT")];
    let conditional = get(PATH).query(&good).field(fields[0].0, fields[0].1).field(fields[1].0, fields[1].1);
    let answer = world.ask(&conditional).await;
    assert_eq!((answer.status, answer.field("etag")), (304, Some("\"v1\"")));
    for (name, value) in fields {
        assert_eq!(answer.field(name), Some(value));
    }
}
