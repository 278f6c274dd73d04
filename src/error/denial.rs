use thiserror::Error;

use super::Code;
use crate::time::UnixSeconds;

/// Why a request was refused: the first rule that failed.
///
/// The text names the rule and the dates involved, never the token, the key or what a claim says. For clients and
/// dashboards each denial has a [`Code`]; [`Denial::verified`] tells whether a signature had been checked by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Denial {
    /// The path has more than one reading, or none.
    #[error("path is ambiguous: {0}")]
    AmbiguousPath(PathFault),
    /// The host cannot be told.
    #[error("host is ambiguous: {0}")]
    AmbiguousHost(HostFault),
    /// No site answers to the host.
    #[error("no site answers to this host")]
    UnknownHost,
    /// The path is outside of every base path, and the policy's [`Outside`](crate::site::Outside) does not pass the request.
    #[error("path is outside of every base path on this host")]
    Outside,
    /// The path is outside of every base path or in a public site beside one, and a router may have removed a prefix from it.
    #[error(
        "path needs no credential, unless a router removed a prefix from it: enable the feature axum for axum's \
         routers, or call GateLayer::full_paths() where no router removes prefixes"
    )]
    PathMayBeShortened,
    /// The site asks for HTTPS.
    #[error("the request came over plain HTTP, and the site asks for HTTPS")]
    HttpsRequired,
    /// One carrier brings two credentials.
    #[error("ambiguous credential: {0}")]
    AmbiguousCredential(Repeated),
    /// No carrier that the site lists brings a credential.
    #[error("no credential in any carrier that the site lists")]
    CredentialMissing,
    /// Not a compact JWS with strict JSON inside.
    #[error("malformed token: {0}")]
    MalformedToken(TokenFault),
    /// A claim has the wrong JSON type or no meaning; never treated as absent.
    #[error("claim {0} is malformed")]
    MalformedClaim(ClaimName),
    /// A claim that is needed is absent.
    #[error("claim {0} is missing")]
    MissingClaim(ClaimName),
    /// `typ` is present and not `JWT` (RFC 7519 §5.1).
    #[error("header typ is not JWT")]
    WrongType,
    /// `crit` is present: it demands an extension that is not understood (RFC 7515 §4.1.11).
    #[error("header has crit: no critical extension is understood")]
    CriticalHeader,
    /// `alg` is `none` (RFC 7518 §3.6).
    #[error("header alg is none: unsigned tokens are refused")]
    UnsignedToken,
    /// `alg` is the XML-DSig URI that some .NET libraries write.
    #[error(
        "header alg is an XML-DSig URI: the issuer should sign with the name from RFC 7518, such as RS256"
    )]
    XmlDsigAlgorithm,
    /// `alg` is not the algorithm of the key that `kid` names (RFC 8725 §3.1).
    #[error("header alg is not the algorithm of the key")]
    WrongAlgorithm,
    /// The header names no key.
    #[error("header has no kid: no key is tried that the token does not name")]
    MissingKeyId,
    /// No key of this `kid` is loaded.
    #[error("no key has this kid")]
    UnknownKey,
    /// The key's own `not_after` has passed.
    #[error("key is retired: its not_after is {not_after}, checked at {now}")]
    RetiredKey {
        /// The last second in which the key was good.
        not_after: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// The key's file could not be read again for longer than its `max_staleness`.
    #[error(
        "key is stale: its source was not read again by {until}, as max_staleness asks, checked at {now}"
    )]
    StaleKey {
        /// The last second in which the key was in force.
        until: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// The key may not sign for this bucket, stream or site.
    #[error("key may not sign for this bucket, stream or site")]
    WrongKeyScope,
    /// `now >= exp + leeway`.
    #[error("token expired: exp is {exp}, checked at {now}")]
    Expired {
        /// The claim, floored to a second.
        exp: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// `now < nbf - leeway`.
    #[error("token is not yet valid: nbf is {nbf}, checked at {now}")]
    NotYetValid {
        /// The claim, rounded up to a second.
        nbf: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// `exp - now` is more than the site's `max_lifetime`.
    #[error("token lives too long: exp is {exp}, the site allows {max} s from now")]
    LifetimeTooLong {
        /// The claim, floored to a second.
        exp: UnixSeconds,
        /// The site's limit in seconds.
        max: u32,
    },
    /// `iss` is not the site's issuer.
    #[error("claim iss is not the issuer that the site asks for")]
    WrongIssuer,
    /// `aud` does not name the site's audience.
    #[error("claim aud does not name the audience that the site asks for")]
    WrongAudience,
    /// `uri` starts with a slash, so it can be no object key.
    #[error("claim uri starts with a slash: object keys have none")]
    ScopeStartsWithSlash,
    /// `uri` is empty and the site forbids whole-bucket tokens.
    #[error("claim uri covers the whole bucket, which the site forbids")]
    WholeBucket,
    /// The token does not cover the path.
    #[error("path is outside the scope of the token")]
    OutOfScope,
    /// The signature does not fit the token and the key.
    #[error("signature does not fit")]
    BadSignature,
    /// So many signatures have not fitted that no more are checked for now.
    #[error("too many signatures {of} did not fit: one more is checked in {retry_after} s")]
    TooManyFailures {
        /// Whose they were.
        of: Failing,
        /// In so many seconds one more is checked.
        retry_after: u32,
    },
    /// The secure link cannot be read, or its proof does not fit.
    #[error("secure link is bad: {0}")]
    LinkBad(LinkFault),
    /// The secure link's proof fits, and its time is over.
    #[error("secure link expired: expires is {expires}, checked at {now}")]
    LinkExpired {
        /// The second that the link names.
        expires: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// No embed token of this text is in force.
    #[error("no embed token of this text is in force")]
    EmbedUnknown,
    /// The embed token's time is over.
    #[error("embed token expired: it was good until {expires}, checked at {now}")]
    EmbedExpired {
        /// From this second on it is dead.
        expires: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// The credential was good, and was taken back.
    #[error("credential was revoked")]
    Revoked,
    /// The page that asks is of no origin that the embed token allows.
    #[error("the page that asks is of no origin that the embed token allows")]
    OriginNotAllowed,
    /// The embed token was used more often than its rate allows.
    #[error("embed token is over its rate: one more request in {retry_after} s")]
    RateLimited {
        /// In so many seconds one more is allowed.
        retry_after: u32,
    },
    /// What is known of the credential is elsewhere, and could not be had.
    #[error("the shared store of tokens and revocations does not answer")]
    StoreUnavailable,
    /// The operator's own rule refused the claims.
    #[error("refused by the site's own hook")]
    RefusedByHook,
    /// What would be carried into the manifest is longer than [`MAX_CARRIED`](crate::manifest::MAX_CARRIED).
    #[error("query is too long to be carried into the manifest")]
    QueryTooLong {
        /// Whether a credential was checked: false on a public resource.
        verified: bool,
    },
    /// The credential is good; the method is not allowed.
    #[error("method is not allowed here")]
    Method {
        /// Whether a credential was checked: false on a public resource.
        verified: bool,
    },
}

impl Denial {
    /// The stable code of this denial.
    pub const fn code(self) -> Code {
        match self {
            Self::AmbiguousPath(_) => Code::AmbiguousPath,
            Self::AmbiguousHost(_) => Code::AmbiguousHost,
            Self::UnknownHost => Code::UnknownHost,
            Self::Outside | Self::PathMayBeShortened => Code::Outside,
            Self::HttpsRequired => Code::HttpsRequired,
            Self::AmbiguousCredential(_) => Code::AmbiguousCredential,
            Self::CredentialMissing => Code::CredentialMissing,
            Self::MalformedToken(_) | Self::MalformedClaim(_) | Self::WrongType | Self::CriticalHeader => {
                Code::MalformedToken
            }
            Self::MissingClaim(_)
            | Self::LifetimeTooLong { .. }
            | Self::WrongIssuer
            | Self::WrongAudience => Code::ClaimRefused,
            Self::UnsignedToken | Self::XmlDsigAlgorithm | Self::WrongAlgorithm => Code::WrongAlgorithm,
            Self::MissingKeyId | Self::UnknownKey | Self::RetiredKey { .. } | Self::StaleKey { .. } => {
                Code::UnknownKey
            }
            Self::WrongKeyScope => Code::WrongKey,
            Self::Expired { .. } => Code::Expired,
            Self::NotYetValid { .. } => Code::NotYetValid,
            Self::ScopeStartsWithSlash | Self::WholeBucket | Self::OutOfScope => Code::OutOfScope,
            Self::BadSignature => Code::BadSignature,
            Self::LinkBad(_) => Code::LinkBad,
            Self::LinkExpired { .. } => Code::LinkExpired,
            Self::EmbedUnknown => Code::EmbedUnknown,
            Self::EmbedExpired { .. } => Code::EmbedExpired,
            Self::Revoked => Code::Revoked,
            Self::OriginNotAllowed => Code::OriginNotAllowed,
            Self::RateLimited { .. } | Self::TooManyFailures { .. } => Code::RateLimited,
            Self::StoreUnavailable => Code::StoreUnavailable,
            Self::RefusedByHook => Code::RefusedByHook,
            Self::QueryTooLong { .. } => Code::QueryTooLong,
            Self::Method { .. } => Code::Method,
        }
    }

    /// Whether a signature, a secure link's proof, or an embed token itself had been found good before this rule refused.
    ///
    /// False means that nothing in the token can be believed, its dates included.
    pub const fn verified(self) -> bool {
        matches!(
            self,
            Self::RefusedByHook
                | Self::Revoked
                | Self::EmbedExpired { .. }
                | Self::OriginNotAllowed
                | Self::RateLimited { .. }
                | Self::LinkBad(LinkFault::Lifetime)
                | Self::LinkExpired { .. }
                | Self::QueryTooLong { verified: true }
                | Self::Method { verified: true }
        )
    }

    /// How much the denial tells about a request that brought several credentials: the furthest one got.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::StoreUnavailable => 11,
            Self::RefusedByHook
            | Self::Method { .. }
            | Self::QueryTooLong { .. }
            | Self::Revoked
            | Self::EmbedExpired { .. }
            | Self::OriginNotAllowed
            | Self::RateLimited { .. } => 10,
            Self::TooManyFailures { .. } => 9, // it may be good: worth another try
            Self::BadSignature | Self::LinkBad(_) | Self::LinkExpired { .. } => 8,
            Self::OutOfScope | Self::WholeBucket | Self::ScopeStartsWithSlash => 7,
            Self::Expired { .. } => 6,
            Self::NotYetValid { .. } => 5,
            Self::LifetimeTooLong { .. }
            | Self::WrongIssuer
            | Self::WrongAudience
            | Self::MissingClaim(_)
            | Self::MalformedToken(TokenFault::Milliseconds { .. })
            | Self::MalformedClaim(_) => 4,
            Self::WrongKeyScope => 3,
            Self::WrongAlgorithm
            | Self::UnsignedToken
            | Self::XmlDsigAlgorithm
            | Self::UnknownKey
            | Self::RetiredKey { .. }
            | Self::StaleKey { .. }
            | Self::MissingKeyId
            | Self::EmbedUnknown => 2,
            Self::MalformedToken(_) | Self::WrongType | Self::CriticalHeader => 1,
            Self::AmbiguousPath(_)
            | Self::AmbiguousHost(_)
            | Self::UnknownHost
            | Self::Outside
            | Self::PathMayBeShortened
            | Self::HttpsRequired
            | Self::AmbiguousCredential(_)
            | Self::CredentialMissing => 0,
        }
    }
}

/// Of whom too many signatures did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failing {
    /// The client's address, or its network.
    #[error("of this client")]
    Client,
    /// The key that the token names.
    #[error("for this key")]
    Key,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathFault {
    /// No leading `/`.
    #[error("it does not start with a slash")]
    NotAbsolute,
    /// Longer than [`MAX_PATH_LEN`](crate::request::MAX_PATH_LEN).
    #[error("it is longer than can be looked at")]
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
    /// It would decode again to one of the others, or keeps on decoding.
    #[error("it would decode again to something else")]
    DecodesAgain,
    /// Not UTF-8 once decoded.
    #[error("not UTF-8")]
    NotUtf8,
    /// Outside every base path as written, inside one when read differently.
    #[error("some reading of it falls inside a protected base path")]
    ReadsInside,
    /// Inside another base path on a file system that folds case or trims names.
    #[error("a file system that folds case or trims names would find it inside another base path")]
    FoldsInside,
    /// A layer changed the path after routing, and the two paths belong to different sites.
    #[error(
        "it was rewritten after routing, and the path that the client sent belongs elsewhere: put the layer that rewrites paths outside of the router"
    )]
    Rewritten,
}

