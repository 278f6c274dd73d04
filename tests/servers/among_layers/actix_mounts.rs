//! Scopes and files mounted at a path: the path that the client sent decides.

use actix_files::Files;
use actix_web::{App, HttpRequest, web};
use playgate::adapters::actix::ActixGate;

use super::{PATH, TEXT, ask, behind, files, get, good, served, text, vod};

/// What a handler is told of the request: its path parameter, its target, and what matched.
async fn show(request: HttpRequest, key: web::Path<String>) -> String {
    format!("{key} of {} by {}", request.uri(), request.match_pattern().unwrap_or_default())
}

#[tokio::test]
async fn inside_a_scope_the_path_that_the_client_sent_decides() {
    let verifier = behind(vod().base_path("/media/").strip_credentials(true));
    let address = served!({
        let gated = || {
            web::scope("/media")
                .wrap(ActixGate::new(verifier.clone()))
                .route("/{key:.*}", web::get().to(show))
        };
        App::new().service(gated()).service(web::scope("/outer").service(gated()))
    });
    let good = good();
    for (target, verdict, seen) in [
        (
            format!("/media{PATH}?auth={good}&a=1"),
            "200",
            "videos/1/a.txt of /media/videos/1/a.txt?a=1 by /media/{key:.*}",
        ),
        (format!("/media{PATH}"), "401 credential_missing", ""),
        (format!("/media/videos/2/a.txt?auth={good}"), "403 out_of_scope", ""),
        (format!("/media/media{PATH}?auth={good}"), "403 out_of_scope", ""),
        ("/media/".to_owned(), "401 credential_missing", ""),
        // Not under the site's base path, as the client sees it.
        (
            format!("/outer/media{PATH}"),
            "200",
            "videos/1/a.txt of /outer/media/videos/1/a.txt by /outer/media/{key:.*}",
        ),
    ] {
        let answer = ask(address, &get(&*target)).await;
        assert_eq!(answer.verdict(), verdict, "{target}");
        if !seen.is_empty() {
            assert_eq!(text(&answer.body), seen, "{target}");
        }
    }
}

#[tokio::test]
async fn around_an_application_every_scope_is_inside() {
    let verifier = behind(vod().base_path("/media/"));
    let address = served!({
        let inner = web::scope("/media").route("/videos/{key:.*}", web::get().to(show));
        let other = web::scope("/api").route("/{key:.*}", web::get().to(show));
        App::new().service(inner).service(other).wrap(ActixGate::new(verifier.clone()))
    });
    for (target, verdict) in [
        (format!("/media{PATH}?auth={}", good()), "200"),
        (format!("/media{PATH}"), "401 credential_missing"),
        ("/media/none".to_owned(), "401 credential_missing"),
        ("/api/a".to_owned(), "200"),
        ("/none".to_owned(), "404"),
        ("/api/../media/a".to_owned(), "400 ambiguous_path"),
    ] {
        assert_eq!(ask(address, &get(&*target)).await.verdict(), verdict, "{target}");
    }
}

#[tokio::test]
async fn files_behind_a_mount_are_found_by_the_clients_path() {
    let (verifier, disk) = (behind(vod().base_path("/media/").strip_credentials(true)), files());
    let folder = disk.path("");
    let address = served!({
        let gated = web::scope("/media")
            .wrap(ActixGate::new(verifier.clone()))
            .service(Files::new("", folder.clone()));
        App::new().service(gated)
    });
    let answer = ask(address, &get(format!("/media{PATH}")).query(good())).await;
    assert_eq!((answer.verdict().as_str(), text(&answer.body)), ("200", TEXT));
    let refused = ask(address, &get("/media/videos/2/a.txt").query(good())).await;
    assert_eq!(refused.verdict(), "403 out_of_scope");
}
