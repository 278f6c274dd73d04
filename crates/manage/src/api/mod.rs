//! The REST API: the published paths below `/v1`.
//!
//! Each request passes these checks, in this order:
//!
//! 1. `Host` is a name of the API and not a media host. Otherwise the answer is 421 (DNS rebinding).
//! 2. The path and the method exist.
//! 3. Every call but `POST /v1/access_token` has a valid access token as `Authorization: Bearer`.
//! 4. The body is one JSON object of at most [`body::MAX_BODY`] bytes without unknown or repeated fields.
//! 5. The operation checks the values and the permission.

mod access_token;
mod answer;
mod audit;
mod body;
mod buckets;
mod caller;
mod domains;
mod hosts;
mod signing_keys;
mod streams;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};

use self::answer::Failure;
use crate::manage::Manage;

impl Manage {
    /// Returns the REST API.
    ///
    /// Serve it on its own listener, and over HTTPS unless that is a loopback address.
    pub fn router(&self) -> Router {
        let keys = get(signing_keys::list).post(signing_keys::create);
        let key = get(signing_keys::show).put(signing_keys::rename).delete(signing_keys::delete);
        let cors = get(buckets::cors).post(buckets::set_cors).delete(buckets::delete_cors);
        Router::new()
            .route("/v1/access_token", post(access_token::by_header))
            .route("/v1/access_token/{api_key}", post(access_token::by_path))
            .route("/v1/domains", get(domains::list).post(domains::create))
            .route("/v1/domains/live", get(domains::list_live))
            .route("/v1/domains/vod", get(domains::list_vod))
            .route("/v1/domains/{id}", get(domains::show).delete(domains::delete))
            .route(
                "/v1/domains/{id}/cors",
                get(domains::cors).post(domains::set_cors).delete(domains::delete_cors),
            )
            .route("/v1/signing-keys", keys.clone())
            .route("/v1/signing_keys", keys)
            .route("/v1/signing-keys/{id}", key.clone())
            .route("/v1/signing_keys/{id}", key)
            .route("/v1/buckets/{bucket}/policy/{policy}", put(buckets::set_policy))
            .route("/v1/buckets/{bucket}/cors", cors)
            .route("/v1/buckets/{bucket}/cors/{header}", delete(buckets::delete_cors_header))
            .route("/v1/streams/{id}", put(streams::set_playback_id))
            .route("/v1/audit", get(audit::list))
            .fallback(unknown_path)
            .method_not_allowed_fallback(wrong_method)
            .layer(from_fn_with_state(self.clone(), hosts::check))
            .with_state(self.clone())
    }
}

async fn unknown_path(_: Uri) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "unknown_path", "the API has no such path", None)
}

async fn wrong_method(method: Method) -> Failure {
    let message = format!("the path does not have the method {method}; Allow lists those it has");
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, None)
}
