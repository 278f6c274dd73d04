//! What is granted and what is refused, by hand and at every door.

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod danger;
mod decided;
mod denials;
mod embeds;
mod failed_signatures;
mod key_swap;
mod minting;
mod mistakes;
mod policy_errors;
mod revocation;
mod schemes;
mod secure_links;
