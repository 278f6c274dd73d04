use std::net::IpAddr;

use http::Request;

use crate::request::{OtherPath, RequestView, Target};

/// A request, and where it came from if that is known beside it. What stands in the request itself counts first.
pub(super) struct Received<'r, B> {
    pub(super) request: &'r Request<B>,
    pub(super) peer: Option<IpAddr>,
}

impl<B> RequestView for Received<'_, B> {
    fn method(&self) -> &str {
        RequestView::method(self.request)
    }

    fn target(&self) -> Target<'_> {
        self.request.target()
    }

    fn other_path(&self) -> Option<OtherPath<'_>> {
        self.request.other_path()
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        self.request.hosts()
    }

    fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        self.request.authorization()
    }

    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.request.cookies()
    }

    fn origin(&self) -> Option<&[u8]> {
        self.request.origin()
    }

    fn referer(&self) -> Option<&[u8]> {
        self.request.referer()
    }

    fn fetch_dest(&self) -> Option<&[u8]> {
        self.request.fetch_dest()
    }

    fn fetch_site(&self) -> Option<&[u8]> {
        self.request.fetch_site()
    }

    fn asks_for_method(&self) -> bool {
        self.request.asks_for_method()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.request.peer().or(self.peer)
    }

    fn is_tls(&self) -> bool {
        self.request.is_tls()
    }

    fn x_forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        self.request.x_forwarded_for()
    }

    fn x_forwarded_proto(&self) -> impl Iterator<Item = &[u8]> {
        self.request.x_forwarded_proto()
    }

    fn forwarded(&self) -> impl Iterator<Item = &[u8]> {
        self.request.forwarded()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::request::{PeerAddr, TlsConnection};

    /// Tells what every request tells, and nothing else.
    struct Silent;

    impl RequestView for Silent {
        fn method(&self) -> &'static str {
            ""
        }

        fn target(&self) -> Target<'_> {
            Target::origin_form("")
        }

        fn hosts(&self) -> impl Iterator<Item = &[u8]> {
            std::iter::empty()
        }
    }

    /// The result of each method, in the order of the trait.
    fn told(view: &impl RequestView) -> Vec<(&'static str, String)> {
        fn each<'r>(fields: impl Iterator<Item = &'r [u8]>) -> String {
            format!("{:?}", fields.map(<[u8]>::escape_ascii).map(|text| text.to_string()).collect::<Vec<_>>())
        }
        let one = |field: Option<&[u8]>| each(field.into_iter());
        let Target { authority, path, query } = view.target();
        vec![
            ("method", view.method().to_owned()),
            ("target", [authority, Some(path), query].map(one).join(" ")),
            ("other_path", format!("{:?}", view.other_path())),
            ("hosts", each(view.hosts())),
            ("authorization", each(view.authorization())),
            ("cookies", each(view.cookies())),
            ("origin", one(view.origin())),
            ("referer", one(view.referer())),
            ("fetch_dest", one(view.fetch_dest())),
            ("fetch_site", one(view.fetch_site())),
            ("asks_for_method", view.asks_for_method().to_string()),
            ("peer", format!("{:?}", view.peer())),
            ("is_tls", view.is_tls().to_string()),
            ("x_forwarded_for", each(view.x_forwarded_for())),
            ("x_forwarded_proto", each(view.x_forwarded_proto())),
            ("forwarded", each(view.forwarded())),
        ]
    }

    /// A request that has all that can be asked for.
    fn full() -> Request<()> {
        let peer = PeerAddr(SocketAddr::from(([192, 0, 2, 1], 4711)));
        let mut request =
            Request::put("http://cdn.example.com/a.ts?auth=x").extension(peer).extension(TlsConnection);
        for name in ["host", "authorization", "cookie", "x-forwarded-for", "x-forwarded-proto", "forwarded"] {
            request = request.header(name, format!("one {name}")).header(name, format!("another {name}"));
        }
        for name in ["origin", "referer", "sec-fetch-dest", "sec-fetch-site", "access-control-request-method"]
        {
            request = request.header(name, format!("the {name}"));
        }
        #[cfg(feature = "axum")]
        let request = request.extension(axum::extract::OriginalUri(http::Uri::from_static("/en/a.ts")));
        request.body(()).unwrap()
    }

    #[test]
    fn nothing_that_the_request_tells_is_kept_back() {
        let (request, peer) = (full(), Some(IpAddr::from([192, 0, 2, 2])));
        let (whole, passed_on) = (told(&request), told(&Received { request: &request, peer }));
        for (((name, told), (_, passed_on)), (_, nothing)) in whole.iter().zip(passed_on).zip(told(&Silent)) {
            assert_eq!(*told, passed_on, "{name}");
            if *name != "other_path" || cfg!(feature = "axum") {
                assert_ne!(*told, nothing, "{name} is told by the request here");
            }
        }
        let source = include_str!("../../request/view.rs");
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
}
