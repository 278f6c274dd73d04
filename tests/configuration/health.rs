//! What health tells of the keys in force, and that nothing in it is secret.

use crate::support::TestKey::{Ed25519, P256, Rsa, Secret, SecretOther};
use crate::support::{Ask, Disk, KEYS, NOW, TestKey, VOD, decided, encode, gate, get, jwks, vod};
use playgate::keys::KeySource;
use playgate::keys::danger::{Danger, any_scope};
use playgate::schemes::Refuse;
use playgate::time::UnixSeconds;
use playgate::verifier::KeyHealth;
use playgate::{KeyScope, Site, Verifier};
use serde_json::{Value, json};

fn key(verifier: &Verifier, kid: &str) -> KeyHealth {
    verifier.health().keys.into_iter().find(|key| key.kid == kid).unwrap_or_else(|| panic!("no key {kid}"))
}

#[test]
fn every_key_in_force_is_told_of_by_kid() {
    let disk = Disk::with_keys(&[("m", P256), ("b", Rsa)]);
    disk.put("stream/s.pem", Ed25519.public());
    disk.put("set.json", jwks(&[Ed25519.jwk("set-2"), P256.jwk("set-1")]));
    let stream = KEYS.replace("keys\"", "stream\"").replace("bucket = \"vod\"", "stream = \"ch1\"");
    let set = "[[keys]]\njwks = \"set.json\"\nscope = { site = \"cdn.example.com\" }\n\
               not_after = 2200-01-01T00:00:00Z\n";
    disk.config(&[VOD, KEYS, &stream, set]);
    let before = UnixSeconds::now();
    let verifier = Verifier::builder()
        .file(disk.path("playgate.toml"))
        .key(Secret.key_as("z", any_scope()).danger(Danger { kid_from_jti: true, ..Danger::NONE }))
        .key(SecretOther.key_as("A", KeyScope::bucket("vod")).not_after(UnixSeconds::new(NOW)))
        .build()
        .unwrap();
    let health = verifier.health();
    let path = |name: &str| Some(disk.path(name).display().to_string());
    let rows: Vec<_> = health
        .keys
        .iter()
        .map(|key| (&*key.kid, key.algorithm, &*key.scope, key.source.clone(), key.not_after, &*key.danger))
        .collect();
    let never = 7_258_118_400;
    assert_eq!(
        rows,
        [
            ("A", "HS256", "bucket vod", None, Some(NOW), &[][..]),
            ("b", "RS256", "bucket vod", path("keys/b.pem"), None, &[]),
            ("m", "ES256", "bucket vod", path("keys/m.pem"), None, &[]),
            ("s", "EdDSA", "stream ch1", path("stream/s.pem"), None, &[]),
            ("set-1", "ES256", "site cdn.example.com", path("set.json"), Some(never), &[]),
            ("set-2", "EdDSA", "site cdn.example.com", path("set.json"), Some(never), &[]),
            ("z", "HS256", "any", None, None, &["kid_from_jti"]),
        ],
        "sorted by kid"
    );
    for key in &health.keys {
        let loaded = UnixSeconds::new(key.loaded_at);
        assert!(before <= loaded && loaded <= UnixSeconds::now(), "{key:?}");
        assert_eq!((key.last_used, key.last_error.as_deref()), (None, None), "{key:?}");
    }
    assert_eq!(health.errors, [""; 0]);
}

