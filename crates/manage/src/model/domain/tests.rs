use super::*;

#[test]
fn a_domain_name_is_a_host_name_of_two_labels_or_more() {
    for good in
        ["video.example.com", "a.b", "VIDEO.Example.COM", "xn--bcher-kva.example", "1.example", "a-b.example"]
    {
        assert_eq!(DomainName::parse(good).unwrap().as_str(), good.to_ascii_lowercase(), "{good}");
    }
    assert_eq!(DomainName::parse("bücher.example").unwrap().as_str(), "xn--bcher-kva.example");
    let long = format!("{}.example", "a.".repeat(125));
    for bad in [
        "",
        "localhost",
        ".",
        "example.com.",
        ".example.com",
        "a..b",
        "*.example.com",
        "a_b.example.com",
        "-a.example.com",
        "a-.example.com",
        "https://video.example.com",
        "video.example.com:443",
        "video.example.com/x",
        "192.0.2.1",
        "1.2.3.0x7f",
        "[::1]",
        "a b.example.com",
        "a%2eb.example.com",
        "a.example.com\n",
        "{bucket}.example.com",
        &long,
        "video.example.com'; DROP TABLE domains; --",
    ] {
        assert!(DomainName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_name_is_within_a_base_by_whole_labels() {
    let name = DomainName::parse("play-1.media.example.com").unwrap();
    assert!(
        name.is_within("media.example.com")
            && name.is_within("example.com")
            && name.is_within("play-1.media.example.com")
    );
    assert!(
        !name.is_within("edia.example.com")
            && !name.is_within("1.media.example.com")
            && !name.is_within("example.org")
    );
}
