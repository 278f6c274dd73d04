//! Switches that weaken the checks of a key's tokens, for issuers that cannot be fixed.
//!
//! Two published samples create tokens that RFC 7519 does not allow and that are rejected by default. Each switch here accepts
//! one of these forms, only for the keys on which it is set. A warning is logged for each such key that comes from a builder, a
//! source or `insert`. The keys of a whole set, passed to `replace` or `update`, are not inspected.
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

/// The checks that are disabled for a key's tokens. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Danger {
    /// Allows `exp` and `nbf` to be strings of digits, `"exp": "1790000000"`, as one C# sample writes them. Other readers may
    /// treat such a token as one that never expires.
    pub digit_string_dates: bool,
    /// Allows the claim `jti` to name the key if the header has no `kid`, as in tokens of one Java sample. Every token of the
    /// key then has the same `jti`, so single tokens cannot be distinguished or revoked.
    pub kid_from_jti: bool,
}

impl Danger {
    /// No check is disabled.
    pub const NONE: Self = Self { digit_string_dates: false, kid_from_jti: false };

    /// Returns the names of the enabled switches.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = [(self.digit_string_dates, "digit_string_dates"), (self.kid_from_jti, "kid_from_jti")];
        named.into_iter().filter_map(|(on, name)| on.then_some(name))
    }
}

/// Returns the scope of **everything on every site.** The holder of such a key can sign for every bucket and every stream. This
/// scope is meant for tests, and for an origin with one tenant.
pub const fn any_scope() -> KeyScope {
    KeyScope::any()
}
