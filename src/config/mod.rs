//! Configuration files: reads TOML or JSON into the settings that code sets with builders.
//!
//! 1. The text becomes one tree, the same for both notations. Every node has its line.
//! 2. The tree is read into the document's types. Each unknown field and wrong type is an error, and all of them are found.
//! 3. The document becomes the same [`Site`](crate::Site)s, streams and key sources that code would create. Missing and
//!    contradictory settings are errors, and so are all faults that the policy's checks find.
//! 4. Each error gets the file and the line of the setting that it is about. All errors are reported at once.
//!
//! This module opens no key file and checks no key.
//!
//! # The configuration file
//!
//! With the feature `config` a file can hold the whole configuration, in TOML or JSON by the ending of its name, for
//! [`Verifier::from_file`](crate::Verifier::from_file). Every field has a builder method with the same meaning. Unknown fields
//! are errors, and all errors are reported at once, each with its line. [`SCHEMA`] describes the file to editors.
//!
//! ```toml
//! version = 1                          # required; another number is refused
//! unknown_host = "refuse"              # a host that no site claims: 421; or "pass" to the inner service
//! outside = "refuse"                   # a path outside every base path: 404; or "pass", or { pass = ["app.example.com"] };
//!                                      # required if some site has a base path below /
//! trusted_proxies = ["10.0.0.0/8"]     # trusted for the client's address and https; default none
//! token_cache = 65536                  # the number of verified tokens that are remembered; 0 for none
//! expose_reason = true                 # includes the code in the body of a refusal
//!
//! [failed_signatures]                  # after so many, verification is suspended for a while; either or both
//! per_client = { requests = 60, within = 60 }   # of one address; 1 to 1000000 in 1 second to 1 day; default 60000 in 60 for public ones; or "unlimited"
//! per_key = { requests = 1000, within = 1 }     # for one key, from all clients: delays new viewers of the key
//!
//! [log]
//! denials_per_second = 100             # the refusals that are logged in one second, by site and code; 0 for sums only
//! code_header = false                  # adds the code to refusals, as the response header x-playgate-code
//!
//! [explain]                            # the requests whose responses carry their explanation; default none
//! clients = ["203.0.113.0/24"]         # those of these clients with the header x-playgate-explain
//! tokens = true                        # those with a debug token in that header; default false
//!
//! [[site]]
//! hosts = ["cdn.example.com"]          # required: exact, a pattern with {bucket}, {region} or {playback_id}, or "*"
//! id = "cdn"                           # default the first host
//! base_path = "/"
//! serves = { bucket = "vod" }          # required: a bucket, { bucket = "{bucket}" }, { live = "host" } or "path"
//! access = "authenticated"             # or "public"
//! public_paths = ["posters/"]          # exact keys, or folders ending in a slash; default none
//! methods = ["GET", "HEAD"]
//! require_https = false
//! accepts = ["signed-token", "secure-link", "embed-token", "akamai", "cloudfront"] # default signed tokens, and every section below
//! carriers = ["query", "cookie"]       # and "bearer", which is searched between the two
//! query_name = "auth"
//! cookie_name = "Qencode-Auth-Token"
//! max_token_bytes = 4096
//! prefix = "segments"                  # or "bytes"
//! whole_bucket = true                  # an empty uri covers the whole bucket
//! require_exp = false
//! max_lifetime = "24h"                 # default none; times are seconds, or text
//! issuer = "https://login.example"     # default none
//! audience = "cdn"                     # default none
//! leeway = 0                           # at most 60
//! cache = "private"                    # or "inner"
//! strip_credentials = false
//! grant_extension = false
//! identity_headers = { x-viewer = "sub", x-kid = { grant = "kid" }, x-internal = false }   # default none: the first
//! # has a claim, the second kid, site, scheme, scope or expires_at of the grant; the last is only removed from requests
//! answers = { expired = 410 }          # other statuses for codes; default none
//! danger = { enforce = true }          # false is shadow mode: requests pass even if their credential is missing or refused
//! shadow_header = "x-gate-verdict"     # the verdict of another gate, from a trusted proxy, for comparison; default none
//!
//! [site.forward]                       # or forward = "auto", which is the default, or forward = false: parameters for manifests
//! only_keys = ["md5", "expires"]       # or except_keys; default the parameters of the granted credential
//! from = ["m3u8", "mpd", "mpp"]        # mpp: patches to an MPD
//! to = ["m3u8", "ts", "mp4"]           # default every file
//! hosts = ["segments.example.com", "b.example.com:8443"]   # beside the request's own and the site's; default none
//! max_mpd = 1_048_576                  # the longest MPD that is rewritten: 1 KiB to 16 MiB, held in memory until it is complete
//!
//! [site.secure_link]                   # default none: URLs with an expiry and a hash
//! preset = "gcore"                     # required; or "gcore_video", "gcore_mp4", "nginx", "custom"
//! secret_file = ["secrets/link", "secrets/link.old"]   # or secret_env; one, or two during a rotation, the new one first
//! covers = "directory"                 # for "gcore"; or "file", or "either" without ip_binding
//! ip_binding = ["/24", "/64"]          # or "exact", "/16", "/48"; default none
//! # expression = "{expires}{path}{ip} {secret}"   # for "nginx" and "custom": required
//! # hash = "hmac-sha256"               # for "custom": required; or "sha256", "md5"
//! # encoding = "base64url"             # for "custom"; or "hex"
//! # hash_name = "md5"                  # for "nginx", and "custom", where it is "hash"
//! # expires_name = "expires"           # for both
//! # never_expires = false              # for both: an expression without {expires}
//!
//! [site.akamai]                        # default none: tokens with dates, a list of paths and an HMAC; for its other settings
//! secret_file = "secrets/akamai"       # see the module schemes::akamai
//!
//! [site.cloudfront]                    # default none: URLs and cookies signed for CloudFront; for its other settings see the
//! protocol = "https"                   # module schemes::cloudfront, and for its keys algorithm = "cloudfront-rsa" or "cloudfront-p256"
//!
//! [site.embed]                         # default none: opaque tokens that can be revoked; embed = {} is enough
//! path = "/watch/{token}"              # a page, or "/embed/{token}/" for all paths below, or a list of both
//! scope = "videos/{video}/"            # the scope of a token; on a live site the playback ID that its video names
//! realm = "courses"                    # sites with the same realm share tokens; default the site's id
//! origins_on = "manifests-and-keys"    # or "all": the requests that require one of a token's origins
//! allow_missing_origin = false         # true allows native players, which send no origin
//! lifetime = "24h"                     # the default lifetime of a token: 5 minutes to 30 days, or "never" expiring
//! lifetimes = { trailer = "never" }    # the same for single videos; default none
//!
//! [site.cors]                          # default none: CORS headers are left unchanged
//! origins = ["https://app.example.com"]     # required; or "https://*.example.com", or "*" without credentials
//! credentials = false
//! methods = ["GET", "HEAD"]
//! headers = ["range"]                  # and authorization, if carriers has "bearer"
//! expose = ["content-range", "accept-ranges", "date", "etag"]
//! max_age = 3600
//!
//! [[stream]]                           # a stream id, which key scopes name, and the playback ID in tokens and URLs
//! id = "st-1"
//! playback_id = "channel-1"
//!
//! [[keys]]                             # one of dir, file, jwks, pem, secret_file, secret_env
//! dir = "keys"                         # <kid>.pem, <kid>.jwk, jwks.json; relative paths start at the folder of this file
//! scope = { bucket = "vod" }           # required: { bucket = … }, { stream = … } or { site = … }
//! broken_files = "refuse"              # or "skip": the treatment at the start of a file that cannot be loaded
//! not_after = 2027-01-31T00:00:00Z     # or seconds since 1970; default none
//! max_staleness = "7days"              # the time for which keys outlive an unreadable file or folder; default no limit
//! danger = { digit_string_dates = false, kid_from_jti = false }   # scope = "any" in place of a scope
//!
//! [[keys]]
//! secret_file = "secrets/2026-11"      # the configuration never contains secrets
//! scope = { site = "cdn" }
//! kid = "2026-11"                      # default the file's name without its ending
//! issuer = "https://login.example"     # verifies only tokens with exactly this iss; default those of any
//! algorithm = "HS256"                  # default the key's own
//! ```

