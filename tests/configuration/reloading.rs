//! A configuration that is read again: what changed is told, what is wrong changes nothing, and no decision
//! sees half of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::TestKey::{Ed25519, P256, P256Other, Rsa, RsaOther};
use crate::support::{Ask, Disk, HOST, KEYS, TestKey, VOD, decided, get, jwks, lines_about, of_vod};
use playgate::keys::KeySource;
use playgate::schemes::Refuse;
use playgate::time::UnixSeconds;
use playgate::{ConfigErrors, Denial, KeyScope, Site, Verifier};

const GRANTED: &str = "granted";
const UNKNOWN: &str = "unknown_key";

fn site(host: &str, bucket: &str) -> String {
    format!("[[site]]\nhosts = [{host:?}]\nserves = {{ bucket = {bucket:?} }}\n")
}

fn lines(errors: &ConfigErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_reload_tells_which_sites_and_keys_came_went_and_changed() {
    let disk = Disk::with_keys(&[("stays", P256), ("changes", P256), ("goes", Ed25519)]);
    let others = [site("stays.example", "vod"), site("changes.example", "vod"), site("goes.example", "vod")];
    disk.config(&[VOD, &others.concat(), KEYS]);
    let verifier = disk.verifier();
    let nothing = verifier.reload().unwrap();
    assert!(nothing.sites.is_empty() && nothing.keys.is_empty() && nothing.skipped.is_empty(), "{nothing:?}");

    let others = [site("z.example", "vod"), site("stays.example", "vod"), site("changes.example", "other")];
    disk.config(&[VOD, &others.concat(), &site("a.example", "vod"), KEYS]);
    disk.put("keys/changes.pem", P256Other.public());
    disk.remove("keys/goes.pem");
    disk.put("keys/z.pem", Rsa.public());
    disk.put("keys/b.pem", Rsa.public());
    let swapped = verifier.reload().unwrap();
    assert_eq!(swapped.sites.added, ["a.example", "z.example"], "sorted");
    assert_eq!(swapped.sites.removed, ["goes.example"]);
    assert_eq!(swapped.sites.changed, ["changes.example"]);
    assert_eq!(swapped.keys.added, ["b", "z"].map(of_vod), "sorted");
    assert_eq!(swapped.keys.removed, ["goes"].map(of_vod));
    assert_eq!(swapped.keys.changed, ["changes"].map(of_vod));
    assert_eq!(swapped.skipped, []);
    assert_eq!(swapped.sites.to_string(), "2 added, 1 removed, 1 changed");
    for (kid, key, verdict) in [
        ("stays", P256, GRANTED),
        ("changes", P256Other, GRANTED),
        ("changes", P256, "bad_signature"),
        ("goes", Ed25519, UNKNOWN),
        ("z", Rsa, GRANTED),
    ] {
        assert_eq!(decided(&verifier, &key.asks_as(kid)), verdict, "{kid} by {key:?}");
    }
    let again = verifier.reload().unwrap();
    assert!(again.sites.is_empty() && again.keys.is_empty(), "{again:?}");

    disk.put("keys/more.pem", Rsa.public());
    let swapped = verifier.reload().unwrap();
    assert!(
        !swapped.keys.is_empty() && swapped.sites.is_empty(),
        "one came, and that is a change: {swapped:?}"
    );
    disk.remove("keys/z.pem");
    let swapped = verifier.reload().unwrap();
    assert!(!swapped.keys.is_empty() && swapped.sites.is_empty(), "one went, likewise: {swapped:?}");
    disk.put("keys/b.pem", RsaOther.public());
    let swapped = verifier.reload().unwrap();
    assert!(!swapped.keys.is_empty() && swapped.sites.is_empty(), "one is another, likewise: {swapped:?}");
}

#[test]
fn another_scope_or_date_of_a_source_changes_its_keys() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Ed25519)]);
    let verifier = disk.verifier();
    for (name, keys, verdict) in [
        ("another scope", KEYS.replace("vod", "other"), "wrong_key"),
        ("the first again", KEYS.to_owned(), GRANTED),
        ("a date that is past", format!("{KEYS}not_after = 2025-01-01T00:00:00Z\n"), UNKNOWN),
        ("a date to come", format!("{KEYS}not_after = 2200-01-01T00:00:00Z\n"), GRANTED),
    ] {
        disk.config(&[VOD, &keys]);
        let keys = verifier.reload().unwrap().keys;
        let of_other = ["a", "b"].map(|kid| of_vod(kid).replace("vod", "other"));
        let of_vod = ["a", "b"].map(of_vod);
        match name {
            "another scope" => {
                assert_eq!((&keys.removed[..], &keys.added[..]), (&of_vod[..], &of_other[..]));
            }
            "the first again" => {
                assert_eq!((&keys.removed[..], &keys.added[..]), (&of_other[..], &of_vod[..]));
            }
            _ => {
                assert_eq!(keys.changed, of_vod, "{name}");
                assert!(keys.added.is_empty() && keys.removed.is_empty(), "{name}: {keys:?}");
            }
        }
        assert_eq!(decided(&verifier, &P256.asks_as("a")), verdict, "{name}");
    }
}

