use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, ErrorKind, RedisResult, ServerErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::AbortHandle;

use super::absent::{Absent, Nothing};
use super::digests::{Digests, Epoch, Put};
use super::link;
use super::names::{Digest, Names};
use super::options::{RedisStore, Staleness};
use super::server::{Held, Server, words};
use super::under_way::{Turn, UnderWay};
use super::untold::{Revoked, Untold, order_of_now};
use crate::embed::{EmbedToken, Known, Record, Stored};
use crate::rate::{Debts, Rate};
use crate::request::Network;
use crate::revocation::Revocation;
use crate::store::{Access, Answer, Found, LookUp, Reach, StoreError};
use crate::time::UnixSeconds;

/// This node's end of the shared store.
pub(in crate::store) struct Fleet {
    node: Arc<Node>,
    /// Everything that waits runs here, wherever it is asked for.
    runtime: Handle,
    link: AbortHandle,
    under_way: UnderWay,
}

/// What the link and the lookups share.
pub(super) struct Node {
    pub(super) access: Arc<Access>,
    pub(super) names: Arc<Names>,
    pub(super) staleness: Staleness,
    pub(super) timeout: Duration,
    contact: Mutex<Contact>,
    /// Tells the link that a connection is lost.
    pub(super) lost: Notify,
    /// When this was asked that the news have last answered.
    pub(super) heard: watch::Sender<Option<Instant>>,
    digests: Digests,
    absent: Absent,
    /// What clients owe for lookups that found nothing, since the node began.
    misses: Debts,
    began: Instant,
    lookups: Arc<Semaphore>,
    pub(super) untold: Untold,
}

/// Whether the server can be asked.
pub(super) enum Contact {
    Up(Server),
    /// Not, for this reason.
    Down(String),
}

/// How many lookups there are at a time.
const LOOKUPS: usize = 256;

/// How many clients are told apart.
const CLIENTS: usize = 4096;

impl Fleet {
    pub(super) fn start(options: &RedisStore, client: Client, runtime: Handle, access: Arc<Access>) -> Self {
        access.set_reach(Reach::OutOfTouch);
        let node = Arc::new(Node {
            access,
            names: Arc::new(Names::new(options.prefix.clone())),
            staleness: options.staleness,
            timeout: options.timeout,
            contact: Mutex::new(Contact::Down("not connected yet".to_owned())),
            lost: Notify::new(),
            heard: watch::Sender::new(None),
            digests: Digests::new(),
            absent: Absent::new(),
            misses: Debts::new(options.unknown.unwrap_or(Rate::OF_UNKNOWN_TOKENS), CLIENTS),
            began: Instant::now(),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            untold: Untold::default(),
        });
        let link = runtime.spawn(link::keep(Arc::clone(&node), client)).abort_handle();
        Self { node, runtime, link, under_way: UnderWay::default() }
    }

    /// Looks a token up, together with whoever does so already.
    pub(in crate::store) fn look_up(
        &self,
        token: EmbedToken,
        client: Option<IpAddr>,
        now: UnixSeconds,
    ) -> LookUp {
        let node = &self.node;
        let (moment, client) = (Instant::now(), client.map(Network::of));
        if let Some(answer) = node.absent.answer(&token, moment) {
            return LookUp::ready(Found::remembered(token, answer));
        }
        let mut permit = None;
        let turn = self.under_way.turn(token, || {
            permit = Arc::clone(&node.lookups).try_acquire_owned().ok();
            permit.is_some() && node.misses.allow(client, node.since(moment)).is_ok()
        });
        let waiting = match turn {
            Turn::Refused => return LookUp::ready(Found::new(token, Answer::Unavailable)),
            Turn::Wait(waiting) => waiting,
            Turn::Look(ticket, waiting) => {
                let node = Arc::clone(node);
                self.runtime.spawn(async move {
                    let answer = tokio::time::timeout(node.timeout, node.ask(token, now)).await;
                    let answer = answer.unwrap_or(Answer::Unavailable);
                    let moment = Instant::now();
                    match answer {
                        Answer::Absent => {
                            node.absent.remember(token, Nothing::Absent, moment);
                            node.misses.count(client, node.since(moment));
                        }
                        Answer::Revoked => node.absent.remember(token, Nothing::Revoked, moment),
                        Answer::Record(_) | Answer::Unavailable => {}
                    }
                    ticket.tell(answer);
                    drop(permit);
                });
                waiting
            }
        };
        LookUp::new(async move { Found::new(token, waiting.await) })
    }

