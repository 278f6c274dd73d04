use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Unexpected, Visitor};

use crate::time::Span;

/// Limits of failed signatures, after which verification is suspended.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "failed_signatures", extend("minProperties" = 1)))]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct FailedSignaturesSection {
    /// The limit of one client: an address, or a /64 network of IPv6. Clients behind one NAT share it. Default 60000 in a minute
    /// for public addresses. A rate applies to every address, and "unlimited" to none.
    pub(in crate::config) per_client: Option<PerClientSetting>,
    /// The limit of one key, over all clients. A flood that reaches it delays new viewers of the key. Default any number.
    pub(in crate::config) per_key: Option<RateSection>,
}

/// The limit of a client.
#[derive(Debug)]
pub(in crate::config) enum PerClientSetting {
    Unlimited,
    Rate(RateSection),
}

impl<'de> Deserialize<'de> for PerClientSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = PerClientSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table in braces, such as { requests = 60, within = 60 }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PerClientSetting, E> {
                match text {
                    "unlimited" => Ok(PerClientSetting::Unlimited),
                    _ => Err(E::invalid_value(
                        Unexpected::Str(text),
                        &"\"unlimited\", or a table in braces, such as { requests = 60, within = 60 }",
                    )),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<PerClientSetting, A::Error> {
                let fields = serde::de::value::MapAccessDeserializer::new(fields);
                RateSection::deserialize(fields).map(PerClientSetting::Rate)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A number of requests in a period, all of which may come at once.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "rate", extend("required" = ["requests", "within"])))]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RateSection {
    /// The number of requests.
    #[cfg_attr(test, schemars(required, range(min = 1, max = 1_000_000)))]
    pub(in crate::config) requests: Option<i64>,
    /// The period: 1 second to 1 day.
    #[cfg_attr(test, schemars(required))]
    pub(in crate::config) within: Option<Span>,
}
