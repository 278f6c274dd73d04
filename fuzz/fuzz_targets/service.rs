//! A whole axum service, with nesting, rewriting layers and files: no protected file's bytes come back without a credential
//! that covers it, and with one they do.
//!
//! The first byte of the input names the arrangement, the second the credential, and the rest is the request's target.

#![no_main]

mod bounds;
#[path = "../../tests/support/service_world.rs"]
mod service_world;

use std::sync::LazyLock;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use service_world::World;

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// A request through routers and layers, and the file that answers it, which is a few bytes long.
const BOUNDS: Bounds = Bounds { heap: 1024 * 1024, heap_per_byte: 64 };

/// A request also has a host and a token.
const BESIDES: usize = 1024;

fuzz_target!(|input: &[u8]| {
    let world = &*WORLD; // made before memory is counted
    BOUNDS.check(input.len() + BESIDES, || world.run(input));
});
