//! What holds for every request, key and order of events: drawn from a fixed seed, or published as a vector, and compared with a
//! plain oracle.

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
