use super::*;

#[test]
fn a_key_has_one_name() {
    for (batch, id, name) in [
        (0, [0, 0, 0, 0], "0-00000000.key"),
        (7, [0x5c, 0x0d, 0xe7, 0xe1], "7-5c0de7e1.key"),
        (u64::MAX, [0xff; 4], "18446744073709551615-ffffffff.key"),
    ] {
        let key = KeyName { batch, master: MasterId::new(id) };
        assert_eq!(key.to_string(), name);
        assert!(KeyName::parse(name) == Some(key), "{name}");
    }
    for (name, text) in [
        ("nothing", ""),
        ("a leading zero", "07-5c0de7e1.key"),
        ("a sign", "+7-5c0de7e1.key"),
        ("a minus", "-7-5c0de7e1.key"),
        ("more than 64 bits", "18446744073709551616-5c0de7e1.key"),
        ("no batch", "-5c0de7e1.key"),
        ("a batch of letters", "x-5c0de7e1.key"),
        ("no id", "7-.key"),
        ("no hyphen", "75c0de7e1.key"),
        ("a short id", "7-5c0de7e.key"),
        ("a long id", "7-05c0de7e1.key"),
        ("an id in capitals", "7-5C0DE7E1.key"),
        ("an id with a sign", "7-+c0de7e1.key"),
        ("an id that is no number", "7-5c0de7eg.key"),
        ("no ending", "7-5c0de7e1"),
        ("another ending", "7-5c0de7e1.KEY"),
        ("something after it", "7-5c0de7e1.key~"),
        ("something before it", " 7-5c0de7e1.key"),
        ("a digit of another script", "٧-5c0de7e1.key"),
    ] {
        assert!(KeyName::parse(text).is_none(), "{name}: {text}");
    }
}
