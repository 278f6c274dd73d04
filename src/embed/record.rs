use std::io::Write;
use std::sync::Arc;

use super::allowed::AllowedOrigins;
use super::counts::Counts;
use super::rate::{Limiter, Rate};
use super::stored::{MAX_ID_LEN, MAX_METADATA};
use super::table::{Group, Kept};
use crate::error::Code;
use crate::time::UnixSeconds;

/// What stands behind an embed token. `Debug` shows nothing of its viewer and its metadata.
pub(crate) struct Record {
    pub(super) video: Arc<Video>,
    pub(super) viewer: Option<Box<str>>,
    pub(super) expires_at: Option<UnixSeconds>,
    pub(super) origins: Option<Arc<AllowedOrigins>>,
    pub(super) limiter: Option<Box<(Rate, Limiter)>>,
    /// One JSON object, if it has a member.
    pub(super) metadata: Option<Box<str>>,
    pub(super) order: u64,
    pub(super) put_at: UnixSeconds,
    pub(super) counts: Counts,
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
        self.viewer.as_deref()
    }

    /// From this second on it opens nothing; `None` for never.
    pub(crate) const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }

    /// The origins that may show it; `None` for all.
    pub(crate) fn origins(&self) -> Option<&AllowedOrigins> {
        self.origins.as_deref()
    }

    /// Counts one request against its rate, or tells in how many seconds one more is allowed.
    pub(crate) fn count_against_rate(&self) -> Result<(), u32> {
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.1.count())
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
        if let Some(expires_at) = self.expires_at {
            write!(out, ",\"exp\":{expires_at}")?;
        }
        match self.metadata.as_deref().and_then(|object| object.get(1..)) {
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
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Kept for Record {
    fn group(&self) -> &Group {
        &self.video.group
    }

    fn viewer(&self) -> Option<&str> {
        self.viewer.as_deref()
    }

    fn order(&self) -> u64 {
        self.order
    }

    fn expires(&self) -> Option<i64> {
        self.expires_at.map(UnixSeconds::get)
    }

    fn last_seen(&self) -> i64 {
        self.counts.last_seen().unwrap_or(self.put_at).get()
    }
}
