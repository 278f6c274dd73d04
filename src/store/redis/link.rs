use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{Either, join3, select, try_join, try_join_all};
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError};
use tokio::time::{sleep, sleep_until, timeout};

use super::kept::{LONGEST, Order, Revoked, until};
use super::news::{self, AT_A_TIME, News};
use super::node::{Contact, Node};
use super::options::Staleness;
use super::server::{Joined, Listed, Server, connect, words};
use crate::records::EmbedToken;
use crate::revocation::Revocation;
use crate::store::Reach;
use crate::time::UnixSeconds;

/// The shortest and the longest pause before the next attempt to connect. The pause doubles after each failure.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The longest time that one request for news blocks.
const SILENCE: Duration = Duration::from_secs(1);

/// The timeout of commands while the node joins: the answer may hold every revocation.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);

const TIDY_EVERY: Duration = Duration::from_secs(30);

/// Keeps this node connected and its memory current, until the task is dropped.
pub(super) async fn keep(node: Arc<Node>, client: Client) {
    let _gone = Gone(&node);
    join3(stay_connected(&node, &client), watch_silence(&node), tidy(&node)).await;
}

/// Marks the store as unreachable when the link ends, also by a panic or with its runtime.
struct Gone<'n>(&'n Node);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.access.set_reach(Reach::OutOfTouch);
        self.0.set_contact(Contact::Down("its last handle is dropped, or its runtime has ended".to_owned()));
    }
}

/// The node's place in the stream of news.
#[derive(Clone, Default)]
struct Place {
    generation: String,
    /// The id of the last news that the node has read.
    last: String,
    /// The server that sent the news; see [`Joined::server`].
    server: String,
}

/// The reason why a connection is abandoned.
enum Broken {
    Error(RedisError),
    /// Another command found the connection lost.
    Lost,
}

impl From<RedisError> for Broken {
    fn from(error: RedisError) -> Self {
        Self::Error(error)
    }
}

async fn stay_connected(node: &Node, client: &Client) {
    let (mut place, mut wait, mut reported) = (None, WAITS.0, false);
    loop {
        let Err(broken) = follow(node, client, &mut place, || {
            wait = WAITS.0;
            if std::mem::take(&mut reported) {
                crate::log::event!(INFO, prefix = node.names.prefix(), "shared store is reachable again");
            }
        })
        .await;
        let found = match broken {
            Broken::Error(error) => words(&error),
            Broken::Lost => "connection lost".to_owned(),
        };
        if !std::mem::replace(&mut reported, true) {
            crate::log::event!(
                WARN,
                prefix = node.names.prefix(),
                found = found.as_str(),
                "shared store is unreachable: tokens in memory stay valid for a while, others are rejected"
            );
        }
        node.set_contact(Contact::Down(found));
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(WAITS.1);
    }
}

/// Connects, joins, and applies news until the connection is lost.
async fn follow(
    node: &Node,
    client: &Client,
    place: &mut Option<Place>,
    mut reached: impl FnMut(),
) -> Result<std::convert::Infallible, Broken> {
    let patience = node.timeout.saturating_add(silence(node));
    let (mut stream, connection) =
        try_join(connect(client, node.timeout, patience), connect(client, node.timeout, node.timeout))
            .await?;
    let server = Server { connection, names: Arc::clone(&node.names) };
    loop {
        let sent_at = Instant::now();
        let (mut here, is_current) = join(node, &server, place.clone().unwrap_or_default()).await?;
        let _ = node.lost.notified().now_or_never(); // a notice about an earlier connection
        node.set_contact(Contact::Up(server.clone()));
        if let Ok(found) = timeout(node.timeout, server.weaknesses()).await {
            node.set_weaknesses(found);
        }
        if is_current {
            set_current(node, sent_at); // after the contact is set: callers of `ready` can use the store
        }
        reached();
        let followed = follow_on(node, &server, &mut stream, &mut here).await;
        *place = Some(here);
        followed?;
        sleep(WAITS.0).await; // the server holds other data now; if it keeps none, this limits the rate of joins
    }
}