/// What is wrong with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostFault {
    /// Neither a `Host` field nor an authority, on a server without a site for every host.
    #[error("no Host field")]
    Missing,
    /// More than one `Host` field.
    #[error("two Host fields")]
    Repeated,
    /// The authority of an absolute-form target (or `:authority`) is not what `Host` says.
    #[error("the target's authority and Host disagree")]
    Disagrees,
    /// Not a host name, an IP literal, or either with a port.
    #[error("not a host name")]
    Malformed,
}

/// Which carrier brought two credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Repeated {
    /// The credential's query parameter occurs twice.
    #[error("the query parameter occurs twice")]
    QueryParameter,
    /// Two `Authorization` fields.
    #[error("two Authorization fields")]
    Authorization,
}

/// What is wrong with a secure link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// It says no expiry.
    #[error("it says no expiry")]
    NoExpiry,
    /// Its expiry is not decimal digits, or zero, or more than can be counted.
    #[error("its expiry is no positive decimal number")]
    Expiry,
    /// Its proof has not the form of the site's hash.
    #[error("its proof has not the form of the site's hash")]
    Proof,
    /// It is bound to an address, and that of the client cannot be told.
    #[error("it is bound to an address, and the client's cannot be told")]
    ClientUnknown,
    /// It is good, and for longer than the site's `max_lifetime`; or for ever, where the site asks for an expiry.
    #[error("it is good for longer than the site allows")]
    Lifetime,
    /// Its proof is not that of this path, this expiry and this client.
    #[error("its proof does not fit path, expiry and client")]
    Mismatch,
}

