//! Scopes: checks that a key may sign for a resource, and that a token covers it.
//!
//! Rules, in the order they are tried:
//!
//! 1. [`KeyScope`]: the key of a bucket or stream may sign for that bucket or stream on every site that serves it. The key of a
//!    site may sign only for the resources of that site. Anything else is rejected with [`Denial::WrongKeyScope`].
//! 2. [`Coverage`]: on a bucket, `uri` is an object key or a prefix of whole segments (`videos/1` covers `videos/1/a.ts`, not
//!    `videos/10/a.ts`). On a live site it equals the playback ID. Anything else is rejected with [`Denial::OutOfScope`].
//!
//! Both sides were normalized by [`RequestPath::parse`](crate::request::RequestPath::parse), so matching compares bytes. This
//! module uses no key, no signature and no clock.
//!
//! [`Denial::WrongKeyScope`]: crate::error::Denial::WrongKeyScope
//! [`Denial::OutOfScope`]: crate::error::Denial::OutOfScope

mod coverage;
mod key_scope;
mod resource;
mod serving;
mod token_scope;

pub use coverage::{Coverage, PrefixRule};
pub use key_scope::{KeyScope, Unlimited};
pub(crate) use key_scope::{MAX_ADMITTING, ScopeName};
pub use resource::{LiveShape, Resource};
pub(crate) use serving::{Captures, Serving, Streams};
pub use token_scope::Scope;
