//! The layer for tower services: hyper, axum, tonic.
//!
//! The decision is made in `call`, before the inner service receives the request. The layer boxes nothing, spawns nothing and
//! holds no snapshot while it waits. Any request body is supported. The inner response body must have `Data = Bytes`. The inner
//! service must implement `Clone`, for requests that wait for a lookup.
//!
//! Routers can remove prefixes from paths, so that a protected path looks like one outside every base path. A request outside
//! every base path therefore passes only if an axum router recorded the original path (feature `axum`), or if
//! [`GateLayer::full_paths`] was called.
//!
//! Wrapping a finished axum `Router` from outside (`Verifier::around`, feature `axum`) costs less than `Router::layer`, which
//! boxes every layer. Both work.

mod future;
mod view;

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

pub use future::GateFuture;

use super::http::ReplyBody;
use crate::decide::Paths;
use crate::verifier::Verifier;
use future::Held;
use view::Received;

/// A layer that puts a [`Gate`] in front of a service.
///
/// ```
/// # use playgate::Verifier;
/// use playgate::adapters::tower::GateLayer;
///
/// # fn build(verifier: Verifier) -> axum::Router {
/// axum::Router::new()
///     .route("/media/{*key}", axum::routing::get(|| async { "bytes" }))
///     .layer(GateLayer::new(verifier))
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GateLayer {
    verifier: Verifier,
    full_paths: bool,
}

impl GateLayer {
    /// Creates a layer that forwards a request to the inner service if `verifier` allows it.
    pub const fn new(verifier: Verifier) -> Self {
        Self { verifier, full_paths: false }
    }

    /// States that no router removes a prefix from paths before this layer, so that each request has the path that the client
    /// sent.
    ///
    /// A request outside every base path passes without a credential if the policy's [`Outside`](crate::site::Outside) allows it.
    /// If a router removed the base path, a protected request would look like one outside every base path, or like one for a
    /// public site at `/`. On a host with base paths, a layer therefore refuses both with
    /// [`Denial::PathMayBeShortened`](crate::Denial::PathMayBeShortened) (404) unless it knows the original path, either from
    /// this statement or, with the feature `axum`, from axum's own routers. `Verifier::around` makes the same statement.
    ///
    /// ```
    /// # use playgate::{Site, Verifier, adapters::tower::GateLayer, site::Outside};
    /// let site = Site::bucket("courses").host("app.example.com").base_path("/media/");
    /// let verifier = Verifier::builder().site(site).outside(Outside::Pass).build()?;
    /// let layer = GateLayer::new(verifier).full_paths(); // for the outermost service of a hyper server
    /// # Ok::<(), playgate::ConfigErrors>(())
    /// ```
    pub const fn full_paths(mut self) -> Self {
        self.full_paths = true;
        self
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { full_paths: self.full_paths, ..Gate::new(inner, self.verifier.clone()) }
    }
}

/// A service behind a verifier: a request reaches the inner service only if the verifier allows it.
///
/// ```
/// # use playgate::{Verifier, adapters::tower::Gate};
/// # async fn bytes(_: http::Request<()>) -> Result<http::Response<axum::body::Body>, std::convert::Infallible> {
/// #     Ok(http::Response::default())
/// # }
/// # fn serve(verifier: Verifier, peer: std::net::SocketAddr) {
/// let gate = Gate::new(tower::service_fn(bytes), verifier);
/// let of_one_connection = gate.clone().with_peer(peer);
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Gate<S> {
    inner: S,
    verifier: Verifier,
    full_paths: bool,
    peer: Option<IpAddr>,
}

impl<S> Gate<S> {
    /// Creates a gate in front of `inner`.
    pub const fn new(inner: S, verifier: Verifier) -> Self {
        Self { inner, verifier, full_paths: false, peer: None }
    }

    /// States that each request has the path that the client sent, like [`GateLayer::full_paths`].
    pub const fn full_paths(mut self) -> Self {
        self.full_paths = true;
        self
    }

    /// Sets the address of the connection's peer, for a server that clones the gate for each accepted connection. This costs less
    /// than a [`PeerAddr`](crate::request::PeerAddr) in every request. If a request has a `PeerAddr`, that address takes
    /// precedence.
    pub const fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer.ip());
        self
    }

    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes the gate and returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
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
                // The service that was polled ready is kept for the request; a clone takes its place.
                let next = self.inner.clone();
                let service = std::mem::replace(&mut self.inner, next);
                GateFuture::wait(pending, Held { service, request, peer: self.peer })
            }
        }
    }
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
