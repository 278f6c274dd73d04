use arrayvec::ArrayVec;

use super::annex::{self, Requests};
use super::insertion::Insertion;
use super::kind::{Kind, Use};
use super::names::{Mark, Names, Namespace};
use super::tag::{Attribute, Tag, end_name, split_prefix};
use super::{selector, value};
use crate::manifest::child::{Child, Place};
use crate::manifest::{Carried, Fault, Reason};

/// The open elements of a document, and their meaning for the URIs in them.
#[derive(Clone, Default)]
pub(super) struct Document {
    levels: ArrayVec<Level, MAX_DEPTH>,
    names: Names,
    /// True if the root has no namespace. Elements without a namespace are then DASH too.
    bare: bool,
    begun: bool,
    /// The purpose of the text that follows, if the text is a URI.
    carrier: Option<Use>,
    plain: Vec<u8>,
}

/// One open element.
#[derive(Clone, Copy)]
struct Level {
    before: Mark,
    name_at: usize,
    default: Namespace,
    kind: Kind,
    /// True if the element may have URIs inside.
    open: bool,
    requests: Requests,
}

/// The maximum depth of elements; MPDs reach about ten.
const MAX_DEPTH: usize = 64;

const NESTING: Reason = Reason::Malformed(Fault::Nesting);

