//! Field values that have several spellings, or keep their order.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::time::UnixSeconds;

/// One text, or a list.
#[derive(Debug, Default)]
pub(crate) struct Few(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Few {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Few;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or a list of text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Few, E> {
                Ok(Few(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Few, A::Error> {
                let mut few = Vec::new();
                while let Some(text) = texts.next_element()? {
                    few.push(text);
                }
                Ok(Few(few))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A time in whole seconds, written as seconds since 1970 or as a date in UTC (RFC 3339).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) UnixSeconds);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date in UTC such as 2027-01-31T00:00:00Z, or seconds since 1970")
            }

            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Moment, E> {
                Ok(Moment(UnixSeconds::new(seconds)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                let unexpected = serde::de::Unexpected::Str(text);
                let date = humantime::parse_rfc3339(text).map_err(|_| E::invalid_value(unexpected, &self))?;
                Ok(Moment(UnixSeconds::from_system(date)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A table of names and values, in the order of the file.
#[derive(Debug)]
pub(crate) struct Pairs<V>(pub(crate) Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = fields.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

#[cfg(test)]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::*;

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
}
