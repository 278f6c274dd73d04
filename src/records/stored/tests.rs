use super::*;

#[test]
fn a_record_that_says_more_than_is_known_is_refused_as_a_whole() {
    let record = |more: &str| format!(r#"{{"v":1,"realm":"r","video":"1"{more}}}"#);
    for (name, more, good) in [
        ("the least", "", true),
        ("a rate", r#","rate":{"requests":60,"within":60}"#, true),
        ("an unknown field", r#","clients":["192.0.2.1"]"#, false),
        ("an unknown field of the rate", r#","rate":{"requests":60,"within":60,"burst":1}"#, false),
        ("a rate of no requests", r#","rate":{"requests":0,"within":60}"#, false),
        ("a rate in no time", r#","rate":{"requests":60,"within":0}"#, false),
        ("a rate by place", r#","rate":[60,60]"#, false),
        ("a rate that is no limit", r#","rate":{"requests":4000000000,"within":1}"#, false),
        ("a field twice", r#","video":"2""#, false),
        ("an origin that is none", r#","origins":["app"]"#, true),
        ("every origin", r#","origins":["*"]"#, false),
        ("metadata that is a claim", r#","metadata":{"sub":"x"}"#, false),
    ] {
        assert_eq!(Stored::read(record(more).as_bytes()).is_ok(), good, "{name}");
    }
    for other in [
        r#"{"v":2,"realm":"r","video":"1"}"#,
        r#"{"v":1,"realm":"r","video":"a/b"}"#,
        r#"{"v":1,"realm":"r","video":"1"}{"#,
        r#"[1,"r","1"]"#,
        "[]",
        "",
    ] {
        assert!(Stored::read(other.as_bytes()).is_err(), "{other}");
    }
}
