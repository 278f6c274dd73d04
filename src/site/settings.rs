use std::time::Duration;

use serde::Deserialize;

use super::danger::Danger;
use super::forward::Forward;
use super::identity::IdentityValue;
use crate::cors::Cors;
use crate::error::Code;
use crate::schemes::jws::Jws;
use crate::schemes::{Carrier, Carriers, Hook, HookRequest, Refuse, Scheme, SiteSchemes, for_each_scheme};
use crate::scope::{Coverage, LiveShape, PrefixRule};
use crate::time::{Leeway, Span, TimeRules};

/// A set of hosts, or a base path on them, with the resources served there and their rules.
///
/// Create a site with [`Site::bucket`], [`Site::live_by_path`] or [`Site::live_by_host`], and refine it with its methods. The
/// site is checked when the policy is built.
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

/// A site's location and name. In a configuration file these are fields of the site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["hosts"])))]
#[serde(default)]
pub(crate) struct Location {
    /// Exact names without port, patterns with `{bucket}`, `{region}` or `{playback_id}` in a label, or "*".
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) hosts: Vec<String>,
    /// The site's name in logs and key scopes. Defaults to its first host.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) id: Option<String>,
    /// The folder at which the site begins. Default "/".
    #[cfg_attr(test, schemars(regex(pattern = "^/(.*/)?$")))]
    pub(crate) base_path: String,
}

impl Default for Location {
    fn default() -> Self {
        Self { hosts: Vec::new(), id: None, base_path: "/".to_owned() }
    }
}

/// The methods and credentials that a site accepts. In a configuration file these are fields of the site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Admitted {
    /// The methods that are allowed with a valid credential. Default `["GET", "HEAD"]`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) methods: Vec<String>,
    /// The accepted kinds of credential. Default `["signed-token"]` and every scheme with a section of its own.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) accepts: Option<Vec<Scheme>>,
}

impl Default for Admitted {
    fn default() -> Self {
        Self { methods: vec!["GET".to_owned(), "HEAD".to_owned()], accepts: None }
    }
}

/// The settings of a site that have the same form in code, in a configuration file and in force. In the file these are fields of
/// the site.
///
/// The comments are also the descriptions in the file's schema, here and for every other struct that is read from the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct SiteSettings {
    /// The access to the site's resources: for clients with a credential, or for everybody. Default "authenticated".
    pub(crate) access: Access,
    /// Object keys, or folders ending in a slash, that need no credential.
    pub(crate) public_paths: Vec<String>,
    /// Refuses plain HTTP, except from this machine itself. Default false.
    pub(crate) require_https: bool,
    /// Makes granted responses private, or leaves their caching to the inner service. Default "private".
    pub(crate) cache: CacheScope,
    /// Removes credentials from requests before they reach the inner service. Default false.
    pub(crate) strip_credentials: bool,
    /// Adds an `OwnedGrant` to the request's extensions. Default false.
    pub(crate) grant_extension: bool,
    /// Settings that weaken checks: { enforce = false } is shadow mode, in which requests pass even if their credential is
    /// missing or refused. Default none.
    pub(crate) danger: Danger,
    /// The header field in which a trusted proxy states the verdict of another gate, for comparison while the site does not
    /// enforce. The field is removed from every request. Default none.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) shadow_header: Option<String>,
}

/// The access to the resources of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "access"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Access {
    /// Only clients with a valid credential.
    #[default]
    Authenticated,
    /// Everybody. Credentials are not read.
    Public,
}

/// The caching rule for the responses of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "cache"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CacheScope {
    /// Granted responses are `private`: `public` and `s-maxage` are removed, and `private` is added unless the inner service set
    /// `no-store`.
    #[default]
    Private,
    /// The inner service decides. For deployments whose CDN verifies tokens itself.
    Inner,
}

/// The kind of resources that a site serves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "serves"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Serves {
    /// Objects of this bucket. `{bucket}` takes the bucket's name from the host pattern.
    Bucket(String),
    /// Live streams, whose playback ID is in the host or in the path.
    Live(LiveShape),
}

