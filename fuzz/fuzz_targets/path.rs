//! A path that passes has one reading: decoded once by a plain library it is what we read, decoded again it has no
//! fault, and a URL library resolves it to itself.

#![no_main]

mod bounds;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, percent_encode};
use playgate::request::{PathBuffer, RequestPath};

fuzz_target!(|raw: &[u8]| {
    let mut buffer = PathBuffer::new();
    let Ok(path) = Bounds::NO_HEAP.check(raw.len(), || RequestPath::parse(raw, &mut buffer)) else { return };
    let path = path.as_bytes();

    let decoded: Vec<u8> = percent_decode(raw).collect();
    assert_eq!(path, decoded);
    check(raw, path);

    // Decoded again, for as long as that changes anything.
    let mut current = decoded;
    loop {
        let again: Vec<u8> = percent_decode(&current).collect();
        check(raw, &again);
        if again == current {
            break;
        }
        current = again;
    }

    // Encoded from scratch it is the same path.
    let encoded: Vec<String> = path
        .split(|&byte| byte == b'/')
        .map(|part| percent_encode(part, NON_ALPHANUMERIC).to_string())
        .collect();
    let encoded = encoded.join("/");
    let mut buffer = PathBuffer::new();
    if encoded.len() <= playgate::request::MAX_PATH_LEN {
        let same = RequestPath::parse(encoded.as_bytes(), &mut buffer).expect("passes however it is spelled");
        assert_eq!(same.as_bytes(), path);
    }

    // A URL parser ends a path at these, and trims spaces at the end.
    if let Ok(text) = std::str::from_utf8(raw)
        && !text.contains(['?', '#', ' '])
    {
        let url = url::Url::parse(&format!("http://host.example{text}")).expect("a path");
        assert_eq!(percent_decode(url.path().as_bytes()).collect::<Vec<u8>>(), path);
    }
});

/// What no reading of a path may have.
fn check(raw: &[u8], reading: &[u8]) {
    let text = std::str::from_utf8(reading).expect("UTF-8");
    assert!(text.starts_with('/'));
    assert!(!text.contains('\\') && !text.chars().any(char::is_control));
    assert_eq!(text.matches('/').count(), raw.iter().filter(|&&byte| byte == b'/').count());
    assert!(!text.contains("//"));
    assert!(!text.split('/').any(|segment| matches!(segment, "." | "..")));
}
