//! The registry: every scheme, in the order in which the schemes read a text from a shared carrier.

/// Calls a macro with every scheme, one in each line. Tokens in braces are passed to the macro first. A line has
///
/// - the scheme's variant of [`Scheme`](super::Scheme), and its name in configuration and logs;
/// - the field of its rules and settings, its module, and the types of its rules and settings;
/// - its section in a configuration file, if it has one.
macro_rules! for_each_scheme {
    ($callback:ident) => {
        $crate::schemes::for_each_scheme! { $callback! {} }
    };
    ($callback:ident! { $($first:tt)* }) => {
        $callback! {
            { $($first)* }
            /// An opaque token that identifies a stored record.
            EmbedToken = "embed-token", embed: embed EmbedRules Embed,
            [
                /// Opaque tokens that identify a stored record and can be revoked.
                embed: EmbedSection
            ];
            /// A compact JWS with JWT claims.
            SignedToken = "signed-token", jws: jws JwsRules Jws, [];
            /// A URL with an expiry and a hash.
            SecureLink = "secure-link", link: link LinkRules SecureLink,
            [
                /// URLs with an expiry and a hash, as nginx and many CDNs sign them.
                secure_link: SecureLinkSection
            ];
            /// A token with dates, a list of paths and an HMAC, as Akamai's SDKs create it.
            Akamai = "akamai", akamai: akamai AkamaiRules Akamai,
            [
                /// Tokens with dates, a list of paths and an HMAC, as Akamai's SDKs create them.
                akamai: AkamaiSection
            ];
            /// A URL or cookies that were signed for Amazon CloudFront.
            CloudFront = "cloudfront", cloudfront: cloudfront CloudFrontRules CloudFront,
            [
                /// URLs and cookies that were signed for Amazon CloudFront.
                cloudfront: CloudFrontSection
            ];
        }
    };
}

pub(crate) use for_each_scheme;
