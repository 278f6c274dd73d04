//! A rewritten manifest reads like the original: independent parsers find the parameters in every URI that is ours,
//! once, and nothing else changed.
//!
//! The corpus in `tests/data/manifests` says by its names what is expected: URIs with `own-` in them are ours. Each
//! manifest is read before and after by m3u8-rs and hls.js, or dash-mpd and Shaka Player; what they made of it, URIs
//! resolved, is compared line by line. Without Node or the players under it (`npm install --prefix tests/players`) the
//! parsers in Rust read alone; with `PLAYGATE_REQUIRE_SERVICES=1` that fails.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::players::{installed, node};
use playgate::manifest::{Carried, Doubt, Format, Hosts, Parameters, Port, Reason, Rewriter, Types};
use playgate::request::{Host, HostBuffer};
use serde_json::json;

/// What is carried: a token, and bytes that mean something in XML, in templates and to URL parsers.
const PARAMETERS: &str = "auth=eyJh.eyJ1-_.c2ln&k='($1)";
/// As templates spell it, and as the URL standard does.
const SPELLINGS: [&str; 3] =
    [PARAMETERS, "auth=eyJh.eyJ1-_.c2ln&k='($$1)", "auth=eyJh.eyJ1-_.c2ln&k=%27($1)"];

/// A `sidx` box with two subsegments (ISO/IEC 14496-12 §8.16.3).
const INDEX: &str = "base64,AAAAOHNpZHgAAAAAAAAAAQAAA+gAAAAAAAAAAAAAAAIAABOIAAAXcJAAAAAAABOIAAAXcJAAAAA=";

/// What parsers make of a manifest that was asked for as this URL, as lines.
type Read = fn(&str, &str) -> Vec<String>;

/// A manifest, and what tells its URIs that are ours.
struct Manifest {
    name: String,
    text: String,
    own: &'static [&'static str],
}

impl Manifest {
    fn format(&self) -> Format {
        let (_, extension) = self.name.rsplit_once('.').unwrap();
        Format::of_extension(extension.as_bytes()).unwrap()
    }

    fn url(&self) -> String {
        format!("https://cdn.example.com/v/{}", self.name)
    }

    fn rewritten(&self) -> String {
        rewritten(self.format(), &self.text)
    }

    fn is_own(&self, text: &str) -> bool {
        self.own.iter().any(|own| text.contains(own))
    }

    /// The file names of its URIs that are ours, as they stand in it.
    fn own_names(&self) -> BTreeSet<String> {
        let is_end = |c: char| !(c.is_ascii_alphanumeric() || "-_.$%".contains(c));
        self.text.split(is_end).filter(|word| word.starts_with("own-")).map(str::to_owned).collect()
    }
}

/// Shaka Player knows no prefix for elements, and takes `xlink:href` with its entities as they stand.
const SHAKA_CANNOT: &[&str] = &["prefixed.mpd", "xlink.mpd"];
/// Templates are filled in when it tells of them, and the others are not asked for at once.
const SHAKA_UNREAD: &[&str] = &[
    "own-$RepresentationID$-$Number$.m4s",
    "own-$RepresentationID$-$Time%06d$.m4s",
    "own-$RepresentationID$-init.mp4",
    "own-2.sidx",
    "own-init-$RepresentationID$.mp4",
    "own-live.mpd",
    "own-patch.mpp",
    "own-remote.period",
    "own-steering.json",
];

struct Media;

impl Hosts for Media {
    fn is_own(&self, host: &[u8], port: Port) -> bool {
        host == b"media.example.com" && port.is_default()
    }
}

fn rewritten(format: Format, text: &str) -> String {
    let parameters = Parameters::choose(PARAMETERS.as_bytes(), |_| true).unwrap().unwrap();
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"cdn.example.com", &mut buffer).unwrap();
    let carried = Carried::new(parameters.into(), Types::Any.into(), Arc::new(Media), host, true);
    let mut rewriter = Rewriter::new(format, carried);
    let mut out = Vec::new();
    for chunk in text.as_bytes().chunks(7) {
        assert_eq!(rewriter.push(chunk, &mut out), chunk.len());
    }
    while !rewriter.finish(&mut out) {}
    let doubt = rewriter.doubt().map(Doubt::reason);
    assert_eq!(doubt, text.contains("<Location>https://other.example/").then_some(Reason::ForeignBase));
    String::from_utf8(out).unwrap()
}

