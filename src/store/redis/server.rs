use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult, Script, ScriptInvocation};

use super::names::{Digest, Names, name_of_video, name_of_viewer};
use super::untold::Revoked;
use crate::embed::Stored;
use crate::revocation::{Kind, Revocation};

/// A connection to the server, and what is asked of it: each is one script, and so one step.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) connection: MultiplexedConnection,
    pub(super) names: std::sync::Arc<Names>,
}

/// What the server holds for a token.
pub(super) enum Held {
    Record {
        order: u64,
        json: Vec<u8>,
        /// Up to where its video was revoked, and its viewer.
        revoked: (u64, u64),
    },
    Revoked,
    /// Nothing that this release writes.
    Unreadable,
}

/// For how many seconds an expired record stays, so that its viewer is told what is the matter.
const EXPIRED_KEPT: i64 = 600;

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

    /// The token's place in the order; nothing where it is known.
    pub(super) async fn issue(&self, digest: Digest, stored: &Stored, now: i64) -> RedisResult<Option<u64>> {
        let names = &self.names;
        let mut call = ISSUE.key(names.token(digest));
        call.key(names.order()).key(names.video(&stored.realm, &stored.video));
        if let Some(viewer) = &stored.viewer {
            call.key(names.viewer(viewer));
        }
        self.run(call.arg(value_of(stored)).arg(seconds_of(stored, now))).await
    }

    pub(super) async fn revoke_token(&self, digest: Digest) -> RedisResult<()> {
        let names = &self.names;
        let mut call = REVOKE_TOKEN.key(names.token(digest));
        self.run(call.key(names.news()).arg(digest.to_text())).await
    }

    /// Up to where the video is revoked, and the place of the next token; nothing where that one is known.
    pub(super) async fn rotate(
        &self,
        realm: &str,
        video: &str,
        next: Option<(Digest, &Stored)>,
        now: i64,
    ) -> RedisResult<Option<(u64, u64)>> {
        let names = &self.names;
        let mut call = ROTATE.key(names.video(realm, video));
        call.key(names.order()).key(names.news()).arg(realm).arg(video);
        if let Some((digest, stored)) = next {
            call.key(names.token(digest)).arg(value_of(stored)).arg(seconds_of(stored, now));
            if let Some(viewer) = &stored.viewer {
                call.key(names.viewer(viewer));
            }
        }
        self.run(&call).await
    }

    /// Up to where the viewer is revoked.
    pub(super) async fn revoke_viewer(&self, viewer: &str) -> RedisResult<u64> {
        let names = &self.names;
        let mut call = REVOKE_VIEWER.key(names.viewer(viewer));
        self.run(call.key(names.order()).key(names.news()).arg(viewer)).await
    }

    pub(super) async fn revoke(&self, revocation: &Revocation) -> RedisResult<()> {
        let bound = |second: Option<i64>| second.map(|second| second.to_string()).unwrap_or_default();
        let mut call = self.signed(&REVOKE);
        call.arg(field_of(revocation)).arg(bound(revocation.issued_before)).arg(bound(revocation.until));
        self.run(&call).await
    }

    /// What was revoked while the server could not be told.
    pub(super) async fn catch_up(&self, revoked: &Revoked) -> RedisResult<()> {
        let names = &self.names;
        match revoked {
            Revoked::Token(digest) => self.revoke_token(*digest).await,
            Revoked::Signed(revocation) => self.revoke(revocation).await,
            Revoked::Video { realm, id, up_to } => {
                let mut call = REVOKE_UP_TO.key(names.video(realm, id));
                self.run(call.key(names.news()).arg(*up_to).arg("video").arg(id).arg(realm)).await
            }
            Revoked::Viewer { id, up_to } => {
                let mut call = REVOKE_UP_TO.key(names.viewer(id));
                self.run(call.key(names.news()).arg(*up_to).arg("viewer").arg(id)).await
            }
        }
    }

    pub(super) async fn restore(&self, revocation: &Revocation) -> RedisResult<bool> {
        self.run(self.signed(&RESTORE).arg(field_of(revocation))).await
    }

    fn signed(&self, script: &'static Script) -> ScriptInvocation<'static> {
        let mut call = script.key(self.names.revoked());
        call.key(self.names.revoked_until()).key(self.names.news());
        call
    }

    /// The generation, the last news, and all that is revoked unless the node can go on from where it was.
    pub(super) async fn join(
        &self,
        fresh: &str,
        generation: &str,
        last: &str,
    ) -> RedisResult<(String, String, Option<Vec<(Vec<u8>, Vec<u8>)>>)> {
        let names = &self.names;
        let mut call = JOIN.key(names.generation());
        call.key(names.news()).key(names.revoked()).arg(fresh).arg(generation).arg(last);
        self.run(&call).await
    }

    pub(super) async fn generation(&self) -> RedisResult<Option<String>> {
        redis::cmd("GET").arg(self.names.generation()).query_async(&mut self.connection.clone()).await
    }

    async fn run<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> RedisResult<T> {
        call.invoke_async(&mut self.connection.clone()).await
    }
}

