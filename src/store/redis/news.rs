use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::kept::LONGEST;
use super::names::Digest;
use super::server::revocation_of;
use crate::revocation::{Kind, Revocation};

/// An entry of the stream: a revocation or restoration by any node. Entries of an earlier release have no order.
#[derive(PartialEq)]
pub(super) enum News {
    /// A token was revoked. The revocation is needed for this number of seconds; a negative number means forever.
    Token { digest: Digest, order: Option<u64>, needed: i64 },
    /// The tokens of a video were revoked, up to a place in the order.
    Video { realm: String, id: String, up_to: u64, needed: i64 },
    /// The tokens of a viewer were revoked, up to a place in the order.
    Viewer { id: String, up_to: u64, needed: i64 },
    /// Signed tokens were revoked.
    Revoked { revocation: Revocation, order: Option<u64> },
    /// Signed tokens were restored by their name.
    Restored { kind: Kind, name: String, order: Option<u64> },
    /// The stream has begun.
    Begun,
}

/// The place of an entry in the stream, and its fields.
pub(super) type Entry = (String, Vec<Vec<u8>>);

/// The maximum number of news entries that are read at a time.
pub(super) const AT_A_TIME: usize = 1_000;

/// Reads the news after a place in the stream, oldest first. If there are none, it waits up to `wait` milliseconds for the next.
pub(super) async fn read(
    connection: &mut MultiplexedConnection,
    stream: &str,
    last: &str,
    wait: Option<u64>,
) -> RedisResult<Vec<Entry>> {
    let mut command = redis::cmd("XREAD");
    command.arg("COUNT").arg(AT_A_TIME);
    if let Some(wait) = wait {
        command.arg("BLOCK").arg(wait);
    }
    command.arg("STREAMS").arg(stream).arg(last);
    let streams: Option<Vec<(String, Vec<Entry>)>> = command.query_async(connection).await?;
    Ok(streams.unwrap_or_default().into_iter().flat_map(|(_, entries)| entries).collect())
}

impl News {
    /// Parses the fields of an entry. Returns None for an entry of an unknown kind, or one that lacks a field.
    pub(super) fn read(fields: &[Vec<u8>]) -> Option<Self> {
        let (pairs, []) = fields.as_chunks::<2>() else { return None };
        let bytes = |name: &str| {
            pairs.iter().find(|[field, _]| field == name.as_bytes()).map(|[_, value]| value.as_slice())
        };
        let text = |name: &str| str::from_utf8(bytes(name)?).ok().map(str::to_owned);
        let up_to = || text("up_to")?.parse().ok();
        let order = text("order").and_then(|order| order.parse().ok());
        let needed = text("needed").and_then(|seconds| seconds.parse().ok()).unwrap_or(LONGEST);
        match bytes("news")? {
            b"token" => Some(Self::Token { digest: Digest::read(bytes("digest")?)?, order, needed }),
            b"video" => Some(Self::Video { realm: text("realm")?, id: text("id")?, up_to: up_to()?, needed }),
            b"viewer" => Some(Self::Viewer { id: text("id")?, up_to: up_to()?, needed }),
            b"revoked" => {
                let revocation = revocation_of(bytes("name")?, bytes("mark")?)?;
                Some(Self::Revoked { revocation, order })
            }
            b"restored" => {
                let Revocation { kind, name, .. } = revocation_of(bytes("name")?, b" ")?;
                Some(Self::Restored { kind, name, order })
            }
            b"begun" => Some(Self::Begun),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
