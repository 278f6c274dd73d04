//! Parses TOML 1.1 into the tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::{Node, Parsed, Places, Value};
use crate::error::ConfigError;

pub(super) fn parse(text: &str) -> Parsed {
    let mut places = Places::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(by_line(&errors, &places));
    }
    let (start, table) = (table.span().start, table.into_inner());
    let value = table_value(table, &mut places);
    Ok(places.node(start, value))
}

/// Returns the errors that do not follow from others. Of the errors in one line, that is the first one. Of those that begin there
/// together, it is the innermost, which comes last. After a bracket that is never closed, the remaining errors are unreliable.
fn by_line(errors: &[toml::de::Error], places: &Places<'_>) -> Vec<(u32, ConfigError)> {
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let begins =
        |error: &toml::de::Error, texts: &[&str]| texts.iter().any(|text| error.message().starts_with(text));
    let open = errors.iter().find(|error| begins(error, &["unclosed array,", "unclosed inline table"]));
    let mut found: Vec<_> = errors.iter().rev().collect();
    found.sort_by_key(|error| start(error));
    found.dedup_by_key(|error| places.line(start(error)));
    let fault = |error: &toml::de::Error| {
        // While the bracket is open, the parser reports a missing comma in the next line.
        let lacks = |other: &toml::de::Error| {
            start(other) == start(error) && begins(other, &["missing comma", "missing key"])
        };
        let cause = open.filter(|_| errors.iter().any(lacks)).unwrap_or(error);
        let found = match cause.message() {
            escape if escape.starts_with("missing escaped value") => "a backslash is not doubled".to_owned(),
            other => other.replace('\n', ", ").replace(", expected literal string", ""),
        };
        (places.line(start(error)), ConfigError::Syntax { notation: "TOML", found })
    };
    // A second table with a section's name repeats each of its fields.
    let line_of_brackets = |error: &&toml::de::Error| {
        let line = places.line(start(error));
        Some((line, single_brackets(places, line)?))
    };
    if let Some(brackets) = found.iter().find_map(line_of_brackets) {
        found.retain(|error| !begins(error, &["duplicate key"]));
        let mut told: Vec<_> = std::iter::once(brackets).chain(found.into_iter().map(fault)).collect();
        told.sort_by_key(|(line, _)| *line);
        return told;
    }
    let told = if open.is_some() { 1 } else { found.len() };
    found.into_iter().take(told).map(fault).collect()
}

/// Returns the error of a line that has a section's name in single brackets: a second table with that name is not allowed.
fn single_brackets(places: &Places<'_>, line: u32) -> Option<ConfigError> {
    let text = places.text_of(line)?.split('#').next()?.trim();
    let name = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    matches!(name, "site" | "stream" | "keys").then(|| ConfigError::Field {
        field: name.to_owned(),
        found: "is a table".to_owned(),
        write: format!("[[{name}]] with two pairs of brackets"),
    })
}

fn table_value(table: DeTable<'_>, places: &mut Places<'_>) -> Value {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let fields = entries.into_iter().map(|(name, value)| {
        let at = name.span().start;
        let name = places.name(at, name.into_inner().into_owned());
        (name, node(value, at, places))
    });
    Value::Table(fields.collect())
}

/// Returns the node of a value. A table without text of its own (`[a.b]`) has the position of its name.
fn node(value: Spanned<DeValue<'_>>, name_at: usize, places: &mut Places<'_>) -> Node {
    let span = value.span();
    let at = if span.is_empty() { name_at } else { span.start };
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Float(float) => Value::Number(float.as_str().to_owned()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Number(integer.as_str().to_owned()),
        },
        DeValue::Array(values) => {
            Value::List(values.into_iter().map(|value| node(value, at, places)).collect())
        }
        DeValue::Table(table) => table_value(table, places),
    };
    places.node(at, value)
}
