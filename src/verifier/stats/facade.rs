use metrics::{Label, counter, describe_counter, describe_gauge, gauge};

use super::metric::{Labels, Metric, Unit, Values};
use super::{LatencyBucket, LatencyStats, Stats, Verifier};

impl Verifier {
    /// Publishes all [`stats`](Self::stats) to the installed recorder of the crate `metrics`.
    ///
    /// A decision does not call the recorder. Call this function before each scrape, or every few seconds:
    ///
    /// ```no_run
    /// # use playgate::Verifier;
    /// # async fn run(verifier: Verifier) {
    /// let mut interval = tokio::time::interval(std::time::Duration::from_secs(10));
    /// loop {
    ///     interval.tick().await;
    ///     verifier.publish_metrics();
    /// }
    /// # }
    /// ```
    pub fn publish_metrics(&self) {
        self.stats().publish_metrics();
    }
}

impl Stats {
    /// Publishes these statistics to the installed recorder of the crate `metrics`. Counters have absolute values. A histogram is
    /// published as the cumulative counters `_bucket` and `_count`, and the gauge `_sum`, because counters are whole numbers.
    ///
    /// If there are several verifiers, publish the metrics of only one, because all verifiers use the same names and labels.
    pub fn publish_metrics(&self) {
        for Metric { name, help, unit, values } in self.metrics() {
            match values {
                Values::Counter(series) => {
                    describe_counter!(name, unit_of(unit), help);
                    for (labels, value) in series {
                        counter!(name, owned(&labels)).absolute(value);
                    }
                }
                Values::Gauge(series) => {
                    describe_gauge!(name, unit_of(unit), help);
                    for (labels, value) in series {
                        gauge!(name, owned(&labels)).set(value);
                    }
                }
                Values::Histogram(histogram) => publish_histogram(name, help, unit, histogram),
            }
        }
    }
}

fn publish_histogram(
    name: &'static str,
    help: &'static str,
    unit: Unit,
    LatencyStats { buckets, count, sum_seconds, .. }: &LatencyStats,
) {
    let bucket_name = format!("{name}_bucket");
    describe_counter!(bucket_name.clone(), metrics::Unit::Count, help);
    for LatencyBucket { up_to_seconds, count } in buckets {
        counter!(bucket_name.clone(), "le" => up_to_seconds.to_string()).absolute(*count);
    }
    counter!(bucket_name, "le" => "+Inf").absolute(*count);
    let (sum_name, count_name) = (format!("{name}_sum"), format!("{name}_count"));
    describe_gauge!(sum_name.clone(), unit_of(unit), help);
    gauge!(sum_name).set(*sum_seconds);
    describe_counter!(count_name.clone(), metrics::Unit::Count, help);
    counter!(count_name).absolute(*count);
}

const fn unit_of(unit: Unit) -> metrics::Unit {
    match unit {
        Unit::Count => metrics::Unit::Count,
        Unit::Bytes => metrics::Unit::Bytes,
        Unit::Seconds => metrics::Unit::Seconds,
    }
}

fn owned(labels: &Labels<'_>) -> Vec<Label> {
    labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect()
}
