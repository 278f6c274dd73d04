//! Rewriting a manifest allocates nothing, once the output and what is held back have room.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::StreamBody;
use playgate::manifest::{Carried, Format, Hosts, Parameters, Rewriter, Types};
use playgate::mint::Signer;
use playgate::request::{Host, HostBuffer};
use playgate::{Key, KeyScope, Scope, Site, Verifier};
use tower::{Layer as _, ServiceExt as _};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

struct NoOther;

impl Hosts for NoOther {
    fn is_own(&self, _: &[u8]) -> bool {
        false
    }
}

fn carried() -> Carried {
    let parameters = Parameters::choose(b"auth=a.b.c&x='$", |_| true).unwrap();
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

#[test]
fn rewriting_a_whole_manifest_allocates_nothing() {
    for (format, input) in [(Format::Hls, playlist()), (Format::Dash, mpd())] {
        for chunk in [input.len(), 1024, 100, 7] {
            let mut out = Vec::new();
            let mut rewriter = Rewriter::new(format, carried());
            // The first part makes the room: for what is held back, for names, for what a URI decodes to.
            let (first, rest) = input.split_at(1000);
            first.chunks(1).for_each(|chunk| rewriter.push(chunk, &mut out));
            out.reserve(input.len() * 4);
            let counted = measure(|| {
                rest.chunks(chunk).for_each(|chunk| rewriter.push(chunk, &mut out));
                rewriter.finish(&mut out);
            });
            assert_eq!(counted.count_total, 0, "{format:?} in chunks of {chunk}");
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
    let answer = pin!(verifier.layer().layer(inner).oneshot(request)).poll(&mut context);
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
