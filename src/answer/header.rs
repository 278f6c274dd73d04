use bytes::Bytes;

use crate::cors::CorsHeaders;
use crate::request::shown_text;
use crate::site::EXPLAIN_HEADER;

/// A header field of a response: its lower-case name and its value. The `Debug` output renders the value as logs do, and omits an explanation.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub(crate) name: &'static str,
    pub(crate) value: Bytes,
}

impl Header {
    pub(crate) const fn fixed(name: &'static str, value: &'static str) -> Self {
        Self { name, value: Bytes::from_static(value.as_bytes()) }
    }

    pub(crate) const fn new(name: &'static str, value: Bytes) -> Self {
        Self { name, value }
    }

    /// Returns the name, in lower case.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the value: visible ASCII and spaces.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Header");
        shown.field("name", &self.name);
        if self.name == EXPLAIN_HEADER {
            return shown.finish_non_exhaustive(); // claims may be about a person
        }
        // The origin of a page is the client's text.
        shown.field("value", &shown_text::<MAX_VALUE_SHOWN>(&self.value)).finish()
    }
}

/// The maximum length of a header value in `Debug` output, in bytes. The values that playgate writes fit.
const MAX_VALUE_SHOWN: usize = 256;

/// Returns the header fields of a site's CORS policy, in order.
pub(super) fn cors_fields(cors: CorsHeaders) -> impl Iterator<Item = Header> {
    let CorsHeaders { allow_origin, credentials, expose, vary } = cors;
    let fields = [
        allow_origin.map(|value| Header::new("access-control-allow-origin", value)),
        credentials.then(|| Header::fixed("access-control-allow-credentials", "true")),
        expose.map(|value| Header::new("access-control-expose-headers", value)),
        vary.then(|| Header::fixed("vary", "origin")),
    ];
    fields.into_iter().flatten()
}
