use std::sync::Arc;
use std::time::Instant;

use redis::Client;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::absent::Nothing;
use super::kept::{LONGEST, Revoked, until};
use super::link;
use super::names::Digest;
use super::node::{Node, Written, unavailable};
use super::options::RedisStore;
use super::under_way::{Turn, UnderWay};
use crate::records::{EmbedToken, Stored};
use crate::request::Network;
use crate::revocation::Revocation;
use crate::store::{Access, Answer, Found, LookUp, Need, Reach, Standing, StoreError, Subject};
use crate::time::UnixSeconds;

/// A node's handle to the shared store: looks tokens up, issues and revokes them.
pub(in crate::store) struct Fleet {
    node: Arc<Node>,
    /// The runtime of the connections. All tasks that wait for the server run on it.
    runtime: Handle,
    link: AbortHandle,
    under_way: UnderWay,
}

impl Fleet {
    pub(super) fn start(options: &RedisStore, client: Client, runtime: Handle, access: Arc<Access>) -> Self {
        access.set_reach(Reach::OutOfTouch);
        let node = Arc::new(Node::new(options, client.clone(), access));
        let link = runtime.spawn(link::keep(Arc::clone(&node), client)).abort_handle();
        Self { node, runtime, link, under_way: UnderWay::default() }
    }

    /// Looks a subject up. Requests for the same one share one lookup.
    pub(in crate::store) fn look_up(&self, Need { subject, client }: Need, now: UnixSeconds) -> LookUp {
        let Subject::Embed(token) = subject;
        let node = &self.node;
        let (moment, client) = (Instant::now(), client.map(Network::of));
        if let Some(answer) = node.absent.answer(&token, moment) {
            return LookUp::ready(Found::remembered(subject, answer));
        }
        let mut permit = None;
        let turn = self.under_way.turn(token, || {
            permit = Arc::clone(&node.lookups).try_acquire_owned().ok();
            permit.is_some() && node.misses.check(client, node.since(moment)).is_ok()
        });
        let waiting = match turn {
            Turn::Refused => return LookUp::ready(Found::new(subject, Answer::Unavailable)),
            Turn::Wait(waiting) => waiting,
            Turn::Look(ticket, waiting) => {
                // A lookup that ended after the decision has put the token into memory.
                if let Standing::Good(record) = node.access.look(&token) {
                    ticket.answer(Answer::Record(Arc::clone(&record)));
                    return LookUp::ready(Found::remembered(subject, Answer::Record(record)));
                }
                let node = Arc::clone(node);
                self.runtime.spawn(async move {
                    let answer = tokio::time::timeout(node.timeout, node.look_up(token, now)).await;
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
                    ticket.answer(answer);
                    drop(permit);
                });
                waiting
            }
        };
        LookUp::new(async move { Found::new(subject, waiting.await) })
    }

    pub(in crate::store) async fn issue(
        &self,
        token: EmbedToken,
        stored: Stored,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        self.run(|node| async move {
            let (epoch, digest) = (node.digests.epoch(), Digest::of(token));
            let issued = node.call(async |server| server.issue(digest, &stored, now.get()).await).await;
            let order = issued?.ok_or(StoreError::Taken)?;
            node.put_issued(token, digest, &stored, order, now, epoch)
        })
        .await
    }

    pub(in crate::store) async fn revoke_token(&self, token: EmbedToken) -> Result<(), StoreError> {
        let digest = Digest::of(token);
        self.node.digests.revoke(digest, |_| ()); // the record is revoked already
        let started = self.node.order_of_now();
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke_token(digest).await).await;
            let Written { value: (order, until), replicas } =
                node.or_later(written, started, || Revoked::Token(digest))?;
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
            // In force here at once, whether or not the server answers. A rotation that fails revokes nothing.
            let embeds = &self.node.access.embeds;
            embeds.revoke_video(&realm, &video, embeds.order(), now);
        }
        let began = self.node.order_of_now();
        self.run(|node| async move {
            let epoch = node.digests.epoch();
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
                node.put_issued(token, Digest::of(token), &stored, order, now, epoch)?;
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
        // In force here at once, whether or not the server answers.
        embeds.revoke_viewer(viewer, embeds.order(), now);
        let (viewer, started) = (viewer.to_owned(), self.node.order_of_now());
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke_viewer(&viewer).await).await;
            let Written { value: (up_to, until), replicas } =
                node.or_later(written, started, || Revoked::Viewer(viewer.clone()))?;
            node.access.embeds.revoke_viewer(&viewer, up_to, now);
            node.kept.keep(Revoked::Viewer(viewer), up_to, until);
            replicas
        })
        .await
    }

    pub(in crate::store) async fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let (revocation, started) = (revocation.clone(), self.node.order_of_now());
        self.node.kept.forget(&Revoked::Restored(revocation.kind, revocation.name.clone()));
        // In force here at once, whether or not the server answers.
        self.node.access.revocations.add_at(&revocation, started.get());
        self.run(|node| async move {
            let written = node.write(async |server| server.revoke(&revocation).await).await;
            let Written { value: order, replicas } =
                node.or_later(written, started, || Revoked::Signed(revocation.clone()))?;
            node.put_revoked(&revocation, order);
            node.kept.keep(Revoked::Signed(revocation), order, until(LONGEST));
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
            node.kept.keep(Revoked::Restored(kind, name), order, until(LONGEST));
            replicas.map(|()| was || was_here)
        })
        .await
    }

    pub(in crate::store) fn problems(&self) -> Vec<String> {
        self.node.problems()
    }

    /// Waits until the store was reached.
    pub(in crate::store) async fn ready(&self) {
        let mut current_at = self.node.current_at.subscribe();
        let _ = current_at.wait_for(Option::is_some).await; // fails only without a sender, which `node` holds
    }

    /// Runs a task on the store's own runtime. The task completes even if the caller is dropped.
    async fn run<T, F>(&self, work: impl FnOnce(Arc<Node>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let done = self.runtime.spawn(work(Arc::clone(&self.node))).await;
        done.unwrap_or_else(|_| Err(unavailable("its runtime has ended")))
    }
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
