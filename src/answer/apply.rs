//! Applies a reply: edits the request, and then the inner service's response.
//!
//! The request, before the inner service receives it:
//!
//! 1. Identity headers that the client sent are removed, and `Range` and `If-Range` if a manifest will be rewritten.
//! 2. Identity headers of the grant are set, and `Accept-Encoding: identity` if a manifest will be rewritten.
//! 3. `If-None-Match` is translated into the inner service's own entity tags. If it contains none of them,
//!    `If-Modified-Since` is removed too (RFC 9110 §13.1.3).
//! 4. If the site strips credentials, they are removed from `Authorization`, `Cookie`, `Referer` and the query.
//! 5. The grant is stored for handlers, if the site has `grant_extension`.
//!
//! The response, whatever its status:
//!
//! 1. If it is a manifest that will be rewritten, the fields that describe the original bytes are removed, and a new entity tag
//!    is set. Such a response is private.
//! 2. The inner service's CORS fields are removed if the site has a policy, and the fields that override `Cache-Control`
//!    (RFC 9213) if the response is private.
//! 3. `Cache-Control` is set if the response is private.
//! 4. `Referrer-Policy` is set if the path has an embed token.
//! 5. `x-playgate-explain` is set if the request receives its explanation. Such a response is private.
//! 6. The CORS fields are appended, and the `Content-Security-Policy` of a page. Several policies apply together (CSP Level 3
//!    §8.1). A `Vary` that is already present is not repeated.

use bytes::Bytes;

use super::complete::Answer;
use super::edits::{RequestEdits, ResponseEdits};
use super::forward::{ManifestBody, ManifestHead};
use super::header::Header;
use crate::decide::OwnedGrant;
use crate::site::EXPLAIN_HEADER;

/// A header map that edits can be applied to.
///
/// Implemented for `http::HeaderMap` (feature `http`) and for actix-web's (feature `actix`). A server with another header type
/// implements these methods. Names are passed in lower case, and must be compared case-insensitively (RFC 9110 §5.1). A value
/// that the map cannot hold is omitted.
///
/// ```
/// use bytes::Bytes;
/// use playgate::answer::Fields;
///
/// struct Lines(Vec<(String, Bytes)>);
///
/// impl Fields for Lines {
///     fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
///         self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
///     }
///     fn remove_if(&mut self, unwanted: impl Fn(&str) -> bool) {
///         self.0.retain(|(name, _)| !unwanted(name));
///     }
///     fn append(&mut self, name: &str, value: Bytes) {
///         self.0.push((name.to_owned(), value));
///     }
/// }
///
/// let mut lines = Lines(vec![("Vary".to_owned(), "origin".into()), ("Age".to_owned(), "1".into())]);
/// lines.set("vary", "accept".into());
/// assert_eq!(lines.0, [("Age".to_owned(), "1".into()), ("vary".to_owned(), "accept".into())]);
/// ```
pub trait Fields {
    /// Returns the values of a field, one for each of its lines.
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]>;

    /// Removes every field for which `unwanted` returns true. `unwanted` receives the name in the spelling that the map keeps.
    fn remove_if(&mut self, unwanted: impl Fn(&str) -> bool);

    /// Adds a line to a field.
    fn append(&mut self, name: &str, value: Bytes);

    /// Removes a field. Maps that can find a name without reading every field should override this method.
    fn remove(&mut self, name: &str) {
        self.remove_if(|known| known.eq_ignore_ascii_case(name));
    }

    /// Replaces all lines of a field with one.
    fn set(&mut self, name: &str, value: Bytes) {
        self.remove(name);
        self.append(name, value);
    }

    /// Replaces all lines of a field with the one that `value` computes from them, or keeps them if `value` returns `None`.
    fn revise(&mut self, name: &str, value: impl FnOnce(&mut dyn Iterator<Item = &[u8]>) -> Option<Bytes>) {
        let value = value(&mut self.values(name));
        if let Some(value) = value {
            self.set(name, value);
        }
    }
}

/// A request that can be edited before the inner service receives it.
///
/// Implemented for `http::Request` and `http::request::Parts` (feature `http`), and for actix-web's `ServiceRequest` (feature
/// `actix`). A server with another request type implements this trait in addition to
/// [`RequestView`](crate::request::RequestView).
pub trait RequestMut {
    /// The type of the header map.
    type Fields: Fields;

