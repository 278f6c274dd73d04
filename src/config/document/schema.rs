//! Schemas of the types that serde cannot describe.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Map;

use super::identity::OfGrant;
use super::outside::OutsideSection;
use super::{
    Admitted, Carriers, Coverage, ForwardSection, ForwardSetting, IdentitySetting, Jws, Location,
    OutsideSetting, PerClientSetting, RateSection, SiteParts, SiteSection, SiteSettings, TimeRules,
};

/// Combines the fields of all the structs that the table is read as.
impl JsonSchema for SiteSection {
    fn schema_name() -> Cow<'static, str> {
        "site".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parts = [
            Location::json_schema(generator),
            Admitted::json_schema(generator),
            SiteSettings::json_schema(generator),
            Carriers::json_schema(generator),
            Jws::json_schema(generator),
            Coverage::json_schema(generator),
            TimeRules::json_schema(generator),
            SiteParts::json_schema(generator),
        ];
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts {
            let of = |name: &str| part.get(name).cloned().unwrap_or_default();
            properties.extend(of("properties").as_object().cloned().unwrap_or_default());
            required.extend(of("required").as_array().cloned().unwrap_or_default());
        }
        json_schema!({
            "description": "A set of hosts, or a base path on them, with the resources served there and their rules.",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for ForwardSetting {
    fn schema_name() -> Cow<'static, str> {
        "forward".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ForwardSection>();
        json_schema!({ "anyOf": [{ "const": "auto" }, { "const": false }, table] })
    }
}

impl JsonSchema for PerClientSetting {
    fn schema_name() -> Cow<'static, str> {
        "per_client".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rate = generator.subschema_for::<RateSection>();
        json_schema!({ "anyOf": [{ "const": "unlimited" }, rate] })
    }
}

impl JsonSchema for IdentitySetting {
    fn schema_name() -> Cow<'static, str> {
        "identity_value".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of_grant = generator.subschema_for::<OfGrant>();
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "const": false }, of_grant] })
    }
}

impl JsonSchema for OutsideSetting {
    fn schema_name() -> Cow<'static, str> {
        "outside".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hosts = generator.subschema_for::<OutsideSection>();
        json_schema!({ "anyOf": [{ "const": "refuse" }, { "const": "pass" }, hosts] })
    }
}
