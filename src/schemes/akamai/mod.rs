//! Akamai tokens: verifies `EdgeAuth` 2.0 tokens, as created by Akamai's SDKs and by Cloudinary.
//!
//! A token is `ip=…~st=…~exp=…~acl=…~id=…~data=…~hmac=…`: dates, the paths that it covers, and an HMAC of the text before
//! `~hmac=`. Absent fields are omitted. A token without `acl` is bound to one URL, which is signed but not sent. A token is
//! checked in this order:
//!
//! 1. The **token** is found in a query parameter, a header field or a cookie with one of the site's names. A parameter or header
//!    field that occurs twice is refused, and so are two of the names in one query. Among several cookies, the first accepted one
//!    decides.
//! 2. The **form**: fields with one value each, in any order, `hmac` last, in lower-case hexadecimal digits. `exp` is required.
//!    Repeated and unknown fields are refused, as are an empty `acl`, and `url` and `salt`, which are signed but never sent.
//!    Dates are decimal seconds below 10^12.
//! 3. The **HMAC** covers the text as received, then `~url=` and the URL if there is no `acl`, then `~salt=` and the salt if the
//!    site has one. It is compared in constant time, for each active key. If the form is wrong, or the HMAC of a token with `acl`
//!    does not match, the whole token is percent-decoded once, and steps 2 and 3 are repeated.
//! 4. The **dates**: a token is valid while `st - leeway <= now < exp + leeway`. Akamai does not document whether a token is
//!    still valid in the second of `exp`. `max_lifetime` of the site limits `exp`.
//! 5. The **scope**: an entry of `acl` matches the whole path.
//! 6. The **address**: if the token has `ip`, it is the client's own, confirmed by the trusted proxies.
//!
//! # Matching
//!
//! Entries of an `acl` are separated by `!`. `*` stands for any text, including slashes, and `?` for one character. An entry
//! without wildcards matches one path. An entry that begins with neither `/` nor `*` matches nothing. An entry is percent-decoded
//! once. The path is in its normal form, without the query. `%2a` and `%3f` stand for the literal characters, so they match less
//! than a wildcard. In an entry that encodes its slashes, as Java's SDK and Cloudinary do, `%21` separates entries too. Matching
//! takes at most 16 steps for each byte of acl and path. An `acl` that needs more covers nothing. Only an entry with repetitive
//! text of more than 16 characters between two wildcards can need more.
//!
//! # URLs
//!
//! The URL of a token without `acl` consists of the path and query as received, without the token's own parameter. On a site with
//! [`ignore_query`](Akamai::ignore_query), it is the path alone. Signers escape it in different ways; see [`UrlEscaping`].
//!
//! # Claims and scope
//!
//! The claims are the token's fields, in their original spelling. The scope is the path of a single entry of `acl`, without a
//! final `*`. A token with any other `acl`, or without one, has no nameable scope.
//!
//! # Limits
//!
//! A token does not name a host, so it is valid on every site with its key. `id` and `data` are not checked here, but a site's
//! hook can check them. Akamai's SDKs allow a `~` in them, so a signer must not take them from users. Long tokens (`hdntl`) are
//! verified if their name is listed, and are not issued.
//!
//! In a configuration file, with all its settings:
//!
//! ```toml
//! [site.akamai]
//! secret_file = ["secrets/akamai", "secrets/akamai.old"]   # or secret_env; hexadecimal digits; one, or two while they change
//! names = ["hdnts", "hdnea"]           # of the parameter, the field and the cookie; default ["hdnts"]
//! carriers = ["query", "header", "cookie"]   # default ["query", "cookie"]
//! hash = "sha256"                      # or "sha1", "md5"
//! salt = "viewers"                     # default none
//! ignore_query = false                 # true binds a token for one URL to its path alone
//! url_escaping = ["none", "edge"]      # and "cloudinary": the escaping of the URL before it is signed
//! ```

mod acl;
mod check;
#[cfg(feature = "mint")]
mod mint;
mod rules;
#[cfg(feature = "config")]
mod section;
mod settings;
#[cfg(test)]
mod tests;
mod token;
mod url;
mod verify;

#[cfg(feature = "mint")]
pub use mint::{AkamaiDraft, AkamaiSigner, Unsignable};
#[cfg(feature = "config")]
pub(crate) use section::AkamaiSection;
pub use settings::{Akamai, AkamaiCarrier};
pub use url::UrlEscaping;

pub(crate) use rules::AkamaiRules;

/// The default name of a token's parameter, header field and cookie.
pub const DEFAULT_NAME: &str = "hdnts";

/// The minimum length of a key, in hexadecimal digits.
pub const MIN_KEY_DIGITS: usize = 12;
