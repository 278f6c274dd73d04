use super::*;

#[test]
fn a_token_is_lower_case_hex_of_32_to_64_characters() {
    for good in ["0123456789abcdef".repeat(2), "f".repeat(33), "0".repeat(64)] {
        assert_eq!(EmbedToken::parse(&good).unwrap().to_text(), good);
    }
    for bad in [
        String::new(),
        "f".repeat(31),
        "f".repeat(65),
        "F".repeat(32),
        "g".repeat(32),
        format!("{}/", "f".repeat(32)),
        format!("{}G", "f".repeat(32)),
        "é".repeat(16),
    ] {
        assert!(EmbedToken::parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_short_token_is_not_the_long_one_that_begins_with_it() {
    let short = EmbedToken::parse(&"0".repeat(32)).unwrap();
    assert_ne!(short, EmbedToken::parse(&"0".repeat(33)).unwrap());
    assert_ne!(short, EmbedToken::parse(&"0".repeat(64)).unwrap());
}

#[test]
fn new_tokens_differ_and_show_nothing() {
    let (one, other) = (EmbedToken::generate().unwrap(), EmbedToken::generate().unwrap());
    assert_ne!(one, other);
    assert_eq!(one.to_text().len(), MIN_EMBED_TOKEN_LEN);
    assert_eq!(format!("{one:?}"), "EmbedToken(…)");
    assert_eq!(EmbedToken::parse(&one.to_text()).unwrap(), one);
}
