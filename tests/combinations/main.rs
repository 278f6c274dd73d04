//! Sends the same requests through each adapter, with one policy, in each combination of features.
//!
//! No feature may turn a refusal into a pass without a credential. Run it once for each combination:
//!
//! ```sh
//! cargo test --no-default-features --features aws-lc,axum --test combinations
//! ```

#![cfg(feature = "aws-lc")]

use playgate::site::Outside;
use playgate::{Key, KeyScope, Site, Verifier};

const HOST: &str = "app.example.com";

/// A file of the bucket, which begins at the base path.
const FILE: &str = "/media/videos/1/a.ts";

/// HS256 by the secret below, `{"uri":"videos/1/"}`.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJ1cmkiOiJ2aWRlb3MvMS8ifQ.do-iaC9V34ytJQb-Muw-CGPsgH5Fs9CcMh6_TXv9puQ";

fn verifier(outside: Outside) -> Verifier {
    Verifier::builder()
        .site(Site::bucket("courses").host(HOST).base_path("/media/"))
        .outside(outside)
        .key(
            Key::from_secret("k1", b"0123456789abcdef0123456789abcdef", KeyScope::bucket("courses")).unwrap(),
        )
        .build()
        .unwrap()
}

/// Each request, and its status where the path is known to be the client's.
fn requests() -> [(&'static str, &'static str, String, u16); 6] {
    [
        ("no credential", HOST, FILE.to_owned(), 401),
        ("a good credential", HOST, format!("{FILE}?auth={TOKEN}"), 200),
        ("another folder", HOST, format!("/media/videos/2/a.ts?auth={TOKEN}"), 403),
        ("outside", HOST, "/api".to_owned(), 200),
        ("outside, read as inside", HOST, "/x/..//media/a".to_owned(), 400),
        ("an unknown host", "other.example.com", FILE.to_owned(), 421),
    ]
}

mod by_hand {
    use playgate::Decision;
    use playgate::request::{RequestView, Target};
    use playgate::time::UnixSeconds;

    use super::*;

    struct Get<'a> {
        host: &'a str,
        target: &'a str,
    }

    impl RequestView for Get<'_> {
        fn method(&self) -> &'static str {
            "GET"
        }

        fn target(&self) -> Target<'_> {
            Target::origin_form(self.target)
        }

        fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
            (name == "host" && nth == 0).then_some(self.host.as_bytes())
        }
    }

    fn status(verifier: &Verifier, host: &str, target: &str) -> u16 {
        match verifier.decide(&Get { host, target }, UnixSeconds::new(1_750_000_000)) {
            Decision::Granted(_) | Decision::Pass(_) => 200,
            decision => decision.denial().unwrap().code().default_status(),
        }
    }

    #[test]
    fn a_decision_by_hand_knows_the_whole_path() {
        for (name, host, target, expected) in requests() {
            assert_eq!(status(&verifier(Outside::Pass), host, &target), expected, "{name}");
        }
        assert_eq!(status(&verifier(Outside::Refuse), HOST, "/api"), 404);
    }
}

