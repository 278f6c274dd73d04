//! Tests the adapters in real servers, alone and together with other layers, and compares the servers with each other.

#[path = "../support/mod.rs"]
mod support;

mod actix_extract;
mod adapters_agree;
mod among_layers;
mod around;
mod cors;
mod existing_server;
mod explain_header;
mod forwarding;
mod layer;
mod media_keys;
mod nesting;
mod own_server;
mod real_servers;
