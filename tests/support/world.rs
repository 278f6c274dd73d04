use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use playgate::adapters::http::ReplyBody;
use playgate::adapters::tower::GateLayer;
use playgate::{Site, Verifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tower::{Layer as _, service_fn};

use super::actix::{from_standard, to_standard};
use super::servers::{self, Server};
use super::{Answer, Ask, behind, by_hand};

/// What stands behind the layer.
pub(crate) type Inner = Arc<dyn Fn(&Parts) -> Response<Bytes> + Send + Sync>;

/// An inner service of one's own; [`World`] marks its answers.
pub(crate) fn inner(answer: impl Fn(&Parts) -> Response<Bytes> + Send + Sync + 'static) -> Inner {
    Arc::new(answer)
}

/// A site in front of an inner service that answers with these fields, and with the status in `status=`.
pub(crate) async fn saying(site: Site, fields: &'static [(&'static str, &'static str)]) -> World {
    let answer = move |parts: &Parts| {
        let mut response = Response::new(Bytes::from_static(b"bytes"));
        for (name, value) in fields {
            response.headers_mut().append(*name, value.parse().unwrap());
        }
        if let Some((_, status)) = parts.uri.query().and_then(|query| query.split_once("status=")) {
            *response.status_mut() = status.parse().unwrap();
        }
        response
    };
    World::around(behind(site), inner(answer)).await
}

/// The inner service that says what it saw: the request line, then the fields in order.
pub(crate) fn echo(parts: &Parts) -> Response<Bytes> {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let mut text = format!("{} {target}\n", parts.method);
    let mut fields: Vec<_> = parts.headers.iter().collect();
    fields.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in fields {
        if !matches!(name.as_str(), "host" | "connection" | "content-length") {
            writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes())).unwrap();
        }
    }
    Response::new(text.into())
}

/// One verifier behind real servers.
pub(crate) struct World {
    pub(crate) verifier: Verifier,
    doors: Vec<Door>,
}

/// The door whose server has a parser of its own, and stricter words.
const ACTIX: &str = "actix-web";

struct Door {
    name: &'static str,
    address: SocketAddr,
    http2: Mutex<SendRequest<Full<Bytes>>>,
}

impl World {
    /// Every server, with [`echo`] inside.
    pub(crate) async fn start(verifier: Verifier) -> Self {
        Self::around(verifier, inner(echo)).await
    }

    /// Every server, with an inner service of one's own.
    pub(crate) async fn around(verifier: Verifier, inner: Inner) -> Self {
        let whole = move |request: Request<()>| {
            let mut response = inner(&request.into_parts().0);
            response.headers_mut().insert("x-inner", "yes".parse().unwrap());
            if response.status() == StatusCode::NOT_MODIFIED {
                *response.body_mut() = Bytes::new();
            }
            response
        };
        let actix = {
            let whole = whole.clone();
            servers::actix(ACTIX, Some(&verifier), move |app| {
                let whole = whole.clone();
                app.default_service(web::to(move |request: HttpRequest| {
                    let response = from_standard(whole(to_standard(&request)));
                    async { response }
                }));
            })
        };
        // Over HTTP/2, hyper leaves it to the service to send no body where none may be.
        let answer = move |request: Request<()>| {
            let is_head = request.method() == Method::HEAD;
            let mut response = whole(request);
            if is_head {
                let length = std::mem::take(response.body_mut()).len();
                response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
            }
            response
        };
        let bare = {
            let answer = answer.clone();
            service_fn(move |request: Request<Incoming>| {
                let response = answer(request.map(drop)).map(Full::new);
                async { Ok::<_, Infallible>(response) }
            })
        };
        macro_rules! by_hand {
            ($carry_out:path) => {{
                let (verifier, answer) = (verifier.clone(), answer.clone());
                service_fn(move |request: Request<Incoming>| {
                    let (verifier, answer) = (verifier.clone(), answer.clone());
                    async move { Ok::<_, Infallible>($carry_out(&verifier, request.map(drop), answer).await) }
                })
            }};
        }
        let by_hand = by_hand!(by_hand::with_http_types);
        let by_hand_with_own_types = by_hand!(by_hand::with_own_types);
        let router = Router::new().fallback(move |request: Request<Body>| {
            let response = answer(request.map(drop)).map(Full::new);
            async { response }
        });
        // `axum::serve` takes services that answer with axum's own body.
        let around = tower::ServiceExt::<Request<Body>>::map_response(
            GateLayer::new(verifier.clone()).full_paths().layer(router.clone()),
            |answer: Response<ReplyBody<Body>>| answer.map(Body::new),
        );
        let layer = GateLayer::new(verifier.clone()).full_paths();
        let servers = [
            servers::axum("axum, Router::layer", router.clone().layer(GateLayer::new(verifier.clone())))
                .await,
            servers::axum("axum, around the Router", around).await,
            servers::hyper("hyper", layer.layer(bare)).await,
            servers::hyper("hyper, around a Router", layer.layer(router)).await,
            servers::hyper("by hand", by_hand).await,
            servers::hyper("by hand, own types", by_hand_with_own_types).await,
            actix,
        ];
        let mut doors = Vec::new();
        for server in servers {
            doors.push(Door::open(server).await);
        }
        Self { verifier, doors }
    }

