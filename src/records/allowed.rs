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
mod tests {
    use super::*;

    fn list(origins: &[&str]) -> Result<Option<AllowedOrigins>, Vec<String>> {
        let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        let mut faults = Vec::new();
        let list = AllowedOrigins::check(&origins, &mut faults);
        if faults.is_empty() { Ok(list) } else { Err(faults.iter().map(ToString::to_string).collect()) }
    }

    fn requester<'r>(origin: Option<&'r str>, host: &'r str) -> Requester<'r> {
        Requester { origin: origin.map(str::as_bytes), host: host.as_bytes(), same_origin: false }
    }

    #[test]
    fn a_bare_host_means_https_in_the_list_and_for_frames() {
        let allowed =
            list(&["app.example.com", "https://*.example.net", "http://localhost:3000"]).unwrap().unwrap();
        assert_eq!(
            allowed.frame_ancestors(),
            "frame-ancestors 'self' https://app.example.com https://*.example.net http://localhost:3000"
        );
        for (origin, admitted) in [
            ("https://app.example.com", true),
            ("http://app.example.com", false),
            ("https://a.example.net", true),
            ("https://a.b.example.net", false),
            ("https://example.net", false),
            ("http://localhost:3000", true),
            ("https://cdn.example.com", true),
            ("http://cdn.example.com", true),
            ("https://cdn.example.com:8443", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(
                allowed.admit(&requester(Some(origin), "cdn.example.com"), true),
                admitted,
                "{origin}"
            );
        }
    }

    #[test]
    fn a_listed_origin_compares_without_case_as_the_own_one_does() {
        let allowed = list(&["App.Example.com", "HTTPS://*.Example.net"]).unwrap().unwrap();
        for (origin, admitted) in [
            ("https://app.example.com", true),
            ("https://APP.example.com", true),
            ("HTTPS://App.Example.com:443", true),
            ("https://A.EXAMPLE.net", true),
            ("https://CDN.example.com", true),
            ("HTTP://APP.example.com", false),
            ("https://app.example.com:8443", false),
        ] {
            assert_eq!(
                allowed.admit(&requester(Some(origin), "cdn.example.com"), false),
                admitted,
                "{origin}"
            );
        }
        assert_eq!(
            allowed.frame_ancestors(),
            "frame-ancestors 'self' https://app.example.com https://*.example.net"
        );
    }

    #[test]
    fn no_origin_at_all_is_a_denial_unless_it_is_allowed_or_the_browser_vouches() {
        let allowed = list(&["app.example.com"]).unwrap().unwrap();
        let silent = requester(None, "cdn.example.com");
        assert!(!allowed.admit(&silent, false));
        assert!(allowed.admit(&silent, true));
        assert!(allowed.admit(&Requester { same_origin: true, ..silent }, false));
    }

    #[test]
    fn the_own_origin_is_the_host_with_its_port() {
        for (origin, host, own) in [
            ("https://cdn.example.com", "cdn.example.com", true),
            ("https://cdn.example.com", "CDN.example.com:443", true),
            ("http://cdn.example.com", "cdn.example.com:80", true),
            ("http://localhost:8080", "localhost:8080", true),
            ("http://localhost:8080", "localhost", false),
            ("https://cdn.example.com", "cdn.example.com:8443", false),
            ("HTTPS://CDN.example.com", "cdn.example.com", true),
            ("https://cdn.example.com:443", "cdn.example.com", true),
            ("http://cdn.example.com:443", "cdn.example.com", false),
            ("http://cdn.example.com:443", "cdn.example.com:443", true),
            ("ftp://cdn.example.com", "cdn.example.com", false),
            ("https://", "", false),
        ] {
            assert_eq!(is_own(origin.as_bytes(), host.as_bytes()), own, "{origin} {host}");
        }
    }

    #[test]
    fn the_origin_of_a_referer_ends_at_its_path() {
        for (referer, origin) in [
            ("https://app.example.com/watch?v=1", "https://app.example.com"),
            ("https://app.example.com", "https://app.example.com"),
            ("https://app.example.com?x", "https://app.example.com"),
            ("http://localhost:3000/#a", "http://localhost:3000"),
            ("https://evil.example/https://app.example.com", "https://evil.example"),
            ("nonsense", "nonsense"),
            ("", ""),
        ] {
            assert_eq!(origin_of(referer.as_bytes()), origin.as_bytes(), "{referer}");
        }
    }

    #[test]
    fn an_empty_list_allows_every_origin_and_faults_name_the_remedy() {
        assert!(list(&[]).unwrap().is_none());
        let faults = list(&["*", "Null", "https://app.example.com/"]).unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[2].contains("ends in a slash"), "{faults:?}");
    }
}
