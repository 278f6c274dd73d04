//! Replies: the answers to clients, and the edits to requests and responses around the inner service.
//!
//! [`Verifier::reply`](crate::Verifier::reply) decides a request and returns a [`Reply`]: owned data that any server can apply. A
//! reply holds no snapshot and borrows nothing, so it may be kept while the inner service runs. [`Reply::apply`] edits the
//! request and returns the [`ResponseEdits`] to apply to the response. The tower layer and the actix-web middleware call the same
//! methods.
//!
//! 1. A refusal is answered at once, with the status of its code (or that of the site's `answers`), `no-store`, and problem JSON
//!    (RFC 9457) with the stable code. If a token, or a better one, would help, the answer includes a challenge. The answer does
//!    not reveal whether the object exists.
//! 2. A preflight is answered at once, with 204.
//! 3. Every other request goes to the inner service, without the identity headers, which only the verifier may set. The response
//!    gets CORS headers, `Vary` and its cache scope, whatever its status.
//! 4. A page with an embed token gets a `Content-Security-Policy` with the pages that may frame it. A response whose URL has an
//!    embed token in its path gets a `Referrer-Policy`, so that the resources it loads receive only its origin.
//! 5. A manifest that carries the credential in its URIs is requested whole and uncompressed, with the inner service's own entity
//!    tags. The fields of its response that describe the original bytes are removed, and a new entity tag is set. The body goes
//!    through a [`ManifestBody`].
//! 6. A request that passes only because its site does not [enforce](crate::site::danger) is edited like a request for a public
//!    resource. Its parameters are not carried into manifests. If granted responses of the site are private, the response is too.
//! 7. If the policy [sends](crate::site::ExplainHeader) the request its explanation, the response has it in `x-playgate-explain`, and
//!    is private.
//!
//! The rules are in this module; adapters only translate.

mod apply;
mod cache;
mod challenge;
mod comparison;
mod complete;
mod details;
mod edits;
mod forward;
mod header;
mod log;
mod pending;
mod problem;
mod referrer;

use bytes::Bytes;

#[cfg(any(feature = "http", feature = "actix"))]
pub(crate) use apply::append;
pub use apply::{Call, EditedBody, Fields, Reply, RequestMut};
use comparison::compare;
pub use complete::Answer;
use edits::RequestEdits;
pub use edits::ResponseEdits;
use forward::Forwarding;
pub use forward::ManifestBody;
pub use header::Header;
use header::cors_fields;
pub use pending::PendingReply;
#[cfg(feature = "media-keys")]
pub(crate) use problem::body as problem;

use crate::cors::{CorsHeaders, PreflightHeaders};
use crate::decide::{Decision, Refusal};
use crate::error::Denial;
use crate::request::{ORIGIN, RequestView, only_line};
use crate::schemes::{Carrier, Referrers, ResponseRules};
use crate::site::{CacheScope, Policy, SiteRules, status_of};
use crate::store::Need;

impl Decision<'_> {
    /// Returns the reply as owned data and writes the log line of a refusal (or, at DEBUG, of a grant).
    ///
    /// # Errors
    ///
    /// Returns the need of [`Decision::Needs`]. Pass it to [`Verifier::look_up`](crate::Verifier::look_up), and decide
    /// [again](crate::Verifier::decide_with) with the result; [`Verifier::reply`](crate::Verifier::reply) does both.
    pub fn reply(&self, request: &(impl RequestView + ?Sized)) -> Result<Reply, Need> {
        let (policy, counters) = (&self.snapshot().policy, &self.snapshot().counters);
        let cors_of = |site: &SiteRules| cors_headers(site, request);
        let mut edits = RequestEdits::removing(policy.identity_headers.clone());
        Ok(match self {
            Self::Needs(needed) => return Err(needed.need()),
            Self::Pass(_) => {
                log::pass(request);
                Reply::Call(Call { request: edits, response: ResponseEdits::NONE })
            }
            Self::Public(public) => {
                let site = public.rules();
                compare(self, site, request);
                edits.strip(site);
                let forwarding = Forwarding::of(site, None, request, policy, counters);
                edits.rewrite_manifest(forwarding.as_ref());
                let response = ResponseEdits { cors: cors_of(site), forwarding, ..ResponseEdits::NONE };
                Reply::Call(Call { request: edits, response })
            }
            Self::Granted(grant) => {
                let site = grant.guard().site();
                log::grant(grant, site, request, policy);
                compare(self, site, request);
                edits.strip(site);
                edits.hand_over(grant, site);
                let forwarding = Forwarding::of(site, Some(grant), request, policy, counters);
                edits.rewrite_manifest(forwarding.as_ref());
                let (cors, private) = (cors_of(site), site.settings.cache == CacheScope::Private);
                let ResponseRules { frame_ancestors, referrers } = grant.response();
                let response = ResponseEdits {
                    cors,
                    private,
                    frame_ancestors,
                    referrers,
                    forwarding,
                    ..ResponseEdits::NONE
                };
                Reply::Call(Call { request: edits, response })
            }
            Self::Preflight(preflight) => {
                let site = preflight.rules();
                let allowed =
                    site.cors.as_ref().and_then(|policy| policy.preflight(only_line(request, ORIGIN)));
                Reply::Answer(answer_preflight(cors_of(site).unwrap_or_default(), allowed))
            }
            Self::Denied(refusal) => {
                let (denial, site) = (refusal.denial(), refusal.rules());
                log::refusal(refusal, request, self.snapshot(), true);
                if let Some(site) = site {
                    compare(self, site, request);
                }
                Reply::Answer(refuse(denial, site, site.and_then(cors_of), policy, request))
            }
            Self::Shadowed(refusal) => {
                log::refusal(refusal, request, self.snapshot(), false);
                let mut response = ResponseEdits::NONE;
                if let Some(site) = refusal.rules() {
                    compare(self, site, request);
                    edits.strip(site);
                    response = shadowed_response(refusal, site, cors_of(site));
                }
                Reply::Call(Call { request: edits, response })
            }
        })
    }
}

