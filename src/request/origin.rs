use arrayvec::ArrayVec;
use bytes::Bytes;
use hashbrown::HashSet;

use crate::error::ConfigError;

/// One entry of a list of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OriginRule {
    /// `*`.
    Any,
    /// `null`, which sandboxed pages and files send.
    Null,
    /// `https://app.example.com`, `http://localhost:3000`: as sent by browsers, in lower case.
    Exact(Box<str>),
    /// `https://*.example.com[:port]`: exactly one label in the star's place.
    Labels {
        /// `https://`
        scheme: Box<str>,
        /// `.example.com` with the port, if any.
        rest: Box<str>,
    },
}

impl OriginRule {
    /// Parses an origin as browsers serialize it (WHATWG HTML, "ASCII serialization of an origin"). Scheme and host are
    /// case-insensitive (RFC 6454 §4) and become lower-case.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let origin = text;
        let text = &*origin.to_ascii_lowercase();
        let wrong = |found: &'static str, write: String| ConfigError::Origin {
            origin: origin.to_owned(),
            found,
            write,
        };
        match origin {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        let Some((scheme, authority)) = text.split_once("://") else {
            return Err(wrong("has no scheme", format!("https://{text}")));
        };
        if let Some((authority, path)) = authority.split_once(['/', '?', '#']) {
            let found = if path.is_empty() { "ends in a slash: browsers send none" } else { "has a path" };
            return Err(wrong(found, format!("{scheme}://{authority}")));
        }
        if !matches!(scheme, "http" | "https") && !scheme.bytes().all(is_scheme_byte) || scheme.is_empty() {
            return Err(wrong("has an invalid scheme", "https://app.example.com".to_owned()));
        }
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        if let (Some(bare), "http" | "https") = (authority.strip_suffix(default_port), scheme) {
            return Err(wrong("names the default port: browsers leave it out", format!("{scheme}://{bare}")));
        }
        let (labels, host) = match authority.strip_prefix('*') {
            Some(rest) if rest.len() > 1 && rest.starts_with('.') => (true, rest),
            Some(_) => {
                return Err(wrong(
                    "has a star that is not a whole label",
                    format!("{scheme}://*.example.com"),
                ));
            }
            None => (false, authority),
        };
        if !is_host_and_port(host) {
            return Err(wrong("has no valid host name", "https://app.example.com".to_owned()));
        }
        if labels && !host.starts_with(".localhost") && host.matches('.').count() < 2 {
            return Err(wrong(
                "has a star for a whole top-level domain",
                format!("{scheme}://*.example{host}"),
            ));
        }
        Ok(if labels {
            Self::Labels { scheme: format!("{scheme}://").into(), rest: host.into() }
        } else {
            Self::Exact(text.into())
        })
    }
}

const fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((literal, port))
            if literal.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')) =>
        {
            ("literal", port.strip_prefix(':').or(port.is_empty().then_some("0")))
        }
        Some(_) => return false,
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("0")),
        },
    };
    let labels = host.strip_prefix('.').unwrap_or(host);
    let good_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    labels.split('.').all(good_label) && port.is_some_and(|port| port.parse::<u16>().is_ok())
}

/// The checked origins of a site.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginList {
    any: bool,
    exact: HashSet<Bytes>,
    labels: Vec<(Box<str>, Box<str>)>,
}

impl OriginList {
    pub(crate) fn push(&mut self, rule: OriginRule) {
        match rule {
            OriginRule::Any => self.any = true,
            OriginRule::Null => {
                self.exact.insert(Bytes::from_static(b"null"));
            }
            OriginRule::Exact(origin) => {
                self.exact.insert(Bytes::from(origin.into_string()));
            }
            OriginRule::Labels { scheme, rest } => self.labels.push((scheme, rest)),
        }
    }

    /// Returns whether every origin is allowed, so that responses do not depend on the origin.
    pub(crate) const fn any(&self) -> bool {
        self.any
    }

    /// Returns whether this origin is listed.
    pub(crate) fn has(&self, origin: &[u8]) -> bool {
        crate::work::visited(origin.len().saturating_mul(3));
        if self.any || self.exact.contains(origin) {
            return true;
        }
        let Some(origin) = Normal::of(origin) else { return false };
        let origin = origin.as_bytes();
        self.exact.contains(origin)
            || self
                .labels
                .iter()
                .any(|(scheme, rest)| has_one_label(origin, scheme.as_bytes(), rest.as_bytes()))
    }

    /// Returns the value of `Access-Control-Allow-Origin` for a request from `origin`: the text that the browser sent.
    pub(crate) fn allow(&self, origin: Option<&[u8]>) -> Option<Bytes> {
        if self.any {
            return Some(Bytes::from_static(b"*"));
        }
        let origin = origin?;
        if let Some(listed) = self.exact.get(origin) {
            return Some(listed.clone());
        }
        self.has(origin).then(|| Bytes::copy_from_slice(origin))
    }
}

/// The maximum length of an origin: a scheme, a host name of 253 bytes (RFC 1035 §2.3.4) and a port.
const MAX_ORIGIN_LEN: usize = 320;

/// The normal form of an origin, in which origins are compared: scheme and host in lower case, without the scheme's default port.
pub(crate) struct Normal(ArrayVec<u8, MAX_ORIGIN_LEN>);

impl Normal {
    /// Normalizes an origin. Returns `None` for text without `://`, and for text that is longer than any origin.
    pub(crate) fn of(origin: &[u8]) -> Option<Self> {
        let mut normal = ArrayVec::new();
        normal.try_extend_from_slice(origin).ok()?;
        normal.make_ascii_lowercase();
        let scheme = memchr::memmem::find(&normal, b"://").and_then(|end| normal.get(..end))?;
        if let Some(bare) = without_default_port(scheme, &normal).map(<[u8]>::len) {
            normal.truncate(bare);
        }
        Some(Self(normal))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns host and port of an `http` or `https` origin.
    pub(crate) fn web_authority(&self) -> Option<&[u8]> {
        self.0.strip_prefix(b"https://").or_else(|| self.0.strip_prefix(b"http://"))
    }

    /// Returns whether the scheme is `https`.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with(b"https:")
    }
}

/// Returns an origin or authority without the default port of its scheme, or `None` if it names another port, or none.
pub(crate) fn without_default_port<'o>(scheme: &[u8], authority: &'o [u8]) -> Option<&'o [u8]> {
    match scheme {
        b"https" => authority.strip_suffix(b":443"),
        b"http" => authority.strip_suffix(b":80"),
        _ => None,
    }
}

/// Returns whether `origin` is `scheme`, one label, `rest`.
fn has_one_label(origin: &[u8], scheme: &[u8], rest: &[u8]) -> bool {
    let label = origin.strip_prefix(scheme).and_then(|host| host.strip_suffix(rest));
    label.is_some_and(|label| {
        !label.is_empty()
            && label.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    })
}