#[test]
fn a_bad_configuration_changes_nothing_and_every_error_is_returned() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    disk.put("keys/b.pem", Ed25519.public()); // good, and still not taken up
    disk.put("new/c.pem", "no key");
    let bad_site = site("other.example", "vod") + "cookie_name = \"a b\"\nlevel = 5\n";
    let bad_keys = "[[keys]]\ndir = \"new\"\nscope = { bucket = \"vod\" }\n\
                    [[keys]]\ndir = \"gone\"\nscope = { site = \"none\" }\n";
    disk.config(&[VOD, KEYS, &bad_site, bad_keys]);
    let errors = lines(&verifier.reload().unwrap_err());
    for (name, mark) in [
        ("an unknown field", ":12: [[site]] has no field \"level\""),
        ("a bad setting", ":11: "),
        ("a broken file of a new source", "new/c.pem: key \"c\" is not a PEM"),
        ("a folder that is not there", "gone: does not exist: create it, or correct the path"),
        ("a scope of no site", "is for site \"none\", but no site"),
    ] {
        assert_eq!(errors.iter().filter(|error| error.contains(mark)).count(), 1, "{name}: {errors:#?}");
    }
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED);
    assert_eq!(decided(&verifier, &P256.asks_as("a").host("other.example")), "unknown_host");
    assert_eq!(decided(&verifier, &Ed25519.asks_as("b")), UNKNOWN);
    assert_eq!(lines(&verifier.reload().unwrap_err()), errors, "and again");

    disk.config(&[VOD, KEYS]);
    assert_eq!(verifier.reload().unwrap().keys.added, ["b"].map(of_vod));
    assert_eq!(decided(&verifier, &Ed25519.asks_as("b")), GRANTED);
}

#[test]
fn a_configuration_that_was_refused_is_told_of_by_health_until_it_is_mended() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    assert_eq!(verifier.health().errors, [""; 0]);
    disk.config(&[VOD, KEYS, "kdi = 1\n"]);
    let errors = lines(&verifier.reload().unwrap_err());
    assert_eq!(verifier.health().errors, errors);
    disk.config(&[VOD, KEYS]);
    let _ = verifier.reload().unwrap();
    assert_eq!(verifier.health().errors, [""; 0]);
}

#[test]
fn reloads_are_counted_by_their_result() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    let counted = || {
        let reloads = verifier.stats().reloads;
        (reloads.applied, reloads.rejected, reloads.errors, reloads.last_applied_at.is_some())
    };
    assert_eq!(counted(), (0, 0, 0, false), "the first load is no reload");
    disk.config(&[VOD, KEYS, "kdi = 1\n"]);
    verifier.reload().unwrap_err();
    assert_eq!(counted(), (0, 1, 1, false));
    disk.config(&[VOD, KEYS]);
    let _ = verifier.reload().unwrap();
    let _ = verifier.reload().unwrap();
    assert_eq!(counted(), (2, 1, 0, true));
}

