//! Services that carry out replies by hand: with the types of `http`, and with types of their own.

use std::convert::Infallible;
use std::net::IpAddr;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use playgate::adapters::http::ReplyBody;
use playgate::answer::{Answer, EditedBody, Fields, RequestMut};
use playgate::request::{PeerAddr, RequestView, Target};
use playgate::{OwnedGrant, Verifier};

/// Returns the response to a request, whose body is not read. `inner` is the inner service.
pub(crate) async fn with_http_types(
    verifier: &Verifier,
    mut request: Request<()>,
    inner: impl Fn(Request<()>) -> Response<Bytes>,
) -> Response<ReplyBody<Full<Bytes>>> {
    match verifier.reply(&request).await.apply(&mut request) {
        Ok(edits) => edits.apply(inner(request).map(Full::new)),
        Err(answer) => answer.into_response(),
    }
}

/// The same, by a server that has no types of `http` until it writes the response.
pub(crate) async fn with_own_types(
    verifier: &Verifier,
    request: Request<()>,
    inner: impl Fn(Request<()>) -> Response<Bytes>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let mut request = OwnRequest::from(request);
    match verifier.reply(&request).await.apply(&mut request) {
        Ok(edits) => {
            let (parts, body) = inner(request.into()).into_parts();
            let mut lines = Lines::from(&parts.headers);
            let body = match edits.apply_to(parts.status.as_u16(), &mut lines, body) {
                EditedBody::Unchanged(body) => Full::new(body).boxed_unsync(),
                EditedBody::Manifest(mut manifest, body) => {
                    let frames = body.chunks(7).map(Bytes::copy_from_slice).collect::<Vec<_>>();
                    let mut frames = frames.into_iter();
                    let slices = stream::poll_fn(move |_| {
                        manifest.poll_slice(|| Poll::Ready(frames.next().map(Ok::<_, Infallible>)))
                    });
                    StreamBody::new(slices.map_ok(Frame::data)).boxed_unsync()
                }
            };
            written(parts.status.as_u16(), lines, body)
        }
        Err(answer) => {
            let mut lines = Lines(Vec::new());
            for field in answer.headers() {
                lines.append(field.name(), Bytes::copy_from_slice(field.value()));
            }
            let body = Full::new(Bytes::copy_from_slice(Answer::body(&answer)));
            written(answer.status(), lines, body.boxed_unsync())
        }
    }
}

fn written<B>(status: u16, lines: Lines, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = lines.into();
    response
}

/// A request of a server's own. It keeps the target as the client sent it, and the names of fields in capitals.
pub(crate) struct OwnRequest {
    method: String,
    authority: Option<String>,
    target: String,
    lines: Lines,
    peer: Option<IpAddr>,
    grant: Option<OwnedGrant>,
}

impl RequestView for OwnRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn target(&self) -> Target<'_> {
        Target {
            authority: self.authority.as_deref().map(str::as_bytes),
            ..Target::origin_form(&self.target)
        }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.lines.values(name).nth(nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

impl RequestMut for OwnRequest {
    type Fields = Lines;

    fn fields(&mut self) -> &mut Lines {
        &mut self.lines
    }

    fn edit_query(&mut self, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        let Some((path, query)) = self.target.split_once('?') else { return };
        if let Some(query) = edit(query.as_bytes()) {
            let query = String::from_utf8(query).unwrap();
            self.target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        }
    }

    fn set_grant(&mut self, grant: OwnedGrant) {
        self.grant = Some(grant);
    }
}

impl From<Request<()>> for OwnRequest {
    fn from(request: Request<()>) -> Self {
        let uri = request.uri();
        Self {
            method: request.method().to_string(),
            authority: uri.authority().map(ToString::to_string),
            target: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
            lines: Lines::from(request.headers()),
            peer: request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip()),
            grant: None,
        }
    }
}

/// What an inner service with the types of `http` receives.
impl From<OwnRequest> for Request<()> {
    fn from(own: OwnRequest) -> Self {
        let mut request = Self::builder().method(own.method.as_str()).uri(own.target).body(()).unwrap();
        *request.headers_mut() = own.lines.into();
        if let Some(grant) = own.grant {
            request.extensions_mut().insert(grant);
        }
        request
    }
}

/// The header fields of a server's own, as lines.
pub(crate) struct Lines(Vec<(String, Bytes)>);

impl Fields for Lines {
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    fn remove_if(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| !unwanted(name));
    }

    fn append(&mut self, name: &str, value: Bytes) {
        self.0.push((name.to_ascii_uppercase(), value));
    }
}

impl From<&HeaderMap> for Lines {
    fn from(fields: &HeaderMap) -> Self {
        let mut lines = Self(Vec::new());
        for (name, value) in fields {
            lines.append(name.as_str(), Bytes::copy_from_slice(value.as_bytes()));
        }
        lines
    }
}

impl From<Lines> for HeaderMap {
    fn from(lines: Lines) -> Self {
        let line = |(name, value): (String, Bytes)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_maybe_shared(value).unwrap())
        };
        let mut fields = Self::new();
        for (name, value) in lines.0.into_iter().map(line) {
            fields.append(name, value);
        }
        fields
    }
}