/// A record as it stands behind its place in the order: the names of its video and viewer, then JSON.
fn value_of(stored: &Stored) -> Vec<u8> {
    let video = name_of_video(&stored.realm, &stored.video);
    let viewer = stored.viewer.as_deref().map(name_of_viewer).unwrap_or_default();
    let mut value = format!("{video} {viewer} ").into_bytes();
    value.extend(stored.write());
    value
}

/// For how long the server keeps a record; no text for good. By this node's clock, which need not be the server's.
fn seconds_of(stored: &Stored, now: i64) -> String {
    let left = stored.exp.map(|exp| exp.saturating_sub(now).saturating_add(EXPIRED_KEPT).max(1));
    left.map(|left| left.to_string()).unwrap_or_default()
}

/// The place in the order, and the JSON.
fn split(value: &[u8]) -> Option<(u64, &[u8])> {
    let mut parts = value.splitn(4, |byte| *byte == b' ');
    let order = str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    Some((order, parts.nth(2)?))
}

/// The name of a revocation on the server.
fn field_of(revocation: &Revocation) -> String {
    format!("{}:{}", word_of(revocation.kind), revocation.name)
}

const fn word_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Jti => "jti",
        Kind::Sub => "sub",
        Kind::Kid => "kid",
    }
}

/// A revocation by its name, with its mark: issued before, and until.
pub(super) fn revocation_of(field: &[u8], mark: &[u8]) -> Option<Revocation> {
    let (kind, name) = str::from_utf8(field).ok()?.split_once(':')?;
    let (issued_before, until) = str::from_utf8(mark).ok()?.split_once(' ')?;
    let second = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let kind = [Kind::Jti, Kind::Sub, Kind::Kid].into_iter().find(|one| word_of(*one) == kind)?;
    let name = name.to_owned();
    Some(Revocation { kind, name, issued_before: second(issued_before)?, until: second(until)? })
}

/// What went wrong, in words that hold no address, no password and nothing that was sent.
pub(super) fn words(error: &RedisError) -> String {
    match error.code() {
        Some(code) => {
            format!("it says {}", code.chars().filter(char::is_ascii_alphabetic).collect::<String>())
        }
        None if error.is_connection_refusal() => "connection refused".to_owned(),
        None if error.is_timeout() => "no answer in time".to_owned(),
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
mod tests {
    use super::*;
    use crate::time::UnixSeconds;

    #[test]
    fn a_value_is_split_into_its_order_and_its_json() {
        for (name, value, parts) in [
            ("with a viewer", "7 ab cd {\"a\": 1}", Some((7, "{\"a\": 1}"))),
            ("without", "7 ab  {}", Some((7, "{}"))),
            ("cut off", "7 ab cd", None),
            ("no order", "x ab cd {}", None),
            ("nothing", "", None),
        ] {
            let expected = parts.map(|(order, json): (u64, &str)| (order, json.as_bytes()));
            assert_eq!(split(value.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_revocation_is_read_as_it_is_written() {
        let at = UnixSeconds::new;
        for (name, revocation, mark) in [
            ("for good", Revocation::token("a:b"), " "),
            ("issued before", Revocation::subject("u 42").issued_before(at(-5)), "-5 "),
            ("until", Revocation::key("k").until(at(9)), " 9"),
            ("both", Revocation::key("k").issued_before(at(5)).until(at(9)), "5 9"),
        ] {
            let field = field_of(&revocation);
            assert_eq!(revocation_of(field.as_bytes(), mark.as_bytes()), Some(revocation), "{name}");
        }
        for (field, mark) in [("jti", " "), ("aud:x", " "), ("jti:x", ""), ("jti:x", "5 z"), ("jti:x", "5")] {
            assert_eq!(revocation_of(field.as_bytes(), mark.as_bytes()), None, "{field} {mark}");
        }
    }
}