#[test]
fn a_file_that_breaks_later_is_skipped_with_its_last_good_key_in_force() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Ed25519)]);
    let verifier = disk.verifier();
    disk.put("keys/a.pem", "half");
    for round in ["first", "second"] {
        let swapped = verifier.reload().unwrap();
        assert!(swapped.keys.is_empty(), "{round}: {swapped:?}");
        let skipped: Vec<String> = swapped.skipped.iter().map(ToString::to_string).collect();
        assert!(matches!(&*skipped, [one] if one.contains("keys/a.pem: key \"a\"")), "{round}: {skipped:?}");
        assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED, "{round}");
    }
    assert_eq!(disk.warnings("keys/a.pem").len(), 1, "{:?}", disk.warnings(""));
    disk.put("keys/a.pem", P256Other.public());
    let swapped = verifier.reload().unwrap();
    assert_eq!((&*swapped.keys.changed, &*swapped.skipped), (&[of_vod("a")][..], &[][..]));
}

/// The form of these documents is whole: that they hold no key is what they say.
#[test]
fn a_document_that_was_read_and_holds_no_usable_key_removes_its_keys() {
    let encryption = |kid: &str| {
        let mut jwk = Rsa.jwk(kid);
        jwk["use"] = "enc".into();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk
    };
    let unknown = serde_json::json!({ "kty": "LATTICE", "kid": "a" });
    let data =
        |name: &str| std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let set = |jwk: serde_json::Value| jwks(&[jwk]).into_bytes();
    for (name, place, file, first, then) in [
        ("an empty set", "jwks", "a.json", set(P256.jwk("a")), jwks(&[]).into_bytes()),
        ("a set for encryption", "jwks", "a.json", set(P256.jwk("a")), set(encryption("a"))),
        ("a set of unknown types", "jwks", "a.json", set(P256.jwk("a")), set(unknown)),
        (
            "a JWK for encryption",
            "file",
            "a.jwk",
            P256.jwk("a").to_string().into(),
            encryption("a").to_string().into(),
        ),
        ("a weak key", "file", "a.pem", P256.public().to_vec(), data("rsa-1024.spki.pem")),
        ("a key by ROCA", "file", "a.pem", P256.public().to_vec(), data("rsa-2048.roca.spki.pem")),
        ("a key of another type", "file", "a.pem", P256.public().to_vec(), data("p521.spki.pem")),
        ("a certificate", "file", "a.pem", P256.public().to_vec(), data("p256.certificate.pem")),
    ] {
        let disk = Disk::new();
        let section = format!("[[keys]]\n{place} = {file:?}\nscope = {{ bucket = \"vod\" }}\n");
        disk.config(&[VOD, &section]);
        disk.put(file, first);
        let verifier = disk.verifier();
        assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED, "{name}");
        disk.put(file, then);
        let swapped = verifier.reload().unwrap();
        assert_eq!(decided(&verifier, &P256.asks_as("a")), UNKNOWN, "{name}");
        assert_eq!(swapped.keys.removed, ["a"].map(of_vod), "{name}");
        assert_eq!(swapped.skipped.len(), 1, "{name}: {swapped:?}");
        assert_eq!(verifier.health().errors.len(), 1, "{name}: it is no secret why");
        assert!(verifier.reload().unwrap().keys.is_empty(), "{name}");
        assert_eq!(disk.warnings(file).len(), 1, "{name}: {:#?}", disk.warnings(""));
        let again = Verifier::from_file(disk.path("playgate.toml")).unwrap_err();
        assert!(again.to_string().contains(file), "{name}: at the start it is an error: {again}");
    }
}

