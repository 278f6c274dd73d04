use super::*;

fn parse(raw: &str) -> Result<String, HostFault> {
    let mut buffer = HostBuffer::new();
    Host::parse(raw.as_bytes(), &mut buffer).map(|host| String::from_utf8(host.as_bytes().to_vec()).unwrap())
}

#[test]
fn hosts_compare_without_case_port_and_one_trailing_dot() {
    for (raw, host) in [
        ("cdn.example.com", "cdn.example.com"),
        ("CDN.Example.COM:443", "cdn.example.com"),
        ("cdn.example.com.", "cdn.example.com"),
        ("cdn.example.com.:8080", "cdn.example.com"),
        ("localhost:", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
    ] {
        assert_eq!(parse(raw).as_deref(), Ok(host), "{raw}");
    }
}

#[test]
fn a_host_in_its_normal_form_is_borrowed_and_another_is_copied() {
    for (raw, borrowed) in [
        ("cdn.example.com", true),
        ("cdn.example.com.:443", true),
        ("127.0.0.1:80", true),
        ("cdn.Example.com", false),
        ("[::1]", false),
    ] {
        let mut buffer = HostBuffer::new();
        let host = Host::parse(raw.as_bytes(), &mut buffer).unwrap();
        assert_eq!(host.as_bytes().as_ptr() == raw.as_ptr(), borrowed, "{raw}");
    }
}

#[test]
fn a_port_is_a_number_of_sixteen_bits() {
    for (raw, port) in [
        ("cdn.example.com", Ok(None)),
        ("cdn.example.com:", Ok(None)),
        ("cdn.example.com:0", Ok(Some(0))),
        ("cdn.example.com.:08443", Ok(Some(8443))),
        ("[::1]", Ok(None)),
        ("[::1]:65535", Ok(Some(65535))),
        ("cdn.example.com:65536", Err(HostFault::Malformed)),
        ("cdn.example.com:+80", Err(HostFault::Malformed)),
        ("[::1", Err(HostFault::Malformed)),
    ] {
        assert_eq!(explicit_port(raw.as_bytes()), port, "{raw}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    for raw in [
        "",
        ".",
        ":80",
        "a b",
        "a/b",
        "user@host",
        "a,b",
        "host:http",
        "host:123456",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "a:1:2",
        "caf\u{e9}",
        "a\0",
        "host?x",
        "[::1].:80x",
    ] {
        assert_eq!(parse(raw), Err(HostFault::Malformed), "{raw}");
    }
    assert_eq!(parse(&"a".repeat(MAX_HOST_LEN + 1)), Err(HostFault::Malformed));
}
