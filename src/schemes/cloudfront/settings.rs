use serde::Deserialize;

use crate::crypto::SignatureHash;

/// The settings of CloudFront's signed URLs and cookies on a site. All of them have defaults.
///
/// ```
/// use playgate::Site;
/// use playgate::schemes::cloudfront::{CloudFront, Protocol};
///
/// let cloudfront = CloudFront::new().protocol(Protocol::Https);
/// let site = Site::bucket("vod").host("media.example.com").cloudfront(cloudfront);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CloudFront {
    pub(super) carriers: Vec<CloudFrontCarrier>,
    pub(super) hashes: Vec<SignatureHash>,
    pub(super) protocol: Option<Protocol>,
    pub(super) domain: Option<String>,
    pub(super) wildcards: Wildcards,
    pub(super) require_resource: bool,
}

/// A carrier of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "cloudfront_carrier"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CloudFrontCarrier {
    /// Query parameters: a signed URL.
    Query,
    /// Signed cookies.
    Cookie,
}

/// The protocol in signed URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "protocol"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// `https`.
    Https,
    /// `http`.
    Http,
}

/// The meaning of wildcards in a policy's `Resource`; see the [module](super).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "wildcards"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Wildcards {
    /// A wildcard does not leave its section of the URL.
    #[default]
    Sections,
    /// A wildcard matches anywhere in the URL, and `?` is always a wildcard.
    ///
    /// Text behind a `*` may then be in a query that the client chose: `/public/*.jpg` covers `/public/secret.mp4?q=.jpg`. A canned URL with
    /// a query is a pattern, too.
    Anywhere,
}

impl Default for CloudFront {
    fn default() -> Self {
        Self {
            carriers: vec![CloudFrontCarrier::Query, CloudFrontCarrier::Cookie],
            hashes: vec![SignatureHash::Sha1, SignatureHash::Sha256],
            protocol: None,
            domain: None,
            wildcards: Wildcards::Sections,
            require_resource: false,
        }
    }
}

impl CloudFront {
    /// Creates settings with their defaults: query and cookies, both hashes, URLs as requested.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the carriers of a credential. The default is query and cookie. They are searched in the order of [the
    /// schemes](crate::schemes).
    pub fn carriers(mut self, carriers: impl IntoIterator<Item = CloudFrontCarrier>) -> Self {
        self.carriers = carriers.into_iter().collect();
        self
    }

    /// Sets the hashes of accepted signatures. The default is SHA-1, which is CloudFront's own default, and SHA-256.
    pub fn hashes(mut self, hashes: impl IntoIterator<Item = SignatureHash>) -> Self {
        self.hashes = hashes.into_iter().collect();
        self
    }

    /// Sets the protocol in signed URLs. The default is that of the request: HTTPS if the connection uses TLS or a trusted proxy
    /// reports it.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Sets the domain in signed URLs, with its port if it has one. The default is the request's `Host`, as received.
    ///
    /// Set the domain on a site that accepts any host. Otherwise a client could send the `Host` of another distribution, together with a URL
    /// that the same key signed for that distribution. Sites with the same domain accept each other's URLs, as far as the scopes of the keys
    /// allow.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets the meaning of wildcards. The default is [`Wildcards::Sections`].
    pub fn wildcards(mut self, wildcards: Wildcards) -> Self {
        self.wildcards = wildcards;
        self
    }

    /// Sets whether a custom policy without `Resource` is refused. By default, such a policy covers everything that its key may sign for.
    pub fn require_resource(mut self, require: bool) -> Self {
        self.require_resource = require;
        self
    }
}
