//! Media keys over real sockets: who gets one, for which video, and what of it is to be seen.

mod ffmpeg;

use std::convert::Infallible;
use std::net::SocketAddr;

use crate::support::{
    Answer, Ask, HOST, NOW, TestKey, World, behind, gate, get, http1, inner, lines_about, token, vod,
};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use playgate::adapters::tower::GateLayer;
use playgate::decide::OwnedGrant;
use playgate::media_keys::{KeyAnswer, KeyService, MediaKeys};
use playgate::mint::LinkSigner;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::schemes::link::{Covers, SecureLink};
use playgate::site::danger::Danger;
use playgate::time::UnixSeconds;
use playgate::verifier::Embeds;
use playgate::{KeyScope, Site, Verifier};
use tokio::net::TcpListener;

const MASTER: &[u8] = b"32 bytes of openssl rand 32 ....";
const OLDER: &[u8] = b"as many bytes, of the last year.";
const FOLDER: &str = "/videos/{video}/keys/";

fn keys() -> MediaKeys {
    MediaKeys::new(MASTER).unwrap()
}

/// What a key of video 1 is called.
fn name(batch: u64) -> String {
    keys().key("1", batch).unwrap().file_name()
}

fn embedding() -> Site {
    vod().embed(Embed::new().paths(["/watch/{token}", "/embed/{token}/"])).grant_extension(true)
}

/// A server of one's own, which carries out plain data.
fn carried_out(answer: &KeyAnswer) -> Response<Bytes> {
    let mut response = Response::builder().status(answer.status());
    for field in answer.headers() {
        response = response.header(field.name(), field.value());
    }
    response.body(Bytes::copy_from_slice(answer.body())).unwrap()
}

/// Every server, with the service inside.
async fn serving(verifier: Verifier, service: KeyService) -> World {
    let answer = move |parts: &http::request::Parts| {
        carried_out(&service.answer(parts, parts.extensions.get::<OwnedGrant>()))
    };
    World::around(verifier, inner(answer)).await
}

/// The same, and the tokens of the site [`embedding`].
async fn world(folder: &str) -> (World, Embeds) {
    let verifier = behind(embedding());
    let embeds = verifier.embeds(HOST).unwrap();
    (serving(verifier, keys().also(OLDER).unwrap().service(folder).unwrap()).await, embeds)
}

