//! Real servers on free ports of this machine, as people write them, each around whatever it is given.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use playgate::Verifier;
use playgate::adapters::actix::ActixGate;
use playgate::request::PeerAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::{Service, ServiceExt as _};

/// A server that serves until it is told to stop, or the test ends.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Server {
    fn new(name: &'static str, address: SocketAddr) -> (Self, watch::Receiver<bool>) {
        let (stop, told) = watch::channel(false);
        (Self { name, address, stop }, told)
    }

    /// Answers what it was asked before, and takes no new connection.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Only ends if somebody says stop.
async fn stopped(mut told: watch::Receiver<bool>) {
    if told.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// `axum::serve`.
pub(crate) async fn axum<S>(name: &'static str, service: S) -> Server
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (server, told) = Server::new(name, listener.local_addr().unwrap());
    let make = axum::ServiceExt::<Request<Body>>::into_make_service_with_connect_info::<SocketAddr>(service);
    tokio::spawn(axum::serve(listener, make).with_graceful_shutdown(stopped(told)).into_future());
    server
}

/// hyper alone, HTTP/1.1 and HTTP/2 on one port.
pub(crate) async fn hyper<S, B>(name: &'static str, service: S) -> Server
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (server, told) = Server::new(name, listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, peer) = tokio::select! {
                () = stopped(told.clone()) => return,
                accepted = listener.accept() => accepted.unwrap(),
            };
            let service = service.clone().map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(PeerAddr(peer));
                request
            });
            let told = told.clone();
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let service = TowerToHyperService::new(service);
                let mut connection =
                    pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
                tokio::select! {
                    // A client that goes away is none of the server's business.
                    _ = connection.as_mut() => return,
                    () = stopped(told) => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            });
        }
    });
    server
}

/// actix-web around what `configure` adds to an application, behind the middleware of a verifier or not.
pub(crate) fn actix<C>(name: &'static str, verifier: Option<&Verifier>, configure: C) -> Server
where
    C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    actix_with(name, verifier, true, configure)
}

/// The same where a client that has closed its half of the connection is still served, as by default, or is gone.
pub(crate) fn actix_with<C>(
    name: &'static str,
    verifier: Option<&Verifier>,
    half_closed: bool,
    configure: C,
) -> Server
where
    C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    macro_rules! run {
        ($app:expr) => {{
            let server = HttpServer::new($app).workers(1).disable_signals().h1_allow_half_closed(half_closed);
            let server = server.bind_auto_h2c("127.0.0.1:0").unwrap();
            (server.addrs()[0], server.run())
        }};
    }
    let (address, running) = if let Some(verifier) = verifier.cloned() {
        run!(move || App::new().wrap(ActixGate::new(verifier.clone())).configure(configure.clone()))
    } else {
        run!(move || App::new().configure(configure.clone()))
    };
    let (server, told) = Server::new(name, address);
    let handle = running.handle();
    tokio::spawn(running);
    tokio::spawn(async move {
        stopped(told).await;
        handle.stop(true).await;
    });
    server
}
