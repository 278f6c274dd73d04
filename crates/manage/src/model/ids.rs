use super::Malformed;

/// Defines types for the ids of accounts, keys and domains. Each is a random UUID.
macro_rules! ids {
    ($($(#[$doc:meta])* $Id:ident,)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Id(uuid::Uuid);

        impl $Id {
            /// Returns a new random id.
            pub(crate) fn random() -> Self {
                Self(uuid::Uuid::new_v4())
            }

            /// Parses an id in the hyphenated form, in lower or upper case.
            ///
            /// # Errors
            ///
            /// Returns [`Malformed`] for any other text.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
                let id = uuid::Uuid::try_parse(text).ok().filter(|_| is_hyphenated);
                id.map(Self).ok_or(Malformed("an id is a UUID"))
            }
        }

        impl std::fmt::Display for $Id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl TryFrom<String> for $Id {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }
    )* };
}

ids! {
    /// The id of an account.
    AccountId,
    /// The id of an API key. It is no secret.
    ApiKeyId,
    /// The id of a playback domain.
    DomainId,
    /// The id of a signing key, which is the `kid` of its tokens.
    SigningKeyId,
}
