use super::*;
use crate::time::UnixSeconds;

#[test]
fn a_server_that_may_lose_what_it_has_acknowledged_is_recognised() {
    let info = |policy: &str, limit: &str, aof: &str| {
        format!(
            "# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n# Persistence\r\naof_enabled:{aof}\r\n"
        )
    };
    for (name, info, save, found) in [
        ("as it should be", info("noeviction", "100", "1"), Some(""), &[][..]),
        ("evicts all", info("allkeys-lru", "100", "1"), None, &["allkeys-lru"]),
        ("evicts what expires", info("volatile-ttl", "100", "1"), None, &["volatile-ttl"]),
        ("without a limit nothing is evicted", info("allkeys-lru", "0", "1"), None, &[]),
        ("nothing on disk", info("noeviction", "0", "0"), Some(""), &["on disk"]),
        ("snapshots", info("noeviction", "0", "0"), Some("3600 1 300 100"), &[]),
        ("a managed server that refuses CONFIG", info("noeviction", "0", "0"), None, &[]),
        ("one that refuses INFO too", String::new(), None, &[]),
        ("both", info("allkeys-lfu", "5", "0"), Some(""), &["allkeys-lfu", "on disk"]),
    ] {
        let weak = weaknesses(&info, save);
        assert_eq!(weak.len(), found.len(), "{name}: {weak:?}");
        assert!(weak.iter().zip(found).all(|(weak, found)| weak.contains(found)), "{name}: {weak:?}");
    }
}

#[test]
fn a_value_is_split_into_its_order_and_its_json() {
    for (name, value, parts) in [
        ("with a viewer", "7 ab cd {\"a\": 1}", Some((7, "{\"a\": 1}"))),
        ("without", "7 ab  {}", Some((7, "{}"))),
        ("cut off", "7 ab cd", None),
        ("no order", "x ab cd {}", None),
        ("nothing", "", None),
    ] {
        let expected = parts.map(|(order, json): (u64, &str)| (order, json.as_bytes()));
        assert_eq!(split(value.as_bytes()), expected, "{name}");
    }
}

#[test]
fn a_revocation_is_read_as_it_is_written() {
    let at = UnixSeconds::new;
    for (name, revocation, mark) in [
        ("for good", Revocation::token("a:b"), " "),
        ("issued before", Revocation::subject("u 42").issued_before(at(-5)), "-5 "),
        ("until", Revocation::key("k").until(at(9)), " 9"),
        ("of one key", Revocation { kind: Kind::Key, ..Revocation::key("3:k:1 any 0: by a:b") }, " "),
        ("both", Revocation::key("k").issued_before(at(5)).until(at(9)), "5 9"),
    ] {
        let field = field_of(revocation.kind, &revocation.name);
        assert_eq!(revocation_of(field.as_bytes(), mark.as_bytes()), Some(revocation), "{name}");
    }
    for (field, mark) in [("jti", " "), ("aud:x", " "), ("jti:x", ""), ("jti:x", "5 z"), ("jti:x", "5")] {
        assert_eq!(revocation_of(field.as_bytes(), mark.as_bytes()), None, "{field} {mark}");
    }
}
