use super::super::{DecisionCount, LatencyStats, ManifestStats};
use super::*;

#[test]
fn labels_are_escaped_and_empty_ones_left_out() {
    let decision =
        DecisionCount { outcome: "denied", code: Some("outside"), count: 3, ..DecisionCount::default() };
    let odd = DecisionCount { site: Some("a\"b\\c\nd".to_owned()), outcome: "pass", ..decision.clone() };
    let stats = Stats { decisions: vec![decision, odd], ..Stats::default() };
    let text = stats.to_prometheus();
    assert!(text.contains("\nplaygate_decisions_total{outcome=\"denied\",code=\"outside\"} 3\n"), "{text}");
    assert!(text.contains("{site=\"a\\\"b\\\\c\\nd\",outcome=\"pass\",code=\"outside\"} 3\n"), "{text}");
}

#[test]
fn histograms_end_with_an_infinite_bucket() {
    let buckets = vec![LatencyBucket { up_to_seconds: 0.000_25, count: 1 }];
    let latency = LatencyStats { sampled_every: 1024, buckets, count: 2, sum_seconds: 0.5 };
    let text = Stats { latency, ..Stats::default() }.to_prometheus();
    let name = "playgate_decision_duration_seconds";
    let expected = format!(
        "# TYPE {name} histogram\n{name}_bucket{{le=\"0.00025\"}} 1\n{name}_bucket{{le=\"+Inf\"}} 2\n{name}_sum 0.5\n{name}_count 2\n"
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn every_metric_has_a_description_and_a_name_of_its_own() {
    let manifests =
        ManifestStats { unchanged: [("too long".to_owned(), 1)].into(), ..ManifestStats::default() };
    let text = Stats { manifests, ..Stats::default() }.to_prometheus();
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    assert!(names.len() > 20, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("playgate_")), "{names:?}");
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(
        text.contains("playgate_manifests_total{outcome=\"unchanged\",reason=\"too long\"} 1\n"),
        "{text}"
    );
}

/// The page lists every metric, so that a new one is documented.
#[test]
fn the_page_lists_every_metric() {
    let page = include_str!("../../../../docs/metrics.md");
    for metric in Stats::default().metrics() {
        assert!(page.contains(&format!("`{}`", metric.name)), "docs/metrics.md lacks {}", metric.name);
    }
}
