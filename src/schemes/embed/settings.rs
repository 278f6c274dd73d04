use super::origins_on::OriginsOn;
use super::rules::{EmbedRules, PathPattern, ScopePattern};
use crate::error::{ConfigError, Faults};
use crate::records::Lifetime;
use crate::records::check_id;
use crate::schemes::kind::Scheme;
use crate::schemes::settings::{SchemeSettings, SiteCheck};

/// A site's settings for embed tokens.
///
/// ```
/// use playgate::{Site, schemes::embed::{Embed, OriginsOn}};
///
/// let site = Site::bucket("courses")
///     .host("cdn.example.com")
///     .embed(Embed::new().path("/watch/{token}").scope("videos/{video}/").origins_on(OriginsOn::Everything));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Embed {
    pub(crate) realm: Option<String>,
    pub(crate) paths: Vec<String>,
    pub(crate) scope: String,
    pub(crate) origins_on: OriginsOn,
    pub(crate) allow_missing_origin: bool,
    pub(crate) lifetime: Lifetime,
    pub(crate) lifetimes: Vec<(String, Lifetime)>,
}

impl Default for Embed {
    fn default() -> Self {
        Self {
            realm: None,
            paths: vec!["/watch/{token}".to_owned()],
            scope: "videos/{video}/".to_owned(),
            origins_on: OriginsOn::default(),
            allow_missing_origin: false,
            lifetime: Lifetime::DEFAULT,
            lifetimes: Vec::new(),
        }
    }
}

impl Embed {
    /// Creates settings with their defaults: tokens in `/watch/{token}` and in the site's carriers, for `videos/{video}/`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the place of a token in the path that the client sends: `/watch/{token}` for one page, `/embed/{token}/` for all
    /// paths below. The default is `/watch/{token}`.
    pub fn path(self, pattern: impl Into<String>) -> Self {
        self.paths([pattern])
    }

    /// Sets several places of a token in paths, or none.
    pub fn paths<I: IntoIterator<Item: Into<String>>>(mut self, patterns: I) -> Self {
        self.paths = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the scope of a token: the folder of its video, written like an object key. The default is `videos/{video}/`. On a
    /// live site, the scope is the playback ID that the video names.
    pub fn scope(mut self, pattern: impl Into<String>) -> Self {
        self.scope = pattern.into();
        self
    }

    /// Sets the realm: sites with the same realm share their tokens. The default is the site's own id, so that no other site
    /// accepts its tokens.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Sets the requests that require one of the token's origins. The default is manifests and keys.
    pub fn origins_on(mut self, requests: OriginsOn) -> Self {
        self.origins_on = requests;
        self
    }

    /// Sets whether requests without an origin are allowed even if the token has a list of origins. Native players send no
    /// origin. The default is false.
    pub fn allow_missing_origin(mut self, allow: bool) -> Self {
        self.allow_missing_origin = allow;
        self
    }

    /// Sets the default lifetime of tokens. If it is not set, the lifetime is 24 hours.
    pub fn lifetime(mut self, lifetime: impl Into<Lifetime>) -> Self {
        self.lifetime = lifetime.into();
        self
    }

    /// Sets the default lifetime of one video's tokens.
    #[doc(alias = "lifetimes")]
    pub fn lifetime_of(mut self, video: impl Into<String>, lifetime: impl Into<Lifetime>) -> Self {
        self.lifetimes.push((video.into(), lifetime.into()));
        self
    }
}

impl SchemeSettings for Embed {
    type Rules = EmbedRules;
    const READS_TEXTS: bool = true;

    fn by_default() -> Result<Self, &'static str> {
        Ok(Self::new())
    }

    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<EmbedRules> {
        let before = faults.len();
        let wrong = |found: String, write: &'static str| {
            let site = site.id.to_owned();
            ConfigError::Setting { site, found, write }
        };
        let mut paths = Vec::new();
        for (element, text) in self.paths.iter().enumerate() {
            match PathPattern::parse(text) {
                Some(pattern) if text.starts_with(site.base_path) => paths.push(pattern),
                Some(_) => {
                    let found = format!("has the embed path {text:?}, which is outside its base path");
                    faults.push_element("embed.path", element, wrong(found, "the path as clients send it"));
                }
                None => {
                    let found = format!("has the embed path {text:?}");
                    let write =
                        "\"/watch/{token}\" for a page, or \"/embed/{token}/\" for everything below it";
                    faults.push_element("embed.path", element, wrong(found, write));
                }
            }
        }
        let scope = ScopePattern::parse(&self.scope);
        if scope.is_none() {
            let found = format!("has the embed scope {:?}", self.scope);
            faults.push(
                "embed.scope",
                wrong(found, "a folder that contains the video, such as \"videos/{video}/\""),
            );
        }
        if self.realm.as_ref().is_some_and(|realm| check_id("realm", realm, false).is_err()) {
            faults.push(
                "embed.realm",
                wrong("has an embed realm without a name".to_owned(), "its name, or no realm"),
            );
        }
        if let Err(error) = self.lifetime.check() {
            faults.push("embed.lifetime", error);
        }
        for (element, (video, lifetime)) in self.lifetimes.iter().enumerate() {
            for error in check_id("video", video, true).err().into_iter().chain(lifetime.check().err()) {
                faults.push_element("embed.lifetimes", element, error);
            }
        }
        if faults.len() > before {
            return None;
        }
        let mut places = site.carriers.places();
        places.path.extend(paths.iter().map(PathPattern::segment_place));
        Some(EmbedRules {
            places,
            reads_every_text: site.last_reader == Some(Scheme::EmbedToken),
            realm: self.realm.as_deref().unwrap_or(site.id).into(),
            paths,
            scope: scope?,
            origins_on: self.origins_on,
            allow_missing_origin: self.allow_missing_origin,
            lifetime: self.lifetime,
            lifetimes: self.lifetimes.clone(),
        })
    }
}
