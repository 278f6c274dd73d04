//! The registry: every scheme, in the order in which a text from a shared carrier is read.

/// Calls a macro with every scheme: its variant of [`Scheme`](super::Scheme), its name in configuration and logs, the field of its
/// rules, and the type of its rules.
macro_rules! for_each_scheme {
    ($callback:ident) => {
        $callback! {
            /// An opaque token with a record behind it.
            EmbedToken = "embed-token", embed: crate::schemes::embed::EmbedRules, crate::schemes::embed::Embed;
            /// A compact JWS with JWT claims.
            SignedToken = "signed-token", jws: crate::schemes::jws::JwsRules, crate::schemes::jws::Jws;
            /// A URL with an expiry and a hash.
            SecureLink = "secure-link", link: crate::schemes::link::LinkRules, crate::schemes::link::SecureLink;
        }
    };
}

pub(super) use for_each_scheme;
