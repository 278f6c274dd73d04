use serde::Deserialize;

use super::DEFAULT_NAME;
use super::url::UrlEscaping;
use crate::crypto::MacHash;
use crate::schemes::secret::SharedSecret;

/// The settings of Akamai tokens on a site.
///
/// ```
/// use playgate::Site;
/// use playgate::schemes::akamai::Akamai;
///
/// let akamai = Akamai::new("52a152a152a152a152a152a152a1").also("00112233445566778899aabbccdd");
/// let site = Site::bucket("vod").host("cdn.example.com").akamai(akamai.names(["hdnts", "hdnea"]));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Akamai {
    pub(super) secrets: Vec<SharedSecret>,
    pub(super) names: Vec<String>,
    pub(super) carriers: Vec<AkamaiCarrier>,
    pub(super) hash: MacHash,
    pub(super) salt: Option<String>,
    pub(super) ignore_query: bool,
    pub(super) url_escaping: Vec<UrlEscaping>,
}

/// A carrier of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "akamai_carrier"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AkamaiCarrier {
    /// A query parameter.
    Query,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
}

impl Akamai {
    /// Creates settings with a key, in hexadecimal digits, and defaults for the rest: the name `hdnts` in query and cookie, and
    /// HMACs with SHA-256.
    ///
    /// The number of digits is even, and at least [`MIN_KEY_DIGITS`](super::MIN_KEY_DIGITS).
    pub fn new(key: impl Into<SharedSecret>) -> Self {
        Self::with_secrets(vec![key.into()])
    }

    pub(super) fn with_secrets(secrets: Vec<SharedSecret>) -> Self {
        Self {
            secrets,
            names: vec![DEFAULT_NAME.to_owned()],
            carriers: vec![AkamaiCarrier::Query, AkamaiCarrier::Cookie],
            hash: MacHash::Sha256,
            salt: None,
            ignore_query: false,
            url_escaping: vec![UrlEscaping::None, UrlEscaping::Edge],
        }
    }

    /// Adds a second key, whose tokens are also accepted. Akamai calls it the transition key.
    pub fn also(mut self, key: impl Into<SharedSecret>) -> Self {
        self.secrets.push(key.into());
        self
    }

    /// Sets the names of the parameter, the header field and the cookie, such as `hdnts`, `hdnea`, `__token__` or `__cld_token__`.
    pub fn names<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the carriers of a token. The default is query and cookie. They are searched in the order of [the
    /// schemes](crate::schemes).
    pub fn carriers(mut self, carriers: impl IntoIterator<Item = AkamaiCarrier>) -> Self {
        self.carriers = carriers.into_iter().collect();
        self
    }

    /// Sets the hash. The default is SHA-256.
    pub fn hash(mut self, hash: MacHash) -> Self {
        self.hash = hash;
        self
    }

    /// Sets the salt: text that is signed but not sent.
    pub fn salt(mut self, salt: impl Into<String>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// Sets whether the query is omitted from the URL to which a token without `acl` is bound, as Akamai's edge does with its
    /// option `ignoreQueryString`. The default is false.
    pub fn ignore_query(mut self, ignore: bool) -> Self {
        self.ignore_query = ignore;
        self
    }

    /// Sets the escapings that a signer may apply to a URL before signing it. The default is [`UrlEscaping::None`] and
    /// [`UrlEscaping::Edge`].
    pub fn url_escaping(mut self, escaping: impl IntoIterator<Item = UrlEscaping>) -> Self {
        self.url_escaping = escaping.into_iter().collect();
        self
    }
}

impl std::fmt::Debug for Akamai {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { secrets, names, carriers, hash, salt, ignore_query, url_escaping } = self;
        f.debug_struct("Akamai")
            .field("secrets", secrets)
            .field("names", names)
            .field("carriers", carriers)
            .field("hash", hash)
            .field("salt", &salt.is_some()) // it is part of a secret
            .field("ignore_query", ignore_query)
            .field("url_escaping", url_escaping)
            .finish()
    }
}
