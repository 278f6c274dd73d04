//! The section `cloudfront` of a site in a configuration file.

#![expect(
    clippy::doc_link_with_quotes,
    reason = "the comments are the schema's texts too, and quote the file"
)]

use std::path::Path;

use serde::Deserialize;

use super::settings::{CloudFront, CloudFrontCarrier, Protocol, Wildcards};
use crate::crypto::SignatureHash;
use crate::error::Faults;
use crate::schemes::section::{ConfigSection, set};

/// URLs and cookies that were signed for Amazon CloudFront; `cloudfront = {}` is enough.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "cloudfront"))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CloudFrontSection {
    /// The carriers in which a credential is searched, in this order: query, cookie. Default both.
    #[cfg_attr(test, schemars(length(min = 1)))]
    carriers: Option<Vec<CloudFrontCarrier>>,
    /// The hashes of accepted signatures. Default ["sha1", "sha256"].
    #[cfg_attr(test, schemars(length(min = 1)))]
    hashes: Option<Vec<SignatureHash>>,
    /// The protocol in signed URLs. Default that of the request.
    protocol: Option<Protocol>,
    /// The domain in signed URLs, with its port if it has one. Default the request's host.
    domain: Option<String>,
    /// The reach of a wildcard in Resource: "sections" if it stays in its section of the URL, "anywhere" if it matches anywhere.
    /// Default "sections".
    wildcards: Option<Wildcards>,
    /// Refuses a custom policy without Resource. Default false: such a policy covers everything that its key may sign for.
    require_resource: Option<bool>,
}

impl ConfigSection for CloudFront {
    type Section = CloudFrontSection;

    fn from_section(section: CloudFrontSection, _: &Path, _: &mut Faults) -> Option<Self> {
        let CloudFrontSection { carriers, hashes, protocol, domain, wildcards, require_resource } = section;
        let mut cloudfront = Self { protocol, domain, ..Self::default() };
        set(&mut cloudfront.carriers, carriers);
        set(&mut cloudfront.hashes, hashes);
        set(&mut cloudfront.wildcards, wildcards);
        set(&mut cloudfront.require_resource, require_resource);
        Some(cloudfront)
    }
}
