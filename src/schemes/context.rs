//! The context of a decision: the state that a credential is verified against.

use std::cell::Cell;

use super::carriers::Carrier;
use super::claim::ClaimSource;
use super::failures::Failures;
use super::hook::{Hook, HookRequest};
use super::jws::{SeenTokens, Signed};
use super::key_revocation::is_key_revoked;
use super::kind::Scheme;
use super::recorder::{Event, NamedKey, Recorder};
use super::rule::Rule;
use crate::error::Denial;
use crate::keys::{Key, KeyRef, KeySet};
use crate::request::{Client, RequestView, Target, TrustedProxies};
use crate::scope::{Coverage, Resource, Serving, Streams};
use crate::stats::Noted;
use crate::store::{Access, Found, Need, Reach};
use crate::time::{TimeRules, UnixSeconds};

/// The request, the site and the state in force, as one decision reads them.
///
/// `'r` is the request; `'s` is the snapshot and the decision's buffers on the stack.
pub(crate) struct Context<'s, 'r, R> {
    pub(crate) now: UnixSeconds,
    pub(crate) request: &'r dyn RequestView,
    pub(crate) target: Target<'r>,
    pub(crate) requested: Requested<'s>,
    pub(crate) resource: Resource<'s>,
    pub(crate) site: &'s SiteFacts,
    pub(crate) streams: &'s Streams,
    pub(crate) proxies: &'s TrustedProxies,
    pub(crate) keys: &'s KeySet,
    pub(crate) seen: &'s SeenTokens,
    pub(crate) failures: &'s Failures,
    pub(crate) access: &'s Access,
    /// The answers of lookups that earlier decisions on this request needed.
    pub(crate) found: Option<&'s Found>,
    /// The first lookup that this decision needs.
    pub(crate) need: Cell<Option<Need>>,
    /// Receives the applied rules, for an explanation.
    pub(crate) recorder: R,
    /// The work of this decision, for the counters.
    pub(crate) noted: &'s Cell<Noted>,
}

/// The requested path, host and query. Secure links and URL signatures sign parts of them.
#[derive(Clone, Copy)]
pub(crate) struct Requested<'s> {
    /// The normal form of the path.
    pub(crate) path: &'s [u8],
    /// The path without the site's base path.
    pub(crate) key: &'s [u8],
    pub(crate) host: &'s [u8],
    pub(crate) query: Option<&'s [u8]>,
}

/// The settings of a site that every scheme reads.
#[derive(Debug)]
pub(crate) struct SiteFacts {
    pub(crate) id: Box<str>,
    pub(crate) base_path: Box<str>,
    pub(crate) serves: Serving,
    pub(crate) times: TimeRules,
    pub(crate) coverage: Coverage,
    pub(crate) hook: Option<Hook>,
}

/// Proof that the site's hook accepted the request. Only [`Context::accept`] creates it.
#[derive(Debug)]
pub(crate) struct Accepted(());

