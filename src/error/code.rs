/// The stable name of a reason for refusal.
///
/// A code is part of the API: it appears in the response body, in the log line and in a site's `answers`, and its meaning does
/// not change. Several [`Denial`](super::Denial)s may share one code. The statuses are defaults; a site can change each of
/// them.
///
/// | code | status | meaning |
/// | --- | --- | --- |
/// | `ambiguous_path` | 400 | the path has more than one reading, or none |
/// | `ambiguous_host` | 400 | no host, two hosts, or one that is not a host name |
/// | `ambiguous_credential` | 400 | one carrier contains two credentials |
/// | `credential_missing` | 401 | no carrier contains a credential; 403 if no signed token is accepted |
/// | `malformed_token` | 401 | not a compact JWS with strict JSON inside |
/// | `unknown_key` | 401 | no `kid`, or none that is in force |
/// | `wrong_algorithm` | 401 | `alg` is not the key's algorithm |
/// | `bad_signature` | 401 | the signature is wrong |
/// | `expired` | 401 | `exp` has passed |
/// | `not_yet_valid` | 401 | `nbf` has not been reached |
/// | `claim_refused` | 401 | a claim that the site requires is missing or has another value |
/// | `wrong_key` | 403 | the key may not sign for this bucket, stream or site |
/// | `out_of_scope` | 403 | the token does not cover this path |
/// | `link_bad` | 403 | a secure link that is malformed, or whose proof is wrong |
/// | `link_expired` | 410 | a secure link with a valid proof that has expired |
/// | `url_signature_bad` | 403 | a URL signature that is malformed, does not match, or is bound to another client |
/// | `url_signature_expired` | 403 | a URL signature that has expired; it may not have been verified |
/// | `url_signature_not_yet_valid` | 403 | a URL signature that is not valid yet |
/// | `url_signature_out_of_scope` | 403 | a URL signature that does not cover this path |
/// | `embed_unknown` | 403 | no embed token with this text is in force |
/// | `embed_expired` | 403 | an embed token that has expired |
/// | `revoked` | 403 | a valid credential that was revoked |
/// | `origin_not_allowed` | 403 | the requesting page has an origin that the embed token does not allow |
/// | `refused_by_hook` | 403 | the site's own hook refused the request; a hook can set a code and a status of its own |
/// | `method` | 405 | the site does not allow the method |
/// | `https_required` | 403 | the site requires HTTPS, and the request used plain HTTP |
/// | `query_too_long` | 414 | the parameters to carry into the manifest exceed 8 KiB, or are more than 64 |
/// | `unknown_host` | 421 | no site has this host |
/// | `outside` | 404 | the path is outside every base path, and the policy does not pass such requests |
/// | `rate_limited` | 429 | an embed token exceeds its rate, or too many signatures have failed; with `Retry-After` |
/// | `store_unavailable` | 503 | the decision needs the shared store, which does not answer; with `Retry-After` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the table above documents each by its name")]
pub enum Code {
    AmbiguousPath,
    AmbiguousHost,
    AmbiguousCredential,
    CredentialMissing,
    MalformedToken,
    UnknownKey,
    WrongAlgorithm,
    BadSignature,
    Expired,
    NotYetValid,
    ClaimRefused,
    WrongKey,
    OutOfScope,
    LinkBad,
    LinkExpired,
    UrlSignatureBad,
    UrlSignatureExpired,
    UrlSignatureNotYetValid,
    UrlSignatureOutOfScope,
    EmbedUnknown,
    EmbedExpired,
    Revoked,
    OriginNotAllowed,
    RefusedByHook,
    Method,
    HttpsRequired,
    QueryTooLong,
    UnknownHost,
    Outside,
    RateLimited,
    StoreUnavailable,
}

impl Code {
    /// All codes, in the order of the table.
    pub const ALL: &[Self] = &[
        Self::AmbiguousPath,
        Self::AmbiguousHost,
        Self::AmbiguousCredential,
        Self::CredentialMissing,
        Self::MalformedToken,
        Self::UnknownKey,
        Self::WrongAlgorithm,
        Self::BadSignature,
        Self::Expired,
        Self::NotYetValid,
        Self::ClaimRefused,
        Self::WrongKey,
        Self::OutOfScope,
        Self::LinkBad,
        Self::LinkExpired,
        Self::UrlSignatureBad,
        Self::UrlSignatureExpired,
        Self::UrlSignatureNotYetValid,
        Self::UrlSignatureOutOfScope,
        Self::EmbedUnknown,
        Self::EmbedExpired,
        Self::Revoked,
        Self::OriginNotAllowed,
        Self::RefusedByHook,
        Self::Method,
        Self::HttpsRequired,
        Self::QueryTooLong,
        Self::UnknownHost,
        Self::Outside,
        Self::RateLimited,
        Self::StoreUnavailable,
    ];

    /// Returns the code as written in bodies, logs and the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbiguousPath => "ambiguous_path",
            Self::AmbiguousHost => "ambiguous_host",
            Self::AmbiguousCredential => "ambiguous_credential",
            Self::CredentialMissing => "credential_missing",
            Self::MalformedToken => "malformed_token",
            Self::UnknownKey => "unknown_key",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::BadSignature => "bad_signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::ClaimRefused => "claim_refused",
            Self::WrongKey => "wrong_key",
            Self::OutOfScope => "out_of_scope",
            Self::LinkBad => "link_bad",
            Self::LinkExpired => "link_expired",
            Self::UrlSignatureBad => "url_signature_bad",
            Self::UrlSignatureExpired => "url_signature_expired",
            Self::UrlSignatureNotYetValid => "url_signature_not_yet_valid",
            Self::UrlSignatureOutOfScope => "url_signature_out_of_scope",
            Self::EmbedUnknown => "embed_unknown",
            Self::EmbedExpired => "embed_expired",
            Self::Revoked => "revoked",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::RefusedByHook => "refused_by_hook",
            Self::Method => "method",
            Self::HttpsRequired => "https_required",
            Self::QueryTooLong => "query_too_long",
            Self::UnknownHost => "unknown_host",
            Self::Outside => "outside",
            Self::RateLimited => "rate_limited",
            Self::StoreUnavailable => "store_unavailable",
        }
    }

    /// Returns the default HTTP status of this code, which a site can change (RFC 9110 §15, RFC 6750 §3.1).
    pub const fn default_status(self) -> u16 {
        match self {
            Self::AmbiguousPath | Self::AmbiguousHost | Self::AmbiguousCredential => 400,
            Self::CredentialMissing
            | Self::MalformedToken
            | Self::UnknownKey
            | Self::WrongAlgorithm
            | Self::BadSignature
            | Self::Expired
            | Self::NotYetValid
            | Self::ClaimRefused => 401,
            Self::WrongKey
            | Self::OutOfScope
            | Self::LinkBad
            | Self::UrlSignatureBad
            | Self::UrlSignatureExpired
            | Self::UrlSignatureNotYetValid
            | Self::UrlSignatureOutOfScope
            | Self::EmbedUnknown
            | Self::EmbedExpired
            | Self::Revoked
            | Self::OriginNotAllowed
            | Self::RefusedByHook
            | Self::HttpsRequired => 403,
            Self::Outside => 404,
            Self::Method => 405,
            Self::LinkExpired => 410,
            Self::QueryTooLong => 414,
            Self::UnknownHost => 421,
            Self::RateLimited => 429,
            Self::StoreUnavailable => 503,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
