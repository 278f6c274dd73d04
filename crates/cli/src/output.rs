//! Output: text or JSON on standard output, remarks and errors on standard error.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde_json::{Value, json};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const HEADING: Style = Style::new().bold();

/// The options of every command.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    /// Print JSON instead of text.
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    #[arg(long, global = true, help_heading = "Output", value_name = "WHEN", default_value_t = clap::ColorChoice::Auto)]
    #[arg(help = "When to colour the output. With auto, only on a terminal, and not if NO_COLOR is set")]
    color: clap::ColorChoice,
}

/// The place and form of a command's result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(options: Options) -> Self {
        match options.color {
            clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
            clap::ColorChoice::Always => anstream::ColorChoice::Always,
            clap::ColorChoice::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { json: options.json }
    }

    /// Returns an output of JSON, for arguments that could not be parsed.
    pub(crate) const fn json() -> Self {
        Self { json: true }
    }

    /// Prints a result: `text` writes it for people, and `json` returns it as data.
    pub(crate) fn result(
        self,
        json: impl FnOnce() -> Value,
        text: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<()> {
        let mut stdout = anstream::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut stdout, &json()).map_err(std::io::Error::from)?;
            writeln!(stdout)?;
        } else {
            text(&mut stdout)?;
        }
        Ok(stdout.flush()?)
    }

    /// Prints a remark beside the result. With `--json`, the result has it as data.
    pub(crate) fn remark(self, text: &str) -> Result<()> {
        if !self.json {
            writeln!(anstream::stderr().lock(), "{text}")?;
        }
        Ok(())
    }

    pub(crate) fn error(self, line: &str) -> std::io::Result<()> {
        let mut stderr = anstream::stderr().lock();
        if self.json {
            writeln!(stderr, "{}", json!({ "error": line }))
        } else {
            writeln!(stderr, "{ERROR}error:{ERROR:#} {line}")
        }
    }
}

/// Returns text of others for a terminal: without control characters, and without those that change the direction of text.
pub(crate) fn shown(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Writes a table: a heading, and a row for each entry. Columns are as wide as their longest text.
pub(crate) fn table<const N: usize>(
    out: &mut dyn Write,
    heading: [&str; N],
    rows: &[[String; N]],
) -> std::io::Result<()> {
    let mut widths = heading.map(|name| name.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out, "{HEADING}{}{HEADING:#}", line(&heading))?;
    for row in rows {
        writeln!(out, "{}", line(&row.each_ref().map(String::as_str)))?;
    }
    Ok(())
}

/// Returns a number with its noun: `1 key`, `2 keys`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(shown("a\u{1b}[2J\u{9b}b\u{202e}c\n\u{e9}"), "a\\u{1b}[2J\\u{9b}b\\u{202e}c\\u{a}\u{e9}");
    }

    #[test]
    fn columns_are_as_wide_as_their_longest_text() {
        let mut text = Vec::new();
        let rows = [["k1".to_owned(), "RS256".to_owned()], ["a-long-kid".to_owned(), String::new()]];
        table(&mut text, ["KID", "ALG"], &rows).unwrap();
        let plain = anstream::adapter::strip_bytes(&text).into_vec();
        assert_eq!(String::from_utf8(plain).unwrap(), "KID         ALG\nk1          RS256\na-long-kid\n");
    }
}