/// How unmounted volumes, and files that are about to be written, look.
#[test]
fn what_is_missing_or_empty_keeps_its_keys_and_the_report_names_it() {
    type Change = fn(&Disk);
    let folder_of_one: &[(&str, Change, &str)] = &[
        (
            "the last file of a folder is deleted",
            |disk| disk.remove("in/a.pem"),
            "no longer contains a key file",
        ),
        ("a folder is gone", |disk| disk.rename("in", "elsewhere"), "does not exist"),
        ("a file is emptied", |disk| disk.put("in/a.pem", ""), "is empty"),
    ];
    let files: &[(&str, Change, &str)] = &[
        ("a file is deleted", |disk| disk.remove("in/a.pem"), "does not exist"),
        ("a file is emptied", |disk| disk.put("in/a.pem", ""), "is empty"),
        ("a file is half written", |disk| disk.put("in/a.pem", &P256.public()[..80]), "no END line"),
        ("a private key takes its place", |disk| disk.put("in/a.pem", P256.private()), "is a private key"),
    ];
    for (place, rows) in [("dir = \"in\"", folder_of_one), ("file = \"in/a.pem\"", files)] {
        for (name, change, why) in rows {
            let name = format!("{name}, {place}");
            let disk = Disk::new();
            disk.put("in/a.pem", P256.public());
            disk.config(&[VOD, &format!("[[keys]]\n{place}\nscope = {{ bucket = \"vod\" }}\n")]);
            let verifier = disk.verifier();
            assert!(verifier.reload().unwrap().kept.is_empty(), "{name}");
            change(&disk);
            for round in ["first", "second"] {
                let swapped = verifier.reload().unwrap();
                assert!(swapped.keys.is_empty(), "{name}, {round}: {swapped:?}");
                assert_eq!(swapped.kept.len(), 1, "{name}, {round}: {swapped:?}");
                let kept = &swapped.kept[0];
                assert!(kept.source.contains("in"), "{name}, {round}: {kept:?}");
                assert!(kept.error.contains(why), "{name}, {round}: {kept:?}");
                assert!(
                    kept.error.contains("its last valid keys stay in force"),
                    "{name}, {round}: {kept:?}"
                );
                assert_eq!((kept.keys, kept.until), (1, None), "{name}, {round}: {kept:?}");
                assert!(UnixSeconds::now().get() - kept.confirmed_at < 60, "{name}, {round}: {kept:?}");
                let health = verifier.health();
                assert_eq!(health.kept, swapped.kept, "{name}, {round}");
                assert_eq!(health.keys[0].last_error.as_ref(), Some(&kept.error), "{name}, {round}");
                assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED, "{name}, {round}");
            }
            assert_eq!(disk.warnings("").len(), 1, "{name}: {:#?}", disk.warnings(""));
            if name.starts_with("a folder") {
                disk.rename("elsewhere", "in");
            } else {
                disk.put("in/a.pem", P256.public());
            }
            let swapped = verifier.reload().unwrap();
            let whole = swapped.keys.added.is_empty() && swapped.keys.removed.is_empty();
            assert!(swapped.kept.is_empty() && whole, "{name}, mended: {swapped:?}");
            assert!(verifier.health().kept.is_empty(), "{name}, mended");
        }
    }
}

/// What the docs say to do to retire the last key of a folder.
#[test]
fn an_empty_set_beside_it_lets_the_last_key_file_of_a_folder_be_deleted() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    disk.put("keys/jwks.json", "{\"keys\":[]}");
    disk.remove("keys/a.pem");
    let swapped = verifier.reload().unwrap();
    assert_eq!((&*swapped.keys.removed, &*swapped.kept), (&[of_vod("a")][..], &[][..]));
    assert_eq!(decided(&verifier, &P256.asks_as("a")), UNKNOWN);
}

