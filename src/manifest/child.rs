use memchr::{memchr, memrchr};

use super::carried::{Carried, HTTP_PORT, HTTPS_PORT, Port, Types};
use super::doubt::Reason;
use super::parameters::Chosen;
use crate::request::{Host, HostBuffer, decodes_to, explicit_port};

/// One URI of a manifest, read as RFC 3986 and the WHATWG's URL standard both would.
pub(super) struct Child<'u> {
    place: Place,
    path: &'u [u8],
    query: Option<&'u [u8]>,
}

/// The destination of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A relative reference. Its base is the manifest's URL, or a base on an own host.
    Base,
    /// The request's host, or another own host.
    Own,
    /// Another host, or a URI with more than one reading.
    Foreign,
}

/// The results of one pass over a URI's bytes.
pub(super) struct Glance {
    /// True if the URI has a control character, a space or a backslash. Browsers remove or replace some of them.
    ambiguous: bool,
    ascii: bool,
    /// True if the URI has no `:`, `?`, `#` or `{`: a plain path.
    plain: bool,
}

impl Glance {
    /// Examines every byte once, without a branch, so that sixteen are examined at a time.
    pub(super) fn at(uri: &[u8]) -> Self {
        let (mut ambiguous, mut special, mut seen) = (0, 0, 0);
        for &byte in uri {
            ambiguous |= u8::from(byte <= b' ') | u8::from(byte == 0x7f) | u8::from(byte == b'\\');
            special |= u8::from(byte == b':') | u8::from(byte == b'?');
            special |= u8::from(byte == b'#') | u8::from(byte == b'{');
            seen |= byte;
        }
        Self { ambiguous: ambiguous != 0, ascii: seen < 0x80, plain: special == 0 }
    }

    pub(super) const fn is_plain(&self) -> bool {
        self.plain
    }
}

impl<'u> Child<'u> {
    /// Reads a URI without surrounding blanks, after its escapes and variables were resolved.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::NotUtf8`]; nothing else fails.
    pub(super) fn read(uri: &'u [u8], carried: &Carried) -> Result<Self, Reason> {
        if is_plain_path(uri) {
            return Ok(Self::of_path(uri));
        }
        Self::seen(uri, &Glance::at(uri), carried)
    }

    /// Reads a URI after a [`Glance`].
    pub(super) fn seen(uri: &'u [u8], glance: &Glance, carried: &Carried) -> Result<Self, Reason> {
        let mut ambiguous = glance.ambiguous;
        if !glance.ascii {
            let text = std::str::from_utf8(uri).map_err(|_| Reason::NotUtf8)?;
            // Players that trim lines also trim these.
            ambiguous |= text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\u{feff}');
        }
        if ambiguous {
            return Ok(Self { place: Place::Foreign, path: b"", query: None });
        }
        if glance.plain && !uri.starts_with(b"//") {
            return Ok(Self::of_path(uri));
        }
        let (uri, _fragment) = split(uri, b'#');
        let (before, query) = split(uri, b'?');
        let (place, path) = locate(before, carried);
        Ok(Self { place, path, query })
    }

    /// Creates the result for a relative path.
    pub(super) const fn of_path(path: &'u [u8]) -> Self {
        Self { place: Place::Base, path, query: None }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) const fn has_query(&self) -> bool {
        self.query.is_some()
    }

    /// Returns the parameters to append, or `None` if there are none.
    pub(super) fn missing(&self, carried: &Carried) -> Option<Chosen> {
        let own = match self.place {
            Place::Own | Place::Base => true,
            Place::Foreign => false,
        };
        if !own || !is_wanted(self.path, &carried.types) {
            return None;
        }
        let missing = carried.parameters.missing_in(self.query);
        (!missing.is_empty()).then_some(missing)
    }
}

/// Returns whether a URI is a relative path of ASCII that needs no closer examination. False for some such paths.
pub(super) fn is_plain_path(uri: &[u8]) -> bool {
    let is_one = match uri.last_chunk::<BLOCK>() {
        // The last block may overlap the previous one, which is cheaper than examining the rest byte by byte.
        Some(last) => uri.as_chunks::<BLOCK>().0.iter().all(is_plain_block) && is_plain_block(last),
        None => uri.iter().copied().all(is_plain_byte),
    };
    is_one && !uri.starts_with(b"//")
}

/// The number of bytes that every 64-bit processor compares at once.
const BLOCK: usize = 16;

/// Examines every byte, without a branch between them, so that the processor's vector instructions can be used.
fn is_plain_block(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |plain, &byte| plain & is_plain_byte(byte))
}

