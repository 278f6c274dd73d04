//! Credentials are found where a plain reading of query, `Authorization` and cookies finds them.
//!
//! The input is lines: `?` begins a query (the last one counts), `A` an `Authorization` field, `C` a `Cookie` field.

#![no_main]

mod bounds;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::error::{Denial, Repeated};
use playgate::internals::{Found, find_credentials, token_text};
use playgate::request::{MAX_COOKIES_TRIED, MAX_FIELD_LINES, RequestView, Target};
use playgate::schemes::Carrier;
use playgate::schemes::jws::MAX_TOKEN_BYTES;

#[derive(Default)]
struct Lines<'a> {
    query: Option<&'a [u8]>,
    authorization: Vec<&'a [u8]>,
    cookies: Vec<&'a [u8]>,
}

impl RequestView for Lines<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: b"/", query: self.query }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match name {
            "authorization" => self.authorization.get(nth).copied(),
            "cookie" => self.cookies.get(nth).copied(),
            _ => None,
        }
    }
}

/// Only the comparison with the oracle allocates: at most four cookies, each a slice.
const BOUNDS: Bounds = Bounds { heap: 1024, heap_per_byte: 0 };

fuzz_target!(|data: &[u8]| {
    let mut request = Lines::default();
    for line in data.split(|&byte| byte == b'\n') {
        match line.split_first() {
            Some((b'?', query)) => request.query = Some(query),
            Some((b'A', field)) => request.authorization.push(field),
            Some((b'C', field)) => request.cookies.push(field),
            _ => {}
        }
    }
    let found = BOUNDS.check(data.len(), || find_credentials("auth", "T", &request));
    assert_eq!(found, plainly(&request));
    if let Ok(Some(Found { carrier, raw })) = found {
        for raw in raw {
            assert_eq!(token_text(carrier, raw).ok(), plain_text(carrier, raw));
        }
    }
});

fn plainly<'a>(request: &'a Lines<'_>) -> Result<Option<Found<'a>>, Denial> {
    let named: Vec<&[u8]> = request
        .query
        .into_iter()
        .flat_map(|query| query.split(|&byte| byte == b'&'))
        .map(|parameter| cut(parameter, b'='))
        .filter(|(name, _)| percent_decode(name).eq(*b"auth"))
        .map(|(_, value)| value)
        .collect();
    match *named {
        [] => {}
        [value] => return Ok(Some(Found { carrier: Carrier::Query, raw: vec![value] })),
        _ => return Err(Denial::AmbiguousCredential(Repeated::QueryParameter)),
    }
    match *request.authorization {
        [] => {}
        [field] => {
            let field = field.trim_ascii();
            let end = field.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(field.len());
            let (scheme, token) = field.split_at(end);
            if scheme.eq_ignore_ascii_case(b"bearer") {
                return Ok(Some(Found { carrier: Carrier::Bearer, raw: vec![token.trim_ascii_start()] }));
            }
        }
        _ => return Err(Denial::AmbiguousCredential(Repeated::Authorization)),
    }
    let cookies: Vec<&[u8]> = request
        .cookies
        .iter()
        .take(MAX_FIELD_LINES)
        .flat_map(|field| field.split(|&byte| byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(b"T="))
        .take(MAX_COOKIES_TRIED)
        .collect();
    Ok((!cookies.is_empty()).then_some(Found { carrier: Carrier::Cookie, raw: cookies }))
}

/// What stands before the first `separator` and what after it.
fn cut(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == separator) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

fn plain_text(carrier: Carrier, raw: &[u8]) -> Option<Vec<u8>> {
    if carrier != Carrier::Query || !raw.contains(&b'%') {
        return Some(raw.to_vec());
    }
    let hexadecimal = |at: usize| raw.get(at).is_some_and(u8::is_ascii_hexdigit);
    let valid = raw
        .iter()
        .enumerate()
        .all(|(at, &byte)| byte != b'%' || (hexadecimal(at + 1) && hexadecimal(at + 2)));
    let decoded: Vec<u8> = percent_decode(raw).collect();
    (valid && decoded.len() <= MAX_TOKEN_BYTES).then_some(decoded)
}
