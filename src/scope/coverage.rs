use serde::Deserialize;

use super::Resource;
use crate::error::Denial;

/// The rule by which a `uri` claim that is a prefix of an object key covers that key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "prefix"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PrefixRule {
    /// A prefix of whole segments: `videos/1` and `videos/1/` cover `videos/1/a.ts`, and neither covers `videos/10/a.ts`.
    /// `videos/1` also covers the exact key `videos/1`.
    #[default]
    Segments,
    /// Any prefix of bytes, as in the listings of object stores: `videos/1` covers `videos/10/a.ts`.
    Bytes,
}

/// A site's rules for the `uri` claim. In a configuration file these are fields of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Coverage {
    /// The rule by which a `uri` covers the object keys below it: whole segments, or bytes. Default "segments".
    pub prefix: PrefixRule,
    /// Allows an empty `uri` to cover the whole bucket. On a live site an empty `uri` covers nothing. Default true.
    pub whole_bucket: bool,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { prefix: PrefixRule::Segments, whole_bucket: true }
    }
}

impl Coverage {
    /// Checks that a token with this `uri` covers the resource.
    ///
    /// ```
    /// use playgate::scope::{Coverage, Resource};
    /// let object = |key| Resource::Object { bucket: b"vod", key };
    /// assert!(Coverage::default().check(b"videos/1", &object(b"videos/1/a.ts")).is_ok());
    /// assert!(Coverage::default().check(b"videos/1", &object(b"videos/10/a.ts")).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Denial::ScopeStartsWithSlash`], [`Denial::WholeBucket`] or [`Denial::OutOfScope`].
    pub fn check(&self, uri: &[u8], resource: &Resource<'_>) -> Result<(), Denial> {
        crate::work::visited(uri.len());
        if uri.first() == Some(&b'/') {
            return Err(Denial::ScopeStartsWithSlash);
        }
        let covers = match *resource {
            Resource::Object { .. } if uri.is_empty() => {
                return if self.whole_bucket { Ok(()) } else { Err(Denial::WholeBucket) };
            }
            Resource::Object { key, .. } => match self.prefix {
                PrefixRule::Segments => covers_segments(uri, key),
                PrefixRule::Bytes => key.starts_with(uri),
            },
            Resource::Live { playback_id, .. } => !uri.is_empty() && uri == playback_id,
        };
        if covers { Ok(()) } else { Err(Denial::OutOfScope) }
    }
}

/// Returns whether `uri` is the key itself, or ends where one of the key's segments ends.
fn covers_segments(uri: &[u8], key: &[u8]) -> bool {
    match key.strip_prefix(uri) {
        Some(rest) => uri.last() == Some(&b'/') || matches!(rest.first(), None | Some(b'/')),
        None => false,
    }
}

#[cfg(test)]
mod tests;
