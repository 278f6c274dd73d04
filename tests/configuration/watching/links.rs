//! The secrets of secure links.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use md5::{Digest as _, Md5};
use playgate::crypto::LinkHash;
use playgate::mint::LinkSigner;
use playgate::schemes::SharedSecret;
use playgate::schemes::link::SecureLink;
use playgate::time::UnixSeconds;
use playgate::{Site, Verifier};

use super::stand::{Stand, TWO_LOOKS, Way, both_ways, waits, watch};
use crate::support::{Ask, Disk, HOST, decided, encode, get};

const GRANTED: &str = "granted";
const BAD: &str = "link_bad";
const FIRST: &str = "the first secret";
const SECOND: &str = "the second secret";
const THIRD: &str = "the third secret";

/// A link by this secret, however short, good for an hour.
fn link(secret: &str) -> Ask {
    let later = UnixSeconds::now().saturating_add(3600);
    let proof = encode(Md5::digest(format!("{later}/videos/1/ {secret}")));
    get(format!("/videos/1/a.ts?md5={proof}&expires={later}"))
}

/// The site of the configuration file, with links by the secrets of these files.
fn section(files: &str) -> String {
    format!(
        "[[site]]\nhosts = [\"{HOST}\"]\nserves = {{ bucket = \"vod\" }}\n\
         [site.secure_link]\npreset = \"gcore\"\nsecret_file = {files}\n"
    )
}

/// A verifier whose links are by the secret in the file `secret`.
fn stand(way: Way) -> Stand {
    let disk = Disk::new();
    disk.put("secret", format!("{FIRST}\n"));
    disk.config(&[&section("\"secret\"")]);
    Stand::on(disk, way)
}

impl Stand {
    /// Waits until this is decided of links by these secrets.
    fn links(&self, what: &str, cases: &[(&str, &str)]) {
        self.waits(what, || agree(&self.verifier, cases), || format!("not {cases:?}"));
    }

