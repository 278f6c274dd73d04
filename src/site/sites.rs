use std::sync::Arc;

use super::mounts::SiteIndex;
use super::rules::SiteRules;

/// The sites of a policy, in the order they were given.
pub(super) struct Sites {
    all: Box<[Arc<SiteRules>]>,
    /// The rules at an index that does not exist. No policy has such an index.
    fallback: Arc<SiteRules>,
}

impl Sites {
    /// Creates the sites of a policy. The fallback must refuse every request.
    pub(super) fn new(sites: Vec<Arc<SiteRules>>, fallback: Arc<SiteRules>) -> Self {
        Self { all: sites.into(), fallback }
    }

    /// Returns the site at an index that [`Policy::place`](super::Policy::place) of the same policy returned.
    pub(super) fn get(&self, index: SiteIndex) -> &SiteRules {
        self.all.get(index).unwrap_or(&self.fallback)
    }

    /// Returns the rules of a site, to share them with the next policy.
    pub(super) fn shared(&self, index: SiteIndex) -> Option<&Arc<SiteRules>> {
        self.all.get(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SiteRules> {
        self.all.iter().map(|site| &**site)
    }
}

impl std::fmt::Debug for Sites {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
