use super::*;

#[test]
fn a_scheme_is_read_by_the_name_that_it_is_shown_by() {
    for scheme in Scheme::ALL {
        let read: Scheme = serde_json::from_value(scheme.as_str().into()).unwrap();
        assert_eq!(read, *scheme);
    }
}
