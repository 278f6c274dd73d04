//! What does it cost to find the credential among a browser's cookies?
//!
//! `cargo bench --bench cookies` prints one Markdown table: our scanner, and the crate `cookie`, which reads every pair into
//! a `Cookie`. Both are given the same header map, look through all of it, and have to find one cookie of the name, with the
//! same value. What other arguments do, [`interleaved`] tells.

#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;

use std::hint::black_box;

use allocation_counter::measure;
use cookie::Cookie;
use http::header::{COOKIE, HeaderMap, HeaderValue};
use interleaved::{Budget, Candidate};
use playgate::internals::cookie_values;
use playgate::schemes::DEFAULT_COOKIE_NAME as NAME;

fn main() {
    let mut candidates = Vec::new();
    for (group, cookies, fields) in [
        ("the token alone", 1, 1),
        ("among 6 cookies", 6, 1),
        ("among 50 cookies", 50, 1),
        ("among 6, each in a field of its own", 6, 6),
        ("among 50 in 5 fields", 50, 5),
    ] {
        push(&mut candidates, group, "playgate", headers(cookies, fields), found_by_us);
        push(&mut candidates, group, "`cookie`, split_parse", headers(cookies, fields), found_by_them);
    }
    interleaved::run(candidates);
}

/// As long as one with an RS256 signature of 2048 bits.
fn token() -> String {
    format!("{}.{}.{}", "h".repeat(98), "p".repeat(98), "s".repeat(342))
}

/// So many cookies over so many fields; the token stands in the middle.
fn headers(cookies: usize, fields: usize) -> HeaderMap {
    let others = [
        "theme=dark",
        "_ga=GA1.1.1234567890.1700000000",
        "sid=8f14e45fceea167a5a36dedd4bea2543",
        "consent=all",
    ];
    let cookie = |place: usize| match place {
        _ if place == cookies / 2 => format!("{NAME}={}", token()),
        _ => others[place % others.len()].to_owned(),
    };
    let pairs: Vec<String> = (0..cookies).map(cookie).collect();
    let lines = pairs.chunks(cookies / fields).map(|pairs| HeaderValue::from_str(&pairs.join("; ")));
    lines.map(|line| (COOKIE, line.unwrap())).collect()
}

/// The value, where one cookie has the name.
fn found_by_us(headers: &HeaderMap) -> Option<&[u8]> {
    let fields = headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes);
    only(cookie_values(fields, black_box(NAME)))
}

fn found_by_them(headers: &HeaderMap) -> Option<&[u8]> {
    let fields = headers.get_all(COOKIE).into_iter().filter_map(|field| field.to_str().ok());
    let cookies = fields.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let named = cookies.filter(|cookie| cookie.name() == black_box(NAME));
    only(named.filter_map(|cookie| cookie.value_raw())).map(str::as_bytes)
}

fn only<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

fn push(
    candidates: &mut Vec<Candidate>,
    group: &str,
    name: &str,
    headers: HeaderMap,
    find: fn(&HeaderMap) -> Option<&[u8]>,
) {
    let token = token();
    let run = move || assert_eq!(find(black_box(&headers)), Some(token.as_bytes()));
    let allocations = measure(&run).count_total;
    assert_eq!(allocations, 0, "{group}, {name}");
    candidates.push(Candidate::new(group, name, Budget::None, run).allocations(allocations));
}
