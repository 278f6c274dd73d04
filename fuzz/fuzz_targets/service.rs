//! A whole axum service, with nesting, rewriting layers and files: no protected file's bytes come back without a credential
//! that covers it, and with one they do.
//!
//! The first byte of the input names the arrangement, the second the credential, and the rest is the request's target.

#![no_main]

#[path = "../../tests/support/service_world.rs"]
mod service_world;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use service_world::World;

static WORLD: LazyLock<World> = LazyLock::new(World::new);

fuzz_target!(|input: &[u8]| WORLD.run(input));
