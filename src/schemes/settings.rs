//! The settings of schemes, before they are checked.

use std::fmt;

use super::carriers::Carriers;
use super::kind::Scheme;
use super::scheme::CredentialScheme;
#[cfg(feature = "config")]
use super::secret::SecretSlots;
use crate::error::Faults;

/// The settings of a scheme, as given in code or in a configuration file.
pub(crate) trait SchemeSettings: Clone + fmt::Debug + PartialEq {
    /// The checked form.
    type Rules: CredentialScheme;

    /// True if the scheme reads texts from the shared carriers.
    const READS_TEXTS: bool = false;

    /// Returns the settings of a site that lists the scheme and configures nothing else.
    ///
    /// # Errors
    ///
    /// Returns the remedy if the scheme has settings without a default.
    fn by_default() -> Result<Self, &'static str>;

    /// Returns whether the site accepts the scheme. A scheme can have settings without being accepted.
    fn is_accepted(&self) -> bool {
        true
    }

    /// Checks the settings against the site's facts and returns the checked form, or `None` if there was a fault. Every fault is
    /// pushed to `faults`.
    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<Self::Rules>;

    /// Returns the secrets that have to be loaded from files and environment variables.
    #[cfg(feature = "config")]
    fn secrets(&mut self) -> Option<SecretSlots<'_>> {
        None
    }
}

/// The facts of a site that the settings of its schemes are checked against.
#[derive(Clone, Copy)]
pub(crate) struct SiteCheck<'c> {
    pub(crate) id: &'c str,
    pub(crate) base_path: &'c str,
    pub(crate) carriers: &'c Carriers,
    /// The last scheme of the registry that reads texts on this site. It reads every text that the others left.
    pub(crate) last_reader: Option<Scheme>,
}
