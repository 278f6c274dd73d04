//! How does a server ask?
//!
//! An adapter translates: its server's request into a [`RequestView`](crate::request::RequestView), a
//! [`Reply`](crate::answer::Reply) into its server's response. No rule lives here.
//!
//! # Among other layers
//!
//! Outside is nearer to the client. Which order makes a difference:
//!
//! - **CORS** of another layer, on a site with a policy: inside, it is replaced. Outside, it has the last word on every
//!   field that it sets and answers preflights itself, so that the origins of both are let in, and a `*` can come to stand
//!   beside `Access-Control-Allow-Credentials: true`, which browsers refuse. Keep one. No order leaves two
//!   `Access-Control-Allow-Origin`.
//! - **Timeouts** belong inside: the answers of one outside have no CORS headers.
//! - **Logs of requests** see whole URIs outside, and tokens in them. Inside, on a site that
//!   [strips credentials](crate::Site::strip_credentials), they do not.
//! - **What rewrites paths** belongs outside: what it makes of them is decided then. Inside, what was granted and what is
//!   served can be two.
//! - **Compression** may stand on either side. Outside, it gets manifests after they were rewritten. Inside, it is asked to
//!   leave them alone; one whose path has no extension comes compressed all the same, and goes through as it is.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(feature = "actix", feature = "tower"))]
mod edit;
#[cfg(any(feature = "actix", feature = "tower"))]
mod forwarded;
#[cfg(feature = "tower")]
pub mod tower;
