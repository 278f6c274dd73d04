//! CloudFront signed URLs and cookies: verifies URLs and cookies that were signed for Amazon CloudFront.
//!
//! A credential has a policy, its signature and the id of the key, as query parameters (`Expires` or `Policy`, `Signature`,
//! `Key-Pair-Id`, `Hash-Algorithm`) or as cookies (`CloudFront-Expires` and so on). A *canned* policy is not sent: it consists of
//! one URL and an expiry, and the verifier rebuilds its text. A *custom* policy is sent, and its signature covers the bytes as
//! sent. A credential is checked in this order:
//!
//! 1. The **parts** are found in the query, or else in cookies. If the query contains one of the names, the request is a signed
//!    URL: its cookies are not read, even if the URL is incomplete. A name that occurs twice is refused.
//! 2. The **form**: `Signature`, `Key-Pair-Id`, and one of `Policy` and `Expires`. `Hash-Algorithm` is `SHA1`, `SHA256`, or
//!    absent, which means SHA-1. The site must accept the hash. A policy has one statement with `DateLessThan`. Unknown and
//!    repeated members are refused, and so are dates other than whole seconds below 10^12.
//! 3. The **key**: a key in force with this id, a CloudFront algorithm, and a scope that includes the resource. An expired policy
//!    is refused here.
//! 4. The **signature**. It is not verified while too many signatures from the client or for the key have
//!    [failed](crate::rate::FailedSignatures).
//! 5. The **scope**: `Resource` matches the requested URL. A policy without `Resource` covers everything that the key may sign
//!    for.
//! 6. The **dates**: a policy is valid while `DateGreaterThan < now < DateLessThan`, with the site's leeway at both ends.
//! 7. The **address**: with `IpAddress`, the client's own address, confirmed by the trusted proxies, is in that IPv4 range.
//!    `0.0.0.0/0` matches every client, including IPv6 clients.
//! 8. The **revocations** of the key are checked.
//!
//! # URLs
//!
//! The signed URL is the one that the client requested: protocol, `Host` with its port, path and query as received, without
//! CloudFront's own parameters. Behind a proxy that terminates TLS and is not a trusted proxy, set
//! [`protocol`](CloudFront::protocol). Behind a proxy that replaces the host, set [`domain`](CloudFront::domain).
//!
//! # Matching
//!
//! In `Resource`, `*` stands for any text and `?` for one character. With [`Wildcards::Sections`], the rule of CloudFront's
//! current guide, a wildcard does not match beyond its section: protocol, domain, path or query. The first `?` after the domain
//! begins the query. A `*` at the end of the path covers every query, a `*` at the end of the domain covers every path, and `*`
//! alone covers every URL. A `Resource` that begins with `*` and names no protocol covers every protocol. With
//! [`Wildcards::Anywhere`], the rule of older guides, wildcards match anywhere in the URL. Protocol and domain are compared
//! case-insensitively; path and query are compared byte for byte, without decoding. Matching takes at most 16 steps for each byte
//! of `Resource` and URL; a `Resource` that needs more covers nothing.
//!
//! A canned policy and a custom policy with the same text have the same signature. A signer must therefore not sign canned URLs
//! with a `*` that a viewer chose, as in a file name. The viewer could send the policy as a custom one, where the `*` is a
//! wildcard. Write `%2A` instead; [`CloudFrontSigner`] requires it.
//!
//! # Claims and scope
//!
//! The claims are those of `exp`, `nbf`, `ip` and `resource` that the policy has. The scope is the path of a `Resource` whose
//! path has no wildcard except a final `*`. With [`Wildcards::Anywhere`], it must have no wildcard before its path either.
//!
//! # Keys
//!
//! Keys are loaded like all other keys, with the algorithm [`CloudFrontRsa`](crate::crypto::Algorithm::CloudFrontRsa) or
//! [`CloudFrontP256`](crate::crypto::Algorithm::CloudFrontP256) and the id of CloudFront's public key as `kid`.
//!
//! In a configuration file, with all settings:
//!
//! ```toml
//! [[keys]]
//! file = "keys/K2JCJMDEHXQW5F.pem"     # the kid is the name of the file
//! algorithm = "cloudfront-rsa"         # or "cloudfront-p256"
//! scope = { bucket = "vod" }
//!
//! [site.cloudfront]                    # cloudfront = {} is enough
//! carriers = ["query", "cookie"]
//! hashes = ["sha1", "sha256"]          # of signatures; ["sha256"] refuses those with SHA-1
//! protocol = "https"                   # in signed URLs; default as requested
//! domain = "media.example.com"         # in signed URLs; default as requested
//! wildcards = "sections"               # or "anywhere"
//! require_resource = false             # true refuses a policy without Resource
//! ```

mod find;
mod matching;
#[cfg(feature = "mint")]
mod mint;
mod policy;
mod rules;
#[cfg(feature = "config")]
mod section;
mod settings;
#[cfg(all(test, feature = "aws-lc", feature = "http"))]
mod tests;
mod url;
mod verify;

#[cfg(feature = "mint")]
pub use mint::{CloudFrontDraft, CloudFrontPolicy, CloudFrontSigner, Unsignable};
#[cfg(feature = "config")]
pub(crate) use section::CloudFrontSection;
pub use settings::{CloudFront, CloudFrontCarrier, Protocol, Wildcards};

pub(crate) use rules::CloudFrontRules;
