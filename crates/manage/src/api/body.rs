//! The bodies of requests: one JSON object, whose fields are all known and occur once.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::answer::Failure;
use crate::error::ManageError;

/// The maximum size of a body in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The maximum time in which a body has to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// The fields of a body. A handler takes what it knows and then refuses the rest.
pub(super) struct Fields(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let body_error = |status, message: String| Failure::from(ManageError::Body { status, message });
        let media_type = request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        // curl's `-d` without a content type sends `application/x-www-form-urlencoded`, so the published samples set JSON.
        let is_json = media_type.is_none_or(|media_type| {
            let essence = media_type.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            return Err(body_error(
                415,
                "the body has to be JSON; set Content-Type: application/json".to_owned(),
            ));
        }
        let length = request.headers().get(axum::http::header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let too_large = || body_error(413, format!("the body has more than {MAX_BODY} bytes"));
        if length.is_some_and(|length| length > MAX_BODY) {
            return Err(too_large());
        }
        let bytes = match tokio::time::timeout(ARRIVAL, to_bytes(request.into_body(), MAX_BODY)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return Err(too_large()),
            Err(_) => return Err(body_error(408, "the body took more than 10 seconds to arrive".to_owned())),
        };
        let object = serde_json::from_slice::<Object>(&bytes);
        object.map(|Object(fields)| Self(fields)).map_err(|error| body_error(400, error.to_string()))
    }
}

impl Fields {
    /// Takes a text that must be there.
    pub(super) fn text(&mut self, name: &str) -> Result<String, ManageError> {
        self.optional_text(name)?.ok_or_else(|| ManageError::field(name, "the field is missing"))
    }

    /// Takes a text that may be absent or null.
    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, ManageError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(ManageError::field(name, format!("a string is needed, not {}", kind_of(&other))))
            }
        }
    }

    /// Takes every field as a text, for an object of header names. Numbers and booleans are written as texts.
    pub(super) fn texts(self) -> Result<Vec<(String, String)>, ManageError> {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string())),
            other => {
                let message = format!("a string, number or boolean is needed, not {}", kind_of(&other));
                Err(ManageError::field(name, message))
            }
        };
        self.0.into_iter().map(text).collect()
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), ManageError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ManageError::field(name, "the call has no such field")),
        }
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// An object whose names are unique. `serde_json` alone would keep the last of several values.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value()?;
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("the field {name:?} occurs twice")));
                    }
                    fields.insert(name, value);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}
