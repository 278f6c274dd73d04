//! How does a server ask?
//!
//! An adapter translates: its server's request into a [`RequestView`](crate::request::RequestView), a
//! [`Reply`](crate::answer::Reply) into its server's response. No rule lives here.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(feature = "actix", feature = "tower"))]
mod edit;
#[cfg(feature = "tower")]
pub mod tower;
