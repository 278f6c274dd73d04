//! Reads the tree into the types of [`document`](super::document) with serde, and collects every error.
//!
//! serde stops at its first error. The node that caused it is therefore noted and left out, and reading starts again, until there
//! are no more errors. Nodes that were left out are remembered, so that no error is reported that follows from their absence.
//!
//! A tuple struct is one table that is read as several structs, each of which takes its own fields. So a struct that code and the
//! file share needs no table of its own.

use std::collections::HashSet;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};

use super::read_error::{A_TABLE, Fault, Place, ReadError, any_of, describe, describe_value, nearest, plain};
use super::tree::{Name, Node, Value};
use crate::error::ConfigError;

/// The maximum number of errors that are collected.
const MAX_ERRORS: usize = 100;

/// The values that were read, and the errors.
#[derive(Debug)]
pub(super) struct Reading<T> {
    pub(super) document: T,
    /// The errors, each with its line.
    pub(super) errors: Vec<(u32, ConfigError)>,
    pub(super) left_out: LeftOut,
}

/// The nodes that must not be reported again.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    nodes: HashSet<usize>,
    /// Misspelled fields, each as the id of its table and the intended name.
    misspelled: HashSet<(usize, &'static str)>,
}

/// Reads the tree into `T`, all of whose fields are optional.
pub(super) fn read<T: DeserializeOwned + Default>(root: &Node) -> Reading<T> {
    let mut reading = Reading { document: T::default(), errors: Vec::new(), left_out: LeftOut::default() };
    while reading.errors.len() < MAX_ERRORS {
        let error = match T::deserialize(At { node: root, field: "", left_out: &reading.left_out }) {
            Ok(document) => {
                reading.document = document;
                break;
            }
            Err(error) => error,
        };
        let place = error.place.unwrap_or_else(|| Place::of(root, ""));
        if let Fault::UnknownField { meant: Some(meant), .. } = &error.fault {
            reading.left_out.misspelled.insert((place.table, *meant));
        }
        reading.errors.push((place.line, error.fault.into_error(&place.field)));
        if !reading.left_out.nodes.insert(place.node) || place.node == root.id {
            break;
        }
    }
    if reading.errors.len() >= MAX_ERRORS {
        reading.left_out.nodes.insert(root.id); // nothing was read
    }
    reading
}

impl LeftOut {
    /// Returns whether the node itself was left out.
    pub(super) fn left_out(&self, node: &Node) -> bool {
        self.nodes.contains(&node.id)
    }

    /// Returns whether the node, or something inside it, was left out.
    pub(super) fn touches(&self, node: &Node) -> bool {
        self.nodes.contains(&node.id)
            || match &node.value {
                Value::List(nodes) => nodes.iter().any(|node| self.touches(node)),
                Value::Table(fields) => {
                    fields.iter().any(|(name, node)| self.nodes.contains(&name.id) || self.touches(node))
                }
                _ => false,
            }
    }

    /// Returns whether a missing field of the table was intended but misspelled.
    pub(super) fn was_meant(&self, table: &Node, field: &str) -> bool {
        self.misspelled.iter().any(|(id, meant)| *id == table.id && *meant == field)
    }

    /// Returns the element with this index, among the elements that were read.
    pub(super) fn element<'t>(&self, node: &'t Node, index: usize) -> Option<&'t Node> {
        (0..).map_while(|at| node.element(at)).filter(|node| !self.nodes.contains(&node.id)).nth(index)
    }
}

/// A node, as passed to serde.
#[derive(Clone, Copy)]
struct At<'t> {
    node: &'t Node,
    /// The field that contains the node, or the list that it is an element of.
    field: &'t str,
    left_out: &'t LeftOut,
}

