use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use super::faults::tell_dangers;
use super::setup::Setup;
use super::sweeper::Sweeper;
use crate::decide::{Decision, Snapshot, decide};
use crate::error::ConfigError;
use crate::keys::{Key, KeyIdentity, KeySet, Live};
use crate::request::RequestView;
use crate::site::{Policy, SiteView};
use crate::store::{Found, LookUp, Need, Store};
use crate::time::{Clock, UnixSeconds};

/// Decides requests; and while it does, takes new keys and policies.
///
/// Cheap to clone; clones share everything. A change is in force for every decision that starts after the call
/// that made it has returned.
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
    store: Store,
    clock: Arc<dyn Clock>,
    sweeper: OnceLock<Sweeper>,
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "there is nothing to read again"))]
    setup: Setup,
}

impl Verifier {
    pub(super) fn start(snapshot: Snapshot, store: Store, clock: Box<dyn Clock>, setup: Setup) -> Self {
        let (live, clock) = (Live::new(snapshot), clock.into());
        Self(Arc::new(Shared { live, store, clock, sweeper: OnceLock::new(), setup }))
    }

    /// Returns the store, from when on what is dead in it is swept.
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

    /// Decides one request. No I/O, no waiting, no allocation but [once](crate::decide) for a thread, for a token that is remembered,
    /// and for a public key; what can be refused cheaply is refused first.
    pub fn decide<'r>(&self, request: &'r impl RequestView, now: UnixSeconds) -> Decision<'r> {
        self.decide_with(request, now, None)
    }

    /// Decides a request again, with what was found of what earlier decisions [needed](Decision::Needs).
    ///
    /// A request with several cookies of one name can need another lookup then: add its answer with [`Found::and`], and
    /// decide again. After three lookups nothing more is needed, so a loop ends. [`Verifier::reply`] runs this one:
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
        let state = self.0.live.load(); // policy and keys, as one, for the whole decision
        let decided = decide(&state, request, now, found);
        Decision::new(state, decided)
    }

    /// Looks up what a decision needs, for a server that does not leave this to [`Verifier::reply`].
    pub fn look_up(&self, need: Need) -> LookUp {
        self.store().look_up(need, self.now())
    }

    /// What the verifier's clock says: the second that adapters decide in.
    pub fn now(&self) -> UnixSeconds {
        self.0.clock.now()
    }

    /// Returns a handle to change keys with.
    pub const fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// Puts another policy in force, with the same keys.
    pub fn swap(&self, policy: Policy) {
        let Ok(()) = self.update(|state| Ok::<_, Infallible>(state.with_policy(policy)));
    }

    /// Replaces policy and keys as one, by what `change` makes of what is in force. On an error nothing changes.
    ///
    /// Changes take turns, so `change` must not itself change this verifier: it would wait for itself.
    ///
    /// # Errors
    ///
    /// What `change` returns.
    pub fn update<E>(&self, change: impl FnOnce(&Snapshot) -> Result<Snapshot, E>) -> Result<(), E> {
        self.0.live.update(change)?;
        let state = self.0.live.load();
        crate::log::event!(INFO, sites = state.policy.sites().count(), keys = state.keys.len(), "swapped");
        Ok(())
    }

    /// What is in force now: a copy that shares its parts.
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

/// The keys in force, and the ways to change them; see [`Verifier::keys`].
#[derive(Clone, Copy, Debug)]
pub struct Keys<'v>(&'v Verifier);

impl Keys<'_> {
    /// Adds a key.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DuplicateKey`] if a key of its identity is there already; nothing changes then.
    pub fn insert(self, key: Key) -> Result<(), ConfigError> {
        tell_dangers(std::slice::from_ref(&key));
        self.0.update(|state| Ok(state.with_keys(state.keys.with(key)?)))
    }

    /// Replaces the key of the same identity, as one change: a rotation under one `kid`. Tokens by the key before are refused as
    /// `bad_signature` from then on.
    ///
    /// If the key before came from a source, the new one counts as a key of code: it stays when the file changes.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoSuchKey`] if there is none; nothing changes then.
    pub fn replace_key(self, key: Key) -> Result<(), ConfigError> {
        tell_dangers(std::slice::from_ref(&key));
        self.0.update(|state| Ok(state.with_keys(state.keys.with_replaced(key)?)))
    }

    /// Takes the key of this identity out of force. Returns whether it was there.
    pub fn remove(self, identity: &KeyIdentity) -> bool {
        self.0
            .update(|state| state.keys.without(identity).map(|keys| state.with_keys(keys)).ok_or(()))
            .is_ok()
    }

    /// Takes every key of this `kid` out of force, whatever it may sign for. Returns how many there were.
    pub fn remove_kid(self, kid: &str) -> usize {
        let mut removed = 0;
        let _ = self.0.update(|state| {
            let keys;
            (keys, removed) = state.keys.without_kid(kid);
            if removed > 0 { Ok(state.with_keys(keys)) } else { Err(()) }
        });
        removed
    }

    /// Puts another set in force as a whole. Keys of sources that are not in it stay out until their files change.
    pub fn replace(self, keys: KeySet) {
        let Ok(()) = self.0.update(|state| Ok::<_, Infallible>(state.with_keys(keys)));
    }

    /// Returns the set in force now: a copy that shares its parts.
    pub fn snapshot(self) -> KeySet {
        self.0.0.live.load().keys.clone()
    }
}
