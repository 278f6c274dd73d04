//! The registry: every scheme, in the order in which a text from a shared carrier is read.

/// Calls a macro with every scheme: its variant of [`Scheme`](super::Scheme), its name in configuration and logs, the field of its
/// rules and settings, its module, and the types of its rules and settings.
macro_rules! for_each_scheme {
    ($callback:ident) => {
        $callback! {
            /// An opaque token with a record behind it.
            EmbedToken = "embed-token", embed: embed EmbedRules Embed;
            /// A compact JWS with JWT claims.
            SignedToken = "signed-token", jws: jws JwsRules Jws;
            /// A URL with an expiry and a hash.
            SecureLink = "secure-link", link: link LinkRules SecureLink;
        }
    };
}

pub(super) use for_each_scheme;
