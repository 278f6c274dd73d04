use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, FORWARDED, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERER, X_FORWARDED_FOR, X_FORWARDED_PROTO,
};

use crate::request::{OtherPath, RequestView, Target};

/// A request to actix-web, as a decision reads it.
pub(super) struct View<'r>(pub(super) &'r ServiceRequest);

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl<'r> View<'r> {
    fn fields<'v>(&'v self, name: &HeaderName) -> impl Iterator<Item = &'v [u8]> + use<'v, 'r> {
        self.0.headers().get_all(name).map(HeaderValue::as_bytes)
    }

    fn only(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut values = self.fields(name);
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }
}

impl RequestView for View<'_> {
    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    /// The target with the path that routes, extractors and actix-files read. A scope removes nothing from it.
    fn target(&self) -> Target<'_> {
        let uri = self.0.uri();
        Target {
            authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
            path: self.0.match_info().get_ref().uri().path().as_bytes(),
            query: uri.query().map(str::as_bytes),
        }
    }

    /// The path of the request's head, if it differs from the path that routes read. A middleware may change only one of them.
    fn other_path(&self) -> Option<OtherPath<'_>> {
        let (head, routed) = (self.0.uri().path(), self.0.match_info().get_ref().uri().path());
        (head != routed).then_some(OtherPath::Rewritten(head.as_bytes()))
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&HOST)
    }

    fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&AUTHORIZATION)
    }

    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&COOKIE)
    }

    fn origin(&self) -> Option<&[u8]> {
        self.only(&ORIGIN)
    }

    fn referer(&self) -> Option<&[u8]> {
        self.only(&REFERER)
    }

    fn fetch_dest(&self) -> Option<&[u8]> {
        self.only(&SEC_FETCH_DEST)
    }

    fn fetch_site(&self) -> Option<&[u8]> {
        self.only(&SEC_FETCH_SITE)
    }

    fn asks_for_method(&self) -> bool {
        self.0.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer_addr().map(|address| address.ip())
    }

    /// By what the server was bound with.
    fn is_tls(&self) -> bool {
        self.0.app_config().secure()
    }

    fn x_forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&X_FORWARDED_FOR)
    }

    fn x_forwarded_proto(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&X_FORWARDED_PROTO)
    }

    fn forwarded(&self) -> impl Iterator<Item = &[u8]> {
        self.fields(&FORWARDED)
    }
}
