//! Keys: a folder of them, one file, a JWK Set.

use std::fs;
use std::thread;

use playgate::KeyScope;

use super::stand::{Stand, TWO_LOOKS, both_ways};
use crate::support::TestKey::{Ed25519, P256, P256Other, Rsa};
use crate::support::{Disk, KEYS, VOD, jwks, lines_about};

const GRANTED: &str = "granted";
const UNKNOWN: &str = "unknown_key";
const BAD: &str = "bad_signature";

#[test]
fn a_new_key_file_is_in_force() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.becomes("the start", &[("a", P256, GRANTED), ("b", Ed25519, UNKNOWN)]);
        stand.disk.put("keys/b.pem", Ed25519.public());
        stand.becomes("a new key file", &[("a", P256, GRANTED), ("b", Ed25519, GRANTED)]);
        stand.disk.put("keys/c.jwk", Rsa.jwk("c").to_string());
        stand.becomes("a new JWK", &[("c", Rsa, GRANTED)]);
        stand.disk.put("keys/d.pub.pem", P256.public());
        stand.becomes("a new .pub.pem", &[("d", P256, GRANTED)]);
        stand.has_warned("", 0);
    });
}

#[test]
fn the_first_key_of_an_empty_folder_is_in_force() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[], way);
        stand.disk.put("keys/a.pem", P256.public());
        stand.becomes("the first key", &[("a", P256, GRANTED)]);
    });
}

#[test]
fn a_changed_key_replaces_the_old_one() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256), ("b", Ed25519)], way);
        fs::write(stand.disk.path("keys/a.pem"), P256Other.public()).unwrap();
        let cases = [("a", P256Other, GRANTED), ("a", P256, BAD), ("b", Ed25519, GRANTED)];
        stand.becomes("a file written over", &cases);
        stand.disk.put("keys/a.pem", Rsa.public());
        let cases = [("a", Rsa, GRANTED), ("a", P256Other, "wrong_algorithm"), ("b", Ed25519, GRANTED)];
        stand.becomes("a file replaced by a rename", &cases);
    });
}

#[test]
fn a_renamed_file_is_a_new_kid() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256), ("b", Ed25519)], way);
        stand.disk.rename("keys/a.pem", "keys/c.pem");
        stand.becomes("a renamed file", &[("c", P256, GRANTED), ("a", P256, UNKNOWN)]);
    });
}

#[test]
fn a_half_written_file_keeps_the_last_good_key_and_is_told_of_once_for_each_change() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let whole = Ed25519.public();
        let (first, rest) = whole.split_at(whole.len() / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        stand.disk.put("keys/a.pem", first);
        stand.warns("keys/a.pem", 1);
        stand.stays("a third", &[("a", P256, GRANTED)]);
        stand.has_warned("keys/a.pem", 1);
        stand.disk.append("keys/a.pem", second);
        stand.warns("keys/a.pem", 2);
        stand.stays("two thirds", &[("a", P256, GRANTED)]);
        stand.has_warned("keys/a.pem", 2);
        stand.disk.append("keys/a.pem", third);
        stand.becomes("the rest of a file", &[("a", Ed25519, GRANTED), ("a", P256, "wrong_algorithm")]);
        stand.has_warned("", 2);
    });
}

#[test]
fn a_new_file_that_is_half_written_is_taken_up_once_it_is_whole() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let (first, rest) = Ed25519.public().split_at(40);
        stand.disk.put("keys/b.pem", first);
        stand.warns("keys/b.pem", 1);
        stand.stays("half of a new file", &[("a", P256, GRANTED), ("b", Ed25519, UNKNOWN)]);
        stand.disk.append("keys/b.pem", rest);
        stand.becomes("the rest of a new file", &[("b", Ed25519, GRANTED)]);
        stand.has_warned("", 1);
    });
}

#[test]
fn a_file_that_is_gone_takes_its_key_along() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256), ("b", Ed25519)], way);
        stand.disk.remove("keys/b.pem");
        stand.becomes("a deleted file", &[("a", P256, GRANTED), ("b", Ed25519, UNKNOWN)]);
        stand.disk.put("keys/b.pem", Ed25519.public());
        stand.becomes("the same file again", &[("b", Ed25519, GRANTED)]);
        stand.has_warned("", 0);
    });
}