/// The number of revocations that are sent at a time.
const SENT_AT_A_TIME: usize = 64;

/// Joins a server: sends the revocations that the server may lack, and takes over those that the node may lack. Returns the place
/// to read news from, and whether the node is up to date there, without earlier news to catch up with.
async fn join(node: &Node, server: &Server, known: Place) -> Result<(Place, bool), RedisError> {
    let mut server = server.clone();
    server.connection.set_response_timeout(JOIN_PATIENCE);
    let fresh = EmbedToken::generate().map(EmbedToken::to_text).unwrap_or_default();
    let joined = server.join(&fresh, (&known.generation, &known.last, &known.server)).await?;
    let Joined { generation, last, server: which, is_fresh, all } = joined;
    if is_fresh {
        node.forget();
    }
    // First, so that a revocation that the server lacks has its place in the order when others are compared.
    let due = node.kept.due(all.is_some(), Instant::now());
    for some in due.chunks(SENT_AT_A_TIME) {
        try_join_all(some.iter().map(|(revoked, order)| send_kept(node, &server, revoked, *order))).await?;
    }
    if let Some(listed) = &all {
        take_over(node, listed);
        let listed: HashSet<&Revocation> = listed.revoked.iter().map(|(revocation, _)| revocation).collect();
        let all = node.access.revocations.all();
        let lacking: Vec<_> =
            all.into_iter().filter(|(revocation, _)| !listed.contains(revocation)).collect();
        for some in lacking.chunks(SENT_AT_A_TIME) {
            let sent = some.iter().map(|(revocation, order)| send_listed(node, &server, revocation, *order));
            try_join_all(sent).await?;
        }
    }
    Ok((Place { generation, last, server: which }, is_fresh))
}

/// Applies the server's list of revocations and restorations.
fn take_over(node: &Node, Listed { revoked, restored }: &Listed) {
    for (kind, name, order) in restored {
        node.access.revocations.remove_up_to(*kind, name, *order);
    }
    for (revocation, order) in revoked {
        revoked_elsewhere(node, revocation, *order);
    }
}

/// Puts a revocation of signed tokens in force, unless this node knows that the name was restored later.
fn revoked_elsewhere(node: &Node, revocation: &Revocation, order: u64) {
    let restored = Revoked::Restored(revocation.kind, revocation.name.clone());
    match node.kept.up_to(&restored) {
        Some(later) if later >= order => {}
        Some(_) | None => {
            node.kept.forget(&restored);
            node.access.revocations.add_at(revocation, order);
        }
    }
}

/// Sends the server a revocation that this node keeps.
async fn send_kept(node: &Node, server: &Server, revoked: &Revoked, order: Order) -> Result<(), RedisError> {
    let answer = server.send_again(revoked, order).await?;
    node.kept.settle(revoked, order, answer);
    if let Revoked::Signed(revocation) = revoked {
        match answer {
            Some((order, _)) => node.put_revoked(revocation, order),
            // The name was restored later.
            None => node.access.revocations.remove_up_to(revocation.kind, &revocation.name, order.get()),
        }
    }
    Ok(())
}

/// Sends the server a revocation of signed tokens that its list lacks.
async fn send_listed(
    node: &Node,
    server: &Server,
    revocation: &Revocation,
    order: u64,
) -> Result<(), RedisError> {
    let answer = server.send_again(&Revoked::Signed(revocation.clone()), Order::Given(order)).await?;
    if answer.is_none() {
        node.access.revocations.remove_up_to(revocation.kind, &revocation.name, order);
    }
    Ok(())
}