    /// Returns the header fields.
    fn fields(&mut self) -> &mut Self::Fields;

    /// Replaces the query with the result of `edit`, or keeps it if `edit` returns `None`. An empty result removes the query
    /// together with its `?`.
    ///
    /// If the request keeps its target in several places, the query in each of them is edited, because it holds a credential.
    fn edit_query(&mut self, edit: impl Fn(&[u8]) -> Option<Vec<u8>>);

    /// Stores the grant for handlers, if the site has [`grant_extension`](crate::Site::grant_extension). By default the grant
    /// is dropped.
    fn set_grant(&mut self, grant: OwnedGrant) {
        drop(grant);
    }
}

/// The body of an edited response.
#[derive(Debug)]
#[must_use = "a manifest that is not rewritten lacks the credential"]
pub enum EditedBody<B> {
    /// The inner service's body, unchanged.
    Unchanged(B),
    /// A manifest: the slices that [`ManifestBody::poll_slice`] produces from the inner service's body. Its length is not known
    /// in advance.
    Manifest(Box<ManifestBody>, B),
}

impl<B> EditedBody<B> {
    /// Replaces the inner service's body, for example with the same body in another type.
    pub fn map<C>(self, body: impl FnOnce(B) -> C) -> EditedBody<C> {
        match self {
            Self::Unchanged(inner) => EditedBody::Unchanged(body(inner)),
            Self::Manifest(manifest, inner) => EditedBody::Manifest(manifest, body(inner)),
        }
    }
}

/// The reply to a request. [`Reply::apply`] applies it, whatever its kind.
#[derive(Clone, Debug)]
#[must_use = "a reply protects nothing unless it is applied"]
#[non_exhaustive]
pub enum Reply {
    /// Send this answer at once.
    Answer(Answer),
    /// Edit the request, call the inner service, and edit its response.
    Call(Call),
}

/// The edits to a request that goes to the inner service, and to its response.
#[derive(Clone, Debug)]
#[must_use = "a request that is not edited may carry the client's own identity headers"]
pub struct Call {
    pub(super) request: RequestEdits,
    pub(super) response: ResponseEdits,
}

impl Call {
    /// Edits the request for the inner service and returns the edits to its response.
    pub fn apply(self, request: &mut impl RequestMut) -> ResponseEdits {
        let Self { request: edits, response } = self;
        if !edits.is_empty() {
            edit_request(request, edits);
        }
        response
    }
}

impl Reply {
    /// Edits the request for the inner service and returns the edits to its response. If the inner service must not be called,
    /// returns the answer for the client instead.
    ///
    /// There is no other way to obtain the edits to the response, so an unedited request cannot pass by mistake:
    ///
    /// ```
    /// # use http::{Request, Response};
    /// # use playgate::{Verifier, adapters::http::ReplyBody};
    /// # async fn media(request: Request<()>) -> Response<String> { Response::default() }
    /// async fn serve(verifier: &Verifier, mut request: Request<()>) -> Response<ReplyBody<String>> {
    ///     match verifier.reply(&request).await.apply(&mut request) {
    ///         Ok(edits) => edits.apply(media(request).await),
    ///         Err(answer) => answer.into_response(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the [`Answer`] to a refused request and to a preflight.
    pub fn apply(self, request: &mut impl RequestMut) -> Result<ResponseEdits, Answer> {
        match self {
            Self::Answer(answer) => Err(answer),
            Self::Call(call) => Ok(call.apply(request)),
        }
    }
}

impl Reply {
    /// Adds an explanation to the response, which is then private.
    pub(super) fn explained(mut self, explanation: Bytes) -> Self {
        let explanation = Header::new(EXPLAIN_HEADER, explanation);
        match &mut self {
            Self::Answer(answer) => {
                answer.headers.push(explanation);
                // A refusal has it already, a preflight's answer does not.
                if !answer.headers.iter().any(|header| header.name == "cache-control") {
                    answer.headers.push(Header::fixed("cache-control", "no-store"));
                }
            }
            Self::Call(Call { response, .. }) => {
                response.private = true;
                response.explanation = Some(Box::new(explanation));
            }
        }
        self
    }
}