#[cfg(feature = "tower")]
mod tower_layer {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, Response};
    use axum::routing::any;
    use playgate::adapters::tower::GateLayer;
    use tower::{Layer as _, Service, ServiceExt as _, service_fn};

    use super::*;

    /// Whether axum's router tells the layer which path the client sent.
    const AXUM: bool = cfg!(feature = "axum");

    fn status<S, R>(service: S, host: &str, target: &str) -> u16
    where
        S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
    {
        let request = Request::get(target).header("host", host).body(Body::empty()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(service.oneshot(request)).unwrap().status().as_u16()
    }

    /// What serves every path.
    fn served() -> Router {
        Router::new().fallback(any(|| async { "bytes" }))
    }

    #[test]
    fn a_layer_with_full_paths_decides_as_by_hand_with_and_without_axum() {
        for (name, host, target, expected) in requests() {
            let gate = GateLayer::new(verifier(Outside::Pass)).full_paths().layer(served());
            assert_eq!(status(gate, host, &target), expected, "{name}");
            let layered = served().layer(GateLayer::new(verifier(Outside::Pass)).full_paths());
            assert_eq!(status(layered, host, &target), expected, "Router::layer: {name}");
        }
        let refusing = GateLayer::new(verifier(Outside::Refuse)).full_paths().layer(served());
        assert_eq!(status(refusing, HOST, "/api"), 404);
    }

    #[test]
    fn a_layer_that_cannot_know_the_path_passes_nothing_outside() {
        for (name, host, target, expected) in requests() {
            let expected = if name == "outside" { 404 } else { expected };
            let gate = GateLayer::new(verifier(Outside::Pass)).layer(served());
            assert_eq!(status(gate, host, &target), expected, "{name}");
        }
    }

    #[test]
    fn inside_axums_router_the_layer_passes_what_is_outside_with_the_feature_only() {
        for (name, host, target, expected) in requests() {
            let expected = if name == "outside" && !AXUM { 404 } else { expected };
            let layered = served().layer(GateLayer::new(verifier(Outside::Pass)));
            assert_eq!(status(layered, host, &target), expected, "{name}");
        }
    }

    /// What removes the base path before the layer makes each file look like one outside.
    #[test]
    fn behind_a_router_that_removes_the_base_path_no_file_is_served_without_a_credential() {
        let gated = || served().layer(GateLayer::new(verifier(Outside::Pass)));
        let nested = || Router::new().nest("/media", gated());
        let service =
            || Router::new().nest_service("/media", GateLayer::new(verifier(Outside::Pass)).layer(served()));
        for (name, host, target, expected) in requests() {
            if !target.starts_with("/media/") {
                continue; // nothing is mounted there
            }
            let expected = if AXUM || host != HOST { expected } else { 404 };
            assert_eq!(status(nested(), host, &target), expected, "nest: {name}");
            assert_eq!(status(service(), host, &target), expected, "nest_service: {name}");
        }
        let gate = GateLayer::new(verifier(Outside::Pass)).layer(served());
        let strip = service_fn(move |mut request: Request<Body>| {
            let target = request.uri().to_string();
            *request.uri_mut() = target.strip_prefix("/media").unwrap_or(&target).parse().unwrap();
            gate.clone().oneshot(request)
        });
        assert_eq!(status(strip, HOST, FILE), 404, "another router");
    }

    #[cfg(feature = "axum")]
    #[test]
    fn around_everything_the_path_is_the_clients() {
        for (name, host, target, expected) in requests() {
            assert_eq!(status(verifier(Outside::Pass).around(served()), host, &target), expected, "{name}");
        }
    }
}

#[cfg(feature = "actix")]
mod actix_middleware {
    use actix_web::dev::Service as _;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, HttpResponse, rt, web};
    use playgate::adapters::actix::ActixGate;

    use super::*;

    #[test]
    fn the_middleware_knows_the_whole_path_in_a_scope_too() {
        rt::System::new().block_on(async {
            let around = init_service(
                App::new()
                    .wrap(ActixGate::new(verifier(Outside::Pass)))
                    .default_service(web::to(HttpResponse::Ok)),
            )
            .await;
            let scoped = web::scope("/media")
                .wrap(ActixGate::new(verifier(Outside::Pass)))
                .default_service(web::to(HttpResponse::Ok));
            let scoped = init_service(App::new().service(scoped)).await;
            for (name, host, target, expected) in requests() {
                let request = || TestRequest::get().uri(&target).insert_header(("host", host)).to_request();
                let answer = around.call(request()).await.unwrap();
                assert_eq!(answer.status().as_u16(), expected, "{name}");
                if target.starts_with("/media/") {
                    let answer = scoped.call(request()).await.unwrap();
                    assert_eq!(answer.status().as_u16(), expected, "in a scope: {name}");
                }
            }
        });
    }
}
