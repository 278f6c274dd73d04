use crate::error::Code;

/// Returns the value of `WWW-Authenticate` (RFC 6750 §3): with an error code if the request had a token, and without one if not.
pub(super) const fn challenge(code: Code, status: u16) -> Option<&'static str> {
    match (code, status) {
        (
            Code::MalformedToken
            | Code::UnknownKey
            | Code::WrongAlgorithm
            | Code::BadSignature
            | Code::Expired
            | Code::NotYetValid
            | Code::ClaimRefused,
            401,
        ) => Some("Bearer error=\"invalid_token\""),
        (Code::OutOfScope, 401 | 403) => Some("Bearer error=\"insufficient_scope\""),
        (_, 401) => Some("Bearer"),
        _ => None,
    }
}