fn edit_request(request: &mut impl RequestMut, edits: RequestEdits) {
    let fields = request.fields();
    if edits.removes_any() {
        fields.remove_if(|name| edits.removes(name)); // 1
    }
    for (name, value) in edits.set() {
        fields.set(name, Bytes::copy_from_slice(value.as_bytes())); // 2
    }
    if edits.rewrites_manifest() {
        translate_conditions(fields, &edits); // 3
    }
    if edits.strips() {
        strip(fields, "authorization", |field| edits.drops_authorization(field).then(Vec::new)); // 4
        strip(fields, "cookie", |field| edits.cookie(field));
        match edits.referer(fields.values("referer")) {
            None => {}
            Some(kept) if kept.is_empty() => fields.remove("referer"),
            Some(kept) => fields.set("referer", kept.into()),
        }
        request.edit_query(|query| edits.query(query));
    }
    if let Some(grant) = edits.into_grant() {
        request.set_grant(grant); // 5
    }
}

/// Translates `If-None-Match` into the inner service's own entity tags.
fn translate_conditions(fields: &mut impl Fields, edits: &RequestEdits) {
    let translated = fields.values("if-none-match").map(|field| edits.if_none_match(field));
    let Some(translated) = translated.collect::<Option<Vec<_>>>().filter(|fields| !fields.is_empty()) else {
        return;
    };
    fields.remove("if-none-match");
    for field in translated.into_iter().filter(|field| !field.is_empty()) {
        fields.append("if-none-match", field.into());
    }
    if fields.values("if-none-match").next().is_none() {
        fields.remove("if-modified-since");
    }
}

/// Removes credentials from every field of this name. `rest` returns the remaining value of a field, or `None` to leave the field
/// unchanged.
fn strip(fields: &mut impl Fields, name: &str, rest: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    if !fields.values(name).any(|field| rest(field).is_some()) {
        return;
    }
    let kept = |field: &[u8]| rest(field).unwrap_or_else(|| field.to_vec());
    let kept: Vec<Vec<u8>> = fields.values(name).map(kept).filter(|kept| !kept.is_empty()).collect();
    fields.remove(name);
    for field in kept {
        fields.append(name, field.into());
    }
}

impl ResponseEdits {
    /// Edits the head of the inner service's response and returns the body to send in place of `body`.
    ///
    /// For `http::Response` (feature `http`), `ResponseEdits::apply` does all of this.
    pub fn apply_to<B>(self, status: u16, fields: &mut impl Fields, body: B) -> EditedBody<B> {
        match self.edit_head(status, fields) {
            None => EditedBody::Unchanged(body),
            Some(manifest) => EditedBody::Manifest(Box::new(manifest), body),
        }
    }

    /// Edits the head of the response. Returns the rewriter for the body, if the body is a manifest.
    fn edit_head(mut self, status: u16, fields: &mut impl Fields) -> Option<ManifestBody> {
        if self.is_empty() {
            return None;
        }
        let manifest = self.manifest(status, |name| fields.values(name).next()); // 1
        if let Some(manifest) = &manifest {
            remove_all(fields, manifest.remove());
            if let Some(etag) = manifest.etag() {
                fields.set("etag", Bytes::copy_from_slice(etag));
            }
        }
        remove_all(fields, self.remove()); // 2
        if self.is_private() {
            fields.revise("cache-control", |values| self.cache_control(values)); // 3
        }
        if self.hides_referrers() {
            fields.revise("referrer-policy", |values| self.referrer_policy(values)); // 4
        }
        if let Some(explanation) = self.explanation.take() {
            fields.set(explanation.name, explanation.value); // 5
        }
        append(fields, self.append()); // 6
        manifest.and_then(ManifestHead::into_body)
    }
}

/// Removes fields that are rarely present.
fn remove_all(fields: &mut impl Fields, names: &[&str]) {
    let is = |name: &str, unwanted: &str| name.len() == unwanted.len() && name.eq_ignore_ascii_case(unwanted);
    fields.remove_if(|name| names.iter().any(|unwanted| is(name, unwanted)));
}

/// Appends header fields, except a `Vary` that is present already.
pub(crate) fn append(fields: &mut impl Fields, added: impl IntoIterator<Item = Header>) {
    for Header { name, value } in added {
        if name != "vary" || !varies_already(fields, &value) {
            fields.append(name, value);
        }
    }
}

/// Returns whether `Vary` has the name `wanted`, or `*`, already.
fn varies_already(fields: &impl Fields, wanted: &[u8]) -> bool {
    fields
        .values("vary")
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(wanted))
}
