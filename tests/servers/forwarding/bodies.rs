//! The body of an answer while its manifest is rewritten: its frames, its trailers, and its `Debug`.

use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::MessageBody as _;
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, web};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use playgate::KeyScope;
use playgate::adapters::actix::ActixGate;
use playgate::adapters::tower::GateLayer;
use tokio::sync::mpsc;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{PLAYLIST, text};
use crate::support::{HOST, TestKey, behind, gate, token, vod};

/// Returns the sender of an inner body's frames, and the body of the answer.
fn pieces() -> (
    mpsc::Sender<Frame<Bytes>>,
    impl Future<Output = impl http_body::Body<Data = Bytes, Error = Infallible> + Debug>,
) {
    let (sender, mut receiver) = mpsc::channel::<Frame<Bytes>>(8);
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let verifier = gate().site(vod()).key(key).build().unwrap();
    let frames =
        poll_fn(move |context| receiver.poll_recv(context).map(|frame| frame.map(Ok::<_, Infallible>)));
    let body = Arc::new(Mutex::new(Some(StreamBody::new(frames))));
    let service = service_fn(move |_: Request<()>| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let gated = GateLayer::new(verifier.clone()).layer(service);
    let uri = format!("/media.m3u8?auth={}", token(""));
    let request = Request::get(uri).header("host", HOST).body(()).unwrap();
    (sender, async move {
        let response = gated.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    })
}

#[tokio::test]
async fn the_first_bytes_leave_before_the_last_arrive_and_trailers_come_after_the_tail() {
    let (sender, body) = pieces();
    let mut body = Box::pin(body.await);
    let data = |text: &'static str| Frame::data(Bytes::from_static(text.as_bytes()));
    sender.send(data("#EXTM3U\n#EXTINF:4,\nse")).await.unwrap();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(text(&first), "#EXTM3U\n#EXTINF:4,\n");
    sender.send(data("g")).await.unwrap();
    sender.send(data("-1.ts")).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(50), body.frame()).await;
    assert!(waiting.is_err(), "a line that has not ended is held back");
    let mut trailers = HeaderMap::new();
    trailers.insert("repr-digest", "sha-256=:abc:".parse().unwrap());
    trailers.insert("x-after", "yes".parse().unwrap());
    sender.send(Frame::trailers(trailers)).await.unwrap();
    let tail = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(text(&tail), format!("seg-1.ts?auth={}", token("")));
    assert!(!http_body::Body::is_end_stream(&body));
    let trailers = body.frame().await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers.keys().collect::<Vec<_>>(), ["x-after"]);
    assert!(body.frame().await.is_none());
    assert!(http_body::Body::is_end_stream(&body));
}

/// Returns whether `Debug` output has a token in it, as text or as a list of its bytes.
fn shows(debug: &str, token: &str) -> bool {
    let part = &token[..12];
    let bytes = format!("{:?}", part.as_bytes());
    debug.contains(part) || debug.contains(bytes.trim_matches(['[', ']']))
}

#[tokio::test]
async fn debug_of_a_body_shows_no_credential() {
    let (sender, body) = pieces();
    let mut body = Box::pin(body.await);
    let token = token("");
    for line in ["#EXTM3U\nseg-1.ts\n", "seg-2.ts\nseg"] {
        sender.send(Frame::data(Bytes::from_static(line.as_bytes()))).await.unwrap();
        let sent = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(text(&sent).contains(&token));
        let shown = format!("{body:?} {body:#?}");
        assert!(shown.contains("Forward") && !shows(&shown, &token), "{shown}");
    }
}

#[test]
fn debug_of_an_actix_body_shows_no_credential() {
    actix_web::rt::System::new().block_on(async {
        let playlist = || async { HttpResponse::Ok().body(PLAYLIST) };
        let app = App::new().wrap(ActixGate::new(behind(vod()))).default_service(web::to(playlist));
        let app = actix_web::test::init_service(app).await;
        let token = token("");
        let request = TestRequest::with_uri(&format!("/media.m3u8?auth={token}"));
        let request = request.insert_header(("host", HOST)).to_request();
        let response = actix_web::test::call_service(&app, request).await;
        let mut body = Box::pin(response.into_body());
        let sent = poll_fn(|context| body.as_mut().poll_next(context)).next().await.unwrap().unwrap();
        assert!(text(&sent).contains(&token));
        let shown = format!("{body:?} {body:#?}");
        assert!(shown.contains("Forward") && !shows(&shown, &token), "{shown}");
    });
}
