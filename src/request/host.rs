use arrayvec::ArrayVec;

use super::fields::HOST;
use super::{RequestView, Target};
use crate::error::HostFault;
use crate::work;

/// The maximum length of a host name (RFC 1035 §2.3.4), including the brackets of an IP literal.
pub const MAX_HOST_LEN: usize = 255;

/// A buffer for the normal form of a host.
#[derive(Debug, Default)]
pub struct HostBuffer(ArrayVec<u8, MAX_HOST_LEN>);

impl HostBuffer {
    /// Creates an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A host name in normal form: in lower case, with the port and one trailing dot removed.
///
/// IP literals keep their brackets. The empty host stands for a request without a host (HTTP/1.0). Only a site for every host
/// matches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host<'h>(&'h [u8]);

impl<'h> Host<'h> {
    /// Returns the host of a request, from `Host` and the authority of the target. If both are present, they must agree.
    ///
    /// # Errors
    ///
    /// Returns a [`HostFault`] for two `Host` fields, two different hosts, or text that is not a host.
    pub fn of(
        request: &'h (impl RequestView + ?Sized),
        buffer: &'h mut HostBuffer,
    ) -> Result<Self, HostFault> {
        Self::agreed(request, request.target(), buffer, |_| false)
    }

    /// Returns the host of a request whose target was read before. A field that is `known` for a host in its normal form is not
    /// parsed again.
    pub(crate) fn agreed(
        request: &'h (impl RequestView + ?Sized),
        target: Target<'h>,
        buffer: &'h mut HostBuffer,
        known: impl FnOnce(&'h [u8]) -> bool,
    ) -> Result<Self, HostFault> {
        let field = request.field(HOST, 0);
        if field.is_some() && request.field(HOST, 1).is_some() {
            return Err(HostFault::Repeated);
        }
        match (field, target.authority) {
            (Some(host), None) if known(host) => Ok(Self(host)),
            (Some(host), None) | (None, Some(host)) => Self::parse(host, buffer),
            (Some(field), Some(authority)) => {
                let mut other = HostBuffer::new();
                let authority = Host::parse(authority, &mut other)?;
                let host = Self::parse(field, buffer)?;
                if host.0 == authority.0 { Ok(host) } else { Err(HostFault::Disagrees) }
            }
            (None, None) => Ok(Self(b"")),
        }
    }

    /// Parses `name`, `name:port`, `[v6]` or `[v6]:port` (RFC 9110 §7.2).
    ///
    /// # Errors
    ///
    /// Returns [`HostFault::Malformed`] if the bytes are not a host; nothing else fails.
    pub fn parse(raw: &'h [u8], buffer: &'h mut HostBuffer) -> Result<Self, HostFault> {
        work::visited(raw.len());
        let name = without_port(raw).ok_or(HostFault::Malformed)?;
        let name = name.strip_suffix(b".").unwrap_or(name);
        if name.is_empty() || name.len() > MAX_HOST_LEN {
            return Err(HostFault::Malformed);
        }
        work::visited(name.len().saturating_mul(3));
        // Most hosts are in their normal form already.
        if name.iter().all(|&byte| is_name_byte(byte)) {
            return Ok(Self(name));
        }
        let literal = name.first() == Some(&b'[');
        if !name.iter().all(|&byte| is_host_byte(byte, literal)) {
            return Err(HostFault::Malformed);
        }
        buffer.0.clear();
        buffer.0.try_extend_from_slice(name).map_err(|_| HostFault::Malformed)?;
        buffer.0.make_ascii_lowercase();
        Ok(Self(&buffer.0))
    }

    /// Returns the name, in lower case.
    pub const fn as_bytes(self) -> &'h [u8] {
        self.0
    }
}

/// Returns the name without `:port`. The brackets of an IP literal hold colons of their own.
fn without_port(raw: &[u8]) -> Option<&[u8]> {
    split_port(raw).map(|(name, _)| name)
}

/// Splits off the digits of a port, which are empty if there is none.
fn split_port(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let name_end = match raw.first() {
        Some(b'[') => memchr::memchr(b']', raw)?.saturating_add(1),
        _ => memchr::memchr(b':', raw).unwrap_or(raw.len()),
    };
    let (name, port) = raw.split_at_checked(name_end)?;
    match port.split_first() {
        None => Some((name, port)),
        Some((b':', digits)) if digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit) => {
            Some((name, digits))
        }
        Some(_) => None,
    }
}

/// Returns the port that an authority names, or `None` if it names none.
///
/// # Errors
///
/// Returns [`HostFault::Malformed`] if the authority is not a host, or its port is above 65535.
pub(crate) fn explicit_port(authority: &[u8]) -> Result<Option<u16>, HostFault> {
    match split_port(authority).ok_or(HostFault::Malformed)? {
        (_, []) => Ok(None),
        (_, digits) => {
            let digits = std::str::from_utf8(digits).ok();
            digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(HostFault::Malformed)
        }
    }
}

/// Returns the port that a request names, in the target's authority or else in its `Host` field.
pub(crate) fn requested_port(request: &(impl RequestView + ?Sized)) -> Option<u16> {
    let authority = request.target().authority.or_else(|| request.field(HOST, 0))?;
    explicit_port(authority).ok().flatten()
}

/// Returns whether a byte may be in a host name in practice, in lower case: letters, digits, hyphens, dots and underscores.
const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_')
}

/// Returns whether a byte may be in a host that is not in its normal form: also capitals, and the punctuation of an IP literal.
fn is_host_byte(byte: u8, literal: bool) -> bool {
    match byte {
        b'A'..=b'Z' => true,
        b'[' | b']' | b':' => literal,
        _ => is_name_byte(byte),
    }
}

#[cfg(test)]
mod tests;
