//! Adapters for servers and frameworks: the types of `http`, tower, axum and actix-web.
//!
//! An adapter translates its server's request into a [`RequestView`](crate::request::RequestView), and calls
//! [`Reply::apply`](crate::answer::Reply::apply). No rule lives here. A server without an adapter calls the same methods.
//!
//! # Among other layers
//!
//! Outside is nearer to the client. Which order makes a difference:
//!
//! - **CORS** of another layer, on a site with a policy: inside, its fields are replaced. Outside, it overrides every
//!   field that it sets and answers preflights itself. The origins of both policies are then allowed, and a `*` can end up
//!   beside `Access-Control-Allow-Credentials: true`, which browsers refuse. Keep one of the two. Neither order leaves two
//!   `Access-Control-Allow-Origin` fields.
//! - **Timeouts** belong inside: the answers of a timeout outside have no CORS headers.
//! - **Logs of requests** see whole URIs outside, and tokens in them. Inside, on a site that
//!   [strips credentials](crate::Site::strip_credentials), they do not.
//! - **A layer that rewrites paths** belongs outside, so that the rewritten path is the one that is decided. Inside, the path
//!   that was granted and the path that is served can differ.
//! - **Compression** works on either side. Outside, it compresses rewritten manifests. Inside, the gate requests manifests
//!   without compression. A manifest whose path has no extension may still arrive compressed, and then passes unchanged.

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
