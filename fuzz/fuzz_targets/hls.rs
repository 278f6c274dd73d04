//! A playlist gets insertions and nothing else, however it is cut; the same lines, the same tags.

#![no_main]

mod rewriting;

use libfuzzer_sys::fuzz_target;
use playgate::manifest::Format;

fuzz_target!(|raw: &[u8]| {
    let Some((input, out)) = rewriting::rewritten(Format::Hls, raw) else { return };
    let count = |text: &[u8], wanted: u8| text.iter().filter(|&&byte| byte == wanted).count();
    for byte in *b"\n\r\"#{}\\ ," {
        assert_eq!(count(&out, byte), count(input, byte));
    }
    // A line with parameters on it leads to the request's own host, by a plain reading.
    for line in out.split(|&byte| byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        if line.starts_with('#') || !line.contains("pgkey=") || line.contains("{$") {
            continue;
        }
        let base = url::Url::parse("https://own.example/a/b.m3u8").expect("a URL");
        let url = base.join(line).expect("what gets parameters is a URL");
        assert!(matches!(url.host_str(), Some("own.example" | "own.example." | "media.example.com" | "media.example.com.")), "{line}");
        assert_eq!(url.scheme(), "https", "{line}");
        assert_eq!(url.query_pairs().filter(|(name, _)| name == "pgkey").count(), 1, "{line}");
    }
});
