//! The text of the URL to which a token without `acl` is bound.

use arrayvec::ArrayVec;
use serde::Deserialize;

use crate::request::{decoded_bytes, hex_value, parameters};
use crate::work;

/// The escaping that a signer applies to a URL before signing it.
///
/// Text of letters, digits, `-`, `_`, `.` and `/` is the same for all signers that escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "url_escaping"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum UrlEscaping {
    /// None: the URL as requested. Akamai's SDKs do so by default, and the edge does if its option `escapeHmacInputs` is off.
    None,
    /// The requested text, escaped once more, with lower-case digits: all but letters, digits, `-`, `_` and `.`. The edge does so
    /// by default, and the SDKs do with `escape_early`.
    Edge,
    /// The decoded text, escaped, with lower-case digits: all but letters, digits and `-_.!$()*+,`. Such a token covers no URL
    /// with an encoded `?`, `&`, `=`, `;` or `#`, because the decoded text would be another URL too.
    Cloudinary,
}

/// The URL of a request.
#[derive(Clone, Copy)]
pub(super) struct SignedUrl<'r> {
    pub(super) path: &'r [u8],
    pub(super) query: Option<&'r [u8]>,
    /// The parameters that are not part of the URL.
    pub(super) without: &'r [Box<str>],
}

/// The maximum length of a URL that a token without `acl` covers, in bytes. The URL is hashed for each token, key and escaping.
pub(super) const MAX_SIGNED_URL: usize = 8192;

impl SignedUrl<'_> {
    /// Returns the length of path and query as received.
    pub(super) fn len(&self) -> usize {
        self.path.len().saturating_add(self.query.map_or(0, <[u8]>::len))
    }

    /// Returns whether no other URL has the same signed text. A signer that decodes first may write two URLs alike.
    pub(super) fn is_one_url(&self, escaping: UrlEscaping) -> bool {
        let has_encoded_delimiter = |text: &[u8]| {
            work::visited(text.len());
            let mut encoded = text.split(|byte| *byte == b'%').skip(1).filter_map(<[u8]>::first_chunk);
            let decoded = |&[high, low]: &[u8; 2]| Some((hex_value(high)? << 4) | hex_value(low)?);
            encoded.any(|digits| decoded(digits).is_some_and(|byte| b"?&=;#".contains(&byte)))
        };
        escaping != UrlEscaping::Cloudinary
            || ![Some(self.path), self.query].into_iter().flatten().any(has_encoded_delimiter)
    }

    /// Passes the text to `write`, piece by piece.
    pub(super) fn write(&self, escaping: UrlEscaping, write: &mut dyn FnMut(&[u8])) {
        write_escaped(self.path, escaping, write);
        let kept = self.query.into_iter().flat_map(parameters);
        let kept = kept.filter(|parameter| !self.without.iter().any(|name| parameter.is(name)));
        for (number, parameter) in kept.enumerate() {
            write_escaped(if number == 0 { b"?" } else { b"&" }, escaping, write);
            write_escaped(parameter.whole, escaping, write);
        }
    }
}

fn write_escaped(text: &[u8], escaping: UrlEscaping, write: &mut dyn FnMut(&[u8])) {
    work::visited(text.len());
    match escaping {
        UrlEscaping::None => write(text),
        UrlEscaping::Edge => escape(text.iter().copied(), b"-_.", write),
        UrlEscaping::Cloudinary => escape(decoded_bytes(text), b"-_.!$()*+,", write),
    }
}

fn escape(text: impl Iterator<Item = u8>, kept: &[u8], write: &mut dyn FnMut(&[u8])) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    let mut piece = ArrayVec::<u8, 64>::new();
    for byte in text {
        if piece.remaining_capacity() < 3 {
            write(&piece);
            piece.clear();
        }
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            piece.extend([byte]);
        } else {
            piece.extend([b'%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    write(&piece);
}

#[cfg(test)]
mod tests;
