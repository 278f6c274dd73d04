//! Parses JSON (RFC 8259, without extensions) into the tree.

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions, ParseStringErrorKind, parse_to_ast,
};
use serde::de::IgnoredAny;

use super::tree::{Node, Parsed, Places, Value};
use crate::error::ConfigError;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(text: &str) -> Parsed {
    let mut places = Places::new(text);
    let wrong = |line, found: String| vec![(line, ConfigError::Syntax { notation: "JSON", found })];
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let parsed = parse_to_ast(text, &collect, &STRICT)
        .map_err(|error| wrong(places.line(error.range().start), describe(error.kind())))?;
    let Some(value) = parsed.value else { return Err(wrong(1, "it is empty".to_owned())) };
    // The parser accepts more than RFC 8259: control characters in text, and all Unicode white space.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        let text = error.to_string();
        let found = text.split(" at line ").next().unwrap_or_default().to_owned();
        wrong(u32::try_from(error.line()).unwrap_or(u32::MAX), found)
    })?;
    let mut doubled = Vec::new();
    let node = node(value, &mut places, &mut doubled);
    if doubled.is_empty() { Ok(node) } else { Err(doubled) }
}

/// Returns the parser's error in the wording of this crate.
fn describe(kind: &ParseErrorKind) -> String {
    use ParseErrorKind as Kind;

    let plainly = match kind {
        Kind::TrailingCommasNotAllowed => "a comma follows the last element",
        Kind::ExpectedComma => "a comma is missing",
        Kind::CommentsNotAllowed => "comments are not allowed",
        Kind::MultipleRootJsonValues => "text follows the value",
        Kind::ExpectedStringObjectProperty => "a name is not quoted",
        Kind::SingleQuotedStringsNotAllowed => "text is in single quotes instead of double quotes",
        Kind::UnexpectedWord => "a word is not quoted",
        Kind::UnterminatedObject => "a brace is not closed",
        Kind::UnterminatedArray => "a bracket is not closed",
        Kind::String(ParseStringErrorKind::InvalidEscape) => "a backslash is not doubled",
        Kind::String(ParseStringErrorKind::InvalidUnicodeEscapeSequence(_)) => {
            "an escape sequence is half of a surrogate pair"
        }
        other => {
            let text = other.to_string();
            let (first, rest) = text.split_at_checked(1).unwrap_or_default();
            return first.to_lowercase() + rest;
        }
    };
    plainly.to_owned()
}

fn node(ast: Ast<'_>, places: &mut Places<'_>, doubled: &mut Vec<(u32, ConfigError)>) -> Node {
    let at = ast.range().start;
    let value = match ast {
        Ast::NullKeyword(_) => Value::Null,
        Ast::BooleanLit(flag) => Value::Bool(flag.value),
        Ast::StringLit(text) => Value::Text(text.value.into_owned()),
        Ast::NumberLit(number) => match number.value.parse() {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Number(number.value.to_owned()),
        },
        Ast::Array(array) => {
            Value::List(array.elements.into_iter().map(|value| node(value, places, doubled)).collect())
        }
        Ast::Object(object) => {
            let mut fields = Vec::new();
            let mut seen = std::collections::HashSet::new();
            for property in object.properties {
                let text = match property.name {
                    ObjectPropName::String(name) => name.value.into_owned(),
                    ObjectPropName::Word(name) => name.value.to_owned(),
                };
                let name = places.name(property.range.start, text);
                if !seen.insert(name.text.clone()) {
                    let found = format!("{:?} occurs twice in one object", name.text);
                    doubled.push((name.line, ConfigError::Syntax { notation: "JSON", found }));
                }
                fields.push((name, node(property.value, places, doubled)));
            }
            Value::Table(fields)
        }
    };
    places.node(at, value)
}