#[test]
fn an_emptied_folder_keeps_its_keys_and_is_told_of_once() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256), ("b", Ed25519)], way);
        // Out of sight as one, as an unmounted volume goes.
        stand.disk.put("empty/.hidden", "");
        stand.disk.rename("keys", "unmounted");
        stand.disk.rename("empty", "keys");
        stand.warns("no longer contains a key file", 1);
        stand.stays("an emptied folder", &[("a", P256, GRANTED), ("b", Ed25519, GRANTED)]);
        stand.has_warned("no longer contains a key file", 1);
        stand.disk.put("keys/c.pem", Rsa.public());
        let cases = [("a", P256, UNKNOWN), ("b", Ed25519, UNKNOWN), ("c", Rsa, GRANTED)];
        stand.becomes("another key in an emptied folder", &cases);
        stand.disk.remove("keys/c.pem");
        stand.warns("no longer contains a key file", 2);
        stand.stays("emptied again", &[("c", Rsa, GRANTED)]);
        stand.has_warned("no longer contains a key file", 2);
    });
}

#[test]
fn a_vanished_folder_keeps_its_keys_is_told_of_once_and_is_watched_again_when_it_is_back() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.rename("keys", "elsewhere");
        stand.warns("does not exist", 1);
        stand.stays("a vanished folder", &[("a", P256, GRANTED)]);
        stand.has_warned("", 1);
        stand.disk.rename("elsewhere", "keys");
        stand.stays("the folder is back", &[("a", P256, GRANTED)]);
        stand.disk.put("keys/b.pem", Ed25519.public());
        stand.becomes(
            "a new key in a folder that came back",
            &[("a", P256, GRANTED), ("b", Ed25519, GRANTED)],
        );
        stand.has_warned("", 1);
    });
}

#[test]
fn a_folder_that_is_replaced_by_another_is_watched_as_the_first_was() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.put("next/b.pem", Ed25519.public());
        stand.disk.rename("keys", "last");
        stand.disk.rename("next", "keys");
        stand.becomes("another folder", &[("a", P256, UNKNOWN), ("b", Ed25519, GRANTED)]);
        thread::sleep(TWO_LOOKS);
        stand.disk.put("keys/c.pem", Rsa.public());
        stand.becomes("a new key in another folder", &[("c", Rsa, GRANTED)]);
    });
}

#[cfg(unix)]
#[test]
fn a_mounted_volume_that_is_swapped_by_its_data_link_is_taken_up() {
    use std::os::unix::fs::symlink;

    both_ways(|way| {
        // What the kubelet makes of a ConfigMap or Secret, and how it changes one.
        let disk = Disk::new();
        disk.config(&[VOD, KEYS]);
        disk.put("keys/..2025_1/a.pem", P256.public());
        symlink("..2025_1", disk.path("keys/..data")).unwrap();
        symlink("..data/a.pem", disk.path("keys/a.pem")).unwrap();
        let stand = Stand::on(disk, way);
        stand.becomes("the first volume", &[("a", P256, GRANTED)]);
        stand.disk.put("keys/..2025_2/a.pem", P256Other.public());
        stand.disk.put("keys/..2025_2/b.pem", Ed25519.public());
        symlink("..2025_2", stand.disk.path("keys/..data_tmp")).unwrap();
        stand.disk.rename("keys/..data_tmp", "keys/..data");
        symlink("..data/b.pem", stand.disk.path("keys/b.pem")).unwrap();
        fs::remove_dir_all(stand.disk.path("keys/..2025_1")).unwrap();
        let cases = [("a", P256Other, GRANTED), ("a", P256, BAD), ("b", Ed25519, GRANTED)];
        stand.becomes("a swapped volume", &cases);
        stand.has_warned("", 0);
    });
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_taken_up_when_it_points_elsewhere() {
    use std::os::unix::fs::symlink;

    both_ways(|way| {
        let disk = Disk::new();
        disk.config(&[VOD, KEYS]);
        disk.put("releases/1/a.pem", P256.public());
        disk.put("releases/2/b.pem", Ed25519.public());
        symlink("releases/1", disk.path("keys")).unwrap();
        let stand = Stand::on(disk, way);
        symlink("releases/2", stand.disk.path("next")).unwrap();
        stand.disk.rename("next", "keys");
        stand.becomes("a link to another folder", &[("a", P256, UNKNOWN), ("b", Ed25519, GRANTED)]);
        thread::sleep(TWO_LOOKS);
        stand.disk.put("releases/2/c.pem", Rsa.public());
        stand.becomes("a new key behind the link", &[("c", Rsa, GRANTED)]);
    });
}

#[test]
fn a_file_of_another_name_is_passed_over_and_told_of_once() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.put("keys/b.pem.bak", Ed25519.public());
        stand.disk.put("keys/.c.pem", Ed25519.public());
        stand.warns("keys/b.pem.bak", 1);
        stand
            .stays("another name", &[("a", P256, GRANTED), ("b", Ed25519, UNKNOWN), ("c", Ed25519, UNKNOWN)]);
        stand.has_warned("is ignored", 1);
        stand.disk.rename("keys/b.pem.bak", "keys/b.pem");
        stand.becomes("the right name", &[("b", Ed25519, GRANTED)]);
        stand.has_warned("", 1);
    });
}

