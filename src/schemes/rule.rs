use serde::Serialize;

/// A rule of a decision.
///
/// The variants are in the order in which a decision applies the rules. The order of the rules between [`Form`](Self::Form) and
/// [`Hook`](Self::Hook) depends on the scheme, and a scheme may lack some of them; see the module of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// The host belongs to a site.
    Host,
    /// The path belongs to a site of the host.
    BasePath,
    /// The request uses HTTPS, if the site requires it.
    Https,
    /// The path has one normal form, and no other reading of the path belongs to another site.
    Path,
    /// If the site's host pattern contains the bucket or the playback ID, the host names one.
    Resource,
    /// A carrier of the site has a credential.
    Credential,
    /// The credential has the form of its scheme.
    Form,
    /// The embed token is known and in force.
    Record,
    /// The key that the credential names is loaded.
    Key,
    /// The key is in force: neither retired nor stale.
    KeyInForce,
    /// The credential's algorithm is that of the key.
    Algorithm,
    /// The key may sign for the resource.
    KeyScope,
    /// The issuer is that which the key or the site requires.
    Issuer,
    /// The credential has not expired, and its lifetime is within the site's limit.
    Expiry,
    /// The start of the credential's validity has passed.
    NotBefore,
    /// The claim `aud` contains the audience that the site requires.
    Audience,
    /// The credential covers the resource.
    Scope,
    /// The signature, HMAC or hash is valid.
    Signature,
    /// The client has the address to which the credential is bound.
    Address,
    /// The embed token allows the origin of the requesting page.
    Origin,
    /// Neither the credential nor its key was revoked.
    Revocation,
    /// The site's own hook accepts the request.
    Hook,
    /// The site allows the method.
    Method,
    /// The parameters that a manifest would carry are short enough.
    QueryLength,
    /// The embed token has not exceeded its rate.
    Rate,
}

impl Rule {
    /// The rules that are applied after a credential was accepted.
    pub(crate) const AFTER_CREDENTIAL: [Self; 3] = [Self::Method, Self::QueryLength, Self::Rate];

    /// Returns true if the rule is about the request, and not about one credential.
    pub(crate) const fn is_about_request(self) -> bool {
        matches!(
            self,
            Self::Host
                | Self::BasePath
                | Self::Https
                | Self::Path
                | Self::Resource
                | Self::Credential
                | Self::Method
                | Self::QueryLength
                | Self::Rate
        )
    }

    /// Returns the name of the rule, as serialized.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::BasePath => "base_path",
            Self::Https => "https",
            Self::Path => "path",
            Self::Resource => "resource",
            Self::Credential => "credential",
            Self::Form => "form",
            Self::Record => "record",
            Self::Key => "key",
            Self::KeyInForce => "key_in_force",
            Self::Algorithm => "algorithm",
            Self::KeyScope => "key_scope",
            Self::Issuer => "issuer",
            Self::Expiry => "expiry",
            Self::NotBefore => "not_before",
            Self::Audience => "audience",
            Self::Scope => "scope",
            Self::Signature => "signature",
            Self::Address => "address",
            Self::Origin => "origin",
            Self::Revocation => "revocation",
            Self::Hook => "hook",
            Self::Method => "method",
            Self::QueryLength => "query_length",
            Self::Rate => "rate",
        }
    }
}

impl std::fmt::Display for Rule {
    /// Writes the name with spaces, such as "key scope".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}
