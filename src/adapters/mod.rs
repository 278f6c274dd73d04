//! Adapters for servers and frameworks: the types of `http`, tower, axum and actix-web.
//!
//! An adapter translates its server's request into a [`RequestView`](crate::request::RequestView) and calls
//! [`Reply::apply`](crate::answer::Reply::apply). It contains no rules. A server without an adapter calls the same methods.
//!
//! # Among other layers
//!
//! In this section, *outside* means closer to the client. The order of layers matters:
//!
//! - **CORS** set by another layer, on a site with a CORS policy: if the other layer is inside, its fields are replaced. If it is
//!   outside, it overrides every field that it sets and answers preflights itself. The origins of both policies are then allowed,
//!   and a `*` can end up alongside `Access-Control-Allow-Credentials: true`, which browsers reject. Keep one of the two. Neither
//!   order results in two `Access-Control-Allow-Origin` fields.
//! - **Timeouts** belong inside: responses from a timeout layer outside have no CORS headers.
//! - **Request logs** outside record whole URIs, including tokens. Inside, on a site that [strips
//!   credentials](crate::Site::strip_credentials), they do not.
//! - **A layer that rewrites paths** belongs outside, so that the decision is made on the rewritten path. If it is inside, the
//!   granted path and the served path can differ.
//! - **Compression** works on either side. Outside, it compresses rewritten manifests. Inside, the verifier's layer requests
//!   manifests without compression. A manifest whose path has no extension may still arrive compressed; it then passes unchanged.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(feature = "axum", feature = "actix"))]
mod grant;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(any(feature = "axum", feature = "actix"))]
pub use grant::MissingGrant;

/// Returns a request target in origin form. An empty query is left out.
fn target(path: &str, query: &[u8]) -> bytes::Bytes {
    let mut target = path.as_bytes().to_vec();
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    target.into()
}
