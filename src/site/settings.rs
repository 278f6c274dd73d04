use std::sync::Arc;
use std::time::Duration;

use super::forward::Forward;
use super::identity::IdentityValue;
use super::rules::{Access, CacheScope, Transport};
use crate::cors::Cors;
use crate::error::Code;
use crate::schemes::jws::Jws;
use crate::schemes::{
    Carrier, CarrierSet, Carriers, Hook, HookRequest, Refused, Scheme, SiteSchemes, for_each_scheme,
};
use crate::scope::{Coverage, LiveShape, PrefixRule};
use crate::time::Leeway;

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
/// let channels = Site::live_by_path().host("live.example.com").require_exp();
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Site {
    pub(crate) id: Option<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) base_path: String,
    pub(crate) serves: Serves,
    pub(crate) access: Access,
    pub(crate) public_paths: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) transport: Transport,
    pub(crate) schemes: SiteSchemes,
    pub(crate) accepts: Option<Vec<Scheme>>,
    pub(crate) forward: Forward,
    pub(crate) carriers: Carriers,
    pub(crate) coverage: Coverage,
    pub(crate) require_exp: bool,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) leeway: Leeway,
    pub(crate) cache: CacheScope,
    pub(crate) strip_credentials: bool,
    pub(crate) grant_extension: bool,
    pub(crate) identity_headers: Vec<(String, IdentityValue)>,
    pub(crate) answers: Vec<(Code, u16)>,
    pub(crate) cors: Option<Cors>,
    pub(crate) hook: Option<Hook>,
}

/// What a site serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Object keys of one bucket; `{bucket}` takes its name from the host pattern.
    Bucket(String),
    /// Playback IDs.
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
            id: None,
            hosts: Vec::new(),
            base_path: "/".to_owned(),
            serves,
            access: Access::Authenticated,
            public_paths: Vec::new(),
            methods: vec!["GET".to_owned(), "HEAD".to_owned()],
            transport: Transport::Any,
            schemes: SiteSchemes { jws: Some(Jws::default()), ..SiteSchemes::none() },
            accepts: None,
            forward: Forward::auto(),
            carriers: Carriers::default(),
            coverage: Coverage::default(),
            require_exp: false,
            max_lifetime: None,
            leeway: Leeway::default(),
            cache: CacheScope::Private,
            strip_credentials: false,
            grant_extension: false,
            identity_headers: Vec::new(),
            answers: Vec::new(),
            cors: None,
            hook: None,
        }
    }

    /// The site's name in logs and in key scopes. Default: its first host.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// One host more: an exact name without port, or a pattern in which `{bucket}`, `{region}` or `{playback_id}`
    /// stands for (part of) one label.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Several hosts more.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
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
        self.base_path = base_path.into();
        self
    }

    /// Opens the whole site: no credential is looked at. The inner service must serve nothing else under its hosts.
    pub fn public(mut self) -> Self {
        self.access = Access::Public;
        self
    }

    /// Opens these object keys, or folders ending in `/`, without a credential.
    pub fn public_paths<I: IntoIterator<Item: Into<String>>>(mut self, paths: I) -> Self {
        self.public_paths = paths.into_iter().map(Into::into).collect();
        self
    }

    /// The methods that are let through with a good credential. Default `GET` and `HEAD`; HEAD is GET.
    pub fn methods<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Refuses requests that came over plain HTTP, except from a client on this machine: a peer on loopback that is no trusted
    /// proxy and was not forwarded ([`TrustedProxies::is_https`](crate::request::TrustedProxies::is_https)). A connection is TLS where the
    /// server says so (`TlsConnection` with the feature `http`), or a trusted proxy.
    pub fn require_https(mut self) -> Self {
        self.transport = Transport::Https;
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
        self.accepts = Some(schemes.into_iter().collect());
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
        let add = |set: CarrierSet, carrier| set.with(carrier, true);
        self.carriers.listed = carriers.into_iter().fold(CarrierSet::NONE, add);
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

    /// Refuses tokens whose empty `uri` would cover the whole bucket.
    pub fn no_whole_bucket(mut self) -> Self {
        self.coverage.whole_bucket = false;
        self
    }

    /// Refuses tokens without `exp`, which otherwise never expire.
    pub fn require_exp(mut self) -> Self {
        self.require_exp = true;
        self
    }

    /// Refuses tokens that still live longer than this, or for ever. Whole seconds.
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = Some(lifetime);
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
        self.leeway = leeway;
        self
    }

    /// Who says how answers may be cached. Default [`CacheScope::Private`].
    pub fn cache(mut self, scope: CacheScope) -> Self {
        self.cache = scope;
        self
    }

    /// Takes credentials out of the request, from every carrier that the site listens to, before the inner service
    /// sees it. The `Referer` loses them too, and is dropped where that cannot be told. A credential in the path stays: the
    /// path names what is served.
    pub fn strip_credentials(mut self) -> Self {
        self.strip_credentials = true;
        self
    }

    /// Puts an `OwnedGrant` into the request's extensions, for handlers.
    pub fn grant_extension(mut self) -> Self {
        self.grant_extension = true;
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
