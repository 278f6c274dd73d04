//! Tests with other programs: Redis, nginx, players, browsers, and signing libraries of other languages.

#[path = "../support/mod.rs"]
mod support;

mod examples;
mod fleet;
mod manifest_parsers;
mod minters;
mod nginx;
mod old_gate;
mod players;
