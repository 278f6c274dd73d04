use super::*;
use crate::time::UnixSeconds;

#[test]
fn a_body_tells_the_code_or_only_the_status() {
    let exp = UnixSeconds::new(1_750_000_000);
    assert_eq!(
        body(401, Some(Denial::Expired { exp, now: exp })),
        &br#"{"title":"Unauthorized","status":401,"code":"expired","detail":"the token has expired"}"#[..]
    );
    assert_eq!(body(404, None), &br#"{"title":"Not Found","status":404}"#[..]);
}

/// A site may answer any code with any status of a refusal; the title is the status phrase (RFC 9457 §4.2.1).
#[test]
fn the_title_is_the_phrase_of_the_status_whichever_a_site_chose() {
    for (status, title) in [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (410, "Gone"),
        (414, "URI Too Long"),
        (421, "Misdirected Request"),
        (429, "Too Many Requests"),
        (451, "Unavailable For Legal Reasons"),
        (503, "Service Unavailable"),
        (402, "Refused"),
        (599, "Refused"),
    ] {
        let expected = format!(r#"{{"title":"{title}","status":{status}}}"#);
        assert_eq!(body(status, None), expected.as_bytes());
    }
}