/// A problem that tells its status, and neither the rule nor what was asked for.
fn assert_refusal(answer: &Answer, status: u16, title: &str, case: &str) {
    assert!(answer.is_inner(), "{case}: {}", answer.verdict());
    assert_eq!(answer.status, status, "{case}");
    assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{case}");
    assert_eq!(answer.field("cache-control"), Some("no-store"), "{case}");
    assert_eq!(answer.body, format!(r#"{{"title":"{title}","status":{status}}}"#), "{case}");
}

#[tokio::test]
async fn whoever_was_granted_a_video_gets_its_keys() {
    let (world, embeds) = world(FOLDER).await;
    let token_of_video = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let older = MediaKeys::new(OLDER).unwrap();
    let at = |name: &str| get(format!("/videos/1/keys/{name}"));
    for (case, ask, key) in [
        ("an embed token in the query", at(&name(0)).query(&token_of_video), keys().key("1", 0)),
        ("in a cookie", at(&name(0)).cookie(&token_of_video), keys().key("1", 0)),
        ("another batch", at(&name(1)).query(&token_of_video), keys().key("1", 1)),
        ("the last batch of all", at(&name(u64::MAX)).query(&token_of_video), keys().key("1", u64::MAX)),
        ("a signed token", at(&name(0)).query(token("videos/1/")), keys().key("1", 0)),
        (
            "one for this key alone",
            at(&name(0)).query(token(&format!("videos/1/keys/{}", name(0)))),
            keys().key("1", 0),
        ),
        (
            "an older master",
            at(&older.key("1", 0).unwrap().file_name()).query(&token_of_video),
            older.key("1", 0),
        ),
        (
            "percent-encoded",
            get(format!("/%76ideos/1/keys/{}", name(0).replace('-', "%2D"))).query(&token_of_video),
            keys().key("1", 0),
        ),
    ] {
        let key = key.unwrap();
        let answer = world.ask(&ask).await;
        assert!(answer.is_inner() && answer.status == 200, "{case}: {}", answer.verdict());
        assert_eq!(answer.body, key.bytes()[..], "{case}");
        let head = world.ask(&ask.method("HEAD")).await;
        assert!(head.status == 200 && head.body.is_empty(), "{case}, HEAD: {}", head.verdict());
        for (method, answer) in [("GET", answer), ("HEAD", head)] {
            assert_eq!(answer.field("content-type"), Some("application/octet-stream"), "{case}, {method}");
            assert_eq!(answer.field("content-length"), Some("16"), "{case}, {method}");
            assert_eq!(answer.field("cache-control"), Some("no-store"), "{case}, {method}");
        }
    }
}

#[tokio::test]
async fn below_a_token_in_the_path_the_folder_names_the_tokens_place() {
    let (world, embeds) = world("/embed/{token}/videos/{video}/keys/").await;
    let text = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let other = embeds.issue(EmbedDraft::new("2")).await.unwrap().to_text();
    let path = format!("/videos/1/keys/{}", name(3));
    let answer = world.ask(&get(format!("/embed/{text}{path}"))).await;
    assert_eq!(answer.body, keys().key("1", 3).unwrap().bytes()[..]);
    let refused = world.ask(&get(format!("/embed/{other}{path}"))).await;
    assert_eq!(refused.verdict(), "403 out_of_scope");
    let elsewhere = world.ask(&get(path).query(&text)).await;
    assert_refusal(&elsewhere, 404, "Not Found", "another folder");
}

#[tokio::test]
async fn a_request_that_passes_only_because_its_site_does_not_enforce_gets_no_key() {
    let verifier = behind(embedding().danger(Danger { enforce: false }));
    let embeds = verifier.embeds(HOST).unwrap();
    let world = serving(verifier, keys().service(FOLDER).unwrap()).await;
    let issue = async |video: &str| embeds.issue(EmbedDraft::new(video)).await.unwrap();
    let (good, other, revoked) = (issue("1").await, issue("2").await, issue("1").await);
    embeds.revoke(revoked).await.unwrap();
    let key = || get(format!("/videos/1/keys/{}", name(0)));
    for (case, ask) in [
        ("no credential", key()),
        ("a revoked token", key().query(revoked.to_text())),
        ("a token of another video", key().query(other.to_text())),
        ("an unknown token", key().query("0".repeat(32))),
        ("a signed token of another video", key().query(token("videos/2/"))),
    ] {
        assert_refusal(&world.ask(&ask).await, 403, "Forbidden", case);
    }
    let granted = world.ask(&key().query(good.to_text())).await;
    assert_eq!(granted.body, keys().key("1", 0).unwrap().bytes()[..], "a granted request gets it as usual");
}

#[tokio::test]
async fn whom_the_gate_refuses_gets_no_key() {
    let (world, embeds) = world(FOLDER).await;
    let issue = async |video: &str| embeds.issue(EmbedDraft::new(video)).await.unwrap();
    let (good, other, revoked) = (issue("1").await, issue("2").await, issue("1").await);
    let key = || get(format!("/videos/1/keys/{}", name(0)));
    assert_eq!(world.ask(&key().query(revoked.to_text())).await.status, 200);
    embeds.revoke(revoked).await.unwrap();
    for (case, ask, verdict) in [
        ("no credential", key(), "401 credential_missing"),
        ("a revoked token", key().query(revoked.to_text()), "403 revoked"),
        ("a token of another video", key().query(other.to_text()), "403 out_of_scope"),
        ("a signed token of another video", key().query(token("videos/2/")), "403 out_of_scope"),
        ("an unknown token", key().query("0".repeat(32)), "403 embed_unknown"),
        ("another method", key().query(good.to_text()).method("POST"), "405 method"),
        (
            "two readings",
            get(format!("/videos/2/../1/keys/{}", name(0))).query(good.to_text()),
            "400 ambiguous_path",
        ),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), verdict, "{case}");
        assert!(!answer.is_inner(), "{case}");
    }
}