#[test]
fn a_file_that_is_deleted_beside_another_takes_its_keys_along() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Ed25519)]);
    let verifier = disk.verifier();
    disk.remove("keys/a.pem");
    let swapped = verifier.reload().unwrap();
    assert_eq!((&*swapped.keys.removed, &*swapped.kept), (&[of_vod("a")][..], &[][..]));
    assert_eq!(decided(&verifier, &P256.asks_as("a")), UNKNOWN);
    assert_eq!(decided(&verifier, &Ed25519.asks_as("b")), GRANTED);
}

#[test]
fn keys_that_cannot_be_read_again_are_out_of_force_after_max_staleness_and_back_with_their_file() {
    const MAX: i64 = 3600;
    for (name, section, gone) in [
        ("a file", "file = \"in/a.pem\"", "in/a.pem"),
        ("a folder", "dir = \"in\"", "in"),
        ("the last file of a folder", "dir = \"in\"", "in/a.pem"),
    ] {
        let disk = Disk::new();
        disk.put("in/a.pem", P256.public());
        let section =
            format!("[[keys]]\n{section}\nscope = {{ bucket = \"vod\" }}\nmax_staleness = \"1h\"\n");
        disk.config(&[VOD, &section]);
        let before = UnixSeconds::now();
        let verifier = disk.verifier();
        let ask = P256.asks_as("a");
        let request = ask.parsed().unwrap();
        let denial = |after: i64| verifier.decide(&request, before.saturating_add(after)).denial();
        // Nobody looks any more: the end holds all the same. (Twice: the second time the token is remembered.)
        for round in ["new", "remembered"] {
            assert_eq!(denial(MAX), None, "{name}, {round}");
            let stale = denial(MAX + 60).unwrap_or_else(|| panic!("{name}, {round}: granted"));
            assert!(matches!(stale, Denial::StaleKey { .. }), "{name}, {round}: {stale}");
            assert_eq!(stale.code().as_str(), UNKNOWN, "{name}, {round}");
            let said = stale.to_string();
            assert!(said.contains("stale") && said.contains("max_staleness"), "{name}, {round}: {said}");
        }
        let until = verifier.health().keys[0].fresh_until.unwrap();
        assert!((before.get() + MAX..before.get() + MAX + 60).contains(&until), "{name}: {until}");

        disk.rename(gone, "elsewhere");
        let swapped = verifier.reload().unwrap();
        let kept = &swapped.kept[0];
        assert_eq!(kept.until, Some(until), "{name}: a file that cannot be read moves nothing on");
        assert!(
            kept.error.ends_with("stay in force until they are 3600 s old (max_staleness)"),
            "{name}: {kept:?}"
        );
        assert_eq!(denial(MAX), None, "{name}");
        assert!(denial(MAX + 60).is_some(), "{name}");

        // A look that finds the file as it was moves the end on, without another key.
        let generation = verifier.keys().snapshot().keys_of("a").next().unwrap().loaded_at();
        std::thread::sleep(Duration::from_millis(1100));
        disk.rename("elsewhere", gone);
        let swapped = verifier.reload().unwrap();
        assert!(swapped.keys.is_empty() && swapped.kept.is_empty(), "{name}: {swapped:?}");
        let key = verifier.keys().snapshot().keys_of("a").next().unwrap().clone();
        assert_eq!(key.loaded_at(), generation, "{name}");
        assert!(key.fresh_until().unwrap().get() > until, "{name}: {:?} after {until}", key.fresh_until());
    }
}

/// What was read for a configuration that is refused is not in force, and confirms nothing that is.
#[test]
fn a_refused_configuration_moves_no_end_on_for_keys_whose_file_has_changed() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let keys = format!("{KEYS}max_staleness = 60\n");
    disk.config(&[VOD, &keys]);
    let verifier = disk.verifier();
    let fresh_until = || verifier.keys().snapshot().keys_of("a").next().unwrap().fresh_until().unwrap();
    let first = fresh_until();
    disk.put("keys/a.pem", P256Other.public());
    disk.config(&[VOD, &keys, "kdi = 1\n"]);
    std::thread::sleep(Duration::from_millis(1100));
    verifier.reload().unwrap_err();
    assert_eq!(fresh_until(), first);
}

