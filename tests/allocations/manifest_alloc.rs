//! Rewriting a playlist allocates nothing once the output and the incomplete line have room, and the memory of any manifest is
//! bounded.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::StreamBody;
use playgate::adapters::tower::GateLayer;
use playgate::manifest::{Carried, Format, Hosts, MAX_SLICE, Parameters, Port, Rewriter, Types};
use playgate::mint::Signer;
use playgate::request::{Host, HostBuffer};
use playgate::site::Forward;
use playgate::{Key, KeyScope, Scope, Site, Verifier};
use tower::{Layer as _, ServiceExt as _};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

struct NoOther;

impl Hosts for NoOther {
    fn is_own(&self, _: &[u8], _: Port) -> bool {
        false
    }
}

fn carried() -> Carried {
    let parameters = Parameters::choose(b"auth=a.b.c&x='$", |_| true).unwrap().unwrap();
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"own.example", &mut buffer).unwrap();
    Carried::new(parameters.into(), Types::Any.into(), Arc::new(NoOther), host, true)
}

/// Longer than any line and any tag behind it.
const LONGEST: usize = 300;

fn playlist() -> Vec<u8> {
    let mut text = format!("#EXTM3U\n#{}\n#EXT-X-MAP:URI=\"init.mp4\"\n", "x".repeat(LONGEST)).into_bytes();
    for number in 0..1000 {
        text.extend_from_slice(
            format!("#EXTINF:4.000,\nhttps://Own.example/v/seg-{number}.m4s?x=1\n").as_bytes(),
        );
    }
    text
}

fn mpd() -> Vec<u8> {
    let start = "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>";
    let mut text = format!("{start}{}/</BaseURL><Period>", "x".repeat(LONGEST)).into_bytes();
    for number in 0..1000 {
        let list = "<BaseURL>a.mp4?y&amp;z</BaseURL><SegmentTemplate media=\"$Time$.m4s\"><S d=\"4\"/></SegmentTemplate>";
        let set = format!("<AdaptationSet id=\"{number}\" xmlns:x=\"y\">{list}</AdaptationSet>");
        text.extend_from_slice(set.as_bytes());
    }
    text.extend_from_slice(b"</Period></MPD>\n");
    text
}

fn push(rewriter: &mut Rewriter, mut chunk: &[u8], out: &mut Vec<u8>) {
    while !chunk.is_empty() {
        chunk = &chunk[rewriter.push(chunk, out)..];
    }
}

#[test]
fn rewriting_a_whole_manifest_allocates_nothing_but_room_for_an_mpd() {
    for (format, input) in [(Format::Hls, playlist()), (Format::Dash, mpd())] {
        for chunk in [input.len(), 1024, 100, 7] {
            let mut out = Vec::new();
            let mut rewriter = Rewriter::new(format, carried());
            // The first part makes the room: for what is held back, for names, for what a URI decodes to.
            let (first, rest) = input.split_at(1000);
            first.chunks(1).for_each(|chunk| push(&mut rewriter, chunk, &mut out));
            out.reserve(input.len() * 4);
            let counted = measure(|| {
                rest.chunks(chunk).for_each(|chunk| push(&mut rewriter, chunk, &mut out));
                while !rewriter.finish(&mut out) {}
            });
            // The room for a document, and for what is found in it, grows by doubling.
            let room = if format == Format::Dash { 40 } else { 0 };
            assert!(counted.count_total <= room, "{format:?} in chunks of {chunk}: {}", counted.count_total);
            assert_eq!(rewriter.doubt(), None);
            assert!(out.len() > input.len() + 1000 * 10);
        }
    }
}

/// Through the layer a frame costs the bytes that it leaves as, and nothing else.
#[test]
fn each_frame_of_a_body_allocates_one_buffer() {
    let signer = Signer::from_secret("k", SECRET).unwrap();
    let token = signer.token(Scope::whole_bucket()).sign().unwrap();
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").host("own.example"))
        .key(Key::from_secret("k", SECRET, KeyScope::bucket("vod")).unwrap())
        .build()
        .unwrap();
    let text = Bytes::from(playlist());
    let frames = (0..text.len()).step_by(4096).map(|at| text.slice(at..text.len().min(at + 4096)));
    let frames: Vec<_> = frames.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk))).collect();
    let count = frames.len();
    let body = Arc::new(Mutex::new(Some(StreamBody::new(futures_util::stream::iter(frames)))));
    let inner = tower::service_fn(move |_: Request<()>| {
        let response = Response::new(body.lock().unwrap().take().unwrap());
        async { Ok::<_, Infallible>(response) }
    });
    let request = Request::get(token.url("/media.m3u8")).header("host", "own.example").body(()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let answer = pin!(GateLayer::new(verifier.clone()).layer(inner).oneshot(request)).poll(&mut context);
    let Poll::Ready(Ok(response)) = answer else { panic!("an inner service that answers at once") };
    let mut body = pin!(response.into_body());
    let mut counts = Vec::new();
    loop {
        let mut frame = None;
        let counted = measure(|| frame = Some(body.as_mut().poll_frame(&mut context))).count_total;
        match frame.unwrap() {
            Poll::Ready(Some(Ok(frame))) => assert!(!frame.into_data().unwrap().is_empty()),
            Poll::Ready(None) => break,
            other => panic!("{other:?}"),
        }
        counts.push(counted);
    }
    assert_eq!(counts.len(), count);
    // The first ones make room for what leaves with the following ones, and for a line that is cut.
    let (grown, settled) = counts.split_at(4);
    assert!(grown.iter().all(|&count| count <= 16), "{counts:?}");
    assert!(settled.iter().all(|&count| count == 1), "{counts:?}");
}

