use super::*;

#[test]
fn a_binding_cuts_an_address_to_its_network() {
    for (binding, client, expected) in [
        ("exact", "203.0.113.7", "203.0.113.7"),
        ("/24", "203.0.113.7", "203.0.113.0"),
        ("/16", "203.0.113.7", "203.0.0.0"),
        ("/24", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
        ("/64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("/48", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("/64", "203.0.113.7", "203.0.113.7"),
        ("/24", "::ffff:203.0.113.7", "203.0.113.0"),
    ] {
        let cut = IpBinding::EXACT.parse(binding).unwrap().cut(client.parse().unwrap());
        assert_eq!(cut.to_string(), expected, "{client} {binding}");
    }
    let both = IpBinding::EXACT.v4(24).and_then(|binding| binding.v6(64)).unwrap();
    assert_eq!(both, IpBinding::EXACT.parse("/64").and_then(|binding| binding.parse("/24")).unwrap());
}

#[test]
fn other_lengths_are_refused() {
    for wrong in ["/8", "24", "/0", "", "/24 ", "none"] {
        assert!(IpBinding::EXACT.parse(wrong).is_err(), "{wrong:?}");
    }
    assert!(IpBinding::EXACT.v4(0).is_err() && IpBinding::EXACT.v6(0).is_err());
}
