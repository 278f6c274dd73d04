//! Credential schemes: the kinds of credential that a site can accept, with one folder for each.
//!
//! | scheme | credential | carriers |
//! | --- | --- | --- |
//! | [`jws`] | signed token: a compact JWS with JWT claims | the shared carriers |
//! | [`embed`] | embed token: an opaque token that identifies a stored record | the shared carriers, the path |
//! | [`link`] | secure link: a URL with an expiry and a hash | the query, the path |
//! | [`cloudfront`] | CloudFront's signed URL or cookies: a policy, a signature and the id of a key | the query, cookies |
//! | [`akamai`] | Akamai token: dates, a list of paths and an HMAC | the query, a header field, cookies |
//!
//! A credential is found as follows:
//!
//! 1. Carriers are searched in this order: path, query, `Authorization: Bearer`, a header field of the scheme's own, cookie. **The
//!    first carrier with a credential decides**: an invalid token in the query is refused even beside a valid cookie. A credential
//!    is present if its name is present, whatever its value. `Basic` and other authorization schemes count as absent.
//! 2. Signed tokens and embed tokens share the site's carriers, and are distinguished by their form. Carriers that the site does
//!    not list are not searched.
//! 3. Within one carrier, the shared place takes precedence over the places of a single scheme: if the query has a token, a link
//!    beside it is not read.
//! 4. Several cookies with the same name are verified independently. The first accepted cookie decides. If none is accepted, the
//!    result is the first lookup that one of them needs, or else the most specific denial.
//!
//! # Adding a scheme
//!
//! A scheme is a module here and an entry in the registry (`list.rs`). It implements:
//!
//! 1. `CredentialScheme` (`scheme.rs`) for its checked rules: its places, and how credentials are found and verified.
//! 2. `SchemeFacts` (`scheme.rs`) for the facts that are kept of a verified credential.
//! 3. `SchemeSettings` (`settings.rs`) for its settings: how they are checked, and which secrets are loaded. Also `ConfigSection`
//!    (`section.rs`) if it has a section in the configuration file.
//! 4. `ClaimSource` (`claim.rs`) for the claims that hooks read. Identity headers and `Grant::claims` read the result of
//!    `CredentialScheme::claims`.
//!
//! Then add a file of samples to `tests/schemes` and the section to the docs of [`config`](crate::config), and run
//! `PLAYGATE_WRITE_SCHEMA=1 cargo test --all-features --lib schema` to regenerate the schema of configuration files. Carriers,
//! stripping, forwarding, log lines, the section of the file, the method of [`Site`](crate::Site), and the tests of
//! `tests/decisions/schemes.rs` follow from these. A URL with an expiry and a hash needs no new scheme if an expression of
//! [`link`] describes it.

pub mod akamai;
pub mod cloudfront;
pub mod embed;
pub mod jws;
pub mod link;

mod binding;
mod carriers;
mod claim;
mod context;
mod failures;
mod hook;
mod json;
mod key_revocation;
mod kind;
mod list;
mod places;
mod recorder;
mod registry;
pub(crate) mod rule;
mod scheme;
mod secret;
#[cfg(feature = "config")]
mod section;
mod settings;
#[cfg(feature = "config")]
pub(crate) mod values;
mod verified;

pub use crate::error::refuse::Refuse;
pub use carriers::{Carrier, DEFAULT_COOKIE_NAME, DEFAULT_QUERY_NAME};
pub(crate) use carriers::{Carriers, Text, bearer_token};
#[cfg(feature = "__internals")]
pub(crate) use carriers::{Decoded, token_text};
pub use claim::ClaimValue;
pub(crate) use context::{Context, Requested, SiteFacts};
pub(crate) use failures::Failures;
pub(crate) use hook::Hook;
pub use hook::{HookFn, HookRequest};
pub use kind::Scheme;
pub(crate) use list::for_each_scheme;
pub(crate) use places::{NameKind, Places};
pub(crate) use recorder::{Event, Field, FieldValue, Found, NamedKey, Off, Recorder};
pub(crate) use registry::{
    Facts, Rejected, SchemeRules, SiteSchemes, VerifiedFacts, claimed_key, claimed_scope,
};
pub(crate) use rule::Rule;
pub(crate) use scheme::{Basis, Referrers, ResponseRules};
pub use secret::SharedSecret;
#[cfg(feature = "config")]
pub(crate) use secret::{SecretPlace, SecretSlots};
#[cfg(feature = "config")]
pub(crate) use section::{ConfigSection, section};
pub(crate) use settings::SiteCheck;

/// Checks the settings of one scheme as on a site that begins at `/` and accepts nothing else.
#[cfg(feature = "__internals")]
pub(crate) fn check_for_fuzzing<S: settings::SchemeSettings>(
    settings: &S,
    faults: &mut crate::error::Faults,
) -> Option<S::Rules> {
    let site = SiteCheck { id: "fuzz", base_path: "/", carriers: &Carriers::default(), last_reader: None };
    settings.check(&site, faults)
}
