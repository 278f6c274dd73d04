use serde::Deserialize;

/// The requested resource, after host and base path have selected the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource<'p> {
    /// An object in a bucket.
    Object {
        /// The bucket's name.
        bucket: &'p [u8],
        /// The object key: the normal form of the path without the base path and its slash.
        key: &'p [u8],
    },
    /// A file of a live stream.
    Live {
        /// The playback ID, taken from the host or from the path.
        playback_id: &'p [u8],
        /// The normal form of the path without the base path and its slash.
        file: &'p [u8],
    },
}

/// The part of a live site's URL that holds the playback ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "live"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LiveShape {
    /// The host: `play-<playback ID>.example.com/…`, by the host pattern's `{playback_id}`.
    Host,
    /// The path: `/<playback ID>.m3u8`, `/<playback ID>/seg-1.ts`.
    Path,
}

/// Returns the playback ID in a live site's path: a file's name without its last extension, or a folder's whole name.
pub(super) fn playback_id_in(path: &[u8]) -> &[u8] {
    let before = |end: Option<usize>| end.and_then(|at| path.get(..at));
    match before(memchr::memchr(b'/', path)) {
        Some(folder) => folder,
        None => before(memchr::memrchr(b'.', path)).unwrap_or(path),
    }
}

#[cfg(test)]
mod tests;
