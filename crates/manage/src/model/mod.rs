//! The things that the control plane manages, as checked values.

mod account;
mod bucket;
mod cors;
mod domain;
mod ids;
mod media;
mod signing_key;

pub use account::{Account, ApiKey, NewApiKey, Permission, Permissions};
pub use bucket::{Bucket, BucketAccess};
pub use cors::{CorsHeader, CorsHeaders};
pub use domain::{Domain, DomainKind, DomainName};
pub use ids::{AccountId, ApiKeyId, DomainId, SigningKeyId};
pub use media::{BucketName, PlaybackId, Stream, StreamId};
pub(crate) use signing_key::SigningKeyRow;
pub use signing_key::{KeyName, KeyOwner, NewSigningKey, SigningKey};

/// A text that is not a value of its type. The message states the rule and fits after "is refused: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(crate) &'static str);

/// Returns a time as the published API writes it: `2026-11-30 14:05:09`, in UTC.
pub fn shown_time(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
