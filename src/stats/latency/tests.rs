use super::*;

#[test]
fn one_decision_in_so_many_is_sampled() {
    let sampled = (0..3 * SAMPLED_EVERY).filter(|_| is_sampled()).count();
    assert_eq!(sampled, 3);
}
