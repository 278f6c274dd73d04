use std::cell::Cell;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::faults::log_dangers;
use super::setup::Setup;
use super::span;
use super::sweeper::Sweeper;
use super::unenforced::warn_of_shadowed;
use crate::decide::{Decision, Paths, Snapshot, decide};
use crate::error::ConfigError;
use crate::explain::{Explanation, explain, may_be_explained};
use crate::keys::{Key, KeyIdentity, KeySet, Live};
use crate::request::RequestView;
use crate::schemes::Off;
use crate::site::{Policy, SiteView};
use crate::stats::{Counters, begin_sample, is_sample_due};
use crate::store::{Found, LookUp, Need, Store};
use crate::time::{Clock, UnixSeconds};

/// The public handle: decides requests, and replaces keys and policies at run time.
///
/// It is cheap to clone, and clones share everything. A change applies to every decision that starts after the call that made the
/// change has returned.
///
/// ```
/// use playgate::{Key, KeyScope, Site, Verifier};
///
/// let verifier = Verifier::builder()
///     .site(Site::bucket("courses").host("cdn.example.com"))
///     .key(Key::from_secret("2026-11", b"0123456789abcdef0123456789abcdef", KeyScope::bucket("courses"))?)
///     .build()?;
/// assert_eq!(verifier.keys().remove_kid("2026-11"), 1);
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    live: Live<Snapshot>,
    /// True if the policy in force sends explanations to anyone, so that a request can find out without loading the snapshot.
    sends_explanations: AtomicBool,
    store: Store,
    clock: Arc<dyn Clock>,
    sweeper: OnceLock<Sweeper>,
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "there is nothing to reload"))]
    setup: Setup,
}

impl Verifier {
    pub(super) fn start(snapshot: Snapshot, store: Store, clock: Arc<dyn Clock>, setup: Setup) -> Self {
        let sends_explanations = AtomicBool::new(snapshot.policy.explain.is_some());
        let live = Live::new(snapshot);
        let sweeper = OnceLock::new();
        Self(Arc::new(Shared { live, sends_explanations, store, clock, sweeper, setup }))
    }

    /// Returns the store. From the first call on, expired entries are removed from it.
    pub(super) fn store(&self) -> &Store {
        let Shared { store, clock, sweeper, .. } = &*self.0;
        sweeper.get_or_init(|| Sweeper::start(Arc::clone(store.access()), Arc::clone(clock)));
        store
    }

    pub(super) fn store_problems(&self) -> Vec<String> {
        self.0.store.problems()
    }

    #[cfg(feature = "config")]
    pub(super) fn setup(&self) -> &Setup {
        &self.0.setup
    }

