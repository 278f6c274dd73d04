use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::AbortHandle;

use super::absent::{Absent, Nothing};
use super::digests::{Digests, Epoch, Put};
use super::kept::{Kept, LONGEST, Order, Revoked};
use super::link;
use super::names::{Digest, Names};
use super::options::{RedisStore, Replicas, Staleness};
use super::server::{Held, Server, words};
use super::under_way::{Turn, UnderWay};
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
    pub(super) kept: Kept,
    weaknesses: Mutex<Vec<String>>,
    /// How many replicas have to acknowledge a revocation, where any have to.
    replicas: Option<Replicas>,
    client: Client,
    /// Connections that wait for replicas.
    waits: Semaphore,
}

/// Whether the server can be asked.
pub(super) enum Contact {
    Up(Server),
    /// Not, for this reason.
    Down(String),
}

/// How many lookups there are at a time.
const LOOKUPS: usize = 256;

/// How many revocations wait for replicas at a time, each over a connection of its own: one that lookups share would hold
/// them up meanwhile.
const WAITS: usize = 16;

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
            kept: Kept::default(),
            weaknesses: Mutex::default(),
            replicas: options.replicas,
            client: client.clone(),
            waits: Semaphore::new(WAITS),
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
        let asked = self.node.order_of_now();
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke_token(digest).await).await;
            let Written { value: (order, until), replicas } =
                node.or_later(written, asked, || Revoked::Token(digest))?;
            node.kept.keep(Revoked::Token(digest), order, until);
            replicas
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
        let began = self.node.order_of_now();
        self.run(|node| async move {
            let asked = node.digests.epoch();
            let revoked = || Revoked::Video { realm: realm.clone(), id: video.clone() };
            let sent = next.as_ref().map(|(token, stored)| (Digest::of(*token), stored));
            let mut written =
                node.write(async |server| server.rotate(&realm, &video, sent, now.get()).await).await;
            if next.is_none() {
                written = node.or_later(written, began, revoked);
            }
            let Written { value, replicas } = written?;
            let (up_to, order, until) = value.ok_or(StoreError::Taken)?;
            node.access.embeds.revoke_video(&realm, &video, up_to, now);
            node.kept.keep(revoked(), up_to, until);
            if let Some((token, stored)) = next {
                node.put_issued(token, Digest::of(token), &stored, order, now, asked)?;
            }
            replicas
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
        let (viewer, asked) = (viewer.to_owned(), self.node.order_of_now());
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke_viewer(&viewer).await).await;
            let Written { value: (up_to, until), replicas } =
                node.or_later(written, asked, || Revoked::Viewer(viewer.clone()))?;
            node.access.embeds.revoke_viewer(&viewer, up_to, now);
            node.kept.keep(Revoked::Viewer(viewer), up_to, until);
            replicas
        })
        .await
    }

    pub(in crate::store) async fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let (revocation, asked) = (revocation.clone(), self.node.order_of_now());
        self.node.kept.forget(&Revoked::Restored(revocation.kind, revocation.name.clone()));
        self.node.access.revocations.add_at(&revocation, asked.get()); // here at once, whatever becomes of the others
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke(&revocation).await).await;
            let Written { value: order, replicas } =
                node.or_later(written, asked, || Revoked::Signed(revocation.clone()))?;
            node.put_revoked(&revocation, order);
            node.kept.keep(Revoked::Signed(revocation), order, until_longest());
            replicas
        })
        .await
    }

    pub(in crate::store) async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let (kind, name) = (revocation.kind, revocation.name.clone());
        self.run(|node| async move {
            let Written { value: (was, order), replicas } =
                node.write(async |server| server.restore(kind, &name).await).await?;
            let was_here = node.access.revocations.remove(kind, &name);
            node.kept.keep(Revoked::Restored(kind, name), order, until_longest());
            replicas.map(|()| was || was_here)
        })
        .await
    }

    /// What is wrong with the server now.
    pub(in crate::store) fn problems(&self) -> Vec<String> {
        let mut problems = self.node.weaknesses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Contact::Down(found) = &*self.node.contact.lock().unwrap_or_else(PoisonError::into_inner) {
            problems.insert(0, format!("shared store is out of reach: {found}"));
        }
        problems
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
            let told = self.call(async |server| server.look_up(digest).await).await;
            // What this node knows holds whatever the server says, unless the token was issued after it.
            let up_to = self.kept.up_to(&Revoked::Token(digest));
            let (order, json, revoked) = match told {
                Err(_) | Ok(None) if up_to.is_some() => return Answer::Revoked,
                Err(_) => return Answer::Unavailable,
                Ok(None) => return Answer::Absent,
                Ok(Some(Held::Revoked)) => return Answer::Revoked,
                Ok(Some(Held::Unreadable)) => return self.unreadable(token, "it has no place in the order"),
                Ok(Some(Held::Record { order, json, revoked })) => (order, json, revoked),
            };
            if up_to.is_some_and(|up_to| order <= up_to) {
                return Answer::Revoked;
            }
            let stored = match Stored::read(&json) {
                Ok(stored) => stored,
                Err(found) => return self.unreadable(token, &found),
            };
            let embeds = &self.access.embeds;
            let known = |revoked: Revoked| self.kept.up_to(&revoked).unwrap_or_default();
            let (realm, id) = (stored.realm.clone(), stored.video.clone());
            let of_video = revoked.0.max(known(Revoked::Video { realm, id }));
            if of_video > 0 {
                embeds.revoke_video(&stored.realm, &stored.video, of_video, now);
            }
            if let Some(viewer) = &stored.viewer {
                let of_viewer = revoked.1.max(known(Revoked::Viewer(viewer.clone())));
                if of_viewer > 0 {
                    embeds.revoke_viewer(viewer, of_viewer, now);
                }
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

    /// Drops what stands for no record any more, and revocations of what has expired.
    pub(super) async fn tidy(&self) {
        self.kept.sweep(UnixSeconds::now(), Instant::now());
        let embeds = &self.access.embeds;
        for () in self.digests.tidy(Instant::now(), |token| !matches!(embeds.look(token), Known::Unknown)) {
            tokio::task::yield_now().await; // news come first
        }
    }

    pub(super) fn set_contact(&self, contact: Contact) {
        *self.contact.lock().unwrap_or_else(PoisonError::into_inner) = contact;
    }

    /// Replaces what is known of the server's weaknesses, and warns of each that is new.
    pub(super) fn set_weaknesses(&self, found: Vec<String>) {
        let mut known = self.weaknesses.lock().unwrap_or_else(PoisonError::into_inner);
        for weakness in found.iter().filter(|one| !known.contains(one)) {
            crate::log::event!(
                WARN,
                prefix = self.names.prefix(),
                problem = weakness.as_str(),
                "shared store can lose what it has acknowledged"
            );
        }
        *known = found;
    }

    /// Puts a revocation of signed tokens in force at the place in the order that the server has given to it.
    pub(super) fn put_revoked(&self, revocation: &Revocation, order: u64) {
        self.access.revocations.add_at(revocation, order);
        self.access.revocations.set_order(revocation.kind, &revocation.name, order);
    }

    /// Where something stands in the order that is revoked now, before the server has given it a place.
    fn order_of_now(&self) -> Order {
        Order::of_now(self.access.embeds.order())
    }

    /// Asks the server; the link is told of a connection that is lost, or leads to a server that cannot be written to.
    async fn call<T>(&self, ask: impl AsyncFnOnce(Server) -> RedisResult<T>) -> Result<T, StoreError> {
        let server = self.server()?;
        ask(server).await.map_err(|error| self.failed(&error))
    }

    /// Asks the server for a change, and waits for replicas where that is demanded.
    async fn write<T>(
        &self,
        ask: impl AsyncFnOnce(Server) -> RedisResult<T>,
    ) -> Result<Written<T>, StoreError> {
        let Some(Replicas { count, most }) = self.replicas else {
            return Ok(Written { value: self.call(ask).await?, replicas: Ok(()) });
        };
        let shared = self.server()?;
        let _permit = self.waits.acquire().await;
        let connection = link::connect(&self.client, self.timeout, self.timeout).await;
        let connection = connection.map_err(|error| self.failed(&error))?;
        let mut server = Server { connection, names: shared.names };
        let value = ask(server.clone()).await.map_err(|error| self.failed(&error))?;
        server.connection.set_response_timeout(self.timeout.saturating_add(most));
        let acknowledged = server.wait(count, most).await.unwrap_or_default(); // a connection that is lost has none
        let replicas = if acknowledged >= count {
            Ok(())
        } else {
            Err(StoreError::NotReplicated { acknowledged, wanted: count })
        };
        Ok(Written { value, replicas })
    }

    fn server(&self) -> Result<Server, StoreError> {
        match &*self.contact.lock().unwrap_or_else(PoisonError::into_inner) {
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

    /// Keeps a revocation of which the server could not be told, and has the link tell it.
    fn or_later<T>(
        &self,
        told: Result<T, StoreError>,
        asked: Order,
        revoked: impl FnOnce() -> Revoked,
    ) -> Result<T, StoreError> {
        if told.is_err() {
            self.kept.keep_untold(revoked(), asked);
            self.lost.notify_one();
        }
        told
    }
}

/// What the server answered to a change, and whether enough replicas have it.
struct Written<T> {
    value: T,
    replicas: Result<(), StoreError>,
}

/// Until when an entry is kept of which no end is known.
fn until_longest() -> i64 {
    UnixSeconds::now().get().saturating_add(LONGEST)
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
