//! Two that speak of origins: the gate and tower-http's `CorsLayer`.
//!
//! No order leaves two `Access-Control-Allow-Origin`. Inside, the other layer's is replaced. Outside, the other layer has
//! the last word, field by field: who wants the site's policy leaves it out there.

use std::convert::Infallible;

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response};
use playgate::adapters::tower::GateLayer;
use tower::{ServiceBuilder, service_fn};
use tower_http::cors::{Any, CorsLayer};

use super::{
    APP, Ask, PATH, STRANGER, TEXT, ask, get, good, granted_and_refused_leave, leave, serve, verifier,
};

async fn origin(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from(TEXT)))
}

fn preflight(origin: &str) -> Ask {
    get(PATH).method("OPTIONS").origin(origin).field("access-control-request-method", "GET")
}

/// For pages of the stranger alone.
fn strangers() -> CorsLayer {
    let origin = STRANGER.parse::<HeaderValue>().unwrap();
    CorsLayer::new().allow_origin([origin]).allow_methods([Method::GET])
}

#[tokio::test]
async fn another_cors_layer_inside_is_replaced() {
    for other in [CorsLayer::permissive(), CorsLayer::very_permissive(), strangers()] {
        let layers = ServiceBuilder::new().layer(GateLayer::new(verifier())).layer(other);
        let address = serve(layers.service(service_fn(origin))).await;
        for ask_for in [get(PATH).query(good()), get(PATH)] {
            let allowed = ask(address, &ask_for.clone().origin(APP)).await;
            assert_eq!(leave(&allowed), (vec![APP], Some("true")));
            let stranger = ask(address, &ask_for.origin(STRANGER)).await;
            assert_eq!(leave(&stranger), (vec![], None));
        }
        let asked = ask(address, &preflight(APP)).await;
        assert_eq!((asked.status, leave(&asked)), (204, (vec![APP], Some("true"))), "the gate answers it");
        assert_eq!(leave(&ask(address, &preflight(STRANGER)).await), (vec![], None));
    }
}

#[tokio::test]
async fn another_cors_layer_outside_has_the_last_word() {
    let layers = |other| ServiceBuilder::new().layer(other).layer(GateLayer::new(verifier()));
    let permissive = serve(layers(CorsLayer::permissive()).service(service_fn(origin))).await;
    let mirror = serve(layers(CorsLayer::very_permissive()).service(service_fn(origin))).await;
    let strangers = serve(layers(strangers()).service(service_fn(origin))).await;
    let star = CorsLayer::new().allow_origin(Any);
    let star = serve(layers(star).service(service_fn(origin))).await;
    for (name, address, from, expected) in [
        // The gate's `true` beside a star: browsers take neither (Fetch, "CORS check").
        ("permissive", permissive, APP, (vec!["*"], Some("true"))),
        ("permissive", permissive, STRANGER, (vec!["*"], None)),
        ("a star", star, APP, (vec!["*"], Some("true"))),
        ("mirror", mirror, APP, (vec![APP], Some("true"))),
        ("mirror", mirror, STRANGER, (vec![STRANGER], Some("true"))),
        // Each lets in its own: what both say together is in force.
        ("strangers", strangers, APP, (vec![APP], Some("true"))),
        ("strangers", strangers, STRANGER, (vec![STRANGER], None)),
    ] {
        granted_and_refused_leave(address, from, expected, name).await;
    }
    for (address, from, allowed) in [(permissive, STRANGER, vec!["*"]), (strangers, APP, vec![])] {
        let asked = ask(address, &preflight(from)).await;
        assert_eq!((asked.status, leave(&asked).0), (200, allowed), "the gate is not asked");
    }
    let bare = ask(strangers, &get(PATH).method("OPTIONS")).await;
    assert_eq!(bare.status, 200, "to CorsLayer every OPTIONS is a preflight");
}

#[tokio::test]
async fn a_gate_around_a_gate_says_it_once() {
    let layers = ServiceBuilder::new().layer(GateLayer::new(verifier())).layer(GateLayer::new(verifier()));
    let address = serve(layers.service(service_fn(origin))).await;
    for ask_for in [get(PATH).query(good()), get(PATH), preflight(APP)] {
        let answer = ask(address, &ask_for.origin(APP)).await;
        assert!(answer.fields("access-control-allow-origin").len() <= 1, "{}", answer.verdict());
        assert_eq!(answer.fields("vary").iter().filter(|line| line.contains("origin")).count(), 1);
    }
}
