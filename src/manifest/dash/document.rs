use arrayvec::ArrayVec;

use super::annex::{self, Requests};
use super::kind::{Kind, Use};
use super::names::{Mark, Names, Namespace};
use super::tag::{Attribute, Tag, end_name, split_prefix};
use super::value;
use super::{Context, selector};
use crate::manifest::child::{Child, Place};
use crate::manifest::splice::Splice;
use crate::manifest::{Fault, Reason};

/// Where in the document we are, and what that means for the URIs here.
#[derive(Default)]
pub(super) struct Document {
    levels: ArrayVec<Level, MAX_DEPTH>,
    names: Names,
    /// What the root's namespace says about elements without one: they are DASH too.
    bare: bool,
    begun: bool,
    /// What the text is for that is being held back.
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
    /// Whether carriers are looked for inside.
    open: bool,
    base: Base,
    requests: Requests,
}

/// Whether relative references in an element are ours.
#[derive(Clone, Copy)]
struct Base {
    /// What the element above says: its own `BaseURL`s resolve against that one's.
    inherited: bool,
    own: bool,
    /// Which `BaseURL`s the element has so far.
    met: Met,
}

/// Which `BaseURL`s an element has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    None,
    /// None of them is relative.
    Absolute,
    Relative,
}

impl Base {
    const fn inherited(own: bool) -> Self {
        Self { inherited: own, own, met: Met::None }
    }

    /// One more `BaseURL`. Each is an alternative, so that each must be ours.
    fn decide(&mut self, place: Place) {
        let own = match place {
            Place::Base => self.inherited,
            Place::Own => true,
            Place::Foreign => false,
        };
        self.own = own && (self.own || self.met == Met::None);
        let relative = place == Place::Base || self.met == Met::Relative;
        self.met = if relative { Met::Relative } else { Met::Absolute };
    }

    /// A foreign `Location`: players take it for the place of the MPD, which relative references belong to
    /// (DASH-IF IOP 4.3 §3.2.15).
    fn move_away(&mut self) {
        self.inherited = false;
        if self.met != Met::Absolute {
            self.own = false;
        }
    }
}

/// How deep elements may be nested; MPDs reach about ten.
const MAX_DEPTH: usize = 64;

const TAG: Reason = Reason::Malformed(Fault::Tag);
const NESTING: Reason = Reason::Malformed(Fault::Nesting);