    /// It is decided now and for two looks more.
    fn links_stay(&self, what: &str, cases: &[(&str, &str)]) {
        let started = Instant::now();
        while started.elapsed() < TWO_LOOKS {
            assert!(agree(&self.verifier, cases), "{what}: not {cases:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The errors of health.
    fn errors(&self) -> Vec<String> {
        self.verifier.health().errors
    }
}

fn agree(verifier: &Verifier, cases: &[(&str, &str)]) -> bool {
    cases.iter().all(|(secret, verdict)| decided(verifier, &link(secret)) == *verdict)
}

#[test]
fn a_secret_that_changes_is_in_force() {
    both_ways(|way| {
        let stand = stand(way);
        stand.links("the start", &[(FIRST, GRANTED), (SECOND, BAD)]);
        stand.disk.put("secret", SECOND);
        stand.links("renamed into place", &[(FIRST, BAD), (SECOND, GRANTED)]);
        fs::write(stand.disk.path("secret"), THIRD).unwrap();
        stand.links("written over", &[(SECOND, BAD), (THIRD, GRANTED)]);
        stand.has_warned("", 0);
        assert_eq!(stand.errors(), [""; 0]);
    });
}

#[test]
fn a_secret_of_code_that_stands_in_a_file_is_in_force_too() {
    both_ways(|way| {
        let disk = Disk::new();
        disk.put("secret", FIRST);
        let link = SecureLink::gcore(SharedSecret::file(disk.path("secret")));
        let site = Site::bucket("vod").host(HOST).secure_link(link);
        let verifier = Verifier::builder().site(site).build().unwrap();
        let _watch = watch(&verifier, way);
        assert!(agree(&verifier, &[(FIRST, GRANTED), (SECOND, BAD)]));
        disk.put("secret", SECOND);
        let reached = || agree(&verifier, &[(FIRST, BAD), (SECOND, GRANTED)]);
        waits(way, "a secret of code", reached, || "nothing changed".to_owned());
        assert_eq!(disk.warnings(""), [""; 0]);
    });
}

#[test]
fn two_secrets_change_one_after_the_other_and_no_link_is_refused_in_between() {
    both_ways(|way| {
        let disk = Disk::new();
        disk.put("new", SECOND);
        disk.put("old", FIRST);
        disk.config(&[&section("[\"new\", \"old\"]")]);
        let stand = Stand::on(disk, way);
        stand.links("both", &[(FIRST, GRANTED), (SECOND, GRANTED), (THIRD, BAD)]);
        // As it is done: what was new is old, and then there is a new one.
        stand.disk.put("old", SECOND);
        stand.links("one secret in two files", &[(FIRST, BAD), (SECOND, GRANTED), (THIRD, BAD)]);
        stand.disk.put("new", THIRD);
        stand.links("the next", &[(FIRST, BAD), (SECOND, GRANTED), (THIRD, GRANTED)]);
        stand.has_warned("", 0);
        assert_eq!(stand.errors(), [""; 0]);
    });
}

#[test]
fn a_secret_that_breaks_keeps_its_last_good_content_and_is_told_of_once() {
    both_ways(|way| {
        let stand = stand(way);
        let holds = |what: &str, mark: &str| {
            stand.warns(mark, 1);
            stand.links_stay(what, &[(FIRST, GRANTED), (SECOND, BAD), ("", BAD)]);
            stand.has_warned(mark, 1);
            let errors = stand.errors();
            assert!(matches!(&*errors, [error] if error.contains(mark)), "{what}: {errors:?}");
        };
        stand.disk.put("secret", "");
        holds("an empty file", "a secret of 0 bytes");
        stand.disk.put("secret", "\n");
        stand.links_stay("an empty line", &[(FIRST, GRANTED), (SECOND, BAD), ("", BAD)]);
        stand.has_warned("a secret of 0 bytes", 1);
        stand.disk.put("secret", &SECOND[..3]);
        holds("half a file", "a secret of 3 bytes");
        stand.disk.remove("secret");
        holds("no file", "does not exist");
        stand.disk.put("secret", format!("{SECOND}\n{THIRD}\n"));
        holds("two secrets in one file", "has several lines: write only one secret");
        stand.disk.put("secret", vec![b'a'; 5000]);
        holds(
            "a huge file",
            "has 5000 bytes: the limit is 4096; until then its last valid secret stays in force",
        );

        // What is broken beside it changes with the rest, and is not told of again.
        let other = "[[site]]\nhosts = [\"other.example.com\"]\nserves = { bucket = \"vod\" }\n";
        stand.disk.config(&[&section("\"secret\""), other]);
        let unknown = || decided(&stand.verifier, &link(FIRST).host("other.example.com"));
        stand.waits("a new site", || unknown() == "credential_missing", unknown);
        holds("the configuration changes", "has 5000 bytes: the limit is 4096");

        stand.disk.put("secret", SECOND);
        stand.links("mended", &[(FIRST, BAD), (SECOND, GRANTED)]);
        assert_eq!(stand.errors(), [""; 0], "nothing is wrong any more");
        stand.has_warned("", 5);
    });
}

#[test]
fn a_broken_secret_of_several_sites_is_told_of_once() {
    both_ways(|way| {
        let disk = Disk::new();
        disk.put("secret", FIRST);
        let other = section("\"secret\"").replace(HOST, "other.example.com");
        disk.config(&[&section("\"secret\""), &other]);
        let stand = Stand::on(disk, way);
        stand.disk.put("secret", "");
        stand.warns("a secret of 0 bytes", 1);
        stand.links_stay("both hold", &[(FIRST, GRANTED)]);
        stand.has_warned("", 1);
        assert_eq!(stand.errors().len(), 1, "{:?}", stand.errors());
    });
}

#[test]
fn the_key_of_an_hmac_that_is_half_written_keeps_its_last_good_content() {
    both_ways(|way| {
        let (first, second) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        let keyed = |key: &str| {
            let link = SecureLink::custom("{expires}{path}", LinkHash::HmacSha256, key);
            let signer = LinkSigner::new(&link).unwrap();
            get(signer.link("/videos/1/a.ts").expires_in(Duration::from_hours(1)).sign().unwrap())
        };
        let disk = Disk::new();
        disk.put("secret", first);
        let text = section("\"secret\"").replace("\"gcore\"", "\"custom\"");
        disk.config(&[&text, "expression = \"{expires}{path}\"\nhash = \"hmac-sha256\"\n"]);
        let stand = Stand::on(disk, way);
        let decides = |key: &str, verdict: &str| {
            let found = || decided(&stand.verifier, &keyed(key));
            stand.waits(&format!("key {key:?}"), || found() == verdict, found);
        };
        decides(first, GRANTED);
        stand.disk.put("secret", &second[..16]);
        stand.warns("has a secret of 16 bytes: use 32 or more", 1);
        decides(first, GRANTED);
        // It is the file that is in doubt, and not the configuration.
        let errors = stand.errors();
        assert!(matches!(&*errors, [error] if error.contains("secret: has a secret of 16")), "{errors:?}");
        stand.has_warned("rejected", 0);
        stand.disk.put("secret", second);
        decides(second, GRANTED);
        decides(first, BAD);
        assert_eq!(stand.errors(), [""; 0]);
    });
}

#[test]
fn at_the_start_a_broken_secret_is_an_error_with_its_file_and_line() {
    for (content, said) in [
        (None, "does not exist: create it, or correct the path"),
        (Some(""), "has a secret of 0 bytes: use 6 or more"),
        (Some("five5\r\n"), "has a secret of 5 bytes: use 6 or more"),
        (Some("one secret\nanother\n"), "has several lines: write only one secret in each file or variable"),
    ] {
        let disk = Disk::new();
        if let Some(content) = content {
            disk.put("secret", content);
        }
        disk.config(&[&section("\"secret\"")]);
        let config = disk.path("playgate.toml");
        let error = Verifier::from_file(&config).unwrap_err().to_string();
        let (config, secret) = (config.display(), disk.path("secret").display().to_string());
        // What is not there may be the secret itself, written where its path belongs.
        let secret = if content.is_some() { secret } else { "secret_file".to_owned() };
        assert_eq!(error, format!("{config}:7: {secret}: {said}"));

        let link = SecureLink::gcore(SharedSecret::file(disk.path("secret")));
        let site = Site::bucket("vod").host(HOST).secure_link(link);
        let error = Verifier::builder().site(site).build().unwrap_err().to_string();
        assert_eq!(error, format!("{secret}: {said}"));
    }
}

#[test]
fn reload_takes_up_a_secret_and_lists_its_site_as_changed() {
    let disk = Disk::new();
    disk.put("secret", FIRST);
    let other = "[[site]]\nhosts = [\"other.example.com\"]\nserves = { bucket = \"vod\" }\n";
    disk.config(&[&section("\"secret\""), other]);
    let verifier = disk.verifier();
    disk.put("secret", SECOND);
    assert!(agree(&verifier, &[(FIRST, GRANTED)]), "nobody watches");
    let swapped = verifier.reload().unwrap();
    assert_eq!(swapped.sites.changed, [HOST]);
    assert!(swapped.sites.added.is_empty() && swapped.sites.removed.is_empty());
    assert!(agree(&verifier, &[(FIRST, BAD), (SECOND, GRANTED)]));
    assert!(verifier.reload().unwrap().sites.changed.is_empty(), "nothing has changed");

    disk.put("secret", "");
    let swapped = verifier.reload().unwrap();
    assert!(swapped.sites.changed.is_empty());
    let skipped: Vec<String> = swapped.skipped.iter().map(ToString::to_string).collect();
    assert!(
        matches!(&*skipped, [error] if error.contains("has a secret of 0 bytes: use 6 or more; until then"))
    );
    assert!(agree(&verifier, &[(SECOND, GRANTED)]));
    assert_eq!(verifier.health().errors, skipped);
    let _ = verifier.reload().unwrap();
    assert_eq!(disk.warnings("a secret of 0 bytes").len(), 1);
}

#[test]
fn a_secret_shows_nowhere() {
    const ONE: &str = "Zq7#W-one";
    const OTHER: &str = "Kx4#V-other";
    let disk = Disk::new();
    let path = |name: &str| -> PathBuf { disk.path(name) };
    disk.put("secret", ONE);
    disk.put("old", OTHER);
    disk.config(&[&section("[\"secret\", \"old\"]")]);
    let verifier = disk.verifier();
    let of_code = SecureLink::gcore(ONE).also(SharedSecret::file(path("old")));
    let site = Site::bucket("vod").host(HOST).secure_link(of_code.clone());
    let signer = LinkSigner::new(&SecureLink::gcore(ONE)).unwrap();
    let mut shown = vec![
        format!("{verifier:?} {of_code:?} {site:?} {signer:?}"),
        format!("{:?} {:?}", verifier.snapshot().policy(), SharedSecret::from(ONE)),
    ];
    // The last of these leaves the verifier with errors to tell of.
    for broken in [&ONE[..5], &OTHER[..5]] {
        disk.put("secret", broken);
        let swapped = verifier.reload().unwrap();
        shown.push(format!("{swapped:?} {:?}", verifier.health()));
        shown.push(serde_json::to_string(&verifier.health()).unwrap());
    }
    disk.put("old", &OTHER[..5]);
    let errors = Verifier::from_file(path("playgate.toml")).unwrap_err();
    shown.push(format!("{errors} {errors:?}"));
    shown.push(decided(&verifier, &link(ONE)));
    shown.extend(disk.warnings(""));
    assert!(shown.len() > 8, "{shown:?}");
    for text in shown {
        for secret in [&ONE[..5], &OTHER[..5]] {
            assert!(!text.contains(secret), "{text}");
            assert!(
                !text.contains(&format!("{:?}", &secret.as_bytes()[..3]).replace(['[', ']'], "")),
                "{text}"
            );
        }
    }
}

#[test]
fn only_a_verifier_reads_the_files_of_secrets() {
    let disk = Disk::new();
    disk.put("secret", FIRST);
    let link = SecureLink::gcore(SharedSecret::file(disk.path("secret")));
    let policy = playgate::Policy::builder().site(Site::bucket("vod").host(HOST).secure_link(link.clone()));
    for error in [policy.build().unwrap_err(), LinkSigner::new(&link).unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("whose secret is in a file or variable"), "{error}");
    }
}
