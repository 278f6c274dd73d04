//! A configuration file, TOML or JSON, to the settings that code makes with builders.
//!
//! 1. The text becomes one tree, whichever notation it is in, every node with its line.
//! 2. The tree is read into the document's types; each unknown field and wrong type is an error, and all are found.
//! 3. The document becomes the same [`Site`](crate::Site)s, streams and key sources that code would make. What is missing or
//!    contradicts itself is an error, and so is everything that the checks of the policy find.
//! 4. Each error gets the file and the line of the setting that it is about; all are reported at once.
//!
//! Nothing here opens a key file or checks a key.
//!
//! # The configuration file
//!
//! With the feature `config` all of it can be said in a file, TOML or JSON by its name's ending, for
//! [`Verifier::from_file`](crate::Verifier::from_file). Every field has a builder method of the same meaning; unknown
//! fields are errors, and all errors are told at once, each with its line. [`SCHEMA`] describes it to editors.
//!
//! ```toml
//! version = 1                          # required; another number is refused
//! unknown_host = "refuse"              # a host that no site claims: 421; or "pass" to the inner service
//! outside = "refuse"                   # a path outside of every base path: 404; or "pass", or { pass = ["app.example.com"] };
//!                                      # required where some site has a base path below /
//! trusted_proxies = ["10.0.0.0/8"]     # believed about the client's address and https; default none
//! token_cache = 65536                  # how many verified tokens are remembered; 0 for none
//! expose_reason = true                 # whether the body of a refusal carries its code
//!
//! [failed_signatures]                  # so many, and no more are checked for a while; either or both
//! per_client = { requests = 60, within = 60 }   # by one address; 1 to 1000000 in 1 second to 1 day; default 60000 in 60 for public ones; or "unlimited"
//! per_key = { requests = 1000, within = 1 }     # for one key, whoever brings them: keeps its new viewers waiting
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
//! accepts = ["signed-token", "secure-link", "embed-token", "akamai", "cloudfront"] # default signed tokens, and what is described below
//! carriers = ["query", "cookie"]       # and "bearer", which is asked between the two
//! query_name = "auth"
//! cookie_name = "Qencode-Auth-Token"
//! max_token_bytes = 4096
//! prefix = "segments"                  # or "bytes"
//! whole_bucket = true                  # whether an empty uri covers it
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
//!
//! [site.forward]                       # or forward = "auto", which is the default; or forward = false: into manifests goes
//! only_keys = ["md5", "expires"]       # or except_keys; default the parameters of the credential that was granted
//! from = ["m3u8", "mpd", "mpp"]        # mpp: patches to an MPD
//! to = ["m3u8", "ts", "mp4"]           # default every file
//! hosts = ["segments.example.com", "b.example.com:8443"]   # beside the request's own and the site's; default none
//! max_mpd = 1_048_576                  # the longest MPD that is rewritten: 1 KiB to 16 MiB, held in memory until it is whole
//!
//! [site.secure_link]                   # default none: URLs with an expiry and a hash
//! preset = "gcore"                     # required; or "gcore_video", "gcore_mp4", "nginx", "custom"
//! secret_file = ["secrets/link", "secrets/link.old"]   # or secret_env; one, or two while they change, the new one first
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
//! [site.embed]                         # default none: opaque tokens that can be taken back; embed = {} is enough
//! path = "/watch/{token}"              # a page, or "/embed/{token}/" for all that is below, or a list of both
//! scope = "videos/{video}/"            # what a token opens; on a live site the playback ID that its video is
//! realm = "courses"                    # sites of one realm share tokens; default the site's id
//! origins_on = "manifests-and-keys"    # or "all": what has to come from one of a token's origins
//! allow_missing_origin = false         # lets native players in, which tell none
//! lifetime = "24h"                     # for how long a token is good: 5 minutes to 30 days, or "never" expiring
//! lifetimes = { trailer = "never" }    # the same for single videos; default none
//!
//! [site.cors]                          # default none: nothing is touched
//! origins = ["https://app.example.com"]     # required; or "https://*.example.com", or "*" without credentials
//! credentials = false
//! methods = ["GET", "HEAD"]
//! headers = ["range"]                  # and authorization, where carriers has "bearer"
//! expose = ["content-range", "accept-ranges", "date", "etag"]
//! max_age = 3600
//!
//! [[stream]]                           # a stream id, which key scopes name, and the playback ID in tokens and URLs
//! id = "st-1"
//! playback_id = "channel-1"
//!
//! [[keys]]                             # one of dir, file, jwks, pem, secret_file, secret_env
//! dir = "keys"                         # <kid>.pem, <kid>.jwk, jwks.json; relative paths start at this file
//! scope = { bucket = "vod" }           # required: { bucket = … }, { stream = … } or { site = … }
//! broken_files = "refuse"              # or "skip": what a file that cannot be loaded does at the start
//! not_after = 2027-01-31T00:00:00Z     # or seconds since 1970; default none
//! max_staleness = "7days"              # how long keys outlive a file or folder that cannot be read; default without end
//! danger = { digit_string_dates = false, kid_from_jti = false }   # scope = "any" in place of a scope
//!
//! [[keys]]
//! secret_file = "secrets/2026-11"      # secrets never stand in the file
//! scope = { site = "cdn" }
//! kid = "2026-11"                      # default the file's name without its ending
//! issuer = "https://login.example"     # verifies only tokens with exactly this iss; default those of any
//! algorithm = "HS256"                  # default what the key is for
//! ```

