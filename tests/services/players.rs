//! A rewritten manifest plays: ffmpeg, hls.js and Shaka Player get from the first URL, which alone is signed, to the end
//! of the sample, and the origin refuses none of their requests.
//!
//! A player that is missing skips its tests, with a message; with `PLAYGATE_REQUIRE_SERVICES=1` they fail instead.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::browser::Browser;
use crate::support::players::{folder, found, installed, node};
use crate::support::{NOW, behind, gate, token};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use playgate::adapters::tower::GateLayer;
use playgate::mint::LinkSigner;
use playgate::schemes::link::{Covers, SecureLink};
use playgate::site::Forward;
use playgate::time::UnixSeconds;
use playgate::{Site, Verifier};
use serde_json::json;
use tokio::net::TcpListener;
use tower_http::services::{ServeDir, ServeFile};

const HLS: &str = "/videos/1/master.m3u8";
/// Its segments lie beside it, so that a link for its directory opens them.
const HLS_MEDIA: &str = "/videos/1/180p/index.m3u8";
const DASH: &str = "/videos/1/dash/manifest.mpd";
/// Of each picture in the sample: 12 seconds, 25 frames each.
const FRAMES: usize = 300;

/// A protected origin on a real socket, and what it was asked for.
struct Origin {
    address: SocketAddr,
    answers: Arc<Mutex<Vec<(u16, String)>>>,
}

impl Origin {
    async fn start(verifier: Verifier, inner: Router) -> Self {
        let answers = Arc::<Mutex<Vec<_>>>::default();
        let seen = Arc::clone(&answers);
        let record = middleware::from_fn(move |request: Request, next: Next| {
            let seen = Arc::clone(&seen);
            async move {
                let target = request.uri().to_string();
                let answer = next.run(request).await;
                seen.lock().unwrap().push((answer.status().as_u16(), target));
                answer
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = inner.layer(GateLayer::new(verifier.clone())).layer(record);
        let make = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, make).into_future());
        Self { address, answers }
    }

    /// The sample, and the page that plays it.
    async fn of_sample(verifier: Verifier) -> Self {
        let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/media");
        let router = Router::new()
            .route_service("/page/players.html", ServeFile::new(folder().join("page.html")))
            .nest_service("/page/modules", ServeDir::new(folder().join("node_modules")))
            .fallback_service(ServeDir::new(media));
        Self::start(verifier, router).await
    }

    fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// What was refused since the last time, and how much was granted.
    fn refused(&self) -> (Vec<(u16, String)>, usize) {
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        let all = answers.len();
        let refused: Vec<_> =
            answers.into_iter().filter(|(status, _)| !matches!(status, 200 | 206)).collect();
        let granted = all - refused.len();
        (refused, granted)
    }
}

fn site() -> Site {
    Site::bucket("vod").host("127.0.0.1").public_paths(["page/"])
}

fn signed(target: &str) -> String {
    format!("{target}?auth={}", token("videos/1/"))
}

/// An origin that takes links for directories, and how it signs them.
async fn linked() -> (Origin, impl Fn(&str) -> String) {
    let link = SecureLink::gcore("a shared secret").covers(Covers::Directory);
    let signer = LinkSigner::new(&link).unwrap();
    let origin = Origin::of_sample(gate().site(site().secure_link(link)).build().unwrap()).await;
    (origin, move |target| signer.link(target).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap())
}

/// Whether ffmpeg came to the end by itself, and each packet that it read: stream, times, size and checksum.
fn ffmpeg(url: &str) -> (bool, Vec<String>) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i", url, "-map", "0", "-c", "copy", "-f", "framecrc", "-"])
        .env("no_proxy", "*")
        .output()
        .unwrap();
    let packets = String::from_utf8(output.stdout).unwrap();
    let packets = packets.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    (output.status.success() && output.stderr.is_empty(), packets)
}

