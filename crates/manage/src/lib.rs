//! The control plane of [playgate]: accounts, playback domains, signing keys, bucket policies and CORS by a REST API, on
//! SQLite or PostgreSQL.
//!
//! A change is committed to the database and in force on this node when its call returns. Other nodes follow the database, and have
//! the change in force within a second.
//!
//! | part | task |
//! | --- | --- |
//! | [`Manage`] | opens the database, puts its state in force in a [`Verifier`](playgate::Verifier), and serves the API |
//! | [`Operator`] | accounts, API keys, and the ownership of buckets and streams |
//! | [`Session`] | the operations of one account, as functions |
//! | [`model`] | the managed things |

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod api;
mod attempts;
mod database;
mod effect;
mod error;
mod manage;
pub mod model;
mod operations;
mod settings;

pub use database::{AuditEntry, AuditPlace, OpenError};
pub use error::ManageError;
pub use manage::Manage;
pub use operations::{ACCESS_TOKEN_LIFETIME, AccessToken, DOMAIN_LIMIT, Once, Operator, Session};
pub use settings::{Settings, SiteDefaults};

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
