use std::fmt::{self, Write as _};

use super::metric::{Labels, Metric, Values};
use super::{LatencyBucket, LatencyStats, Stats};

/// The `Content-Type` of [`Stats::to_prometheus`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Stats {
    /// Returns all metrics in the text format of Prometheus. The `Content-Type` of a response is
    /// [`PROMETHEUS_CONTENT_TYPE`](super::PROMETHEUS_CONTENT_TYPE).
    ///
    /// Serve the text on an address that only Prometheus can reach, because the labels name sites.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        for metric in self.metrics() {
            let _ = write_metric(&mut text, &metric); // writing to a String does not fail
        }
        text
    }
}

fn write_metric(text: &mut String, Metric { name, help, values, unit: _ }: &Metric<'_>) -> fmt::Result {
    let kind = match values {
        Values::Counter(_) => "counter",
        Values::Gauge(_) => "gauge",
        Values::Histogram(_) => "histogram",
    };
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    match values {
        Values::Counter(series) => series.iter().try_for_each(|(labels, value)| {
            write_name(text, name, labels)?;
            writeln!(text, " {value}")
        }),
        Values::Gauge(series) => series.iter().try_for_each(|(labels, value)| {
            write_name(text, name, labels)?;
            writeln!(text, " {value}")
        }),
        Values::Histogram(LatencyStats { buckets, count, sum_seconds, .. }) => {
            for LatencyBucket { up_to_seconds, count } in buckets {
                writeln!(text, "{name}_bucket{{le=\"{up_to_seconds}\"}} {count}")?;
            }
            writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}")?;
            writeln!(text, "{name}_sum {sum_seconds}\n{name}_count {count}")
        }
    }
}

/// Writes the name of a series with its labels. In values, backslash, quotation mark and line feed are escaped.
fn write_name(text: &mut String, name: &str, labels: &Labels<'_>) -> fmt::Result {
    text.push_str(name);
    for (number, (label, value)) in labels.iter().enumerate() {
        text.push(if number == 0 { '{' } else { ',' });
        write!(text, "{label}=\"")?;
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
    Ok(())
}

#[cfg(test)]
mod tests;
