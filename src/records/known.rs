use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use smol_str::SmolStr;

use super::allowed::AllowedOrigins;
use super::counts::{Counts, EmbedCounts};
use super::record::{Record, Video};
use super::stored::Stored;
use super::table::{Group, RevokedAlone, Sight, Table};
use super::token::EmbedToken;
use crate::error::ConfigErrors;
use crate::rate::Limiter;
use crate::time::UnixSeconds;

/// Every embed token that this process knows, and the revocations.
#[derive(Debug, Default)]
pub(crate) struct KnownTokens {
    table: Table<Record>,
    /// The shared data. Decisions do not read it, because each record holds the parts that it needs.
    shared: Mutex<Shared>,
}

/// The data that records have in common.
#[derive(Debug, Default)]
struct Shared {
    /// The videos, by realm and id.
    videos: HashTable<Arc<Video>>,
    hasher: RandomState,
    /// The lists of origins, by their texts, one on each line.
    origins: HashMap<Box<str>, Arc<AllowedOrigins>>,
}

/// The result of looking for a token.
#[derive(Debug)]
pub(crate) enum Known {
    /// A valid token, as far as revocation is concerned.
    Live(Arc<Record>),
    /// A revoked token, with its record if that still exists.
    Revoked(Option<Arc<Record>>),
    Unknown,
}

impl KnownTokens {
    /// Returns the state of a token. Allocates nothing, and waits only while a single entry is changed.
    pub(crate) fn look(&self, token: &EmbedToken) -> Known {
        match self.table.look(token) {
            Sight::Live(record) => Known::Live(record),
            Sight::Revoked(record) => Known::Revoked(record),
            Sight::Unknown => Known::Unknown,
        }
    }

    /// Returns whether a record that was found elsewhere is revoked by the revocations known here.
    pub(crate) fn is_revoked(&self, record: &Record) -> bool {
        self.table.is_revoked(record)
    }

    /// Returns the place in the order for a token that is issued here.
    pub(crate) fn next_order(&self) -> u64 {
        self.table.next_order()
    }

    /// Returns the order so far.
    pub(crate) fn order(&self) -> u64 {
        self.table.order()
    }

    /// Creates a record to be added.
    pub(crate) fn record(
        &self,
        token: EmbedToken,
        stored: &Stored,
        order: u64,
        now: UnixSeconds,
    ) -> Result<Arc<Record>, ConfigErrors> {
        let origins = stored.check()?;
        let limiter = stored.rate.map(Limiter::new).map(Box::new);
        let metadata = (!stored.metadata.is_empty()).then(|| serde_json::to_string(&stored.metadata));
        let mut shared = self.lock();
        Ok(Arc::new(Record {
            token,
            revoked_alone: RevokedAlone::default(),
            video: shared.video(&stored.realm, &stored.video),
            viewer: stored.viewer.as_deref().map(SmolStr::new),
            expires: stored.exp.unwrap_or(i64::MAX),
            origins: origins.map(|origins| shared.origins(origins)),
            limiter,
            metadata: metadata.and_then(Result::ok).map(|object| Box::new(object.into())),
            order,
            counts: Counts::since(now),
        }))
    }

    /// Adds a new record. Returns false if its token is already known.
    pub(crate) fn put_new(&self, record: &Arc<Record>) -> bool {
        self.table.put_new(record)
    }

    /// Adds a record that was found elsewhere, unless its token was revoked meanwhile.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store finds"))]
    pub(crate) fn put_found(&self, record: &Arc<Record>) {
        self.table.put_found(record);
    }

    pub(crate) fn revoke(&self, token: &EmbedToken, now: UnixSeconds) {
        self.table.revoke(token, now.get());
    }

    /// Revokes the tokens of a video up to an order.
    pub(crate) fn revoke_video(&self, realm: &str, video: &str, up_to: u64, now: UnixSeconds) {
        let video = self.lock().video(realm, video);
        self.table.revoke_group(&video.group, up_to, now.get());
    }

    /// Revokes the tokens of a viewer up to an order.
    pub(crate) fn revoke_viewer(&self, viewer: &str, up_to: u64, now: UnixSeconds) {
        self.table.revoke_viewer(viewer, up_to, now.get());
    }

    /// Removes expired and revoked records, and those that were not requested since `idle_since`.
    pub(crate) fn sweep(&self, now: UnixSeconds, idle_since: Option<UnixSeconds>) {
        self.table.sweep(now.get(), idle_since.map(UnixSeconds::get));
        let mut shared = self.lock();
        // Under the lock that hands them out, so that no entry is removed that is about to be used.
        shared.videos.retain(|video| Arc::strong_count(video) > 1 || video.group.is_remembered(now.get()));
        shared.origins.retain(|_, origins| Arc::strong_count(origins) > 1);
    }

    /// Removes every record, so that each is looked up again.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store looks up again"))]
    pub(crate) fn forget(&self) {
        self.table.forget();
    }

    /// Returns the number of known tokens.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(crate) fn len(&self) -> usize {
        self.table.len().0
    }

    pub(crate) fn counts(&self, token: &EmbedToken) -> Option<EmbedCounts> {
        match self.table.look(token) {
            Sight::Live(record) | Sight::Revoked(Some(record)) => Some(record.counts.read()),
            Sight::Revoked(None) | Sight::Unknown => None,
        }
    }

    pub(crate) fn video_counts(&self, realm: &str, video: &str) -> Option<EmbedCounts> {
        self.lock().find(realm, video).map(|video| video.counts.read())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // After a panic the entries are still complete.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn find(&self, realm: &str, id: &str) -> Option<&Arc<Video>> {
        let hash = self.hasher.hash_one((realm, id));
        self.videos.find(hash, |video| video.realm == realm && video.id == id)
    }

    fn video(&mut self, realm: &str, id: &str) -> Arc<Video> {
        if let Some(video) = self.find(realm, id) {
            return Arc::clone(video);
        }
        let video = Arc::new(Video {
            realm: realm.into(),
            id: id.into(),
            group: Group::default(),
            counts: Counts::default(),
        });
        let hash = |video: &Arc<Video>| self.hasher.hash_one((&*video.realm, &*video.id));
        self.videos.insert_unique(hash(&video), Arc::clone(&video), hash);
        video
    }

    fn origins(&mut self, origins: AllowedOrigins) -> Arc<AllowedOrigins> {
        let texts = origins.texts().join("\n").into_boxed_str();
        Arc::clone(self.origins.entry(texts).or_insert_with(|| Arc::new(origins)))
    }
}
