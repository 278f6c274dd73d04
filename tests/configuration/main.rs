//! Tests that configuration and key files are read, checked, watched and reloaded correctly.

#[path = "../support/mod.rs"]
mod support;

mod additions;
mod blocks;
mod errors;
mod fields;
mod health;
mod key_documents;
mod key_sources;
mod reloading;
mod schema;
mod watching;
