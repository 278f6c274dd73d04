//! Ten thousand key files, and what looking at them costs.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use playgate::keys::KeySource;
use playgate::{KeyScope, Site, Verifier};

use super::stand::{Way, waits, watch};
use crate::support::{Disk, HOST, TestKey};

const FILES: usize = 10_000;

#[cfg(unix)]
#[test]
fn ten_thousand_files_are_loaded_and_one_more_is_found() {
    let disk = Disk::with_keys(&[]);
    for number in 0..FILES {
        let kid = format!("k{number}");
        // One key under many names: what is measured is the files.
        fs::write(disk.path(format!("keys/{kid}.jwk")), TestKey::Ed25519.jwk(&kid).to_string()).unwrap();
    }
    let started = Instant::now();
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").host(HOST))
        .key_source(KeySource::dir(disk.path("keys"), KeyScope::bucket("vod")))
        .build()
        .unwrap();
    eprintln!("{FILES} files are loaded in {:?}", started.elapsed());
    assert_eq!(verifier.keys().snapshot().len(), FILES);

    let look = || {
        let started = Instant::now();
        assert!(verifier.reload().unwrap().keys.is_empty());
        started.elapsed()
    };
    eprintln!("a look at files that were just written takes {:?}", look());
    thread::sleep(Duration::from_millis(2100));
    eprintln!("one that reads them once more, now that they are old, takes {:?}", look());
    let mut looks: Vec<Duration> = (0..11).map(|_| look()).collect();
    looks.sort_unstable();
    eprintln!("one at files that did not change takes {:?}, at best {:?}", looks[5], looks[0]);

    for (way, kid) in [(Way::Told, "more"), (Way::Polling, "still-more")] {
        let watching = watch(&verifier, way);
        thread::sleep(Duration::from_secs(2)); // in the middle of a rest
        disk.put(format!("keys/{kid}.jwk"), TestKey::Ed25519.jwk(kid).to_string());
        let has = || verifier.keys().snapshot().keys_of(kid).next().is_some();
        waits(way, "one more of ten thousand", has, || "nothing".to_owned());
        drop(watching);
    }
    let started = Instant::now();
    let health = verifier.health();
    eprintln!("health of {} keys takes {:?}", health.keys.len(), started.elapsed());
    assert_eq!((health.keys.len(), health.errors.len()), (FILES + 2, 0));

    fs::create_dir(disk.path("broken")).unwrap();
    for number in 0..FILES {
        std::os::unix::fs::symlink("nowhere", disk.path(format!("broken/k{number}.jwk"))).unwrap();
    }
    disk.rename("keys", "good");
    disk.rename("broken", "keys");
    let started = Instant::now();
    assert_eq!(verifier.reload().unwrap().skipped.len(), FILES);
    eprintln!("a look at as many files that cannot be read takes {:?}", started.elapsed());
    let started = Instant::now();
    let health = verifier.health();
    eprintln!("health of as many keys whose files cannot be read takes {:?}", started.elapsed());
    assert_eq!(health.keys.iter().filter(|key| key.last_error.is_some()).count(), FILES);
}
