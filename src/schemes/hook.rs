use std::net::IpAddr;
use std::sync::Arc;

use super::carriers::Carrier;
use super::claim::{ClaimSource, ClaimValue};
use super::kind::Scheme;
use crate::request::{RequestView, TrustedProxies};
use crate::scope::Resource;

/// The error with which a hook refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// A hook: the operator's own rule for requests whose credential was verified.
pub type HookFn = dyn Fn(&HookRequest<'_>) -> Result<(), Refused> + Send + Sync;

/// A request with a verified credential, as passed to a hook.
///
/// The credential covers the requested resource and was not revoked. The `Debug` output shows scheme, carrier and site.
///
/// ```
/// use playgate::schemes::Refused;
/// use playgate::Site;
///
/// let site = Site::bucket("courses").any_host().hook(|request| {
///     let is_upload = request.key().is_some_and(|key| key.starts_with("uploads/"));
///     let may = request.has("plan", "gold") || !is_upload;
///     if may && request.field("x-region", 0) != Some(b"eu-test") { Ok(()) } else { Err(Refused) }
/// });
/// ```
#[derive(Clone, Copy)]
pub struct HookRequest<'h> {
    pub(super) request: &'h dyn RequestView,
    pub(super) proxies: &'h TrustedProxies,
    pub(super) path: &'h [u8],
    pub(super) host: &'h [u8],
    pub(super) resource: Option<&'h Resource<'h>>,
    pub(super) site: &'h str,
    pub(super) scheme: Scheme,
    pub(super) carrier: Carrier,
    pub(super) claims: &'h dyn ClaimSource,
}

impl<'h> HookRequest<'h> {
    /// Returns the method, which is case-sensitive.
    pub fn method(&self) -> &'h str {
        self.request.method()
    }

    /// Returns the object key, or the file of a live stream: the path without the site's base path and without a token in the path.
    /// Returns `None` for the page of an embed token, which is not a resource.
    ///
    /// Apply rules about the resource to the key, because the path may begin with a base path or a token.
    pub fn key(&self) -> Option<&'h str> {
        let (Resource::Object { key, .. } | Resource::Live { file: key, .. }) = self.resource?;
        str::from_utf8(key).ok()
    }

    /// Returns the normal form of the whole path: percent-decoded, with its leading slash. It may contain a credential, so do not log
    /// it; see [`key`](Self::key).
    pub fn path(&self) -> &'h str {
        str::from_utf8(self.path).unwrap_or_default() // a path that has a normal form is UTF-8
    }

    /// Returns the host, in lower case and without port.
    pub fn host(&self) -> &'h str {
        str::from_utf8(self.host).unwrap_or_default() // a host is ASCII
    }

    /// Returns line number `nth` of a header field, counted from 0; see [`RequestView::field`].
    pub fn field(&self, name: &str, nth: usize) -> Option<&'h [u8]> {
        self.request.field(name, nth)
    }

    /// Returns the client's address: the connection's peer, or the address that the trusted proxies name.
    pub fn client(&self) -> Option<IpAddr> {
        self.proxies.client(self.request)
    }

    /// Returns the id of the site.
    pub const fn site(&self) -> &'h str {
        self.site
    }

    /// Returns the scheme of the credential.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the carrier of the credential.
    pub const fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Returns a claim of the credential, or `None` if the credential has no claim with this name.
    ///
    /// The module of each scheme lists its claims: [`jws`](super::jws), [`embed`](super::embed), [`link`](super::link) and so on.
    pub fn claim(&self, name: &str) -> Option<ClaimValue<'h>> {
        self.claims.claim(name)
    }

    /// Returns whether a claim is exactly this string.
    pub fn has(&self, name: &str, text: &str) -> bool {
        self.claim(name).is_some_and(|value| value.is(text))
    }
}

impl std::fmt::Debug for HookRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookRequest")
            .field("scheme", &self.scheme)
            .field("carrier", &self.carrier)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// The operator's own rule. Its `Debug` output shows nothing of it.
#[derive(Clone)]
pub(crate) struct Hook(pub(crate) Arc<HookFn>);

impl PartialEq for Hook {
    /// Compares by identity: two closures with the same code are two hooks.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}
