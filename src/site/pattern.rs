use crate::scope::Captures;

/// A host pattern: labels, some with a named part, as in `play-{playback_id}.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPattern {
    labels: Vec<Label>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    Literal(Box<str>),
    /// A name between two literal parts of the same label, either of which may be empty.
    Named {
        before: Box<str>,
        name: Name,
        after: Box<str>,
    },
}

impl Label {
    /// Returns whether some label matches both patterns.
    fn overlaps(&self, other: &Self) -> bool {
        let either =
            |one: &str, another: &str, has: fn(&str, &str) -> bool| has(one, another) || has(another, one);
        match (self, other) {
            (Self::Literal(one), Self::Literal(another)) => one == another,
            (Self::Literal(text), Self::Named { before, after, .. })
            | (Self::Named { before, after, .. }, Self::Literal(text)) => {
                let rest = text.strip_prefix(&**before).and_then(|rest| rest.strip_suffix(&**after));
                rest.is_some_and(|named| !named.is_empty())
            }
            (
                Self::Named { before, after, .. },
                Self::Named { before: other_before, after: other_after, .. },
            ) => {
                either(before, other_before, |a, b| a.starts_with(b))
                    && either(after, other_after, |a, b| a.ends_with(b))
            }
        }
    }
}

/// The meaning of a named part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Bucket,
    Region,
    PlaybackId,
}

impl HostPattern {
    /// Parses a pattern in lower case. The error describes the fault.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut seen = Vec::new();
        let mut labels = Vec::new();
        for label in text.split('.') {
            labels.push(match label.split_once('{') {
                None => Label::Literal(literal(label, false)?),
                Some((before, rest)) => {
                    let (name, after) = rest.split_once('}').ok_or("has a { without a }")?;
                    let name = match name {
                        "bucket" => Name::Bucket,
                        "region" => Name::Region,
                        "playback_id" => Name::PlaybackId,
                        _ => return Err("has a name other than {bucket}, {region} and {playback_id}"),
                    };
                    if seen.contains(&name) {
                        return Err("has the same name twice");
                    }
                    seen.push(name);
                    Label::Named { before: literal(before, true)?, name, after: literal(after, true)? }
                }
            });
        }
        Ok(Self { labels })
    }

    pub(super) fn names_bucket(&self) -> bool {
        self.names(Name::Bucket)
    }

    pub(super) fn names_playback_id(&self) -> bool {
        self.names(Name::PlaybackId)
    }

    fn names(&self, wanted: Name) -> bool {
        self.labels.iter().any(|label| matches!(label, Label::Named { name, .. } if *name == wanted))
    }

    /// Returns the number of literal bytes. If two patterns match, the more literal one is tried first.
    pub(super) fn literal_bytes(&self) -> usize {
        self.labels
            .iter()
            .map(|label| match label {
                Label::Literal(text) => text.len(),
                Label::Named { before, after, .. } => before.len().saturating_add(after.len()),
            })
            .sum()
    }

    /// Returns whether some host matches both patterns.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.labels.len() == other.labels.len()
            && self.labels.iter().zip(&other.labels).all(|(one, another)| one.overlaps(another))
    }

    /// Returns the names that the pattern captures from a host. Each name takes one or more bytes of one label.
    pub(super) fn captures<'h>(&self, host: &'h [u8]) -> Option<Captures<'h>> {
        crate::work::visited(host.len());
        let mut parts = host.split(|&byte| byte == b'.');
        let mut captures = Captures::default();
        for label in &self.labels {
            let part = parts.next()?;
            match label {
                Label::Literal(text) => {
                    if text.as_bytes() != part {
                        return None;
                    }
                }
                Label::Named { before, name, after } => {
                    let value = between(part, before.as_bytes(), after.as_bytes())?;
                    match name {
                        Name::Bucket => captures.bucket = Some(value),
                        Name::PlaybackId => captures.playback_id = Some(value),
                        Name::Region => {}
                    }
                }
            }
        }
        parts.next().is_none().then_some(captures)
    }
}

/// Returns the text between two literal parts: one byte or more.
fn between<'h>(part: &'h [u8], before: &[u8], after: &[u8]) -> Option<&'h [u8]> {
    // An empty literal is not compared: it points nowhere, and `memcmp` of no bytes there may cost 80 ns.
    let rest = if before.is_empty() { part } else { part.strip_prefix(before)? };
    let value = if after.is_empty() { rest } else { rest.strip_suffix(after)? };
    (!value.is_empty()).then_some(value)
}

fn literal(text: &str, may_be_empty: bool) -> Result<Box<str>, &'static str> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if text.is_empty() && !may_be_empty {
        Err("has an empty label")
    } else if text.bytes().all(good) {
        Ok(text.into())
    } else {
        Err("is not a host name")
    }
}

#[cfg(test)]
mod tests;
