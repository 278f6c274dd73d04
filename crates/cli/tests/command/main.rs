//! The command, run as users run it.

mod check;
mod examples;
mod inspect;
mod keys;
mod mint;
mod store;
mod world;
