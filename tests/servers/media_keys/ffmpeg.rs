//! ffmpeg encrypts with the keys that the helpers tell it, and plays them through the origin until they are refused.
//!
//! Where ffmpeg is missing its tests are skipped, with a message; with `PLAYGATE_REQUIRE_SERVICES=1` they fail instead.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use playgate::adapters::tower::GateLayer;
use playgate::schemes::embed::{EmbedDraft, EmbedToken};
use playgate::verifier::Embeds;
use playgate::{Site, Verifier};
use tempfile::TempDir;
use tower_http::services::ServeDir;

use super::{Embed, FOLDER, keys, serve};
use crate::support::players::found;
use crate::support::{behind, lines_about};

/// Seconds and segments; each of 25 frames.
const SEGMENTS: usize = 12;
const FRAMES: usize = SEGMENTS * 25;

/// A stream that ffmpeg encrypted, and the packager's own folder.
struct Stream {
    media: TempDir,
}

impl Stream {
    /// Packages video 1 while the batch changes again and again: whenever two segments more are complete.
    fn package(iv: impl Fn(u64) -> Option<[u8; 16]>) -> Self {
        let (media, packager) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = media.path().join("videos/1");
        fs::create_dir_all(&folder).unwrap();
        let info_file = packager.path().join("video.keyinfo");
        let next_batch = |batch| keys().write_key_info("1", batch, "keys/", &info_file, iv(batch)).unwrap();
        next_batch(0);
        let picture = format!("testsrc2=size=160x90:rate=25:duration={SEGMENTS}");
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-readrate", "4", "-f", "lavfi", "-i", &picture])
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "25", "-keyint_min", "25"])
            .args(["-sc_threshold", "0", "-tune", "zerolatency", "-threads", "1"])
            .args(["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_flags", "periodic_rekey"])
            .arg("-hls_key_info_file")
            .arg(&info_file)
            .arg("-hls_segment_filename")
            .arg(folder.join("seg-%d.ts"))
            .arg(folder.join("index.m3u8"))
            .current_dir("/") // the paths in the text hold wherever the packager works
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut batch = 0;
        while ffmpeg.try_wait().unwrap().is_none() {
            let playlist = fs::read_to_string(folder.join("index.m3u8")).unwrap_or_default();
            let complete = playlist.matches("#EXTINF").count() as u64;
            if complete / 2 > batch {
                batch = complete / 2;
                next_batch(batch);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let output = ffmpeg.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { media }
    }

    fn playlist(&self) -> String {
        fs::read_to_string(self.media.path().join("videos/1/index.m3u8")).unwrap()
    }

    /// Of each segment the name of its key and its vector, as the playlist has them.
    fn segments(&self) -> Vec<(String, String)> {
        let playlist = self.playlist();
        let mut key = None;
        let mut segments = Vec::new();
        for line in playlist.lines() {
            if let Some(attributes) = line.strip_prefix("#EXT-X-KEY:METHOD=AES-128,URI=\"keys/") {
                let (name, vector) =
                    attributes.split_once("\",IV=0x").expect("ffmpeg always writes the vector");
                key = Some((name.to_owned(), vector.to_owned()));
            } else if !line.starts_with('#') {
                segments.push(key.clone().expect("a key stands before the first segment"));
            }
        }
        segments
    }

    /// The names of the keys, in the order in which they are needed.
    fn key_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.segments().into_iter().map(|(name, _)| name).collect();
        names.dedup();
        names
    }
}

