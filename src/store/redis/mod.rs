//! What a fleet shares: embed tokens and revocations in Redis (6.2 or later) or Valkey.
//!
//! Two connections, made and lost together, by one task that ends with the last [`Store`](super::Store):
//!
//! 1. One follows the **news**, a stream to which every revocation is added in the step that makes it. A node that was
//!    cut off reads on from the last that it has seen. Where that is gone, because it was trimmed after a day or because
//!    the server has lost its data, the node forgets every record and looks each up again.
//! 2. The other does what is asked for: each lookup, issue and revocation is one script, and so one step. Once a second it
//!    asks whether the data are still those of the same **generation**.
//!
//! Each revocation is **kept** by the node that makes it and by each that hears of it, for as long as what it revokes could
//! be good. A server that comes back without it (a replica that lacked the write, a backup, an empty one) is told again.
//!
//! While news are heard, memory is believed. When nothing was heard for [longer](Staleness) than allowed, it is not: then
//! each embed token is looked up, and signed tokens are refused with 503.

mod absent;
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
