//! Property tests with a fixed seed, published test vectors, and models of concurrent operations. Each compares the library with
//! an independent oracle.

#[path = "../support/service_world.rs"]
mod service_world;
#[path = "../support/mod.rs"]
mod support;

mod akamai;
mod cloudfront;
mod company;
mod differential;
mod drawn;
mod links;
mod minted;
mod model;
mod scopes;
mod secrets;
mod service;
mod spellings;
mod times;
mod token_cache;
mod vectors;
