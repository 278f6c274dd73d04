//! The types of a configuration file, which [`read`](super::read) fills and the JSON Schema describes.
//!
//! Every field is optional here, so that all missing fields can be reported at once, by [`build`](super::build).

#![expect(
    clippy::doc_link_with_quotes,
    reason = "the comments are the schema's texts too, and quote the file"
)]

mod identity;
mod limits;
mod outside;
#[cfg(test)]
mod schema;

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::error::{Code, Faults};
use crate::keys::BrokenFiles;
use crate::schemes::jws::Jws;
use crate::schemes::values::{Moment, Pairs};
use crate::schemes::{Carriers, ConfigSection, Scheme, SiteSchemes, for_each_scheme};
use crate::scope::Coverage;
use crate::site::{Admitted, Location, Serves, SiteSettings, UnknownHost};
use crate::time::{Span, TimeRules};

pub(super) use identity::IdentitySaid;
pub(super) use limits::{FailedSignaturesSection, PerClientSaid, RateSection};
pub(super) use outside::OutsideSaid;

/// Which requests may have the bytes they ask for.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "playgate", extend("required" = ["version", "site"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    /// The version of this format.
    #[cfg_attr(test, schemars(required, extend("const" = 1)))]
    pub(super) version: Option<i64>,
    /// What happens to a request for a host that no site claims: 421, or on to the inner service. Default "refuse".
    pub(super) unknown_host: Option<UnknownHost>,
    /// The fate of a path outside of every base path, on a host that a site claims: 404, or on to the inner service,
    /// for all hosts or for those listed. Required if some site has a base path below "/" and no site serves the rest.
    pub(super) outside: Option<OutsideSaid>,
    /// Proxies that are believed about the client's address and about HTTPS: addresses and CIDR networks.
    pub(super) trusted_proxies: Vec<String>,
    /// Whether the body of a refusal carries its code. Default true.
    pub(super) expose_reason: Option<bool>,
    /// How many tokens whose signature was found good are remembered, so that a viewer's next request needs no
    /// cryptography; 0 for none. Default 65536.
    #[cfg_attr(test, schemars(range(max = 16_777_216)))]
    pub(super) token_cache: Option<usize>,
    /// Limits of failed signatures, after which verification is suspended. Default 60000 in a minute for one public address.
    pub(super) failed_signatures: Option<FailedSignaturesSection>,
    /// What each set of hosts, or a base path on them, serves.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) site: Vec<SiteSection>,
    /// Stream ids, which key scopes name, to playback IDs, which tokens and URLs name. Without an entry both are the
    /// same.
    pub(super) stream: Vec<StreamSection>,
    /// Where keys come from, and what they may sign for.
    pub(super) keys: Vec<KeysSection>,
}

/// What a set of hosts, or a base path on them, serves, and under which rules.
///
/// The table is read as these structs, each of which takes its own fields. All but the last are those of the [`Site`](crate::Site)
/// that code builds.
#[derive(Debug, Deserialize)]
pub(super) struct SiteSection(
    pub(super) Location,
    pub(super) Admitted,
    pub(super) SiteSettings,
    pub(super) Carriers,
    pub(super) Jws,
    pub(super) Coverage,
    pub(super) TimeRules,
    pub(super) SiteParts,
);