/// The corpus, and the sample that the examples serve.
fn corpus(format: Format) -> Vec<Manifest> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("tests/data/manifests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .collect();
    files.sort();
    let media = root.join("examples/media/videos/1");
    let samples = ["master.m3u8", "180p/index.m3u8", "dash/manifest.mpd"].map(|name| media.join(name));
    let read = |path: &PathBuf, own| Manifest {
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(path).unwrap(),
        own,
    };
    let corpus = files.iter().map(|path| read(path, &["own-"][..]));
    let samples = samples.iter().map(|path| read(path, &["p/index.m3u8", "seg-", "init-"][..]));
    let all: Vec<Manifest> = corpus.chain(samples).filter(|manifest| manifest.format() == format).collect();
    assert!(all.len() > 4);
    all
}

#[test]
fn m3u8_rs_reads_every_playlist_alike() {
    // It keeps one DATERANGE of a segment, and no tag that no segment follows.
    let unread = ["own-269.0.m4s", "own-269.1.m4s", "own-270.0.m4s", "own-270.1.m4s", "own-ad.m3u8"];
    reads_alike("m3u8-rs", Format::Hls, m3u8_rs, &unread);
}

#[test]
fn dash_mpd_reads_every_mpd_alike() {
    // It has no place for ContentSteering.
    reads_alike("dash-mpd", Format::Dash, dash_mpd, &["own-steering.json"]);
}

#[test]
fn hls_js_reads_every_playlist_alike() {
    if installed("hls.js") {
        reads_alike("hls.js", Format::Hls, hls_js, &[]);
    }
}

#[test]
fn shaka_player_reads_every_mpd_alike() {
    if installed("shaka-player") {
        reads_alike("Shaka Player", Format::Dash, shaka, SHAKA_UNREAD);
    }
}

fn m3u8_rs(text: &str, _: &str) -> Vec<String> {
    // It knows no byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    shown(&m3u8_rs::parse_playlist_res(text.as_bytes()).unwrap())
}

fn dash_mpd(text: &str, _: &str) -> Vec<String> {
    shown(&dash_mpd_core::parse(text).unwrap())
}

fn hls_js(text: &str, url: &str) -> Vec<String> {
    node("hls.js", &[url], text)
}

fn shaka(text: &str, url: &str) -> Vec<String> {
    let stored = json!({
        url: text,
        "https://cdn.example.com/v/own-video.sidx": INDEX,
        "https://cdn.example.com/low/own-low.mp4": INDEX,
    });
    node("shaka.js", &[url], &stored.to_string())
}

fn shown(parsed: &impl Debug) -> Vec<String> {
    format!("{parsed:#?}").lines().map(str::to_owned).collect()
}

/// Reads the corpus before and after. `unread` are the names of ours that the parser has no use for.
fn reads_alike(parser: &str, format: Format, read: Read, unread: &[&str]) {
    let mut seen = BTreeSet::new();
    for manifest in corpus(format) {
        if parser == "Shaka Player" && SHAKA_CANNOT.contains(&manifest.name.as_str()) {
            continue;
        }
        let (url, name) = (manifest.url(), &manifest.name);
        let before = read(&manifest.text, &url);
        let after = read(&manifest.rewritten(), &url);
        let mut stripped = Vec::new();
        for line in &after {
            let (line, count) = without_parameters(line);
            let expected = usize::from(manifest.is_own(&line));
            assert_eq!(count, expected, "{parser}, {name}: {line}");
            stripped.push(line);
        }
        assert_eq!(sorted(&stripped), sorted(&before), "{parser}, {name}");
        let all = before.join("\n");
        seen.extend(manifest.own_names().into_iter().filter(|name| all.contains(name.as_str())));
    }
    let there: BTreeSet<String> = corpus(format).iter().flat_map(Manifest::own_names).collect();
    let missed: Vec<&String> = there.difference(&seen).collect();
    assert_eq!(missed, unread, "{parser} is said to read all the others");
}

/// Some parsers keep attributes in a map without order.
fn sorted(lines: &[String]) -> Vec<&String> {
    let mut sorted: Vec<&String> = lines.iter().collect();
    sorted.sort();
    sorted
}

/// A line without our parameters, and how often they were there: each time behind the right sign, and at the end of
/// their URI or before its fragment.
fn without_parameters(line: &str) -> (String, usize) {
    let (mut rest, mut count) = (line.to_owned(), 0);
    for spelling in SPELLINGS {
        while let Some(at) = rest.find(spelling) {
            let (before, after) = (&rest[..at], &rest[at + spelling.len()..]);
            let uri = before.rsplit(['"', ' ', '<', '>']).next().unwrap();
            let join = if uri[..uri.len() - 1].contains('?') { '&' } else { '?' };
            assert!(before.ends_with(join), "behind another sign than {join}: {line}");
            let ends = after.is_empty() || after.starts_with(['"', '\\', '#', ' ', '<']);
            assert!(ends, "not at the end of the URI: {line}");
            rest = format!("{}{after}", &before[..at - 1]);
            count += 1;
        }
    }
    (rest, count)
}