    /// Decides one request, without I/O and without waiting. It allocates only [once](crate::decide) for a thread, for a
    /// remembered token, and for a public key. Cheap rules that can reject a request are applied first.
    pub fn decide<'r>(&self, request: &'r impl RequestView, now: UnixSeconds) -> Decision<'r> {
        self.decide_with(request, now, None)
    }

    /// Decides a request again, with the results of the lookups that earlier decisions [needed](Decision::Needs).
    ///
    /// A request with several cookies of one name may then need another lookup. Add its result with [`Found::and`], and decide
    /// again. After three lookups, no more are needed, so a loop ends. [`Verifier::reply`] runs this loop:
    ///
    /// ```
    /// # use playgate::{Decision, Verifier};
    /// # async fn granted(verifier: &Verifier, request: &http::Request<()>) -> bool {
    /// let mut found: Option<playgate::store::Found> = None;
    /// loop {
    ///     let need = match verifier.decide_with(request, verifier.now(), found.as_ref()) {
    ///         Decision::Needs(needed) => needed.need(),
    ///         decision => return matches!(decision, Decision::Granted(_)),
    ///     };
    ///     let next = verifier.look_up(need).await;
    ///     found = Some(match found {
    ///         Some(found) => found.and(next),
    ///         None => next,
    ///     });
    /// }
    /// # }
    /// ```
    pub fn decide_with<'r>(
        &self,
        request: &'r impl RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
    ) -> Decision<'r> {
        self.decide_on(request, now, found, Paths::Whole)
    }

    /// Decides and counts a request. If the path may be shortened, a decision that depends on the position of the path is a refusal.
    #[inline]
    pub(crate) fn decide_on<'r>(
        &self,
        request: &'r impl RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
        paths: Paths,
    ) -> Decision<'r> {
        // One branch for both, because almost no decision is observed.
        if is_sample_due() | span::is_enabled() {
            return self.decide_observed(request, now, found, paths);
        }
        self.decide_and_count(request, now, found, paths)
    }

    /// Decides and counts a request, records the latency of every [`SAMPLED_EVERY`](crate::stats::SAMPLED_EVERY)th decision, and
    /// decides in a span if a subscriber is interested.
    #[cold]
    #[inline(never)]
    fn decide_observed<'r>(
        &self,
        request: &'r impl RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
        paths: Paths,
    ) -> Decision<'r> {
        let decide = || span::decide_in_span(request, || self.decide_and_count(request, now, found, paths));
        if !is_sample_due() {
            return decide();
        }
        begin_sample();
        let started = Instant::now();
        let decision = decide();
        decision.snapshot().counters.latency.record(started.elapsed());
        decision
    }

    #[inline(never)] // large, and called from two places
    fn decide_and_count<'r>(
        &self,
        request: &'r impl RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
        paths: Paths,
    ) -> Decision<'r> {
        let state = self.0.live.load(); // policy and keys, as one, for the whole decision
        let noted = Cell::default();
        let decided = decide(&state, request, now, found, &noted, Off);
        Decision::new(state, decided, noted.get(), paths, request)
    }

    /// Explains the decision about a request: returns each rule with its values and its result, and the remedies.
    ///
    /// The outcome and the code are those of [`decide`](Self::decide). Nothing is counted, and no token is remembered. An
    /// explanation allocates, and takes longer than a decision.
    ///
    /// # Security
    ///
    /// An explanation contains claims and the names of keys, so show it to operators only.
    pub fn explain(&self, request: &dyn RequestView, now: UnixSeconds) -> Explanation {
        self.explain_with(request, now, None)
    }

    /// Explains the decision about a request with the result of a lookup, like [`decide_with`](Self::decide_with).
    pub fn explain_with(
        &self,
        request: &dyn RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
    ) -> Explanation {
        explain(&self.0.live.load(), request, now, found)
    }

    /// Returns whether some requests receive explanations, by the policy in force.
    #[inline]
    pub(crate) fn sends_explanations(&self) -> bool {
        self.0.sends_explanations.load(Ordering::Relaxed) // it orders nothing: the snapshot decides
    }

    /// Returns the explanation of a decision, if the request receives it in a response header.
    pub(crate) fn explain_to_client(
        &self,
        request: &impl RequestView,
        now: UnixSeconds,
        found: Option<&Found>,
    ) -> Option<Explanation> {
        let state = self.0.live.load();
        // A request is decided again after each lookup, but its token fails once.
        let counts = found.is_none();
        may_be_explained(&state, request, now, counts).then(|| explain(&state, request, now, found))
    }

    /// Starts the lookup that a decision needs, for servers that do not call [`Verifier::reply`].
    pub fn look_up(&self, need: Need) -> LookUp {
        let counters = self.counters();
        counters.lookups.start();
        let started = Instant::now();
        let ended = move |has_failed| counters.lookups.end(started.elapsed(), has_failed);
        self.store().look_up(need, self.now()).then(ended)
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.0.live.load().counters)
    }

    /// Returns the current second by the verifier's clock, which adapters use for decisions.
    pub fn now(&self) -> UnixSeconds {
        self.0.clock.now()
    }

    /// Returns a handle for changing keys.
    pub const fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// Replaces the policy, with its [additions](Policy::with_additions), and keeps the keys.
    pub fn swap(&self, policy: Policy) {
        let Ok(()) = self.update(|state| Ok::<_, Infallible>(state.with_policy(policy)));
    }

    /// Replaces policy and keys together with the result of `change` for the current snapshot. If `change` fails, nothing
    /// changes.
    ///
    /// Changes are applied one at a time, so `change` must not itself change this verifier: the call would deadlock.
    ///
    /// # Errors
    ///
    /// Returns the error of `change`.
    pub fn update<E>(&self, change: impl FnOnce(&Snapshot) -> Result<Snapshot, E>) -> Result<(), E> {
        let mut before = None;
        self.0.live.update(|state| {
            before = Some(Arc::clone(&state.policy));
            let next = change(state)?;
            self.0.sends_explanations.store(next.policy.explain.is_some(), Ordering::Relaxed);
            Ok(next)
        })?;
        let state = self.0.live.load();
        if let Some(before) = before.filter(|before| !Arc::ptr_eq(before, &state.policy)) {
            warn_of_shadowed(Some(&before), &state.policy);
        }
        crate::log::event!(
            INFO,
            sites = state.policy.sites().count(),
            keys = state.keys.len(),
            "policy and keys replaced"
        );
        Ok(())
    }

    /// Returns the current policy and keys. The snapshot shares their parts.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::clone(&self.0.live.load())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.live.load();
        f.debug_struct("Verifier")
            .field("sites", &state.policy.sites().map(SiteView::id).collect::<Vec<_>>())
            .field("keys", &state.keys)
            .finish()
    }
}