#[test]
fn a_hook_that_code_gave_a_site_survives_a_reload() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = Verifier::builder()
        .file(disk.path("playgate.toml"))
        .hook(HOST, |claims| if claims.has("plan", "gold") { Ok(()) } else { Err(Refuse::default()) })
        .build()
        .unwrap();
    let ask = |claims: &str| {
        let header = r#"{"alg":"ES256","kid":"a"}"#;
        get("/a.ts").query(P256.sign(header, &format!(r#"{{"uri":""{claims}}}"#)))
    };
    let holds = |name: &str| {
        assert_eq!(decided(&verifier, &ask("")), "refused_by_hook", "{name}");
        assert_eq!(decided(&verifier, &ask(r#","plan":"gold""#)), GRANTED, "{name}");
    };
    holds("at first");
    assert!(verifier.reload().unwrap().sites.is_empty());
    holds("nothing changed");
    disk.config(&[VOD, "require_exp = false\n", &site("other.example", "vod"), KEYS]);
    assert_eq!(verifier.reload().unwrap().sites.added, ["other.example"]);
    holds("another site is new");
    assert_eq!(decided(&verifier, &ask("").host("other.example")), GRANTED, "which has no hook");
    disk.config(&[VOD, "cache = \"inner\"\n", KEYS]);
    assert_eq!(verifier.reload().unwrap().sites.changed, [HOST]);
    holds("its site changed");

    disk.config(&[&site("other.example", "vod"), KEYS]);
    let errors = lines(&verifier.reload().unwrap_err());
    let wanted = format!("hook is for site {HOST:?}, but no site has that id: use one of other.example");
    assert_eq!(errors, [wanted], "without its site");
    holds("its site is to go");
}

#[test]
fn a_hook_for_no_site_is_an_error() {
    let disk = Disk::with_keys(&[]);
    let builder = Verifier::builder().file(disk.path("playgate.toml")).hook("cdn.example.co", |_| Ok(()));
    let errors = lines(&builder.build().unwrap_err());
    assert_eq!(
        errors,
        [format!("hook is for site \"cdn.example.co\", but no site has that id: use one of {HOST}")]
    );
}

#[test]
fn keys_and_sites_of_code_stay_beside_those_of_the_file() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = Verifier::builder()
        .file(disk.path("playgate.toml"))
        .site(Site::bucket("vod").host("code.example"))
        .key(Rsa.key_as("code", KeyScope::bucket("vod")))
        .key_source(KeySource::dir(disk.path("code"), KeyScope::bucket("vod")));
    disk.put("code/b.pem", P256Other.public());
    let verifier = verifier.build().unwrap();
    verifier.keys().insert(Ed25519.key_as("later", KeyScope::bucket("vod"))).unwrap();
    disk.config(&[&site("only.example", "vod"), KEYS]);
    let swapped = verifier.reload().unwrap();
    assert_eq!(
        (swapped.sites.added, swapped.sites.removed),
        (vec!["only.example".to_owned()], vec![HOST.to_owned()])
    );
    for (kid, key) in [("a", P256), ("b", P256Other), ("code", Rsa), ("later", Ed25519)] {
        for host in ["code.example", "only.example"] {
            assert_eq!(decided(&verifier, &key.asks_as(kid).host(host)), GRANTED, "{kid} on {host}");
        }
    }
}

#[test]
fn a_file_whose_kid_a_key_of_code_has_is_skipped_for_as_long_as_it_does() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    verifier.keys().insert(Ed25519.key_as("code", KeyScope::bucket("vod"))).unwrap();
    disk.put("keys/code.pem", Rsa.public());
    for round in ["first", "second"] {
        let skipped = verifier.reload().unwrap().skipped;
        let skipped: Vec<String> = skipped.iter().map(ToString::to_string).collect();
        assert!(
            matches!(&*skipped, [one] if one.contains("keys/code.pem is also in code")),
            "{round}: {skipped:?}"
        );
        assert_eq!(verifier.health().errors, skipped, "{round}");
        assert_eq!(decided(&verifier, &Ed25519.asks_as("code")), GRANTED, "{round}");
    }
    assert_eq!(verifier.keys().remove_kid("code"), 1);
    assert_eq!(verifier.reload().unwrap().skipped, []);
    assert_eq!(decided(&verifier, &Rsa.asks_as("code")), GRANTED);
    assert_eq!(disk.warnings("").len(), 1, "{:?}", disk.warnings(""));
}

/// Taking a key out by hand is how one is revoked at once; its file may still be there.
#[test]
fn a_key_that_code_took_out_stays_out_until_its_file_changes() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Ed25519)]);
    let verifier = disk.verifier();
    assert_eq!(verifier.keys().remove_kid("a"), 1);
    disk.config(&[VOD, KEYS, "# a remark\n"]);
    disk.put("keys/a.pem", P256.public());
    disk.remove("keys/b.pem");
    let _ = verifier.reload().unwrap();
    assert_eq!(decided(&verifier, &P256.asks_as("a")), UNKNOWN, "the same bytes in a new file are no change");
    disk.put("keys/a.pem", P256Other.public());
    let _ = verifier.reload().unwrap();
    assert_eq!(decided(&verifier, &P256Other.asks_as("a")), GRANTED);
}

