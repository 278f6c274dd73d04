use std::net::SocketAddr;

use super::*;
use crate::request::{PeerAddr, TlsConnection};

/// A view that implements only the required methods.
struct Silent;

impl RequestView for Silent {
    fn method(&self) -> &'static str {
        ""
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form("")
    }

    fn field(&self, _: &str, _: usize) -> Option<&[u8]> {
        None
    }
}

/// Returns the result of each method, in the order of the trait.
fn fields_of(view: &dyn RequestView) -> Vec<(&'static str, String)> {
    let shown = |text: Option<&[u8]>| format!("{:?}", text.map(|text| text.escape_ascii().to_string()));
    let Target { authority, path, query } = view.target();
    vec![
        ("method", view.method().to_owned()),
        ("target", [authority, Some(path), query].map(shown).join(" ")),
        ("other_path", format!("{:?}", view.other_path())),
        (
            "field",
            ["host", "x-own"]
                .map(|name| [0, 1, 2].map(|nth| shown(view.field(name, nth))).join(" "))
                .join(" "),
        ),
        ("peer", format!("{:?}", view.peer())),
        ("is_tls", view.is_tls().to_string()),
    ]
}

/// Returns a request with a value for every method.
fn full() -> Request<()> {
    let peer = PeerAddr(SocketAddr::from(([192, 0, 2, 1], 4711)));
    let mut request =
        Request::put("http://cdn.example.com/a.ts?auth=x").extension(peer).extension(TlsConnection);
    for name in ["host", "x-own"] {
        request = request.header(name, format!("one {name}")).header(name, format!("another {name}"));
    }
    #[cfg(feature = "axum")]
    let request = request.extension(axum::extract::OriginalUri(http::Uri::from_static("/en/a.ts")));
    request.body(()).unwrap()
}

#[test]
fn nothing_that_the_request_tells_is_kept_back() {
    let (request, peer) = (full(), Some(IpAddr::from([192, 0, 2, 2])));
    let (whole, passed_on) = (fields_of(&request), fields_of(&Received { request: &request, peer }));
    for (((name, value), (_, passed_on)), (_, nothing)) in whole.iter().zip(passed_on).zip(fields_of(&Silent))
    {
        assert_eq!(*value, passed_on, "{name}");
        if *name != "other_path" || cfg!(feature = "axum") {
            assert_ne!(*value, nothing, "the request has {name} here");
        }
    }
    let source = include_str!("../../../request/view.rs");
    let (_, source) = source.split_once("pub trait RequestView {").unwrap();
    let (source, _) = source.split_once("\n}\n").unwrap();
    let methods = source.lines().filter_map(|line| line.strip_prefix("    fn ")?.split_once('('));
    let known = whole.iter().map(|(name, _)| *name);
    assert!(methods.map(|(name, _)| name).eq(known), "{whole:?}");
}

#[test]
fn the_connection_is_asked_where_the_request_tells_no_address() {
    let (silent, peer) = (Request::new(()), IpAddr::from([192, 0, 2, 2]));
    assert_eq!(Received { request: &silent, peer: Some(peer) }.peer(), Some(peer));
    assert_eq!(Received { request: &silent, peer: None }.peer(), None);
}
