use bytes::Bytes;
use serde::Serialize;

use crate::error::{Code, Denial};

/// Problem details (RFC 9457 §3) without `type`, which means `about:blank` with the status phrase as `title`.
#[derive(Serialize)]
struct Problem {
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// Returns the body of a refusal. A code names the rule that refused the request, and never the values.
pub(crate) fn body(status: u16, denial: Option<Denial>) -> Bytes {
    let problem = Problem {
        title: phrase(status),
        status,
        code: denial.map(Denial::code_text),
        detail: denial.map(|denial| detail(denial.code())),
    };
    serde_json::to_vec(&problem).unwrap_or_default().into()
}

const fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}

const fn detail(code: Code) -> &'static str {
    match code {
        Code::AmbiguousPath => "the path has more than one reading",
        Code::AmbiguousHost => "the host is missing, repeated or not a host name",
        Code::AmbiguousCredential => "the request has two credentials in one place",
        Code::CredentialMissing => "the request has no credential",
        Code::MalformedToken => "the token is malformed",
        Code::UnknownKey => "the token's key is unknown or not in force",
        Code::WrongAlgorithm => "the token's algorithm is not the key's algorithm",
        Code::BadSignature => "the token's signature is invalid",
        Code::Expired => "the token has expired",
        Code::NotYetValid => "the token is not valid yet",
        Code::ClaimRefused => "a required claim is missing or has another value",
        Code::WrongKey => "the token's key may not sign for this resource",
        Code::OutOfScope => "the token does not cover this path",
        Code::LinkBad => "the link is not valid for this path",
        Code::LinkExpired => "the link has expired",
        Code::UrlSignatureBad => "the signature is not valid for this URL",
        Code::UrlSignatureExpired => "the signature has expired",
        Code::UrlSignatureNotYetValid => "the signature is not valid yet",
        Code::UrlSignatureOutOfScope => "the signature does not cover this path",
        Code::EmbedUnknown => "the embed token is unknown",
        Code::EmbedExpired => "the embed token has expired",
        Code::Revoked => "the credential was revoked",
        Code::OriginNotAllowed => "the page's origin is not allowed",
        Code::RefusedByHook => "the request was refused by a rule of this server",
        Code::Method => "the method is not allowed",
        Code::HttpsRequired => "this site requires HTTPS",
        Code::QueryTooLong => "the query is too long to carry into the manifest",
        Code::UnknownHost => "no site has this host",
        Code::Outside => "no site serves this path",
        Code::RateLimited => "too many requests",
        Code::StoreUnavailable => "the token store is unavailable",
    }
}

#[cfg(test)]
mod tests;