/// The maximum memory for a playlist: the incomplete line, the parameters, the slice being written (with the capacity of a
/// vector that doubles), and the slice that leaves.
const PLAYLIST_COST: u64 = 512 << 10;

/// The maximum memory for an MPD, which is there as a whole, and once more while its capacity grows.
const MPD_COST: u64 = PLAYLIST_COST + 2 * (1 << 20);

/// Returns the peak of memory for one request and its whole answer, whose slices are dropped as they leave, and the length of
/// the answer.
fn cost(path: &str, manifest: &[Bytes]) -> (u64, usize) {
    let frames: Vec<_> =
        manifest.iter().map(|frame| Ok::<_, Infallible>(Frame::data(frame.clone()))).collect();
    let body = Arc::new(Mutex::new(Some(StreamBody::new(futures_util::stream::iter(frames)))));
    let inner = tower::service_fn(move |_: Request<()>| {
        let response = Response::new(body.lock().unwrap().take().unwrap());
        async { Ok::<_, Infallible>(response) }
    });
    let site = Site::bucket("vod").host("own.example").public().forward(Forward::except_keys(["x"]));
    let verifier = Verifier::builder().site(site).build().unwrap();
    let gated = GateLayer::new(verifier.clone()).layer(inner);
    // As much as can be carried, and the same again and again up to what a server accepts.
    let query = vec![format!("a={}", "y".repeat(8000)); 7].join("&");
    let request = Request::get(format!("{path}?{query}")).header("host", "own.example").body(()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut length = 0;
    let counted = measure(|| {
        let answer = pin!(gated.oneshot(request)).poll(&mut context);
        let Poll::Ready(Ok(response)) = answer else { panic!("an inner service that answers at once") };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) {
            let slice = frame.into_data().unwrap();
            assert!(!slice.is_empty() && slice.len() <= MAX_SLICE, "{path}: a slice of {}", slice.len());
            length += slice.len();
        }
        assert!(body.is_end_stream());
    });
    (counted.bytes_max, length)
}

#[test]
fn what_a_manifest_costs_at_once_is_bounded_whatever_it_holds_and_however_it_comes() {
    let of = |start: &str, piece: &str, end: &str, size: usize| {
        format!("{start}{}{end}", piece.repeat((size - start.len() - end.len()) / piece.len()))
    };
    let mib = 1 << 20;
    let (hls, dash) = ("/a.m3u8", "/a.mpd");
    for (name, path, manifest, most, grows) in [
        ("short names", hls, of("#EXTM3U\n", "a\n", "", 56_000), PLAYLIST_COST, true),
        ("long playlist", hls, of("#EXTM3U\n", "#EXTINF:4,\na.ts\n", "", 4 * mib), PLAYLIST_COST, true),
        ("comments", hls, of("#EXTM3U\n", "#\n", "", 4 * mib), PLAYLIST_COST, false),
        ("no line end", hls, of("#EXTM3U\n", "a", "", 4 * mib), PLAYLIST_COST, false),
        (
            "long lines",
            hls,
            of("#EXTM3U\n", &format!("{}\n", "a/b".repeat(21_000)), "", mib),
            PLAYLIST_COST,
            true,
        ),
        (
            "one line of URIs",
            hls,
            of("#EXTM3U\n#EXT-X-MAP:", "URI=\"a\",", "\n", 60_000),
            PLAYLIST_COST,
            false,
        ),
        ("short elements", dash, of("<MPD>", "<SegmentURL media='a'/>", "</MPD>", 56_000), MPD_COST, true),
        ("long MPD", dash, of("<MPD>", "<SegmentURL media='a' index='b'/>", "</MPD>", mib), MPD_COST, true),
        ("one comment", dash, of("<MPD><BaseURL>a</BaseURL><!--", "x", "--></MPD>", mib), MPD_COST, true),
        ("one tag", dash, of("<MPD><a b='", "x", "'/></MPD>", mib), MPD_COST, false),
        ("too long an MPD", dash, of("<MPD>", "<SegmentURL media='a'/>", "</MPD>", 4 * mib), MPD_COST, false),
    ] {
        let whole = Bytes::from(manifest);
        let lengths = [whole.len(), 16 << 10, 1000].map(|chunk| {
            let frames =
                (0..whole.len()).step_by(chunk).map(|at| whole.slice(at..whole.len().min(at + chunk)));
            let (cost, length) = cost(path, &frames.collect::<Vec<_>>());
            assert!(cost <= most, "{name} in frames of {chunk} bytes: {cost} bytes at once");
            length
        });
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{name}: {lengths:?}");
        assert_eq!(lengths[0] > whole.len(), grows, "{name}: nothing is lost, and only URIs get anything");
    }
}
