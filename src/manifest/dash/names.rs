use arrayvec::ArrayVec;

use super::tag::{Tag, split_prefix};
use crate::manifest::{MAX_HELD_BACK, Reason};

/// The relevant namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// No namespace.
    None,
    /// `urn:mpeg:dash:schema:mpd:…` or `urn:mpeg:dash:schema:mpd-patch:…`.
    Dash,
    /// `http://www.w3.org/1999/xlink`.
    Xlink,
    Other,
}

impl Namespace {
    fn of(uri: &[u8]) -> Self {
        const DASH: &[u8] = b"urn:mpeg:dash:schema:mpd";
        match uri {
            b"" => return Self::None,
            b"http://www.w3.org/1999/xlink" => return Self::Xlink,
            _ => {}
        }
        // Drafts and old packagers write parts of the namespace in capitals.
        match uri.split_at_checked(DASH.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(DASH) => match rest {
                [] | [b':', ..] => Self::Dash,
                _ if rest.starts_with(b"-patch:") => Self::Dash,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// The names of the open elements and the prefixes in scope. Both are undone by going back to a [`Mark`].
#[derive(Clone, Default)]
pub(super) struct Names {
    text: Vec<u8>,
    prefixes: ArrayVec<(usize, usize, Namespace), MAX_PREFIXES>,
}

/// The state of [`Names`] when an element began.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    text: usize,
    prefixes: usize,
}

/// The maximum number of namespace declarations in scope at once; MPDs have about ten.
const MAX_PREFIXES: usize = 64;

impl Names {
    pub(super) fn mark(&self) -> Mark {
        Mark { text: self.text.len(), prefixes: self.prefixes.len() }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.prefixes.truncate(mark.prefixes);
    }

    /// Keeps the prefixes that a tag declares, and returns its default namespace if it declares one.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::TooDeep`] if more prefixes are in scope than can be kept.
    pub(super) fn declare(&mut self, tag: &Tag<'_>) -> Result<Option<Namespace>, Reason> {
        let mut default = None;
        for attribute in tag.attributes() {
            let namespace = Namespace::of(attribute.value);
            match split_prefix(attribute.name) {
                (None, b"xmlns") => default = Some(namespace),
                (Some(b"xmlns"), prefix) => {
                    let start = self.text.len();
                    let end = self.push(prefix)?;
                    self.prefixes.try_push((start, end, namespace)).map_err(|_| Reason::TooDeep)?;
                }
                _ => {}
            }
        }
        Ok(default)
    }

    /// Returns the namespace of a prefix. A prefix without a declaration has [`Namespace::Other`].
    pub(super) fn namespace_of(&self, prefix: &[u8]) -> Namespace {
        crate::work::visited(self.prefixes.len().saturating_add(prefix.len().saturating_mul(MAX_PREFIXES)));
        let mut known = self.prefixes.iter().rev();
        let found = known.find(|(start, end, _)| self.text.get(*start..*end) == Some(prefix));
        found.map_or(Namespace::Other, |&(_, _, namespace)| namespace)
    }

    /// Keeps the name of an opened element, and returns the position at which the name starts.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::TooDeep`] if all names together get too long.
    pub(super) fn open(&mut self, name: &[u8]) -> Result<usize, Reason> {
        let start = self.text.len();
        self.push(name).map(|_| start)
    }

    /// Returns the most recently opened name, if it starts at `start`.
    pub(super) fn last_from(&self, start: usize) -> &[u8] {
        self.text.get(start..).unwrap_or_default()
    }

    fn push(&mut self, name: &[u8]) -> Result<usize, Reason> {
        if self.text.len().saturating_add(name.len()) > MAX_HELD_BACK {
            return Err(Reason::TooDeep);
        }
        self.text.extend_from_slice(name);
        Ok(self.text.len())
    }
}
