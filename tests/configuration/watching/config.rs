//! The configuration file.

use std::thread;
use std::time::Duration;

use playgate::time::UnixSeconds;

use super::stand::{Stand, both_ways};
use crate::support::TestKey::{Ed25519, P256};
use crate::support::{Ask, Disk, HOST, KEYS, VOD, decided};

const GRANTED: &str = "granted";
const UNKNOWN: &str = "unknown_key";

/// The bucket `vod` on another host too.
const OTHER: &str = "[[site]]\nhosts = [\"other.example.com\"]\nserves = { bucket = \"vod\" }\n";

fn other(ask: &Ask) -> Ask {
    ask.clone().host("other.example.com")
}

impl Stand {
    /// Waits until this is decided of one request.
    fn decides(&self, what: &str, ask: &Ask, verdict: &str) {
        let found = || decided(&self.verifier, ask);
        self.waits(what, || found() == verdict, || format!("{} instead of {verdict}", found()));
    }
}

#[test]
fn a_site_that_is_added_changed_or_removed_is_in_force() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let ask = P256.asks_as("a");
        stand.decides("the start", &other(&ask), "unknown_host");
        stand.disk.config(&[VOD, OTHER, KEYS]);
        stand.decides("a new site", &other(&ask), GRANTED);
        stand.disk.config(&[VOD, "require_exp = true\n", OTHER, KEYS]);
        stand.decides("a changed site", &ask, "claim_refused");
        assert_eq!(decided(&stand.verifier, &other(&ask)), GRANTED, "the other site");
        stand.disk.config(&[OTHER, KEYS]);
        stand.decides("a removed site", &ask, "unknown_host");
        assert_eq!(decided(&stand.verifier, &other(&ask)), GRANTED, "the other site");
        stand.has_warned("", 0);
    });
}

#[test]
fn a_file_that_is_written_over_in_place_is_taken_up_too() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.append("playgate.toml", OTHER);
        stand.decides("more at the end", &other(&P256.asks_as("a")), GRANTED);
        stand.has_warned("", 0);
    });
}

#[test]
fn a_broken_file_changes_nothing_and_is_told_of_once_for_each_fault() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let ask = P256.asks_as("a");
        let holds = |what| {
            stand.stays(what, &[("a", P256, GRANTED)]);
            assert_eq!(decided(&stand.verifier, &other(&ask)), "unknown_host", "{what}");
        };
        stand.disk.config(&[VOD, OTHER, KEYS, "scpoe = 5\n"]);
        stand.warns("playgate.toml:11", 1);
        holds("a misspelled field");
        stand.has_warned("", 1);
        stand.disk.config(&[VOD, OTHER, KEYS, "scpoe = 5\n# a remark\n"]);
        holds("the same fault in another text");
        stand.has_warned("", 1);
        stand.disk.config(&[VOD, OTHER, KEYS, "kid = \n"]);
        stand.warns("is not valid TOML", 1);
        holds("no TOML");
        stand.has_warned("", 2);
        stand.disk.config(&[VOD, OTHER, KEYS, "[[keys]]\ndir = \"nowhere\"\nscope = { bucket = \"vod\" }\n"]);
        stand.warns("nowhere", 1);
        holds("a folder that is not there");
        stand.has_warned("", 3);
        stand.disk.put("keys/b.pem", Ed25519.public());
        stand.becomes("a new key beside a broken file", &[("b", Ed25519, GRANTED)]);
        stand.disk.put("nowhere/c.pem", P256.public());
        stand.decides("the folder is there now", &other(&ask), GRANTED);
        stand.becomes("and its key", &[("c", P256, GRANTED)]);
        stand.has_warned("", 3);
        stand.disk.config(&[VOD, KEYS]);
        stand.decides("mended", &other(&ask), "unknown_host");
        stand.has_warned("", 3);
    });
}

#[test]
fn a_file_that_is_gone_changes_nothing_and_is_told_of_once() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.rename("playgate.toml", "playgate.toml.bak");
        stand.warns("playgate.toml", 1);
        stand.stays("no file", &[("a", P256, GRANTED)]);
        stand.has_warned("does not exist", 1);
        stand.disk.rename("playgate.toml.bak", "playgate.toml");
        stand.stays("the same file again", &[("a", P256, GRANTED)]);
        stand.has_warned("", 1);
        assert_eq!(stand.verifier.health().errors, [""; 0], "nothing is wrong any more");
        stand.disk.rename("playgate.toml", "playgate.toml.bak");
        stand.warns("playgate.toml", 2);
        stand.disk.config(&[VOD, OTHER, KEYS]);
        stand.decides("another file", &other(&P256.asks_as("a")), GRANTED);
    });
}

