//! Creations that may be repeated: a key of the caller's choice, stored with the digest of the request and what it created.
//!
//! A key belongs to its account, and is remembered for a day. It is stored in the transaction of the creation.

use super::Session;
use super::access::digest;
use super::change::Change;
use crate::database::{Created, Result};
use crate::error::ManageError;

/// The name of a creation, by which a repetition is recognized: the header `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Once(String);

/// The time for which a creation is remembered, in seconds.
const REMEMBERED: i64 = 24 * 60 * 60;

impl Once {
    /// Checks a name: 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    ///
    /// Returns [`ManageError::Field`] for any other text.
    pub fn new(name: &str) -> Result<Self> {
        if (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            Ok(Self(name.to_owned()))
        } else {
            Err(ManageError::field("Idempotency-Key", "the key has 1 to 255 visible ASCII characters"))
        }
    }
}

impl Session {
    /// Returns the id of what an earlier call with the same name and the same request created.
    pub(super) async fn created_before(
        &self,
        change: &mut Change,
        once: Option<&Once>,
        request: &str,
    ) -> Result<Option<String>> {
        let Some(Once(name)) = once else { return Ok(None) };
        let oldest = change.now.saturating_sub(REMEMBERED);
        change.forget_created(oldest).await?;
        match change.created_with(self.account, name).await? {
            None => Ok(None),
            Some(created) if created.request == digest(request) => Ok(Some(created.subject)),
            Some(_) => Err(ManageError::Conflict {
                code: "idempotency_key_reused",
                field: Some("Idempotency-Key"),
                message: "the key belongs to another request; use a new key for each creation".to_owned(),
            }),
        }
    }

    pub(super) async fn remember(
        &self,
        change: &mut Change,
        once: Option<&Once>,
        request: &str,
        subject: &str,
    ) -> Result<()> {
        let Some(Once(name)) = once else { return Ok(()) };
        let created = Created { request: digest(request), subject: subject.to_owned() };
        let now = change.now;
        change.add_created(self.account, name, &created, now).await
    }
}