/// Everything that may be refused, and the key that would have granted it.
#[test]
fn a_key_was_last_used_at_its_last_grant_and_not_at_a_refusal() {
    let site = vod().hook(|claims| if claims.has("plan", "none") { Err(Refuse::default()) } else { Ok(()) });
    let builder = || gate().site(site.clone()).site(Site::bucket("other").host("other.example"));
    let verifier = builder().key(P256.key_as("k", KeyScope::bucket("vod"))).build().unwrap();
    let asking = |claims: &str| -> Ask {
        let header = r#"{"alg":"ES256","kid":"k"}"#;
        get("/videos/1/a.ts").cookie(P256.sign(header, &format!(r#"{{"uri":"videos/1/"{claims}}}"#)))
    };
    let forged = TestKey::P256Other.sign(r#"{"alg":"ES256","kid":"k"}"#, r#"{"uri":"videos/1/"}"#);
    for (name, ask, code) in [
        ("expired", asking(&format!(r#","exp":{NOW}"#)), "expired"),
        ("early", asking(&format!(r#","nbf":{}"#, NOW + 1)), "not_yet_valid"),
        ("another path", Ask { target: "/videos/2/a.ts".to_owned(), ..asking("") }, "out_of_scope"),
        ("another bucket", asking("").host("other.example"), "wrong_key"),
        ("a bad signature", get("/videos/1/a.ts").cookie(forged), "bad_signature"),
        ("the hook", asking(r#","plan":"none""#), "refused_by_hook"),
        ("no credential", get("/videos/1/a.ts"), "credential_missing"),
        ("another method", asking("").method("DELETE"), "method"),
    ] {
        assert_eq!(decided(&verifier, &ask), code, "{name}");
        assert_eq!(key(&verifier, "k").last_used, None, "{name}");
    }
    let request = asking("").parsed().unwrap();
    for (name, now, last_used) in
        [("first", NOW, NOW), ("later", NOW + 90, NOW + 90), ("a clock that goes back", NOW + 5, NOW + 90)]
    {
        assert!(verifier.decide(&request, UnixSeconds::new(now)).denial().is_none(), "{name}");
        assert_eq!(key(&verifier, "k").last_used, Some(last_used), "{name}");
    }
    assert_eq!(decided(&verifier, &asking(&format!(r#","exp":{NOW}"#))), "expired");
    assert_eq!(key(&verifier, "k").last_used, Some(NOW + 90), "after one more refusal");
}

#[test]
fn the_use_of_one_key_is_not_that_of_another_and_outlives_changes_of_others() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Ed25519)]);
    let verifier = disk.verifier();
    assert_eq!(decided(&verifier, &P256.asks_as("a")), "granted");
    let used = key(&verifier, "a").last_used;
    assert!(used.is_some_and(|used| (UnixSeconds::now().get() - used).abs() < 60), "{used:?}");
    assert_eq!(key(&verifier, "b").last_used, None);
    disk.put("keys/b.pem", Rsa.public());
    disk.put("keys/c.pem", Rsa.public());
    disk.config(&[VOD, "require_exp = false\n", KEYS]);
    let _ = verifier.reload().unwrap();
    assert_eq!(key(&verifier, "a").last_used, used, "its file is what it was");
    assert_eq!(key(&verifier, "a").loaded_at, key(&verifier, "a").loaded_at);
    disk.put("keys/a.pem", TestKey::P256Other.public());
    let _ = verifier.reload().unwrap();
    assert_eq!(key(&verifier, "a").last_used, None, "another key");
}

#[test]
fn a_key_tells_why_its_file_is_not_what_is_in_force() {
    let disk = Disk::with_keys(&[("a", P256), ("ab", Ed25519), ("b", Rsa)]);
    let verifier = disk.verifier();
    let last_errors = || -> Vec<(String, Option<String>)> {
        verifier.health().keys.into_iter().map(|key| (key.kid, key.last_error)).collect()
    };
    let fine = |kid: &str| (kid.to_owned(), None);
    disk.put("keys/a.pem", "half");
    let _ = verifier.reload().unwrap();
    let errors = verifier.health().errors;
    assert!(matches!(&*errors, [one] if one.contains("keys/a.pem: key \"a\" is not a PEM")), "{errors:?}");
    assert_eq!(last_errors(), [("a".to_owned(), Some(errors[0].clone())), fine("ab"), fine("b")]);
    disk.put("keys/a.pem", P256.public());
    let _ = verifier.reload().unwrap();
    assert_eq!(last_errors(), [fine("a"), fine("ab"), fine("b")], "mended");

    disk.rename("keys", "elsewhere");
    let _ = verifier.reload().unwrap();
    let errors = verifier.health().errors;
    assert!(
        matches!(&*errors, [one] if one.ends_with("keys: does not exist: create it, or correct the path; its last valid keys stay in force")),
        "{errors:?}"
    );
    for (kid, error) in last_errors() {
        assert_eq!(error.as_ref(), errors.first(), "{kid}, whose folder is gone");
    }
}

#[test]
fn a_member_that_was_skipped_is_no_error_of_the_others() {
    let disk = Disk::with_keys(&[]);
    let weak = json!({ "kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB" });
    disk.put("keys/jwks.json", jwks(&[P256.jwk("good"), weak]));
    let verifier = disk.verifier();
    let health = verifier.health();
    assert!(matches!(&*health.errors, [one] if one.contains("\"weak\"")), "{health:?}");
    assert_eq!(key(&verifier, "good").last_error, None, "its file is in force");
}

#[test]
fn health_is_json_without_what_is_absent() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let danger = "danger = { digit_string_dates = true }\nnot_after = 4102444800\n";
    disk.config(&[VOD, KEYS, danger]);
    let verifier = disk.verifier();
    verifier.keys().insert(Rsa.key_as("plain", KeyScope::bucket("vod"))).unwrap();
    assert_eq!(decided(&verifier, &P256.asks_as("a")), "granted");
    disk.put("keys/a.pem", "half");
    let _ = verifier.reload().unwrap();
    let health = verifier.health();
    let (a, plain) = (&health.keys[0], &health.keys[1]);
    let file = disk.path("keys/a.pem").display().to_string();
    let error = &health.errors[0];
    let wanted = json!({
        "keys": [
            {
                "kid": "a",
                "algorithm": "ES256",
                "scope": "bucket vod",
                "source": file,
                "loaded_at": a.loaded_at,
                "not_after": 4_102_444_800_i64,
                "last_used": a.last_used.unwrap(),
                "danger": ["digit_string_dates"],
                "last_error": error,
            },
            {
                "kid": "plain",
                "algorithm": "RS256",
                "scope": "bucket vod",
                "loaded_at": plain.loaded_at,
            },
        ],
        "manifests": {"rewritten": 0, "unchanged": {}},
        "errors": [error],
        "kept": [{"source": file, "error": error, "keys": 1, "confirmed_at": health.kept[0].confirmed_at}],
    });
    assert_eq!(serde_json::to_value(&health).unwrap(), wanted);
    let text: Value = serde_json::from_str(&serde_json::to_string(&health).unwrap()).unwrap();
    assert_eq!(text, wanted);
}

/// Every kind of key and every kind of broken file, searched for a piece of each key's bytes in any spelling.
#[test]
fn nothing_of_a_key_is_in_health_or_in_the_log() {
    let disk = Disk::with_keys(&[("rsa", Rsa), ("p256", P256), ("ed25519", Ed25519)]);
    disk.put("secret", Secret.public());
    disk.put("keys/oct.jwk", SecretOther.jwk("oct").to_string());
    let section = |place: &str| format!("[[keys]]\n{place}\nscope = {{ bucket = \"vod\" }}\n");
    disk.config(&[VOD, KEYS, &section("secret_file = \"secret\"")]);
    let verifier = disk.verifier();
    for key in [Rsa, P256, Ed25519, Secret] {
        assert_eq!(decided(&verifier, &key.asks_as(key.kid())), "granted", "{key:?}");
    }
    disk.put("keys/rsa.pem", Rsa.private());
    disk.put("keys/p256.pem", Secret.public());
    disk.put("keys/ed25519.pem", &Ed25519.public()[..60]);
    disk.put("keys/oct.jwk", SecretOther.jwk("oct").to_string().replace("HS256", "none"));
    disk.put("secret", &Secret.public()[..31]);
    let _ = verifier.reload().unwrap();
    let health = verifier.health();
    assert_eq!(health.errors.len(), 5, "{:#?}", health.errors);
    disk.config(&[
        VOD,
        KEYS,
        &section(&format!("secret = {:?}", std::str::from_utf8(Secret.public()).unwrap())),
    ]);
    let refused = verifier.reload().unwrap_err();
    let told = [
        serde_json::to_string(&verifier.health()).unwrap(),
        format!("{health:?} {verifier:?} {refused:?}"),
        disk.warnings("").concat(),
    ];
    let secrets = [Secret, SecretOther].map(|key| std::str::from_utf8(key.public()).unwrap().to_owned());
    let encoded = [Secret, SecretOther].map(|key| encode(&key.public()[..24]));
    let pems = [Rsa.private(), Rsa.public(), P256.public(), Ed25519.public()];
    let lines = pems.iter().flat_map(|pem| std::str::from_utf8(pem).unwrap().lines());
    let lines =
        lines.filter(|line| line.len() > 20 && !line.starts_with('-')).map(|line| line[..20].to_owned());
    for piece in secrets.map(|secret| secret[..16].to_owned()).into_iter().chain(encoded).chain(lines) {
        for (place, text) in ["json", "debug", "log"].iter().zip(&told) {
            assert!(!text.contains(&piece), "a piece of a key in {place}");
        }
    }
}

#[test]
fn a_verifier_of_code_alone_has_health_too() {
    let verifier = gate().site(vod()).build().unwrap();
    let health = verifier.health();
    assert!(health.keys.is_empty() && health.errors.is_empty(), "{health:?}");
    let pem = String::from_utf8(P256.public().to_vec()).unwrap();
    let source = KeySource::pem("inline", pem, KeyScope::bucket("vod"));
    let verifier = gate().site(vod()).key_source(source).build().unwrap();
    assert_eq!(key(&verifier, "inline").source.as_deref(), Some("pem"));
}
