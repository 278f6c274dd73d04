use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, Script, ScriptInvocation};

use super::kept::{LONGEST, Order, Revoked, until};
use super::names::{Digest, Names, name_of_video, name_of_viewer};
use crate::records::Stored;
use crate::revocation::{Kind, Revocation};

/// A connection to the server and its commands. Each change is one script, and so atomic.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) connection: MultiplexedConnection,
    pub(super) names: std::sync::Arc<Names>,
}

/// The answer to a node that joins.
pub(super) struct Joined {
    pub(super) generation: String,
    /// The id of the news to continue after.
    pub(super) last: String,
    /// The server's identity, which changes with a restart and with a failover.
    pub(super) server: String,
    /// True if the news that the node read last is gone, so that the node starts afresh.
    pub(super) is_fresh: bool,
    /// All revocations of signed tokens, if the node starts afresh or the server is another one.
    pub(super) all: Option<Listed>,
}

/// Revocations of signed tokens and restored names, with their places in the order.
pub(super) struct Listed {
    pub(super) revoked: Vec<(Revocation, u64)>,
    pub(super) restored: Vec<(Kind, String, u64)>,
}

/// The server's value for a token.
pub(super) enum Held {
    Record {
        order: u64,
        json: Vec<u8>,
        /// The places in the order up to which the token's video and viewer are revoked.
        revoked: (u64, u64),
    },
    Revoked,
    /// A value in a form that this release does not write.
    Unreadable,
}

/// The number of seconds for which an expired record stays, so that its viewer gets the right denial.
const EXPIRED_KEPT: i64 = 600;

/// Opens a connection. `timeout` limits the attempt, and `patience` each answer.
pub(super) async fn connect(
    client: &Client,
    timeout: Duration,
    patience: Duration,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(patience));
    client.get_multiplexed_async_connection_with_config(&config).await
}

impl Server {
    pub(super) async fn look_up(&self, digest: Digest) -> RedisResult<Option<Held>> {
        type Answer = Option<(Vec<u8>, Option<u64>, Option<u64>)>;
        let names = &self.names;
        let mut call = LOOK_UP.key(names.token(digest));
        let answer: Answer = self.run(call.arg(names.videos()).arg(names.viewers())).await?;
        Ok(answer.map(|(value, video, viewer)| {
            if value == b"revoked" {
                return Held::Revoked;
            }
            match split(&value) {
                Some((order, json)) => {
                    let revoked = (video.unwrap_or(0), viewer.unwrap_or(0));
                    Held::Record { order, json: json.to_vec(), revoked }
                }
                None => Held::Unreadable,
            }
        }))
    }

    /// Issues a token. Returns its place in the order, or None if the token exists already.
    pub(super) async fn issue(&self, digest: Digest, stored: &Stored, now: i64) -> RedisResult<Option<u64>> {
        let names = &self.names;
        let mut call = ISSUE.key(names.token(digest));
        call.key(names.order()).key(names.video(&stored.realm, &stored.video));
        if let Some(viewer) = &stored.viewer {
            call.key(names.viewer(viewer));
        }
        self.run(call.arg(value_of(stored)).arg(seconds_of(stored, now))).await
    }

    /// Revokes a token. Returns the place in the order and the last second in which the revocation is needed.
    pub(super) async fn revoke_token(&self, digest: Digest) -> RedisResult<(u64, i64)> {
        let (order, needed) = self.run(&self.token(digest)).await?;
        Ok((order, until(needed)))
    }