#[tokio::test]
async fn what_is_no_key_is_not_found_by_those_who_have_a_grant() {
    lines_about("");
    let (world, embeds) = world(FOLDER).await;
    let text = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    for (case, path) in [
        ("the folder", "/videos/1/keys/".to_owned()),
        ("another file", "/videos/1/keys/readme.key".to_owned()),
        ("a leading zero", format!("/videos/1/keys/0{}", name(0))),
        ("capitals", format!("/videos/1/keys/{}", name(0).to_uppercase())),
        ("another folder", format!("/videos/1/{}", name(0))),
        ("deeper", format!("/videos/1/keys/more/{}", name(0))),
        ("a master that is none of ours", "/videos/1/keys/0-00c0ffee.key".to_owned()),
    ] {
        let ask = get(path).query(&text);
        assert_refusal(&world.ask(&ask).await, 404, "Not Found", case);
        let head = world.ask(&ask.method("HEAD")).await;
        assert_eq!(
            (head.status, head.body.len(), head.field("content-length")),
            (404, 0, Some("34")),
            "{case}"
        );
    }
    let lines = lines_about("0-00c0ffee.key").into_iter().find(|line| line.contains("to another master"));
    let line = lines.expect("what is amiss is told");
    let id = |keys: MediaKeys| keys.key("1", 0).unwrap().file_name()[2..10].to_owned();
    assert!(line.contains(&id(keys())) && line.contains(&id(MediaKeys::new(OLDER).unwrap())), "{line}");
}

/// A site that lets more methods through than keys have.
#[tokio::test]
async fn a_key_has_two_methods() {
    let verifier = behind(vod().grant_extension(true).methods(["GET", "POST", "get", "OPTIONS"]));
    let world = serving(verifier, keys().service(FOLDER).unwrap()).await;
    for (method, status) in [("GET", 200), ("HEAD", 200), ("POST", 405), ("get", 405), ("OPTIONS", 405)] {
        let ask = get(format!("/videos/1/keys/{}", name(0))).query(token("videos/1/")).method(method);
        let answer = world.ask(&ask).await;
        assert_eq!(answer.status, status, "{method}");
        assert_eq!(answer.field("allow"), (status == 405).then_some("GET, HEAD"), "{method}");
        if status == 405 {
            assert_refusal(&answer, 405, "Method Not Allowed", method);
        }
    }
}

/// The scope of embed tokens says that the first segment is the video, and the folder of keys that the second one is.
#[tokio::test]
async fn a_grant_for_another_video_is_none_where_the_patterns_disagree() {
    lines_about("");
    let verifier = behind(vod().embed(Embed::new().scope("{video}/")).grant_extension(true));
    let embeds = verifier.embeds(HOST).unwrap();
    let world = serving(verifier, keys().service("/disagreeing/{video}/").unwrap()).await;
    let text = embeds.issue(EmbedDraft::new("disagreeing")).await.unwrap().to_text();
    let ask = |video: &str| get(format!("/disagreeing/{video}/{}", name(0))).query(&text);
    assert_refusal(&world.ask(&ask("1")).await, 403, "Forbidden", "its video is another");
    let lines = lines_about("to another video");
    let line = lines.iter().find(|line| line.contains("disagreeing")).expect("what is amiss is told");
    assert!(line.contains("INFO") && line.contains("out_of_scope") && line.contains("granted="), "{line}");
    assert_eq!(world.ask(&ask("disagreeing")).await.status, 200);
}

