use serde::Deserialize;

use super::values::Span;

/// How many signatures that do not fit may come before no more are checked for a while. Default any number.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "failed_signatures", extend("minProperties" = 1)))]
#[serde(deny_unknown_fields, default)]
pub(in crate::site::config) struct FailedSignaturesSection {
    /// By one client's address, or one /64 network of IPv6. An address behind NAT shares its limit.
    pub(in crate::site::config) per_client: Option<RateSection>,
    /// For one key, whoever brings them. Whoever brings so many keeps the key's new viewers waiting.
    pub(in crate::site::config) per_key: Option<RateSection>,
}

/// So many in a time, of which all may come at once.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "rate", extend("required" = ["requests", "within"])))]
#[serde(deny_unknown_fields, default)]
pub(in crate::site::config) struct RateSection {
    /// How many.
    #[cfg_attr(test, schemars(required, range(min = 1, max = 1_000_000)))]
    pub(in crate::site::config) requests: Option<i64>,
    /// In which time: 1 second to 1 day.
    #[cfg_attr(test, schemars(required))]
    pub(in crate::site::config) within: Option<Span>,
}
