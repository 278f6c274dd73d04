/// The kind of an element of an MPD or a patch document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An element whose text is a URI.
    Text(Use),
    /// `SegmentTemplate`: every attribute in [`Kind::attribute`] is a template.
    Template,
    /// `SegmentURL`.
    SegmentUrl,
    /// `Initialization`, `RepresentationIndex`, `BitstreamSwitching`.
    Source,
    /// `EssentialProperty`, `SupplementalProperty`.
    Property,
    /// `add`, `replace` of a patch document.
    Edit,
    /// An element without URIs inside.
    Closed,
    Other,
}

/// The purpose of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// `BaseURL`.
    Base,
    /// The URI of a segment, in a template or not.
    Segment { template: bool },
    /// `Location`.
    Mpd,
    /// `PatchLocation`.
    Patch,
    /// `ContentSteering`.
    Steering,
    /// `xlink:href`.
    Xlink,
}

impl Use {
    /// Returns whether `$` has a meaning in the URI.
    pub(super) const fn is_template(self) -> bool {
        matches!(self, Self::Segment { template: true })
    }
}

impl Kind {
    /// Returns the kind of the element with this local name.
    pub(super) fn of(local: &[u8]) -> Self {
        match local {
            b"BaseURL" => Self::Text(Use::Base),
            b"Location" => Self::Text(Use::Mpd),
            b"PatchLocation" => Self::Text(Use::Patch),
            b"ContentSteering" => Self::Text(Use::Steering),
            b"SegmentTemplate" => Self::Template,
            b"SegmentURL" => Self::SegmentUrl,
            b"Initialization" | b"RepresentationIndex" | b"BitstreamSwitching" => Self::Source,
            b"EssentialProperty" | b"SupplementalProperty" => Self::Property,
            b"add" | b"replace" => Self::Edit,
            b"ProgramInformation" | b"ContentProtection" | b"Event" | b"UTCTiming" | b"Metrics" => {
                Self::Closed
            }
            _ => Self::Other,
        }
    }

    /// Returns the purpose of an attribute without prefix and its number among the element's, if the attribute is a URI.
    pub(super) fn attribute(self, name: &[u8]) -> Option<(Use, u8)> {
        let number = match (self, name) {
            (Self::Template | Self::SegmentUrl, b"media") | (Self::Source, b"sourceURL") => 0,
            (Self::Template | Self::SegmentUrl, b"index") => 1,
            (Self::Template, b"initialization") => 2,
            (Self::Template, b"bitstreamSwitching") => 3,
            _ => return None,
        };
        Some((Use::Segment { template: self == Self::Template }, number))
    }

    /// Returns whether an element of this kind has attributes that are URIs.
    pub(super) const fn has_carriers(self) -> bool {
        matches!(self, Self::Template | Self::SegmentUrl | Self::Source)
    }
}