/// There the host names the stream, and a token for it covers every path.
#[tokio::test]
async fn a_signed_token_for_a_live_stream_opens_no_other_streams_keys() {
    let live_by_host = Site::live_by_host().id("live").host("play-{playback_id}.example.com");
    let live_by_path = Site::live_by_path().id("live").host("play-ch1.example.com");
    for (case, site, folder) in
        [("by host", live_by_host, "/{video}/keys/"), ("by path", live_by_path, "/{video}/keys/")]
    {
        let site = site.embed(Embed::new()).grant_extension(true);
        let verifier = gate().site(site).key(TestKey::Rsa.key(KeyScope::site("live"))).build().unwrap();
        let embeds = verifier.embeds("live").unwrap();
        let world = serving(verifier, keys().service(folder).unwrap()).await;
        let embed = embeds.issue(EmbedDraft::new("ch1")).await.unwrap().to_text();
        for (credential, text) in [("a signed token", token("ch1")), ("an embed token", embed)] {
            let ask = |video: &str| {
                let path = format!("/{video}/keys/{}", name(0));
                get(path).host("play-ch1.example.com").query(&text)
            };
            let answer = world.ask(&ask("ch1")).await;
            assert_eq!(answer.body, keys().key("ch1", 0).unwrap().bytes()[..], "{case}, {credential}");
            let refused = world.ask(&ask("ch2")).await;
            assert_eq!(refused.status, 403, "{case}, {credential}");
            if case == "by host" {
                assert_refusal(&refused, 403, "Forbidden", credential);
            }
        }
    }
}

/// Serves a router on a socket.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let make = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, make).into_future());
    address
}

async fn ask(address: SocketAddr, ask: &Ask) -> Answer {
    http1("axum", address, &ask.http1()).await
}

#[tokio::test]
async fn the_service_stands_wherever_axum_takes_one() {
    let verifier = behind(embedding());
    let text = verifier.embeds(HOST).unwrap().issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let service = || keys().service(FOLDER).unwrap();
    let below = |router: Router| Router::new().nest("/videos", Router::new().nest("/{video}", router));
    for (case, router) in [
        ("route_service", Router::new().route_service("/videos/{video}/keys/{key}", service())),
        ("nest_service", Router::new().nest_service("/videos/{video}/keys", service())),
        ("nest", below(Router::new().route_service("/keys/{key}", service()))),
        ("fallback_service", Router::new().fallback_service(service())),
    ] {
        let inside = serve(router.clone().layer(GateLayer::new(verifier.clone()))).await;
        let around = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(axum::serve(listener, verifier.around(router).into_make_service()).into_future());
            address
        };
        for (place, address) in [("inside", inside), ("around", around)] {
            let key = || get(format!("/videos/1/keys/{}", name(0)));
            let answer = ask(address, &key().query(&text)).await;
            assert_eq!(answer.body, keys().key("1", 0).unwrap().bytes()[..], "{case}, {place}");
            assert_eq!(answer.field("content-length"), Some("16"), "{case}, {place}");
            assert_eq!(answer.field("cache-control"), Some("no-store"), "{case}, {place}");
            let head = ask(address, &key().query(&text).method("HEAD")).await;
            assert_eq!((head.status, head.body.len()), (200, 0), "{case}, {place}");
            assert_eq!(head.field("content-length"), Some("16"), "{case}, {place}");
            let missing = ask(address, &get("/videos/1/keys/0.key").query(&text)).await;
            assert_eq!((missing.status, missing.code()), (404, None), "{case}, {place}");
            let stranger = ask(address, &key()).await;
            assert_eq!(stranger.verdict(), "401 credential_missing", "{case}, {place}");
        }
    }
}

/// A link for the key's folder and one for the key alone; the gate has checked the path, of which the video is a part.
#[tokio::test]
async fn a_secure_link_opens_the_keys_of_its_path() {
    for covers in [Covers::Directory, Covers::File] {
        let link = SecureLink::gcore("a shared secret").covers(covers);
        let signer = LinkSigner::new(&link).unwrap();
        let world =
            serving(behind(vod().secure_link(link).grant_extension(true)), keys().service(FOLDER).unwrap());
        let world = world.await;
        let path = |video: &str| format!("/videos/{video}/keys/{}", name(0));
        let url = signer.link(&path("1")).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
        let answer = world.ask(&get(&url)).await;
        assert_eq!(answer.body, keys().key("1", 0).unwrap().bytes()[..], "{covers:?}");
        let moved = url.replacen(&path("1"), &path("2"), 1);
        assert_eq!(world.ask(&get(moved)).await.verdict(), "403 link_bad", "{covers:?}");
    }
}

