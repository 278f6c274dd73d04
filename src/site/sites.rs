use super::mounts::SiteIndex;
use super::rules::SiteRules;

/// The sites of a policy, in the order they were given. There is at least one.
#[derive(Debug)]
pub(super) struct Sites {
    before: Box<[SiteRules]>,
    last: SiteRules,
}

impl Sites {
    /// Creates the sites of a policy. Returns `None` if there is no site.
    pub(super) fn new(mut sites: Vec<SiteRules>) -> Option<Self> {
        let last = sites.pop()?;
        Some(Self { before: sites.into(), last })
    }

    /// Returns the site at an index that [`Policy::place`](super::Policy::place) of the same policy returned.
    pub(super) fn get(&self, index: SiteIndex) -> &SiteRules {
        self.before.get(index).unwrap_or(&self.last)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SiteRules> {
        self.before.iter().chain([&self.last])
    }
}
