//! The types of a configuration file. [`read`](super::read) fills them, and the JSON Schema describes them.
//!
//! Every field is optional here, so that [`build`](super::build) can report all missing fields at once.

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

pub(super) use identity::IdentitySetting;
pub(super) use limits::{FailedSignaturesSection, PerClientSetting, RateSection};
pub(super) use outside::OutsideSetting;

/// The configuration of playgate: sites, their rules, and the sources of keys.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "playgate", extend("required" = ["version", "site"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    /// The version of this format.
    #[cfg_attr(test, schemars(required, extend("const" = 1)))]
    pub(super) version: Option<i64>,
    /// The treatment of requests for a host that no site claims: "refuse" answers 421, "pass" hands them to the inner service.
    /// Default "refuse".
    pub(super) unknown_host: Option<UnknownHost>,
    /// The treatment of paths outside every base path, on a host that a site claims: "refuse" answers 404, "pass" hands them to
    /// the inner service, for all hosts or for those listed. Required if some site has a base path below "/" and no site serves
    /// the other paths.
    pub(super) outside: Option<OutsideSetting>,
    /// Proxies that are trusted for the client's address and for HTTPS, as addresses and CIDR networks.
    pub(super) trusted_proxies: Vec<String>,
    /// Includes the code in the body of a refusal. Default true.
    pub(super) expose_reason: Option<bool>,
    /// The number of verified tokens that are remembered, so that a viewer's next request needs no cryptography; 0 for none.
    /// Default 65536.
    #[cfg_attr(test, schemars(range(max = 16_777_216)))]
    pub(super) token_cache: Option<usize>,
    /// Limits of failed signatures, after which verification is suspended. Default 60000 in a minute for one public address.
    pub(super) failed_signatures: Option<FailedSignaturesSection>,
    /// The log of refusals: the number of lines in one second for each site and code (`denials_per_second`, default 100, 0 for sums
    /// only), and whether a refusal has its code in the response header x-playgate-code (`code_header`, default false).
    pub(super) log: LogSection,
    /// The requests whose responses carry their explanation in the header x-playgate-explain: those of clients (`clients`, addresses
    /// and CIDR networks), and those with a debug token (`tokens`). Without it, no response has an explanation.
    pub(super) explain: Option<ExplainSection>,
    /// The sites: each is a set of hosts, or a base path on them.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) site: Vec<SiteSection>,
    /// Maps stream ids, which key scopes name, to playback IDs, which tokens and URLs name. Without an entry both are the same.
    pub(super) stream: Vec<StreamSection>,
    /// The sources of keys, and the scopes of these keys.
    pub(super) keys: Vec<KeysSection>,
}

/// A set of hosts, or a base path on them, with the resources served there and their rules.
///
/// The table is read as these structs, each of which takes its own fields. All but the last are those of the
/// [`Site`](crate::Site) that code builds.
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
    /// The settings of a site that have another form in the file than in code.
    #[derive(Debug, Default, Deserialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    #[cfg_attr(test, schemars(extend("required" = ["serves"])))]
    #[serde(deny_unknown_fields, default)]
    struct SiteParts {
        /// A bucket, whose paths are object keys, or live streams.
        #[cfg_attr(test, schemars(required))]
        pub(super) serves: Option<Serves>,
        /// Request headers for the inner service. The value is the claim that the header carries, { x-viewer = "sub" }, a fact of
        /// the grant, { x-kid = { grant = "kid" } }, or false to only remove the header from requests, { x-internal = false }.
        pub(super) identity_headers: Pairs<IdentitySetting>,
        /// Other statuses for codes: { expired = 410 }.
        pub(super) answers: Pairs<u16>,
        /// The query parameters of a manifest's request that are carried into the URIs of the manifest: "auto" for those of the
        /// granted credential, false for none, or a table. Default "auto".
        pub(super) forward: Option<ForwardSetting>,
        /// The other origins whose pages may read responses. Without it, CORS headers are left unchanged.
        pub(super) cors: Option<CorsSection>,
    }
});

/// The log of refusals.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "log"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogSection {
    /// The number of refusals that are logged in one second for each site and code. Further refusals are counted, and one line a
    /// second records the count. With 0, only the counts are logged. Default 100.
    #[cfg_attr(test, schemars(range(min = 0, max = 4_294_967_295_u32)))]
    pub(super) denials_per_second: Option<i64>,
    /// Adds the code of a refusal to its response, as the header x-playgate-code, for the access log of a proxy. Default false.
    pub(super) code_header: Option<bool>,
}

/// The requests whose responses carry their explanation. At least one of the fields is required.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "explain"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExplainSection {
    /// The clients that receive explanations, as addresses and CIDR networks. Do not list the address of a proxy.
    pub(super) clients: Vec<String>,
    /// Sends the explanation if the value of the request's header is a debug token, which `playgate mint debug` creates. Default false.
    pub(super) tokens: Option<bool>,
}

/// The parameters that are carried into manifests.
#[derive(Debug)]
pub(super) enum ForwardSetting {
    Auto,
    Off,
    Table(ForwardSection),
}