    pub(in crate::store) async fn issue(
        &self,
        token: EmbedToken,
        stored: Stored,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        self.run(|node| async move {
            let (asked, digest) = (node.digests.epoch(), Digest::of(token));
            let told = node.call(async |server| server.issue(digest, &stored, now.get()).await).await;
            let order = told?.ok_or(StoreError::Taken)?;
            node.put_issued(token, digest, &stored, order, now, asked)
        })
        .await
    }

    pub(in crate::store) async fn revoke_token(&self, token: EmbedToken) -> Result<(), StoreError> {
        let digest = Digest::of(token);
        self.node.digests.revoke(digest, |_| ()); // the record is revoked already
        self.run(|node| async move {
            let told = node.call(async |server| server.revoke_token(digest).await).await;
            node.or_later(told, || Revoked::Token(digest))
        })
        .await
    }

    pub(in crate::store) async fn rotate(
        &self,
        realm: &str,
        video: &str,
        next: Option<(EmbedToken, Stored)>,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        let (realm, video) = (realm.to_owned(), video.to_owned());
        if next.is_none() {
            // Here at once, whatever becomes of the others; a rotation that fails revokes nothing.
            let embeds = &self.node.access.embeds;
            embeds.revoke_video(&realm, &video, embeds.order(), now);
        }
        let up_to = order_of_now();
        self.run(|node| async move {
            let asked = node.digests.epoch();
            let sent = next.as_ref().map(|(token, stored)| (Digest::of(*token), stored));
            let mut told =
                node.call(async |server| server.rotate(&realm, &video, sent, now.get()).await).await;
            if next.is_none() {
                let revoked = || Revoked::Video { realm: realm.clone(), id: video.clone(), up_to };
                told = node.or_later(told, revoked);
            }
            let (up_to, order) = told?.ok_or(StoreError::Taken)?;
            node.access.embeds.revoke_video(&realm, &video, up_to, now);
            match next {
                Some((token, stored)) => {
                    node.put_issued(token, Digest::of(token), &stored, order, now, asked)
                }
                None => Ok(()),
            }
        })
        .await
    }

