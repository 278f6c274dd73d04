use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;

use crate::request::{OtherPath, RequestView, Target};

/// A request to actix-web, as a decision reads it.
pub(super) struct View<'r>(pub(super) &'r ServiceRequest);

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

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.0.headers().get_all(name).nth(nth).map(HeaderValue::as_bytes)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer_addr().map(|address| address.ip())
    }

    /// By what the server was bound with.
    fn is_tls(&self) -> bool {
        self.0.app_config().secure()
    }
}