/// Returns whether a byte is plain: no control character, space or backslash, no separator of a URI's parts, no `&`, which is
/// markup, and no `{`. Ranges need few comparisons, so `;<=>` and the characters after `{` do not count as plain either.
#[expect(clippy::needless_bitwise_bool, reason = "lazy operators keep the vectors out: half as fast")]
const fn is_plain_byte(byte: u8) -> bool {
    let (range, odd) = (byte > b' ' && byte < b'{', byte >= b':' && byte <= b'?');
    range & !odd & (byte != b'#') & (byte != b'&') & (byte != b'\\')
}

/// Returns whether the scheme and host of a URI that begins with `start` are settled, whatever follows.
pub(super) fn host_is_settled(start: &[u8]) -> bool {
    if start.iter().any(|byte| matches!(byte, b'?' | b'#')) {
        return true;
    }
    let (first, Some(after)) = split(start, b'/') else { return false };
    if let (_, Some(rest)) = split(first, b':') {
        // `http:` and, in `after`, the rest from the second slash on.
        return rest.is_empty() && after.strip_prefix(b"/").is_some_and(|host| host.contains(&b'/'));
    }
    match (first, after) {
        (b"", []) => false,
        (b"", [b'/', host @ ..]) => host.contains(&b'/'),
        _ => true,
    }
}

/// Locates the part of a URI before `?` and `#`. Returns its place and its path.
fn locate<'u>(uri: &'u [u8], carried: &Carried) -> (Place, &'u [u8]) {
    let (first, _) = split(uri, b'/');
    let foreign: (Place, &[u8]) = (Place::Foreign, b"");
    let (default_port, authority) = match split(first, b':') {
        (scheme, Some(_)) => {
            let https = scheme.eq_ignore_ascii_case(b"https");
            if !https && (carried.https || !scheme.eq_ignore_ascii_case(b"http")) {
                return foreign;
            }
            let authority = uri.get(scheme.len()..).and_then(|rest| rest.strip_prefix(b"://"));
            (Some(if https { HTTPS_PORT } else { HTTP_PORT }), authority)
        }
        (_, None) => match uri.strip_prefix(b"//") {
            Some(authority) => (carried.https.then_some(HTTPS_PORT), Some(authority)),
            None => return (Place::Base, uri),
        },
    };
    let Some(authority) = authority else { return foreign };
    let end = memchr(b'/', authority).unwrap_or(authority.len());
    let (authority, path) = authority.split_at_checked(end).unwrap_or((authority, b""));
    if is_own(authority, default_port, carried) { (Place::Own, path) } else { foreign }
}

/// Returns whether an authority is an own host and port. An authority with userinfo is not. `default_port` is `None` for `//host`
/// if the manifest is not known to have been requested over TLS.
fn is_own(authority: &[u8], default_port: Option<u16>, carried: &Carried) -> bool {
    let mut buffer = HostBuffer::new();
    let Ok(host) = Host::parse(authority, &mut buffer) else { return false };
    let Ok(explicit) = explicit_port(authority) else { return false };
    let host = host.as_bytes();
    let port = Port::of(explicit, default_port, carried);
    let is_requests = *host == *carried.host && port.is_requested();
    !host.ends_with(b".") && (is_requests || carried.hosts.is_own(host, port))
}

/// Returns whether a path leads to a file of a wanted type.
pub(super) fn is_wanted(path: &[u8], types: &Types) -> bool {
    // A path that leads to no file ends in one of these bytes, also with encoded dots.
    if matches!(path.last(), None | Some(b'/' | b'.' | b'e' | b'E')) && !leads_to_file(path) {
        return false;
    }
    match types {
        Types::Any => true,
        Types::Listed(extensions) => {
            // Extensions are short, so a scan from the end finds the dot before a search would be set up.
            let Some(at) = path.iter().rposition(|&byte| byte == b'.' || byte == b'/') else { return false };
            let Some((b'.', found)) = path.get(at..).and_then(<[u8]>::split_first) else { return false };
            extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension.as_bytes()))
        }
    }
}

/// Returns whether the last segment of a path is the name of a file.
fn leads_to_file(path: &[u8]) -> bool {
    let start = memrchr(b'/', path).map_or(0, |slash| slash.saturating_add(1));
    let file = path.get(start..).unwrap_or_default();
    !file.is_empty() && !is_dots(file)
}

/// Returns whether a segment is `.` or `..`, in any spelling.
fn is_dots(segment: &[u8]) -> bool {
    matches!(segment, [b'.' | b'%', ..]) && (decodes_to(segment, b".") || decodes_to(segment, b".."))
}

/// Splits text at the first `separator`. The second part is `None` if there is no separator.
fn split(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(separator, text).and_then(|at| text.split_at_checked(at)) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}
