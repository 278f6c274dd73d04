use thiserror::Error;

use crate::time::UnixSeconds;

/// The subject whose signatures failed too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failing {
    /// The client's address, or its network.
    #[error("from this client")]
    Client,
    /// The key that the token names.
    #[error("for this key")]
    Key,
}

/// A fault of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathFault {
    /// No leading `/`.
    #[error("it does not start with a slash")]
    NotAbsolute,
    /// Longer than [`MAX_PATH_LEN`](crate::request::MAX_PATH_LEN).
    #[error("it is longer than 4096 bytes")]
    TooLong,
    /// A `%` without two hexadecimal digits.
    #[error("invalid percent-encoding")]
    PercentEncoding,
    /// A control character or NUL, plain or encoded.
    #[error("control character")]
    Control,
    /// `\`, plain or encoded.
    #[error("backslash")]
    Backslash,
    /// `%2F`.
    #[error("encoded slash")]
    EncodedSlash,
    /// `//`.
    #[error("empty segment")]
    EmptySegment,
    /// A segment `.` or `..`, plain or encoded.
    #[error("dot segment")]
    DotSegment,
    /// The decoded path could be decoded again, to a path with one of the other faults, or without end.
    #[error("it is percent-encoded more than once")]
    DecodesAgain,
    /// Not UTF-8 once decoded.
    #[error("not UTF-8")]
    NotUtf8,
    /// Outside every base path as written, but inside one by another reading.
    #[error("one reading of it is inside a protected base path")]
    ReadsInside,
    /// Inside another base path on a file system that folds case or trims names.
    #[error("on a file system that folds case or trims names it is inside another base path")]
    FoldsInside,
    /// A layer rewrote the path after routing, and the two paths belong to different sites.
    #[error(
        "it was rewritten after routing, and the path that the client sent belongs to another site: put the layer that rewrites paths outside the router"
    )]
    Rewritten,
}

/// A fault of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostFault {
    /// Neither a `Host` field nor an authority, on a server without a site for every host.
    #[error("no Host field")]
    Missing,
    /// More than one `Host` field.
    #[error("two Host fields")]
    Repeated,
    /// The authority of an absolute-form target (or `:authority`) differs from `Host`.
    #[error("the target's authority and the Host field differ")]
    Disagrees,
    /// Not a host name, an IP literal, or either with a port.
    #[error("not a host name")]
    Malformed,
}

/// The carrier with two credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Repeated {
    /// The credential's query parameter occurs twice.
    #[error("the query parameter occurs twice")]
    QueryParameter,
    /// Two `Authorization` fields.
    #[error("two Authorization fields")]
    Authorization,
    /// Two lines of a header field that carries a credential.
    #[error("two lines of the header field")]
    HeaderField,
    /// Two cookies with the same name, for a scheme whose credential consists of several cookies.
    #[error("two cookies with one name")]
    Cookie,
}

/// A fault of a secure link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// The link has no expiry.
    #[error("it has no expiry")]
    NoExpiry,
    /// The expiry is not decimal digits, is zero, or overflows.
    #[error("its expiry is not a positive decimal number")]
    Expiry,
    /// The proof does not have the form of the site's hash.
    #[error("its proof does not have the form of the site's hash")]
    Proof,
    /// The link is bound to an address, and the client's address is unknown.
    #[error("it is bound to an address, and the client's address is unknown")]
    ClientUnknown,
    /// The link is valid for longer than the site's `max_lifetime`, or has no end although the site requires one.
    #[error("its lifetime is longer than the site allows")]
    Lifetime,
    /// The proof was made for another path, expiry or client.
    #[error("its proof does not match the path, expiry and client")]
    Mismatch,
}

