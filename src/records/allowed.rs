use bytes::Bytes;

use crate::error::ConfigError;
use crate::request::{
    HOST, Normal, ORIGIN, OriginList, OriginRule, REFERER, RequestView, SEC_FETCH_SITE, only_line,
    without_default_port,
};

/// The origins whose pages may show a video: one embed token's list, checked.
#[derive(Debug)]
pub(crate) struct AllowedOrigins {
    /// The origins with their scheme, in lower case.
    texts: Box<[Box<str>]>,
    list: OriginList,
    /// The value of `Content-Security-Policy` that allows frames in the same origins.
    ancestors: Bytes,
}

/// The parts of a request that identify the requesting page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requester<'r> {
    /// `Origin`, or else the origin in `Referer`.
    origin: Option<&'r [u8]>,
    /// The host as the client wrote it, with its port.
    host: &'r [u8],
    /// `Sec-Fetch-Site: same-origin`, which no page can forge.
    same_origin: bool,
}

impl<'r> Requester<'r> {
    pub(crate) fn of(request: &'r (impl RequestView + ?Sized)) -> Self {
        let host = request.field(HOST, 0).or(request.target().authority).unwrap_or_default();
        let origin = only_line(request, ORIGIN).or_else(|| only_line(request, REFERER).map(origin_of));
        let same_origin = only_line(request, SEC_FETCH_SITE) == Some(b"same-origin");
        Self { origin, host, same_origin }
    }
}

impl AllowedOrigins {
    /// Checks a list. Returns `None` for an empty list, which allows every origin.
    pub(crate) fn check(origins: &[String], faults: &mut Vec<ConfigError>) -> Option<Self> {
        let mut list = OriginList::default();
        let mut texts = Vec::new();
        for origin in origins {
            let lower = origin.to_ascii_lowercase();
            let text = if lower.contains("://") || matches!(&*lower, "*" | "null") {
                lower
            } else {
                format!("https://{lower}")
            };
            match OriginRule::parse(&text) {
                Ok(OriginRule::Any) => faults.push(ConfigError::EmbedDraft {
                    found: format!("has the origin {text:?}"),
                    write: "an empty list to allow every page",
                }),
                Ok(OriginRule::Null) => faults.push(ConfigError::Origin {
                    origin: text,
                    found: "is not the origin of a page",
                    write: "https://app.example.com".to_owned(),
                }),
                Ok(rule) => {
                    list.push(rule);
                    texts.push(text.into_boxed_str());
                }
                Err(error) => faults.push(error),
            }
        }
        if texts.is_empty() {
            return None;
        }
        let ancestors = format!("frame-ancestors 'self' {}", texts.join(" ")).into();
        Some(Self { texts: texts.into(), list, ancestors })
    }

    /// Returns whether the requesting page is allowed. `Origin` takes precedence over `Referer`. The site's own pages are allowed,
    /// because the player in an embed page is one of them.
    pub(crate) fn admit(&self, requester: &Requester<'_>, allow_missing: bool) -> bool {
        match requester.origin {
            Some(origin) => self.list.has(origin) || is_own(origin, requester.host),
            None => requester.same_origin || allow_missing,
        }
    }

    /// Returns the directive for the frames that may embed the page (CSP Level 3 §6.4.2).
    pub(crate) fn frame_ancestors(&self) -> Bytes {
        self.ancestors.clone()
    }

    pub(crate) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }
}

/// Returns the origin in a `Referer` (RFC 9110 §10.1.3): scheme and authority.
fn origin_of(referer: &[u8]) -> &[u8] {
    crate::work::visited(referer.len().saturating_mul(2));
    let authority = memchr::memmem::find(referer, b"://").map_or(0, |at| at.saturating_add(3));
    let rest = referer.get(authority..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    referer.get(..authority.saturating_add(end)).unwrap_or_default()
}

/// Returns whether an origin is the request's own host. The scheme may be either, because a proxy may have terminated TLS.
fn is_own(origin: &[u8], host: &[u8]) -> bool {
    let Some(origin) = Normal::of(origin) else { return false };
    let Some(authority) = origin.web_authority() else { return false };
    let scheme: &[u8] = if origin.is_https() { b"https" } else { b"http" };
    let host = without_default_port(scheme, host).unwrap_or(host);
    !host.is_empty() && authority.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests;