/// What the origin was asked for: status, refusal, and the file's name.
type Asked = Arc<Mutex<Vec<(u16, Option<&'static str>, String)>>>;

/// The stream and its keys behind a gate, on a real socket.
struct Origin {
    address: SocketAddr,
    embeds: Embeds,
    token: EmbedToken,
    asked: Asked,
}

impl Origin {
    /// Once this key was handed out, the token is revoked: before the player has it.
    async fn start(stream: &Stream, site: Site, revoke_after: Option<String>) -> Self {
        let verifier: Verifier = behind(site.embed(Embed::new()).grant_extension(true));
        let embeds = verifier.embeds("127.0.0.1").unwrap();
        let token = embeds.issue(EmbedDraft::new("1")).await.unwrap();
        let asked = Asked::default();
        let watch = {
            let (asked, embeds) = (Arc::clone(&asked), embeds.clone());
            middleware::from_fn(move |request: Request, next: Next| {
                let (asked, embeds, revoke_after) =
                    (Arc::clone(&asked), embeds.clone(), revoke_after.clone());
                async move {
                    let file = request.uri().path().rsplit('/').next().unwrap().to_owned();
                    let answer = next.run(request).await;
                    let denial = answer.extensions().get::<playgate::Denial>();
                    let code = denial.map(|denial| denial.code().as_str());
                    if revoke_after.as_ref() == Some(&file) {
                        embeds.revoke(token).await.unwrap();
                    }
                    asked.lock().unwrap().push((answer.status().as_u16(), code, file));
                    answer
                }
            })
        };
        let router = Router::new()
            .route_service("/videos/{video}/keys/{key}", keys().service(FOLDER).unwrap())
            .fallback_service(ServeDir::new(stream.media.path()));
        let address = serve(router.layer(GateLayer::new(verifier.clone())).layer(watch)).await;
        Self { address, embeds, token, asked }
    }

    fn asked(&self) -> Vec<(u16, Option<&'static str>, String)> {
        self.asked.lock().unwrap().clone()
    }

    /// The keys that were asked for, by their answers.
    fn keys_asked(&self) -> Vec<(u16, Option<&'static str>, String)> {
        let mut asked = self.asked();
        asked.retain(|(_, _, file)| Path::new(file).extension().is_some_and(|ending| ending == "key"));
        asked
    }

    /// Plays video 1 with the token: how many pictures were decoded, and what ffmpeg complained of.
    fn play(&self, with_token: bool) -> (usize, String) {
        let credential = if with_token { self.token.url("?auth={token}") } else { String::new() };
        let url = format!("http://{}/videos/1/index.m3u8{credential}", self.address);
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-i", &url, "-map", "0:v", "-f", "framemd5", "-"])
            .env("no_proxy", "*")
            .output()
            .unwrap();
        let pictures = String::from_utf8(output.stdout).unwrap();
        let pictures = pictures.lines().filter(|line| !line.starts_with('#')).count();
        let complaints = String::from_utf8_lossy(&output.stderr).replace(&self.token.to_text(), "{token}");
        assert!(output.status.success() || !complaints.is_empty());
        (pictures, complaints)
    }
}

fn site() -> Site {
    Site::bucket("vod").host("127.0.0.1")
}

/// As for segments in a cache that everybody reads: their keys are guarded, and perhaps the playlist.
fn with_open_segments(playlist: Option<&str>) -> Site {
    let segments = (0..SEGMENTS).map(|segment| format!("videos/1/seg-{segment}.ts"));
    site().public_paths(segments.chain(playlist.map(|file| format!("videos/1/{file}"))))
}

fn batch_of(name: &str) -> u64 {
    name.split_once('-').unwrap().0.parse().unwrap()
}

fn granted(name: &str) -> (u16, Option<&'static str>, String) {
    (200, None, name.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_takes_up_each_batch_and_plays_them_with_a_token() {
    if !found("ffmpeg") {
        return;
    }
    let own_vector = |batch: u64| [batch.to_be_bytes(), [0xa5; 8]].concat().try_into().ok();
    for (case, vector) in [
        ("a vector by number", (|_| None) as fn(u64) -> Option<[u8; 16]>),
        ("a vector of its own", own_vector),
    ] {
        let stream = Stream::package(vector);
        let names = stream.key_names();
        assert!(names.len() >= 3, "{case}: {}", stream.playlist());
        let batches: Vec<u64> = names.iter().map(|name| batch_of(name)).collect();
        assert!(batches.is_sorted_by(|one, next| one < next), "{case}: {batches:?}");
        for (number, (name, written)) in stream.segments().iter().enumerate() {
            let batch = batch_of(name);
            assert_eq!(*name, super::name(batch), "{case}: segment {number}");
            let expected = vector(batch).map_or(number as u128, u128::from_be_bytes);
            assert_eq!(*written, format!("{expected:032x}"), "{case}: segment {number}");
        }

        let origin = Origin::start(&stream, site(), None).await;
        assert_eq!(origin.play(true), (FRAMES, String::new()), "{case}: {:?}", origin.asked());
        assert_eq!(origin.keys_asked(), names.iter().map(|name| granted(name)).collect::<Vec<_>>(), "{case}");
        let counts = origin.embeds.counts(origin.token).unwrap();
        assert_eq!((counts.granted, counts.denied.len()), (origin.asked().len() as u64, 0), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_ffmpeg_gets_no_key_and_no_picture() {
    if !found("ffmpeg") {
        return;
    }
    let stream = Stream::package(|_| None);
    let origin = Origin::start(&stream, site(), None).await;
    let (pictures, complaints) = origin.play(false);
    assert_eq!((pictures, complaints.is_empty()), (0, false), "{complaints}");
    assert!(origin.asked().iter().all(|(status, ..)| *status == 401), "{:?}", origin.asked());

    // All that it needs but the keys.
    let origin = Origin::start(&stream, with_open_segments(Some("index.m3u8")), None).await;
    let (pictures, complaints) = origin.play(false);
    assert_eq!(pictures, 0, "{complaints}");
    assert!(complaints.contains("Unable to open key file"), "{complaints}");
    let asked = origin.asked();
    assert!(
        asked.iter().any(|(status, _, file)| matches!(status, 200 | 206) && file.starts_with("seg-")),
        "{asked:?}"
    );
    let keys = origin.keys_asked();
    assert!(!keys.is_empty() && keys.iter().all(|(status, ..)| *status == 401), "{asked:?}");
}

/// Revoked in the moment in which the player has the second of all keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_stops_ffmpeg_at_the_next_batch() {
    if !found("ffmpeg") {
        return;
    }
    lines_about("");
    let stream = Stream::package(|_| None);
    let names = stream.key_names();
    assert!(names.len() >= 3, "{}", stream.playlist());
    for (case, site, batches) in [
        ("open segments: it plays what it has keys for", with_open_segments(None), 2),
        ("guarded segments: it gets no more of them either", site(), 1),
    ] {
        let origin = Origin::start(&stream, site, Some(names[1].clone())).await;
        let (pictures, complaints) = origin.play(true);
        let has_key = |(name, _): &&(String, String)| names[..batches].contains(name);
        let playable = stream.segments().iter().filter(has_key).count() * 25;
        assert!(playable > 0 && playable < FRAMES, "{case}: {}", stream.playlist());
        assert_eq!(pictures, playable, "{case}: {complaints}");
        assert!(complaints.contains("Unable to open key file"), "{case}: {complaints}");

        let refused = names[2..].iter().map(|name| (403, Some("revoked"), name.clone()));
        let expected: Vec<_> = names[..2].iter().map(|name| granted(name)).chain(refused).collect();
        assert_eq!(origin.keys_asked(), expected, "{case}");
    }
    let logged = lines_about(&names[2]);
    let is_refusal = |line: &String| line.contains("refused") && line.contains("code=\"revoked\"");
    assert!(logged.iter().any(is_refusal), "{logged:?}");
}
