use std::net::IpAddr;

use http::Request;

use crate::request::{RequestView, Target};

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