/// Adds the sections of the schemes to a struct, and reads them.
macro_rules! with_scheme_sections {
    (
        { $(#[$meta:meta])* struct $Name:ident { $($fields:tt)* } }
        $(
            $(#[$doc:meta])*
            $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident,
            [$($(#[$section_doc:meta])* $section:ident: $Section:ident)?];
        )+
    ) => {
        $(#[$meta])*
        pub(super) struct $Name {
            $($fields)*
            $($($(#[$section_doc])* pub(super) $section: Option<crate::schemes::$module::$Section>,)?)+
        }

        impl $Name {
            /// Builds the settings of the schemes that have a section. Returns those whose section has a fault.
            pub(super) fn build_schemes(
                &mut self,
                schemes: &mut SiteSchemes,
                folder: &Path,
                faults: &mut Faults,
            ) -> Vec<Scheme> {
                let mut faulty = Vec::new();
                $($(
                    if let Some(section) = self.$section.take() {
                        schemes.$field = crate::schemes::$module::$Settings::from_section(section, folder, faults);
                        faulty.extend(schemes.$field.is_none().then_some(Scheme::$Scheme));
                    }
                )?)+
                faulty
            }
        }
    };
}

for_each_scheme!(with_scheme_sections! {
    /// The settings of a site that the file writes in another form than code.
    #[derive(Debug, Default, Deserialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    #[cfg_attr(test, schemars(extend("required" = ["serves"])))]
    #[serde(deny_unknown_fields, default)]
    struct SiteParts {
        /// A bucket, whose paths are object keys, or live streams.
        #[cfg_attr(test, schemars(required))]
        pub(super) serves: Option<Serves>,
        /// Request headers for the inner service: each with the claim that it carries, { x-viewer = "sub" }; or with a fact of
        /// the grant, { x-kid = { grant = "kid" } }; or only removed from requests, { x-internal = false }.
        pub(super) identity_headers: Pairs<IdentitySaid>,
        /// Other statuses for codes: { expired = 410 }.
        pub(super) answers: Pairs<u16>,
        /// Which query parameters of a manifest's request are carried into the URIs in it: "auto" for those of the credential
        /// that was granted, false for none, or a table. Default "auto".
        pub(super) forward: Option<ForwardSaid>,
        /// Which pages of other origins may read answers. Without it nothing is touched.
        pub(super) cors: Option<CorsSection>,
    }
});

/// What is carried into manifests.
#[derive(Debug)]
pub(super) enum ForwardSaid {
    Auto,
    Off,
    Table(ForwardSection),
}

/// What is carried into manifests: the credential's own parameters, or those that one of `only_keys` and `except_keys`
/// chooses.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "forward_table"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct ForwardSection {
    /// Manifests by their extension: m3u8, m3u, mpd, mpp. Default ["m3u8", "mpd", "mpp"].
    pub(super) from: Option<Vec<String>>,
    /// Which files of a manifest get them, by their extension. Default every file.
    pub(super) to: Option<Vec<String>>,
    /// These query parameters.
    pub(super) only_keys: Option<Vec<String>>,
    /// All query parameters but these.
    pub(super) except_keys: Option<Vec<String>>,
    /// Hosts that get them beside the request's own and the site's hosts: at the default port, or "b.example.com:8443".
    pub(super) hosts: Vec<String>,
    /// The longest MPD that is rewritten, in bytes: it is held in memory until it is whole. Default 1048576.
    #[cfg_attr(test, schemars(range(min = 1024, max = 16_777_216)))]
    pub(super) max_mpd: Option<u64>,
}

impl<'de> Deserialize<'de> for ForwardSaid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = ForwardSaid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", false or a table")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ForwardSaid, E> {
                match text {
                    "auto" => Ok(ForwardSaid::Auto),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_bool<E: serde::de::Error>(self, said: bool) -> Result<ForwardSaid, E> {
                if said {
                    return Err(E::invalid_value(serde::de::Unexpected::Bool(said), &self));
                }
                Ok(ForwardSaid::Off)
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ForwardSaid, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(fields);
                ForwardSection::deserialize(fields).map(ForwardSaid::Table)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Which pages of other origins may read answers (WHATWG Fetch).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "cors", extend("required" = ["origins"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct CorsSection {
    /// As browsers send them: scheme, host and, unless it is the scheme's own, port; "https://*.example.com"; or "*".
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) origins: Vec<String>,
    /// Whether they may send cookies along. Default false.
    pub(super) credentials: Option<bool>,
    /// Default ["GET", "HEAD"].
    pub(super) methods: Option<Vec<String>>,
    /// Request headers. Default ["range"], and authorization where the site lists the carrier bearer.
    pub(super) headers: Option<Vec<String>>,
    /// Answer headers. Default ["content-range", "accept-ranges", "date", "etag"].
    pub(super) expose: Option<Vec<String>>,
    /// For how long a browser may remember a preflight. Default 3600.
    pub(super) max_age: Option<Span>,
}

/// One stream.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "stream", extend("required" = ["id", "playback_id"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct StreamSection {
    /// What key scopes name.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) id: Option<String>,
    /// What tokens and URLs name.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) playback_id: Option<String>,
}

/// A source of keys: exactly one of `dir`, `file`, `jwks`, `pem`, `secret_file` and `secret_env`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "keys"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct KeysSection {
    /// A folder: <kid>.pem, <kid>.jwk, jwks.json. Relative paths start at this file.
    pub(super) dir: Option<String>,
    /// One public key: PEM, or a JWK where the name ends in .jwk or .json.
    pub(super) file: Option<String>,
    /// A JWK Set.
    pub(super) jwks: Option<String>,
    /// One public key as PEM text; needs a kid.
    pub(super) pem: Option<String>,
    /// A file with a shared secret for HS256.
    pub(super) secret_file: Option<String>,
    /// An environment variable with a shared secret for HS256; needs a kid.
    pub(super) secret_env: Option<String>,
    /// What the keys may sign for. Required, unless danger says scope = "any".
    pub(super) scope: Option<Scope>,
    /// The key's name. Default the file's name without its ending.
    #[cfg_attr(test, schemars(length(min = 1, max = 256)))]
    pub(super) kid: Option<String>,
    /// Whose tokens the keys verify: those whose iss is exactly this. Default any.
    #[cfg_attr(test, schemars(length(min = 1, max = 512)))]
    pub(super) issuer: Option<String>,
    /// The one algorithm that the keys must be for. Default what the key says; for RSA that is RS256.
    pub(super) algorithm: Option<String>,
    /// The last second in which the keys are good: seconds since 1970, or a date in UTC.
    pub(super) not_after: Option<Moment>,
    /// For how long the keys of a file or folder stay in force after it was last read: 10 s or more. Default without end.
    pub(super) max_staleness: Option<Span>,
    /// At the start, whether a file of the folder that cannot be loaded refuses the whole configuration, or is skipped
    /// with a warning. Default "refuse".
    pub(super) broken_files: Option<BrokenFiles>,
    /// What weakens checks.
    pub(super) danger: DangerSection,
}

/// What keys may sign for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "scope"))]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    /// One bucket, on every site that serves it.
    Bucket(String),
    /// One live stream, on every live site.
    Stream(String),
    /// What the site of this id serves, and only there.
    Site(String),
}

/// What weakens checks: for issuers that cannot be mended.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "danger"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct DangerSection {
    /// Takes dates that are digits in a string, "exp": "1790000000", as if they were numbers. Default false.
    pub(super) digit_string_dates: Option<bool>,
    /// Finds the key by the claim `jti` where the header has no `kid`. Default false.
    pub(super) kid_from_jti: Option<bool>,
    /// Lets the keys sign for everything on every site.
    pub(super) scope: Option<AnyScope>,
}

/// The one scope that is no scope.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "any_scope"))]
#[serde(rename_all = "lowercase")]
pub(super) enum AnyScope {
    Any,
}

/// Returns the code of this name, as configuration and bodies write it.
pub(super) fn code(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}