mod build;
mod document;
mod json;
mod read;
mod read_error;
#[cfg(test)]
mod tests;
mod toml;
mod tree;

use std::path::{Path, PathBuf};

use build::Sections;
use build::build;
use document::Document;
use read::LeftOut;
use tree::Node;

use crate::error::{ConfigError, Fault, Faults, Part};
use crate::keys::KeySource;
use crate::site::PolicyBuilder;

/// The JSON Schema of a configuration file, for editors and for programs that generate configurations.
pub const SCHEMA: &str = include_str!("schema.json");

/// The content of a file, not yet checked as a whole.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    root: Node,
    left_out: LeftOut,
    errors: Vec<(u32, ConfigError)>,
    sections: Sections,
}

/// The notation of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Toml,
    Json,
}

impl Notation {
    /// Returns the notation by the ending of the file's name.
    pub(crate) fn of(path: &Path) -> Result<Self, ConfigError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Self::Toml),
            Some("json") => Ok(Self::Json),
            _ => Err(in_file(path, None, ConfigError::UnknownNotation)),
        }
    }
}

impl ConfigFile {
    /// Parses a text that came from `path`. Relative paths in the text start at the folder of `path`.
    ///
    /// # Errors
    ///
    /// Fails if the text is not TOML or JSON. All other errors are returned later, by [`errors`](Self::errors).
    pub(crate) fn parse(text: &str, notation: Notation, path: &Path) -> Result<Self, Vec<ConfigError>> {
        let parsed = match notation {
            Notation::Toml => toml::parse(text),
            Notation::Json => json::parse(text),
        };
        let root = parsed.map_err(|errors| located(path, errors))?;
        let reading = read::read::<Document>(&root);
        let mut faults = Faults::default();
        let sections = build(reading.document, path.parent().unwrap_or(Path::new("")), &mut faults);
        let mut file = Self {
            path: path.to_owned(),
            root,
            left_out: reading.left_out,
            errors: reading.errors,
            sections,
        };
        file.place(faults.into_list());
        Ok(file)
    }

