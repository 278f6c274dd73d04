//! Recognizes manifests and keys by their paths. Origins and rates are checked for these.
//!
//! A file server may resolve several paths to one file. A path therefore counts as the path of a manifest or key if any server
//! could serve a manifest or key for it. These rules apply to the last segment of the path's normal form, in the order they are
//! tried:
//!
//! 1. A path that ends in a slash counts. It may be a folder whose index file is a manifest, or a file served by actix-files,
//!    which ignores the slash.
//! 2. The text after a dot, a `;` or a `:` counts if it is one of the extensions, in any ASCII case: `1.key;v=1` (path
//!    parameters), `1.key::$DATA` (streams of NTFS), `master.m3u8.gz` (a compressed variant). Spaces and dots at its end are
//!    ignored, because Windows drops them.
//! 3. A name without an extension counts: a server can add one, and `forward` also recognizes such a manifest by its
//!    `Content-Type`.
//! 4. A last extension with non-ASCII characters counts, because file systems fold some of them (`.Key` with the Kelvin sign). So
//!    does an extension with a `%`, which may be decoded again.
//! 5. No other file counts, such as a media segment or an MP4 file.

use crate::manifest::Format;

/// Returns whether a path may be that of a manifest or a key.
pub(crate) fn may_be_manifest_or_key(path: &[u8]) -> bool {
    let name =
        memchr::memrchr(b'/', path).and_then(|slash| path.get(slash.saturating_add(1)..)).unwrap_or(path);
    if let Some(extension) = only_extension(name) {
        return is_guarded(extension);
    }
    if name.is_empty() {
        return true;
    }
    let mut pieces = name.split(|byte| matches!(byte, b'.' | b';' | b':')).skip(1);
    if pieces.any(|piece| is_guarded(piece.trim_ascii_end())) {
        return true;
    }
    let dropped = |byte: &u8| matches!(byte, b'.' | b' ');
    let kept = name.iter().rposition(|byte| !dropped(byte)).map_or(0, |last| last.saturating_add(1));
    let name = name.get(..kept).unwrap_or_default();
    match memchr::memrchr(b'.', name).and_then(|dot| name.get(dot.saturating_add(1)..)) {
        None => true,
        Some(extension) => !extension.is_ascii() || extension.contains(&b'%'),
    }
}

/// Returns the extension of a name with one dot that no server resolves to another name. Most names are of this kind.
fn only_extension(name: &[u8]) -> Option<&[u8]> {
    let is_plain = |byte: &u8| PLAIN.get(usize::from(*byte)) == Some(&true);
    let dot = name.iter().position(|byte| !is_plain(byte))?;
    let extension = name.get(dot..)?.strip_prefix(b".")?;
    (!extension.is_empty() && extension.iter().all(is_plain)).then_some(extension)
}

/// Letters, digits, `-` and `_`: bytes without a special meaning for file servers.
#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        byte += 1;
    }
    plain
};

/// Returns whether manifests or keys have this extension.
fn is_guarded(extension: &[u8]) -> bool {
    extension.eq_ignore_ascii_case(b"key") || Format::of_extension(extension).is_some()
}

#[cfg(test)]
mod tests;
