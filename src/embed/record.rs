use std::io::Write;
use std::sync::Arc;

use arrayvec::ArrayString;

use super::allowed::AllowedOrigins;
use super::counts::Counts;
use super::rate::Limiter;
use super::stored::{MAX_ID_LEN, MAX_METADATA};
use super::table::{Group, Kept};
use crate::error::Code;
use crate::time::UnixSeconds;

/// What stands behind an embed token. `Debug` shows nothing of its viewer and its metadata.
///
/// There may be a million, so it is kept small.
pub(crate) struct Record {
    pub(super) video: Arc<Video>,
    pub(super) viewer: Viewer,
    /// Seconds since 1970; the largest number for never.
    pub(super) expires: i64,
    pub(super) origins: Option<Arc<AllowedOrigins>>,
    pub(super) limiter: Option<Box<Limiter>>,
    /// One JSON object, if it has a member.
    pub(super) metadata: Option<Box<Box<str>>>,
    pub(super) order: u64,
    pub(super) counts: Counts,
}

/// A viewer's id. Most are short, and stand in the record itself.
#[derive(Debug)]
pub(super) enum Viewer {
    None,
    Short(ArrayString<16>),
    Long(Box<str>),
}

impl Viewer {
    pub(super) fn new(id: Option<&str>) -> Self {
        match id {
            None => Self::None,
            Some(id) => ArrayString::from(id).map_or_else(|_| Self::Long(id.into()), Self::Short),
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Short(id) => Some(id),
            Self::Long(id) => Some(id),
        }
    }
}

/// A video that embed tokens of one realm open: it is revoked as one.
#[derive(Debug)]
pub(crate) struct Video {
    pub(super) realm: Box<str>,
    pub(super) id: Box<str>,
    pub(super) group: Group,
    pub(super) counts: Counts,
}

impl Record {
    /// The realm of sites at which it is good.
    pub(crate) fn realm(&self) -> &str {
        &self.video.realm
    }

    pub(crate) fn video(&self) -> &str {
        &self.video.id
    }

    pub(crate) fn viewer(&self) -> Option<&str> {
        self.viewer.id()
    }

    /// From this second on it opens nothing; `None` for never.
    pub(crate) const fn expires_at(&self) -> Option<UnixSeconds> {
        if self.expires == i64::MAX { None } else { Some(UnixSeconds::new(self.expires)) }
    }

    /// The origins that may show it; `None` for all.
    pub(crate) fn origins(&self) -> Option<&AllowedOrigins> {
        self.origins.as_deref()
    }

    /// Counts one request against its rate, or tells in how many seconds one more is allowed.
    pub(crate) fn count_against_rate(&self) -> Result<(), u32> {
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.count())
    }

    pub(crate) fn granted(&self, now: UnixSeconds) {
        self.counts.granted(now);
        self.video.counts.granted(now);
    }

    pub(crate) fn denied(&self, code: Code, now: UnixSeconds) {
        self.counts.denied(code, now);
        self.video.counts.denied(code, now);
    }

    /// What it says in the words of claims, as JSON: `sub` is the viewer, `exp` the expiry, beside `video` and the metadata.
    ///
    /// # Errors
    ///
    /// Those of `out`; [`MAX_CLAIMS`] bytes are enough.
    pub(crate) fn write_claims(&self, mut out: impl Write) -> std::io::Result<()> {
        out.write_all(b"{\"video\":")?;
        serde_json::to_writer(&mut out, self.video())?;
        if let Some(viewer) = self.viewer() {
            out.write_all(b",\"sub\":")?;
            serde_json::to_writer(&mut out, viewer)?;
        }
        if let Some(expires_at) = self.expires_at() {
            write!(out, ",\"exp\":{expires_at}")?;
        }
        match self.metadata.as_ref().and_then(|object| object.get(1..)) {
            Some(members) => write!(out, ",{members}"), // with its own closing brace
            None => out.write_all(b"}"),
        }
    }
}

/// The most that [`Record::write_claims`] writes: two ids in which each byte is escaped, and metadata.
pub(crate) const MAX_CLAIMS: usize = 2 * 6 * MAX_ID_LEN + MAX_METADATA.1 + 128;

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("video", &self.video.id)
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl Kept for Record {
    fn group(&self) -> &Group {
        &self.video.group
    }

    fn viewer(&self) -> Option<&str> {
        self.viewer.id()
    }

    fn order(&self) -> u64 {
        self.order
    }

    fn expires(&self) -> Option<i64> {
        self.expires_at().map(UnixSeconds::get)
    }

    fn last_seen(&self) -> i64 {
        self.counts.last_seen().get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small_and_a_viewer_of_sixteen_bytes_stands_in_it() {
        assert!(size_of::<Record>() <= 120, "{}", size_of::<Record>());
        assert!(matches!(Viewer::new(Some("0123456789abcdef")), Viewer::Short(_)));
        let long = "x".repeat(36);
        assert_eq!(Viewer::new(Some(&long)).id(), Some(&*long));
        assert_eq!(Viewer::new(None).id(), None);
    }
}
