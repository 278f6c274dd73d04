//! The tree of values for both notations. Every node has its line.

use crate::error::ConfigError;

/// A value and its position.
#[derive(Debug)]
pub(super) struct Node {
    /// The line, counted from 1, as in editors.
    pub(super) line: u32,
    /// The number of the node in the tree, which identifies it.
    pub(super) id: usize,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is not a 64-bit integer, in its original spelling.
    Number(String),
    /// A TOML date or time, in its original spelling.
    Date(String),
    Text(String),
    List(Vec<Node>),
    /// The fields of a table, in the order of the file.
    Table(Vec<(Name, Node)>),
}

/// A field's name and its position.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) line: u32,
    pub(super) id: usize,
    pub(super) text: String,
}

/// The parsed tree, or every fault of the text with its line.
pub(super) type Parsed = Result<Node, Vec<(u32, ConfigError)>>;

impl Node {
    /// Returns the node at a dotted path such as `cors.origins`. The empty path is the node itself.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').filter(|step| !step.is_empty()).try_fold(self, |node, step| node.field(step))
    }

    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Value::Table(fields) = &self.value else { return None };
        fields.iter().find(|(field, _)| field.text == name).map(|(_, node)| node)
    }

    /// Returns the element of a list or a table with this index.
    pub(super) fn element(&self, index: usize) -> Option<&Self> {
        match &self.value {
            Value::List(nodes) => nodes.get(index),
            Value::Table(fields) => fields.get(index).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// Numbers the nodes, and finds the line of a byte.
pub(super) struct Places<'t> {
    text: &'t str,
    /// The position at which each line begins.
    lines: Vec<usize>,
    nodes: usize,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end.saturating_add(1));
        Self { text, lines: std::iter::once(0).chain(starts).collect(), nodes: 0 }
    }

    pub(super) fn line(&self, byte: usize) -> u32 {
        let line = self.lines.partition_point(|start| *start <= byte.min(self.text.len()));
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// Returns the text of a line.
    pub(super) fn text_of(&self, line: u32) -> Option<&'t str> {
        self.text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }

    pub(super) fn node(&mut self, byte: usize, value: Value) -> Node {
        self.nodes = self.nodes.saturating_add(1);
        Node { line: self.line(byte), id: self.nodes, value }
    }

    pub(super) fn name(&mut self, byte: usize, text: String) -> Name {
        self.nodes = self.nodes.saturating_add(1);
        Name { line: self.line(byte), id: self.nodes, text }
    }
}
