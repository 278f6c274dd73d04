use super::settings::{CloudFront, CloudFrontCarrier, Protocol, Wildcards};
use crate::crypto::SignatureHash;
use crate::error::{ConfigError, Faults};
use crate::request::explicit_port;
use crate::schemes::places::Places;
use crate::schemes::settings::{SchemeSettings, SiteCheck};

/// The checked rules of a site for CloudFront's credentials.
#[derive(Debug)]
pub(crate) struct CloudFrontRules {
    pub(super) places: Places,
    pub(super) accepts_sha1: bool,
    pub(super) accepts_sha256: bool,
    pub(super) protocol: Option<Protocol>,
    pub(super) domain: Option<Box<str>>,
    pub(super) wildcards: Wildcards,
    pub(super) require_resource: bool,
}

/// The names of the query parameters, and of the cookies without their prefix.
pub(super) const PARTS: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];

/// The names of the cookies.
pub(super) const COOKIES: [&str; 5] = [
    "CloudFront-Expires",
    "CloudFront-Policy",
    "CloudFront-Signature",
    "CloudFront-Key-Pair-Id",
    "CloudFront-Hash-Algorithm",
];

impl CloudFrontRules {
    pub(super) const fn accepts(&self, hash: SignatureHash) -> bool {
        match hash {
            SignatureHash::Sha1 => self.accepts_sha1,
            SignatureHash::Sha256 => self.accepts_sha256,
        }
    }
}

impl SchemeSettings for CloudFront {
    type Rules = CloudFrontRules;

    fn by_default() -> Result<Self, &'static str> {
        Ok(Self::default())
    }

    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<CloudFrontRules> {
        let before = faults.len();
        let mut wrong = |setting: &'static str, found: String, write: &'static str| {
            let found = format!("has CloudFront URLs {found}");
            faults.push(setting, ConfigError::Setting { site: site.id.to_owned(), found, write });
        };
        if self.carriers.is_empty() {
            wrong("cloudfront.carriers", "in no carrier".to_owned(), "query, cookie or both");
        }
        if self.hashes.is_empty() {
            wrong("cloudfront.hashes", "with no hash".to_owned(), "sha1, sha256 or both");
        }
        if let Some(domain) = self.domain.as_ref().filter(|domain| !is_domain(domain)) {
            let write = "a host, and its port if signed URLs have one: media.example.com";
            wrong("cloudfront.domain", format!("for the domain {domain:?}"), write);
        }
        if faults.len() > before {
            return None;
        }
        let names = |carrier, names: [&str; 5]| -> Vec<Box<str>> {
            let listed = self.carriers.contains(&carrier);
            names.into_iter().filter(|_| listed).map(Into::into).collect()
        };
        Some(CloudFrontRules {
            places: Places {
                query: names(CloudFrontCarrier::Query, PARTS),
                cookies: names(CloudFrontCarrier::Cookie, COOKIES),
                ..Places::default()
            },
            accepts_sha1: self.hashes.contains(&SignatureHash::Sha1),
            accepts_sha256: self.hashes.contains(&SignatureHash::Sha256),
            protocol: self.protocol,
            domain: self.domain.as_deref().map(Into::into),
            wildcards: self.wildcards,
            require_resource: self.require_resource,
        })
    }
}

/// Returns whether a text is a host, with or without a port.
fn is_domain(text: &str) -> bool {
    let is_host = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    is_host && !text.is_empty() && explicit_port(text.as_bytes()).is_ok()
}