impl<R: Recorder> Context<'_, '_, R> {
    /// Applies a rule and records its result.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    pub(super) fn check<T>(
        &self,
        rule: Rule,
        check: impl FnOnce() -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        self.recorder.check(rule, check)
    }

    /// Records the key with which the following rules are applied.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    pub(super) fn record_key(&self, key: &Key) {
        self.recorder.record(|| {
            Event::Key(NamedKey {
                kid: key.id().to_string(),
                algorithm: key.algorithm().name(),
                scope: key.scope().to_string(),
                issuer: key.issuer().map(str::to_owned),
                source: key.source().map(std::borrow::Cow::into_owned),
            })
        });
    }

    /// Returns true if this decision is counted. An explanation is not.
    #[expect(clippy::unused_self, reason = "reads as a property of the context")]
    pub(crate) const fn counts(&self) -> bool {
        R::DECIDES
    }

    /// Verifies a signature with a key, unless too many signatures failed for the client or the key. A failure is counted.
    pub(super) fn check_signature<T>(
        &self,
        key: &Key,
        verify: impl FnOnce() -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        self.failures.check(&|| self.client(), key.name(), self.now, self.counts(), verify)
    }

    /// Remembers a token that this key has signed.
    pub(super) fn remember(&self, token: &Signed<'_>, place: KeyRef, key: &Key) {
        if self.counts() && self.seen.admit(token, place, key) {
            self.note(Noted::eviction);
        }
    }

    /// Records the values that the next rule compares.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    pub(super) fn record_values(&self, values: impl FnOnce() -> String) {
        self.recorder.record(|| Event::Values(values()));
    }

    /// Returns the client, as determined from the connection and the trusted proxies.
    pub(crate) fn client(&self) -> Option<Client> {
        self.proxies.find(self.request)
    }

    /// Notes work for the counters.
    #[inline]
    pub(super) fn note(&self, work: impl FnOnce(Noted) -> Noted) {
        self.noted.set(work(self.noted.get()));
    }

    /// Notes a signature that was checked. If too many failures prevented the check, nothing is noted.
    pub(super) fn note_signature<T>(&self, key: &Key, result: &Result<T, Denial>) {
        match result {
            Ok(_) => self.note(|noted| noted.signature(key.algorithm(), true)),
            Err(denial) if denial.is_failed_signature() => {
                self.note(|noted| noted.signature(key.algorithm(), false));
            }
            Err(_) => {}
        }
    }

    /// Records a lookup that is needed before the credential can be verified, and returns the denial that applies until then.
    pub(super) fn look_up(&self, need: Need) -> Denial {
        self.need.set(self.need.take().or(Some(need)));
        Denial::StoreUnavailable
    }

    /// Returns whether [`look_up`](Self::look_up) was called.
    pub(super) fn needs_lookup(&self) -> bool {
        let need = self.need.take();
        let is_some = need.is_some();
        self.need.set(need);
        is_some
    }

    /// Checks that a key is in force in this second.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::RetiredKey`] or [`Denial::StaleKey`].
    #[inline]
    pub(super) fn check_key_in_force(&self, key: &Key) -> Result<(), Denial> {
        check_in_force(key, self.now)
    }

    /// Checks that a key may sign for the resource.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::WrongKeyScope`].
    #[inline]
    pub(super) fn check_key_scope(&self, key: &Key) -> Result<(), Denial> {
        if key.scope().admits(&self.site.id, &self.resource, self.streams) {
            Ok(())
        } else {
            Err(Denial::WrongKeyScope)
        }
    }

    /// Checks that a key was not revoked.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::Revoked`], or [`Denial::StoreUnavailable`] if the revocations of other nodes are unknown.
    pub(super) fn check_key_revocation(&self, key: &Key) -> Result<(), Denial> {
        if self.access.reach() == Reach::OutOfTouch {
            return Err(Denial::StoreUnavailable);
        }
        if is_key_revoked(&self.access.revocations, key, None) {
            return Err(Denial::Revoked);
        }
        Ok(())
    }

    /// Accepts a credential whose own rules are all met, unless the site's hook refuses the request. `resource` is the resource
    /// that the credential was checked for, or `None` for the page of a token.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::RefusedByHook`], or [`Denial::HookPanicked`].
    #[inline]
    pub(super) fn accept(
        &self,
        by: (Scheme, Carrier),
        resource: Option<&Resource<'_>>,
        claims: &dyn ClaimSource,
    ) -> Result<Accepted, Denial> {
        let Some(hook) = &self.site.hook else { return Ok(Accepted(())) };
        self.check(Rule::Hook, || self.run_hook(hook, by, resource, claims)).map(|()| Accepted(()))
    }

    #[inline(never)] // most sites have no hook
    fn run_hook(
        &self,
        hook: &Hook,
        (scheme, carrier): (Scheme, Carrier),
        resource: Option<&Resource<'_>>,
        claims: &dyn ClaimSource,
    ) -> Result<(), Denial> {
        let request = HookRequest {
            request: self.request,
            proxies: self.proxies,
            path: self.requested.path,
            host: self.requested.host,
            resource,
            site: &self.site.id,
            scheme,
            carrier,
            claims,
        };
        hook.run(&request, self.now, self.counts())
    }
}

/// Checks that a key is in force in this second.
#[inline]
pub(super) fn check_in_force(key: &Key, now: UnixSeconds) -> Result<(), Denial> {
    if let Some(not_after) = key.retires().filter(|last| now > *last) {
        return Err(Denial::RetiredKey { not_after, now });
    }
    if let Some(until) = key.fresh_until().filter(|until| now > *until) {
        return Err(Denial::StaleKey { until, now });
    }
    Ok(())
}
