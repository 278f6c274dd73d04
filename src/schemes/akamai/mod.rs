//! Akamai tokens: checks `EdgeAuth` 2.0 tokens, as Akamai's SDKs and Cloudinary create them.
//!
//! A token is `ip=…~st=…~exp=…~acl=…~id=…~data=…~hmac=…`: dates, what it covers, and an HMAC of the text before `~hmac=`. Absent
//! fields are left out. A token without `acl` is bound to one URL, whose text is signed and not sent. A token is checked in this
//! order:
//!
//! 1. The **token** is found in a query parameter, a header field or a cookie of one of the site's names. A parameter or a field that
//!    occurs twice is refused, and so are two of the names in one query. Of several cookies the first that is accepted decides.
//! 2. The **form**: fields with one value each, in any order, `hmac` last, in lower-case hexadecimal digits. `exp` is required.
//!    Repeated and unknown fields are refused, also `url` and `salt`, which are signed and never sent, and an empty `acl`. Dates are
//!    decimal seconds below 10^12.
//! 3. The **HMAC** is of the text as it was received, then `~url=` and the URL if there is no `acl`, then `~salt=` and the salt if the
//!    site has one. It is compared in constant time, for each key that is live. If the form is wrong, or the HMAC of a
//!    token with `acl` does not fit, the whole token is percent-decoded once, and steps 2 and 3 are tried again.
//! 4. The **dates**: a token is valid while `st - leeway <= now < exp + leeway`. Akamai does not publish which way the second of `exp`
//!    falls. `max_lifetime` of the site limits `exp`.
//! 5. The **scope**: an entry of `acl` fits the whole path.
//! 6. The **address**: if the token has `ip`, it is the client's own, confirmed by the trusted proxies.
//!
//! # Matching
//!
//! Entries of an `acl` are separated by `!`. `*` stands for any text, also with slashes, and `?` for one character. An entry without
//! them fits one path. An entry begins with `/` or `*`, or it fits nothing. It is percent-decoded once, and the path is in its
//! normal form, without the query. `%2a` and `%3f` stand for the characters, which is narrower. In an entry that encodes its
//! slashes, as Java's SDK and Cloudinary do, `%21` separates too. Matching takes at most 16 steps for each byte of
//! acl and path. An `acl` that needs more covers nothing, which takes repetitive text of more than 16 characters between two wildcards.
//!
//! # URLs
//!
//! The URL of a token without `acl` is path and query as they were received, less the token's own parameter; on a site with
//! [`ignore_query`](Akamai::ignore_query) the path alone. Signers escape it in different ways; see [`UrlEscaping`].
//!
//! # Claims and scope
//!
//! The claims are the token's fields, as they stand in it. The scope is the path of a single entry of `acl`, without a last `*`.
//! A token with another `acl`, or without one, has no scope to name.
//!
//! # Limits
//!
//! A token does not name a host: it is good on every site with its key. `id` and `data` are not checked here, but by the site's hook
//! if it does. Akamai's SDKs let a `~` through in them, so a signer must not take them from users. Long tokens (`hdntl`) are verified
//! if their name is listed, and are not issued.
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
//! ignore_query = false                 # whether a token for one URL is for its path alone
//! url_escaping = ["none", "edge"]      # and "cloudinary": how the URL is written before it is signed
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

/// The name of a token's parameter, header field and cookie, unless a site names others.
pub const DEFAULT_NAME: &str = "hdnts";

/// The shortest key, in hexadecimal digits.
pub const MIN_KEY_DIGITS: usize = 12;
