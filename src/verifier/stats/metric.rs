//! The metrics of [`Stats`]: names, units, descriptions and values. `docs/metrics.md` lists them.

use super::{AgeCount, LatencyStats, Stats};

/// A metric with its series.
pub(super) struct Metric<'s> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "only the crate `metrics` takes units"))]
    pub(super) unit: Unit,
    pub(super) values: Values<'s>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Bytes,
    Seconds,
}

/// The labels of a series, without empty ones.
pub(super) type Labels<'s> = Vec<(&'static str, &'s str)>;

pub(super) enum Values<'s> {
    Counter(Vec<(Labels<'s>, u64)>),
    Gauge(Vec<(Labels<'s>, f64)>),
    Histogram(&'s LatencyStats),
}

impl Stats {
    /// Returns every metric, in a fixed order.
    pub(super) fn metrics(&self) -> Vec<Metric<'_>> {
        let mut metrics = Vec::new();
        self.push_decisions(&mut metrics);
        self.push_cache(&mut metrics);
        self.push_lookups(&mut metrics);
        self.push_keys(&mut metrics);
        self.push_rest(&mut metrics);
        metrics
    }

    fn push_decisions<'s>(&'s self, metrics: &mut Vec<Metric<'s>>) {
        let decisions = self.decisions.iter().map(|decision| {
            let labels = [
                ("site", decision.site.as_deref()),
                ("scheme", decision.scheme),
                ("outcome", Some(decision.outcome)),
                ("code", decision.code),
            ];
            let labels = labels.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            (labels, decision.count)
        });
        metrics.push(counters(
            "playgate_decisions_total",
            "Final decisions by site, scheme, outcome and code.",
            Unit::Count,
            decisions.collect(),
        ));
        metrics.push(Metric {
            name: "playgate_decision_duration_seconds",
            help: "Latency of decisions. Each thread measures one decision in 1,024.",
            unit: Unit::Seconds,
            values: Values::Histogram(&self.latency),
        });
        let signatures = self.signatures.iter().flat_map(|signature| {
            let labels = |result| vec![("algorithm", signature.algorithm), ("result", result)];
            [(labels("verified"), signature.verified), (labels("failed"), signature.failed)]
        });
        metrics.push(counters(
            "playgate_signatures_total",
            "Signatures that were checked with a key, by algorithm and result.",
            Unit::Count,
            signatures.collect(),
        ));
    }

    fn push_cache<'s>(&'s self, metrics: &mut Vec<Metric<'s>>) {
        let cache = &self.cache;
        metrics.extend([
            counter("playgate_token_cache_hits_total", "Tokens that were found in the cache.", cache.hits),
            counter(
                "playgate_token_cache_misses_total",
                "Well-formed tokens that were not in the cache.",
                cache.misses,
            ),
            counter(
                "playgate_token_cache_evictions_total",
                "Tokens that were removed from the cache to make room for another token.",
                cache.evictions,
            ),
            gauge("playgate_token_cache_size", "Tokens in the cache.", Some(cache.size)),
            gauge(
                "playgate_token_cache_capacity",
                "Maximum number of tokens in the cache.",
                Some(cache.capacity),
            ),
        ]);
    }

    fn push_lookups<'s>(&'s self, metrics: &mut Vec<Metric<'s>>) {
        let lookups = &self.lookups;
        metrics.extend([
            counter(
                "playgate_lookups_needed_total",
                "Decisions that needed a lookup in the store first.",
                lookups.needed,
            ),
            counter("playgate_lookups_total", "Lookups in the store that were started.", lookups.started),
            counter(
                "playgate_lookup_failures_total",
                "Lookups that the store did not answer.",
                lookups.failed,
            ),
            Metric {
                name: "playgate_lookup_duration_seconds",
                help: "Latency of lookups in the store.",
                unit: Unit::Seconds,
                values: Values::Histogram(&lookups.latency),
            },
            gauge(
                "playgate_store_problems",
                "Present problems of the shared store.",
                Some(self.store_problems),
            ),
        ]);
    }

    fn push_keys<'s>(&'s self, metrics: &mut Vec<Metric<'s>>) {
        let keys = &self.keys;
        let mut by_last_use = of_ages(&keys.by_last_use);
        by_last_use.push((vec![("age", "never")], to_float(keys.never_used)));
        metrics.extend([
            gauge("playgate_keys", "Keys in force.", Some(keys.count)),
            gauges("playgate_keys_by_age", "Keys by the time since they were loaded.", of_ages(&keys.by_age)),
            gauges("playgate_keys_by_last_use", "Keys by the time since their last grant.", by_last_use),
            time(
                "playgate_key_first_not_after_timestamp_seconds",
                "Earliest expiry of any key.",
                keys.first_not_after,
            ),
            time(
                "playgate_key_first_fresh_until_timestamp_seconds",
                "Earliest time at which keys expire because their source cannot be read.",
                keys.first_fresh_until,
            ),
        ]);
    }

    fn push_rest<'s>(&'s self, metrics: &mut Vec<Metric<'s>>) {
        let (reloads, manifests) = (&self.reloads, &self.manifests);
        let mut outcomes = vec![(vec![("outcome", "rewritten")], manifests.rewritten)];
        outcomes.extend(
            manifests
                .unchanged
                .iter()
                .map(|(reason, count)| (vec![("outcome", "unchanged"), ("reason", reason.as_str())], *count)),
        );
        metrics.extend([
            counters(
                "playgate_reloads_total",
                "Reloads of the configuration by result.",
                Unit::Count,
                vec![
                    (vec![("result", "applied")], reloads.applied),
                    (vec![("result", "rejected")], reloads.rejected),
                ],
            ),
            time(
                "playgate_last_reload_timestamp_seconds",
                "Time of the last applied reload.",
                reloads.last_applied_at,
            ),
            gauge(
                "playgate_config_errors",
                "Present errors in the configuration and in key files.",
                Some(reloads.errors),
            ),
            gauge(
                "playgate_key_sources_kept",
                "Files and folders that cannot be read. Their last valid keys stay in force.",
                Some(reloads.kept_sources),
            ),
            counters(
                "playgate_manifests_total",
                "Manifests that were rewritten, or that passed unchanged, by outcome and reason.",
                Unit::Count,
                outcomes,
            ),
            counters(
                "playgate_manifest_bytes_total",
                "Bytes of manifests that were sent through a rewriter.",
                Unit::Bytes,
                vec![(Vec::new(), manifests.bytes)],
            ),
        ]);
    }
}

