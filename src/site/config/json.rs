//! JSON (RFC 8259, and none of its extensions) to the tree.

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

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
        .map_err(|error| wrong(places.line(error.range().start), error.kind().to_string()))?;
    let Some(value) = parsed.value else { return Err(wrong(1, "is empty".to_owned())) };
    let mut doubled = Vec::new();
    let node = node(value, &mut places, &mut doubled);
    if doubled.is_empty() { Ok(node) } else { Err(doubled) }
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
                    let found = format!("has {:?} twice in one object", name.text);
                    doubled.push((name.line, ConfigError::Syntax { notation: "JSON", found }));
                }
                fields.push((name, node(property.value, places, doubled)));
            }
            Value::Table(fields)
        }
    };
    places.node(at, value)
}
