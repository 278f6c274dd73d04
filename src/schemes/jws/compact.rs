use std::mem::MaybeUninit;

use base64_simd::{AsOut, URL_SAFE_NO_PAD};

use super::claims::Claims;
use super::header::{Header, KeyIdBuffer};
use crate::error::{Denial, TokenFault};
use crate::work;

/// The highest value that a site can set for the maximum length of a token. In practice, a request line holds no more.
pub const MAX_TOKEN_BYTES: usize = crate::request::MAX_CREDENTIAL_BYTES;

/// The decoded length of the largest possible segment: three quarters of [`MAX_TOKEN_BYTES`].
pub(super) const MAX_DECODED: usize = MAX_TOKEN_BYTES / 4 * 3;

/// A buffer for the decoded segments of a token. For speed, it lives on the caller's stack and is not cleared.
#[derive(Debug)]
pub struct TokenBuffer {
    header: [MaybeUninit<u8>; MAX_DECODED],
    payload: [MaybeUninit<u8>; MAX_DECODED],
    signature: [MaybeUninit<u8>; MAX_DECODED],
}

impl TokenBuffer {
    /// Creates a buffer for one token of any accepted length.
    #[inline]
    pub const fn new() -> Self {
        Self {
            header: [MaybeUninit::uninit(); MAX_DECODED],
            payload: [MaybeUninit::uninit(); MAX_DECODED],
            signature: [MaybeUninit::uninit(); MAX_DECODED],
        }
    }
}

impl Default for TokenBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// A compact JWS whose form, header and claims have been parsed, and whose signature has not been verified yet.
///
/// It can be used to reject a request, never to grant one: only [`Signed`](super::Signed) gives access to the claims.
///
/// ```compile_fail,E0616
/// # fn main() -> Result<(), playgate::Denial> {
/// # use playgate::schemes::jws::{Token, TokenBuffer};
/// let mut buffer = TokenBuffer::new();
/// let token = Token::parse(b"e30.e30.AA", &mut buffer)?;
/// let claims = token.claims; // unverified claims are out of reach
/// # Ok(()) }
/// ```
///
/// ```
/// # fn main() {
/// # use playgate::schemes::jws::{Token, TokenBuffer};
/// let mut buffer = TokenBuffer::new();
/// let token = Token::parse(b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AA", &mut buffer);
/// let header = token.map(|token| token.header()); // the name of the key is not
/// assert!(header.is_ok_and(|header| header.key_id().is_ok_and(|kid| kid.is("k1"))));
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Token<'t> {
    header: Header<'t>,
    claims: Claims<'t>,
    text: &'t [u8],
    signing_input: &'t [u8],
    signature: &'t [u8],
}

impl<'t> Token<'t> {
    /// Parses a token from its first byte to its last.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::MalformedToken`] with the fault, [`Denial::WrongType`] or [`Denial::CriticalHeader`]. For an `alg` that
    /// no key can have, returns [`Denial::UnsignedToken`] or [`Denial::XmlDsigAlgorithm`].
    pub fn parse(raw: &'t [u8], buffer: &'t mut TokenBuffer) -> Result<Self, Denial> {
        let segments = Segments::split(raw)?;
        let header = Header::parse(text(segments.header, &mut buffer.header)?)?;
        header.refuse_unsigned()?;
        let claims = Claims::parse_utf8(text(segments.payload, &mut buffer.payload)?)
            .map_err(Denial::MalformedToken)?;
        let signature = decode(segments.signature, &mut buffer.signature)?;
        Ok(Self { header, claims, text: raw, signing_input: segments.signing_input, signature })
    }

    /// Returns the header. It names the key but proves nothing.
    pub const fn header(&self) -> Header<'t> {
        self.header
    }

    /// Returns the unverified claims, for rules that can only reject.
    pub(crate) const fn unverified(&self) -> &Claims<'t> {
        &self.claims
    }

    /// Returns the whole token, as received.
    pub(super) const fn text(&self) -> &'t [u8] {
        self.text
    }

    pub(super) const fn signed_parts(&self) -> (&'t [u8], &'t [u8]) {
        (self.signing_input, self.signature)
    }
}

impl std::fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The signed text and the signature are the credential itself: a secret.
        f.debug_struct("Token").field("header", &self.header).finish_non_exhaustive()
    }
}

/// The three segments, still encoded.
struct Segments<'t> {
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    /// The first two segments with the dot between them: the signed text (RFC 7515 §5.2).
    signing_input: &'t [u8],
}

impl<'t> Segments<'t> {
    fn split(raw: &'t [u8]) -> Result<Self, Denial> {
        let malformed = Denial::MalformedToken;
        if raw.is_empty() {
            return Err(malformed(TokenFault::Empty));
        }
        if raw.len() > MAX_TOKEN_BYTES {
            return Err(malformed(TokenFault::TooLong));
        }
        work::visited(raw.len());
        let mut dots = memchr::memchr_iter(b'.', raw);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(malformed(TokenFault::Segments));
        };
        let segments = || {
            Some(Self {
                header: raw.get(..first)?,
                payload: raw.get(first.checked_add(1)?..second)?,
                signature: raw.get(second.checked_add(1)?..)?,
                signing_input: raw.get(..second)?,
            })
        };
        segments()
            .filter(|s| !s.header.is_empty() && !s.payload.is_empty() && !s.signature.is_empty())
            .ok_or(malformed(TokenFault::Segments))
    }
}

/// Decodes unpadded canonical base64url: no padding, no white space, no trailing bits.
fn decode<'t>(segment: &[u8], buffer: &'t mut [MaybeUninit<u8>]) -> Result<&'t [u8], Denial> {
    // The decoder panics if its output is too small.
    if segment.len() / 4 > buffer.len() / 3 {
        return Err(Denial::MalformedToken(TokenFault::TooLong));
    }
    work::visited(segment.len());
    match URL_SAFE_NO_PAD.decode(segment, buffer.as_out()) {
        Ok(decoded) => Ok(decoded),
        Err(_) => Err(Denial::MalformedToken(TokenFault::Base64)),
    }
}

/// Decodes a segment of text, which has to be UTF-8. Most is ASCII.
fn text<'t>(segment: &[u8], buffer: &'t mut [MaybeUninit<u8>]) -> Result<&'t [u8], Denial> {
    let text = decode(segment, buffer)?;
    work::visited(text.len());
    if text.is_ascii() || std::str::from_utf8(text).is_ok() {
        Ok(text)
    } else {
        Err(Denial::MalformedToken(TokenFault::NotUtf8))
    }
}

/// Returns the `kid` that a token claims, for a log line, or `None` if it cannot be read.
pub(crate) fn key_id_of<'b>(raw: &[u8], buffer: &'b mut KeyIdBuffer) -> Option<&'b [u8]> {
    let segments = Segments::split(raw).ok()?;
    let mut decoded = [MaybeUninit::uninit(); MAX_DECODED];
    let header = Header::parse(text(segments.header, &mut decoded).ok()?).ok()?;
    buffer.clear();
    let mut resolved = KeyIdBuffer::new();
    buffer.try_extend_from_slice(header.key_id().ok()?.resolve(&mut resolved)?).ok()?;
    Some(buffer)
}

/// Returns the decoded header of a token, if the token has a header that can be decoded.
pub(crate) fn header_of(raw: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(Segments::split(raw).ok()?.header).ok()
}

/// Returns the decoded payload of a token, if the token has a payload that can be decoded.
pub(crate) fn payload_of(raw: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(Segments::split(raw).ok()?.payload).ok()
}

#[cfg(test)]
mod tests;