/// Plays a signed URL, and what that must not be mistaken for: without its signature, and unprotected.
fn plays_in_ffmpeg(origin: &Origin, open: &Origin, target: &str, signed: &str, pictures: usize) {
    let (ended, packets) = ffmpeg(&origin.url(signed));
    let (refused, granted) = origin.refused();
    assert!(ended, "{target}: {refused:?}");
    assert_eq!(refused, [], "{target}");
    assert!(granted > 4, "{target}: {granted} requests");
    let frames = packets.iter().filter(|packet| packet.starts_with("0,")).count();
    assert_eq!(frames, FRAMES, "{target}");
    let (_, unprotected) = ffmpeg(&open.url(target));
    assert_eq!(packets, unprotected, "{target}");
    let streams: BTreeSet<&str> = packets.iter().map(|packet| packet.split_once(',').unwrap().0).collect();
    assert_eq!(streams.len(), pictures, "{target}");
    assert_eq!(ffmpeg(&origin.url(target)), (false, Vec::new()), "{target} without its signature");
    origin.refused();
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_plays_a_signed_url_to_its_end() {
    if !found("ffmpeg") {
        return;
    }
    let origin = Origin::of_sample(behind(site())).await;
    let open = Origin::of_sample(behind(site().public())).await;
    plays_in_ffmpeg(&origin, &open, HLS, &signed(HLS), 4);
    plays_in_ffmpeg(&origin, &open, DASH, &signed(DASH), 3);
    let (linked, sign) = linked().await;
    plays_in_ffmpeg(&linked, &open, HLS_MEDIA, &sign(HLS_MEDIA), 2);
    plays_in_ffmpeg(&linked, &open, DASH, &sign(DASH), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_forwarding_ffmpeg_is_refused_the_first_child() {
    if !found("ffmpeg") {
        return;
    }
    let origin = Origin::of_sample(behind(site().forward(Forward::off()))).await;
    for target in [HLS, DASH] {
        let (ended, packets) = ffmpeg(&origin.url(&signed(target)));
        assert!(!ended && packets.is_empty(), "{target}");
        let (refused, granted) = origin.refused();
        assert_eq!(granted, 1, "{target}: the manifest alone");
        assert!(refused.iter().all(|(status, _)| *status == 401) && !refused.is_empty(), "{refused:?}");
    }
}

/// Plays all of them on one page to their end.
fn plays_in_chromium(browser: &Browser, origin: &Origin, targets: &[String]) {
    origin.refused();
    let fragment = json!(targets).to_string().replace('%', "%25").replace('"', "%22");
    browser.open(&origin.url(&format!("/page/players.html#{fragment}")));
    let players = "const players = [...document.querySelectorAll('video')];
        const settled = (p) => ['ended', 'failed', 'unavailable'].includes(p.dataset.state);";
    browser.wait_until(
        "every player came to an end",
        &format!("{players} return players.length === {} && players.every(settled)", targets.len()),
    );
    let ended = "return players.map((p) => [p.title, p.dataset.state, p.duration > 11.9])";
    let ended = browser.run(&format!("{players} {ended}"));
    let (refused, granted) = origin.refused();
    let expected: Vec<_> = targets.iter().map(|target| json!([target, "ended", true])).collect();
    assert_eq!(ended, json!(expected), "{}\n{refused:?}", browser.run("return document.body.innerText"));
    let refused: Vec<_> = refused.iter().filter(|(_, target)| target != "/favicon.ico").collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert!(granted > 3 + 5 * targets.len(), "{granted} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_a_signed_url_to_its_end_without_hooks() {
    let installed = installed("hls.js") && installed("shaka-player");
    if !(installed && Browser::is_there()) {
        return;
    }
    let browser = Browser::start();
    let origin = Origin::of_sample(behind(site())).await;
    plays_in_chromium(&browser, &origin, &[signed(HLS), signed(DASH)]);
    let (origin, sign) = linked().await;
    plays_in_chromium(&browser, &origin, &[sign(HLS_MEDIA), sign(DASH)]);
}

/// An MPD that grows by a segment with each request, and patches to it.
fn growing() -> Router {
    const HEAD: &str = r#"<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" id="live" type="dynamic" profiles="urn:mpeg:dash:profile:isoff-live:2011" availabilityStartTime="2025-11-01T12:00:00Z" publishTime="2025-11-01T12:00:00Z" minimumUpdatePeriod="PT1S" minBufferTime="PT2S">"#;
    const SEGMENTS: &str = r#"<Period id="p1" start="PT0S"><AdaptationSet id="1" contentType="video" mimeType="video/mp4"><SegmentTemplate timescale="1" initialization="init.mp4" media="seg-$Number$.m4s"><SegmentTimeline><S t="0" d="2" r="{n}"/></SegmentTimeline></SegmentTemplate><Representation id="v" codecs="avc1.4d401e" bandwidth="800000"/></AdaptationSet></Period></MPD>"#;
    const PATCH: &str = r#"<Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020" mpdId="live" originalPublishTime="2025-11-01T12:00:00Z" publishTime="2025-11-01T12:00:00Z"><replace sel="/MPD/PatchLocation[1]"><PatchLocation xmlns="urn:mpeg:dash:schema:mpd:2011">../live/patch.mpp?n={n}</PatchLocation></replace><add sel="/MPD/Period[@id='p1']/AdaptationSet[@id='1']/SegmentTemplate/SegmentTimeline"><S xmlns="urn:mpeg:dash:schema:mpd:2011" d="2"/></add></Patch>"#;
    let count = Arc::new(AtomicUsize::new(0));
    Router::new().fallback(move |request: Request| {
        let n = count.fetch_add(1, Ordering::Relaxed).to_string();
        let refresh = match request.uri().path() {
            "/live/patch.mpp" => return std::future::ready(PATCH.replace("{n}", &n)),
            "/live/patched.mpd" => "<PatchLocation>patch.mpp?n={n}</PatchLocation>",
            _ => "<Location>/live/moved.mpd?session=7&amp;n={n}</Location>",
        };
        std::future::ready(format!("{HEAD}{refresh}{SEGMENTS}").replace("{n}", &n))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_mpd_keeps_the_credential_through_location_and_patch() {
    if !installed("shaka-player") {
        return;
    }
    let origin = Origin::start(behind(site()), growing()).await;
    let token = token("live/");
    for (first, then) in
        [("/live/manifest.mpd", "/live/moved.mpd?session=7&n="), ("/live/patched.mpd", "/live/patch.mpp?n=")]
    {
        let url = origin.url(&format!("{first}?auth={token}"));
        let lines = tokio::task::spawn_blocking(move || node("shaka.js", &[&url, "3"], "")).await.unwrap();
        let (refused, granted) = origin.refused();
        assert_eq!((refused, granted), (Vec::new(), 4), "{first}");
        let asked: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("asked 200 ")).collect();
        assert_eq!(asked.len(), 4, "{lines:#?}");
        for uri in &asked[1..] {
            assert!(uri.starts_with(&origin.url(then)), "{uri}");
        }
        let segments: Vec<&String> = lines.iter().filter(|line| line.contains("/seg-")).collect();
        assert!(segments.len() >= 3, "{lines:#?}");
        for uri in asked.into_iter().chain(segments.into_iter().map(String::as_str)) {
            assert_eq!(uri.matches("auth=").count(), 1, "{uri}");
            assert!(uri.ends_with(&format!("auth={token}")), "{uri}");
        }
    }
}