#[test]
fn sources_of_code_are_read_again_without_a_file() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").host(HOST))
        .key_source(KeySource::dir(disk.path("keys"), KeyScope::bucket("vod")))
        .build()
        .unwrap();
    disk.put("keys/b.pem", Ed25519.public());
    disk.put("keys/c.pem", "no key");
    let swapped = verifier.reload().unwrap();
    assert_eq!((&*swapped.keys.added, swapped.skipped.len()), (&[of_vod("b")][..], 1));
    assert_eq!(decided(&verifier, &Ed25519.asks_as("b")), GRANTED);
    assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED);
}

/// One configuration as a whole: its text, and who is let in under it.
struct Whole {
    name: &'static str,
    text: String,
    /// Of a token by the key of `a`, and of one by the key of `b`.
    verdicts: [&'static str; 2],
}

/// Both name their key `k`. A decision under the site of one and the key of the other would find a key for
/// another bucket, which neither configuration as a whole ever finds.
fn wholes(disk: &Disk) -> [Whole; 2] {
    [("a", P256, [GRANTED, "wrong_algorithm"]), ("b", Ed25519, ["wrong_algorithm", GRANTED])].map(
        |(name, key, verdicts)| {
            disk.put(format!("of-{name}/k.pem"), key.public());
            let keys = KEYS.replace("keys\"", &format!("of-{name}\"")).replace("vod", name);
            let text = format!("version = 1\n{}{keys}", site(HOST, name));
            Whole { name, text, verdicts }
        },
    )
}

/// How far the deciding threads have followed; 0 while the configuration is being swapped.
#[derive(Default)]
struct Stage {
    phase: AtomicU64,
    seen: [AtomicU64; Self::READERS],
}

impl Stage {
    const READERS: usize = 3;
    const ROUNDS: u64 = 300;
    const END: u64 = u64::MAX;

    /// Enters a phase, and waits until every reader has decided in it.
    fn play(&self, phase: u64) {
        self.phase.store(phase, Ordering::SeqCst);
        let started = Instant::now();
        while self.seen.iter().any(|seen| seen.load(Ordering::SeqCst) != phase) {
            assert!(started.elapsed() < Duration::from_secs(30), "a reader stands still in phase {phase}");
            thread::yield_now();
        }
    }
}

/// Ends the readers even when the swapping thread panics.
struct Ending<'s>(&'s Stage);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.phase.store(Stage::END, Ordering::SeqCst);
    }
}

