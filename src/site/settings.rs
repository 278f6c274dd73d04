use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::forward::Forward;
use super::identity::IdentityValue;
use crate::cors::Cors;
use crate::error::Code;
use crate::schemes::jws::Jws;
use crate::schemes::{Carrier, Carriers, Hook, HookRequest, Refused, Scheme, SiteSchemes, for_each_scheme};
use crate::scope::{Coverage, LiveShape, PrefixRule};
use crate::time::{Leeway, Span, TimeRules};

/// What a set of hosts, or a base path on them, serves, and under which rules.
///
/// Made by [`Site::bucket`], [`Site::live_by_path`] or [`Site::live_by_host`], refined by its methods, checked when the policy is built.
///
/// ```
/// use playgate::{Site, cors::Cors};
///
/// let courses = Site::bucket("courses")
///     .host("cdn.example.com")
///     .base_path("/media/")
///     .cors(Cors::with_credentials(["https://app.example.com"]));
/// let channels = Site::live_by_path().host("live.example.com").require_exp(true);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Site {
    pub(crate) location: Location,
    pub(crate) serves: Serves,
    pub(crate) admitted: Admitted,
    pub(crate) settings: SiteSettings,
    pub(crate) carriers: Carriers,
    pub(crate) coverage: Coverage,
    pub(crate) times: TimeRules,
    pub(crate) schemes: SiteSchemes,
    pub(crate) forward: Forward,
    pub(crate) identity_headers: Vec<(String, IdentityValue)>,
    pub(crate) answers: Vec<(Code, u16)>,
    pub(crate) cors: Option<Cors>,
    pub(crate) hook: Option<Hook>,
}

/// Where a site is, and its name. In a configuration file these are fields of the site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["hosts"])))]
#[serde(default)]
pub(crate) struct Location {
    /// Exact names without port, patterns with `{bucket}`, `{region}` or `{playback_id}` in a label, or "*".
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) hosts: Vec<String>,
    /// The site's name in logs and key scopes. Default its first host.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) id: Option<String>,
    /// The folder that the site begins at. Default "/".
    #[cfg_attr(test, schemars(regex(pattern = "^/(.*/)?$")))]
    pub(crate) base_path: String,
}

impl Default for Location {
    fn default() -> Self {
        Self { hosts: Vec::new(), id: None, base_path: "/".to_owned() }
    }
}

/// What a site admits. In a configuration file these are fields of the site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Admitted {
    /// What is let through with a good credential. Default `["GET", "HEAD"]`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) methods: Vec<String>,
    /// Which kinds of credential are accepted. Default `["signed-token"]`, and what is described
    /// beside it: every scheme with a section.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) accepts: Option<Vec<Scheme>>,
}

impl Default for Admitted {
    fn default() -> Self {
        Self { methods: vec!["GET".to_owned(), "HEAD".to_owned()], accepts: None }
    }
}

/// The settings of a site that have one form: in code, in a configuration file and in force. In the file these are fields of the site.
///
/// The comments are the texts of the file's schema too, here and wherever else a struct is read from the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct SiteSettings {
    /// Who may have it. Default "authenticated".
    pub(crate) access: Access,
    /// Object keys, or folders ending in a slash, that need no credential.
    pub(crate) public_paths: Vec<String>,
    /// Refuses plain HTTP, except from this machine itself. Default false.
    pub(crate) require_https: bool,
    /// Whether granted answers are made private, or left as the inner service caches them. Default "private".
    pub(crate) cache: CacheScope,
    /// Takes credentials out of requests before the inner service sees them. Default false.
    pub(crate) strip_credentials: bool,
    /// Puts an `OwnedGrant` into the request's extensions. Default false.
    pub(crate) grant_extension: bool,
}

/// Who may have what a site serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "access"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Access {
    /// Whoever brings a good credential.
    #[default]
    Authenticated,
    /// Everybody; credentials are not looked at.
    Public,
}

/// Who says how the answers of a site may be cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "cache"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CacheScope {
    /// Granted answers are `private`: in place of `public` and `s-maxage`, and where nothing stands.
    #[default]
    Private,
    /// The inner service; for those whose CDN checks tokens itself.
    Inner,
}

/// What a site serves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "serves"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Serves {
    /// Object keys of this bucket; `{bucket}` takes its name from the host pattern.
    Bucket(String),
    /// Live streams, whose playback ID stands in the host or in the path.
    Live(LiveShape),
}

impl Site {
    /// A bucket: paths are object keys. `{bucket}` stands for the label that a host pattern captures.
    pub fn bucket(name: impl Into<String>) -> Self {
        Self::new(Serves::Bucket(name.into()))
    }

    /// Live streams whose playback ID stands in the path: `/<id>.m3u8`, `/<id>/seg-1.ts`.
    pub fn live_by_path() -> Self {
        Self::new(Serves::Live(LiveShape::Path))
    }