/// Returns the edits to the response of a request that passes only because its site does not enforce. They are those of a public
/// resource, with two additions:
///
/// 1. If granted responses of the site are private, the response is private. Otherwise, a shared cache could keep the response and
///    serve it after the site enforces again.
/// 2. If the refused credential is in the path, the response has a `Referrer-Policy`. The credential may be valid but over its rate.
fn shadowed_response(refusal: &Refusal<'_>, site: &SiteRules, cors: Option<CorsHeaders>) -> ResponseEdits {
    let private = site.settings.cache == CacheScope::Private;
    let referrers = (refusal.carrier() == Some(Carrier::Path)).then_some(Referrers::AreNotChecked);
    ResponseEdits { cors, private, referrers, ..ResponseEdits::NONE }
}

/// Returns the CORS headers of an answer, and logs an origin that the site does not list.
fn cors_headers(site: &SiteRules, request: &(impl RequestView + ?Sized)) -> Option<CorsHeaders> {
    let policy = site.cors.as_ref()?;
    let origin = only_line(request, ORIGIN);
    let headers = policy.headers(origin);
    if let (None, Some(origin)) = (&headers.allow_origin, origin)
        && let Some(unlisted) = policy.record_unlisted(origin)
    {
        log::unlisted_origin(site, origin, unlisted);
    }
    Some(headers)
}

fn refuse(
    denial: Denial,
    site: Option<&SiteRules>,
    cors: Option<CorsHeaders>,
    policy: &Policy,
    request: &(impl RequestView + ?Sized),
) -> Answer {
    let code = denial.code();
    let status = status_of(denial, site);
    let mut headers = Vec::with_capacity(8);
    headers.push(Header::fixed("content-type", "application/problem+json"));
    headers.push(Header::fixed("cache-control", "no-store"));
    if let Some(challenge) = challenge::challenge(code, status) {
        headers.push(Header::fixed("www-authenticate", challenge));
    }
    if let (405, Some(site)) = (status, site) {
        headers.push(Header::new("allow", site.methods.allow.clone()));
    }
    if let Some(seconds) = retry_after(denial) {
        headers.push(Header::new("retry-after", seconds.to_string().into()));
    }
    if policy.log.code_header {
        headers.push(Header::fixed("x-playgate-code", denial.code_text()));
    }
    headers.extend(cors.into_iter().flat_map(cors_fields));
    let mut body = problem::body(status, policy.expose_reason.then_some(denial));
    if request.method() == "HEAD" {
        // A server that computes the length itself would send 0, which is not GET's length (RFC 9110 §8.6).
        headers.push(Header::new("content-length", body.len().to_string().into()));
        body = Bytes::new();
    }
    Answer { status, denial: Some(denial), headers, body }
}

/// Returns the number of seconds after which a retry makes sense (RFC 9110 §10.2.3).
const fn retry_after(denial: Denial) -> Option<u32> {
    match denial {
        Denial::RateLimited { retry_after } | Denial::TooManyFailures { retry_after, .. } => {
            Some(retry_after)
        }
        Denial::RefusedByHook(refuse) => refuse.seconds_to_wait(),
        Denial::StoreUnavailable => Some(1), // a player that waits longer runs dry
        _ => None,
    }
}

fn answer_preflight(cors: CorsHeaders, allowed: Option<PreflightHeaders>) -> Answer {
    let mut headers = Vec::with_capacity(8);
    // The response to a preflight has no fields to expose.
    headers.extend(cors_fields(CorsHeaders { expose: None, ..cors }));
    if let Some(PreflightHeaders { methods, headers: fields, max_age }) = allowed {
        headers.extend(methods.map(|value| Header::new("access-control-allow-methods", value)));
        headers.extend(fields.map(|value| Header::new("access-control-allow-headers", value)));
        headers.push(Header::new("access-control-max-age", max_age));
    }
    headers.push(Header::fixed("vary", "access-control-request-method, access-control-request-headers"));
    Answer { status: 204, denial: None, headers, body: Bytes::new() }
}