/// A fault of a URL signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlSignatureFault {
    /// Longer than [`MAX_CREDENTIAL_BYTES`](crate::request::MAX_CREDENTIAL_BYTES).
    #[error("it is longer than 8192 bytes")]
    TooLong,
    /// A part of it is missing.
    #[error("a part of it is missing")]
    Incomplete,
    /// Made with a hash that the site does not accept.
    #[error("it is made with a hash that the site does not accept")]
    HashRefused,
    /// Not in the form of the site's scheme.
    #[error("it does not have the form of its scheme")]
    Form,
    /// A field occurs twice.
    #[error("a field occurs twice")]
    RepeatedField,
    /// A field that the scheme does not send.
    #[error("it has a field that its scheme does not have")]
    UnknownField,
    /// A date is not a decimal number of seconds, or is 10^12 or more, which looks like milliseconds.
    #[error("a date is not a number of seconds")]
    Date,
    /// No expiry.
    #[error("it has no expiry")]
    NoExpiry,
    /// The list of covered paths is present and empty.
    #[error("its list of covered paths is empty")]
    NoScope,
    /// No key of the site made the signature over this text.
    #[error("it does not match the signed text and the site's keys")]
    Mismatch,
    /// Valid for longer than the site's `max_lifetime`.
    #[error("its lifetime is longer than the site allows")]
    Lifetime,
    /// Bound to an address, and the client's address is unknown.
    #[error("it is bound to an address, and the client's address is unknown")]
    ClientUnknown,
    /// Bound to an address that is not the client's.
    #[error("it is bound to an address other than the client's")]
    OtherClient,
}

impl UrlSignatureFault {
    /// Returns whether the signature had been verified before the fault was found.
    pub(crate) const fn is_verified(self) -> bool {
        matches!(self, Self::Lifetime | Self::ClientUnknown | Self::OtherClient)
    }
}

/// A fault in the form of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// The credential's value is empty.
    #[error("it is empty")]
    Empty,
    /// Longer than the site's `max_token_bytes`.
    #[error("it is longer than the site's max_token_bytes")]
    TooLong,
    /// The query value is not valid percent-encoding.
    #[error("invalid percent-encoding in the query value")]
    PercentEncoding,
    /// Not exactly three non-empty segments (RFC 7515 §7.1).
    #[error("not three non-empty segments")]
    Segments,
    /// A segment is not unpadded canonical base64url (RFC 7515 §2).
    #[error("not unpadded canonical base64url")]
    Base64,
    /// A segment decodes to text that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not one strict JSON object (RFC 8259) with nothing after it.
    #[error("not a strict JSON object")]
    Json,
    /// A member name occurs twice (RFC 7519 §4).
    #[error("a member name occurs twice")]
    DuplicateMember,
    /// More members than [`MAX_MEMBERS`](crate::schemes::jws::MAX_MEMBERS).
    #[error("too many members")]
    TooManyMembers,
    /// Nested deeper than [`MAX_DEPTH`](crate::schemes::jws::MAX_DEPTH).
    #[error("nested too deeply")]
    TooDeep,
    /// `alg` is absent or not a string.
    #[error("header alg is missing or not a string")]
    Algorithm,
    /// `kid` is empty or not a string.
    #[error("header kid is empty or not a string")]
    KeyId,
    /// A date of 10^12 or more: read as seconds (RFC 7519 §2), the token would never expire.
    #[error("{claim} is {date}: this looks like milliseconds, but NumericDate is in seconds")]
    Milliseconds {
        /// The claim.
        claim: ClaimName,
        /// The date, floored.
        date: UnixSeconds,
    },
}

/// A claim that the verifier reads (RFC 7519 §4.1, and `uri`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimName {
    /// `uri`: the scope of the token.
    Uri,
    /// `exp`: expiration time.
    Exp,
    /// `nbf`: not before.
    Nbf,
    /// `iss`: issuer.
    Iss,
    /// `aud`: audience.
    Aud,
}

impl std::fmt::Display for ClaimName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Uri => "uri",
            Self::Exp => "exp",
            Self::Nbf => "nbf",
            Self::Iss => "iss",
            Self::Aud => "aud",
        })
    }
}
