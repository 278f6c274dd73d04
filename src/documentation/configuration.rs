//! The configuration reference: `docs/configuration.md` is generated from the JSON Schema.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// The text before the generated part.
const INTRODUCTION: &str = include_str!("configuration.md");

const SCHEMA: &str = include_str!("../config/schema.json");

/// Returns the page.
fn page() -> String {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut reference = Reference { schema: &schema, text: INTRODUCTION.to_owned() };
    reference.section("Top level", &schema);
    reference.text
}

struct Reference<'s> {
    schema: &'s Value,
    text: String,
}

impl<'s> Reference<'s> {
    /// Writes a table of fields, the values of fields that have several, and the sections below.
    fn section(&mut self, title: &str, part: &'s Value) {
        let fields = part["properties"].as_object().unwrap();
        let required: Vec<&str> = strings(&part["required"]).collect();
        write!(self.text, "\n## {title}\n\n").unwrap();
        if let Some(description) = part["description"].as_str().filter(|_| title != "Top level") {
            write!(self.text, "{}\n\n", one_line(description)).unwrap();
        }
        self.text.push_str("| field | value | meaning |\n| --- | --- | --- |\n");
        for (name, field) in fields {
            let meaning = one_line(self.description(field));
            let mark = if required.contains(&name.as_str()) { "Required. " } else { "" };
            let value = match self.table(field) {
                Some(_) if is_list(field) => format!("`[[{name}]]` sections"),
                Some(_) if self.is_choice(field) => format!("{}, or a table", self.value(field)),
                Some(_) => "a table".to_owned(),
                None => self.value(field),
            };
            writeln!(self.text, "| `{name}` | {value} | {mark}{} |", meaning.replace('|', "\\|")).unwrap();
        }
        for (name, field) in fields {
            self.values(name, field);
        }
        let parent = title.trim_matches(['`', '[', ']']);
        for (name, field) in fields {
            let Some(table) = self.table(field) else { continue };
            let title = match (parent, is_list(field)) {
                ("Top level", true) => format!("`[[{name}]]`"),
                ("Top level", false) => format!("`[{name}]`"),
                _ => format!("`[{parent}.{name}]`"),
            };
            self.section(&title, table);
        }
    }

    /// Writes what each value of a field means.
    fn values(&mut self, name: &str, field: &'s Value) {
        let choices: Vec<(&Value, &str)> = array(&self.resolved(element(field))["oneOf"])
            .filter_map(|choice| Some((choice.get("const")?, choice["description"].as_str()?)))
            .collect();
        if choices.is_empty() {
            return;
        }
        write!(self.text, "\nValues of `{name}`:\n\n").unwrap();
        for (value, description) in choices {
            writeln!(self.text, "- `{value}`: {}", one_line(description)).unwrap();
        }
    }

    /// Returns the table with several described fields that a field can be.
    fn table(&self, field: &'s Value) -> Option<&'s Value> {
        let resolved = self.resolved(element(field));
        let mut choices =
            std::iter::once(resolved).chain(array(&resolved["anyOf"]).map(|choice| self.resolved(choice)));
        choices.find(|choice| {
            let fields = choice["properties"].as_object();
            fields.is_some_and(|fields| {
                fields.len() > 2 || fields.values().any(|field| self.table(field).is_some())
            })
        })
    }

    fn is_choice(&self, field: &'s Value) -> bool {
        self.resolved(field).get("anyOf").is_some()
    }

    /// Returns the values that a field can have, in words.
    fn value(&self, field: &'s Value) -> String {
        let resolved = self.resolved(field);
        if let Some(value) = resolved.get("const") {
            return format!("`{value}`");
        }
        if let Some(values) = resolved["enum"].as_array() {
            return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
        }
        if let Some(items) = resolved.get("items") {
            return format!("list of {}", self.value(items));
        }
        // A number of seconds or text.
        if field["$ref"] == "#/$defs/span" || is_span(resolved) {
            return "duration".to_owned();
        }
        if field["$ref"] == "#/$defs/moment" {
            return "date".to_owned();
        }
        let choices: Vec<String> = array(&resolved["oneOf"])
            .chain(array(&resolved["anyOf"]))
            .filter(|choice| self.table(choice).is_none())
            .map(|choice| self.value(choice))
            .collect();
        if !choices.is_empty() {
            return choices.join(" or ");
        }
        match resolved["type"].as_str() {
            Some("string") => "text".to_owned(),
            Some("boolean") => "boolean".to_owned(),
            Some("integer") => number(resolved),
            Some("object") => match resolved["properties"].as_object() {
                Some(fields) => {
                    let field = |(name, field)| format!("{name} = {}", self.value(field).replace('`', ""));
                    format!("`{{ {} }}`", fields.iter().map(field).collect::<Vec<_>>().join(", "))
                }
                None => format!("table of {}", self.value(&resolved["additionalProperties"])),
            },
            other => panic!("a field of the type {other:?}: {resolved}"),
        }
    }

    fn description(&self, field: &'s Value) -> &'s str {
        let own = field["description"].as_str();
        own.or_else(|| self.resolved(field)["description"].as_str()).unwrap_or_default()
    }

    /// Follows a reference.
    fn resolved(&self, part: &'s Value) -> &'s Value {
        let Some(name) = part["$ref"].as_str() else { return part };
        self.schema.pointer(name.trim_start_matches('#')).unwrap()
    }
}

fn is_list(field: &Value) -> bool {
    field.get("items").is_some()
}

/// Returns the element of a list, or the field itself.
fn element(field: &Value) -> &Value {
    field.get("items").unwrap_or(field)
}

fn is_span(part: &Value) -> bool {
    array(&part["anyOf"]).any(|choice| choice["pattern"].as_str().is_some_and(|text| text.contains("µ")))
}

fn number(part: &Value) -> String {
    match (part["minimum"].as_u64(), part["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        _ => "number".to_owned(),
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    array(value).filter_map(Value::as_str)
}

/// Joins lines, and protects text in angle brackets, which Markdown takes for HTML.
fn one_line(text: &str) -> String {
    let mut in_code = false;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().fold(String::new(), |mut line, c| {
        match c {
            '`' => in_code = !in_code,
            '<' | '[' | ']' if !in_code => line.push('\\'),
            _ => {}
        }
        line.push(c);
        line
    })
}

/// `PLAYGATE_WRITE_DOCS=1 cargo test --all-features --lib documentation` writes it.
#[test]
fn the_configuration_reference_is_what_the_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("PLAYGATE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page(), "PLAYGATE_WRITE_DOCS=1 writes docs/configuration.md");
}
