use playgate::Site;
use playgate::schemes::Carrier;
use playgate::scope::PrefixRule;
use playgate::site::{CacheScope, Forward};
use serde::Deserialize;

use crate::model::{BucketAccess, DomainName, Malformed};

/// The settings of the control plane. In a configuration file they are the section `[manage]`.
///
/// ```
/// use playgate_manage::Settings;
///
/// let settings = Settings::new().base("media.example.com")?.regions(["eu-1"])?;
/// # Ok::<(), playgate_manage::model::Malformed>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct Settings {
    #[serde(deserialize_with = "base")]
    pub(crate) base: Option<DomainName>,
    #[serde(deserialize_with = "regions")]
    pub(crate) regions: Vec<String>,
    #[serde(deserialize_with = "access")]
    pub(crate) default_access: BucketAccess,
    pub(crate) claim_at_first_use: bool,
    pub(crate) hosts: Vec<String>,
    pub(crate) defaults: SiteDefaults,
}

/// Settings of every managed site. In a configuration file they are the section `[manage.defaults]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct SiteDefaults {
    prefix: PrefixRule,
    carriers: Option<Vec<Carrier>>,
    #[serde(skip)]
    forward: Option<Forward>,
    cache: CacheScope,
    require_https: bool,
}

impl Settings {
    /// Returns the settings of a control plane without hosts of its own, in which the operator assigns buckets and streams.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the domain below which every stream and bucket has a host: `play-<playback_id>.<base>` and
    /// `<bucket>.media-storage.<region>.<base>`. No account can create a playback domain there.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the text is not a domain name.
    pub fn base(mut self, base: &str) -> Result<Self, Malformed> {
        self.base = Some(DomainName::parse(base)?);
        Ok(self)
    }

    /// Sets the regions in the hosts of buckets.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] for a region that is not a label of a host name.
    pub fn regions<'r>(mut self, regions: impl IntoIterator<Item = &'r str>) -> Result<Self, Malformed> {
        self.regions = regions.into_iter().map(region).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Sets the policy of buckets whose policy nobody has set. The default is [`BucketAccess::Authenticated`]. The published API has
    /// public buckets there.
    pub const fn default_access(mut self, access: BucketAccess) -> Self {
        self.default_access = access;
        self
    }

    /// Sets whether an account becomes the owner of a bucket or stream that belongs to nobody when it first uses it. The default is
    /// false: the operator assigns buckets and streams.
    ///
    /// With several accounts, any of them can then claim a bucket of another one before its owner does.
    pub const fn claim_at_first_use(mut self, claim: bool) -> Self {
        self.claim_at_first_use = claim;
        self
    }

    /// Adds the names under which the API itself is reached. Requests for other names are refused, so that a page of another origin
    /// cannot reach the API through DNS. `localhost` and loopback addresses are always names of the API.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Sets the settings of every managed site.
    pub fn defaults(mut self, defaults: SiteDefaults) -> Self {
        self.defaults = defaults;
        self
    }
}

impl SiteDefaults {
    /// Returns the defaults of a [`Site`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the rule by which a `uri` covers the object keys below it. [`PrefixRule::Bytes`] is the published rule.
    pub const fn prefix(mut self, rule: PrefixRule) -> Self {
        self.prefix = rule;
        self
    }

    /// Sets the carriers of credentials, in the order in which they are searched.
    pub fn carriers<I: IntoIterator<Item = Carrier>>(mut self, carriers: I) -> Self {
        self.carriers = Some(carriers.into_iter().collect());
        self
    }

    /// Sets the rules for carrying credentials into manifests.
    pub fn forward(mut self, forward: Forward) -> Self {
        self.forward = Some(forward);
        self
    }

    /// Sets the caching rule of responses.
    pub const fn cache(mut self, cache: CacheScope) -> Self {
        self.cache = cache;
        self
    }

    /// Sets whether plain HTTP is refused.
    pub const fn require_https(mut self, require: bool) -> Self {
        self.require_https = require;
        self
    }

    pub(crate) fn apply(&self, site: Site) -> Site {
        let mut site = site.prefix(self.prefix).cache(self.cache).require_https(self.require_https);
        if let Some(carriers) = &self.carriers {
            site = site.carriers(carriers.iter().copied());
        }
        if let Some(forward) = &self.forward {
            site = site.forward(forward.clone());
        }
        site
    }
}

fn region(text: &str) -> Result<String, Malformed> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=63).contains(&text.len()) && text.bytes().all(is_inner) {
        Ok(text.to_owned())
    } else {
        Err(Malformed("a region is one label of a host name"))
    }
}

fn base<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DomainName>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DomainName::parse(&text).map(Some).map_err(serde::de::Error::custom)
}

fn regions<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| region(name)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

fn access<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BucketAccess, D::Error> {
    BucketAccess::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
