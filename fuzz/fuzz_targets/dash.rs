//! An MPD gets insertions and nothing else, however it is cut; what a plain parser takes for well-formed stays so.

#![no_main]

mod rewriting;

use libfuzzer_sys::fuzz_target;
use playgate::manifest::Format;
use quick_xml::Reader;
use quick_xml::events::Event;

fuzz_target!(|raw: &[u8]| {
    let Some((input, out)) = rewriting::rewritten(Format::Dash, raw) else { return };
    if let Some(events) = well_formed(input) {
        assert_eq!(well_formed(&out), Some(events), "{}", String::from_utf8_lossy(&out));
    }
});

/// How many events a document without document type has, and how many attributes, if it is well-formed.
fn well_formed(text: &[u8]) -> Option<(usize, usize)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut reader = Reader::from_str(text);
    let (mut events, mut attributes) = (0, 0);
    loop {
        events += 1;
        match reader.read_event().ok()? {
            Event::Eof => return Some((events, attributes)),
            Event::DocType(_) => return None,
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    quick_xml::escape::unescape(std::str::from_utf8(&attribute.ok()?.value).ok()?).ok()?;
                    attributes += 1;
                }
            }
            // An `&amp;` is an event of its own to some versions: a reference is part of the text.
            Event::Text(_) | Event::GeneralRef(_) => events -= 1,
            _ => {}
        }
    }
}
