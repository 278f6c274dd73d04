//! The command, run as users run it.

mod check;
mod examples;
mod explain;
mod inspect;
mod keys;
mod mint;
#[path = "../../../../tests/support/skip.rs"]
mod skip;
mod store;
mod world;
