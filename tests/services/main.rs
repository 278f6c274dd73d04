//! Other programs: Redis, nginx, players, browsers, and the libraries that sign tokens in other languages.

#[path = "../support/mod.rs"]
mod support;

mod examples;
mod fleet;
mod manifest_parsers;
mod minters;
mod nginx;
mod players;
