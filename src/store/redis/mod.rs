//! A store that a fleet shares: embed tokens and revocations in Redis (6.2 or later) or Valkey.
//!
//! A task that ends with the last [`Store`](super::Store) opens two connections and closes both if either is lost:
//!
//! 1. The first follows the **news**, a stream to which the script of each revocation adds the revocation. After a lost
//!    connection, a node continues after the last news that it has read. If that news is gone, because it was trimmed after a day
//!    or the server has lost its data, the node forgets every record and looks each up again.
//! 2. The second runs the commands. Each lookup, issue and revocation is one script, and therefore atomic. Once a second, this
//!    connection checks that the data is of the same **generation**.
//!
//! Each revocation is **kept** by the node that makes it, and by each node that reads it in the news, as long as its tokens could
//! be valid. If a server comes back without the revocation (a replica that lacked the write, a backup, an empty server), the
//! nodes send it again.
//!
//! While news arrives, decisions rely on memory. If none has arrived for [longer](Staleness) than allowed, each embed token is
//! looked up, and signed tokens are refused with 503.

mod absent;
mod connect;
mod digests;
mod fleet;
mod kept;
mod link;
mod names;
mod news;
mod node;
mod options;
mod server;
mod under_way;

pub(super) use fleet::Fleet;
pub use options::{RedisStore, Staleness};