/// What is wrong with the form of a token.
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
    /// More members than [`MAX_MEMBERS`](crate::token::MAX_MEMBERS).
    #[error("too many members")]
    TooManyMembers,
    /// Nested deeper than [`MAX_DEPTH`](crate::token::MAX_DEPTH).
    #[error("nested too deeply")]
    TooDeep,
    /// `alg` is absent or no string.
    #[error("header alg is absent or no string")]
    Algorithm,
    /// `kid` is no string, or empty.
    #[error("header kid is no string, or empty")]
    KeyId,
    /// A date of 10^12 or more: taken for seconds (RFC 7519 §2), the token would never expire.
    #[error("{claim} is {date}: NumericDate is in seconds, this looks like milliseconds")]
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
    /// `uri`: what the token covers.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_reads_as_a_sentence_with_its_dates() {
        let expired =
            Denial::Expired { exp: UnixSeconds::new(1_750_000_000), now: UnixSeconds::new(1_750_000_042) };
        assert_eq!(expired.to_string(), "token expired: exp is 1750000000, checked at 1750000042");
        let fault =
            TokenFault::Milliseconds { claim: ClaimName::Exp, date: UnixSeconds::new(1_790_000_000_000) };
        let text = "exp is 1790000000000: NumericDate is in seconds, this looks like milliseconds";
        assert_eq!(Denial::MalformedToken(fault).to_string(), format!("malformed token: {text}"));
        assert_eq!(Denial::OutOfScope.to_string(), "path is outside the scope of the token");
        assert_eq!(Denial::MalformedClaim(ClaimName::Exp).to_string(), "claim exp is malformed");
    }

    #[test]
    fn a_denial_is_small_enough_to_copy() {
        assert!(size_of::<Denial>() <= 24, "{}", size_of::<Denial>());
    }
}