    pub(in crate::store) async fn revoke_viewer(
        &self,
        viewer: &str,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        let embeds = &self.node.access.embeds;
        embeds.revoke_viewer(viewer, embeds.order(), now); // here at once, whatever becomes of the others
        let (viewer, up_to) = (viewer.to_owned(), order_of_now());
        self.run(|node| async move {
            let told = node.call(async |server| server.revoke_viewer(&viewer).await).await;
            let up_to = node.or_later(told, || Revoked::Viewer { id: viewer.clone(), up_to })?;
            node.access.embeds.revoke_viewer(&viewer, up_to, now);
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let revocation = revocation.clone();
        self.run(|node| async move {
            let told = node.call(async |server| server.revoke(&revocation).await).await;
            node.or_later(told, || Revoked::Signed(revocation))
        })
        .await
    }

    pub(in crate::store) async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let revocation = revocation.clone();
        self.run(|node| async move {
            let was = node.call(async |server| server.restore(&revocation).await).await?;
            let was_here = node.access.revocations.remove(revocation.kind, &revocation.name);
            Ok(was || was_here)
        })
        .await
    }

    /// Waits until the store was reached.
    pub(in crate::store) async fn ready(&self) {
        let mut heard = self.node.heard.subscribe();
        let _ = heard.wait_for(Option::is_some).await; // the sender is held here
    }

    /// Does it on the store's own runtime, to its end, whoever goes away.
    async fn run<T, F>(&self, work: impl FnOnce(Arc<Node>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let done = self.runtime.spawn(work(Arc::clone(&self.node))).await;
        done.unwrap_or_else(|_| Err(unavailable("the runtime it was connected in has ended")))
    }
}

impl Node {
    /// For how long it had run by then.
    fn since(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.began)
    }

    /// What the server says of a token; a record that is good is in memory then.
    async fn ask(&self, token: EmbedToken, now: UnixSeconds) -> Answer {
        let digest = Digest::of(token);
        // Again, where everything was forgotten meanwhile.
        for _ in 0..2 {
            let asked = self.digests.epoch();
            let (order, json, revoked) = match self.call(async |server| server.look_up(digest).await).await {
                Err(_) => return Answer::Unavailable,
                Ok(None) => return Answer::Absent,
                Ok(Some(Held::Revoked)) => return Answer::Revoked,
                Ok(Some(Held::Unreadable)) => return self.unreadable(token, "it has no place in the order"),
                Ok(Some(Held::Record { order, json, revoked })) => (order, json, revoked),
            };
            let stored = match Stored::read(&json) {
                Ok(stored) => stored,
                Err(found) => return self.unreadable(token, &found),
            };
            let embeds = &self.access.embeds;
            if revoked.0 > 0 {
                embeds.revoke_video(&stored.realm, &stored.video, revoked.0, now);
            }
            if let Some(viewer) = &stored.viewer
                && revoked.1 > 0
            {
                embeds.revoke_viewer(viewer, revoked.1, now);
            }
            let Ok(record) = embeds.record(token, &stored, order, now) else {
                return self.unreadable(token, "it breaks the rules for records");
            };
            if embeds.is_revoked(&record) {
                return Answer::Revoked;
            }
            match self.put(digest, token, asked, &record) {
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

    fn unreadable(&self, token: EmbedToken, found: &str) -> Answer {
        crate::log::event!(
            WARN,
            found = found,
            "record in the shared store cannot be read, and opens nothing"
        );
        self.absent.remember(token, Nothing::Unreadable, Instant::now());
        Answer::Unavailable
    }

    fn put(&self, digest: Digest, token: EmbedToken, asked: Epoch, record: &Arc<Record>) -> Put {
        self.digests.put(digest, token, asked, || self.access.embeds.put_found(record))
    }

    /// Puts in memory what was issued here.
    fn put_issued(
        &self,
        token: EmbedToken,
        digest: Digest,
        stored: &Stored,
        order: u64,
        now: UnixSeconds,
        asked: Epoch,
    ) -> Result<(), StoreError> {
        let record = self.access.embeds.record(token, stored, order, now).map_err(StoreError::Refused)?;
        self.put(digest, token, asked, &record); // or else a lookup brings what is left of it
        self.absent.forget(&token);
        Ok(())
    }

    /// Revokes in memory what another node has revoked.
    pub(super) fn revoke_digest(&self, digest: Digest, now: UnixSeconds) {
        self.digests.revoke(digest, |token| self.access.embeds.revoke(&token, now));
    }

    /// Forgets every record: each is looked up again.
    pub(super) fn forget(&self) {
        self.digests.forget(|| self.access.embeds.forget());
        self.absent.forget_all();
    }

    /// Drops what stands for no record any more.
    pub(super) async fn tidy(&self) {
        let embeds = &self.access.embeds;
        for () in self.digests.tidy(Instant::now(), |token| !matches!(embeds.look(token), Known::Unknown)) {
            tokio::task::yield_now().await; // news come first
        }
    }

    pub(super) fn set_contact(&self, contact: Contact) {
        *self.contact.lock().unwrap_or_else(PoisonError::into_inner) = contact;
    }

    /// Asks the server; the link is told of a connection that is lost, or leads to a server that cannot be written to.
    async fn call<T>(&self, ask: impl AsyncFnOnce(Server) -> RedisResult<T>) -> Result<T, StoreError> {
        let server = match &*self.contact.lock().unwrap_or_else(PoisonError::into_inner) {
            Contact::Up(server) => server.clone(),
            Contact::Down(found) => return Err(unavailable(found)),
        };
        ask(server).await.map_err(|error| {
            if error.is_unrecoverable_error() || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
            {
                self.lost.notify_one();
            }
            unavailable(&words(&error))
        })
    }

    /// Keeps a revocation of which the server could not be told, and has the link tell it.
    fn or_later<T>(
        &self,
        told: Result<T, StoreError>,
        revoked: impl FnOnce() -> Revoked,
    ) -> Result<T, StoreError> {
        if told.is_err() {
            self.untold.keep(revoked());
            self.lost.notify_one();
        }
        told
    }
}

fn unavailable(found: &str) -> StoreError {
    StoreError::Unavailable { found: found.to_owned() }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.link.abort();
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Access { embeds, revocations, .. } = &*self.node.access;
        f.debug_struct("Fleet")
            .field("reach", &self.node.access.reach())
            .field("tokens", &embeds.len())
            .field("revocations", &revocations.len())
            .finish_non_exhaustive()
    }
}
