//! What the schema says of the types that serde cannot describe.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::identity::OfGrant;
use super::outside::OutsideSection;
use super::{
    Few, ForwardSaid, ForwardSection, IdentitySaid, Lasting, Moment, OutsideSaid, Pairs, PerClientSaid,
    RateSection, Span,
};

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whole seconds, or text such as \"24h\" or \"7days\".",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^(0|( *[0-9]+([.][0-9]+)? *[a-zA-Zµ]+)+ *)$" }],
        })
    }
}

impl JsonSchema for Lasting {
    fn schema_name() -> Cow<'static, str> {
        "lifetime".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let span = generator.subschema_for::<Span>();
        json_schema!({ "anyOf": [{ "const": "never" }, span] })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds since 1970, or a date in UTC such as 2027-01-31T00:00:00Z.",
            "anyOf": [{ "type": "integer" }, { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$" }],
        })
    }
}

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

impl JsonSchema for Few {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "few".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

impl<V: JsonSchema> JsonSchema for Pairs<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "pairs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<V>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}
