use crate::records::EmbedToken;
use crate::request::{PathBuffer, RequestPath};

use super::error::MediaKeyError;
use super::name::KeyName;

/// The folder in which the keys of a video are requested: `/videos/{video}/keys/`.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// The pattern as configured.
    text: Box<str>,
    /// The segments between its slashes.
    segments: Box<[Segment]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Video,
    /// An embed token, for sites with tokens in their paths.
    Token,
}

/// The key that a path names.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'p> {
    pub(super) video: &'p str,
    pub(super) name: KeyName,
}

impl Folder {
    pub(super) fn parse(text: &str) -> Result<Self, MediaKeyError> {
        let wrong = |found| MediaKeyError::Folder { folder: text.to_owned(), found };
        let mut buffer = PathBuffer::new();
        let normal = RequestPath::parse(text.as_bytes(), &mut buffer);
        if !normal.is_ok_and(|normal| normal.as_bytes() == text.as_bytes()) {
            return Err(wrong("is not a path in its normal form"));
        }
        let inner = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        let inner = inner.ok_or_else(|| wrong("does not end in a slash"))?;
        let segments: Box<[Segment]> = inner
            .split('/')
            .map(|segment| match segment {
                "{video}" => Ok(Segment::Video),
                "{token}" => Ok(Segment::Token),
                literal if literal.contains(['{', '}']) => {
                    Err(wrong("has braces other than {video} and {token}"))
                }
                literal => Ok(Segment::Literal(literal.into())),
            })
            .collect::<Result<_, _>>()?;
        let count = |wanted: &Segment| segments.iter().filter(|segment| *segment == wanted).count();
        if count(&Segment::Video) != 1 {
            return Err(wrong("has no {video}, or several"));
        }
        Ok(Self { text: text.into(), segments })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the key that a path in its normal form names in this folder.
    pub(super) fn read<'p>(&self, path: &'p str) -> Option<Wanted<'p>> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let mut video = None;
        for segment in &self.segments {
            let part = parts.next()?;
            match segment {
                Segment::Literal(literal) if **literal == *part => {}
                Segment::Token if EmbedToken::read(part.as_bytes()).is_some() => {}
                Segment::Video => video = Some(part),
                Segment::Literal(_) | Segment::Token => return None,
            }
        }
        let name = KeyName::parse(parts.next()?)?;
        let video = video.filter(|_| parts.next().is_none())?;
        Some(Wanted { video, name })
    }
}

#[cfg(test)]
mod tests;
