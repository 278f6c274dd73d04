//! Shadow mode: the denials that pass on a site that does not enforce.

use crate::error::Denial;

/// Returns whether a denial is about the credential, so that the request passes on a site that does not enforce.
///
/// Every other denial is enforced on every site: no credential could change it, or nothing can be said about the credential yet.
pub(super) const fn passes_unenforced(denial: Denial) -> bool {
    match denial {
        Denial::CredentialMissing
        | Denial::MalformedToken(_)
        | Denial::MalformedClaim(_)
        | Denial::MissingClaim(_)
        | Denial::WrongType
        | Denial::CriticalHeader
        | Denial::UnsignedToken
        | Denial::XmlDsigAlgorithm
        | Denial::WrongAlgorithm
        | Denial::MissingKeyId
        | Denial::UnknownKey
        | Denial::RetiredKey { .. }
        | Denial::StaleKey { .. }
        | Denial::WrongKeyScope
        | Denial::Expired { .. }
        | Denial::NotYetValid { .. }
        | Denial::LifetimeTooLong { .. }
        | Denial::WrongIssuer
        | Denial::WrongAudience
        | Denial::ScopeStartsWithSlash
        | Denial::WholeBucket
        | Denial::OutOfScope
        | Denial::BadSignature
        | Denial::TooManyFailures { .. }
        | Denial::LinkBad(_)
        | Denial::LinkExpired { .. }
        | Denial::UrlSignatureBad(_)
        | Denial::UrlSignatureExpired { .. }
        | Denial::UrlSignatureNotYetValid { .. }
        | Denial::UrlSignatureOutOfScope
        | Denial::EmbedUnknown
        | Denial::EmbedExpired { .. }
        | Denial::Revoked
        | Denial::OriginNotAllowed
        | Denial::RateLimited { .. }
        | Denial::RefusedByHook => true,
        Denial::AmbiguousPath(_)
        | Denial::AmbiguousHost(_)
        | Denial::AmbiguousCredential(_)
        | Denial::UnknownHost
        | Denial::Outside
        | Denial::PathMayBeShortened
        | Denial::HttpsRequired
        | Denial::StoreUnavailable
        | Denial::QueryTooLong { .. }
        | Denial::Method { .. } => false,
    }
}
