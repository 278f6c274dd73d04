//! The same 1 KB from hyper and from actix-web.

use std::convert::Infallible;
use std::io::Result;
use std::net::SocketAddr;

use actix_web::{App, HttpResponse, HttpServer, web};
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use playgate::adapters::actix::ActixGate;
use playgate::adapters::tower::GateLayer;
use playgate::Verifier;
use tokio::net::TcpListener;
use tower::{Layer as _, Service, service_fn};

pub(crate) async fn hyper(body: Bytes, verifier: Option<Verifier>) -> Result<()> {
    let answer = service_fn(move |_: Request<Incoming>| {
        let mut response = Response::new(Body::from(body.clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("video/mp2t"));
        std::future::ready(Ok::<_, Infallible>(response))
    });
    match verifier {
        Some(verifier) => {
            let gate = GateLayer::new(verifier.clone()).layer(answer);
            connections(|peer| gate.clone().with_peer(peer)).await
        }
        None => connections(|_| answer.clone()).await,
    }
}

async fn connections<S, B>(service: impl Fn(SocketAddr) -> S) -> Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: hyper::body::Body<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service(peer));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

pub(crate) async fn actix(body: Bytes, verifier: Option<Verifier>) -> Result<()> {
    let media = move || {
        let body = body.clone();
        let answer = move || {
            let response = HttpResponse::Ok().content_type("video/mp2t").body(body.clone());
            std::future::ready(response)
        };
        web::get().to(answer)
    };
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    const KEY: &str = "/videos/{key:.*}";
    match verifier {
        Some(verifier) => {
            let app = move || App::new().wrap(ActixGate::new(verifier.clone())).route(KEY, media());
            let server = HttpServer::new(app).workers(1).bind(any)?;
            println!("{}", server.addrs()[0].port());
            server.run().await
        }
        None => {
            let server = HttpServer::new(move || App::new().route(KEY, media())).workers(1).bind(any)?;
            println!("{}", server.addrs()[0].port());
            server.run().await
        }
    }
}
