//! Counts the memory that calls allocate.

#[path = "../../benches/fixtures/mod.rs"]
#[allow(dead_code, reason = "shared with the benches")]
mod fixtures;
#[path = "../support/mod.rs"]
mod support;

mod actix_alloc;
mod denial_log;
mod manifest_alloc;
mod many_keys;
mod no_alloc;
