//! The section `akamai` of a site in a configuration file.

#![expect(
    clippy::doc_link_with_quotes,
    reason = "the comments are the schema's texts too, and quote the file"
)]

use std::path::Path;

use serde::Deserialize;

use super::settings::{Akamai, AkamaiCarrier};
use super::url::UrlEscaping;
use crate::crypto::MacHash;
use crate::error::Faults;
use crate::schemes::secret::SharedSecret;
use crate::schemes::section::{ConfigSection, section, set};
use crate::schemes::values::Few;

/// Tokens with dates, a list of paths and an HMAC: exactly one of `secret_file` and `secret_env`.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "akamai"))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AkamaiSection {
    /// A file with the key in hexadecimal digits. Two files during a rotation, the new key first. Relative paths start at the
    /// folder of this file.
    secret_file: Few,
    /// An environment variable with the key, or two during a rotation.
    secret_env: Few,
    /// The names of the query parameter, header field and cookie with the token. Default "hdnts".
    names: Option<Few>,
    /// The carriers in which a token is searched, in this order: query, header, cookie. Default ["query", "cookie"].
    #[cfg_attr(test, schemars(length(min = 1)))]
    carriers: Option<Vec<AkamaiCarrier>>,
    /// The hash of the HMAC. Default "sha256".
    hash: Option<MacHash>,
    /// Text that is signed and not sent. Default none.
    #[cfg_attr(test, schemars(length(min = 1)))]
    salt: Option<String>,
    /// Binds a token for one URL to its path alone. Default false.
    ignore_query: Option<bool>,
    /// The escapings that a signer may apply to the URL of such a token before signing it. Default ["none", "edge"].
    #[cfg_attr(test, schemars(length(min = 1)))]
    url_escaping: Option<Vec<UrlEscaping>>,
}

impl ConfigSection for Akamai {
    type Section = AkamaiSection;

    fn from_section(parsed: AkamaiSection, folder: &Path, faults: &mut Faults) -> Option<Self> {
        let AkamaiSection { secret_file, secret_env, .. } = &parsed;
        let secrets: Vec<SharedSecret> = match (&*secret_file.0, &*secret_env.0) {
            ([], []) => {
                let write = "secret_file = \"…\" or secret_env = \"…\"";
                faults.push("akamai.secret_file|secret_env", section("akamai", "has no secret", write));
                return None;
            }
            (files, []) => files.iter().map(|file| SharedSecret::file(folder.join(file))).collect(),
            ([], variables) => variables.iter().cloned().map(SharedSecret::env).collect(),
            _ => {
                let found = "has both secret_file and secret_env";
                faults.push("akamai.secret_env", section("akamai", found, "one of them"));
                return None;
            }
        };
        let mut akamai = Self::with_secrets(secrets);
        set(&mut akamai.names, parsed.names.map(|Few(names)| names));
        set(&mut akamai.carriers, parsed.carriers);
        set(&mut akamai.hash, parsed.hash);
        akamai.salt = parsed.salt;
        set(&mut akamai.ignore_query, parsed.ignore_query);
        set(&mut akamai.url_escaping, parsed.url_escaping);
        Some(akamai)
    }
}

impl std::fmt::Debug for AkamaiSection {
    /// Shows no setting, because the salt is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AkamaiSection")
    }
}
