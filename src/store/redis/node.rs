use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::{Notify, Semaphore, watch};

use super::absent::{Absent, Nothing};
use super::digests::{Digests, Epoch, Put};
use super::kept::{Kept, Order, Revoked};
use super::names::{Digest, Names};
use super::options::{RedisStore, Replicas, Staleness};
use super::server::{Held, Server, connect, words};
use crate::rate::{LimiterTable, Rate};
use crate::records::{EmbedToken, Known, Record, Stored};
use crate::revocation::Revocation;
use crate::store::{Access, Answer, StoreError};
use crate::time::UnixSeconds;

/// The state that the link, the lookups and the revocations of one node share.
pub(super) struct Node {
    pub(super) access: Arc<Access>,
    pub(super) names: Arc<Names>,
    pub(super) staleness: Staleness,
    pub(super) timeout: Duration,
    contact: Mutex<Contact>,
    /// Wakes the link when a command finds the connection lost.
    pub(super) lost: Notify,
    /// The time of the last request for news that was answered.
    pub(super) current_at: watch::Sender<Option<Instant>>,
    pub(super) digests: Digests,
    pub(super) absent: Absent,
    /// The lookups of each client that found nothing; times are counted from `began`.
    pub(super) misses: LimiterTable,
    began: Instant,
    pub(super) lookups: Arc<Semaphore>,
    pub(super) kept: Kept,
    weaknesses: Mutex<Vec<String>>,
    replicas: Option<Replicas>,
    client: Client,
    /// Limits the connections that wait for replicas.
    waits: Semaphore,
}

/// The state of the connection on which commands are sent to the server.
pub(super) enum Contact {
    Up(Server),
    /// No connection, for this reason.
    Down(String),
}

/// The server's answer to a change, and an error if too few replicas have acknowledged it.
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) replicas: Result<(), StoreError>,
}

/// The maximum number of concurrent lookups.
const LOOKUPS: usize = 256;

/// The maximum number of revocations that wait for replicas at a time. Each has a connection of its own, because a shared one
/// would delay the lookups.
const WAITS: usize = 16;

/// The number of clients whose lookups are counted separately.
const CLIENTS: usize = 4096;

impl Node {
    pub(super) fn new(options: &RedisStore, client: Client, access: Arc<Access>) -> Self {
        Self {
            access,
            names: Arc::new(Names::new(options.prefix.clone())),
            staleness: options.staleness,
            timeout: options.timeout,
            contact: Mutex::new(Contact::Down("not connected yet".to_owned())),
            lost: Notify::new(),
            current_at: watch::Sender::new(None),
            digests: Digests::new(),
            absent: Absent::new(),
            misses: LimiterTable::new(options.unknown.unwrap_or(Rate::OF_UNKNOWN_TOKENS), CLIENTS),
            began: Instant::now(),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            kept: Kept::default(),
            weaknesses: Mutex::default(),
            replicas: options.replicas,
            client,
            waits: Semaphore::new(WAITS),
        }
    }

