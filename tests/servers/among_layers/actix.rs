//! actix-web's middlewares and files, and actix-cors. The middleware that is wrapped last is outermost.

use std::sync::mpsc;

use actix_cors::Cors as ActixCors;
use actix_files::Files;
use actix_web::dev::ServiceRequest;
use actix_web::error::{ErrorImATeapot, InternalError};
use actix_web::middleware::{Compress, Logger, Next, NormalizePath, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, web};
use playgate::adapters::actix::ActixGate;

use super::{
    APP, Ask, MANIFEST, PATH, PLAYLIST, STRANGER, TEXT, ask, behind, carried, files, get, good,
    granted_and_refused_leave, leave,
};
use super::{served, serves_the_folder, site, text, token, unzipped, verifier, vod};

/// The playlist by its own name, and by any that has no ending; what was seen of the target by every other.
async fn origin(request: HttpRequest) -> HttpResponse {
    let path = request.path();
    let mut response = HttpResponse::Ok();
    response.insert_header(("etag", "\"v1\""));
    if path == MANIFEST || !path.contains('.') {
        return response.content_type("application/vnd.apple.mpegurl").body(PLAYLIST);
    }
    response.content_type("text/plain").body(format!("{} and {TEXT}", request.uri()))
}

fn zipped(ask: Ask) -> Ask {
    ask.field("accept-encoding", "gzip")
}

fn preflight(origin: &str) -> Ask {
    get(PATH).method("OPTIONS").origin(origin).field("access-control-request-method", "GET")
}

/// A logger that tells the target it would write down.
fn logger(tell: &mpsc::Sender<String>) -> Logger {
    let tell = tell.clone();
    Logger::new("%{target}xi").custom_request_replace("target", move |request| {
        tell.send(request.uri().to_string()).unwrap();
        String::new()
    })
}

#[tokio::test]
async fn a_logger_outside_writes_down_whole_uris_and_one_inside_what_is_left_of_them() {
    let token = good();
    let verifier = behind(site().strip_credentials(true));
    let (tell_outside, outside) = mpsc::channel();
    let (tell_inside, inside) = mpsc::channel();
    let address = served!({
        let app = App::new().default_service(web::to(origin)).wrap(logger(&tell_inside));
        app.wrap(ActixGate::new(verifier.clone())).wrap(logger(&tell_outside))
    });
    assert_eq!(ask(address, &get(PATH).query(&token)).await.status, 200);
    assert_eq!(ask(address, &get("/videos/2/a.txt").query(&token)).await.verdict(), "403 out_of_scope");
    let outside: Vec<String> = outside.try_iter().collect();
    let inside: Vec<String> = inside.try_iter().collect();
    assert!(outside.len() == 2 && outside.iter().all(|target| target.contains(&token)), "{outside:?}");
    assert_eq!(inside, [PATH], "what is refused does not come that far");
}

