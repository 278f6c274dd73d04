use bytes::Bytes;

use super::header::Header;
use crate::error::Denial;

/// A complete answer.
#[derive(Clone, Debug)]
#[must_use = "an answer does nothing unless it is sent"]
pub struct Answer {
    pub(super) status: u16,
    pub(super) denial: Option<Denial>,
    pub(super) headers: Vec<Header>,
    pub(super) body: Bytes,
}

impl Answer {
    /// Returns the HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the reason of a refusal, or `None` for a preflight's answer.
    pub const fn denial(&self) -> Option<Denial> {
        self.denial
    }

    /// Returns the header fields, in order. No name but `vary` occurs twice.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Returns the body. It is empty for HEAD and for a preflight.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    #[cfg(any(feature = "http", feature = "actix"))]
    pub(crate) fn into_parts(self) -> (u16, Option<Denial>, Vec<Header>, Bytes) {
        (self.status, self.denial, self.headers, self.body)
    }
}
