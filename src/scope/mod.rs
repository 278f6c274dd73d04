//! May this key sign for this resource, and does this token cover it?
//!
//! Rules, in the order they are tried:
//!
//! 1. [`KeyScope`]: a bucket or stream key opens its bucket or stream on every site that serves it; a site key
//!    opens what that site serves and only there. Anything else is [`Denial::WrongKeyScope`].
//! 2. [`Coverage`]: on a bucket, `uri` is an object key or a prefix of whole segments (`videos/1` covers
//!    `videos/1/a.ts`, not `videos/10/a.ts`); on a live site it equals the playback ID. Anything else is
//!    [`Denial::OutOfScope`].
//!
//! Both sides were normalised once, by [`RequestPath::parse`](crate::request::RequestPath::parse), so matching is
//! a byte comparison. This room sees no key, no signature and no clock.
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
