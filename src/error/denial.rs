use thiserror::Error;

use super::refuse::Refuse;
use super::{
    ClaimName, Code, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault, UrlSignatureFault,
};
use crate::time::UnixSeconds;

/// The reason why a request was refused: the first rule that failed.
///
/// The text names the rule and the dates involved, never the token, the key or the text of a claim. Each denial has a
/// [`Code`] for clients and dashboards. [`Denial::verified`] returns whether a signature had been verified before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Denial {
    /// The path has more than one reading, or none.
    #[error("path is ambiguous: {0}")]
    AmbiguousPath(PathFault),
    /// The host of the request is missing or ambiguous.
    #[error("host is ambiguous: {0}")]
    AmbiguousHost(HostFault),
    /// No site has this host.
    #[error("no site has this host")]
    UnknownHost,
    /// The path is outside every base path, and the policy's [`Outside`](crate::site::Outside) does not pass the request.
    #[error("path is outside every base path on this host")]
    Outside,
    /// The path is outside every base path, or in a public site on a host with base paths, and a router may have removed
    /// a prefix from it.
    #[error(
        "path needs no credential, unless a router removed a prefix from it: enable the feature axum for \
         axum's routers, or call GateLayer::full_paths() if no router removes prefixes"
    )]
    PathMayBeShortened,
    /// The site requires HTTPS.
    #[error("request came over plain HTTP, but the site requires HTTPS")]
    HttpsRequired,
    /// One carrier contains two credentials.
    #[error("ambiguous credential: {0}")]
    AmbiguousCredential(Repeated),
    /// No carrier that the site lists contains a credential.
    #[error("request has no credential in any carrier of the site")]
    CredentialMissing,
    /// Not a compact JWS with strict JSON inside.
    #[error("malformed token: {0}")]
    MalformedToken(TokenFault),
    /// A claim has the wrong JSON type or no meaning. It is never treated as absent.
    #[error("claim {0} is malformed")]
    MalformedClaim(ClaimName),
    /// A required claim is absent.
    #[error("claim {0} is missing")]
    MissingClaim(ClaimName),
    /// `typ` is present and not `JWT` (RFC 7519 §5.1).
    #[error("header typ is not JWT")]
    WrongType,
    /// `crit` is present: it requires an extension that is not supported (RFC 7515 §4.1.11).
    #[error("header has crit: no critical extension is supported")]
    CriticalHeader,
    /// `alg` is `none` (RFC 7518 §3.6).
    #[error("header alg is none: unsigned tokens are rejected")]
    UnsignedToken,
    /// `alg` is the XML-DSig URI that some .NET libraries write.
    #[error("header alg is an XML-DSig URI: the issuer must use the name from RFC 7518, such as RS256")]
    XmlDsigAlgorithm,
    /// `alg` is not the algorithm of the key that `kid` names (RFC 8725 §3.1).
    #[error("header alg is not the algorithm of the key")]
    WrongAlgorithm,
    /// The header names no key.
    #[error("header has no kid: a token must name its key")]
    MissingKeyId,
    /// No key with this `kid` is loaded.
    #[error("no key has this kid")]
    UnknownKey,
    /// The key's own `not_after` has passed.
    #[error("key is retired: its not_after is {not_after}, checked at {now}")]
    RetiredKey {
        /// The last second in which the key was valid.
        not_after: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// The key's file could not be read again within its `max_staleness`.
    #[error("key is stale: its source was not reloaded by {until} (max_staleness), checked at {now}")]
    StaleKey {
        /// The last second in which the key was in force.
        until: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// Neither this key nor any other with its `kid` may sign for this bucket, stream or site.
    #[error("key may not sign for this bucket, stream or site")]
    WrongKeyScope,
    /// `now >= exp + leeway`.
    #[error("token expired: exp is {exp}, checked at {now}")]
    Expired {
        /// The claim, floored to a second.
        exp: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// `now < nbf - leeway`.
    #[error("token is not yet valid: nbf is {nbf}, checked at {now}")]
    NotYetValid {
        /// The claim, rounded up to a second.
        nbf: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// `exp - now` is more than the site's `max_lifetime`.
    #[error("token lifetime is too long: exp is {exp}, the site allows at most {max} s from now")]
    LifetimeTooLong {
        /// The claim, floored to a second.
        exp: UnixSeconds,
        /// The site's limit in seconds.
        max: u32,
    },
    /// `iss` is not the issuer of the site or of the key.
    #[error("claim iss is not the issuer that the site or the key requires")]
    WrongIssuer,
    /// `aud` does not name the site's audience.
    #[error("claim aud does not contain the audience that the site requires")]
    WrongAudience,
    /// `uri` starts with a slash, so it cannot be an object key.
    #[error("claim uri starts with a slash: object keys have none")]
    ScopeStartsWithSlash,
    /// `uri` is empty and the site forbids whole-bucket tokens.
    #[error("claim uri covers the whole bucket, which the site does not allow")]
    WholeBucket,
    /// The token does not cover the path.
    #[error("path is outside the scope of the token")]
    OutOfScope,
    /// The signature was not made over this token with this key.
    #[error("signature is invalid")]
    BadSignature,
    /// Too many signatures failed recently; verification is suspended for this client or key.
    #[error("too many invalid signatures {of}: verification is suspended for {retry_after} s")]
    TooManyFailures {
        /// The client or the key: the subject of the suspension.
        of: Failing,
        /// The seconds until one more signature is verified.
        retry_after: u32,
    },
    /// The secure link is malformed, or its proof is wrong.
    #[error("secure link is invalid: {0}")]
    LinkBad(LinkFault),
    /// The secure link has a valid proof, and has expired.
    #[error("secure link expired: expires is {expires}, checked at {now}")]
    LinkExpired {
        /// The expiry in the link.
        expires: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// The URL signature is malformed, does not match, or violates a rule of the site or of the signature itself. Akamai
    /// tokens and CloudFront URLs have URL signatures.
    #[error("URL signature is invalid: {0}")]
    UrlSignatureBad(UrlSignatureFault),
    /// The URL signature has expired. It may not have been verified.
    #[error("URL signature expired: it was valid until {expires}, checked at {now}")]
    UrlSignatureExpired {
        /// The first second in which the signature is not valid, without leeway.
        expires: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// The URL signature is not valid yet.
    #[error("URL signature is not yet valid: it is valid from {starts}, checked at {now}")]
    UrlSignatureNotYetValid {
        /// The first second in which the signature is valid, without leeway.
        starts: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// The URL signature does not cover the path.
    #[error("path is outside the scope of the URL signature")]
    UrlSignatureOutOfScope,
    /// No embed token with this text is in force.
    #[error("embed token is unknown")]
    EmbedUnknown,
    /// The embed token has expired.
    #[error("embed token expired: it was valid until {expires}, checked at {now}")]
    EmbedExpired {
        /// The first second in which the token is not valid.
        expires: UnixSeconds,
        /// The time of the decision.
        now: UnixSeconds,
    },
    /// The credential is valid but was revoked.
    #[error("credential was revoked")]
    Revoked,
    /// The requesting page has an origin that the embed token does not allow.
    #[error("the page's origin is not one that the embed token allows")]
    OriginNotAllowed,
    /// The embed token exceeded its rate.
    #[error("embed token exceeded its rate: the next request is allowed in {retry_after} s")]
    RateLimited {
        /// The seconds until one more request is allowed.
        retry_after: u32,
    },
    /// The decision needs the shared store, which does not answer.
    #[error("the shared store of tokens and revocations is unavailable")]
    StoreUnavailable,
    /// The site's own hook refused the request.
    #[error("the site's hook refused the request")]
    RefusedByHook(Refuse),
    /// The site's own hook panicked. Its code is `refused_by_hook`.
    #[error("the site's hook panicked")]
    HookPanicked,
    /// The parameters to carry into the manifest are longer than [`MAX_CARRIED`](crate::manifest::MAX_CARRIED).
    #[error("query is too long to carry into the manifest")]
    QueryTooLong {
        /// True if a credential was verified, false for a public resource or on a site that does not enforce.
        verified: bool,
    },
    /// The method is not allowed. If a credential is needed, either the credential was valid or the site does not enforce.
    #[error("method is not allowed")]
    Method {
        /// True if a credential was verified, false for a public resource or on a site that does not enforce.
        verified: bool,
    },
}

impl Denial {
    /// Returns the stable code of this denial.
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
            Self::UrlSignatureBad(_) => Code::UrlSignatureBad,
            Self::UrlSignatureExpired { .. } => Code::UrlSignatureExpired,
            Self::UrlSignatureNotYetValid { .. } => Code::UrlSignatureNotYetValid,
            Self::UrlSignatureOutOfScope => Code::UrlSignatureOutOfScope,
            Self::EmbedUnknown => Code::EmbedUnknown,
            Self::EmbedExpired { .. } => Code::EmbedExpired,
            Self::Revoked => Code::Revoked,
            Self::OriginNotAllowed => Code::OriginNotAllowed,
            Self::RateLimited { .. } | Self::TooManyFailures { .. } => Code::RateLimited,
            Self::StoreUnavailable => Code::StoreUnavailable,
            Self::RefusedByHook(_) | Self::HookPanicked => Code::RefusedByHook,
            Self::QueryTooLong { .. } => Code::QueryTooLong,
            Self::Method { .. } => Code::Method,
        }
    }

    /// Returns the code as it appears in the response body and the log. If a [hook](crate::schemes::Refuse) set a code of its own,
    /// this is the hook's code; otherwise, it is the text of [`code`](Self::code).
    pub const fn code_text(self) -> &'static str {
        match self {
            Self::RefusedByHook(refuse) => refuse.code(),
            other => other.code().as_str(),
        }
    }

    /// Returns the status that a hook set, or `None` if the site's status for the code applies.
    pub(crate) const fn own_status(self) -> Option<u16> {
        match self {
            Self::RefusedByHook(refuse) => refuse.own_status(),
            _ => None,
        }
    }

    /// Returns whether a signature, a secure link's proof or an embed token was verified before this rule refused the
    /// request.
    ///
    /// If false, nothing in the credential may be trusted, including its dates. The denials of a URL signature's dates and scope
    /// return false for every scheme, because some schemes check these first.
    pub const fn verified(self) -> bool {
        match self {
            Self::UrlSignatureBad(fault) => fault.is_verified(),
            Self::RefusedByHook(_)
            | Self::HookPanicked
            | Self::Revoked
            | Self::EmbedExpired { .. }
            | Self::OriginNotAllowed
            | Self::RateLimited { .. }
            | Self::LinkBad(LinkFault::Lifetime)
            | Self::LinkExpired { .. } => true,
            Self::QueryTooLong { verified } | Self::Method { verified } => verified,
            _ => false,
        }
    }

    /// Returns true if this denial concerns the credential. The request then passes on a site that does not
    /// [enforce](crate::site::danger).
    ///
    /// Every other denial is enforced on every site: either no credential could change it, or the credential is not known yet.
    pub(crate) const fn is_about_credential(self) -> bool {
        match self {
            Self::CredentialMissing
            | Self::MalformedToken(_)
            | Self::MalformedClaim(_)
            | Self::MissingClaim(_)
            | Self::WrongType
            | Self::CriticalHeader
            | Self::UnsignedToken
            | Self::XmlDsigAlgorithm
            | Self::WrongAlgorithm
            | Self::MissingKeyId
            | Self::UnknownKey
            | Self::RetiredKey { .. }
            | Self::StaleKey { .. }
            | Self::WrongKeyScope
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::LifetimeTooLong { .. }
            | Self::WrongIssuer
            | Self::WrongAudience
            | Self::ScopeStartsWithSlash
            | Self::WholeBucket
            | Self::OutOfScope
            | Self::BadSignature
            | Self::TooManyFailures { .. }
            | Self::LinkBad(_)
            | Self::LinkExpired { .. }
            | Self::UrlSignatureBad(_)
            | Self::UrlSignatureExpired { .. }
            | Self::UrlSignatureNotYetValid { .. }
            | Self::UrlSignatureOutOfScope
            | Self::EmbedUnknown
            | Self::EmbedExpired { .. }
            | Self::Revoked
            | Self::OriginNotAllowed
            | Self::RateLimited { .. }
            | Self::RefusedByHook(_)
            | Self::HookPanicked => true,
            Self::AmbiguousPath(_)
            | Self::AmbiguousHost(_)
            | Self::AmbiguousCredential(_)
            | Self::UnknownHost
            | Self::Outside
            | Self::PathMayBeShortened
            | Self::HttpsRequired
            | Self::StoreUnavailable
            | Self::QueryTooLong { .. }
            | Self::Method { .. } => false,
        }
    }

    /// Returns whether a signature was verified and did not match.
    pub(crate) const fn is_failed_signature(self) -> bool {
        matches!(self, Self::BadSignature | Self::UrlSignatureBad(UrlSignatureFault::Mismatch))
    }

    /// Returns whether the credential is bound to an address, and the client's address is unknown.
    pub(crate) const fn is_unknown_client(self) -> bool {
        matches!(
            self,
            Self::LinkBad(LinkFault::ClientUnknown) | Self::UrlSignatureBad(UrlSignatureFault::ClientUnknown)
        )
    }

    /// Returns the rank of the denial among those of several credentials: the later the failed rule, the higher.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::StoreUnavailable => 11,
            Self::RefusedByHook(_)
            | Self::HookPanicked
            | Self::Method { .. }
            | Self::QueryTooLong { .. }
            | Self::Revoked
            | Self::EmbedExpired { .. }
            | Self::OriginNotAllowed
            | Self::RateLimited { .. }
            | Self::UrlSignatureExpired { .. }
            | Self::UrlSignatureNotYetValid { .. }
            | Self::UrlSignatureOutOfScope
            | Self::UrlSignatureBad(
                UrlSignatureFault::Lifetime
                | UrlSignatureFault::ClientUnknown
                | UrlSignatureFault::OtherClient,
            ) => 10,
            Self::TooManyFailures { .. } => 9, // the credential may be valid: another try may succeed
            Self::BadSignature
            | Self::LinkBad(_)
            | Self::LinkExpired { .. }
            | Self::UrlSignatureBad(UrlSignatureFault::Mismatch) => 8,
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
            Self::MalformedToken(_) | Self::WrongType | Self::CriticalHeader | Self::UrlSignatureBad(_) => 1,
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

#[cfg(test)]
mod tests;
