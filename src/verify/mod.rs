//! May this request have the bytes it asks for?
//!
//! [`Verifier::decide`] answers in this order, and the first rule that fails is the reason reported:
//!
//! 1. Host and base path find the **site**. An unknown host is refused or passed, by configuration
//!    ([`UnknownHost`](crate::site::UnknownHost)), and so is a path outside of every base path
//!    ([`Outside`](crate::site::Outside)).
//! 2. A true **preflight** is answered: it carries no credential.
//! 3. **HTTPS**, where the site asks for it.
//! 4. The **path** has one normal form, or the request is refused.
//! 5. On a **public** resource credentials are not looked at.
//! 6. The first **carrier** that is present decides: path, query, bearer, cookie; the path and, beside no token, the query
//!    may bring a secure link, and any of them an embed token.
//! 7. A [secure link](crate::link)'s hash, then its expiry; links end here. An [embed token](crate::embed)'s record, and what
//!    that says: revoked, expiry, video, origin; where it is not in memory, it has to be looked up first. Cookies of
//!    one name each stand on their own: the first that memory grants does; if none does, up to three are looked up, one after
//!    the other. Of a signed token
//!    the compact **form**, the **header**, the **`kid`**, the **algorithm**, the **key's scope**, **time**, other claims that
//!    the site asks for, the **token's scope**. All of these may only refuse: junk leaves here, before any cryptography.
//! 8. The **signature**, by the key that the token named and the algorithm that the key has, or that these very bytes
//!    carried a good one before, by this very key. It is not checked where too many of the client, or for the key, have
//!    [failed](crate::site::FailedSignatures) of late, if the policy sets a limit. Then whether the token was
//!    [revoked](crate::revocation).
//! 9. The site's own **hook**, over the claims that are now verified.
//! 10. The **method**: only a request with a good credential gets 405. Then the length of the parameters that a
//!     [manifest](crate::manifest) would carry, also on public resources. Last an embed token's rate.
//!
//! Deciding waits for nothing, reads one [snapshot](Verifier::update) of policy and keys, and allocates nothing, but once for
//! a token that is [remembered](crate::site::PolicyBuilder::token_cache). Embed tokens and revocations change one by one, and
//! are in force for every decision that starts after the call has returned; a look for an embed token may find the lock of
//! its part of the table held, for as long as one entry is changed.
//!
//! # Refusals show no more than they know
//!
//! A refusal is no grant, and there is no way to make one:
//!
//! ```compile_fail,E0451
//! fn forge<'r>(raw: &'r [u8]) -> playgate::Grant<'r> {
//!     playgate::Grant { raw, ..panic!() }
//! }
//! ```
//!
//! ```
//! fn use_it(grant: &playgate::Grant<'_>) -> String {
//!     grant.kid().unwrap_or_default().to_owned()
//! }
//! ```

mod builder;
mod decide;
mod decide_embed;
mod decide_token;
mod decision;
mod embeds;
mod failures;
mod grant;
mod guarded;
mod health;
mod idle;
#[cfg(feature = "config")]
mod reload;
#[cfg(feature = "config")]
mod secrets;
mod seen;
#[cfg(feature = "config")]
mod setup;
mod snapshot;
#[cfg(feature = "config")]
mod swapped;
mod sweeper;
mod tally;
mod verifier;
#[cfg(feature = "watch")]
mod watch;

pub use builder::VerifierBuilder;
pub use decision::{Decision, MAX_KID_SHOWN, Need, Needed, Passed, Preflight, Public, Refusal};
pub use embeds::Embeds;
pub(crate) use grant::Payload;
pub use grant::{ClaimsError, Grant, OwnedGrant};
pub use health::{Health, KeptSource, KeyHealth, ManifestHealth};
pub use snapshot::Snapshot;
#[cfg(feature = "config")]
pub use swapped::{Difference, Swapped};
pub(crate) use tally::Tally;
pub use verifier::{Keys, Verifier};
#[cfg(feature = "watch")]
pub use watch::Watch;

#[cfg(feature = "config")]
use setup::Setup;
/// What is read again: nothing, without the feature `config`.
#[cfg(not(feature = "config"))]
type Setup = ();
