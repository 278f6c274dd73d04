use std::io::Write;
use std::sync::Arc;

use smol_str::SmolStr;

use super::allowed::AllowedOrigins;
use super::counts::Counts;
use super::sync::Tokened;
use super::table::{Group, Kept, RevokedAlone};
use super::token::EmbedToken;
use crate::error::Code;
use crate::rate::{Limiter, ceil_seconds};
use crate::time::{UnixSeconds, uptime};

/// The record of an embed token. The `Debug` output shows nothing of its viewer and its metadata.
///
/// There may be a million records, so a record is small: an id of up to 23 bytes is stored inside it.
pub(crate) struct Record {
    pub(super) token: EmbedToken,
    pub(super) revoked_alone: RevokedAlone,
    pub(super) order: u64,
    pub(super) video: Arc<Video>,
    pub(super) origins: Option<Arc<AllowedOrigins>>,
    /// Seconds since 1970. The largest number means never.
    pub(super) expires: i64,
    pub(super) limiter: Option<Box<Limiter>>,
    pub(super) counts: Counts,
    pub(super) viewer: Option<SmolStr>,
    /// One JSON object, if it has a member.
    pub(super) metadata: Option<Box<Box<str>>>,
}

/// A video of the embed tokens of one realm. Its tokens can be revoked together.
#[derive(Debug)]
pub(crate) struct Video {
    pub(super) group: Group,
    pub(super) id: SmolStr,
    pub(super) realm: SmolStr,
    pub(super) counts: Counts,
}

impl Record {
    /// Returns the realm of sites that accept the token.
    pub(crate) fn realm(&self) -> &str {
        &self.video.realm
    }

    pub(crate) fn video(&self) -> &str {
        &self.video.id
    }

    pub(crate) fn viewer(&self) -> Option<&str> {
        self.viewer.as_deref()
    }

    /// Returns the first second in which the token is not valid, or `None` if it never expires.
    pub(crate) const fn expires_at(&self) -> Option<UnixSeconds> {
        if self.expires == i64::MAX { None } else { Some(UnixSeconds::new(self.expires)) }
    }

    /// Returns the allowed origins, or `None` for all.
    pub(crate) fn origins(&self) -> Option<&AllowedOrigins> {
        self.origins.as_deref()
    }

    /// Counts one request against the token's rate, by a clock that does not jump when the system's clock is set.
    ///
    /// # Errors
    ///
    /// Returns the seconds until one more request is allowed.
    pub(crate) fn count_against_rate(&self) -> Result<(), u32> {
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.count(uptime()).map_err(ceil_seconds))
    }

    /// Checks that the token's rate allows one more request, without counting the request.
    ///
    /// # Errors
    ///
    /// Returns the seconds until one more request is allowed.
    pub(crate) fn check_rate(&self) -> Result<(), u32> {
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.check(uptime()).map_err(ceil_seconds))
    }

    pub(crate) fn granted(&self, now: UnixSeconds) {
        self.counts.granted(now);
        self.video.counts.granted(now);
    }

    pub(crate) fn denied(&self, code: Code, now: UnixSeconds) {
        self.counts.denied(code, now);
        self.video.counts.denied(code, now);
    }

    /// Returns the metadata: a JSON object, or `None` if it has no member.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.metadata.as_ref().map(|object| &***object)
    }

    /// Writes the record as claims in JSON: `sub` is the viewer, `exp` the expiry, beside `video` and the metadata.
    ///
    /// # Errors
    ///
    /// Returns the errors of `out`.
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

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("video", &self.video.id)
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl Tokened for Record {
    type Token = EmbedToken;

    fn token(&self) -> &EmbedToken {
        &self.token
    }
}

impl Kept for Record {
    fn revoked_alone(&self) -> &RevokedAlone {
        &self.revoked_alone
    }

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
        self.expires_at().map(UnixSeconds::get)
    }

    fn last_seen(&self) -> i64 {
        self.counts.last_seen().get()
    }

    /// Returns the number of seconds for which requests count against the token's rate. A record that is looked up again starts
    /// with no counts.
    fn remembers(&self) -> i64 {
        self.limiter.as_ref().map_or(0, |limiter| ceil_seconds(limiter.memory()).into())
    }
}

#[cfg(test)]
mod tests;
