use std::sync::Arc;

use super::settings::Site;

/// Sites and streams that are added to a policy while the verifier serves, beside those of its settings.
///
/// See [`Policy::with_additions`](super::Policy::with_additions).
///
/// ```
/// use playgate::site::Additions;
/// use playgate::{Policy, Site};
///
/// let policy = Policy::builder().site(Site::bucket("courses").host("cdn.example.com")).build()?;
/// let more = Additions::new().site(Site::bucket("archive").host("archive.example.com"));
/// assert_eq!(policy.with_additions(more)?.sites().count(), 2);
///
/// let twice = Additions::new().site(Site::bucket("archive").host("cdn.example.com"));
/// assert!(policy.with_additions(twice).is_err());
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Additions {
    pub(super) sites: Vec<Arc<Site>>,
    pub(super) streams: Vec<(String, String)>,
}

impl Additions {
    /// Returns no additions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a site. The next policy shares the checked rules of a site that has not changed. If the site is the same `Arc`, its settings
    /// are not compared.
    pub fn site(mut self, site: impl Into<Arc<Site>>) -> Self {
        self.sites.push(site.into());
        self
    }

    /// Maps a stream id to a playback ID, as [`PolicyBuilder::stream`](super::PolicyBuilder::stream) does.
    pub fn stream(mut self, id: impl Into<String>, playback_id: impl Into<String>) -> Self {
        self.streams.push((id.into(), playback_id.into()));
        self
    }

    #[cfg(feature = "config")]
    pub(super) fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.streams.is_empty()
    }
}

#[cfg(all(test, feature = "http", feature = "aws-lc"))]
mod tests;