impl Document {
    pub(super) fn is_inside(&self) -> bool {
        !self.levels.is_empty()
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the text that follows is to be held back, until the tag that ends it.
    pub(super) const fn holds_text(&self) -> bool {
        self.carrier.is_some()
    }

    /// The element whose text is held back holds more than text: the text is let go.
    pub(super) fn let_go(&mut self) {
        self.carrier = None;
        match self.levels.as_mut_slice() {
            [.., parent, Level { kind: Kind::Text(Use::Base), .. }] => parent.base.decide(Place::Foreign),
            [.., parent, Level { kind: Kind::Text(Use::Mpd), .. }] => parent.base.move_away(),
            _ => {}
        }
    }

    /// Reads a tag, the text before it included if that was held back; `start` is where in the source it starts.
    pub(super) fn unit(
        &mut self,
        context: &Context<'_>,
        (text, tag): (&[u8], &[u8]),
        start: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Reason> {
        if tag.starts_with(b"</") {
            self.end(context, text, tag, start, splice)
        } else {
            let read = Tag::read(tag).filter(|read| read.len == tag.len());
            let nul = || if tag.contains(&0) { Reason::Encoding } else { TAG };
            self.start(context, &read.ok_or_else(nul)?, start.saturating_add(text.len()), splice)
        }
    }

    pub(super) fn start(
        &mut self,
        context: &Context<'_>,
        tag: &Tag<'_>,
        start: usize,
        splice: &mut Splice<'_>,
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
                let (base, requests) = (Base::inherited(true), Requests::default());
                Level { before, name_at: 0, default, kind: Kind::Other, open: true, base, requests }
            }
            Some(above) => {
                let ours = namespace == if self.bare { Namespace::None } else { Namespace::Dash };
                let kind = if ours && above.open { Kind::of(local) } else { Kind::Closed };
                let base = Base::inherited(above.base.own);
                let open = kind != Kind::Closed;
                Level { before, name_at: 0, default, kind, open, base, requests: above.requests }
            }
        };
        if above.is_some_and(|above| above.kind == Kind::Property) {
            self.take_up_requests(context, tag, local);
        }
        if level.open && (level.kind.has_carriers() || tag.prefixed) {
            self.attributes(context, tag, &level, start, splice)?;
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

    fn end(
        &mut self,
        context: &Context<'_>,
        text: &[u8],
        tag: &[u8],
        start: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Reason> {
        let name = end_name(tag)?;
        let level = self.levels.last().ok_or(NESTING)?;
        if self.names.last_from(level.name_at) != name {
            return Err(NESTING);
        }
        if let Some(purpose) = self.carrier.take() {
            self.text(context, purpose, text, start, splice)?;
        }
        if let Some(level) = self.levels.pop() {
            self.names.back_to(level.before);
        }
        Ok(())
    }

    /// Appends to those attributes of a tag that are URIs.
    fn attributes(
        &mut self,
        context: &Context<'_>,
        tag: &Tag<'_>,
        level: &Level,
        start: usize,
        splice: &mut Splice<'_>,
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
            let found = value::attribute(value, purpose.is_template(), &mut self.plain)?;
            let child = if found.is_path {
                Child::of_path(found.uri)
            } else {
                Child::read(found.uri, context.carried)?
            };
            if !level.requests.include(purpose) {
                let at = start.saturating_add(at).saturating_add(found.end);
                context.append(purpose, &child, level.base.own, &found, at, splice);
            }
        }
        Ok(())
    }

    /// Appends to the text of the innermost element, which is a URI.
    fn text(
        &mut self,
        context: &Context<'_>,
        purpose: Use,
        text: &[u8],
        start: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Reason> {
        let Some(found) = value::text(text, purpose.is_template(), &mut self.plain)? else {
            self.let_go();
            return Ok(());
        };
        let child = Child::read(found.uri, context.carried)?;
        let [.., parent, level] = self.levels.as_mut_slice() else { return Ok(()) };
        let is_base = level.kind == Kind::Text(Use::Base);
        let own_base = if is_base { parent.base.inherited } else { level.base.own };
        if !level.requests.include(purpose) {
            context.append(purpose, &child, own_base, &found, start.saturating_add(found.end), splice);
        }
        match (purpose, child.place()) {
            (Use::Mpd, Place::Foreign) => parent.base.move_away(),
            (Use::Base, place) if is_base => parent.base.decide(place),
            _ => {}
        }
        Ok(())
    }

    /// Takes up what the child of an Annex I property says for the element that has the property.
    fn take_up_requests(&mut self, context: &Context<'_>, tag: &Tag<'_>, local: &[u8]) {
        let requests = annex::requests_of(tag, local, &context.carried.parameters, &mut self.plain);
        if let [.., owner, property] = self.levels.as_mut_slice() {
            owner.requests = owner.requests.and(requests);
            property.requests = owner.requests;
        }
    }

    /// What the text inside an edit of a patch document is for.
    fn edits(&mut self, tag: &Tag<'_>) -> Option<Use> {
        let sel = value::attribute(tag.value_of(b"sel")?, false, &mut self.plain).ok()?.uri;
        selector::use_of(sel, tag.value_of(b"type"), &self.names)
    }

    /// Whether a property is one of Annex I.
    fn is_annex(&mut self, tag: &Tag<'_>) -> bool {
        let scheme = tag.value_of(b"schemeIdUri").unwrap_or_default();
        value::attribute(scheme, false, &mut self.plain).is_ok_and(|scheme| annex::is_scheme(scheme.uri))
    }
}
