//! The errors of serde, in the terms of the configuration file.

use std::fmt::Display;

use serde::de::{Expected, Unexpected};

use super::tree::{Node, Value};
use crate::error::ConfigError;

/// The error of one attempt.
#[derive(Debug)]
pub(super) struct ReadError {
    pub(super) fault: Fault,
    pub(super) place: Option<Place>,
}

#[derive(Debug)]
pub(super) enum Fault {
    /// A wrong value: the value found, and the remedy.
    Value { found: String, write: String },
    /// A field that the table does not have, and the name that was probably meant.
    UnknownField { field: String, meant: Option<&'static str>, known: Vec<&'static str> },
}

/// The place of an error.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) node: usize,
    pub(super) line: u32,
    /// The field that contains the value, or the unknown field's own name.
    pub(super) field: String,
    /// The table, for an unknown field.
    pub(super) table: usize,
}

impl Place {
    pub(super) fn of(node: &Node, field: &str) -> Self {
        Self { node: node.id, line: node.line, field: field.to_owned(), table: node.id }
    }
}

impl ReadError {
    pub(super) fn value(found: String, write: String) -> Self {
        Self { fault: Fault::Value { found, write }, place: None }
    }

    /// Replaces serde's description of the value with that of the file.
    pub(super) fn found(mut self, description: String) -> Self {
        if let Fault::Value { found, .. } = &mut self.fault {
            *found = description;
        }
        self
    }

    pub(super) fn at(mut self, place: impl FnOnce() -> Place) -> Self {
        self.place.get_or_insert_with(place);
        self
    }

    /// For an unknown field of this table, sets the known fields to those of all structs that the table is read as.
    pub(super) fn of_table(mut self, table: &Node, all: &[&'static str]) -> Self {
        let is_own = self.place.as_ref().is_some_and(|place| place.table == table.id);
        if let (Fault::UnknownField { field, meant, known }, true) = (&mut self.fault, is_own) {
            *meant = nearest(field, all);
            *known = all.to_vec();
        }
        self
    }

    /// Moves the error to a value that can only be left out as a whole.
    pub(super) fn all_of(mut self, node: &Node) -> Self {
        if let Some(place) = &mut self.place {
            place.node = node.id;
        }
        self
    }
}

impl Fault {
    pub(super) fn into_error(self, field: &str) -> ConfigError {
        match self {
            Self::Value { found, write } => {
                let write = match field {
                    // The reading of `[site]`.
                    "site" | "keys" | "stream" if found == A_TABLE && write == A_LIST => {
                        format!("[[{field}]] with two pairs of brackets; in JSON a list")
                    }
                    "max_token_bytes" if write == "usize" => "a whole number from 1 to 8192".to_owned(),
                    "token_cache" if write == "usize" => "a whole number from 0 to 16777216".to_owned(),
                    "ip_binding" => {
                        "\"exact\", \"/24\" or \"/16\", and for IPv6 \"/64\" or \"/48\"".to_owned()
                    }
                    _ => write,
                };
                let field = if field.is_empty() { "the file" } else { field };
                ConfigError::Field { field: field.escape_debug().to_string(), found, write }
            }
            Self::UnknownField { field: unknown, meant, known } => {
                let table = match field {
                    "" => "the file".to_owned(),
                    "site" | "keys" | "stream" => format!("[[{field}]]"),
                    other => other.to_owned(),
                };
                let write = match (unknown.as_str(), meant) {
                    ("secret", _) => {
                        "secret_file or secret_env: secrets do not belong in the file".to_owned()
                    }
                    (_, Some(meant)) => meant.to_owned(),
                    (_, None) => format!("one of {}", known.join(", ")),
                };
                ConfigError::UnknownField { table, field: unknown, write }
            }
        }
    }
}

impl serde::de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        // Our own types provide both halves, with a colon between.
        let message = message.to_string();
        let (found, write) = message.split_once(": write ").unwrap_or((&message, "another value"));
        Self::value(found.to_owned(), write.to_owned())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let write = match (found, expected.to_string().as_str()) {
            (Unexpected::Str(text), "a sequence") => format!("a list, [{text:?}]"),
            (_, expected) => plain(expected).to_owned(),
        };
        Self::value(describe(found), write)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value(describe(found), plain(&expected.to_string()).to_owned())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let meant = nearest(field, expected);
        let fault = Fault::UnknownField { field: field.to_owned(), meant, known: expected.to_vec() };
        Self { fault, place: None }
    }
}

pub(super) const A_TABLE: &str = "is a table";
const A_LIST: &str = "a list in brackets";

/// Returns the common name of a value.
pub(super) fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(flag) => format!("is {flag}"),
        Unexpected::Unsigned(number) => format!("is the number {number}"),
        Unexpected::Signed(number) => format!("is the number {number}"),
        Unexpected::Float(number) => format!("is the number {number}"),
        Unexpected::Str(text) => format!("is the text {:?}", text.chars().take(64).collect::<String>()),
        Unexpected::Unit | Unexpected::Option => "is null".to_owned(),
        Unexpected::Seq => "is a list".to_owned(),
        Unexpected::Map => A_TABLE.to_owned(),
        other => format!("is {other}"),
    }
}

/// Describes a value of the tree. Numbers and dates keep their spelling.
pub(super) fn describe_value(value: &Value) -> String {
    match value {
        Value::Null => describe(Unexpected::Unit),
        Value::Bool(flag) => describe(Unexpected::Bool(*flag)),
        Value::Integer(number) => describe(Unexpected::Signed(*number)),
        Value::Number(text) => format!("is the number {text}"),
        Value::Date(text) => format!("is the {} {text}", if text.contains('-') { "date" } else { "time" }),
        Value::Text(text) => describe(Unexpected::Str(text)),
        Value::List(_) => describe(Unexpected::Seq),
        Value::Table(_) => describe(Unexpected::Map),
    }
}

/// Returns the common name of a type of serde.
pub(super) fn plain(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a string" => "text in quotes",
        "a sequence" => A_LIST,
        "a map" => "a table in braces",
        // There is one setting of each.
        "u16" => "a status from 400 to 599",
        "u64" => "a whole number from 1024 to 16777216",
        "i64" => "a whole number",
        table if table.starts_with("struct ") => "a table in braces",
        other => other,
    }
}

/// Returns the known name that was probably meant.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), candidate);
    let best = known.iter().max_by(|one, another| likeness(one).total_cmp(&likeness(another)))?;
    // The first measure alone would match "listen" with "site".
    let close = strsim::normalized_damerau_levenshtein(&name.to_lowercase(), best);
    (likeness(best) > 0.8 && close > 0.5).then_some(best)
}

/// Joins names as `a, b or c`.
pub(super) fn any_of(names: &[String]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        _ => names.concat(),
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.fault)
    }
}

impl std::error::Error for ReadError {}
