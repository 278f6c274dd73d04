//! An explanation as one line, for a response header.

use std::fmt::Write as _;

use serde::Serialize;

use super::Explanation;

/// The maximum length of an explanation in a response header, in bytes. Servers and proxies commonly limit all header fields of a
/// response together to 8 KiB or more.
pub const MAX_LINE: usize = 4096;

impl Explanation {
    /// Returns the explanation as one line of JSON in visible ASCII and spaces, of at most [`MAX_LINE`] bytes.
    ///
    /// If the line would be longer, parts are left out, in this order, until it fits. The line then has `"truncated":true`.
    ///
    /// 1. The content of the credentials.
    /// 2. All rules that were applied.
    /// 3. Everything but outcome, code, status and reason.
    pub(crate) fn into_line(mut self) -> String {
        let whole = ascii_json(&self);
        if whole.len() <= MAX_LINE {
            return whole;
        }
        for credential in &mut self.credentials {
            credential.fields.clear();
        }
        let line = ascii_json(&Truncated { explanation: &self, truncated: true });
        if line.len() <= MAX_LINE {
            return line;
        }
        self.steps.clear();
        for credential in &mut self.credentials {
            credential.steps.clear();
        }
        let line = ascii_json(&Truncated { explanation: &self, truncated: true });
        if line.len() <= MAX_LINE {
            return line;
        }
        let Self { outcome, code, status, reason, .. } = self;
        let verdict = |reason| ascii_json(&Verdict { outcome, code, status, reason, truncated: true });
        let line = verdict(reason);
        if line.len() <= MAX_LINE { line } else { verdict(None) }
    }
}

/// An explanation without some of its parts.
#[derive(Serialize)]
struct Truncated<'e> {
    #[serde(flatten)]
    explanation: &'e Explanation,
    truncated: bool,
}

/// The parts of an explanation that are always kept.
#[derive(Serialize)]
struct Verdict {
    outcome: super::Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    truncated: bool,
}

/// Serializes a value to JSON without line breaks, in which every character beyond visible ASCII and the space is escaped.
fn ascii_json(value: &impl Serialize) -> String {
    // Serialization of these types fails only if memory is exhausted.
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut line = String::with_capacity(json.len());
    for letter in json.chars() {
        if matches!(letter, ' '..='~') {
            line.push(letter);
        } else {
            // Outside of strings, JSON is visible ASCII.
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}"); // a String takes everything
            }
        }
    }
    line
}

#[cfg(test)]
mod tests;
