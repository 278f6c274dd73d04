//! Files of configuration and keys: read, checked, watched, and read again while requests are decided.

#[path = "../support/mod.rs"]
mod support;

mod blocks;
mod errors;
mod fields;
mod health;
mod key_documents;
mod key_sources;
mod reloading;
mod schema;
mod watching;
