use std::net::IpAddr;

use http::Request;

use crate::request::{OtherPath, RequestView, Target};

/// A request, and its peer address if that is known otherwise. Data in the request itself takes precedence.
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

    #[inline]
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.request.field(name, nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.request.peer().or(self.peer)
    }

    fn is_tls(&self) -> bool {
        self.request.is_tls()
    }
}

#[cfg(test)]
mod tests;
