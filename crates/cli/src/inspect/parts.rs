use std::io::Write;

use playgate::time::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::dates::{distance, utc, with_distance};
use crate::output::{HEADING, WARNING, shown};

/// A decoded credential: named parts with fields, the dates among them, and what is wrong with its form.
#[derive(Debug)]
pub(super) struct Parts {
    kind: &'static str,
    kid: Option<String>,
    named: Vec<(&'static str, Map<String, Value>)>,
    dates: Vec<(String, UnixSeconds)>,
    notes: Vec<String>,
    problems: Vec<String>,
}

impl Parts {
    pub(super) const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            kid: None,
            named: Vec::new(),
            dates: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) const fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn key(&mut self, kid: Option<&str>) {
        self.kid = kid.map(str::to_owned);
    }

    pub(super) fn part(&mut self, name: &'static str, fields: Map<String, Value>) {
        self.named.push((name, fields));
    }

    /// Adds a date. One of 10^12 or more is a problem: it is not in seconds.
    pub(super) fn date(&mut self, field: &str, seconds: i64) {
        if seconds >= 1_000_000_000_000 {
            self.problem(format!(
                "{field} is {seconds}, which looks like milliseconds: dates are in seconds"
            ));
        }
        self.dates.push((field.to_owned(), UnixSeconds::new(seconds)));
    }

    pub(super) fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    pub(super) fn to_json(&self, now: UnixSeconds) -> Value {
        let parts =
            self.named.iter().map(|(name, fields)| ((*name).to_owned(), Value::Object(fields.clone())));
        let dates = self.dates.iter().map(|(field, second)| {
            let date =
                json!({ "seconds": second.get(), "utc": utc(*second), "distance": distance(*second, now) });
            (field.clone(), date)
        });
        json!({
            "kind": self.kind,
            "verified": false,
            "kid": self.kid,
            "parts": parts.collect::<Map<_, _>>(),
            "dates": dates.collect::<Map<_, _>>(),
            "problems": self.problems,
        })
    }

    pub(super) fn write(&self, out: &mut dyn Write, now: UnixSeconds) -> std::io::Result<()> {
        let name = match self.kind {
            "signed-token" => "signed token (JWT)",
            "embed-token" => "embed token",
            "akamai" => "Akamai token",
            "cloudfront" => "CloudFront signature",
            other => other,
        };
        writeln!(out, "{HEADING}{name}{HEADING:#}")?;
        match &self.kid {
            Some(kid) => writeln!(out, "  key  kid \"{}\"", shown(kid))?,
            None => writeln!(out, "  key  none")?,
        }
        for (part, fields) in &self.named {
            writeln!(out, "{HEADING}{part}{HEADING:#}")?;
            let width = fields.keys().map(|name| shown(name).chars().count()).max().unwrap_or_default();
            for (name, value) in fields {
                write!(out, "  {:<width$}  {}", shown(name), shown(&value.to_string()))?;
                match self.dates.iter().find(|(field, _)| field == name) {
                    Some((_, second)) => writeln!(out, "   {}", with_distance(*second, now))?,
                    None => writeln!(out)?,
                }
            }
        }
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        for problem in &self.problems {
            writeln!(out, "{WARNING}problem:{WARNING:#} {}", shown(problem))?;
        }
        writeln!(out)
    }
}
