//! The format of a manifest, by the extension of its file or its media type.

/// The format of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// An HLS playlist, multivariant or media.
    Hls,
    /// A DASH MPD, or a patch to one.
    Dash,
}

impl Format {
    /// Returns the format of files with this extension (`m3u8`, `m3u`, `mpd`, `mpp`), in any case and without the dot.
    pub fn of_extension(extension: &[u8]) -> Option<Self> {
        let is = |name: &str| extension.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("m3u8") || is("m3u") => Some(Self::Hls),
            () if is("mpd") || is("mpp") => Some(Self::Dash),
            () => None,
        }
    }

    /// Returns the format that a `Content-Type` names. Its parameters are ignored.
    pub fn of_content_type(value: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let kind = value.get(..end).unwrap_or_default().trim_ascii();
        let is_one = |names: &[&str]| names.iter().any(|name| kind.eq_ignore_ascii_case(name.as_bytes()));
        if is_one(&[
            "application/vnd.apple.mpegurl",
            "application/x-mpegurl",
            "audio/mpegurl",
            "audio/x-mpegurl",
        ]) {
            Some(Self::Hls)
        } else if is_one(&["application/dash+xml", "application/dash-patch+xml"]) {
            Some(Self::Dash)
        } else {
            None
        }
    }
}