#[tokio::test]
async fn compression_outside_compresses_the_manifest_that_was_rewritten() {
    let verifier = verifier();
    let address = served!({
        let app = App::new().default_service(web::to(origin));
        app.wrap(ActixGate::new(verifier.clone())).wrap(Compress::default())
    });
    let token = good();
    let answer = ask(address, &zipped(get(MANIFEST).query(&token)).origin(APP)).await;
    assert_eq!(unzipped(&answer), carried(&token));
    assert_eq!(
        (answer.vary(), leave(&answer).0),
        (vec!["accept-encoding".to_owned(), "origin".to_owned()], vec![APP])
    );
    let answer = ask(address, &zipped(get("/videos/1/media").query(&token))).await;
    assert_eq!(unzipped(&answer), carried(&token));
    let head = ask(address, &zipped(get(MANIFEST).query(&token)).method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let refused = ask(address, &zipped(get(PATH)).origin(APP)).await;
    assert!(unzipped(&refused).contains("credential_missing"));
    assert_eq!((refused.status, leave(&refused).0), (401, vec![APP]));
    let head = ask(address, &zipped(get(PATH)).method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (401, 0));
}

#[tokio::test]
async fn compression_inside_is_asked_to_leave_manifests_alone() {
    let verifier = verifier();
    let address = served!({
        let app = App::new().default_service(web::to(origin));
        app.wrap(Compress::default()).wrap(ActixGate::new(verifier.clone()))
    });
    let token = good();
    let answer = ask(address, &zipped(get(MANIFEST).query(&token))).await;
    assert_eq!((text(&answer.body), answer.field("content-encoding")), (&*carried(&token), None));
    let answer = ask(address, &zipped(get(PATH).query(&token)).origin(APP)).await;
    assert!(unzipped(&answer).contains(TEXT));
    assert_eq!(
        (answer.vary(), leave(&answer).0),
        (vec!["accept-encoding".to_owned(), "origin".to_owned()], vec![APP])
    );
    let answer = ask(address, &zipped(get("/videos/1/media").query(&token))).await;
    assert_eq!((unzipped(&answer).as_str(), answer.field("etag")), (PLAYLIST, Some("\"v1\"")));
}

/// Its place decides what is judged: outside of the gate, what it makes of the path; inside, what the client sent.
#[tokio::test]
async fn a_normaliser_belongs_outside() {
    let verifier = verifier();
    let outside = {
        let verifier = verifier.clone();
        served!({
            let app = App::new().default_service(web::to(origin));
            app.wrap(ActixGate::new(verifier.clone())).wrap(NormalizePath::trim())
        })
    };
    let inside = served!({
        let app = App::new().default_service(web::to(origin));
        app.wrap(NormalizePath::trim()).wrap(ActixGate::new(verifier.clone()))
    });
    let exact = || token("videos/1/a.txt");
    for (name, target, outer, inner) in [
        ("as it is", "/videos/1/a.txt", "200", "200"),
        ("merged", "/videos//1/a.txt", "200", "400 ambiguous_path"),
        ("merged in front", "//videos/1/a.txt", "200", "400 ambiguous_path"),
        ("trimmed", "/videos/1/a.txt/", "200", "200"),
        ("another", "/videos//2/a.txt", "403 out_of_scope", "400 ambiguous_path"),
        ("dots", "/videos/2/../1/a.txt", "400 ambiguous_path", "400 ambiguous_path"),
    ] {
        for (place, address, verdict) in [("outside", outside, outer), ("inside", inside, inner)] {
            let answer = ask(address, &get(target).query(exact())).await;
            assert_eq!(answer.verdict(), verdict, "{name}, {place}");
            if verdict == "200" {
                assert!(text(&answer.body).starts_with("/videos/1/a.txt?"), "{}", text(&answer.body));
            }
        }
    }
    // The folder `a.txt/` was granted, and the file `a.txt` is served.
    let folder = || get("/videos/1/a.txt/").query(token("videos/1/a.txt/"));
    assert_eq!(ask(inside, &folder()).await.verdict(), "200");
    assert_eq!(ask(outside, &folder()).await.verdict(), "403 out_of_scope");
}

/// A middleware can change the URI of a request and not the path that routes and actix-files read.
#[tokio::test]
async fn a_middleware_that_changes_one_of_two_paths_opens_nothing() {
    let verifier = behind(vod().base_path("/videos/"));
    let rewriting = |from: &'static str, to: &'static str| {
        let verifier = verifier.clone();
        served!({
            let app = App::new().default_service(web::to(origin)).wrap(ActixGate::new(verifier.clone()));
            app.wrap(from_fn(move |mut request: ServiceRequest, next: Next<_>| {
                let uri = request.uri().to_string().replacen(from, to, 1);
                request.head_mut().uri = uri.parse().unwrap();
                next.call(request)
            }))
        })
    };
    for (name, from, to, target, verdict) in [
        ("into the site", "/en/", "/videos/", "/en/1/a.txt", "400 ambiguous_path"),
        ("out of the site", "/videos/", "/en/", "/videos/1/a.txt", "400 ambiguous_path"),
        ("outside of it", "/en/", "/de/", "/en/1/a.txt", "200"),
    ] {
        let address = rewriting(from, to);
        assert_eq!(ask(address, &get(target).query(token(""))).await.verdict(), verdict, "{name}");
    }
}

#[tokio::test]
async fn another_cors_inside_is_replaced() {
    let verifier = verifier();
    let address = served!({
        let app = App::new().default_service(web::to(origin));
        app.wrap(ActixCors::permissive()).wrap(ActixGate::new(verifier.clone()))
    });
    for ask_for in [get(PATH).query(good()), get(PATH)] {
        let allowed = ask(address, &ask_for.clone().origin(APP)).await;
        assert_eq!(leave(&allowed), (vec![APP], Some("true")));
        assert_eq!(leave(&ask(address, &ask_for.origin(STRANGER)).await), (vec![], None));
    }
    let asked = ask(address, &preflight(APP)).await;
    assert_eq!((asked.status, leave(&asked)), (204, (vec![APP], Some("true"))));
    assert_eq!(leave(&ask(address, &preflight(STRANGER)).await), (vec![], None));
}

#[tokio::test]
async fn another_cors_outside_has_the_last_word() {
    let verifier = verifier();
    let permissive = {
        let verifier = verifier.clone();
        served!({
            let app = App::new().default_service(web::to(origin));
            app.wrap(ActixGate::new(verifier.clone())).wrap(ActixCors::permissive())
        })
    };
    let strangers = served!({
        let app = App::new().default_service(web::to(origin));
        let other = ActixCors::default()
            .allowed_origin(STRANGER)
            .allowed_methods(["GET"])
            .block_on_origin_mismatch(false);
        app.wrap(ActixGate::new(verifier.clone())).wrap(other)
    });
    for (name, address, from, expected) in [
        ("permissive", permissive, APP, (vec![APP], Some("true"))),
        ("permissive", permissive, STRANGER, (vec![STRANGER], Some("true"))),
        ("strangers", strangers, APP, (vec![APP], Some("true"))),
        ("strangers", strangers, STRANGER, (vec![STRANGER], None)),
    ] {
        granted_and_refused_leave(address, from, expected, name).await;
    }
    assert_eq!(leave(&ask(permissive, &preflight(STRANGER)).await).0, [STRANGER], "the gate is not asked");
    assert_eq!(leave(&ask(strangers, &preflight(APP)).await).0, [] as [&str; 0]);
}

#[tokio::test]
async fn an_error_of_a_middleware_inside_gets_the_headers() {
    let (tell, told) = mpsc::channel();
    let verifier = verifier();
    let address = served!({
        let tell = tell.clone();
        App::new()
            .default_service(web::to(origin))
            .wrap(from_fn(|_, _| async {
                Err::<actix_web::dev::ServiceResponse, _>(ErrorImATeapot("no coffee"))
            }))
            .wrap(ActixCors::permissive())
            .wrap(ActixGate::new(verifier.clone()))
            .wrap(from_fn(move |request, next: Next<_>| {
                let tell = tell.clone();
                async move {
                    let answer = next.call(request).await;
                    if let Err(error) = &answer {
                        tell.send(error.as_error::<InternalError<&str>>().unwrap().to_string()).unwrap();
                    }
                    answer
                }
            }))
    });
    for (name, ask_for) in [("text", get(PATH)), ("a manifest", get(MANIFEST))] {
        let answer = ask(address, &ask_for.query(good()).origin(APP)).await;
        assert_eq!((answer.status, text(&answer.body)), (418, "no coffee"), "{name}");
        assert_eq!(leave(&answer), (vec![APP], Some("true")), "{name}");
        assert_eq!(answer.field("cache-control"), Some("private"), "{name}");
        assert_eq!(told.try_recv().as_deref(), Ok("no coffee"), "outside, it is what it was");
    }
    let stranger = ask(address, &get(PATH).query(good()).origin(STRANGER)).await;
    assert_eq!((stranger.status, leave(&stranger)), (418, (vec![], None)));
}

#[tokio::test]
async fn without_a_policy_an_error_is_what_it_was() {
    let verifier = behind(vod().cache(playgate::site::CacheScope::Inner));
    let address = served!({
        let fails =
            from_fn(|_, _| async { Err::<actix_web::dev::ServiceResponse, _>(ErrorImATeapot("no coffee")) });
        App::new().default_service(web::to(origin)).wrap(fails).wrap(ActixGate::new(verifier.clone()))
    });
    let answer = ask(address, &get(PATH).cookie(good()).origin(APP)).await;
    assert_eq!((answer.status, leave(&answer), answer.vary()), (418, (vec![], None), vec![]));
}

#[tokio::test]
async fn a_folder_serves_its_files_as_it_would_alone() {
    let (verifier, disk) = (verifier(), files());
    let folder = disk.path("");
    let address =
        served!(App::new().service(Files::new("/", folder.clone())).wrap(ActixGate::new(verifier.clone())));
    serves_the_folder(address).await;
    let token = good();
    let manifest = ask(address, &get(MANIFEST).query(&token).field("range", "bytes=0-6")).await;
    assert_eq!((manifest.status, text(&manifest.body)), (200, &*carried(&token)));
    let tag = manifest.field("etag").unwrap();
    let fresh = ask(address, &get(MANIFEST).query(&token).field("if-none-match", tag)).await;
    assert_eq!((fresh.status, fresh.field("etag")), (304, Some(tag)));
}
