//! Signed tokens: parses and verifies JWTs in compact JWS form.
//!
//! A token is processed in steps. Each step before the signature check can only reject:
//!
//! 1. [`Token::parse`]: three non-empty segments of unpadded canonical base64url (RFC 7515 §7.1), decoded into a [`TokenBuffer`]
//!    on the caller's stack.
//! 2. [`Header`]: strict JSON; `alg`, `kid`; `typ` absent or `JWT`; no `crit`. `jku`, `x5u`, `jwk` and `x5c` are never followed.
//! 3. [`Claims`]: strict JSON; `uri`, `exp`, `nbf`, `iss`, `aud`, each absent, malformed or present.
//! 4. [`Token::with_key`] and [`KeyedToken::verify`]: the signature, by the key that the header names and that key's algorithm.
//!    Only the [`Signed`] that `verify` returns gives access to verified claims.
//!
//! Nothing is copied to the heap, and nothing outlives the buffer.
//!
//! # Claims and scope
//!
//! The claims are the members of the payload. The scope is the claim `uri`. An empty `uri` stands for a whole bucket.

mod claims;
mod compact;
mod date;
mod debug_token;
mod fields;
mod header;
mod memo;
mod rules;
mod seen;
mod settings;
mod signed;
mod verify;

pub use super::json::{JsonStr, MAX_DEPTH, MAX_MEMBERS};
pub use claims::{Claim, Claims};
pub(crate) use claims::{is_readable, member};
pub use compact::{MAX_TOKEN_BYTES, Token, TokenBuffer};
pub(crate) use debug_token::DebugTokenCheck;
pub use debug_token::{DEBUG_AUDIENCE, MAX_DEBUG_LIFETIME};
pub use header::Header;
pub(crate) use header::KeyIdBuffer;
pub(crate) use rules::JwsRules;
pub(crate) use seen::SeenTokens;
pub(crate) use settings::Jws;
pub use signed::{KeyedToken, Signed};
pub use verify::MAX_KID_SHOWN;

pub(crate) use compact::{header_of, key_id_of, payload_of};
pub(crate) use date::NumericDate;
