use serde::Deserialize;

use super::MAX_TOKEN_BYTES;
use super::rules::JwsRules;
use crate::error::{ConfigError, Faults};
use crate::schemes::settings::{SchemeSettings, SiteCheck};

/// A site's settings for signed tokens. In a configuration file they are fields of the site.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Jws {
    #[serde(skip)]
    pub(crate) accept: bool,
    /// The maximum length of a token, in bytes. Default 4096.
    #[cfg_attr(test, schemars(range(min = 1, max = 8192)))]
    pub(crate) max_token_bytes: usize,
    /// Rejects tokens with another `iss`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) issuer: Option<String>,
    /// Rejects tokens without this `aud`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) audience: Option<String>,
}

impl Default for Jws {
    fn default() -> Self {
        Self { accept: true, max_token_bytes: 4096, issuer: None, audience: None }
    }
}

impl SchemeSettings for Jws {
    type Rules = JwsRules;
    const READS_TEXTS: bool = true;

    fn by_default() -> Result<Self, &'static str> {
        Ok(Self::default())
    }

    fn is_accepted(&self) -> bool {
        self.accept
    }

    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<JwsRules> {
        let before = faults.len();
        let mut wrong = |setting: &'static str, found: String, write: &'static str| {
            faults.push(setting, ConfigError::Setting { site: site.id.to_owned(), found, write });
        };
        if !(1..=MAX_TOKEN_BYTES).contains(&self.max_token_bytes) {
            wrong("max_token_bytes", format!("has max_token_bytes {}", self.max_token_bytes), "1 to 8192");
        }
        for (setting, value) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            if value.as_ref().is_some_and(String::is_empty) {
                wrong(setting, format!("has an empty {setting}"), "its name, or leave it out");
            }
        }
        (faults.len() == before).then(|| {
            let (issuer, audience) = (self.issuer.as_deref(), self.audience.as_deref());
            JwsRules::new(site.carriers, self.max_token_bytes, issuer, audience)
        })
    }
}
