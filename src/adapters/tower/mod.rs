//! The layer for tower services: hyper, axum, tonic.
//!
//! The decision is made in `call`, before the inner service sees the request; the layer boxes nothing, spawns
//! nothing and keeps no snapshot while it waits. Any request body will do; the inner response body has
//! `Data = Bytes`, and the inner service can be cloned, for a request that waits for a lookup.
//!
//! Wrapping a finished axum `Router` from outside (`Verifier::around`, feature `axum`) costs less than
//! `Router::layer`, which boxes every layer; both work.

mod body;
mod edit;
mod future;
mod view;

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

pub use body::GateBody;
pub use future::GateFuture;

use crate::answer::Reply;
use crate::verify::{Decision, Verifier};
use future::Held;
use view::Received;

impl Verifier {
    /// A layer that lets through what this verifier grants.
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
        #[cfg(not(feature = "axum"))]
        self.warn_of_nesting();
        GateLayer { verifier: self.clone() }
    }
}

#[cfg(not(feature = "axum"))]
impl Verifier {
    /// Without axum's own types, a path that its routers have shortened looks like one outside of every site.
    fn warn_of_nesting(&self) {
        for site in self.snapshot().policy().sites().filter(|site| site.base_path() != "/") {
            crate::log::event!(
                WARN,
                site = site.id(),
                base_path = site.base_path(),
                "inside axum's nest or nest_service this site would not be found: enable the feature axum there"
            );
        }
    }
}

/// Puts a [`Gate`] in front of a service; made by [`Verifier::layer`].
#[derive(Clone, Debug)]
pub struct GateLayer {
    verifier: Verifier,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner, verifier: self.verifier.clone(), peer: None }
    }
}

/// A service behind a verifier.
#[derive(Clone, Debug)]
pub struct Gate<S> {
    inner: S,
    verifier: Verifier,
    peer: Option<IpAddr>,
}

impl<S> Gate<S> {
    /// The gate of one connection, whose other end is this: what servers by hand make of a clone where they accept. It costs
    /// less than a [`PeerAddr`](crate::request::PeerAddr) in every request, which counts before it.
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
    type Response = Response<GateBody<R>>;
    type Error = S::Error;
    type Future = GateFuture<S, B, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = self.verifier.now();
        let received = Received { request: &request, peer: self.peer };
        let decision = self.verifier.decide(&received, now);
        let reply = match &decision {
            Decision::Needs(needed) => Err(needed.need()),
            decision => Ok(decision.reply(&received)),
        };
        drop(decision); // and its snapshot with it, before anything is waited for or called
        match reply {
            Err(need) => {
                let look_up = self.verifier.look_up(need);
                // The very service that was polled ready is held; another one takes its place.
                let next = self.inner.clone();
                let service = std::mem::replace(&mut self.inner, next);
                GateFuture::wait(
                    look_up,
                    Held { verifier: self.verifier.clone(), service, request, peer: self.peer, found: None },
                )
            }
            Ok(Reply::Answer(answer)) => GateFuture::answer(answer),
            Ok(Reply::Call(before, after)) => {
                edit::request(&mut request, &before);
                // The very service that was polled ready.
                GateFuture::call(self.inner.call(request), after)
            }
        }
    }
}