/// The keys in force, with methods to change them; see [`Verifier::keys`].
#[derive(Clone, Copy, Debug)]
pub struct Keys<'v>(&'v Verifier);

impl Keys<'_> {
    /// Adds a key.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::DuplicateKey`] if a key with the same identity exists; nothing changes in that case.
    pub fn insert(self, key: Key) -> Result<(), ConfigError> {
        log_dangers(std::slice::from_ref(&key));
        self.0.update(|state| Ok(state.with_keys(state.keys.with(key)?)))
    }

    /// Replaces the key with the same identity, as one change: a rotation under one `kid`. Tokens of the previous key are then
    /// rejected as `bad_signature`.
    ///
    /// If the previous key came from a source, the new key counts as a key that was set in code: it stays when the file changes.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::NoSuchKey`] if there is no such key; nothing changes in that case.
    pub fn replace_key(self, key: Key) -> Result<(), ConfigError> {
        log_dangers(std::slice::from_ref(&key));
        self.0.update(|state| Ok(state.with_keys(state.keys.with_replaced(key)?)))
    }

    /// Removes the key with this identity. Returns whether it existed.
    pub fn remove(self, identity: &KeyIdentity) -> bool {
        self.0
            .update(|state| state.keys.without(identity).map(|keys| state.with_keys(keys)).ok_or(()))
            .is_ok()
    }

    /// Removes every key with this `kid`, whatever its scope. Returns the number of keys removed.
    pub fn remove_kid(self, kid: &str) -> usize {
        let mut removed = 0;
        let _ = self.0.update(|state| {
            let keys;
            (keys, removed) = state.keys.without_kid(kid);
            if removed > 0 { Ok(state.with_keys(keys)) } else { Err(()) }
        });
        removed
    }

    /// Replaces the whole key set. Keys of sources that are not part of the new set are not loaded again until their files
    /// change.
    pub fn replace(self, keys: KeySet) {
        let Ok(()) = self.0.update(|state| Ok::<_, Infallible>(state.with_keys(keys)));
    }

    /// Returns the key set in force. The copy shares its parts.
    pub fn snapshot(self) -> KeySet {
        self.0.0.live.load().keys.clone()
    }
}