#[test]
fn a_configuration_that_is_swapped_under_load_is_seen_as_a_whole() {
    let disk = Disk::new();
    let wholes = wholes(&disk);
    disk.put("playgate.toml", &wholes[0].text);
    let verifier = disk.verifier();
    let asks: [Ask; 2] = [P256, Ed25519].map(|key: TestKey| key.asks_as("k"));
    let stage = Stage::default();
    thread::scope(|scope| {
        let _ending = Ending(&stage);
        for reader in 0..Stage::READERS {
            let (verifier, stage, asks, wholes) = (&verifier, &stage, &asks, &wholes);
            scope.spawn(move || {
                let requests = asks.each_ref().map(|ask| ask.parsed().unwrap());
                let verdict = |which: usize| match verifier.decide(&requests[which], verifier.now()).denial()
                {
                    None => GRANTED,
                    Some(denial) => denial.code().as_str(),
                };
                let mut seen = BTreeSet::new();
                loop {
                    let phase = stage.phase.load(Ordering::SeqCst);
                    if phase == Stage::END {
                        break;
                    }
                    for which in [0, 1] {
                        let found = verdict(which);
                        // The phase was entered before this decision began, and a swap leaves it first.
                        if phase != 0 && stage.phase.load(Ordering::SeqCst) == phase {
                            let whole = &wholes[usize::from(phase % 2 == 1)];
                            assert_eq!(found, whole.verdicts[which], "token {which} under {}", whole.name);
                        }
                        let known = wholes.iter().any(|whole| whole.verdicts[which] == found);
                        assert!(known, "token {which} is {found}, which neither configuration says");
                        seen.insert((which, found));
                    }
                    if phase != 0 {
                        stage.seen[reader].store(phase, Ordering::SeqCst);
                    }
                    thread::yield_now(); // there may be fewer cores than threads
                }
                assert_eq!(seen.len(), 4, "each token was let in and refused: {seen:?}");
            });
        }
        let mut slowest = Duration::ZERO;
        for round in 1..=Stage::ROUNDS {
            let whole = &wholes[usize::from(round % 2 == 1)];
            stage.phase.store(0, Ordering::SeqCst);
            disk.put("playgate.toml", &whole.text);
            let started = Instant::now();
            let swapped = verifier.reload().unwrap();
            slowest = slowest.max(started.elapsed());
            // A key of another scope is another key.
            let keys = &swapped.keys;
            assert_eq!((&*swapped.sites.changed, keys.changed.len()), (&[HOST.to_owned()][..], 0));
            assert_eq!((keys.removed.len(), keys.added.len()), (1, 1), "{keys:?}");
            stage.play(round);
        }
        eprintln!("{} reloads under load, the slowest took {slowest:?}", Stage::ROUNDS);
    });
}

#[test]
fn a_reload_that_stops_or_starts_enforcing_applies_at_once_and_is_logged() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let site = |danger: &str| {
        let site = "[[site]]\nid = \"reloaded-shadow\"\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\n";
        disk.config(&[site, danger, KEYS]);
    };
    let warnings = || {
        let lines = lines_about("site=\"reloaded-shadow\"");
        lines.iter().filter(|line| line.contains("WARN") && line.contains("does not enforce")).count()
    };
    let without_credential = get("/videos/1/a.ts").parsed().unwrap();
    let passes =
        |verifier: &Verifier| verifier.decide(&without_credential, verifier.now()).denial().is_none();
    site("");
    let verifier = disk.verifier();
    for (danger, shadowed, logged) in [
        ("danger = { enforce = false }\n", true, 1),
        ("danger = { enforce = false }\nrequire_exp = true\n", true, 1),
        ("danger = { enforce = true }\n", false, 1),
        ("danger = { enforce = false }\n", true, 2),
    ] {
        site(danger);
        let _ = verifier.reload().unwrap();
        assert_eq!(passes(&verifier), shadowed, "{danger}");
        assert_eq!(verifier.health().shadowed.len(), usize::from(shadowed), "{danger}");
        assert_eq!(warnings(), logged, "{danger}");
    }
}
