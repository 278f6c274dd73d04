use super::*;

const ORIGIN: &str = "Access-Control-Allow-Origin";
const METHODS: &str = "Access-Control-Allow-Methods";
const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const MAX_AGE: &str = "Access-Control-Max-Age";

#[test]
fn headers_are_stored_and_read_again() {
    let given = [
        ("access-control-allow-origin", "https://app.example.com"),
        (METHODS, "get,HEAD"),
        (MAX_AGE, "0600"),
    ];
    let headers = CorsHeaders::check(given.into_iter().chain([(CREDENTIALS, "true")])).unwrap();
    let shown: Vec<_> = headers.iter().collect();
    let expected = [
        (ORIGIN, "https://app.example.com"),
        (METHODS, "GET, HEAD"),
        (MAX_AGE, "600"),
        (CREDENTIALS, "true"),
    ];
    assert_eq!(shown, expected);
    assert_eq!(CorsHeaders::try_from(headers.stored()).unwrap(), headers);
    let rest = headers.without(CorsHeader::AllowOrigin).unwrap();
    assert_eq!(rest.to_cors(), None, "without an origin, the rest has no effect");
    assert_eq!(CorsHeaders::try_from(rest.stored()).unwrap(), rest);
    assert_eq!(rest.without(CorsHeader::AllowOrigin), None);
}

#[test]
fn headers_that_browsers_would_refuse_are_refused() {
    for (headers, wrong) in [
        (vec![(ORIGIN, "*"), (CREDENTIALS, "true")], ORIGIN),
        (vec![(CREDENTIALS, "true")], ORIGIN),
        (vec![(ORIGIN, "app.example.com")], ORIGIN),
        (vec![(ORIGIN, "https://app.example.com/")], ORIGIN),
        (vec![(ORIGIN, "https://a.example, https://b.example")], ORIGIN),
        (vec![(ORIGIN, "")], ORIGIN),
        (vec![(ORIGIN, "https://a.example\r\nset-cookie: a=b")], ORIGIN),
        (vec![(METHODS, "GET, BREW")], METHODS),
        (vec![(METHODS, "")], METHODS),
        (vec![(MAX_AGE, "-1")], MAX_AGE),
        (vec![(MAX_AGE, "+1")], MAX_AGE),
        (vec![(MAX_AGE, "99999999999")], MAX_AGE),
        (vec![(CREDENTIALS, "TRUE")], CREDENTIALS),
        (vec![("X-Other", "1")], "X-Other"),
        (vec![(ORIGIN, "*"), ("access-control-allow-origin", "*")], "access-control-allow-origin"),
    ] {
        assert_eq!(CorsHeaders::check(headers.clone()).unwrap_err().0, wrong, "{headers:?}");
    }
}