#[test]
fn a_private_key_is_told_of_and_nothing_of_it_is_logged() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.put("keys/b.pem", Rsa.private());
        stand.warns("keys/b.pem", 1);
        let mut jwk = P256.jwk("c");
        jwk["d"] = "bm90IGEga2V5IGJ1dCBubyBsZXNzIHNlY3JldCwgc28=".into();
        stand.disk.put("keys/c.jwk", jwk.to_string());
        stand.warns("keys/c.jwk", 1);
        stand.stays("private keys", &[("a", P256, GRANTED), ("b", Rsa, UNKNOWN), ("c", P256, UNKNOWN)]);
        stand.has_warned("is a private key", 2);
        let text = std::str::from_utf8(Rsa.private()).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("-----"));
        for secret in lines.chain(jwk["d"].as_str()) {
            assert_eq!(lines_about(secret), [""; 0], "a line of the key");
        }
    });
}

#[test]
fn a_member_that_leaves_a_jwk_set_is_out_of_force() {
    both_ways(|way| {
        let disk = Disk::new();
        disk.config(&[VOD, KEYS]);
        let [a, b, c] = [P256.jwk("a"), Ed25519.jwk("b"), Rsa.jwk("c")];
        disk.put("keys/jwks.json", jwks(&[a.clone(), b, c.clone()]));
        let stand = Stand::on(disk, way);
        let cases = [("a", P256, GRANTED), ("b", Ed25519, GRANTED), ("c", Rsa, GRANTED)];
        stand.becomes("three members", &cases);
        stand.disk.put("keys/jwks.json", jwks(&[a, c]));
        let cases = [("a", P256, GRANTED), ("b", Ed25519, UNKNOWN), ("c", Rsa, GRANTED)];
        stand.becomes("two members", &cases);
        assert_eq!(stand.verifier.keys().snapshot().len(), 2);
    });
}

