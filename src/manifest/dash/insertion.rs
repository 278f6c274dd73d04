//! An insertion: the parameters that one URI of a document lacks, and where they go.

use super::kind::Use;
use crate::manifest::Carried;
use crate::manifest::child::Child;
use crate::manifest::parameters::{Chosen, Spelling};

/// The parameters that one URI of a document lacks.
#[derive(Clone, Copy)]
pub(super) struct Insertion {
    /// The position in the document.
    pub(super) at: usize,
    pub(super) chosen: Chosen,
    pub(super) spelling: Spelling,
    pub(super) after_query: bool,
}

impl Insertion {
    /// Returns the insertion for the URI that ends at `at`, or `None` if it lacks nothing. `raw` is true in a CDATA section.
    pub(super) fn new(
        carried: &Carried,
        purpose: Use,
        child: &Child<'_>,
        raw: bool,
        at: usize,
    ) -> Option<Self> {
        let spelling = Spelling { markup: !raw, template: purpose.is_template() };
        let chosen = child.missing(carried)?;
        Some(Self { at, chosen, spelling, after_query: child.has_query() })
    }
}
