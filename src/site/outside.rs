use std::collections::BTreeSet;
use std::sync::Arc;

use super::hosts_builder::{HostsBuilder, exact_host};
use super::settings::Site;
use crate::error::{ConfigError, Faults, Part};
use crate::request::Host;

/// The treatment of requests outside every base path, on a host that some site claims.
///
/// If some site of a policy has a base path below `/`, [`PolicyBuilder::outside`] has to be set, unless a site at `/` serves the
/// other paths of each of these hosts. [`UnknownHost`](super::UnknownHost) decides about hosts that no site claims; with a site
/// for any host (`"*"`), there are no such hosts.
///
/// [`PolicyBuilder::outside`]: super::PolicyBuilder::outside
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outside {
    /// The request is refused with 404.
    Refuse,
    /// The request goes to the inner service unchanged, without a credential. This is an error if the policy has both a site for
    /// any host and sites with named hosts, because a mistyped host would make its paths public. List the hosts in that case.
    Pass,
    /// Requests for these hosts go to the inner service unchanged, without a credential. Other requests are refused with 404.
    /// Each name is exact, without port, and is claimed by a site.
    PassHosts(Vec<String>),
}

impl Outside {
    /// Creates [`Outside::PassHosts`] from names.
    pub fn pass_hosts<I: IntoIterator<Item: Into<String>>>(hosts: I) -> Self {
        Self::PassHosts(hosts.into_iter().map(Into::into).collect())
    }
}

/// The checked form of an [`Outside`].
#[derive(Debug)]
pub(crate) enum OutsideRule {
    Refuse,
    Pass,
    PassHosts(BTreeSet<Box<[u8]>>),
}

impl OutsideRule {
    /// Returns whether a request for this host passes outside every base path.
    pub(crate) fn passes(&self, host: Host<'_>) -> bool {
        match self {
            Self::Refuse => false,
            Self::Pass => true,
            Self::PassHosts(hosts) => hosts.contains(host.as_bytes()),
        }
    }
}

/// Checks the setting, or that none is needed.
///
/// 1. If some host has a base path below `/` and no site at `/`, `outside` has to be set.
/// 2. If one of these sites claims any host and other hosts are named, `pass` has to list the hosts.
/// 3. Each listed host is the exact name of a host that some site claims.
pub(super) fn check_outside(
    outside: Option<&Outside>,
    sites: &[Arc<Site>],
    ids: &[String],
    hosts: &HostsBuilder<'_>,
    faults: &mut Faults,
) -> OutsideRule {
    match outside {
        None => {
            let first = hosts.first_with_outside().and_then(|index| Some((index, sites.get(index)?)));
            if let Some((index, site)) = first {
                faults.enter(Part::Site(index));
                let (site, base_path) =
                    (ids.get(index).cloned().unwrap_or_default(), site.location.base_path.clone());
                faults.push("base_path", ConfigError::OutsideUnset { site, base_path });
            }
            OutsideRule::Refuse
        }
        Some(Outside::Refuse) => OutsideRule::Refuse,
        Some(Outside::Pass) => {
            if let Some(index) = hosts.any_beside_named() {
                faults.enter(Part::Whole);
                let site = ids.get(index).cloned().unwrap_or_default();
                faults.push("outside", ConfigError::OutsidePassesAnyHost { site });
            }
            OutsideRule::Pass
        }
        Some(Outside::PassHosts(names)) => {
            faults.enter(Part::Whole);
            if names.is_empty() {
                faults.push("outside.pass", ConfigError::OutsideNoHosts);
            }
            let mut passing = BTreeSet::new();
            for (index, name) in names.iter().enumerate() {
                let wrong = match exact_host(name) {
                    Ok(host) if hosts.claim(&host) => {
                        passing.insert(host.into_bytes().into());
                        continue;
                    }
                    Ok(_) => (
                        "is not a host of any site",
                        "a host of a site, or unknown_host = \"pass\"".to_owned(),
                    ),
                    Err(_) if name == "*" => {
                        ("means any host", "the names of the hosts, or outside = \"pass\"".to_owned())
                    }
                    Err(wrong) => wrong,
                };
                let (found, write) = wrong;
                let error = ConfigError::OutsideHost { host: name.clone(), found, write };
                faults.push_element("outside.pass", index, error);
            }
            OutsideRule::PassHosts(passing)
        }
    }
}