#[test]
fn one_file_or_set_outside_of_a_folder_is_watched_as_well() {
    both_ways(|way| {
        let disk = Disk::new();
        let scope = "scope = { bucket = \"vod\" }\n";
        let sources = ["file = \"one/a.pem\"", "jwks = \"set/any.json\"", "secret_file = \"secret/s.txt\""];
        let sections = sources.map(|place| format!("[[keys]]\n{place}\n{scope}"));
        disk.config(&[VOD, &sections.concat()]);
        disk.put("one/a.pem", P256.public());
        disk.put("set/any.json", jwks(&[Rsa.jwk("r")]));
        disk.put("secret/s.txt", crate::support::TestKey::Secret.public());
        let stand = Stand::on(disk, way);
        stand.disk.put("one/a.pem", P256Other.public());
        stand.becomes("one file", &[("a", P256Other, GRANTED), ("a", P256, BAD)]);
        stand.disk.put("set/any.json", jwks(&[Ed25519.jwk("e")]));
        stand.becomes("a set", &[("e", Ed25519, GRANTED), ("r", Rsa, UNKNOWN)]);
        stand.disk.put("secret/s.txt", crate::support::TestKey::SecretOther.public());
        stand.becomes("a secret", &[("s", crate::support::TestKey::SecretOther, GRANTED)]);
        stand.disk.remove("one/a.pem");
        stand.warns("one/a.pem", 1);
        stand.stays("one file is gone", &[("a", P256Other, GRANTED)]);
        stand.disk.put("one/a.pem", P256.public());
        stand.becomes("one file is back", &[("a", P256, GRANTED)]);
        stand.has_warned("", 1);
    });
}

#[test]
fn of_two_keys_with_one_kid_the_one_in_force_stays_until_it_goes() {
    both_ways(|way| {
        let disk = Disk::with_keys(&[("a", P256)]);
        disk.config(&[VOD, KEYS, &KEYS.replace("keys\"", "more\"")]);
        disk.put("more/z.pem", Rsa.public());
        let stand = Stand::on(disk, way);
        stand.disk.put("more/a.pem", Ed25519.public());
        stand.warns("more/a.pem", 1);
        stand.stays("a second key of one kid", &[("a", P256, GRANTED)]);
        stand.has_warned("more/a.pem is also in", 1);
        stand.disk.put("keys/b.pem", Rsa.public());
        stand.disk.remove("keys/a.pem");
        stand.becomes("the first is gone", &[("a", Ed25519, GRANTED), ("b", Rsa, GRANTED)]);
        // The other way round: now the newcomer comes from the source that is named first.
        stand.disk.put("keys/a.pem", P256.public());
        stand.warns("keys/a.pem is also in", 1);
        stand.stays("the first is back", &[("a", Ed25519, GRANTED)]);
        stand.has_warned("", 2);
    });
}

#[test]
fn a_key_of_code_stays_and_a_file_of_its_kid_waits_for_it_to_go() {
    both_ways(|way| {
        let stand = Stand::with_keys(&[("a", P256)], way);
        let code = Ed25519.key_as("code", KeyScope::bucket("vod"));
        stand.verifier.keys().insert(code).unwrap();
        stand.disk.put("keys/b.pem", Rsa.public());
        stand.becomes("a file beside a key of code", &[("b", Rsa, GRANTED), ("code", Ed25519, GRANTED)]);
        stand.disk.put("keys/code.pem", P256Other.public());
        stand.warns("keys/code.pem", 1);
        stand.stays("a file of its kid", &[("code", Ed25519, GRANTED)]);
        let _ = stand.verifier.reload().unwrap();
        stand.stays("after a reload", &[("code", Ed25519, GRANTED), ("a", P256, GRANTED)]);
        stand.has_warned("keys/code.pem is also in code", 1);
        assert_eq!(stand.verifier.keys().remove_kid("code"), 1);
        stand.becomes("the key of code is gone", &[("code", P256Other, GRANTED)]);
    });
}

#[test]
fn a_watch_that_is_dropped_sees_nothing_more() {
    both_ways(|way| {
        let mut stand = Stand::with_keys(&[("a", P256)], way);
        stand.disk.put("keys/b.pem", Ed25519.public());
        stand.becomes("while it watches", &[("b", Ed25519, GRANTED)]);
        stand.stop_watching();
        stand.disk.put("keys/c.pem", Rsa.public());
        stand.disk.remove("keys/a.pem");
        stand.disk.put("keys/b.pem", "nonsense");
        stand.stays("nobody watches", &[("a", P256, GRANTED), ("b", Ed25519, GRANTED), ("c", Rsa, UNKNOWN)]);
        stand.has_warned("", 0);
        let _ = stand.verifier.reload().unwrap();
        stand.stays("by hand", &[("a", P256, UNKNOWN), ("b", Ed25519, GRANTED), ("c", Rsa, GRANTED)]);
    });
}
