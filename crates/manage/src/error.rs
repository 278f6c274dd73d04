use crate::model::{Malformed, Permission};

/// A call that failed. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManageError {
    /// A field or a part of the path is missing or has a value that is not permitted.
    #[error("{field}: {message}")]
    Field {
        /// The field, parameter or header.
        field: String,
        /// The rule.
        message: String,
    },
    /// The body is not a JSON object, or is too large, or did not arrive in time.
    #[error("{message}")]
    Body {
        /// The HTTP status: 400, 408, 413 or 415.
        status: u16,
        /// The fault that was found, and the remedy.
        message: String,
    },
    /// There is no valid access token or API key.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Too many attempts failed.
    #[error("too many attempts failed; try again in {retry_after} seconds")]
    TooManyAttempts {
        /// Seconds until the next attempt is permitted.
        retry_after: u64,
    },
    /// The API key lacks a permission.
    #[error("the API key has no permission for {}", .0.name())]
    Forbidden(Permission),
    /// There is no such thing in the account.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The state of the account does not permit the change.
    #[error("{message}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// The field that caused the conflict.
        field: Option<&'static str>,
        /// The state that was found, and the remedy.
        message: String,
    },
    /// The database did not answer. Try again later.
    #[error("the database does not answer; nothing was changed")]
    Unavailable,
    /// The change is stored but not yet in force on this node.
    #[error("the change is stored, but this node could not put it in force: {0}")]
    NotInForce(String),
    /// The program or its machine is at fault.
    #[error("internal error")]
    Internal,
}

impl ManageError {
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { field: field.into(), message: message.into() }
    }

    pub(crate) fn malformed(field: impl Into<String>) -> impl FnOnce(Malformed) -> Self {
        |Malformed(rule)| Self::field(field, rule)
    }

    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Field { .. } => "invalid_field",
            Self::Body { status: 408, .. } => "body_timeout",
            Self::Body { status: 413, .. } => "body_too_large",
            Self::Body { status: 415, .. } => "unsupported_media_type",
            Self::Body { .. } => "invalid_body",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict { code, .. } => code,
            Self::Unavailable => "database_unavailable",
            Self::NotInForce(_) => "not_in_force",
            Self::Internal => "internal_error",
        }
    }

    /// Returns the HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Field { .. } => 400,
            Self::Body { status, .. } => *status,
            Self::Unauthenticated(_) => 401,
            Self::TooManyAttempts { .. } => 429,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Unavailable | Self::NotInForce(_) => 503,
            Self::Internal => 500,
        }
    }

    /// Returns the field, parameter or header that caused the failure, if there is one.
    pub fn found_in(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::Conflict { field, .. } => *field,
            _ => None,
        }
    }
}

impl From<sqlx::Error> for ManageError {
    fn from(error: sqlx::Error) -> Self {
        // The text may contain values of the statement, but no secret: those are stored as digests, and statements have parameters.
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                tracing::error!(%error, "the database has a row that this version cannot read");
                Self::Internal
            }
            error => {
                tracing::warn!(%error, "the database does not answer");
                Self::Unavailable
            }
        }
    }
}
