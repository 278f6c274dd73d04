//! Shadow mode: the rules of a site that does not enforce, and the check that no enforcing site serves the same resources.

use std::collections::HashMap;
use std::sync::Arc;

use super::identity::{fold_alike, is_message_header};
use super::settings::{Access, Serves, Site};
use crate::cors::is_token;
use crate::error::{ConfigError, Faults, Part};

/// The rules of a site that does not enforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShadowRules {
    /// The name, in lower case, of the header field in which a trusted proxy states the verdict of another gate.
    pub(crate) verdict_header: Option<Box<str>>,
}

impl ShadowRules {
    /// Returns the rules of a site, or `None` if the site enforces.
    pub(super) fn of(site: &Site) -> Option<Self> {
        let verdict_header =
            site.settings.shadow_header.as_ref().map(|name| name.to_ascii_lowercase().into());
        (!site.settings.danger.enforce).then_some(Self { verdict_header })
    }
}

/// Checks the settings of shadow mode on one site. `credential_headers` are the header fields that carry credentials.
pub(super) fn check_shadow(site: &Site, id: &str, credential_headers: &[Box<str>], faults: &mut Faults) {
    let mut wrong = |setting: &'static str, found: String, write: &'static str| {
        faults.push(setting, ConfigError::Setting { site: id.to_owned(), found, write });
    };
    if !site.settings.danger.enforce && site.settings.access == Access::Public {
        wrong(
            "danger.enforce",
            "is public, so it has nothing to enforce".to_owned(),
            "access = \"authenticated\", or leave danger out",
        );
    }
    let Some(header) = &site.settings.shadow_header else { return };
    let is_taken = |name: &str| fold_alike(name, header);
    let found = if !is_token(header) {
        Some("which is not a field name")
    } else if is_message_header(header) || FORWARDING.into_iter().any(is_taken) {
        Some("which has another meaning")
    } else if credential_headers.iter().any(|name| is_taken(name)) {
        Some("which carries credentials")
    } else if site.identity_headers.iter().any(|(name, _)| is_taken(name)) {
        Some("which is also in identity_headers")
    } else {
        None
    };
    if let Some(found) = found {
        let found = format!("has the shadow_header {header:?}, {found}");
        wrong("shadow_header", found, "the name of a separate header, such as x-gate-verdict");
    }
}

/// The header fields in which proxies describe the client.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];

/// Checks shadow mode across all sites:
///
/// 1. A site that enforces and a site that does not never serve the same resources. Otherwise, the resources would be protected on
///    one host and open on another.
/// 2. If a site has a `shadow_header`, a trusted proxy is configured that can send the header.
pub(super) fn check_shadowed_sites(
    sites: &[Arc<Site>],
    ids: &[String],
    has_proxies: bool,
    faults: &mut Faults,
) {
    let requires_credentials = |site: &Site| site.settings.access == Access::Authenticated;
    let sites: Vec<&Site> = sites.iter().map(|site| &**site).collect();
    let enforcing = sites
        .iter()
        .copied()
        .zip(ids)
        .filter(|(site, _)| site.settings.danger.enforce && requires_credentials(site));
    let protected = Protected::by(enforcing);
    for (index, (site, id)) in sites.into_iter().zip(ids).enumerate() {
        faults.enter(Part::Site(index));
        // 1
        if !site.settings.danger.enforce
            && requires_credentials(site)
            && let Some((enforcing, resources)) = protected.shared_with(&site.serves)
        {
            let (site, enforcing) = (id.clone(), enforcing.to_owned());
            faults.push("danger.enforce", ConfigError::ShadowedElsewhere { site, enforcing, resources });
        }
        // 2
        if site.settings.shadow_header.is_some() && !has_proxies {
            let (site, found) =
                (id.clone(), "has a shadow_header, but no proxy is trusted to send it".to_owned());
            let write = "the address of the other gate in trusted_proxies";
            faults.push("shadow_header", ConfigError::Setting { site, found, write });
        }
    }
}

/// The resources that enforcing sites serve, each with the id of the first such site.
#[derive(Default)]
struct Protected<'p> {
    buckets: HashMap<&'p str, &'p str>,
    /// The first bucket with a fixed name.
    bucket: Option<(&'p str, &'p str)>,
    /// The site whose hosts name its buckets.
    buckets_in_hosts: Option<&'p str>,
    live: Option<&'p str>,
}

/// The placeholder for buckets that hosts name.
const IN_HOST: &str = "{bucket}";

impl<'p> Protected<'p> {
    fn by(sites: impl Iterator<Item = (&'p Site, &'p String)>) -> Self {
        let mut protected = Self::default();
        for (site, id) in sites {
            match &site.serves {
                Serves::Live(_) => protected.live = protected.live.or(Some(id)),
                Serves::Bucket(name) if name == IN_HOST => {
                    protected.buckets_in_hosts = protected.buckets_in_hosts.or(Some(id));
                }
                Serves::Bucket(name) => {
                    protected.bucket = protected.bucket.or(Some((name, id)));
                    protected.buckets.entry(name).or_insert(id);
                }
            }
        }
        protected
    }

    /// Returns the first enforcing site that serves some of these resources, and a description of them. A host may name any bucket.
    fn shared_with(&self, serves: &Serves) -> Option<(&'p str, String)> {
        let named = |bucket: &str| format!("bucket {bucket:?}, which a host may name");
        match serves {
            Serves::Live(_) => Some((self.live?, "live streams".to_owned())),
            Serves::Bucket(name) if name == IN_HOST => match (self.buckets_in_hosts, self.bucket) {
                (Some(site), _) => Some((site, "the buckets that hosts name".to_owned())),
                (None, Some((bucket, site))) => Some((site, named(bucket))),
                (None, None) => None,
            },
            Serves::Bucket(name) => match (self.buckets.get(name.as_str()), self.buckets_in_hosts) {
                (Some(site), _) => Some((site, format!("bucket {name:?}"))),
                (None, Some(site)) => Some((site, named(name))),
                (None, None) => None,
            },
        }
    }
}
