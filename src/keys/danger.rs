//! What makes a key's tokens be believed where they should not be. For issuers that cannot be mended.
//!
//! Two published samples write tokens that RFC 7519 does not allow, and that are refused by default. A switch here admits
//! one of these forms, for the keys that say so and no others. Each is logged as a warning when such a key comes from
//! a builder, a source or `insert`; a whole set put in by `replace` or `update` is not
//! looked through.
//!
//! ```
//! use playgate::{Key, KeyScope, keys::danger::Danger};
//! let secret = b"0123456789abcdef0123456789abcdef";
//! let key = Key::from_secret("2026-11", secret, KeyScope::bucket("courses"))?
//!     .danger(Danger { digit_string_dates: true, ..Danger::NONE });
//! # Ok::<(), playgate::ConfigError>(())
//! ```
//!
//! A key that may sign for everything has the scope [`any_scope`].

use crate::scope::KeyScope;

/// The checks that a key's tokens are spared; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Danger {
    /// `exp` and `nbf` may be digits in a string, `"exp": "1790000000"`, as one C# sample writes them. Whoever reads
    /// such a token elsewhere may take it for one that never expires.
    pub digit_string_dates: bool,
    /// Where the header has no `kid`, the claim `jti` names the key, as one Java sample writes it. Every token of the key
    /// has the same `jti` then, so none can be told from the others.
    pub kid_from_jti: bool,
}

impl Danger {
    /// No check is taken away.
    pub const NONE: Self = Self { digit_string_dates: false, kid_from_jti: false };

    /// Returns the names of the switches that are on.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = [(self.digit_string_dates, "digit_string_dates"), (self.kid_from_jti, "kid_from_jti")];
        named.into_iter().filter_map(|(on, name)| on.then_some(name))
    }
}

/// Returns a scope of **everything on every site.** Whoever holds such a key can sign for every bucket and every stream. It is for
/// tests, and for an origin with one tenant.
pub const fn any_scope() -> KeyScope {
    KeyScope::any()
}
