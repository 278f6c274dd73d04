use memchr::memmem;

use super::kind::Use;
use super::tag::Tag;
use super::value;
use crate::manifest::Parameters;

/// The requests to which the player itself adds our parameters (ISO/IEC 23009-1 Annex I).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Requests(u8);

impl Requests {
    const SEGMENT: Self = Self(1);
    const ALL: Self = Self(31);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn include(self, purpose: Use) -> bool {
        let bit = match purpose {
            Use::Base | Use::Segment { .. } => 1,
            Use::Mpd => 2,
            Use::Patch => 4,
            Use::Steering => 8,
            Use::Xlink => 16,
        };
        self.0 & bit != 0
    }
}

/// Returns whether a property's `schemeIdUri` is one of Annex I.
pub(super) fn is_scheme(uri: &[u8]) -> bool {
    matches!(
        uri,
        b"urn:mpeg:dash:urlparam:2014" | b"urn:mpeg:dash:urlparam:2016" | b"urn:mpeg:dash:urlparam:2025"
    )
}

/// Returns the requests to which a player adds our parameters because of this child of an Annex I property.
pub(super) fn requests_of(
    tag: &Tag<'_>,
    local: &[u8],
    parameters: &Parameters,
    scratch: &mut Vec<u8>,
) -> Requests {
    if !matches!(local, b"UrlQueryInfo" | b"ExtUrlQueryInfo" | b"RequestParam")
        || !matches!(tag.value_of(b"useMPDUrlQuery"), Some(b"true" | b"1"))
    {
        return Requests::default();
    }
    let template = tag.value_of(b"queryTemplate").unwrap_or_default();
    if !value::attribute(template, false, scratch).is_ok_and(|template| adds_ours(template.uri, parameters)) {
        return Requests::default();
    }
    let Some(included) = tag.value_of(b"includeInRequests") else { return Requests::SEGMENT };
    let words = included.split(u8::is_ascii_whitespace);
    words.fold(Requests::default(), |requests, word| {
        requests.and(Requests(match word {
            b"segment" => 1,
            b"mpd" => 2,
            b"mpdpatch" => 4,
            b"steering" => 8,
            b"xlink" => 16,
            b"*" => Requests::ALL.0,
            _ => 0,
        }))
    })
}

/// Returns whether a `queryTemplate` contains the whole query or one of our parameters.
fn adds_ours(template: &[u8], parameters: &Parameters) -> bool {
    if memmem::find(template, b"$querypart$").is_some() {
        return true;
    }
    memmem::find_iter(template, b"$query:").any(|at| {
        let name = template.get(at.saturating_add(b"$query:".len())..).unwrap_or_default();
        let end = memchr::memchr(b'$', name);
        end.and_then(|end| name.get(..end)).is_some_and(|name| parameters.has(name))
    })
}
