use std::time::Duration;

use super::*;

const SITE: &str = "version = 1\n[[site]]\nhosts = [\"a.example\"]\nserves = { bucket = \"vod\" }\n";

#[test]
fn a_file_is_taken_up_when_it_has_been_the_same_for_a_while_however_often_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("playgate.toml");
    std::fs::write(&path, SITE).unwrap();
    let verifier = Verifier::from_file(&path).unwrap();
    let start = Instant::now();
    let soon = Duration::from_millis(20);
    let look = |name: &str, after: Duration, settling: bool, sites: usize| {
        assert_eq!(verifier.refresh(start + after), settling, "{name}: settling");
        assert_eq!(verifier.snapshot().policy().sites().count(), sites, "{name}: sites");
    };
    look("nothing changed", Duration::ZERO, false, 1);
    std::fs::write(&path, SITE.replace("1\n", "1\n\n")).unwrap();
    look("it changes", soon, true, 1);
    let two = format!("{SITE}{}", &SITE["version = 1\n".len()..].replace("a.ex", "b.ex"));
    std::fs::write(&path, &two).unwrap();
    look("it changes again", soon * 2, true, 1);
    look("something else changes", soon * 3, true, 1);
    look("and once more", soon * 2 + SETTLING / 2, true, 1);
    look("it was the same for a while", soon * 2 + SETTLING, false, 2);
    std::fs::write(&path, SITE).unwrap();
    look("it changes back", soon * 20, true, 2);
    std::fs::remove_file(&path).unwrap();
    look("it is gone", soon * 21, false, 2);
    std::fs::write(&path, SITE).unwrap();
    look("what it was is back", soon * 22, false, 1);
}