    fn token(&self, digest: Digest) -> ScriptInvocation<'static> {
        let mut call = REVOKE_TOKEN.key(self.names.token(digest));
        call.key(self.names.news()).key(self.names.order()).arg(digest.to_text());
        call
    }

    /// Revokes a video and issues the next token. Returns the place up to which the video is revoked, the place of the next
    /// token, and the last second in which the revocation is needed, or None if the next token exists already.
    pub(super) async fn rotate(
        &self,
        realm: &str,
        video: &str,
        next: Option<(Digest, &Stored)>,
        now: i64,
    ) -> RedisResult<Option<(u64, u64, i64)>> {
        let names = &self.names;
        let mut call = ROTATE.key(names.video(realm, video));
        call.key(names.order()).key(names.news()).arg(realm).arg(video);
        if let Some((digest, stored)) = next {
            call.key(names.token(digest)).arg(value_of(stored)).arg(seconds_of(stored, now));
            if let Some(viewer) = &stored.viewer {
                call.key(names.viewer(viewer));
            }
        }
        let done: Option<(u64, u64, i64)> = self.run(&call).await?;
        Ok(done.map(|(up_to, order, needed)| (up_to, order, until(needed))))
    }

    /// Revokes a viewer. Returns the place up to which the viewer is revoked and the last second in which the revocation is
    /// needed.
    pub(super) async fn revoke_viewer(&self, viewer: &str) -> RedisResult<(u64, i64)> {
        let names = &self.names;
        let mut call = REVOKE_VIEWER.key(names.viewer(viewer));
        let (up_to, needed) = self.run(call.key(names.order()).key(names.news()).arg(viewer)).await?;
        Ok((up_to, until(needed)))
    }

    /// Revokes signed tokens. Returns the place in the order.
    pub(super) async fn revoke(&self, revocation: &Revocation) -> RedisResult<u64> {
        self.run(&self.signed(revocation)).await
    }

    fn signed(&self, revocation: &Revocation) -> ScriptInvocation<'static> {
        let bound = |second: Option<i64>| second.map(|second| second.to_string()).unwrap_or_default();
        let mut call = self.list(&REVOKE, revocation.kind, &revocation.name);
        call.arg(bound(revocation.issued_before)).arg(bound(revocation.until));
        call
    }

    /// Sends a revocation that the server may lack. Returns its place in the order and the last second in which it is needed, or
    /// None if its tokens were issued or restored later.
    pub(super) async fn send_again(
        &self,
        revoked: &Revoked,
        order: Order,
    ) -> RedisResult<Option<(u64, i64)>> {
        let names = &self.names;
        let is_estimate = u8::from(matches!(order, Order::Estimated(_)));
        let again = |mut call: ScriptInvocation<'static>| {
            call.arg(order.get()).arg(is_estimate);
            call
        };
        let group = |group: String| {
            let mut call = REVOKE_UP_TO.key(group);
            call.key(names.news()).key(names.order());
            again(call)
        };
        let needed: Option<(u64, i64)> = match revoked {
            Revoked::Token(digest) => self.run(&again(self.token(*digest))).await?,
            Revoked::Video { realm, id } => {
                self.run(group(names.video(realm, id)).arg("video").arg(id).arg(realm)).await?
            }
            Revoked::Viewer(id) => self.run(group(names.viewer(id)).arg("viewer").arg(id)).await?,
            Revoked::Signed(revocation) => {
                let order: Option<u64> = self.run(&again(self.signed(revocation))).await?;
                order.map(|order| (order, LONGEST))
            }
            Revoked::Restored(kind, name) => {
                let mut call = self.list(&RESTORE, *kind, name);
                let done: Option<(u64, u64)> = self.run(call.arg(order.get())).await?;
                done.map(|(_, order)| (order, LONGEST))
            }
        };
        Ok(needed.map(|(order, needed)| (order, until(needed))))
    }

    /// Restores a name. Returns whether the name was revoked, and the place in the order.
    pub(super) async fn restore(&self, kind: Kind, name: &str) -> RedisResult<(bool, u64)> {
        self.run(&self.list(&RESTORE, kind, name)).await
    }

    fn list(&self, script: &'static Script, kind: Kind, name: &str) -> ScriptInvocation<'static> {
        let names = &self.names;
        let mut call = script.key(names.revoked());
        call.key(names.revoked_until()).key(names.news()).key(names.revoked_order()).key(names.restored());
        call.key(names.order()).arg(field_of(kind, name));
        call
    }

    /// Joins as a node with a known generation, the id of its last news and a known server. `fresh` names a new generation.
    pub(super) async fn join(
        &self,
        fresh: &str,
        (generation, last, server): (&str, &str, &str),
    ) -> RedisResult<Joined> {
        type Pairs<T> = Vec<(Vec<u8>, T)>;
        type Answer = (String, String, String, bool, Option<(Pairs<Vec<u8>>, Pairs<u64>, Pairs<f64>)>);
        let names = &self.names;
        let mut call = JOIN.key(names.generation());
        call.key(names.news()).key(names.revoked()).key(names.revoked_order()).key(names.restored());
        call.arg(fresh).arg(generation).arg(last).arg(server);
        let (generation, last, server, is_fresh, all): Answer = self.run(&call).await?;
        let all = all.map(|(revoked, orders, restored)| {
            let orders: HashMap<Vec<u8>, u64> = orders.into_iter().collect();
            let revoked = revoked.iter().filter_map(|(name, mark)| {
                Some((revocation_of(name, mark)?, orders.get(name).copied().unwrap_or_default()))
            });
            let restored = restored.iter().filter_map(|(name, order)| {
                let Revocation { kind, name, .. } = revocation_of(name, b" ")?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "microseconds since 1970, which a double holds exactly until 2255"
                )]
                Some((kind, name, *order as u64))
            });
            Listed { revoked: revoked.collect(), restored: restored.collect() }
        });
        Ok(Joined { generation, last, server, is_fresh, all })
    }

    /// Waits until this number of replicas have acknowledged everything that was written over this connection, for `most` at
    /// most. Returns the number that have.
    pub(super) async fn wait(&self, replicas: u32, most: Duration) -> RedisResult<u32> {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        redis::cmd("WAIT").arg(replicas).arg(millis).query_async(&mut self.connection.clone()).await
    }

    /// Returns the settings by which the server can lose data that it has acknowledged, as far as it shows them.
    pub(super) async fn weaknesses(&self) -> Vec<String> {
        let mut connection = self.connection.clone();
        let mut info = String::new();
        for section in ["memory", "persistence"] {
            let found: RedisResult<String> =
                redis::cmd("INFO").arg(section).query_async(&mut connection).await;
            info += &found.unwrap_or_default();
        }
        // Managed servers refuse CONFIG, so it is unknown whether they take snapshots.
        let found: RedisResult<HashMap<String, String>> =
            redis::cmd("CONFIG").arg("GET").arg("save").query_async(&mut connection).await;
        weaknesses(&info, found.ok().and_then(|config| config.get("save").cloned()).as_deref())
    }

    pub(super) async fn generation(&self) -> RedisResult<Option<String>> {
        redis::cmd("GET").arg(self.names.generation()).query_async(&mut self.connection.clone()).await
    }

    async fn run<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> RedisResult<T> {
        call.invoke_async(&mut self.connection.clone()).await
    }
}

