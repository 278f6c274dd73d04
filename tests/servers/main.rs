//! Real servers with the gate in them: what they answer, beside other layers and among themselves.

#[path = "../support/mod.rs"]
mod support;

mod actix_extract;
mod adapters_agree;
mod among_layers;
mod around;
mod cors;
mod existing_server;
mod forwarding;
mod layer;
mod media_keys;
mod nesting;
mod own_server;
mod real_servers;
