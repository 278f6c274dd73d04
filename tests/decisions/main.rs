//! Tests the decision: granted requests, and refused requests with their codes, through every adapter.

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod danger;
mod decided;
mod denial_log;
mod denials;
mod embeds;
mod explain;
mod failed_signatures;
mod key_swap;
mod minting;
mod mistakes;
mod policy_errors;
mod revocation;
mod schemes;
mod secure_links;
mod shadow;
mod spans;
mod stats;
