use std::any::Any;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrayvec::ArrayVec;

use super::binding::IpBinding;
use super::carriers::Carrier;
use super::claim::{ClaimSource, ClaimValue};
use super::kind::Scheme;
use crate::error::Denial;
use crate::error::refuse::Refuse;
use crate::request::{RequestView, TrustedProxies};
use crate::scope::Resource;
use crate::time::UnixSeconds;

/// The maximum length of the text of an IP address, in bytes: an IPv6 address whose last 32 bits are written as IPv4.
const MAX_ADDRESS_LEN: usize = 45;

/// A hook: the operator's own rule for requests whose credential was verified.
pub type HookFn = dyn Fn(&HookRequest<'_>) -> Result<(), Refuse> + Send + Sync;

/// A request with a verified credential, as passed to a hook.
///
/// The credential covers the requested resource and was not revoked. The `Debug` output shows scheme, carrier and site.
///
/// ```
/// use playgate::schemes::Refuse;
/// use playgate::Site;
///
/// let site = Site::bucket("courses").any_host().hook(|request| {
///     let is_upload = request.key().is_some_and(|key| key.starts_with("uploads/"));
///     let may = request.has("plan", "gold") || !is_upload;
///     if may && request.field("x-region", 0) != Some(b"eu-test") { Ok(()) } else { Err(Refuse::default()) }
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

    /// Returns the playback ID of a live stream, or `None` for an object of a bucket.
    pub fn playback_id(&self) -> Option<&'h str> {
        let Resource::Live { playback_id, .. } = self.resource? else { return None };
        str::from_utf8(playback_id).ok()
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

    /// Returns the client's address: the connection's peer, or the address that the trusted proxies report. If a proxy hides the
    /// client, the result is the address of the last known hop; see [`confirmed_client`](Self::confirmed_client).
    pub fn client(&self) -> Option<IpAddr> {
        self.proxies.client(self.request)
    }

    /// Returns the client's address if no proxy hides it. Rules about addresses should use this method and refuse `None`.
    pub fn confirmed_client(&self) -> Option<IpAddr> {
        self.proxies.confirmed_client(self.request)
    }

    /// Returns true if a claim contains the client's address, or an address in the same network.
    ///
    /// The claim must be a string with one IP address, without port, zone or prefix length. An IPv6 address that maps an IPv4
    /// address counts as IPv4, in the claim and for the client. In every other case, the result is false: if the claim is absent or
    /// is not an address, if the client's own address is unknown or [hidden](Self::confirmed_client), or if one address is IPv4 and
    /// the other is IPv6.
    ///
    /// ```
    /// use playgate::Site;
    /// use playgate::schemes::{Refuse, link::IpBinding};
    ///
    /// let network = IpBinding::EXACT.v4(24)?.v6(64)?;
    /// let site = Site::bucket("courses").any_host().hook(move |request| {
    ///     if request.client_matches("ip", network) { Ok(()) } else { Err(Refuse::new("other_client")) }
    /// });
    /// # Ok::<(), playgate::ConfigError>(())
    /// ```
    pub fn client_matches(&self, claim: &str, binding: IpBinding) -> bool {
        let Some(ClaimValue::Text(text)) = self.claim(claim) else { return false };
        let mut buffer = ArrayVec::<u8, MAX_ADDRESS_LEN>::new();
        let named = text.resolve(&mut buffer).and_then(|text| str::from_utf8(text).ok()?.parse().ok());
        let (Some(named), Some(client)) = (named, self.confirmed_client()) else { return false };
        binding.cut(named) == binding.cut(client)
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
pub(crate) struct Hook(Arc<Watched<HookFn>>);

/// A hook's function, and the second in which its last panic was logged.
struct Watched<F: ?Sized> {
    panic_logged_at: AtomicI64,
    rule: F,
}

impl Hook {
    pub(crate) fn new(rule: impl Fn(&HookRequest<'_>) -> Result<(), Refuse> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Watched { panic_logged_at: AtomicI64::new(i64::MIN), rule }))
    }

    /// Runs the function. If the function panics, the panic is caught, and only this request is refused. The panic is logged if `logs`
    /// is true.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::RefusedByHook`], or [`Denial::HookPanicked`].
    #[inline]
    pub(super) fn run(&self, request: &HookRequest<'_>, now: UnixSeconds, logs: bool) -> Result<(), Denial> {
        // This crate's data is unwind-safe: the function only reads the request, and the request is not used after a panic.
        match catch_unwind(AssertUnwindSafe(|| (self.0.rule)(request))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refuse)) => Err(Denial::RefusedByHook(refuse)),
            Err(payload) => {
                self.log_panic(payload, request.site, now, logs);
                Err(Denial::HookPanicked)
            }
        }
    }

    /// Logs a panic, at most once a second. The payload is not logged, because it may contain text of the request.
    #[cold]
    fn log_panic(&self, payload: Box<dyn Any + Send>, site: &str, now: UnixSeconds, logs: bool) {
        if logs && self.0.panic_logged_at.swap(now.get(), Ordering::Relaxed) != now.get() {
            crate::log::event!(ERROR, site = site, "hook panicked: the request is refused");
        }
        // Dropping the payload may panic too. The payload of that second panic is leaked, because dropping it may panic again.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(second);
        }
    }
}

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
