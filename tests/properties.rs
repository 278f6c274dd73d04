//! What holds for every request: drawn at random, from a fixed seed, and held against plain oracles.

mod support;

#[path = "properties/akamai.rs"]
mod akamai;
#[path = "properties/cloudfront.rs"]
mod cloudfront;
#[path = "properties/company.rs"]
mod company;
#[path = "properties/drawn.rs"]
mod drawn;
#[path = "properties/links.rs"]
mod links;
#[path = "properties/minted.rs"]
mod minted;
#[path = "properties/scopes.rs"]
mod scopes;
#[path = "properties/secrets.rs"]
mod secrets;
#[path = "properties/service.rs"]
mod service;
#[path = "support/service_world.rs"]
mod service_world;
#[path = "properties/spellings.rs"]
mod spellings;
#[path = "properties/times.rs"]
mod times;
