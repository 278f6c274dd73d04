//! The plain versions of code that is written for speed.

use proptest::prelude::*;

use super::super::child::{Child, Glance, Place, is_plain_path, is_wanted};
use super::*;
use crate::request::decodes_to;

/// The plain version by the rules: the last segment, and the text after its last dot.
fn is_wanted_plainly(path: &[u8], types: &Types) -> bool {
    let file = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    if file.is_empty() || decodes_to(file, b".") || decodes_to(file, b"..") {
        return false;
    }
    let Types::Listed(extensions) = types else { return true };
    let mut parts = file.rsplitn(2, |&byte| byte == b'.');
    let (extension, has_dot) = (parts.next().unwrap_or_default(), parts.next().is_some());
    has_dot && extensions.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension))
}

const PIECES: &[&str] =
    &["a", "e", "E", ".", "..", "/", "%2e", "%2E", "%", ".ts", ".MP4", ".m4s", "seg-1", "ts", "é"];

fn path() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec());
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_wanted_file_is_wanted_plainly(path in path()) {
        for types in [Types::Any, listed(&["ts", "mp4", "M4S"]), listed(&["", "2e", "%2e"]), listed(&[])] {
            prop_assert_eq!(is_wanted(&path, &types), is_wanted_plainly(&path, &types));
        }
    }

    #[test]
    fn a_plain_path_needs_no_reading(
        start in "[-./~=;,_%a-zA-Z0-9]{0,40}",
        odd in proptest::option::of(any::<u8>()),
        end in "[-./_a-zA-Z0-9]{0,40}",
    ) {
        let uri = [start.as_bytes(), odd.as_slice(), end.as_bytes()].concat();
        let careful = Child::read(&uri, &carried("a=b"));
        if is_plain_path(&uri) {
            let child = careful.unwrap();
            prop_assert!(Glance::at(&uri).is_plain() && uri.is_ascii());
            prop_assert_eq!((child.place(), child.has_query()), (Place::Base, false));
        } else {
            let plain = careful.is_ok_and(|child| child.place() == Place::Base && !child.has_query());
            prop_assert!(!plain || uri.iter().any(|byte| b"&~:;<=>?#{|}".contains(byte)), "seldom told to be none");
        }
    }
}