/// Applies news until the server holds other data, or a connection is lost.
async fn follow_on(
    node: &Node,
    server: &Server,
    stream: &mut MultiplexedConnection,
    place: &mut Place,
) -> Result<(), Broken> {
    let name = node.names.news();
    let wait = u64::try_from(silence(node).as_millis()).unwrap_or(u64::MAX);
    let mut caught_up = false;
    loop {
        let (sent_at, wait) = (Instant::now(), caught_up.then_some(wait));
        let read = async {
            let entries = news::read(stream, &name, &place.last, wait).await?;
            for (last, fields) in &entries {
                apply(node, fields);
                place.last.clone_from(last);
            }
            Ok(entries.len() < AT_A_TIME)
        };
        let both = pin!(try_join(server.generation(), read));
        let (generation, all) = match select(both, pin!(node.lost.notified())).await {
            Either::Left((both, _)) => both?,
            Either::Right(_) => return Err(Broken::Lost),
        };
        if generation.as_ref() != Some(&place.generation) {
            return Ok(());
        }
        caught_up = all;
        if caught_up {
            set_current(node, sent_at);
        }
    }
}

/// Records that everything that was revoked before `sent_at` is in force here.
fn set_current(node: &Node, sent_at: Instant) {
    node.current_at.send_replace(Some(sent_at));
    // An answer that took too long does not describe the present state.
    let is_late = matches!(node.staleness, Staleness::AtMost(most) if sent_at.elapsed() >= most);
    if !is_late {
        node.access.set_reach(Reach::InTouch);
    }
}

fn apply(node: &Node, fields: &[Vec<u8>]) {
    let (embeds, revocations, now) = (&node.access.embeds, &node.access.revocations, UnixSeconds::now());
    // News of an earlier release has no order.
    let place = |order: Option<u64>| order.unwrap_or_else(|| Order::of_now(0).get());
    match News::read(fields) {
        Some(News::Token { digest, order, needed }) => {
            node.kept.keep(Revoked::Token(digest), place(order), until(needed));
            node.revoke_digest(digest, now);
        }
        Some(News::Video { realm, id, up_to, needed }) => {
            embeds.revoke_video(&realm, &id, up_to, now);
            node.kept.keep(Revoked::Video { realm, id }, up_to, until(needed));
        }
        Some(News::Viewer { id, up_to, needed }) => {
            embeds.revoke_viewer(&id, up_to, now);
            node.kept.keep(Revoked::Viewer(id), up_to, until(needed));
        }
        Some(News::Revoked { revocation, order }) => {
            let order = place(order);
            revoked_elsewhere(node, &revocation, order);
            node.kept.keep(Revoked::Signed(revocation), order, until(LONGEST));
        }
        Some(News::Restored { kind, name, order }) => {
            let order = place(order);
            revocations.remove_up_to(kind, &name, order);
            node.kept.keep(Revoked::Restored(kind, name), order, until(LONGEST));
        }
        Some(News::Begun) => {}
        None => {
            // Perhaps news of a later release. The server knows the revocation.
            crate::log::event!(
                WARN,
                fields = fields.len(),
                "change notification from the shared store cannot be parsed: every record is looked up again"
            );
            node.forget();
        }
    }
}

/// Marks the store as out of touch if no news was read for too long. Runs in the same task as [`follow_on`], so that the two
/// cannot overtake each other.
async fn watch_silence(node: &Node) {
    let Staleness::AtMost(most) = node.staleness else { return };
    let mut current_at = node.current_at.subscribe();
    loop {
        let last = *current_at.borrow_and_update();
        if let Some(last) = last
            && let Some(end) = last.checked_add(most)
        {
            let changed = pin!(current_at.changed());
            if let Either::Left(_) = select(changed, pin!(sleep_until(end.into()))).await {
                continue;
            }
            node.access.set_reach(Reach::OutOfTouch);
            crate::log::event!(
                WARN,
                prefix = node.names.prefix(),
                "no contact with the shared store for too long: tokens are looked up again, and signed tokens \
                 are rejected"
            );
        }
        if current_at.changed().await.is_err() {
            return;
        }
    }
}

async fn tidy(node: &Node) {
    loop {
        sleep(TIDY_EVERY).await;
        node.tidy().await;
    }
}

/// Returns the time for which one request for news blocks: a fraction of the allowed staleness, so that one late answer does not
/// exceed it.
fn silence(node: &Node) -> Duration {
    match node.staleness {
        Staleness::AtMost(most) => SILENCE.min(most / 4),
        Staleness::UntilExpiry => SILENCE,
    }
}