/// Servers strip it for themselves, or they do not.
#[test]
fn an_answer_to_head_has_no_body() {
    let service = keys().service(FOLDER).unwrap();
    let verifier = behind(embedding());
    for (method, bytes) in [("GET", 16), ("HEAD", 0)] {
        let ask = get(format!("/videos/1/keys/{}", name(0))).query(token("videos/1/")).method(method);
        let request = ask.parsed().unwrap();
        let decision = verifier.decide(&request, verifier.now());
        let playgate::Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
        assert_eq!(service.answer(&request, Some(&grant.to_owned())).body().len(), bytes, "{method}");
        assert_eq!(service.answer(&request, None).body().is_empty(), method == "HEAD", "{method}");
    }
}

/// Any request body will do, and no axum is needed.
#[tokio::test]
async fn the_service_is_a_tower_service_for_any_body() {
    fn is_one<B>(_: &(impl tower::Service<Request<B>, Error = Infallible> + Clone + Send + Sync)) {}
    let service = keys().service(FOLDER).unwrap();
    is_one::<hyper::body::Incoming>(&service);
    is_one::<Body>(&service);
    is_one::<()>(&service);
}

/// Each of them is a mistake in the wiring, and each would be a way around the gate.
#[tokio::test]
async fn without_a_grant_there_is_no_key_and_the_log_says_why() {
    lines_about("");
    let service = |folder: &str| keys().service(folder).unwrap();
    let bare = |folder| Router::new().fallback_service(service(folder));

    for (case, folder, router) in [
        ("no gate", "/no-gate/{video}/", bare("/no-gate/{video}/")),
        (
            "no extension",
            "/no-extension/{video}/",
            bare("/no-extension/{video}/").layer(GateLayer::new(behind(vod()))),
        ),
        (
            "public",
            "/public/{video}/",
            bare("/public/{video}/").layer(GateLayer::new(behind(vod().public().grant_extension(true)))),
        ),
        (
            "no site",
            "/no-site/{video}/",
            bare("/no-site/{video}/")
                .layer(GateLayer::new(behind(vod().base_path("/media/").grant_extension(true)))),
        ),
    ] {
        let address = serve(router).await;
        let good = folder.replace("{video}", "1");
        let credential = token(good.trim_matches('/'));
        for path in [format!("{good}{}", name(0)), format!("{good}readme")] {
            for method in ["GET", "HEAD"] {
                let answer = ask(address, &get(&path).query(&credential).method(method)).await;
                assert_eq!((answer.status, answer.code()), (403, None), "{case}: {method} {path}");
                let body = if method == "GET" { r#"{"title":"Forbidden","status":403}"# } else { "" };
                assert_eq!(answer.body, body, "{case}: {method} {path}");
            }
        }
        let lines = lines_about(folder);
        let line = lines.iter().find(|line| line.contains("WARN")).expect(case);
        assert!(
            line.contains("wrap this service in the layer and set grant_extension on its site"),
            "{line}"
        );
        assert!(!line.contains(&credential), "{case}: {line}");
    }
}

#[test]
fn neither_an_answer_nor_its_body_shows_the_key() {
    let verifier = behind(embedding());
    let mut request = get(format!("/videos/1/keys/{}", name(0))).query(token("videos/1/")).parsed().unwrap();
    let decision = verifier.decide(&request, verifier.now());
    let playgate::Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
    let grant = grant.to_owned();
    drop(decision);
    let mut service = keys().service(FOLDER).unwrap();
    let answer = service.answer(&request, Some(&grant));
    assert_eq!(answer.body(), keys().key("1", 0).unwrap().bytes());
    request.extensions_mut().insert(grant);
    let call = tower::Service::<Request<Bytes>>::call(&mut service, request);
    let response = futures_util::FutureExt::now_or_never(call).unwrap().unwrap();
    let shown = format!("{answer:?} {response:?}");
    let first = format!("{:?}", &answer.body()[..4]);
    assert!(shown.contains("no-store") && shown.contains("KeyBody(…)"), "{shown}");
    assert!(!shown.contains(first.trim_matches(['[', ']'])), "{shown}");
    assert!(!shown.contains(&format!("{:?}", Bytes::copy_from_slice(&answer.body()[..8]))[2..10]), "{shown}");
}
