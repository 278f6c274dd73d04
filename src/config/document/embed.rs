use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::values::{Few, Pairs, Span};
use crate::records::Lifetime;
use crate::schemes::embed::OriginsOn;

/// Opaque tokens with a record behind them, which can be taken back.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "embed"))]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct EmbedSection {
    /// Where a token stands in the path: "/watch/{token}" for a page, "/embed/{token}/" for all that is below. Default
    /// "/watch/{token}".
    pub(in crate::config) path: Option<Few>,
    /// The folder of a token's video. Default "videos/{video}/".
    pub(in crate::config) scope: Option<String>,
    /// The sites of one realm share their tokens. Default the site's id.
    #[cfg_attr(test, schemars(length(min = 1, max = 256)))]
    pub(in crate::config) realm: Option<String>,
    /// Which requests have to come from one of a token's origins: "manifests-and-keys" or "all". Default
    /// "manifests-and-keys".
    pub(in crate::config) origins_on: Option<OriginsOn>,
    /// Lets requests through that tell no origin: those of native players. Default false.
    pub(in crate::config) allow_missing_origin: Option<bool>,
    /// For how long tokens are good for which nothing else is said: 5 minutes to 30 days, or "never" expiring. Default
    /// "24h".
    pub(in crate::config) lifetime: Option<Lasting>,
    /// The same for the tokens of single videos.
    pub(in crate::config) lifetimes: Pairs<Lasting>,
}

/// A length of time, or "never".
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Lasting(pub(in crate::config) Lifetime);

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
