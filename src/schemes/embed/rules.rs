use super::origins_on::OriginsOn;
use crate::records::Lifetime;
use crate::request::{PathBuffer, RequestPath, SegmentPlace};
use crate::schemes::places::Places;

/// The checked rules of a site for embed tokens.
#[derive(Debug)]
pub(crate) struct EmbedRules {
    pub(super) places: Places,
    /// True if no other scheme reads texts of the shared carriers.
    pub(super) reads_every_text: bool,
    pub(super) realm: Box<str>,
    pub(super) paths: Vec<PathPattern>,
    pub(super) scope: ScopePattern,
    pub(super) origins_on: OriginsOn,
    pub(super) allow_missing_origin: bool,
    pub(super) lifetime: Lifetime,
    pub(super) lifetimes: Vec<(String, Lifetime)>,
}

/// The parts of a path with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InPath<'r> {
    /// The text in the token's place.
    pub(crate) text: &'r [u8],
    /// The path below the token, or `None` for the page of the token itself.
    pub(crate) below: Option<&'r [u8]>,
}

impl EmbedRules {
    /// Returns the realm of sites that share their tokens.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Returns the default lifetime of tokens for a video.
    pub(crate) fn lifetime(&self, video: &str) -> Lifetime {
        let own = self.lifetimes.iter().rev().find(|(listed, _)| listed == video);
        own.map_or(self.lifetime, |(_, lifetime)| *lifetime)
    }

    /// Returns the places of a token in paths, as the settings have them: `/watch/{token}`.
    #[cfg(feature = "mint")]
    pub(crate) fn path_patterns(&self) -> impl Iterator<Item = String> {
        self.paths.iter().map(|pattern| {
            let end = if pattern.below { "/" } else { "" };
            format!("{}{{token}}{end}", pattern.before)
        })
    }

    /// Returns the token in a normalized path, if one of the patterns matches.
    pub(crate) fn in_path<'r>(&self, path: &'r [u8]) -> Option<InPath<'r>> {
        self.paths.iter().find_map(|pattern| pattern.read(path))
    }

    /// Returns whether a video's folder contains this object key.
    pub(crate) fn covers(&self, video: &str, key: &[u8]) -> bool {
        self.scope.covers(video, key)
    }

    /// Returns the folder of a video, written like an object key.
    pub(crate) fn folder(&self, video: &str) -> String {
        format!("{}{video}{}", self.scope.before, self.scope.after)
    }

    /// Returns whether a request requires one of the token's origins. `guarded` is true for manifests and keys.
    pub(crate) fn requires_origin(&self, guarded: bool) -> bool {
        guarded || self.origins_on == OriginsOn::Everything
    }

    /// Returns whether a request without an origin is allowed.
    pub(crate) const fn allows_missing_origin(&self) -> bool {
        self.allow_missing_origin
    }
}

/// The place of a token in a path: a whole segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathPattern {
    /// The path before the token, which begins and ends with a slash.
    before: Box<str>,
    /// True if a path follows the token.
    below: bool,
}

impl PathPattern {
    /// Parses `/watch/{token}` or `/embed/{token}/`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once("{token}")?;
        let mut buffer = PathBuffer::new();
        let normal = RequestPath::parse(before.as_bytes(), &mut buffer).ok()?;
        let whole = before.ends_with('/') && matches!(after, "" | "/") && !before.contains(['{', '}']);
        (whole && normal.as_bytes() == before.as_bytes())
            .then(|| Self { before: before.into(), below: after == "/" })
    }

    pub(super) fn segment_place(&self) -> SegmentPlace {
        SegmentPlace::new(self.before.clone(), 0)
    }

    fn read<'r>(&self, path: &'r [u8]) -> Option<InPath<'r>> {
        crate::work::visited(path.len());
        let rest = path.strip_prefix(self.before.as_bytes())?;
        match (memchr::memchr(b'/', rest), self.below) {
            (None, false) => Some(InPath { text: rest, below: None }),
            (Some(slash), true) => {
                let (text, below) = rest.split_at_checked(slash)?;
                Some(InPath { text, below: Some(below.get(1..)?) })
            }
            (None, true) | (Some(_), false) => None,
        }
    }
}

/// The folder of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScopePattern {
    before: Box<str>,
    /// The path after the video, which begins and ends with a slash.
    after: Box<str>,
}

impl ScopePattern {
    /// Parses `videos/{video}/`: the video is a whole segment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once("{video}")?;
        let absolute = format!("/{before}video{after}");
        let mut buffer = PathBuffer::new();
        let normal = RequestPath::parse(absolute.as_bytes(), &mut buffer).ok()?;
        let whole =
            (before.is_empty() || before.ends_with('/')) && after.starts_with('/') && after.ends_with('/');
        (whole
            && !text.contains("{video}{")
            && normal.as_bytes() == absolute.as_bytes()
            && !after.contains('{')
            && !before.contains('{'))
        .then(|| Self { before: before.into(), after: after.into() })
    }

    /// Returns whether the folder of this video contains the object key.
    fn covers(&self, video: &str, key: &[u8]) -> bool {
        let below = key
            .strip_prefix(self.before.as_bytes())
            .and_then(|rest| rest.strip_prefix(video.as_bytes()))
            .and_then(|rest| rest.strip_prefix(self.after.as_bytes()));
        below.is_some()
    }
}

#[cfg(test)]
mod tests;
