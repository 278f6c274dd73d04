//! What the schema says of the types that serde cannot describe.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::identity::OfGrant;
use super::outside::OutsideSection;
use super::{ForwardSaid, ForwardSection, IdentitySaid, OutsideSaid, PerClientSaid, RateSection};

impl JsonSchema for ForwardSaid {
    fn schema_name() -> Cow<'static, str> {
        "forward".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ForwardSection>();
        json_schema!({ "anyOf": [{ "const": "auto" }, { "const": false }, table] })
    }
}

impl JsonSchema for PerClientSaid {
    fn schema_name() -> Cow<'static, str> {
        "per_client".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rate = generator.subschema_for::<RateSection>();
        json_schema!({ "anyOf": [{ "const": "unlimited" }, rate] })
    }
}

impl JsonSchema for IdentitySaid {
    fn schema_name() -> Cow<'static, str> {
        "identity_value".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of_grant = generator.subschema_for::<OfGrant>();
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "const": false }, of_grant] })
    }
}

impl JsonSchema for OutsideSaid {
    fn schema_name() -> Cow<'static, str> {
        "outside".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hosts = generator.subschema_for::<OutsideSection>();
        json_schema!({ "anyOf": [{ "const": "refuse" }, { "const": "pass" }, hosts] })
    }
}
