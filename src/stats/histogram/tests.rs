use super::*;

#[test]
fn a_duration_at_a_bound_belongs_to_its_bucket_and_buckets_are_cumulative() {
    let histogram = Histogram::new(LOOKUP_BOUNDS);
    for duration in [Duration::ZERO, LOOKUP_BOUNDS[0], LOOKUP_BOUNDS[1], Duration::from_secs(9)] {
        histogram.record(duration);
    }
    let Reading { buckets, count, sum } = histogram.read();
    assert_eq!(buckets.len(), LOOKUP_BOUNDS.len());
    assert_eq!(buckets[0], (LOOKUP_BOUNDS[0], 2));
    assert!(buckets[1..].iter().all(|(_, count)| *count == 3));
    assert_eq!(count, 4);
    assert_eq!(sum, Duration::from_secs(9) + LOOKUP_BOUNDS[0] + LOOKUP_BOUNDS[1]);
}

#[test]
fn bounds_ascend() {
    assert!(DECISION_BOUNDS.is_sorted_by(|one, next| one < next));
    assert!(LOOKUP_BOUNDS.is_sorted_by(|one, next| one < next));
}