#[test]
fn a_section_of_keys_comes_changes_and_goes() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.put("more/b.pem", Ed25519.public());
        let more = KEYS.replace("keys\"", "more\"");
        stand.disk.config(&[VOD, KEYS, &more]);
        stand.becomes("a new section", &[("a", P256, GRANTED), ("b", Ed25519, GRANTED)]);
        stand.disk.put("more/c.pem", P256.public());
        stand.becomes("a new key in it", &[("c", P256, GRANTED)]);
        stand.disk.config(&[VOD, KEYS, &more.replace("vod", "elsewhere")]);
        let cases = [("a", P256, GRANTED), ("b", Ed25519, "wrong_key"), ("c", P256, "wrong_key")];
        stand.becomes("another scope", &cases);
        stand.disk.config(&[VOD, KEYS]);
        let cases = [("a", P256, GRANTED), ("b", Ed25519, UNKNOWN), ("c", P256, UNKNOWN)];
        stand.becomes("a section that is gone", &cases);
        stand.has_warned("", 0);
    });
}

#[test]
fn keys_retire_at_the_second_that_their_section_names() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let ask = P256.asks_as("a");
        let last = UnixSeconds::now().saturating_add(3);
        stand.disk.config(&[VOD, KEYS, &format!("not_after = {}\n", last.get())]);
        let retires =
            || stand.verifier.keys().snapshot().keys_of("a").next().and_then(playgate::Key::retires);
        stand.waits("not_after", || retires() == Some(last), || format!("{:?}", retires()));
        let request = ask.parsed().unwrap();
        let at = |now| stand.verifier.decide(&request, now).denial();
        assert_eq!(at(last), None, "in the last second");
        assert!(at(last.saturating_add(1)).is_some(), "in the next");
        while stand.verifier.now() <= last {
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(decided(&stand.verifier, &ask), UNKNOWN);
        stand.disk.config(&[VOD, KEYS]);
        stand.decides("no not_after any more", &ask, GRANTED);
    });
}

#[cfg(unix)]
#[test]
fn a_mounted_file_that_is_swapped_by_its_data_link_is_taken_up() {
    use std::fs;
    use std::os::unix::fs::symlink;

    both_ways(|way| {
        let disk = Disk::with_keys(&[("a", P256)]);
        let text = |sites: &[&str]| {
            format!("version = 1\n{}{}", sites.concat(), KEYS.replace("keys\"", "../keys\""))
        };
        disk.put("etc/..1/playgate.toml", text(&[VOD]));
        symlink("..1", disk.path("etc/..data")).unwrap();
        symlink("..data/playgate.toml", disk.path("etc/playgate.toml")).unwrap();
        let verifier = playgate::Verifier::from_file(disk.path("etc/playgate.toml")).unwrap();
        let _watch = super::stand::watch(&verifier, way);
        let ask = P256.asks_as("a").host(HOST);
        assert_eq!(decided(&verifier, &other(&ask)), "unknown_host");
        disk.put("etc/..2/playgate.toml", text(&[VOD, OTHER]));
        symlink("..2", disk.path("etc/..data_tmp")).unwrap();
        disk.rename("etc/..data_tmp", "etc/..data");
        fs::remove_dir_all(disk.path("etc/..1")).unwrap();
        let reached = || decided(&verifier, &other(&ask)) == GRANTED;
        super::stand::waits(way, "a swapped volume", reached, || "nothing changed".to_owned());
        assert_eq!(disk.warnings(""), [""; 0]);
    });
}

#[test]
fn a_watch_that_is_dropped_reads_no_configuration_any_more() {
    both_ways(|way| {
        let mut stand = Stand::with_keys(&[("a", P256)], way);
        stand.stop_watching();
        stand.disk.config(&[OTHER, KEYS]);
        stand.stays("nobody watches", &[("a", P256, GRANTED)]);
    });
}