impl Site {
    /// Creates a site that serves a bucket. Its paths are object keys. `{bucket}` stands for the label that a host pattern
    /// captures.
    pub fn bucket(name: impl Into<String>) -> Self {
        Self::new(Serves::Bucket(name.into()))
    }

    /// Creates a site that serves live streams whose playback ID is in the path: `/<id>.m3u8`, `/<id>/seg-1.ts`.
    pub fn live_by_path() -> Self {
        Self::new(Serves::Live(LiveShape::Path))
    }

    /// Creates a site that serves live streams whose playback ID is in the host, at the pattern's `{playback_id}`:
    /// `play-{playback_id}.example.com`. Host names are case-insensitive, so such a playback ID is always lower-case.
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

    /// Sets the site's name in logs and in key scopes. The default is its first host.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.location.id = Some(id.into());
        self
    }

    /// Adds a host: an exact name without port, or a pattern in which `{bucket}`, `{region}` or `{playback_id}` stands for (part
    /// of) one label.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.location.hosts.push(host.into());
        self
    }

    /// Adds several hosts.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.location.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Adds every host that no other site claims.
    pub fn any_host(self) -> Self {
        self.host("*")
    }

    /// Sets the folder at which the site begins, for example `/media/`. The default is `/`.
    ///
    /// The base path is compared with the path that the client sent. Axum's `nest` and `nest_service` remove their prefix; only
    /// with the feature `axum` is the original path recovered.
    pub fn base_path(mut self, base_path: impl Into<String>) -> Self {
        self.location.base_path = base_path.into();
        self
    }

    /// Makes the whole site public: credentials are not read. The inner service must serve nothing else under the site's hosts.
    pub fn public(mut self) -> Self {
        self.settings.access = Access::Public;
        self
    }

    /// Makes these object keys, or folders ending in `/`, public: they need no credential.
    pub fn public_paths<I: IntoIterator<Item: Into<String>>>(mut self, paths: I) -> Self {
        self.settings.public_paths = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the methods that are allowed with a valid credential. The default is `GET` and `HEAD`. GET always includes HEAD.
    pub fn methods<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.admitted.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether requests over plain HTTP are rejected. The default is false. A client on this machine is exempt: a peer on
    /// loopback that is not a trusted proxy and whose request was not forwarded
    /// ([`TrustedProxies::is_https`](crate::request::TrustedProxies::is_https)). A connection counts as TLS if the server
    /// (`TlsConnection` with the feature `http`) or a trusted proxy reports it as such.
    pub fn require_https(mut self, require: bool) -> Self {
        self.settings.require_https = require;
        self
    }

    /// Sets the query parameters of a manifest's request that are carried into the URIs of the manifest. The default is
    /// [`Forward::auto`].
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
    /// [`Carrier::Cookie`], in this order. [`Carrier::Path`] is an error: credentials in the path are configured in the settings
    /// of their scheme. The default is query and cookie, because otherwise an application's own bearer token would take
    /// precedence over its viewers' cookies.
    ///
    /// ```
    /// use playgate::{Site, schemes::Carrier};
    /// let site = Site::bucket("courses").any_host().carriers([Carrier::Bearer, Carrier::Cookie]);
    /// ```
    pub fn carriers<I: IntoIterator<Item = Carrier>>(mut self, carriers: I) -> Self {
        self.carriers.listed = carriers.into_iter().collect();
        self
    }

    /// Sets the query parameter that carries a token. The default is `auth`.
    pub fn query_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.carriers.query_name = name.into();
        self
    }

    /// Sets the cookie that carries a token. The default is `Qencode-Auth-Token`.
    pub fn cookie_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.carriers.cookie_name = name.into();
        self
    }

    /// Sets the maximum length of a token, in bytes. The default is 4096, the maximum
    /// [`MAX_TOKEN_BYTES`](crate::schemes::jws::MAX_TOKEN_BYTES).
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.jws().max_token_bytes = bytes;
        self
    }

    /// Sets the rule by which a `uri` that is a prefix covers an object key. The default is whole segments.
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

    /// Rejects tokens that never expire, or whose remaining lifetime exceeds this limit. The limit is in whole seconds.
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.times.max_lifetime = Some(Span(lifetime));
        self
    }

    /// Rejects tokens with another `iss`, or without one.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.jws().issuer = Some(issuer.into());
        self
    }

    /// Rejects tokens whose `aud` neither equals nor contains this value.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.jws().audience = Some(audience.into());
        self
    }

    /// Sets the permitted clock difference from the issuer. The default is none.
    pub fn leeway(mut self, leeway: Leeway) -> Self {
        self.times.leeway = leeway;
        self
    }

    /// Sets the caching rule for responses. The default is [`CacheScope::Private`].
    pub fn cache(mut self, scope: CacheScope) -> Self {
        self.settings.cache = scope;
        self
    }

    /// Sets whether credentials are removed from every carrier of the site before the request reaches the inner service. The
    /// default is false. Credentials are also removed from the `Referer`, which is dropped if it cannot be parsed. A credential
    /// in the path stays, because the path names the resource.
    pub fn strip_credentials(mut self, strip: bool) -> Self {
        self.settings.strip_credentials = strip;
        self
    }

    /// Sets whether an `OwnedGrant` is added to the request's extensions, for handlers. The default is false.
    pub fn grant_extension(mut self, add: bool) -> Self {
        self.settings.grant_extension = add;
        self
    }

    /// Sets a request header for the inner service to a claim, as in `("x-viewer", "sub")`, or to a fact of the grant, as in
    /// `("x-kid", GrantFact::Kid)`.
    ///
    /// A header with this name is first removed from every incoming request, on every site. This applies to every spelling that
    /// CGI, WSGI or PHP folds into the same name: any case, and any punctuation in place of any other. `X_Viewer` and `x.viewer`
    /// are removed like `x-viewer`.
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

    /// Removes a header from every incoming request, on every site and in every spelling, without setting a new value. Use this
    /// for headers that the inner service trusts.
    pub fn remove_header(self, header: impl Into<String>) -> Self {
        self.identity_header(header, IdentityValue::Removed)
    }

    /// Disables checks of the site: `Danger { enforce: false }` is [shadow mode](super::danger). The default is
    /// [`Danger::NONE`].
    pub fn danger(mut self, danger: Danger) -> Self {
        self.settings.danger = danger;
        self
    }

    /// Sets the header field in which a [trusted proxy](super::PolicyBuilder::trusted_proxies) states the verdict of another gate.
    /// The values are `allow`, `allowed`, `granted` or a status of 2xx, and `deny`, `denied`, `refused` or a status of 4xx. The
    /// default is no field.
    ///
    /// While the site does not [enforce](Self::danger), the verdicts are compared; see [`Verifier::shadow`](crate::Verifier::shadow).
    /// The other verdict never changes a decision. The field is removed from every incoming request, on every site and in every
    /// spelling, like an [identity header](Self::identity_header).
    pub fn shadow_header(mut self, header: impl Into<String>) -> Self {
        self.settings.shadow_header = Some(header.into());
        self
    }

    /// Sets the status for a code, in place of its default.
    pub fn answer(mut self, code: Code, status: u16) -> Self {
        self.answers.push((code, status));
        self
    }

    /// Sets the CORS policy: the other origins whose pages may read responses. Without one, CORS headers are left unchanged.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Sets the operator's own rule, which runs on every request whose credential was verified, for every scheme.
    ///
    /// A hook receives the request and the verified claims by name. It runs inside the decision, so it must not block.
    ///
    /// ```
    /// use playgate::{Site, schemes::Refuse};
    /// let site = Site::bucket("courses").any_host().hook(|request| {
    ///     if request.has("plan", "gold") { Ok(()) } else { Err(Refuse::default()) }
    /// });
    /// ```
    pub fn hook(
        mut self,
        rule: impl Fn(&HookRequest<'_>) -> Result<(), Refuse> + Send + Sync + 'static,
    ) -> Self {
        self.hook = Some(Hook::new(rule));
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
