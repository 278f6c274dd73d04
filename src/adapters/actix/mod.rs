//! The middleware for actix-web.
//!
//! The decision is made before the inner service is called. Nothing is boxed or spawned, and no snapshot is held while the
//! middleware waits. The headers are set on every response of the inner service, including the response to an error that an
//! inner middleware returns.
//!
//! The middleware does not change these properties of actix-web:
//!
//! - `HttpServer` answers `Expect: 100-continue` before it calls any application; a refusal follows at once. A server that is
//!   built from actix-http's `HttpService` can set its own handler with `expect`.
//! - If a request body is left unread, as after a refusal, the connection is closed, and the response announces this.
//! - If the client has disconnected, a handler keeps running until it writes to the connection. Over HTTP/1.1,
//!   `h1_allow_half_closed(false)` on the server ends it earlier.
//! - There are no trailers.

mod body;
mod edit;
mod extract;
mod future;
mod view;

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};

pub use body::ActixBody;
pub use future::ActixFuture;

use crate::verifier::Verifier;
use future::Held;

/// A middleware that forwards a request to the inner service if a verifier allows it.
///
/// ```
/// # use playgate::Verifier;
/// use actix_web::{App, HttpServer, web};
/// use playgate::adapters::actix::ActixGate;
///
/// # fn serve(verifier: Verifier) {
/// let server = HttpServer::new(move || {
///     let media = web::get().to(|| async { "the bytes" });
///     App::new().wrap(ActixGate::new(verifier.clone())).route("/media/{key:.*}", media)
/// });
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ActixGate {
    verifier: Verifier,
}

impl ActixGate {
    /// Creates a middleware.
    pub const fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S, B> Transform<S, ServiceRequest> for ActixGate
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ActixBody<B>>;
    type Error = Error;
    type Transform = ActixGateMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<ActixGateMiddleware<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(ActixGateMiddleware { inner: Rc::new(inner), verifier: self.verifier.clone() }))
    }
}

/// A service behind a verifier, created by [`ActixGate`].
#[derive(Debug)]
#[must_use]
pub struct ActixGateMiddleware<S> {
    inner: Rc<S>,
    verifier: Verifier,
}

impl<S, B> Service<ServiceRequest> for ActixGateMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ActixBody<B>>;
    type Error = Error;
    type Future = ActixFuture<S, B>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match self.verifier.start_reply(&request) {
            Ok(reply) => ActixFuture::carry_out(reply, &self.inner, request),
            Err(pending) => ActixFuture::wait(pending, Held { service: Rc::clone(&self.inner), request }),
        }
    }
}
