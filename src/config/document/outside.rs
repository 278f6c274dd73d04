//! The setting `outside`: `"refuse"`, `"pass"`, or a table of the hosts that pass.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::site::Outside;

/// The value of `outside`.
#[derive(Debug)]
pub(in crate::config) struct OutsideSetting(pub(in crate::config) Outside);

/// The hosts whose paths outside every base path pass.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "outside_hosts", extend("required" = ["pass"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutsideSection {
    /// Exact names without port, each of which is a host of some site.
    #[cfg_attr(test, schemars(required, length(min = 1)))]
    pass: Vec<String>,
}

impl<'de> Deserialize<'de> for OutsideSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = OutsideSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"refuse\", \"pass\" or { pass = [\"app.example.com\"] }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OutsideSetting, E> {
                match text {
                    "refuse" => Ok(OutsideSetting(Outside::Refuse)),
                    "pass" => Ok(OutsideSetting(Outside::Pass)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<OutsideSetting, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(fields);
                OutsideSection::deserialize(fields)
                    .map(|section| OutsideSetting(Outside::PassHosts(section.pass)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
