//! Published servers of files, none of which knows of this crate, behind it in one line each.

use std::convert::Infallible;
use std::fs;

use crate::support::servers::{self, Server};
use crate::support::{Answer, Ask, HOST, behind, get, http1, token, vod};
use axum::Router;
use http::{Request, Response};
use hyper_staticfile::Static;
use playgate::Verifier;
use playgate::adapters::tower::GateLayer;
use playgate::rate::Rate;
use playgate::schemes::embed::{Embed, EmbedDraft};
use tempfile::TempDir;
use tower::{Layer as _, service_fn};
use tower_http::services::ServeDir;

/// A folder with one film of nine bytes.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("videos/1")).unwrap();
    fs::write(folder.path().join("videos/1/a.mp4"), "012345678").unwrap();
    folder
}

/// `hyper-staticfile`, `warp` and `actix-files`, over that folder.
async fn existing(verifier: &Verifier, folder: &TempDir) -> [Server; 3] {
    let path = folder.path().to_owned();

    let files = Static::new(&path);
    let staticfile = service_fn(move |request: Request<_>| {
        let files = files.clone();
        async move {
            let failed = |_| Response::builder().status(500).body(hyper_staticfile::Body::Empty).unwrap();
            Ok::<_, Infallible>(files.serve(request).await.unwrap_or_else(failed))
        }
    });
    let warp = warp::service(warp::fs::dir(path.clone()));
    let actix = move |app: &mut actix_web::web::ServiceConfig| {
        app.service(actix_files::Files::new("/", &path));
    };
    [
        servers::hyper("hyper-staticfile", GateLayer::new(verifier.clone()).layer(staticfile)).await,
        servers::hyper("warp", GateLayer::new(verifier.clone()).layer(warp)).await,
        servers::actix("actix-files", Some(verifier), actix),
    ]
}

async fn ask(server: &Server, ask: &Ask) -> Answer {
    http1(server.name, server.address, &ask.http1()).await
}

const FILM: &str = "/videos/1/a.mp4";

#[tokio::test]
async fn servers_of_files_serve_what_was_granted_and_nothing_else() {
    let (verifier, folder) = (behind(vod()), folder());
    let good = token("videos/1/");
    for server in existing(&verifier, &folder).await {
        let name = server.name;
        for (asked, verdict, body) in [
            (get(FILM).query(&good), "200", "012345678"),
            (get(FILM).cookie(&good), "200", "012345678"),
            (get(FILM).query(&good).field("range", "bytes=2-4"), "206", "234"),
            (get(FILM).query(&good).field("range", "bytes=90-"), "416", ""),
            (get("/videos/1/none.mp4").query(&good), "404", ""),
        ] {
            let answer = ask(&server, &asked).await;
            assert_eq!(answer.verdict(), verdict, "{name}: {asked:?}");
            if !body.is_empty() {
                assert_eq!(answer.body, body, "{name}: {asked:?}");
                assert_eq!(answer.field("cache-control"), Some("private"), "{name}");
            }
        }
        for (asked, verdict) in [
            (get(FILM), "401 credential_missing"),
            (get(FILM).query(token("videos/2/")), "403 out_of_scope"),
            (get(FILM).query(&good).query(&good), "400 ambiguous_credential"),
            // Nobody learns which files there are.
            (get("/videos/1/none.mp4"), "401 credential_missing"),
        ] {
            let answer = ask(&server, &asked).await;
            assert_eq!(answer.verdict(), verdict, "{name}: {asked:?}");
        }
    }
}

#[tokio::test]
async fn servers_of_files_answer_head_and_conditions_as_they_do() {
    let (verifier, folder) = (behind(vod()), folder());
    let good = get(FILM).query(token("videos/1/"));
    for server in existing(&verifier, &folder).await {
        let name = server.name;
        let head = ask(&server, &good.clone().method("HEAD")).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{name}");
        assert_eq!(head.field("content-length"), Some("9"), "{name}");
        let refused = ask(&server, &get(FILM).method("HEAD")).await;
        assert_eq!((refused.status, refused.body.len()), (401, 0), "{name}");

        // As the server itself has told, by the one of its conditions that all three know.
        let since = head.field("last-modified").unwrap();
        let again = ask(&server, &good.clone().field("if-modified-since", since)).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
    }
}

/// Each server has its own spellings for a manifest and a key. None of them bypasses origins and rates.
#[tokio::test]
async fn no_server_of_files_has_a_spelling_that_gets_around_origins_and_rates() {
    const KEY: &str = "sixteen bytes...";
    let folder = folder();
    for (name, content) in [("1.key", KEY), ("master.m3u8", "#EXTM3U\n"), ("master.m3u8.gz", "packed")] {
        fs::write(folder.path().join("videos/1").join(name), content).unwrap();
    }
    let verifier = behind(vod().embed(Embed::new()));
    let embeds = verifier.embeds(HOST).unwrap();
    let path = folder.path().to_owned();
    let index = move |app: &mut actix_web::web::ServiceConfig| {
        app.service(actix_files::Files::new("/", &path).index_file("master.m3u8"));
    };
    let serve_dir = Router::new()
        .fallback_service(ServeDir::new(folder.path()).precompressed_gzip())
        .layer(GateLayer::new(verifier.clone()));
    let mut servers = Vec::from(existing(&verifier, &folder).await);
    servers.push(servers::actix("actix-files with an index", Some(&verifier), index));
    servers.push(servers::axum("ServeDir", serve_dir).await);
    let mut served = Vec::new();
    for server in &servers {
        let name = server.name;
        let bound = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap().to_text();
        for file in [
            "1.key",
            "1.key/",
            "1.k%65y",
            "1.key%2F",
            "1.key//",
            "1.key/.",
            "1.key.",
            "1.key%20",
            "1.key;a=b.ts",
            "1.KEY",
            "1.key%00",
            "master.m3u8",
            "master.m3u8/",
            "master.m3u8.gz",
            "master.m3u8?a=.ts",
            "master",
            "",
        ] {
            let asked = get(format!("/videos/1/{file}"));
            let refused = ask(server, &asked.clone().query(&bound)).await;
            assert!(
                matches!(refused.status, 400 | 403),
                "{name}: {file} without an origin: {}",
                refused.verdict()
            );
            let allowed = ask(server, &asked.query(&bound).origin("https://app.example.com")).await;
            if allowed.status == 200 {
                served.push((name, file));
            }
            let rate = Rate::new(1, std::time::Duration::from_hours(24)).unwrap();
            let rated = embeds.issue(EmbedDraft::new("1").rate(rate)).await.unwrap().to_text();
            let asked = get(format!("/videos/1/{file}")).query(&rated);
            let _first = ask(server, &asked).await;
            let second = ask(server, &asked).await;
            assert!(matches!(second.status, 400 | 429), "{name}: {file} a second time: {}", second.verdict());
        }
    }
    for spelled in
        [("actix-files", "1.key/"), ("actix-files", "master.m3u8/"), ("actix-files with an index", "")]
    {
        assert!(served.contains(&spelled), "{spelled:?} is served, so it has to be checked: {served:?}");
    }
    assert!(
        served.contains(&("ServeDir", "1.key")) && served.contains(&("ServeDir", "master.m3u8.gz")),
        "{served:?}"
    );
}
