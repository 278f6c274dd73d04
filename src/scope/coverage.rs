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
mod tests {
    use super::*;

    fn object(key: &str) -> Resource<'_> {
        Resource::Object { bucket: b"vod", key: key.as_bytes() }
    }

    #[test]
    fn prefix_scope_stops_at_a_segment_boundary() {
        let coverage = Coverage::default();
        for (uri, key, covered) in [
            ("videos/1", "videos/1", true),
            ("videos/1", "videos/1/", true),
            ("videos/1", "videos/1/a.ts", true),
            ("videos/1", "videos/1/720p/a.ts", true),
            ("videos/1/", "videos/1/a.ts", true),
            ("videos/1/", "videos/1/", true),
            ("videos/1/", "videos/1", false),
            ("videos/1", "videos/10/a.ts", false),
            ("videos/1", "videos/1.mp4", false),
            ("videos/1/", "videos/10/a.ts", false),
            ("videos/1/a", "videos/1/a.ts", false),
            ("videos/1/a.ts", "videos/1/a.ts", true),
            ("Videos/1", "videos/1", false),
            ("videos//1", "videos/1/a", false),
            ("videos/1/..", "videos/1/a", false),
            ("videos/2/../1", "videos/1/a", false),
            ("%76ideos/1", "videos/1/a", false),
            ("videos/1", "", false),
        ] {
            assert_eq!(coverage.check(uri.as_bytes(), &object(key)).is_ok(), covered, "{uri:?} on {key:?}");
        }
    }

    #[test]
    fn byte_prefixes_are_there_by_name() {
        let coverage = Coverage { prefix: PrefixRule::Bytes, ..Coverage::default() };
        assert_eq!(coverage.check(b"videos/1", &object("videos/10/a.ts")), Ok(()));
        assert_eq!(coverage.check(b"videos/1", &object("video/1")), Err(Denial::OutOfScope));
    }

    #[test]
    fn the_empty_uri_covers_a_bucket_unless_the_site_forbids_it_and_nothing_live() {
        let strict = Coverage { whole_bucket: false, ..Coverage::default() };
        assert_eq!(Coverage::default().check(b"", &object("any/thing")), Ok(()));
        assert_eq!(strict.check(b"", &object("any/thing")), Err(Denial::WholeBucket));
        let live = Resource::Live { playback_id: b"", file: b"" };
        assert_eq!(Coverage::default().check(b"", &live), Err(Denial::OutOfScope));
    }

    #[test]
    fn a_uri_that_starts_with_a_slash_is_refused_by_name() {
        for uri in ["/", "/videos/1", "//"] {
            let verdict = Coverage::default().check(uri.as_bytes(), &object("videos/1"));
            assert_eq!(verdict, Err(Denial::ScopeStartsWithSlash), "{uri}");
        }
    }

    #[test]
    fn live_scope_is_the_playback_id_exactly() {
        let live = Resource::Live { playback_id: b"ch1", file: b"ch1/seg-1.ts" };
        assert_eq!(Coverage::default().check(b"ch1", &live), Ok(()));
        for uri in ["ch", "ch10", "ch1/", "CH1", "ch1/seg-1.ts"] {
            assert_eq!(Coverage::default().check(uri.as_bytes(), &live), Err(Denial::OutOfScope), "{uri}");
        }
    }
}
