use super::*;

#[test]
fn exp_as_a_string_is_malformed_not_absent() {
    for value in [r#""1750000000""#, "null", "true", "[]", "{}", "1e400", "9223372036854775808"] {
        let json = format!(r#"{{"exp":{value}}}"#);
        assert_eq!(Claims::parse(&json).unwrap().expires_at(), Claim::Malformed, "{value}");
    }
    assert_eq!(Claims::parse("{}").unwrap().expires_at(), Claim::Absent);
    assert_eq!(
        Claims::parse(r#"{"\u0065xp":17.5e8}"#).unwrap().expires_at(),
        Claim::Present(UnixSeconds::new(1_750_000_000))
    );
}

#[test]
fn a_date_in_milliseconds_is_malformed_wherever_it_is_read() {
    for (date, read) in [
        ("999999999999", Claim::Present(UnixSeconds::new(999_999_999_999))),
        ("999999999999.9", Claim::Present(UnixSeconds::new(999_999_999_999))),
        ("1000000000000", Claim::Malformed),
        ("1790000000000", Claim::Malformed),
        ("1.79e12", Claim::Malformed),
        ("9223372036854775807", Claim::Malformed),
        ("-1790000000000", Claim::Present(UnixSeconds::new(-1_790_000_000_000))),
    ] {
        let json = format!(r#"{{"exp":{date},"iat":{date}}}"#);
        let claims = Claims::parse(&json).unwrap();
        assert_eq!(claims.expires_at(), read, "{date}");
        assert_eq!(claims.issued_at(), read, "{date}: a revocation of older tokens must not miss it");
    }
}

#[test]
fn debug_shows_the_dates_and_nothing_about_a_person() {
    let json = r#"{"sub":"ada","uri":"videos/1/","iss":"us","aud":"them","exp":1750000000}"#;
    let claims = Claims::parse(json).unwrap();
    assert_eq!(claims.json(), json, "for who asks for it, all of it");
    let shown = format!("{claims:?}");
    assert!(shown.contains("1750000000"), "{shown}");
    for text in ["ada", "videos", "us\"", "them"] {
        assert!(!shown.contains(text), "{text} in {shown}");
    }
}

#[test]
fn custom_claims_are_free() {
    #[derive(serde::Deserialize)]
    struct Mine<'a> {
        plan: &'a str,
        seats: Vec<u8>,
    }
    let claims = Claims::parse(r#"{"plan":"gold","seats":[1,2],"n":1}"#).unwrap();
    let mine: Mine<'_> = claims.parse_as().unwrap();
    assert_eq!((mine.plan, mine.seats), ("gold", vec![1, 2]));
    assert!(claims.has("plan", "gold"));
    assert!(!claims.has("plan", "silver"));
    assert!(matches!(claims.text("n"), Claim::Malformed));
    assert!(matches!(claims.text("none"), Claim::Absent));
}

#[test]
fn audience_is_one_or_several() {
    for (aud, has) in [
        (r#""a""#, Claim::Present(true)),
        (r#"["b","\u0061"]"#, Claim::Present(true)),
        (r#"["b",["a"],{"a":"a"},1]"#, Claim::Malformed),
        (r#"["a",1]"#, Claim::Malformed),
        (r#"["a",null]"#, Claim::Malformed),
        (r#""b""#, Claim::Present(false)),
        ("[]", Claim::Present(false)),
        ("1", Claim::Malformed),
        ("null", Claim::Malformed),
    ] {
        let json = format!(r#"{{"aud":{aud}}}"#);
        assert_eq!(Claims::parse(&json).unwrap().audience_has("a"), has, "{aud}");
    }
}
