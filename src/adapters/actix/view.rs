use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;

use crate::request::{OtherPath, RequestView, Target};

impl RequestView for ServiceRequest {
    fn method(&self) -> &str {
        Self::method(self).as_str()
    }

    /// Returns the target with the path that routes, extractors and actix-files read. A scope does not remove its prefix from
    /// this path.
    fn target(&self) -> Target<'_> {
        let uri = self.uri();
        Target {
            authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
            path: self.match_info().get_ref().uri().path().as_bytes(),
            query: uri.query().map(str::as_bytes),
        }
    }

    /// Returns the path of the request's head, if it differs from the path that routes read. A middleware may change only one of them.
    fn other_path(&self) -> Option<OtherPath<'_>> {
        let (head, routed) = (self.uri().path(), self.match_info().get_ref().uri().path());
        (head != routed).then_some(OtherPath::Rewritten(head.as_bytes()))
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.headers().get_all(name).nth(nth).map(HeaderValue::as_bytes)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer_addr().map(|address| address.ip())
    }

    /// Returns whether the server was bound with TLS.
    fn is_tls(&self) -> bool {
        self.app_config().secure()
    }
}
