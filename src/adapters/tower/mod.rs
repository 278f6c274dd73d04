//! The layer for tower services: hyper, axum, tonic.
//!
//! The decision is made in `call`, before the inner service sees the request; the layer boxes nothing, spawns
//! nothing and keeps no snapshot while it waits. Any request body will do; the inner response body has
//! `Data = Bytes`, and the inner service can be cloned, for a request that waits for a lookup.
//!
//! Routers can remove prefixes from paths, so that a protected path looks like one outside of every base path. A request
//! outside therefore passes only if an axum router recorded the original path (feature `axum`), or after
//! [`GateLayer::full_paths`].
//!
//! Wrapping a finished axum `Router` from outside (`Verifier::around`, feature `axum`) costs less than
//! `Router::layer`, which boxes every layer; both work.

mod future;
mod view;

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

pub use future::GateFuture;

use super::http::ReplyBody;
use crate::answer::Paths;
use crate::verifier::Verifier;
use future::Held;
use view::Received;

impl Verifier {
    /// Returns a layer that passes the requests that this verifier grants to the inner service.
    ///
    /// ```
    /// # use playgate::{Site, Verifier};
    /// # fn build(verifier: Verifier) -> axum::Router {
    /// axum::Router::new()
    ///     .route("/media/{*key}", axum::routing::get(|| async { "bytes" }))
    ///     .layer(verifier.layer())
    /// # }
    /// ```
    pub fn layer(&self) -> GateLayer {
        GateLayer { verifier: self.clone(), full_paths: false }
    }
}

/// A layer that puts a [`Gate`] in front of a service; created by [`Verifier::layer`].
#[derive(Clone, Debug)]
pub struct GateLayer {
    verifier: Verifier,
    full_paths: bool,
}

impl GateLayer {
    /// States that no router removes a prefix from paths before this layer: each request has the path that the client sent.
    ///
    /// A request outside of every base path passes without a credential where the policy's
    /// [`Outside`](crate::site::Outside) says so. If a router removed the base path, a protected request would look like
    /// one outside, or like one in a public site at `/`. On a host with base paths a layer therefore refuses both with
    /// [`Denial::PathMayBeShortened`](crate::Denial::PathMayBeShortened) (404) unless it knows the original path: from
    /// this statement, or with the feature `axum` from axum's own routers. `Verifier::around` makes the same statement.
    ///
    /// ```
    /// # use playgate::{Site, Verifier, site::Outside};
    /// let site = Site::bucket("courses").host("app.example.com").base_path("/media/");
    /// let verifier = Verifier::builder().site(site).outside(Outside::Pass).build()?;
    /// let layer = verifier.layer().full_paths(); // for the outermost service of a hyper server
    /// # Ok::<(), playgate::ConfigErrors>(())
    /// ```
    #[must_use]
    pub const fn full_paths(mut self) -> Self {
        self.full_paths = true;
        self
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner, verifier: self.verifier.clone(), full_paths: self.full_paths, peer: None }
    }
}

/// A service behind a verifier.
#[derive(Clone, Debug)]
pub struct Gate<S> {
    inner: S,
    verifier: Verifier,
    full_paths: bool,
    peer: Option<IpAddr>,
}

/// Returns whether an axum router recorded the path before it removed prefixes.
fn came_through_axum<B>(request: &Request<B>) -> bool {
    #[cfg(feature = "axum")]
    return request.extensions().get::<axum::extract::OriginalUri>().is_some();
    #[cfg(not(feature = "axum"))]
    return {
        let _ = request;
        false
    };
}

impl<S> Gate<S> {
    /// Sets the address of the connection's other end, for a server that clones the gate for each connection that it accepts.
    /// This costs less than a [`PeerAddr`](crate::request::PeerAddr) in every request, which takes precedence.
    #[must_use]
    pub const fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer.ip());
        self
    }
}

impl<S, B, R> Service<Request<B>> for Gate<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ReplyBody<R>>;
    type Error = S::Error;
    type Future = GateFuture<S, B, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let received = Received { request: &request, peer: self.peer };
        let is_whole = self.full_paths || came_through_axum(&request);
        let paths = if is_whole { Paths::Whole } else { Paths::MayBeShortened };
        match self.verifier.start_reply_on(&received, paths) {
            Ok(reply) => GateFuture::carry_out(reply, &mut self.inner, request),
            Err(pending) => {
                // The very service that was polled ready is held; another one takes its place.
                let next = self.inner.clone();
                let service = std::mem::replace(&mut self.inner, next);
                GateFuture::wait(pending, Held { service, request, peer: self.peer })
            }
        }
    }
}