impl At<'_> {
    fn place(self) -> Place {
        Place::of(self.node, self.field)
    }
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Self { field, left_out, .. } = self;
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Integer(number) => visitor.visit_i64(*number),
            number @ Value::Number(text) => {
                let read = visitor.visit_f64(text.parse().unwrap_or(f64::MAX));
                read.map_err(|error: ReadError| error.found(describe_value(number)))
            }
            date @ Value::Date(text) => {
                visitor.visit_str(text).map_err(|error: ReadError| error.found(describe_value(date)))
            }
            Value::Text(text) => visitor.visit_str(text),
            Value::List(nodes) => visitor.visit_seq(Elements { nodes: nodes.iter(), field, left_out }),
            Value::Table(fields) => {
                visitor.visit_map(Fields { table: self, left: fields.iter(), value: None })
            }
        }
        .map_err(|error| error.at(|| self.place()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.value {
            Value::Null => {
                Err(ReadError::value(describe(Unexpected::Unit), "a value, or leave it out".to_owned()))
            }
            _ => visitor.visit_some(self),
        }
        .map_err(|error| error.at(|| self.place()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            date @ Value::Date(_) => {
                let error = ReadError::value(describe_value(date), plain("a string").to_owned());
                Err(error.at(|| self.place()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.node.value {
            // serde would treat its elements as the fields, in their order.
            Value::List(_) => Err(ReadError::invalid_type(Unexpected::Seq, &"a map").at(|| self.place())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        // The variants of these enums carry a value; those of all others are words.
        let tables = matches!(name, "Serves" | "Scope");
        let write = |meant: &str| {
            let spelled = |name: &str| {
                if tables { format!("{{ {name} = \"…\" }}") } else { format!("{name:?}") }
            };
            let all = || any_of(&variants.iter().map(|name| spelled(name)).collect::<Vec<_>>());
            nearest(meant, variants).map_or_else(all, spelled)
        };
        match &self.node.value {
            Value::Text(text) if !tables && variants.contains(&text.as_str()) => {
                let text: StrDeserializer<'_, ReadError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Text(text) => Err(ReadError::value(describe_value(&self.node.value), write(text))),
            Value::Table(fields) if tables => match fields.as_slice() {
                [(name, value)] if variants.contains(&name.text.as_str()) => {
                    visitor.visit_enum(Variant { name, value: At { node: value, field: &name.text, ..self } })
                }
                [(name, _)] => {
                    let found = format!("is {{ {} = … }}", name.text.escape_debug());
                    Err(ReadError::value(found, write(&name.text)))
                }
                [] => Err(ReadError::value("is an empty table".to_owned(), write(""))),
                several => Err(ReadError::value(format!("has {} fields", several.len()), write(""))),
            },
            other => Err(ReadError::value(describe_value(other), write(""))),
        }
        .map_err(|error| error.at(|| self.place()).all_of(self.node))
    }

    /// Reads one table as several structs, each of which takes its own fields.
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_seq(Parts { table: self, left: len, known: Vec::new() })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct
        newtype_struct seq tuple map identifier ignored_any
    }
}

/// The structs that one table is read as.
struct Parts<'t> {
    table: At<'t>,
    left: usize,
    /// The fields of the structs so far.
    known: Vec<&'static str>,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(Part { table: self.table, is_last: left == 0, known: &mut self.known }).map(Some)
    }
}

/// One of these structs. The last one takes every remaining field, so that it refuses the fields of no struct.
struct Part<'t, 'p> {
    table: At<'t>,
    is_last: bool,
    known: &'p mut Vec<&'static str>,
}

impl<'de> Deserializer<'de> for Part<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.table.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Self { table, is_last, known } = self;
        let Value::Table(of_table) = &table.node.value else {
            return table.deserialize_struct(name, fields, visitor);
        };
        let before = known.len();
        known.extend(fields);
        let (before, own) = known.split_at_checked(before).unwrap_or_default();
        let takes = |name: &str| if is_last { !before.contains(&name) } else { own.contains(&name) };
        let left = of_table.iter().filter(|(name, _)| takes(&name.text));
        let read = visitor.visit_map(Fields { table, left, value: None });
        read.map_err(|error| error.of_table(table.node, known).at(|| table.place()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The elements of a list that are not left out.
struct Elements<'t> {
    nodes: std::slice::Iter<'t, Node>,
    field: &'t str,
    left_out: &'t LeftOut,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let left_out = self.left_out;
        let Some(node) = self.nodes.find(|node| !left_out.nodes.contains(&node.id)) else { return Ok(None) };
        seed.deserialize(At { node, field: self.field, left_out }).map(Some)
    }
}

/// The fields of a table that are not left out.
struct Fields<'t, I> {
    table: At<'t>,
    left: I,
    value: Option<At<'t>>,
}

impl<'de, 't, I: Iterator<Item = &'t (Name, Node)>> MapAccess<'de> for Fields<'t, I> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let left_out = self.table.left_out;
        let out = |id: &usize| left_out.nodes.contains(id);
        let Some((name, node)) = self.left.find(|(name, node)| !out(&name.id) && !out(&node.id)) else {
            return Ok(None);
        };
        self.value = Some(At { node, field: &name.text, left_out });
        let text: StrDeserializer<'_, ReadError> = name.text.as_str().into_deserializer();
        let (table, field) = (self.table.node.id, self.table.field.to_owned());
        let place = || Place { node: name.id, line: name.line, field, table };
        seed.deserialize(text).map(Some).map_err(|error| error.at(place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(|error| error.at(|| value.place())),
            None => Err(ReadError::custom("is a name without a value: write a value")),
        }
    }
}

/// A table with one field, read as a variant with that name.
struct Variant<'t> {
    name: &'t Name,
    value: At<'t>,
}

impl<'de, 't> EnumAccess<'de> for Variant<'t> {
    type Error = ReadError;
    type Variant = At<'t>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, At<'t>), ReadError> {
        let text: StrDeserializer<'_, ReadError> = self.name.text.as_str().into_deserializer();
        Ok((seed.deserialize(text)?, self.value))
    }
}

impl<'de> VariantAccess<'de> for At<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Err(ReadError::value(A_TABLE.to_owned(), format!("only {:?}", self.field)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }
}
