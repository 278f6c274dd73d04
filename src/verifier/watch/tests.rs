use std::fs;

use super::*;

/// Returns whether a new file in the folder is reported.
fn tells(folders: &mut Folders, calls: &Receiver<Call>, folder: &Path, name: &str) -> bool {
    assert!(folders.keep_to(HashSet::from([folder.to_owned()])), "{name}: a new folder");
    assert!(!folders.keep_to(HashSet::from([folder.to_owned()])), "{name}: the same folder");
    while calls.recv_timeout(Duration::from_millis(100)).is_ok() {}
    fs::write(folder.join(name), "").unwrap();
    calls.recv_timeout(Duration::from_secs(5)).is_ok()
}

#[test]
fn a_folder_that_changes_all_the_time_is_looked_at_for_a_fifth_of_it_at_most() {
    for (name, every, look, least) in [
        ("always", 2, 100, 400),
        ("just not quiet", 15, 100, 400),
        ("a little quiet", 30, 100, 400),
        ("a short look", 2, 0, 200),
    ] {
        let (call, calls) = mpsc::channel();
        let storm = thread::spawn(move || {
            while call.send(Call::Changed).is_ok() {
                thread::sleep(Duration::from_millis(every));
            }
        });
        let started = Instant::now();
        assert!(rest(&calls, Duration::from_millis(look), false).is_continue(), "{name}");
        let rested = started.elapsed();
        drop(calls);
        storm.join().unwrap();
        assert!(rested >= Duration::from_millis(least), "{name}: {rested:?}");
    }
}

#[test]
fn a_rest_ends_at_once_when_the_watch_is_dropped() {
    let (call, calls) = mpsc::channel();
    for long in [Duration::ZERO, Duration::from_mins(1)] {
        call.send(Call::Changed).unwrap();
        call.send(Call::Stop).unwrap();
        let started = Instant::now();
        assert!(rest(&calls, long, false).is_break());
        assert!(started.elapsed() < Duration::from_secs(10), "{long:?}");
    }
}

#[test]
fn a_folder_that_took_the_place_of_another_is_told_of() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    let (call, calls) = mpsc::channel();
    let mut folders = Folders::new(call).unwrap();
    for name in ["keys", "next"] {
        fs::create_dir(path(name)).unwrap();
    }
    assert!(tells(&mut folders, &calls, &path("keys"), "1"), "at first");
    fs::rename(path("keys"), path("last")).unwrap();
    fs::rename(path("next"), path("keys")).unwrap();
    assert!(tells(&mut folders, &calls, &path("keys"), "2"), "replaced by a rename");
    fs::remove_dir_all(path("keys")).unwrap();
    fs::create_dir(path("keys")).unwrap();
    assert!(tells(&mut folders, &calls, &path("keys"), "3"), "deleted and made again");
    fs::remove_dir_all(path("keys")).unwrap();
    assert!(!folders.keep_to(HashSet::from([path("keys")])), "no folder");
    fs::create_dir(path("keys")).unwrap();
    assert!(tells(&mut folders, &calls, &path("keys"), "4"), "gone for a while");
}
