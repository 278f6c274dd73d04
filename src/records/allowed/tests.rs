use super::*;

fn list(origins: &[&str]) -> Result<Option<AllowedOrigins>, Vec<String>> {
    let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
    let mut faults = Vec::new();
    let list = AllowedOrigins::check(&origins, &mut faults);
    if faults.is_empty() { Ok(list) } else { Err(faults.iter().map(ToString::to_string).collect()) }
}

fn requester<'r>(origin: Option<&'r str>, host: &'r str) -> Requester<'r> {
    Requester { origin: origin.map(str::as_bytes), host: host.as_bytes(), same_origin: false }
}

#[test]
fn a_bare_host_means_https_in_the_list_and_for_frames() {
    let allowed =
        list(&["app.example.com", "https://*.example.net", "http://localhost:3000"]).unwrap().unwrap();
    assert_eq!(
        allowed.frame_ancestors(),
        "frame-ancestors 'self' https://app.example.com https://*.example.net http://localhost:3000"
    );
    for (origin, admitted) in [
        ("https://app.example.com", true),
        ("http://app.example.com", false),
        ("https://a.example.net", true),
        ("https://a.b.example.net", false),
        ("https://example.net", false),
        ("http://localhost:3000", true),
        ("https://cdn.example.com", true),
        ("http://cdn.example.com", true),
        ("https://cdn.example.com:8443", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(allowed.admit(&requester(Some(origin), "cdn.example.com"), true), admitted, "{origin}");
    }
}

#[test]
fn a_listed_origin_compares_without_case_as_the_own_one_does() {
    let allowed = list(&["App.Example.com", "HTTPS://*.Example.net"]).unwrap().unwrap();
    for (origin, admitted) in [
        ("https://app.example.com", true),
        ("https://APP.example.com", true),
        ("HTTPS://App.Example.com:443", true),
        ("https://A.EXAMPLE.net", true),
        ("https://CDN.example.com", true),
        ("HTTP://APP.example.com", false),
        ("https://app.example.com:8443", false),
    ] {
        assert_eq!(allowed.admit(&requester(Some(origin), "cdn.example.com"), false), admitted, "{origin}");
    }
    assert_eq!(
        allowed.frame_ancestors(),
        "frame-ancestors 'self' https://app.example.com https://*.example.net"
    );
}

#[test]
fn no_origin_at_all_is_a_denial_unless_it_is_allowed_or_the_browser_vouches() {
    let allowed = list(&["app.example.com"]).unwrap().unwrap();
    let silent = requester(None, "cdn.example.com");
    assert!(!allowed.admit(&silent, false));
    assert!(allowed.admit(&silent, true));
    assert!(allowed.admit(&Requester { same_origin: true, ..silent }, false));
}

#[test]
fn the_own_origin_is_the_host_with_its_port() {
    for (origin, host, own) in [
        ("https://cdn.example.com", "cdn.example.com", true),
        ("https://cdn.example.com", "CDN.example.com:443", true),
        ("http://cdn.example.com", "cdn.example.com:80", true),
        ("http://localhost:8080", "localhost:8080", true),
        ("http://localhost:8080", "localhost", false),
        ("https://cdn.example.com", "cdn.example.com:8443", false),
        ("HTTPS://CDN.example.com", "cdn.example.com", true),
        ("https://cdn.example.com:443", "cdn.example.com", true),
        ("http://cdn.example.com:443", "cdn.example.com", false),
        ("http://cdn.example.com:443", "cdn.example.com:443", true),
        ("ftp://cdn.example.com", "cdn.example.com", false),
        ("https://", "", false),
    ] {
        assert_eq!(is_own(origin.as_bytes(), host.as_bytes()), own, "{origin} {host}");
    }
}

#[test]
fn the_origin_of_a_referer_ends_at_its_path() {
    for (referer, origin) in [
        ("https://app.example.com/watch?v=1", "https://app.example.com"),
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com?x", "https://app.example.com"),
        ("http://localhost:3000/#a", "http://localhost:3000"),
        ("https://evil.example/https://app.example.com", "https://evil.example"),
        ("nonsense", "nonsense"),
        ("", ""),
    ] {
        assert_eq!(origin_of(referer.as_bytes()), origin.as_bytes(), "{referer}");
    }
}

#[test]
fn an_empty_list_allows_every_origin_and_faults_name_the_remedy() {
    assert!(list(&[]).unwrap().is_none());
    let faults = list(&["*", "Null", "https://app.example.com/"]).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[2].contains("ends in a slash"), "{faults:?}");
}
