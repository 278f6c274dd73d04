//! Extractors for axum, and a gate around a finished router. They complement the [tower layer](super::tower).

use std::convert::Infallible;
use std::future::{self, Future, Ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::ServiceExt;
use axum::body::Body;
use axum::extract::connect_info::{Connected, IntoMakeServiceWithConnectInfo};
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::{StatusCode, request::Parts};
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::MissingGrant;
use super::http::ReplyBody;
use super::tower::{Gate, GateFuture};
use crate::decide::OwnedGrant;
use crate::verifier::Verifier;

impl Verifier {
    /// Wraps a finished router for `axum::serve`, like `Router::layer` but without boxing. The wrapper is the outermost
    /// service, so it receives [full paths](crate::adapters::tower::GateLayer::full_paths).
    ///
    /// ```no_run
    /// # async fn serve(verifier: playgate::Verifier) -> std::io::Result<()> {
    /// use axum::{Router, routing::get};
    ///
    /// let app = verifier.around(Router::new().route("/videos/{*key}", get(|| async { "the bytes" })));
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// axum::serve(listener, app.into_make_service()).await
    /// # }
    /// ```
    pub fn around<S>(&self, router: S) -> AxumGate<S> {
        AxumGate { gate: Gate::new(router, self.clone()).full_paths() }
    }
}

/// A finished router behind a verifier, created by [`Verifier::around`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AxumGate<S> {
    gate: Gate<S>,
}

impl<S: Clone> AxumGate<S> {
    /// Returns a service for `axum::serve`. The gate receives each client's address; handlers and inner layers do not.
    pub const fn into_make_service(self) -> MakeAxumGate<S> {
        MakeAxumGate { gate: self }
    }

    /// Sets the address of the connection's peer, like [`Gate::with_peer`].
    pub fn with_peer(self, peer: SocketAddr) -> Self {
        Self { gate: self.gate.with_peer(peer) }
    }

    /// Returns a service for `axum::serve` that also passes the client's address on to handlers and layers, as
    /// `ConnectInfo<SocketAddr>`, or to another gate.
    pub fn into_make_service_with_connect_info(self) -> IntoMakeServiceWithConnectInfo<Self, SocketAddr>
    where
        S: Service<Request, Response = Response>,
    {
        ServiceExt::<Request>::into_make_service_with_connect_info(self)
    }
}

impl<S> AxumGate<S> {
    /// Returns a reference to the router.
    pub const fn get_ref(&self) -> &S {
        self.gate.get_ref()
    }

    /// Returns a mutable reference to the router.
    pub const fn get_mut(&mut self) -> &mut S {
        self.gate.get_mut()
    }

    /// Consumes the gate and returns the router.
    pub fn into_inner(self) -> S {
        self.gate.into_inner()
    }
}

impl<S: Service<Request, Response = Response> + Clone> Service<Request> for AxumGate<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = AxumGateFuture<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.gate.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        AxumGateFuture { gate: self.gate.call(request) }
    }
}

/// A service that creates an [`AxumGate`] for each connection. Returned by [`AxumGate::into_make_service`].
#[derive(Clone, Debug)]
#[must_use]
pub struct MakeAxumGate<S> {
    gate: AxumGate<S>,
}

impl<S: Clone, C> Service<C> for MakeAxumGate<S>
where
    SocketAddr: Connected<C>,
{
    type Response = AxumGate<S>;
    type Error = Infallible;
    type Future = Ready<Result<AxumGate<S>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, connection: C) -> Self::Future {
        future::ready(Ok(self.gate.clone().with_peer(SocketAddr::connect_info(connection))))
    }
}

pin_project! {
    /// The future of a response with axum's own body.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AxumGateFuture<S>
    where
        S: Service<Request>,
    {
        #[pin]
        gate: GateFuture<S, Body, Body>,
    }
}

impl<S: Service<Request, Response = Response>> Future for AxumGateFuture<S> {
    type Output = Result<Response, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().gate.poll(context))?;
        Poll::Ready(Ok(response.map(Body::from)))
    }
}

impl From<ReplyBody<Self>> for Body {
    /// Returns the inner body unchanged, or a new body for a refusal or a rewritten manifest.
    fn from(body: ReplyBody<Self>) -> Self {
        match body.into_inner() {
            Ok(inner) => inner,
            Err(changed) => Self::new(changed),
        }
    }
}

impl MissingGrant {
    /// Returns the status of the response: 500, because the server is misconfigured.
    pub const fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    /// Returns the body of the response.
    pub fn body_text(&self) -> String {
        self.to_string()
    }
}

impl IntoResponse for MissingGrant {
    fn into_response(self) -> Response {
        (self.status(), self.body_text()).into_response()
    }
}

/// Extracts the grant of the request. Fails with [`MissingGrant`] if there is none.
impl<S: Sync> FromRequestParts<S> for OwnedGrant {
    type Rejection = MissingGrant;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, MissingGrant> {
        parts.extensions.get::<Self>().cloned().ok_or(MissingGrant)
    }
}

/// Extracts the grant of the request, or `None` if there is none.
impl<S: Sync> OptionalFromRequestParts<S> for OwnedGrant {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