const fn counters<'s>(
    name: &'static str,
    help: &'static str,
    unit: Unit,
    series: Vec<(Labels<'s>, u64)>,
) -> Metric<'s> {
    Metric { name, help, unit, values: Values::Counter(series) }
}

fn counter<'s>(name: &'static str, help: &'static str, value: u64) -> Metric<'s> {
    counters(name, help, Unit::Count, vec![(Vec::new(), value)])
}

const fn gauges<'s>(name: &'static str, help: &'static str, series: Vec<(Labels<'s>, f64)>) -> Metric<'s> {
    Metric { name, help, unit: Unit::Count, values: Values::Gauge(series) }
}

fn gauge<'s>(name: &'static str, help: &'static str, value: Option<u64>) -> Metric<'s> {
    gauges(name, help, value.map(|value| (Vec::new(), to_float(value))).into_iter().collect())
}

/// Returns a series with a point in time, or no series if there is none.
fn time<'s>(name: &'static str, help: &'static str, seconds: Option<i64>) -> Metric<'s> {
    #[expect(clippy::cast_precision_loss, reason = "seconds are below 2^52")]
    let series = seconds.map(|seconds| (Vec::new(), seconds as f64));
    Metric { unit: Unit::Seconds, ..gauges(name, help, series.into_iter().collect()) }
}

fn of_ages(ages: &[AgeCount]) -> Vec<(Labels<'_>, f64)> {
    ages.iter().map(|AgeCount { age, keys }| (vec![("age", *age)], to_float(*keys))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of things in memory are below 2^52")]
const fn to_float(count: u64) -> f64 {
    count as f64
}
