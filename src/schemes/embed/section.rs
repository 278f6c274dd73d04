use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::origins_on::OriginsOn;
use super::settings::Embed;
use crate::error::Faults;
use crate::records::Lifetime;
use crate::schemes::section::{ConfigSection, set};
use crate::schemes::values::{Few, Pairs};
use crate::time::Span;

/// Opaque tokens that identify a stored record and can be revoked.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "embed"))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EmbedSection {
    /// The place of a token in the path: "/watch/{token}" for a page, "/embed/{token}/" for all paths below. Default
    /// "/watch/{token}".
    pub(super) path: Option<Few>,
    /// The folder of a token's video. Default "videos/{video}/".
    pub(super) scope: Option<String>,
    /// The realm: sites with the same realm share their tokens. Default the site's id.
    #[cfg_attr(test, schemars(length(min = 1, max = 256)))]
    pub(super) realm: Option<String>,
    /// The requests that require one of a token's origins: "manifests-and-keys" or "all". Default "manifests-and-keys".
    pub(super) origins_on: Option<OriginsOn>,
    /// Allows requests without an origin, which native players send. Default false.
    pub(super) allow_missing_origin: Option<bool>,
    /// The default lifetime of tokens: 5 minutes to 30 days, or "never" to issue tokens without expiry. Default "24h".
    pub(super) lifetime: Option<Lasting>,
    /// The default lifetimes of tokens for single videos.
    pub(super) lifetimes: Pairs<Lasting>,
}

/// A length of time, or "never".
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting(pub(super) Lifetime);

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Lasting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("whole seconds, text such as \"24h\", or \"never\"")
            }

            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Lasting, E> {
                let Span(span) = Span::of_seconds(seconds, &self)?;
                Ok(Lasting(Lifetime::For(span)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Lasting, E> {
                if text == "never" {
                    return Ok(Lasting(Lifetime::Never));
                }
                let Span(span) = Span::of_text(text, &self)?;
                Ok(Lasting(Lifetime::For(span)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl ConfigSection for Embed {
    type Section = EmbedSection;

    fn from_section(section: EmbedSection, _: &Path, _: &mut Faults) -> Option<Self> {
        let mut embed = Self::new();
        embed.realm = section.realm;
        embed.allow_missing_origin = section.allow_missing_origin.unwrap_or_default();
        set(&mut embed.paths, section.path.map(|Few(paths)| paths));
        set(&mut embed.scope, section.scope);
        set(&mut embed.origins_on, section.origins_on);
        set(&mut embed.lifetime, section.lifetime.map(|Lasting(lifetime)| lifetime));
        let lifetimes = section.lifetimes.0.into_iter();
        embed.lifetimes = lifetimes.map(|(video, Lasting(lifetime))| (video, lifetime)).collect();
        Some(embed)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Lasting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "lifetime".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let span = generator.subschema_for::<Span>();
        schemars::json_schema!({ "anyOf": [{ "const": "never" }, span] })
    }
}