    /// Adds the file's settings to a policy. Its sites and streams come before those of the policy.
    pub(crate) fn add_to(&self, policy: PolicyBuilder) -> PolicyBuilder {
        self.sections.add_to(policy)
    }

    /// Returns whether the ids of all sites are known, as the file intends them.
    pub(crate) fn knows_its_sites(&self) -> bool {
        let Some(sites) = self.root.field("site") else {
            return !self.left_out.was_meant(&self.root, "site");
        };
        let named = |site: &Node| {
            !self.left_out.left_out(site)
                && ["hosts", "id"].iter().all(|field| {
                    let wrong = site.field(field).is_some_and(|node| self.left_out.touches(node));
                    !wrong && !self.left_out.was_meant(site, field)
                })
        };
        named(sites) && (0..).map_while(|number| sites.element(number)).all(named)
    }

    /// Returns the file's sources of keys, each with the index of its section.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &KeySource)> {
        let numbered = self.sections.sources.iter().enumerate();
        numbered.filter_map(|(number, source)| Some((number, source.as_ref()?)))
    }

    /// Adds lines to the faults of the policy and the keys. A fault that follows from a known error is dropped. A fault that is
    /// not about the file is returned.
    pub(crate) fn place(&mut self, faults: Vec<Fault>) -> Vec<ConfigError> {
        let mut elsewhere = Vec::new();
        for fault in faults {
            match self.line_of(&fault) {
                Line::At(line) => self.errors.push((line, fault.error)),
                Line::Known => {}
                Line::Elsewhere => elsewhere.push(fault.error),
            }
        }
        elsewhere
    }

    /// Returns all errors, ordered by line.
    pub(crate) fn into_errors(mut self) -> Vec<ConfigError> {
        self.errors.sort_by_key(|(line, _)| *line);
        self.errors.dedup();
        located(&self.path, self.errors)
    }

    /// Returns the line of the setting that a fault is about, or the line of its section if the setting is absent.
    fn line_of(&self, fault: &Fault) -> Line {
        let section = |name: &str, number: usize| self.left_out.element(self.root.field(name)?, number);
        let part = match fault.part {
            // Code may have set these instead of the file.
            Part::Whole if fault.setting == "trusted_proxies" || fault.setting.starts_with("outside") => {
                let field = fault.setting.split('.').next().unwrap_or_default();
                self.root.field(field).map(|_| &self.root)
            }
            Part::Whole => Some(&self.root),
            Part::Site(number) => section("site", number),
            Part::Stream(number) => section("stream", number),
            Part::Keys(number) => section("keys", number),
        };
        let Some(part) = part else { return Line::Elsewhere };
        // The fault of `outside` has been reported.
        let outside = self.root.field("outside");
        let is_reported = match fault.error {
            ConfigError::OutsideUnset { .. } => {
                outside.is_some() || self.left_out.was_meant(&self.root, "outside")
            }
            ConfigError::OutsideNoHosts => outside.is_some_and(|node| self.left_out.touches(node)),
            _ => false,
        };
        if self.left_out.left_out(&self.root) || is_reported {
            return Line::Known;
        }
        let Some(setting) = part.at(fault.setting) else {
            let (table, field) = match fault.setting.rsplit_once('.') {
                Some((table, field)) => (part.at(table).unwrap_or(part), field),
                None => (part, fault.setting),
            };
            // If one of several fields is required, one may be present and wrong.
            let known = field.split('|').any(|field| {
                let wrong = table.at(field).is_some_and(|node| self.left_out.touches(node));
                wrong || self.left_out.was_meant(table, field)
            });
            return if known { Line::Known } else { Line::At(table.line) };
        };
        let found = match fault.element {
            Some(index) => self.left_out.element(setting, index).unwrap_or(setting),
            None => setting,
        };
        // Faults elsewhere in a part do not explain a fault of the part as a whole.
        let known = !fault.setting.is_empty() && self.left_out.touches(found);
        if known { Line::Known } else { Line::At(found.line) }
    }
}

/// The location of a fault.
enum Line {
    At(u32),
    /// The fault follows from another error.
    Known,
    /// The fault is in code.
    Elsewhere,
}

fn located(path: &Path, errors: Vec<(u32, ConfigError)>) -> Vec<ConfigError> {
    errors.into_iter().map(|(line, error)| in_file(path, Some(line), error)).collect()
}

/// Returns an error with the file, and the line if it is known.
pub(crate) fn in_file(path: &Path, line: Option<u32>, error: ConfigError) -> ConfigError {
    ConfigError::InFile { file: path.display().to_string(), line, error: Box::new(error) }
}