    /// Live streams whose playback ID stands in the host, by the pattern's `{playback_id}`:
    /// `play-{playback_id}.example.com`. Host names have no case, so such an ID is always lower-case.
    pub fn live_by_host() -> Self {
        Self::new(Serves::Live(LiveShape::Host))
    }

    pub(crate) fn new(serves: Serves) -> Self {
        Self {
            location: Location::default(),
            serves,
            admitted: Admitted::default(),
            settings: SiteSettings::default(),
            carriers: Carriers::default(),
            coverage: Coverage::default(),
            times: TimeRules::default(),
            schemes: SiteSchemes { jws: Some(Jws::default()), ..SiteSchemes::none() },
            forward: Forward::auto(),
            identity_headers: Vec::new(),
            answers: Vec::new(),
            cors: None,
            hook: None,
        }
    }

    /// The site's name in logs and in key scopes. Default: its first host.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.location.id = Some(id.into());
        self
    }

    /// One host more: an exact name without port, or a pattern in which `{bucket}`, `{region}` or `{playback_id}`
    /// stands for (part of) one label.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.location.hosts.push(host.into());
        self
    }

    /// Several hosts more.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.location.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Whatever the host, where no other site claims it.
    pub fn any_host(self) -> Self {
        self.host("*")
    }

    /// The folder that the site begins at: `/media/`. Default `/`.
    ///
    /// The path is the one that the client sent. Behind axum's `nest` and `nest_service`, which take their prefix
    /// off, that is known with the feature `axum` alone.
    pub fn base_path(mut self, base_path: impl Into<String>) -> Self {
        self.location.base_path = base_path.into();
        self
    }

    /// Opens the whole site: no credential is looked at. The inner service must serve nothing else under its hosts.
    pub fn public(mut self) -> Self {
        self.settings.access = Access::Public;
        self
    }

    /// Opens these object keys, or folders ending in `/`, without a credential.
    pub fn public_paths<I: IntoIterator<Item: Into<String>>>(mut self, paths: I) -> Self {
        self.settings.public_paths = paths.into_iter().map(Into::into).collect();
        self
    }

    /// The methods that are let through with a good credential. Default `GET` and `HEAD`; HEAD is GET.
    pub fn methods<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.admitted.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether requests over plain HTTP are rejected, except from a client on this machine: a peer on loopback that is no trusted
    /// proxy and was not forwarded ([`TrustedProxies::is_https`](crate::request::TrustedProxies::is_https)). The default is false. A
    /// connection is TLS if the server says so (`TlsConnection` with the feature `http`), or a trusted proxy.
    pub fn require_https(mut self, require: bool) -> Self {
        self.settings.require_https = require;
        self
    }

    /// Which query parameters of a manifest's request are carried into the URIs in it. Default [`Forward::auto`].
    pub fn forward(mut self, forward: Forward) -> Self {
        self.forward = forward;
        self
    }

    /// Sets the schemes that the site accepts. By default it accepts signed tokens, and every scheme that has settings.
    ///
    /// ```
    /// use playgate::{Site, schemes::Scheme, schemes::embed::Embed};
    /// let site = Site::bucket("courses").any_host().embed(Embed::new()).accepts([Scheme::EmbedToken]);
    /// ```
    pub fn accepts<I: IntoIterator<Item = Scheme>>(mut self, schemes: I) -> Self {
        self.admitted.accepts = Some(schemes.into_iter().collect());
        self
    }

    /// Sets the carriers that signed tokens and embed tokens are read from: [`Carrier::Query`], [`Carrier::Bearer`] and
    /// [`Carrier::Cookie`], in this order. [`Carrier::Path`] is an error: credentials in the path are settings of their scheme. The default is query and
    /// cookie, because an application's own bearer token must not spoil
    /// its viewers' cookies.
    ///
    /// ```
    /// use playgate::{Site, schemes::Carrier};
    /// let site = Site::bucket("courses").any_host().carriers([Carrier::Bearer, Carrier::Cookie]);
    /// ```
    pub fn carriers<I: IntoIterator<Item = Carrier>>(mut self, carriers: I) -> Self {
        self.carriers.listed = carriers.into_iter().collect();
        self
    }

    /// The query parameter that carries a token. Default `auth`.
    pub fn query_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.carriers.query_name = name.into();
        self
    }

    /// The cookie that carries a token. Default `Qencode-Auth-Token`.
    pub fn cookie_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.carriers.cookie_name = name.into();
        self
    }

    /// The longest token, in bytes. Default 4096, at most [`MAX_TOKEN_BYTES`](crate::schemes::jws::MAX_TOKEN_BYTES).
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.jws().max_token_bytes = bytes;
        self
    }

    /// How a `uri` that is a prefix covers an object key. Default whole segments.
    pub fn prefix(mut self, rule: PrefixRule) -> Self {
        self.coverage.prefix = rule;
        self
    }

    /// Sets whether a token with an empty `uri` covers the whole bucket. The default is true. Otherwise such a token is rejected.
    pub fn whole_bucket(mut self, covers: bool) -> Self {
        self.coverage.whole_bucket = covers;
        self
    }

    /// Sets whether tokens without `exp`, which never expire, are rejected. The default is false.
    pub fn require_exp(mut self, require: bool) -> Self {
        self.times.require_exp = require;
        self
    }

    /// Refuses tokens that still live longer than this, or for ever. Whole seconds.
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.times.max_lifetime = Some(Span(lifetime));
        self
    }

    /// Refuses tokens whose `iss` is not this.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.jws().issuer = Some(issuer.into());
        self
    }

    /// Refuses tokens whose `aud` is not, or does not contain, this.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.jws().audience = Some(audience.into());
        self
    }

    /// How far the issuer's clock may be off. Default none.
    pub fn leeway(mut self, leeway: Leeway) -> Self {
        self.times.leeway = leeway;
        self
    }

    /// Who says how answers may be cached. Default [`CacheScope::Private`].
    pub fn cache(mut self, scope: CacheScope) -> Self {
        self.settings.cache = scope;
        self
    }

    /// Sets whether credentials are removed from the request, from every carrier of the site, before the inner service
    /// sees it. The default is false. The `Referer` loses them too, and is dropped if it cannot be read. A credential in the path
    /// stays: the path names the resource.
    pub fn strip_credentials(mut self, strip: bool) -> Self {
        self.settings.strip_credentials = strip;
        self
    }

    /// Sets whether the request's extensions get an `OwnedGrant`, for handlers. The default is false.
    pub fn grant_extension(mut self, add: bool) -> Self {
        self.settings.grant_extension = add;
        self
    }

    /// Sets a request header for the inner service: to a claim, `("x-viewer", "sub")`, or to a fact of the grant,
    /// `("x-kid", GrantFact::Kid)`.
    ///
    /// Headers of these names are removed from every incoming request first, on every site, and in every spelling that CGI,
    /// WSGI or PHP fold into the same name: in any case, and with any punctuation in place of any other, so that `X_Viewer`
    /// and `x.viewer` go with `x-viewer`.
    ///
    /// ```
    /// use playgate::{Site, site::GrantFact};
    /// let site = Site::bucket("courses")
    ///     .any_host()
    ///     .identity_header("x-viewer", "sub")
    ///     .identity_header("x-kid", GrantFact::Kid)
    ///     .remove_header("x-internal");
    /// ```
    pub fn identity_header(mut self, header: impl Into<String>, value: impl Into<IdentityValue>) -> Self {
        self.identity_headers.push((header.into(), value.into()));
        self
    }

    /// Removes a header from every incoming request, on every site and in every spelling, and sets nothing in its place:
    /// one that the inner service believes.
    pub fn remove_header(self, header: impl Into<String>) -> Self {
        self.identity_header(header, IdentityValue::Removed)
    }

    /// Answers a code with another status than its default.
    pub fn answer(mut self, code: Code, status: u16) -> Self {
        self.answers.push((code, status));
        self
    }

    /// Which pages of other origins may read answers. Without it nothing is touched.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Sets the operator's own rule, which runs on every request after its credential was verified, whatever the scheme.
    ///
    /// A hook sees the request and the verified claims by name. It runs inside the decision, so it must not block.
    ///
    /// ```
    /// use playgate::{Site, schemes::Refused};
    /// let site = Site::bucket("courses").any_host().hook(|request| {
    ///     if request.has("plan", "gold") { Ok(()) } else { Err(Refused) }
    /// });
    /// ```
    pub fn hook(
        mut self,
        rule: impl Fn(&HookRequest<'_>) -> Result<(), Refused> + Send + Sync + 'static,
    ) -> Self {
        self.hook = Some(Hook(Arc::new(rule)));
        self
    }

    pub(crate) fn jws(&mut self) -> &mut Jws {
        self.schemes.jws.get_or_insert_default()
    }
}

/// Defines a method for each scheme that has a section in a configuration file, by the section's name.
macro_rules! methods_of_schemes {
    (
        {}
        $(
            $(#[$doc:meta])*
            $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident,
            [$($(#[$section_doc:meta])* $section:ident: $Section:ident)?];
        )+
    ) => {
        impl Site {
            $($(
                /// Sets the settings of a kind of credential, which the site then accepts.
                ///
                $(#[$section_doc])*
                pub fn $section(mut self, settings: crate::schemes::$module::$Settings) -> Self {
                    self.schemes.$field = Some(settings);
                    self
                }
            )?)+
        }
    };
}

for_each_scheme!(methods_of_schemes);
