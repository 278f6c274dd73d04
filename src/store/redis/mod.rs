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
//! While news are heard, memory is believed. When nothing was heard for [longer](Staleness) than allowed, it is not: then
//! each embed token is looked up, and signed tokens are refused with 503.
//!
//! # What is on the server
//!
//! Every key begins with the prefix as hash tag, so that a cluster keeps them in one slot.
//!
//! | key | type | what it holds |
//! | --- | --- | --- |
//! | `{playgate}:token:<SHA-256>` | string | order, names of video and viewer, record as JSON; or `revoked` |
//! | `{playgate}:video:<hash>` | hash | `up_to`: tokens of an order up to this are revoked; `lasting` if one does not expire |
//! | `{playgate}:viewer:<hash>` | hash | the same of a viewer |
//! | `{playgate}:order` | string | the last order: microseconds of the server's clock, or one more than the last |
//! | `{playgate}:revoked` | hash | by `jti:…`, `sub:…` and `kid:…` what was taken back: issued before, until |
//! | `{playgate}:revoked-until` | sorted set | the same names by when they can go |
//! | `{playgate}:news` | stream | the revocations of a day |
//! | `{playgate}:generation` | string | another text when the data were lost |
//!
//! A token's text is never there. What was acknowledged can still be lost with the server's memory: let it keep its data
//! (`appendonly yes`) and evict nothing (`maxmemory-policy noeviction`). Signed tokens that were taken back are put back by
//! the nodes that know of them; embed tokens that are lost open nothing.
//!
//! # What one client can cause
//!
//! Many requests for one token share one lookup; a token that is none is remembered for five seconds, in bounded room; and
//! lookups that find nothing are [bounded](RedisStore::unknown_tokens) by the client's address. What is over a bound is
//! answered with 503, and costs no round trip.

mod absent;
mod digests;
mod fleet;
mod link;
mod misses;
mod names;
mod news;
mod options;
mod server;
mod under_way;
mod untold;

pub(super) use fleet::Fleet;
pub use options::{RedisStore, Staleness};