    /// The answer, which is the same at every door and over both protocols.
    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        let mut answers = Vec::new();
        for door in &self.doors {
            let answer = door.http1(&ask.http1()).await;
            if ask.beyond_actix && door.name == ACTIX {
                assert!(answer.is_unheard(), "{} at {}", answer.verdict(), answer.door);
                continue;
            }
            answers.push(answer);
            if let Some(request) = ask.http2() {
                answers.push(door.http2(request).await);
            }
        }
        let mut answer = same(answers, &format!("{} {}", ask.method, ask.target));
        answer.denial = ask.parsed().and_then(|request| {
            let decision = self.verifier.decide(&request, self.verifier.now());
            decision.denial()
        });
        if let (Some(denial), Some(code)) = (answer.denial, answer.code()) {
            assert_eq!(denial.code_text(), code, "{ask:?}");
        }
        if answer.code().is_some() {
            assert!(!answer.is_inner(), "{ask:?}");
            assert_eq!(answer.field("cache-control"), Some("no-store"), "{ask:?}");
        }
        answer
    }

    /// [`Answer::verdict`] of an answer.
    pub(crate) async fn verdict(&self, ask: &Ask) -> String {
        self.ask(ask).await.verdict()
    }

    /// Asks in exactly these bytes over HTTP/1; they should have the connection closed.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> Answer {
        self.raw_at(&self.doors, bytes.as_ref()).await
    }

    /// The same for what actix-web's own parser refuses, before anything in it is asked.
    pub(crate) async fn raw_beyond_actix(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let (actix, others): (Vec<&Door>, Vec<&Door>) =
            self.doors.iter().partition(|door| door.name == ACTIX);
        let answer = self.raw_at(actix, bytes.as_ref()).await;
        assert!(answer.is_unheard(), "{} at {}", answer.verdict(), answer.door);
        self.raw_at(others, bytes.as_ref()).await
    }

    async fn raw_at<'w>(&'w self, doors: impl IntoIterator<Item = &'w Door>, bytes: &[u8]) -> Answer {
        let mut answers = Vec::new();
        for door in doors {
            answers.push(door.http1(bytes).await);
        }
        same(answers, &String::from_utf8_lossy(bytes))
    }

    /// Asks over HTTP/2 alone.
    pub(crate) async fn http2(&self, request: Request<Bytes>) -> Answer {
        let mut answers = Vec::new();
        for door in &self.doors {
            answers.push(door.http2(request.clone()).await);
        }
        same(answers, &request.uri().to_string())
    }

    /// Where the servers listen.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.doors.iter().map(|door| (door.name, door.address))
    }
}

/// The one answer of all. Where it is 400, a server may have said so by itself.
fn same(mut answers: Vec<Answer>, question: &str) -> Answer {
    let mut first = answers.remove(0);
    let mut told = first.length().map(|length| (length.to_owned(), first.door.clone()));
    for other in answers {
        if other.door.starts_with(ACTIX) && other.is_unheard() && first.status == 400 {
            first.unheard_at.push(other.door);
            continue;
        }
        assert_eq!(first.essence(), other.essence(), "{} and {} on {question}", first.door, other.door);
        match (&told, other.length()) {
            (Some((length, door)), Some(other_length)) => {
                assert_eq!(length, other_length, "the length at {door} and {} on {question}", other.door);
            }
            (None, Some(length)) => told = Some((length.to_owned(), other.door.clone())),
            (_, None) => {}
        }
    }
    first
}

impl Door {
    async fn open(server: Server) -> Self {
        let Server { name, address, .. } = server;
        let stream = TcpStream::connect(address).await.unwrap();
        let (http2, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { name, address, http2: Mutex::new(http2) }
    }

    async fn http1(&self, bytes: &[u8]) -> Answer {
        http1(self.name, self.address, bytes).await
    }

    async fn http2(&self, request: Request<Bytes>) -> Answer {
        let exchange = async {
            let mut http2 = self.http2.lock().await;
            http2.ready().await.unwrap();
            let (parts, body) = http2.send_request(request.map(Full::new)).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        };
        let (parts, body) = in_time(exchange).await;
        Answer {
            door: format!("{} over HTTP/2", self.name),
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            denial: None,
            unheard_at: Vec::new(),
        }
    }
}

/// Sends these bytes over a new connection, which the server should close then.
pub(crate) async fn http1(door: &str, address: SocketAddr, bytes: &[u8]) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer).await {
            // A server that has answered need not read the rest of the question.
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{door}: {error}"),
            _ => answer,
        }
    };
    parse_http1(format!("{door} over HTTP/1"), &in_time(exchange).await)
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("no answer within ten seconds")
}

/// One whole answer, up to the end of its connection.
fn parse_http1(door: String, answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name: http::HeaderName = name.parse().unwrap();
        headers.append(name, value.trim().parse().unwrap());
    }
    let body = &answer[end + 4..];
    let body = match headers.get("transfer-encoding").map(http::HeaderValue::as_bytes) {
        Some(b"chunked") => dechunked(body),
        Some(other) => panic!("{door}: {other:?}"),
        None => body.to_vec(),
    };
    Answer { door, status, headers, body: body.into(), denial: None, unheard_at: Vec::new() }
}

/// A chunked body (RFC 9112 §7.1), whole and without trailers; that of an answer to HEAD is empty.
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while !body.is_empty() {
        let line = body.windows(2).position(|two| two == b"\r\n").expect("a chunk has a size");
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        let start = line + 2;
        whole.extend_from_slice(&body[start..start + size]);
        assert_eq!(&body[start + size..start + size + 2], b"\r\n", "a chunk ends with its line");
        body = &body[start + size + 2..];
        if size == 0 {
            assert!(body.is_empty(), "nothing follows the last chunk");
            return whole;
        }
    }
    whole
}
