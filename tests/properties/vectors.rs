//! Published vectors: what the standards and Project Wycheproof say of a signature, and what we say.
//!
//! Every key comes in by the crate's own doors, `Key::from_pem` and its siblings, and every signature goes through the
//! key that they made.

mod rfc;
mod sets;
