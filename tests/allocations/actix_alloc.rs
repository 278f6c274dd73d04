//! What the middleware asks the allocator for, beyond what actix-web asks by itself.

use crate::fixtures::{Kind, key_of};
use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse, web};
use allocation_counter::measure;
use futures_util::FutureExt as _;
use playgate::adapters::actix::ActixGate;
use playgate::cors::Cors;
use playgate::site::CacheScope;
use playgate::{KeyScope, Scope, Site, Verifier};

const HOST: &str = "cdn.example.com";
const PAGE: &str = "https://app.example.com";
const PATH: &str = "/videos/1/a.ts";

fn site() -> Site {
    Site::bucket("courses").host(HOST).cache(CacheScope::Inner)
}

/// How often the allocator is asked while an application answers a page of another origin.
macro_rules! asked {
    ($app:expr, $target:expr) => {{
        let mut counted = 0;
        for _ in 0..3 {
            // Once the token is remembered, and actix-web's own pools are filled.
            let request = TestRequest::get().uri($target).insert_header(("host", HOST));
            let (request, mut answer) = (request.insert_header(("origin", PAGE)).to_request(), None);
            counted = measure(|| answer = $app.call(request).now_or_never()).count_total;
            assert_eq!(answer.unwrap().unwrap().status(), 200);
        }
        counted
    }};
}

#[tokio::test]
async fn the_middleware_adds_no_allocation() {
    let signer = Kind::Hmac.signer("k");
    let token = signer.token(Scope::folder("videos/1").unwrap()).sign().unwrap();
    let target = format!("{PATH}?auth={}", token.as_str());
    let media = || web::get().to(async || HttpResponse::Ok().body("the bytes"));
    let bare = init_service(App::new().route("/{key:.*}", media())).await;
    let alone = asked!(bare, &target);
    assert!(alone > 0, "actix-web does ask");
    let private = || site().cache(CacheScope::Private);
    for (name, site) in [
        ("nothing changes", site()),
        // Header maps come from a pool of actix-web's, and have room.
        ("for one viewer", private()),
        ("CORS and for one viewer", private().cors(Cors::with_credentials([PAGE]))),
    ] {
        let key = key_of(&signer, KeyScope::bucket("courses"));
        let verifier = Verifier::builder().site(site).key(key).build().unwrap();
        let app =
            init_service(App::new().wrap(ActixGate::new(verifier.clone())).route("/{key:.*}", media())).await;
        assert_eq!(asked!(app, &target), alone, "{name}");
    }
}
