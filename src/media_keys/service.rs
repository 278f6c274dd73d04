use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

use super::answer::{KeyAnswer, KeyService};
use crate::decide::OwnedGrant;

impl<B> Service<Request<B>> for KeyService {
    type Response = Response<KeyBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<KeyBody>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let grant = request.extensions().get::<OwnedGrant>();
        ready(Ok(response(self.answer(&request, grant))))
    }
}

fn response(answer: KeyAnswer) -> Response<KeyBody> {
    let (status, headers, body) = answer.into_parts();
    let mut response = Response::new(KeyBody(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    for field in headers {
        if let Ok(value) = HeaderValue::from_maybe_shared(field.value) {
            response.headers_mut().insert(HeaderName::from_static(field.name), value);
        }
    }
    response
}

/// The body of a [`KeyService`]'s answer, in one piece. The `Debug` output does not show its content.
#[derive(Clone)]
pub struct KeyBody(Bytes);

impl Body for KeyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

impl std::fmt::Debug for KeyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyBody(…)")
    }
}
