use std::sync::Arc;

use serde::Deserialize;

/// The content of an identity header for the inner service.
///
/// Every identity header is removed from incoming requests on every site, in every spelling that a gateway folds into the same
/// name. The content is set only on granted requests of the site that configures it. Content that is not one line of visible
/// ASCII is omitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityValue {
    /// A claim of the credential: text, a number or a boolean.
    Claim(String),
    /// A fact of the grant.
    Grant(GrantFact),
    /// No content: the header is only removed.
    Removed,
}

/// A fact of a grant that an identity header can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "grant_fact"))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantFact {
    /// The `kid` of the key that signed the credential. Signed tokens and CloudFront's policies have one.
    Kid,
    /// The id of the site.
    Site,
    /// The kind of credential, by its name in `accepts`: `signed-token`, `secure-link` and so on.
    Scheme,
    /// The scope of the credential, as `OwnedGrant::scope` returns it. Left out for a whole bucket.
    Scope,
    /// The expiry of the credential in seconds since 1970. Left out if the credential does not expire.
    ExpiresAt,
}

impl From<&str> for IdentityValue {
    fn from(claim: &str) -> Self {
        Self::Claim(claim.to_owned())
    }
}

impl From<String> for IdentityValue {
    fn from(claim: String) -> Self {
        Self::Claim(claim)
    }
}

impl From<GrantFact> for IdentityValue {
    fn from(fact: GrantFact) -> Self {
        Self::Grant(fact)
    }
}

/// The identity headers of all sites, which are removed from every request. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct IdentityNames(Arc<[Box<str>]>);

impl IdentityNames {
    /// Creates the names of a policy. Returns `None` if there are none.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let mut folded: Vec<Box<str>> =
            names.map(|name| name.bytes().map(fold).map(char::from).collect()).collect();
        folded.sort_unstable();
        folded.dedup();
        (!folded.is_empty()).then(|| Self(folded.into()))
    }

    /// Returns whether a gateway that turns fields into variables folds this name into one of the identity headers.
    pub(crate) fn hold(&self, name: &str) -> bool {
        self.0.iter().any(|folded| is_folded(name, folded))
    }
}

/// Returns whether programs behind CGI, WSGI or PHP cannot distinguish two names.
pub(super) fn fold_alike(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().map(fold).eq(other.bytes().map(fold))
}

/// Returns true if a header frames a message, or identifies the client or the origin. No claim overwrites these headers, in any
/// spelling.
pub(super) fn is_message_header(header: &str) -> bool {
    const KEPT: [&str; 12] = [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "cookie",
        "authorization",
        "range",
        "origin",
        "expect",
    ];
    KEPT.iter().any(|kept| fold_alike(kept, header))
}

fn is_folded(name: &str, folded: &str) -> bool {
    crate::work::visited(if name.len() == folded.len() { name.len() } else { 0 });
    name.len() == folded.len() && name.bytes().map(fold).eq(folded.bytes())
}

/// Folds case, and folds every character that is neither letter nor digit into `_`.
///
/// CGI and WSGI fold `-` (RFC 3875 §4.1.18, PEP 3333), PHP also folds a dot, and some servers fold all of these characters.
const fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'_' }
}

#[cfg(test)]
mod tests;
