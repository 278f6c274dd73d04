use std::fmt;

use thiserror::Error;

/// The reason why a body passed unchanged: a playlist from the offset onwards, an MPD as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    reason: Reason,
    offset: u64,
}

impl Doubt {
    pub(super) const fn new(reason: Reason, offset: u64) -> Self {
        Self { reason, offset }
    }

    /// Returns the reason.
    pub const fn reason(self) -> Reason {
        self.reason
    }

    /// Returns the position in the input of the line, tag or text that caused the doubt, in bytes.
    pub const fn offset(self) -> u64 {
        self.offset
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.reason, self.offset)
    }
}

/// The kind of a [`Doubt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// No `#EXTM3U` in the first line; no `MPD` or `Patch` as the first element.
    #[error("the body is not a manifest of its format")]
    NotAManifest,
    /// A line of a playlist is longer than [`MAX_HELD_BACK`].
    #[error("a line is longer than {} bytes", MAX_HELD_BACK)]
    LineTooLong,
    /// A tag of an MPD, or the text of a `BaseURL` or a similar element, is longer than [`MAX_HELD_BACK`].
    #[error("a tag or the text of a URI is longer than {} bytes", MAX_HELD_BACK)]
    MarkupTooLong,
    /// The MPD is longer than [`Carried::max_mpd`](super::Carried::max_mpd).
    #[error("the document is too long to rewrite")]
    DocumentTooLong,
    /// A `BaseURL` or a `Location` of an MPD leads to another host or port, or cannot be read. References anywhere in the
    /// document may belong to it.
    #[error("a BaseURL or Location points to another host")]
    ForeignBase,
    /// A URI contains bytes that are not UTF-8.
    #[error("a URI is not UTF-8")]
    NotUtf8,
    /// The XML names an encoding other than UTF-8, or is UTF-16.
    #[error("the document is not encoded in UTF-8")]
    Encoding,
    /// The XML has a document type declaration, so entities could have any meaning.
    #[error("the document has a document type declaration")]
    DocumentType,
    /// More nested elements, or more namespaces in scope, than are supported.
    #[error("elements are nested too deeply")]
    TooDeep,
    /// More `EXT-X-DEFINE` tags than are kept.
    #[error("too many variables are defined")]
    TooManyVariables,
    /// A violation of the grammar.
    #[error("malformed: {0}")]
    Malformed(Fault),
}

/// A violation of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// HLS: a malformed attribute list, for example with an unterminated quote.
    #[error("an attribute list that cannot be parsed")]
    AttributeList,
    /// DASH: malformed markup.
    #[error("a tag that cannot be parsed")]
    Tag,
    /// DASH: an end tag without a matching start tag.
    #[error("an end tag of another element")]
    Nesting,
    /// DASH: a bare `&`, or an entity that XML does not define, in a URI.
    #[error("an unknown entity in a URI")]
    Entity,
    /// An attribute that is a URI occurs twice.
    #[error("an attribute that occurs twice")]
    RepeatedAttribute,
    /// DASH: content after the root element.
    #[error("content after the root element")]
    AfterRoot,
    /// DASH: the body ended inside an element.
    #[error("the document ends too early")]
    Unfinished,
}

/// The maximum length of a playlist's line, and of a tag or URI text of an MPD, in bytes.
///
/// Most servers refuse a URL of more than 8 KiB, so every URI that can be fetched is far shorter. Initialisation segments and
/// licences as `data:` URIs are a few KiB; an `Event@messageData` may reach tens of KiB. No player's manifest needs more. This
/// limit bounds the memory that a playlist can occupy.
pub const MAX_HELD_BACK: usize = 64 * 1024;