mod build;
mod document;
mod json;
mod read;
mod stumble;
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

/// The JSON Schema of a configuration file, for editors and for those who generate configurations.
pub const SCHEMA: &str = include_str!("schema.json");

/// What a file says, not yet checked as a whole.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    root: Node,
    left_out: LeftOut,
    errors: Vec<(u32, ConfigError)>,
    sections: Sections,
}

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Toml,
    Json,
}

impl Notation {
    /// By the ending of the file's name.
    pub(crate) fn of(path: &Path) -> Result<Self, ConfigError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Self::Toml),
            Some("json") => Ok(Self::Json),
            _ => Err(in_file(path, None, ConfigError::UnknownNotation)),
        }
    }
}

impl ConfigFile {
    /// Reads a text that came from `path`, which relative paths in it start at.
    ///
    /// # Errors
    ///
    /// Text that is no TOML or JSON. All other errors wait for [`errors`](Self::errors).
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

    /// Adds the file's settings to a policy, its sites and streams before those that are there.
    pub(crate) fn add_to(&self, policy: PolicyBuilder) -> PolicyBuilder {
        self.sections.add_to(policy)
    }

    /// Returns whether the sites have the ids that the file means them to have.
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

    /// Returns the file's sources of keys, each with the number of its section.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &KeySource)> {
        let numbered = self.sections.sources.iter().enumerate();
        numbered.filter_map(|(number, source)| Some((number, source.as_ref()?)))
    }

    /// Gives faults of the policy and the keys their lines. What follows from an error that is known is dropped, and
    /// what the file does not speak of is handed back.
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

    /// Returns everything that is wrong, by line.
    pub(crate) fn into_errors(mut self) -> Vec<ConfigError> {
        self.errors.sort_by_key(|(line, _)| *line);
        self.errors.dedup();
        located(&self.path, self.errors)
    }

    /// Returns the line of the setting that a fault is about; that of its section where the setting is not written.
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
        // What is wrong with `outside` is reported already.
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
            // Of several fields that would do, one may be there and be wrong.
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
        // What is wrong elsewhere in a part is no excuse for a fault of the part as a whole.
        let known = !fault.setting.is_empty() && self.left_out.touches(found);
        if known { Line::Known } else { Line::At(found.line) }
    }
}

/// Where a fault is.
enum Line {
    At(u32),
    /// It follows from another error.
    Known,
    /// In code.
    Elsewhere,
}

fn located(path: &Path, errors: Vec<(u32, ConfigError)>) -> Vec<ConfigError> {
    errors.into_iter().map(|(line, error)| in_file(path, Some(line), error)).collect()
}

/// Returns an error with the file, and where it is known the line, that it is about.
pub(crate) fn in_file(path: &Path, line: Option<u32>, error: ConfigError) -> ConfigError {
    ConfigError::InFile { file: path.display().to_string(), line, error: Box::new(error) }
}
