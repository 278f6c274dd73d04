//! The section `secure_link` of a site in a configuration file.

#![expect(clippy::doc_markdown, reason = "the comments are the schema's texts too, and quote the file")]

use std::path::Path;

use serde::Deserialize;

use super::settings::{Covers, LinkEncoding, SecureLink};
use crate::crypto::LinkHash;
use crate::error::Faults;
use crate::schemes::binding::IpBinding;
use crate::schemes::secret::SharedSecret;
use crate::schemes::section::{ConfigSection, section};
use crate::schemes::values::Few;

/// URLs with an expiry and a hash: exactly one of `secret_file` and `secret_env`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "secure_link", extend("required" = ["preset"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecureLinkSection {
    /// The format: "gcore", "gcore_video", "gcore_mp4", "nginx", or "custom".
    #[cfg_attr(test, schemars(required))]
    pub(super) preset: Option<Preset>,
    /// A file with the secret. Two files during a rotation, the new secret first. Relative paths start at the folder of this
    /// file.
    pub(super) secret_file: Few,
    /// An environment variable with the secret, or two during a rotation.
    pub(super) secret_env: Few,
    /// The files that a link covers, for preset "gcore". Default "directory".
    pub(super) covers: Option<Covers>,
    /// Binds links to the client's address, or its network: "exact", "/24", "/16", and for IPv6 "/64", "/48".
    pub(super) ip_binding: Few,
    /// The hashed text, for presets "nginx" and "custom": "{expires}{path}{ip} {secret}".
    #[cfg_attr(test, schemars(length(min = 1, max = 1024)))]
    pub(super) expression: Option<String>,
    /// The hash, for preset "custom".
    pub(super) hash: Option<HashName>,
    /// The encoding of the hash, for preset "custom". Default "base64url".
    pub(super) encoding: Option<LinkEncoding>,
    /// The query parameter with the hash, for presets "nginx" (default "md5") and "custom" (default "hash").
    pub(super) hash_name: Option<String>,
    /// The query parameter with the expiry. Default "expires".
    pub(super) expires_name: Option<String>,
    /// Allows an expression without {expires}. Default false.
    pub(super) never_expires: Option<bool>,
}

/// A format of secure links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "preset"))]
#[serde(rename_all = "snake_case")]
pub(super) enum Preset {
    /// Gcore CDN's secure token.
    Gcore,
    /// Gcore Video Streaming: in the path, and for MP4 in the query.
    GcoreVideo,
    /// Gcore Video Streaming's MP4 files.
    GcoreMp4,
    /// MD5 of any expression, read in nginx's way.
    Nginx,
    /// Any expression and hash.
    Custom,
}

/// The hash of a custom link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "hash"))]
#[serde(rename_all = "kebab-case")]
pub(super) enum HashName {
    Md5,
    Sha256,
    /// HMAC-SHA-256, with the secret as its key.
    HmacSha256,
}

impl ConfigSection for SecureLink {
    type Section = SecureLinkSection;

    fn from_section(section: SecureLinkSection, folder: &Path, faults: &mut Faults) -> Option<Self> {
        build_link(section, folder, faults)
    }
}

fn build_link(parsed: SecureLinkSection, folder: &Path, faults: &mut Faults) -> Option<SecureLink> {
    let wrong = |found: &str, write: &str| section("secure_link", found, write);
    let secrets: Vec<SharedSecret> = match (parsed.secret_file, parsed.secret_env) {
        (Few(files), Few(variables)) if !files.is_empty() && !variables.is_empty() => {
            let error = wrong("has both secret_file and secret_env", "one of them");
            faults.push("secure_link.secret_env", error);
            return None;
        }
        (Few(files), _) if !files.is_empty() => {
            files.iter().map(|file| SharedSecret::file(folder.join(file))).collect()
        }
        (_, Few(variables)) => variables.into_iter().map(SharedSecret::env).collect(),
    };
    let mut secrets = secrets.into_iter();
    let Some(first) = secrets.next() else {
        let error = wrong("has no secret", "secret_file = \"…\" or secret_env = \"…\"");
        faults.push("secure_link.secret_file|secret_env", error);
        return None;
    };
    let Some(preset) = parsed.preset else {
        let write = "preset = \"gcore\", \"gcore_video\", \"gcore_mp4\", \"nginx\" or \"custom\"";
        faults.push("secure_link.preset", wrong("has no preset", write));
        return None;
    };
    if matches!(preset, Preset::Nginx | Preset::Custom) == parsed.expression.is_none() {
        let error = match parsed.expression {
            Some(_) => {
                wrong("has an expression, but its preset determines it", "preset = \"nginx\" or \"custom\"")
            }
            None => wrong("has no expression", "expression = \"{expires}{path} {secret}\""),
        };
        faults.push("secure_link.expression", error);
        return None;
    }
    if (preset == Preset::Custom) == parsed.hash.is_none() {
        let error = match parsed.hash {
            Some(_) => wrong("has a hash, but its preset determines it", "preset = \"custom\", or no hash"),
            None => wrong("has no hash", "hash = \"hmac-sha256\", \"sha256\" or \"md5\""),
        };
        faults.push("secure_link.hash", error);
        return None;
    }
    let Some(mut link) = link_of(preset, parsed.expression.unwrap_or_default(), parsed.hash, first) else {
        let error = wrong("uses MD5", "the feature secure-link-md5 in the dependency on playgate");
        faults.push("secure_link.preset", error);
        return None;
    };
    for secret in secrets {
        link = link.also(secret);
    }
    link.covers = parsed.covers;
    link.encoding = parsed.encoding;
    link.hash_name = parsed.hash_name;
    link.expires_name = parsed.expires_name;
    link.never_expires = parsed.never_expires.unwrap_or_default();
    for (element, text) in parsed.ip_binding.0.iter().enumerate() {
        match link.ip_binding.unwrap_or(IpBinding::EXACT).parse(text) {
            Ok(binding) => link.ip_binding = Some(binding),
            Err(error) => faults.push_element("secure_link.ip_binding", element, error),
        }
    }
    Some(link)
}

/// Creates the link of a preset, or returns `None` for a hash that this build does not have.
fn link_of(
    preset: Preset,
    expression: String,
    hash: Option<HashName>,
    secret: SharedSecret,
) -> Option<SecureLink> {
    match (preset, hash) {
        #[cfg(feature = "secure-link-md5")]
        (Preset::Gcore, _) => Some(SecureLink::gcore(secret)),
        #[cfg(feature = "secure-link-md5")]
        (Preset::GcoreVideo, _) => Some(SecureLink::gcore_video(secret)),
        #[cfg(feature = "secure-link-md5")]
        (Preset::GcoreMp4, _) => Some(SecureLink::gcore_mp4(secret)),
        #[cfg(feature = "secure-link-md5")]
        (Preset::Nginx, _) => Some(SecureLink::nginx(expression, secret)),
        #[cfg(feature = "secure-link-md5")]
        (Preset::Custom, Some(HashName::Md5)) => Some(SecureLink::custom(expression, LinkHash::Md5, secret)),
        (Preset::Custom, Some(HashName::Sha256)) => {
            Some(SecureLink::custom(expression, LinkHash::Sha256, secret))
        }
        (Preset::Custom, Some(HashName::HmacSha256)) => {
            Some(SecureLink::custom(expression, LinkHash::HmacSha256, secret))
        }
        _ => None,
    }
}
