//! Sites that are added to a policy while the verifier serves, beside those of a configuration file.

use crate::support::{Ask, Disk, KEYS, TestKey, VOD, get};
use playgate::site::{Additions, UnknownHost};
use playgate::{ConfigErrors, Decision, Site, Verifier};

fn add(verifier: &Verifier, additions: Additions) -> Result<(), ConfigErrors> {
    verifier.update(|snapshot| Ok(snapshot.with_policy(snapshot.policy().with_additions(additions)?)))
}

fn public(host: &str) -> Site {
    Site::bucket("added").host(host).public()
}

fn at(host: &str) -> Ask {
    get("/a.ts").host(host)
}

/// Returns the outcome, or the code of a refusal.
fn decided(verifier: &Verifier, ask: &Ask) -> String {
    let request = ask.parsed().unwrap();
    match verifier.decide(&request, verifier.now()) {
        Decision::Pass(_) => "pass".to_owned(),
        Decision::Public(_) => "public".to_owned(),
        Decision::Denied(refusal) => refusal.code().to_string(),
        other => format!("{other:?}"),
    }
}

fn sites(verifier: &Verifier) -> Vec<String> {
    verifier.snapshot().policy().sites().map(|site| site.id().to_owned()).collect()
}

#[test]
fn an_added_site_decides_until_the_next_additions_leave_it_out() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    let own = sites(&verifier);
    assert_eq!(decided(&verifier, &at("one.example")), "unknown_host");
    add(&verifier, Additions::new().site(public("one.example")).site(public("two.example"))).unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "public");
    add(&verifier, Additions::new().site(public("two.example"))).unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "unknown_host");
    assert_eq!(decided(&verifier, &at("two.example")), "public");
    add(&verifier, Additions::new()).unwrap();
    assert_eq!(sites(&verifier), own);
}

#[test]
fn an_addition_that_conflicts_is_named_and_changes_nothing() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    add(&verifier, Additions::new().site(public("one.example")).stream("s", "p")).unwrap();
    let before = sites(&verifier);
    for (name, additions, said) in [
        (
            "a host of the file",
            Additions::new().site(public(crate::support::HOST).id("mine")),
            vec!["mine", crate::support::HOST],
        ),
        (
            "a host of another addition",
            Additions::new().site(public("x.example").id("first")).site(public("x.example").id("second")),
            vec!["first", "second", "x.example"],
        ),
        (
            "an id",
            Additions::new().site(public("x.example").id("same")).site(public("y.example").id("same")),
            vec!["same"],
        ),
        ("a stream", Additions::new().stream("s", "p").stream("s", "q"), vec!["s"]),
        ("a playback ID", Additions::new().stream("s", "p").stream("t", "p"), vec!["t"]),
    ] {
        let errors = add(&verifier, additions).unwrap_err().to_string();
        for text in said {
            assert!(errors.contains(text), "{name}: {errors}");
        }
        assert_eq!(sites(&verifier), before, "{name}");
    }
    assert_eq!(decided(&verifier, &at("one.example")), "public");
}

#[test]
fn a_reload_keeps_the_added_sites() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    add(&verifier, Additions::new().site(public("one.example"))).unwrap();
    disk.config(&[VOD, "[[site]]\nhosts = [\"more.example\"]\nserves = { bucket = \"b\" }\n", KEYS]);
    let reloaded = verifier.reload().unwrap();
    assert_eq!(reloaded.sites.added, ["more.example"]);
    assert_eq!(decided(&verifier, &at("one.example")), "public");
    assert_eq!(decided(&verifier, &at("more.example")), "credential_missing");
}

#[test]
fn a_file_that_claims_a_host_of_an_added_site_is_refused_as_a_whole() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    add(&verifier, Additions::new().site(public("one.example").id("added"))).unwrap();
    let (before, keys) = (sites(&verifier), verifier.keys().snapshot().len());
    let claims = "[[site]]\nid = \"filed\"\nhosts = [\"one.example\"]\nserves = { bucket = \"b\" }\n";
    disk.config(&[VOD, claims, KEYS]);
    disk.put("keys/b.pem", TestKey::Ed25519.public());
    let errors = verifier.reload().unwrap_err().to_string();
    assert!(
        errors.contains("added") && errors.contains("filed") && errors.contains("one.example"),
        "{errors}"
    );
    assert_eq!((sites(&verifier), verifier.keys().snapshot().len()), (before, keys));
    assert_eq!(decided(&verifier, &at("one.example")), "public");

    disk.config(&[VOD, KEYS]);
    let reloaded = verifier.reload().unwrap();
    assert_eq!(reloaded.keys.added.len(), 1, "the key that came with the refused file");
    assert_eq!(decided(&verifier, &at("one.example")), "public");
    add(&verifier, Additions::new()).unwrap();
    disk.config(&[VOD, claims, KEYS]);
    assert_eq!(verifier.reload().unwrap().sites.added, ["filed"]);
}

#[test]
fn a_policy_without_sites_knows_no_host() {
    assert!(Verifier::builder().build().is_err(), "by default, a site is needed");
    let verifier = Verifier::builder().may_be_empty(true).build().unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "unknown_host");
    add(&verifier, Additions::new().site(Site::bucket("b").host("one.example"))).unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "credential_missing");
    add(&verifier, Additions::new()).unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "unknown_host");

    let passing = Verifier::builder().may_be_empty(true).unknown_host(UnknownHost::Pass).build().unwrap();
    assert_eq!(decided(&passing, &at("one.example")), "pass");
}

#[test]
fn swapping_the_policy_ends_the_additions() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    add(&verifier, Additions::new().site(public("one.example"))).unwrap();
    verifier.swap(playgate::Policy::builder().site(public("two.example")).build().unwrap());
    assert_eq!(sites(&verifier), ["two.example"]);
    assert_eq!(decided(&verifier, &at("one.example")), "unknown_host");
}

#[test]
fn two_sites_of_one_bucket_may_differ_in_access() {
    let disk = Disk::with_keys(&[("a", TestKey::P256)]);
    let verifier = disk.verifier();
    let closed = Site::bucket("added").host("two.example");
    add(&verifier, Additions::new().site(public("one.example")).site(closed)).unwrap();
    assert_eq!(decided(&verifier, &at("one.example")), "public");
    assert_eq!(decided(&verifier, &at("two.example")), "credential_missing");
}
