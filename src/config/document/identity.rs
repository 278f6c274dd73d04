use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Unexpected, Visitor};

use crate::site::{GrantFact, IdentityValue};

/// The value of an identity header: the name of a claim, a fact of the grant, or `false`. `None` for a table that names no fact.
#[derive(Clone, Debug)]
pub(in crate::config) struct IdentitySetting(pub(in crate::config) Option<IdentityValue>);

/// A table in place of a claim.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "of_grant", extend("required" = ["grant"])))]
#[serde(deny_unknown_fields, default)]
pub(super) struct OfGrant {
    /// A fact of the grant.
    #[cfg_attr(test, schemars(required))]
    grant: Option<GrantFact>,
}

impl<'de> Deserialize<'de> for IdentitySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = IdentitySetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a claim in quotes, { grant = \"kid\" }, or false to only remove the header")
            }

            fn visit_str<E: serde::de::Error>(self, claim: &str) -> Result<IdentitySetting, E> {
                Ok(IdentitySetting(Some(claim.into())))
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<IdentitySetting, E> {
                if value {
                    return Err(E::invalid_value(Unexpected::Bool(value), &self));
                }
                Ok(IdentitySetting(Some(IdentityValue::Removed)))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<IdentitySetting, A::Error> {
                let value = OfGrant::deserialize(serde::de::value::MapAccessDeserializer::new(fields))?;
                Ok(IdentitySetting(value.grant.map(IdentityValue::Grant)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
