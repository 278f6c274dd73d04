use super::*;

fn policy(cors: &Cors) -> CorsPolicy {
    let mut faults = Faults::default();
    cors.check("site", &[], &mut faults).unwrap_or_else(|| panic!("{faults:?}"))
}

fn allowed(policy: &CorsPolicy, origin: &str) -> Option<String> {
    let headers = policy.headers(Some(origin.as_bytes()));
    headers.allow_origin.map(|value| String::from_utf8(value.to_vec()).unwrap())
}

#[test]
fn origins_compare_exactly() {
    let policy = policy(&Cors::with_credentials(["https://app.example.com", "http://localhost:3000"]));
    for origin in ["https://app.example.com", "http://localhost:3000"] {
        assert_eq!(allowed(&policy, origin).as_deref(), Some(origin));
    }
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com/",
        "https://app.example.com.evil.net",
        "https://evil.net/app.example.com",
        "https://evilapp.example.com",
        "https://app.example.com ",
        "http://localhost",
        "null",
        "",
    ] {
        assert_eq!(allowed(&policy, origin), None, "{origin}");
    }
}

#[test]
fn scheme_and_host_of_an_origin_compare_without_case_and_the_browser_gets_back_what_it_sent() {
    let listed =
        ["https://App.Example.com", "HTTPS://*.Example.net:8443", "http://[2001:DB8::1]", "App2://Bundle"];
    let policy = policy(&Cors::with_credentials(listed));
    for origin in [
        "https://app.example.com",
        "https://APP.example.COM",
        "HTTPS://App.Example.com",
        "https://app.example.com:443",
        "https://A.example.NET:8443",
        "http://[2001:db8::1]",
        "http://[2001:DB8::1]:80",
        "app2://bundle",
    ] {
        assert_eq!(allowed(&policy, origin).as_deref(), Some(origin));
    }
    for origin in [
        "https://app.example.com:80",
        "https://app.example.com:4430",
        "https://app.example.com:",
        "http://app.example.com:443",
        "https://a.example.net",
        "https://a.example.net:443",
        "app2://bundle:443",
        "https://app.example.com:443:443",
        "https://\u{212a}.example.net:8443",
    ] {
        assert_eq!(allowed(&policy, origin), None, "{origin}");
    }
    let long = format!("https://{}.example.net:8443", "a".repeat(400));
    assert_eq!(allowed(&policy, &long), None, "longer than any host");
}

#[test]
fn null_has_one_spelling() {
    let policy = policy(&Cors::without_credentials(["null"]));
    assert_eq!(allowed(&policy, "NULL"), None);
}

#[test]
fn an_origin_pattern_is_one_label_and_no_suffix_test() {
    let policy = policy(&Cors::with_credentials(["https://*.example.com", "https://*.dev.example.net:8443"]));
    for origin in ["https://a.example.com", "https://a-1.example.com", "https://x.dev.example.net:8443"] {
        assert_eq!(allowed(&policy, origin).as_deref(), Some(origin));
    }
    for origin in [
        "https://example.com",
        "https://.example.com",
        "https://a.b.example.com",
        "https://aexample.com",
        "https://evil.net?.example.com",
        "https://evil.net/.example.com",
        "https://evil.net#.example.com",
        "https://user@a.example.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "https://a.example.com.evil.net",
    ] {
        assert_eq!(allowed(&policy, origin), None, "{origin}");
    }
}

#[test]
fn null_matches_only_where_listed() {
    assert_eq!(allowed(&policy(&Cors::without_credentials(["https://a.example"])), "null"), None);
    let listed = policy(&Cors::without_credentials(["null"]));
    assert_eq!(allowed(&listed, "null").as_deref(), Some("null"));
}

#[test]
fn star_answers_every_origin_alike_and_varies_on_none() {
    let headers = policy(&Cors::without_credentials(["*"])).headers(None);
    assert_eq!(headers.allow_origin.as_deref(), Some(&b"*"[..]));
    assert!(!headers.vary && !headers.credentials);
}

#[test]
fn a_policy_by_origin_varies_even_without_one() {
    let policy = policy(&Cors::with_credentials(["https://a.example"]));
    for origin in [None, Some(&b"https://b.example"[..])] {
        let headers = policy.headers(origin);
        assert_eq!(headers, CorsHeaders { vary: true, ..CorsHeaders::default() });
    }
}

#[test]
fn star_with_credentials_is_a_configuration_error() {
    for origin in ["*", "null"] {
        let mut faults = Faults::default();
        assert!(Cors::with_credentials([origin]).check("s", &[], &mut faults).is_none());
        assert_eq!(faults.len(), 1, "{faults:?}");
        let error = faults.check().unwrap_err().to_string();
        assert!(error.contains("credentials"), "{error}");
    }
    let mut faults = Faults::default();
    let headers = Cors::with_credentials(["https://a.example"]).headers(["*"]);
    assert!(headers.check("s", &[], &mut faults).is_none(), "a literal name, no wildcard");
}

#[test]
fn star_without_credentials_is_a_wildcard_for_headers_too() {
    let policy = policy(&Cors::without_credentials(["*"]).headers(["*"]));
    let headers = policy.preflight(None).unwrap().headers.unwrap();
    assert_eq!(&headers[..], b"*");
}

#[test]
fn an_origin_that_browsers_never_send_is_refused_with_the_remedy() {
    for (origin, remedy) in [
        ("https://a.example/", "https://a.example"),
        ("https://a.example/x", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("a.example", "https://a.example"),
        ("https://*a.example", "https://*.example.com"),
        ("https://*", "https://*.example.com"),
        ("https://*.com", "https://*.example.com"),
        ("https://*.net:8443", "https://*.example.net:8443"),
        ("https://", "https://app.example.com"),
        ("https://a example", "https://app.example.com"),
        ("https://a.*.example", "https://app.example.com"),
        ("https://user@a.example", "https://app.example.com"),
        ("https://a.example:99999", "https://app.example.com"),
        ("https://[a.example]", "https://app.example.com"),
        ("https://[::1]x", "https://app.example.com"),
        ("://a", "https://app.example.com"),
    ] {
        let error = OriginRule::parse(origin).unwrap_err().to_string();
        assert!(error.contains(&format!("{origin:?}")) && error.contains(remedy), "{origin}: {error}");
    }
    assert!(OriginRule::parse("http://*.localhost:3000").is_ok());
    for origin in ["http://[::1]:3000", "https://[2001:db8::1]", "http://127.0.0.1:8080", "app2://bundle"] {
        assert!(matches!(OriginRule::parse(origin), Ok(OriginRule::Exact(_))), "{origin}");
    }
}

#[test]
fn authorization_is_allowed_by_name_where_the_bearer_carrier_is_listed() {
    let mut faults = Faults::default();
    let cors = Cors::with_credentials(["https://a.example"]);
    let policy = cors.check("s", &["authorization".into()], &mut faults).unwrap();
    let headers = policy.preflight(Some(b"https://a.example")).unwrap().headers.unwrap();
    assert_eq!(&headers[..], b"range, authorization");
}