/// Serializes a record as it follows its place in the order: the names of its video and viewer, then JSON.
fn value_of(stored: &Stored) -> Vec<u8> {
    let video = name_of_video(&stored.realm, &stored.video);
    let viewer = stored.viewer.as_deref().map(name_of_viewer).unwrap_or_default();
    let mut value = format!("{video} {viewer} ").into_bytes();
    value.extend(stored.write());
    value
}

/// Returns the seconds for which the server keeps a record, by this node's clock. An empty text means forever.
fn seconds_of(stored: &Stored, now: i64) -> String {
    let left = stored.exp.map(|exp| exp.saturating_sub(now).saturating_add(EXPIRED_KEPT).max(1));
    left.map(|left| left.to_string()).unwrap_or_default()
}

/// Returns the weaknesses of a server by `INFO memory`, `INFO persistence` and, if known, its setting `save`.
fn weaknesses(info: &str, save: Option<&str>) -> Vec<String> {
    let field = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    let mut found = Vec::new();
    if let (Some(policy), Some(limit)) = (field("maxmemory_policy"), field("maxmemory"))
        && policy != "noeviction"
        && limit != "0"
    {
        let policy: String =
            policy.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '-').collect();
        found.push(format!(
            "shared store evicts keys, including revocations, when its memory is full (maxmemory-policy {policy}): set noeviction"
        ));
    }
    if field("aof_enabled") == Some("0") && save.is_some_and(|save| save.trim().is_empty()) {
        found.push(
            "shared store keeps nothing on disk, so a restart loses tokens and revocations: set appendonly yes"
                .to_owned(),
        );
    }
    found
}

/// Splits a token's value into the place in the order and the JSON.
fn split(value: &[u8]) -> Option<(u64, &[u8])> {
    let mut parts = value.splitn(4, |byte| *byte == b' ');
    let order = str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    Some((order, parts.nth(2)?))
}

/// Returns the name of a revocation on the server.
fn field_of(kind: Kind, name: &str) -> String {
    format!("{}:{name}", word_of(kind))
}

const fn word_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Jti => "jti",
        Kind::Sub => "sub",
        Kind::Kid => "kid",
        Kind::Key => "key",
    }
}

/// Parses a revocation from its name on the server and its mark: issued before, and until.
pub(super) fn revocation_of(field: &[u8], mark: &[u8]) -> Option<Revocation> {
    let (kind, name) = str::from_utf8(field).ok()?.split_once(':')?;
    let (issued_before, until) = str::from_utf8(mark).ok()?.split_once(' ')?;
    let second = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let kind = Kind::ALL.into_iter().find(|one| word_of(*one) == kind)?;
    let name = name.to_owned();
    Some(Revocation { kind, name, issued_before: second(issued_before)?, until: second(until)? })
}

/// Describes an error without addresses, passwords and any data that was sent.
pub(super) fn words(error: &RedisError) -> String {
    match error.code() {
        Some(code) => {
            format!("error {}", code.chars().filter(char::is_ascii_alphabetic).collect::<String>())
        }
        None if error.is_connection_refusal() => "connection refused".to_owned(),
        None if error.is_timeout() => "it did not answer in time".to_owned(),
        None if error.is_connection_dropped() => "connection lost".to_owned(),
        None => error.category().to_owned(),
    }
}

macro_rules! scripts {
    ($($name:ident: $file:literal,)+) => {
        $(static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!(include_str!("scripts/common.lua"), "\n", include_str!($file)))
        });)+
    };
}

scripts! {
    ISSUE: "scripts/issue.lua",
    JOIN: "scripts/join.lua",
    LOOK_UP: "scripts/look_up.lua",
    RESTORE: "scripts/restore.lua",
    REVOKE: "scripts/revoke.lua",
    REVOKE_UP_TO: "scripts/revoke_up_to.lua",
    REVOKE_TOKEN: "scripts/revoke_token.lua",
    REVOKE_VIEWER: "scripts/revoke_viewer.lua",
    ROTATE: "scripts/rotate.lua",
}

#[cfg(test)]
mod tests;
