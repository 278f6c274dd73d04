//! Requests and responses of the crate `http`, for servers that apply replies themselves. The tower layer calls the same
//! methods.
//!
//! - [`RequestView`](crate::request::RequestView) and [`RequestMut`] are implemented for `http::Request` and
//!   `http::request::Parts`.
//! - [`ResponseEdits::apply`] edits an `http::Response`, and [`Answer::into_response`] creates one. The body of both is a
//!   [`ReplyBody`].
//!
//! ```
//! use http::{Request, Response};
//! use playgate::{Verifier, adapters::http::ReplyBody};
//!
//! # async fn media(request: Request<()>) -> Response<String> { Response::default() }
//! async fn serve(verifier: &Verifier, mut request: Request<()>) -> Response<ReplyBody<String>> {
//!     match verifier.reply(&request).await.apply(&mut request) {
//!         Ok(edits) => edits.apply(media(request).await),
//!         Err(answer) => answer.into_response(),
//!     }
//! }
//! ```

mod body;
mod fields;

use ::http::request::Parts;
use ::http::uri::PathAndQuery;
use ::http::{Extensions, HeaderMap, Request, Response, StatusCode, Uri};

pub use body::ReplyBody;

use crate::adapters;
use crate::answer::{self, Answer, EditedBody, RequestMut, ResponseEdits};
use crate::decide::OwnedGrant;

impl Answer {
    /// Returns the answer as a response. The [`Denial`](crate::Denial) of a refusal is stored in its extensions.
    pub fn into_response<B>(self) -> Response<ReplyBody<B>> {
        let (status, denial, headers, body) = self.into_parts();
        let mut response = Response::new(ReplyBody::answer(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        answer::append(response.headers_mut(), headers);
        if let Some(denial) = denial {
            response.extensions_mut().insert(denial);
        }
        response
    }
}

impl ResponseEdits {
    /// Edits the inner service's response. The body of a manifest is rewritten while it is read.
    pub fn apply<B>(self, response: Response<B>) -> Response<ReplyBody<B>> {
        let (mut parts, body) = response.into_parts();
        let edited = edit_head(self, &mut parts);
        Response::from_parts(parts, edited.map(|()| body).into())
    }
}

/// Edits the head of a response. It is not generic over the body, so that the compiler puts all of it into one function.
fn edit_head(edits: ResponseEdits, parts: &mut ::http::response::Parts) -> EditedBody<()> {
    edits.apply_to(parts.status.as_u16(), &mut parts.headers, ())
}

impl<B> RequestMut for Request<B> {
    type Fields = HeaderMap;

    fn fields(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn edit_query(&mut self, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        edit_uri(self.uri_mut(), &edit);
        edit_original(self.extensions_mut(), &edit);
    }

    fn set_grant(&mut self, grant: OwnedGrant) {
        self.extensions_mut().insert(grant);
    }
}

impl RequestMut for Parts {
    type Fields = HeaderMap;

    fn fields(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    fn edit_query(&mut self, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        edit_uri(&mut self.uri, &edit);
        edit_original(&mut self.extensions, &edit);
    }

    fn set_grant(&mut self, grant: OwnedGrant) {
        self.extensions.insert(grant);
    }
}

/// Edits the query of the URI that axum keeps beside the current one.
fn edit_original(extensions: &mut Extensions, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(original)) = extensions.get_mut() {
        edit_uri(original, edit);
    }
    #[cfg(not(feature = "axum"))]
    let _ = (extensions, edit);
}

fn edit_uri(uri: &mut Uri, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let Some(query) = uri.query().and_then(|query| edit(query.as_bytes())) else { return };
    let mut parts = std::mem::take(uri).into_parts();
    let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::path);
    let target = adapters::target(path, &query);
    // The shortened URI is still valid. If it were not, `/` would show no credential either.
    let root = PathAndQuery::from_static("/");
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(target).unwrap_or(root));
    *uri = Uri::from_parts(parts).unwrap_or_default();
}
