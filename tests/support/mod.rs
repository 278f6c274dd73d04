//! What every test here stands on: keys, tokens of any shape, real servers and exact clients.
//!
//! [`World::start`] puts one verifier behind seven doors, each a real socket: axum with the layer on its router, axum
//! with the layer around the finished router, a bare hyper server, a bare hyper server around an axum router, actix-web with the
//! middleware around its application, and two servers that carry out replies by hand.
//! [`World::ask`] knocks at all of them, over HTTP/1.1 and HTTP/2, and fails unless every answer is the same.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

mod actix;
mod alone;
mod ask;
pub(crate) mod browser;
mod by_hand;
mod cloudfront;
mod disk;
mod keys;
mod logs;
pub(crate) mod players;
mod random;
pub(crate) mod redis;
pub(crate) mod servers;
pub(crate) mod serving;
pub(crate) mod skip;
mod world;

pub(crate) use alone::is_alone;
pub(crate) use ask::{Answer, Ask, get};
pub(crate) use cloudfront::{
    CLOUDFRONT_SHA1, cloudfront_key, cloudfront_query, cloudfront_signature, cloudfront_signer,
};
pub(crate) use disk::{Disk, KEYS, VOD, decided, jwks, of_vod};
pub(crate) use keys::{TestKey, compact, encode};
pub(crate) use logs::{ThreadLog, lines_about};
pub(crate) use random::Random;
pub(crate) use world::{Inner, World, echo, http1, in_time, inner, saying};

use playgate::site::Outside;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{KeyScope, Site, Verifier};

/// When it is, in every test that does not say otherwise.
pub(crate) const NOW: i64 = 1_750_000_000;

/// The host of [`vod`].
pub(crate) const HOST: &str = "cdn.example.com";

/// A builder whose clock stands still at [`NOW`].
pub(crate) fn gate() -> VerifierBuilder {
    at(NOW)
}

/// A builder whose clock stands still at `now`.
pub(crate) fn at(now: i64) -> VerifierBuilder {
    Verifier::builder().clock(move || UnixSeconds::new(now))
}

/// The bucket `vod` on [`HOST`].
pub(crate) fn vod() -> Site {
    Site::bucket("vod").host(HOST)
}

/// One site, outside of which requests pass, and the RSA key for the bucket `vod`.
pub(crate) fn behind(site: Site) -> Verifier {
    gate().outside(Outside::Pass).site(site).key(TestKey::Rsa.key(KeyScope::bucket("vod"))).build().unwrap()
}

/// A token by the RSA key with this `uri` and nothing else.
pub(crate) fn token(uri: &str) -> String {
    TestKey::Rsa.token(&format!(r#"{{"uri":"{uri}"}}"#))
}