impl Document {
    pub(super) fn is_inside(&self) -> bool {
        !self.levels.is_empty()
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Returns whether the text up to the next end tag is a URI.
    pub(super) const fn expects_uri(&self) -> bool {
        self.carrier.is_some()
    }

    /// Gives up the text as a URI, because its element contains more than text. `is_element` is true if it contains an element.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::ForeignBase`] if the text would be a base, whose destination is then unknown. An element in an edit of a
    /// patch document is a base of its own, and not an error.
    pub(super) fn let_go(&mut self, is_element: bool) -> Result<(), Reason> {
        let is_edit = self.levels.last().is_some_and(|level| level.kind == Kind::Edit);
        match self.carrier.take() {
            Some(Use::Base | Use::Mpd) if !(is_element && is_edit) => Err(Reason::ForeignBase),
            _ => Ok(()),
        }
    }

    pub(super) fn start(
        &mut self,
        carried: &Carried,
        tag: &Tag<'_>,
        start: usize,
        found: &mut Vec<Insertion>,
    ) -> Result<(), Reason> {
        let before = self.names.mark();
        let declared = if tag.declares { self.names.declare(tag)? } else { None };
        let above = self.levels.last().copied();
        let default = declared.or_else(|| above.map(|level| level.default)).unwrap_or(Namespace::None);
        let (prefix, local) = split_prefix(tag.name);
        let namespace = prefix.map_or(default, |prefix| self.names.namespace_of(prefix));
        let level = match above {
            None if self.begun => return Err(Reason::Malformed(Fault::AfterRoot)),
            None => {
                self.begun = true;
                if !matches!(local, b"MPD" | b"Patch")
                    || !matches!(namespace, Namespace::None | Namespace::Dash)
                {
                    return Err(Reason::NotAManifest);
                }
                self.bare = namespace == Namespace::None;
                let requests = Requests::default();
                Level { before, name_at: 0, default, kind: Kind::Other, open: true, requests }
            }
            Some(above) => {
                let ours = namespace == if self.bare { Namespace::None } else { Namespace::Dash };
                let kind = if ours && above.open { Kind::of(local) } else { Kind::Closed };
                let open = kind != Kind::Closed;
                Level { before, name_at: 0, default, kind, open, requests: above.requests }
            }
        };
        if above.is_some_and(|above| above.kind == Kind::Property) {
            self.take_up_requests(carried, tag, local);
        }
        if level.open && (level.kind.has_carriers() || tag.prefixed) {
            self.attributes(carried, tag, &level, start, found)?;
        }
        if tag.empty {
            self.names.back_to(before);
            return Ok(());
        }
        self.carrier = match level.kind {
            Kind::Text(purpose) => Some(purpose),
            Kind::Edit => self.edits(tag),
            _ => None,
        };
        let kind = match level.kind {
            Kind::Property if self.is_annex(tag) => Kind::Property,
            Kind::Property => Kind::Closed,
            kind => kind,
        };
        let name_at = self.names.open(tag.name)?;
        let level = Level {
            name_at,
            kind,
            open: level.open && !matches!(kind, Kind::Closed | Kind::Text(_)),
            ..level
        };
        self.levels.try_push(level).map_err(|_| Reason::TooDeep)
    }

    /// Reads an end tag, and the text before it, which starts at `from`.
    pub(super) fn end(
        &mut self,
        carried: &Carried,
        (text, from): (&[u8], usize),
        tag: &[u8],
        found: &mut Vec<Insertion>,
    ) -> Result<(), Reason> {
        let name = end_name(tag)?;
        let level = self.levels.last().ok_or(NESTING)?;
        if self.names.last_from(level.name_at) != name {
            return Err(NESTING);
        }
        if let Some(purpose) = self.carrier.take() {
            self.text(carried, purpose, text, from, found)?;
        }
        if let Some(level) = self.levels.pop() {
            self.names.back_to(level.before);
        }
        Ok(())
    }

    /// Appends to those attributes of a tag that are URIs.
    fn attributes(
        &mut self,
        carried: &Carried,
        tag: &Tag<'_>,
        level: &Level,
        start: usize,
        found: &mut Vec<Insertion>,
    ) -> Result<(), Reason> {
        let mut seen = 0_u8;
        for Attribute { name, value, at } in tag.attributes() {
            let (prefix, name) = if tag.prefixed { split_prefix(name) } else { (None, name) };
            let (purpose, number) = match (prefix, name) {
                (None, name) => match level.kind.attribute(name) {
                    Some(found) => found,
                    None => continue,
                },
                (Some(prefix), b"href") if self.names.namespace_of(prefix) == Namespace::Xlink => {
                    (Use::Xlink, 7)
                }
                (Some(_), _) => continue,
            };
            if seen & (1 << number) != 0 {
                return Err(Reason::Malformed(Fault::RepeatedAttribute));
            }
            seen |= 1 << number;
            let uri = value::attribute(value, purpose.is_template(), &mut self.plain)?;
            let child = if uri.is_path { Child::of_path(uri.uri) } else { Child::read(uri.uri, carried)? };
            if !level.requests.include(purpose) {
                let at = start.saturating_add(at).saturating_add(uri.end);
                found.extend(Insertion::new(carried, purpose, &child, uri.raw, at));
            }
        }
        Ok(())
    }

    /// Appends to the text of the innermost element, which is a URI.
    fn text(
        &mut self,
        carried: &Carried,
        purpose: Use,
        text: &[u8],
        start: usize,
        found: &mut Vec<Insertion>,
    ) -> Result<(), Reason> {
        let is_base = matches!(purpose, Use::Base | Use::Mpd);
        let Some(uri) = value::text(text, purpose.is_template(), &mut self.plain)? else {
            return if is_base { Err(Reason::ForeignBase) } else { Ok(()) };
        };
        let child = Child::read(uri.uri, carried)?;
        if is_base && child.place() == Place::Foreign {
            return Err(Reason::ForeignBase);
        }
        let level = self.levels.last();
        if level.is_some_and(|level| !level.requests.include(purpose)) {
            found.extend(Insertion::new(carried, purpose, &child, uri.raw, start.saturating_add(uri.end)));
        }
        Ok(())
    }

    /// Applies the child of an Annex I property to the element that has the property.
    fn take_up_requests(&mut self, carried: &Carried, tag: &Tag<'_>, local: &[u8]) {
        let requests = annex::requests_of(tag, local, &carried.parameters, &mut self.plain);
        if let [.., owner, property] = self.levels.as_mut_slice() {
            owner.requests = owner.requests.and(requests);
            property.requests = owner.requests;
        }
    }

    /// Returns the purpose of the text inside an edit of a patch document, if the text is a URI.
    fn edits(&mut self, tag: &Tag<'_>) -> Option<Use> {
        let sel = value::attribute(tag.value_of(b"sel")?, false, &mut self.plain).ok()?.uri;
        selector::use_of(sel, tag.value_of(b"type"), &self.names)
    }

    /// Returns whether a property is one of Annex I.
    fn is_annex(&mut self, tag: &Tag<'_>) -> bool {
        let scheme = tag.value_of(b"schemeIdUri").unwrap_or_default();
        value::attribute(scheme, false, &mut self.plain).is_ok_and(|scheme| annex::is_scheme(scheme.uri))
    }
}