/// The parameters that are carried into manifests: those of the credential, or those selected by one of `only_keys` and
/// `except_keys`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "forward_table"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct ForwardSection {
    /// The extensions of the manifests that are rewritten: m3u8, m3u, mpd, mpp. Default ["m3u8", "mpd", "mpp"].
    pub(super) from: Option<Vec<String>>,
    /// The extensions of the files whose URIs get the parameters. Default every file.
    pub(super) to: Option<Vec<String>>,
    /// The only query parameters that are carried.
    pub(super) only_keys: Option<Vec<String>>,
    /// The query parameters that are not carried.
    pub(super) except_keys: Option<Vec<String>>,
    /// Further hosts whose URIs get the parameters, beside the request's own and the site's hosts: at the default port, or with a
    /// port as in "b.example.com:8443".
    pub(super) hosts: Vec<String>,
    /// The longest MPD that is rewritten, in bytes. It is held in memory until it is complete. Default 1048576.
    #[cfg_attr(test, schemars(range(min = 1024, max = 16_777_216)))]
    pub(super) max_mpd: Option<u64>,
}

impl<'de> Deserialize<'de> for ForwardSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = ForwardSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", false or a table")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ForwardSetting, E> {
                match text {
                    "auto" => Ok(ForwardSetting::Auto),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<ForwardSetting, E> {
                if value {
                    return Err(E::invalid_value(serde::de::Unexpected::Bool(value), &self));
                }
                Ok(ForwardSetting::Off)
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ForwardSetting, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(fields);
                ForwardSection::deserialize(fields).map(ForwardSetting::Table)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The other origins whose pages may read responses (WHATWG Fetch).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "cors", extend("required" = ["origins"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct CorsSection {
    /// The allowed origins, as browsers send them: scheme, host and, unless it is the scheme's default, port;
    /// "https://*.example.com"; or "*".
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) origins: Vec<String>,
    /// Allows requests with cookies. Default false.
    pub(super) credentials: Option<bool>,
    /// The allowed methods. Default ["GET", "HEAD"].
    pub(super) methods: Option<Vec<String>>,
    /// The allowed request headers. Default ["range"], and authorization if the site lists the carrier bearer.
    pub(super) headers: Option<Vec<String>>,
    /// The response headers that pages may read. Default ["content-range", "accept-ranges", "date", "etag"].
    pub(super) expose: Option<Vec<String>>,
    /// The time for which a browser may cache a preflight. Default 3600.
    pub(super) max_age: Option<Span>,
}

/// One stream.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "stream", extend("required" = ["id", "playback_id"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct StreamSection {
    /// The stream's id, which key scopes name.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) id: Option<String>,
    /// The playback ID, which tokens and URLs name.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pub(super) playback_id: Option<String>,
}

/// A source of keys: exactly one of `dir`, `file`, `jwks`, `pem`, `secret_file` and `secret_env`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "keys"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct KeysSection {
    /// A folder: <kid>.pem, <kid>.jwk, jwks.json. Relative paths start at the folder of this file.
    pub(super) dir: Option<String>,
    /// One public key: PEM, or a JWK if the name ends in .jwk or .json.
    pub(super) file: Option<String>,
    /// A JWK Set.
    pub(super) jwks: Option<String>,
    /// One public key as PEM text; needs a kid.
    pub(super) pem: Option<String>,
    /// A file with a shared secret for HS256.
    pub(super) secret_file: Option<String>,
    /// An environment variable with a shared secret for HS256; needs a kid.
    pub(super) secret_env: Option<String>,
    /// The scope of the keys. Required, unless danger has scope = "any".
    pub(super) scope: Option<Scope>,
    /// The key's name. Default the file's name without its ending.
    #[cfg_attr(test, schemars(length(min = 1, max = 256)))]
    pub(super) kid: Option<String>,
    /// The one issuer whose tokens the keys verify: their iss is exactly this. Default any.
    #[cfg_attr(test, schemars(length(min = 1, max = 512)))]
    pub(super) issuer: Option<String>,
    /// The one algorithm that the keys must support. Default the key's own; for RSA that is RS256.
    pub(super) algorithm: Option<String>,
    /// The last second in which the keys are valid: seconds since 1970, or a date in UTC.
    pub(super) not_after: Option<Moment>,
    /// The time for which the keys of a file or folder stay in force after it was last read: 10 s or more. Default no limit.
    pub(super) max_staleness: Option<Span>,
    /// The treatment at the start of a file in the folder that cannot be loaded: "refuse" refuses the whole configuration, "skip"
    /// leaves the file out with a warning. Default "refuse".
    pub(super) broken_files: Option<BrokenFiles>,
    /// Settings that weaken checks.
    pub(super) danger: DangerSection,
}

/// The scope of keys: the resources that they may sign for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "scope"))]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    /// One bucket, on every site that serves it.
    Bucket(String),
    /// One live stream, on every live site.
    Stream(String),
    /// The resources of the site with this id, and only there.
    Site(String),
}

/// Settings that weaken checks, for issuers that cannot be fixed.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "danger"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct DangerSection {
    /// Accepts dates that are digits in a string, "exp": "1790000000". Default false.
    pub(super) digit_string_dates: Option<bool>,
    /// Finds the key by the claim `jti` if the header has no `kid`. Default false.
    pub(super) kid_from_jti: Option<bool>,
    /// Lets the keys sign for everything on every site.
    pub(super) scope: Option<AnyScope>,
}

/// The scope that has no limits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "any_scope"))]
#[serde(rename_all = "lowercase")]
pub(super) enum AnyScope {
    Any,
}

/// Returns the code with this name, as written in configurations and bodies.
pub(super) fn code(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}