    /// Returns how long the node had run at a moment.
    pub(super) fn since(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.began)
    }

    /// Looks a token up at the server. If the token is valid, its record is in memory afterwards.
    pub(super) async fn look_up(&self, token: EmbedToken, now: UnixSeconds) -> Answer {
        let digest = Digest::of(token);
        // A second attempt, if everything was forgotten meanwhile.
        for _ in 0..2 {
            let epoch = self.digests.epoch();
            let found = self.call(async |server| server.look_up(digest).await).await;
            // A revocation that this node knows overrides the server's answer, unless the token was issued after it.
            let up_to = self.kept.up_to(&Revoked::Token(digest));
            let (order, json, revoked) = match found {
                Err(_) | Ok(None) if up_to.is_some() => return Answer::Revoked,
                Err(_) => return Answer::Unavailable,
                Ok(None) => return Answer::Absent,
                Ok(Some(Held::Revoked)) => return Answer::Revoked,
                Ok(Some(Held::Unreadable)) => return self.unreadable(token, "it has no order number"),
                Ok(Some(Held::Record { order, json, revoked })) => (order, json, revoked),
            };
            if up_to.is_some_and(|up_to| order <= up_to) {
                return Answer::Revoked;
            }
            let stored = match Stored::read(&json) {
                Ok(stored) => stored,
                Err(found) => return self.unreadable(token, &found),
            };
            self.revoke_groups(&stored, revoked, now);
            let embeds = &self.access.embeds;
            let Ok(record) = embeds.record(token, &stored, order, now) else {
                return self.unreadable(token, "it breaks the rules for records");
            };
            if embeds.is_revoked(&record) {
                return Answer::Revoked;
            }
            match self.put(digest, token, epoch, &record) {
                Put::Done => {
                    return match embeds.look(&token) {
                        Known::Live(held) => Answer::Record(held),
                        Known::Revoked(_) => Answer::Revoked,
                        Known::Unknown => Answer::Unavailable,
                    };
                }
                Put::Revoked => return Answer::Revoked,
                Put::Late => {}
            }
        }
        Answer::Unavailable
    }

    /// Puts the revocations of a token's video and viewer in force, as the server and this node know them.
    fn revoke_groups(&self, stored: &Stored, (of_video, of_viewer): (u64, u64), now: UnixSeconds) {
        let embeds = &self.access.embeds;
        let known = |revoked: Revoked| self.kept.up_to(&revoked).unwrap_or_default();
        let (realm, id) = (stored.realm.clone(), stored.video.clone());
        let of_video = of_video.max(known(Revoked::Video { realm, id }));
        if of_video > 0 {
            embeds.revoke_video(&stored.realm, &stored.video, of_video, now);
        }
        if let Some(viewer) = &stored.viewer {
            let of_viewer = of_viewer.max(known(Revoked::Viewer(viewer.clone())));
            if of_viewer > 0 {
                embeds.revoke_viewer(viewer, of_viewer, now);
            }
        }
    }

    fn unreadable(&self, token: EmbedToken, found: &str) -> Answer {
        crate::log::event!(
            WARN,
            found = found,
            "record in the shared store cannot be read and grants nothing"
        );
        self.absent.remember(token, Nothing::Unreadable, Instant::now());
        Answer::Unavailable
    }

    fn put(&self, digest: Digest, token: EmbedToken, epoch: Epoch, record: &Arc<Record>) -> Put {
        self.digests.put(digest, token, epoch, || self.access.embeds.put_found(record))
    }

    /// Adds a token that was issued here to memory.
    pub(super) fn put_issued(
        &self,
        token: EmbedToken,
        digest: Digest,
        stored: &Stored,
        order: u64,
        now: UnixSeconds,
        epoch: Epoch,
    ) -> Result<(), StoreError> {
        let record = self.access.embeds.record(token, stored, order, now).map_err(StoreError::Refused)?;
        self.put(digest, token, epoch, &record); // if it is late or revoked by now, the next lookup decides
        self.absent.forget(&token);
        Ok(())
    }

    /// Revokes a token in memory that another node has revoked.
    pub(super) fn revoke_digest(&self, digest: Digest, now: UnixSeconds) {
        self.digests.revoke(digest, |token| self.access.embeds.revoke(&token, now));
    }

    /// Puts a revocation of signed tokens in force, with the place in the order that the server gave to it.
    pub(super) fn put_revoked(&self, revocation: &Revocation, order: u64) {
        self.access.revocations.add_at(revocation, order);
        self.access.revocations.set_order(revocation.kind, &revocation.name, order);
    }

    /// Estimates the place in the order of a revocation that is made now.
    pub(super) fn order_of_now(&self) -> Order {
        Order::of_now(self.access.embeds.order())
    }

    /// Forgets every record, so that each is looked up again.
    pub(super) fn forget(&self) {
        self.digests.forget(|| self.access.embeds.forget());
        self.absent.forget_all();
    }

    /// Removes digests without a record, and revocations of expired tokens.
    pub(super) async fn tidy(&self) {
        self.kept.sweep(UnixSeconds::now(), Instant::now());
        let embeds = &self.access.embeds;
        for () in self.digests.tidy(Instant::now(), |token| !matches!(embeds.look(token), Known::Unknown)) {
            tokio::task::yield_now().await; // news takes precedence
        }
    }

    pub(super) fn set_contact(&self, contact: Contact) {
        *self.contact() = contact;
    }

    fn contact(&self) -> MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the known weaknesses of the server, and warns of each new one.
    pub(super) fn set_weaknesses(&self, found: Vec<String>) {
        let mut known = self.weaknesses();
        for weakness in found.iter().filter(|one| !known.contains(one)) {
            crate::log::event!(
                WARN,
                prefix = self.names.prefix(),
                problem = weakness.as_str(),
                "shared store can lose acknowledged changes"
            );
        }
        *known = found;
    }

    fn weaknesses(&self) -> MutexGuard<'_, Vec<String>> {
        self.weaknesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the present problems of the server.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = self.weaknesses().clone();
        if let Contact::Down(found) = &*self.contact() {
            problems.insert(0, format!("shared store is unreachable: {found}"));
        }
        problems
    }

    /// Runs a command. The link reconnects if the connection is lost or its server is read-only.
    pub(super) async fn call<T>(
        &self,
        command: impl AsyncFnOnce(Server) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let server = self.server()?;
        command(server).await.map_err(|error| self.failed(&error))
    }

    /// Runs a command that changes data, and waits for replicas if [`RedisStore::wait_for_replicas`] was set.
    pub(super) async fn write<T>(
        &self,
        command: impl AsyncFnOnce(Server) -> RedisResult<T>,
    ) -> Result<Written<T>, StoreError> {
        let Some(Replicas { count, most }) = self.replicas else {
            return Ok(Written { value: self.call(command).await?, replicas: Ok(()) });
        };
        let shared = self.server()?;
        let _permit = self.waits.acquire().await;
        let connection = connect(&self.client, self.timeout, self.timeout).await;
        let connection = connection.map_err(|error| self.failed(&error))?;
        let mut server = Server { connection, names: shared.names };
        let value = command(server.clone()).await.map_err(|error| self.failed(&error))?;
        server.connection.set_response_timeout(self.timeout.saturating_add(most));
        // A lost connection counts as no acknowledgement.
        let acknowledged = server.wait(count, most).await.unwrap_or_default();
        let replicas = if acknowledged >= count {
            Ok(())
        } else {
            Err(StoreError::NotReplicated { acknowledged, wanted: count })
        };
        Ok(Written { value, replicas })
    }

    fn server(&self) -> Result<Server, StoreError> {
        match &*self.contact() {
            Contact::Up(server) => Ok(server.clone()),
            Contact::Down(found) => Err(unavailable(found)),
        }
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        if error.is_unrecoverable_error() || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
            self.lost.notify_one();
        }
        unavailable(&words(error))
    }

    /// If a revocation failed at the server, keeps it for the link to send.
    pub(super) fn or_later<T>(
        &self,
        written: Result<T, StoreError>,
        since: Order,
        revoked: impl FnOnce() -> Revoked,
    ) -> Result<T, StoreError> {
        if written.is_err() {
            self.kept.keep_pending(revoked(), since);
            self.lost.notify_one();
        }
        written
    }
}

pub(super) fn unavailable(found: &str) -> StoreError {
    StoreError::Unavailable { found: found.to_owned() }
}
