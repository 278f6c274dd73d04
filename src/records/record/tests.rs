use super::*;

#[test]
fn a_record_is_small_and_an_id_of_sixteen_bytes_stands_in_it() {
    assert!(size_of::<Record>() <= 160, "{}", size_of::<Record>());
    assert!(!SmolStr::new("0123456789abcdef").is_heap_allocated());
}
