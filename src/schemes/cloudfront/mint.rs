//! Signs URLs and cookies as CloudFront's own SDKs do, with SHA-256.

use std::time::Duration;

use base64_simd::STANDARD;
use ipnet::Ipv4Net;

use super::matching::Sections;
use super::rules::{COOKIES, PARTS};
use crate::crypto::{Algorithm, KeyKind, SigningKey};
use crate::error::ConfigError;
use crate::keys::{KeyId, private_key_der};
use crate::request::parameters;
use crate::time::{UnixSeconds, whole_seconds};

/// A signer of URLs and cookies for CloudFront, with `Hash-Algorithm=SHA256`.
///
/// ```no_run
/// use std::time::Duration;
/// use playgate::schemes::cloudfront::CloudFrontSigner;
///
/// let signer = CloudFrontSigner::from_pem("K2JCJMDEHXQW5F", &std::fs::read("cloudfront.pem")?)?;
/// let one = signer.url("https://media.example.com/videos/1/a.mp4").expires_in(Duration::from_secs(60)).sign()?;
/// let folder = signer.policy("https://media.example.com/videos/1/*").expires_in(Duration::from_secs(60));
/// let manifest = folder.sign()?.url("https://media.example.com/videos/1/master.m3u8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CloudFrontSigner {
    key_pair_id: KeyId,
    key: SigningKey,
}

/// A policy that is not signed yet.
#[must_use]
pub struct CloudFrontDraft<'s> {
    signer: &'s CloudFrontSigner,
    resource: String,
    is_canned: bool,
    expires: Option<UnixSeconds>,
    starts: Option<UnixSeconds>,
    clients: Option<Ipv4Net>,
}

/// A signed policy: the parameters of its URLs, and its cookies.
#[must_use]
pub struct CloudFrontPolicy {
    /// The names of the parts in [`PARTS`] by number, with their values.
    parts: Vec<(usize, String)>,
    /// The URL of a canned policy.
    url: Option<String>,
}

/// The reason why a policy cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsignable {
    /// The policy has no expiry.
    #[error("policy has no expiry: write expires_in or expires_at")]
    NoExpiry,
    /// A date is before 1970, or looks like milliseconds.
    #[error("date is not a number of seconds since 1970 below 10^12")]
    Date,
    /// The policy does not start before it expires.
    #[error("policy starts after it expires: write an earlier start")]
    StartsTooLate,
    /// The URL contains a character that a request cannot contain.
    #[error("URL has a character that must be percent-encoded")]
    Character,
    /// The URL is not absolute, with protocol, host and path, or a `Resource` names no protocol and does not begin with `*`.
    #[error("URL has no protocol, host or path: write one such as https://media.example.com/videos/1/a.mp4")]
    Url,
    /// The URL of a canned policy contains a `*`, which makes it a pattern: the holder of the signature could send it as a
    /// custom policy.
    #[error("URL has a *, which its signature would make a wildcard: write %2A")]
    Wildcard,
    /// The URL has one of CloudFront's own parameters.
    #[error("URL has a query parameter with a name that CloudFront reserves")]
    OwnParameter,
    /// The system's random generator failed.
    #[error("the system's random generator failed")]
    Random,
}

impl CloudFrontSigner {
    /// Loads a private key, RSA or ECDSA on P-256, with the id of its public key at CloudFront.
    ///
    /// # Errors
    ///
    /// Fails if the text is not a private key of these kinds, or the id is not a valid [`KeyId`].
    pub fn from_pem(key_pair_id: &str, pem: &[u8]) -> Result<Self, ConfigError> {
        let id = KeyId::new(key_pair_id)?;
        let (kind, der) = private_key_der(key_pair_id, pem)?;
        let algorithm = match kind {
            KeyKind::Rsa => Algorithm::CloudFrontRsa,
            KeyKind::P256 => Algorithm::CloudFrontP256,
            KeyKind::P384 | KeyKind::Ed25519 | KeyKind::Secret => {
                let (kid, found) = (key_pair_id.to_owned(), kind.name().to_owned());
                return Err(ConfigError::OtherAlgorithm {
                    kid,
                    found,
                    wanted: "cloudfront-rsa or cloudfront-p256",
                });
            }
        };
        let broken = || ConfigError::BrokenKey { kid: key_pair_id.to_owned() };
        Ok(Self { key_pair_id: id, key: SigningKey::from_der(algorithm, &der).ok_or_else(broken)? })
    }

    /// Drafts a canned policy for one URL.
    pub fn url(&self, url: impl Into<String>) -> CloudFrontDraft<'_> {
        self.draft(url.into(), true)
    }

    /// Drafts a custom policy for all URLs that match a `Resource` with `*` and `?`.
    pub fn policy(&self, resource: impl Into<String>) -> CloudFrontDraft<'_> {
        self.draft(resource.into(), false)
    }

    const fn draft(&self, resource: String, is_canned: bool) -> CloudFrontDraft<'_> {
        CloudFrontDraft { signer: self, resource, is_canned, expires: None, starts: None, clients: None }
    }
}

impl CloudFrontDraft<'_> {
    /// Sets how long the policy is valid from now (by the system's clock), in whole seconds.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        self.expires_at(UnixSeconds::now().saturating_add(whole_seconds(lifetime)))
    }

    /// Sets the first second in which the policy is no longer valid.
    pub const fn expires_at(mut self, at: UnixSeconds) -> Self {
        self.expires = Some(at);
        self
    }

    /// Sets the last second before the policy becomes valid. This makes the policy a custom one.
    pub const fn starts_after(mut self, at: UnixSeconds) -> Self {
        self.starts = Some(at);
        self.is_canned = false;
        self
    }

    /// Binds the policy to a client's address. This makes the policy a custom one.
    ///
    /// CloudFront policies have no ranges of IPv6 addresses, so a policy cannot be bound to an IPv6 address.
    pub fn client(self, address: std::net::Ipv4Addr) -> Self {
        self.clients(Ipv4Net::from(address))
    }

    fn clients(mut self, range: Ipv4Net) -> Self {
        self.clients = Some(range);
        self.is_canned = false;
        self
    }

    /// Signs the policy.
    ///
    /// # Errors
    ///
    /// Returns [`Unsignable`] for a policy that verifiers would reject, or that would cover something other than intended.
    pub fn sign(self) -> Result<CloudFrontPolicy, Unsignable> {
        let Self { signer, resource, is_canned, expires, starts, clients } = self;
        let date = |at: UnixSeconds| {
            let is_date = at.get() >= 0 && !at.looks_like_milliseconds();
            if is_date { Ok(at) } else { Err(Unsignable::Date) }
        };
        let expires = date(expires.ok_or(Unsignable::NoExpiry)?)?;
        let starts = starts.map(date).transpose()?;
        if starts.is_some_and(|starts| starts >= expires) {
            return Err(Unsignable::StartsTooLate);
        }
        if !resource.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'#')) {
            return Err(Unsignable::Character);
        }
        if !(if is_canned { is_absolute(&resource) } else { Sections::of(resource.as_bytes()).is_some() }) {
            return Err(Unsignable::Url);
        }
        if is_canned && resource.contains('*') {
            return Err(Unsignable::Wildcard);
        }
        let query = resource.split_once('?').map(|(_, query)| query.as_bytes());
        let is_own = |parameter| PARTS.iter().any(|name| crate::request::Parameter::is(&parameter, name));
        if query.into_iter().flat_map(parameters).any(is_own) {
            return Err(Unsignable::OwnParameter);
        }
        let less = format!(r#""DateLessThan":{{"AWS:EpochTime":{expires}}}"#);
        let greater = starts.map(|starts| format!(r#""DateGreaterThan":{{"AWS:EpochTime":{starts}}}"#));
        let address = clients.map(|clients| format!(r#""IpAddress":{{"AWS:SourceIp":"{clients}"}}"#));
        let condition = [Some(less), greater, address].into_iter().flatten().collect::<Vec<_>>().join(",");
        let policy = format!(r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{{condition}}}}}]}}"#);
        let signature = signer.key.sign(policy.as_bytes()).ok_or(Unsignable::Random)?;
        let first = if is_canned { (0, expires.to_string()) } else { (1, encode(policy.as_bytes())) };
        let id = signer.key_pair_id.as_str().to_owned();
        let parts = vec![first, (2, encode(&signature)), (3, id), (4, "SHA256".to_owned())];
        Ok(CloudFrontPolicy { parts, url: is_canned.then_some(resource) })
    }
}

impl CloudFrontPolicy {
    /// Returns a URL with the policy in its query, before its fragment. A canned policy is valid for its own URL only.
    pub fn url(&self, url: &str) -> String {
        let fragment = url.find('#').unwrap_or(url.len());
        let (target, fragment) = url.split_at(fragment);
        let separator = if target.contains('?') { '&' } else { '?' };
        format!("{target}{separator}{}{fragment}", self.query())
    }

    /// Returns the query parameters.
    pub fn query(&self) -> String {
        let parts = self.parts.iter().filter_map(|(number, value)| Some((PARTS.get(*number)?, value)));
        parts.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    /// Returns the signed URL of a canned policy.
    pub fn signed_url(&self) -> Option<String> {
        Some(self.url(self.url.as_deref()?))
    }

    /// Returns the names and values of the cookies.
    pub fn cookies(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parts.iter().filter_map(|(number, value)| Some((*COOKIES.get(*number)?, &**value)))
    }
}

/// Returns whether a URL has a protocol, a host and a path.
fn is_absolute(url: &str) -> bool {
    let rest = url.split_once("://").filter(|(protocol, _)| matches!(*protocol, "http" | "https"));
    let host = rest.and_then(|(_, rest)| rest.split_once('/')).map(|(host, _)| host);
    host.is_some_and(|host| !host.is_empty() && !host.contains('?'))
}

/// Encodes bytes in CloudFront's base64.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

impl std::fmt::Debug for CloudFrontSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudFrontSigner").field("key_pair_id", &self.key_pair_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CloudFrontDraft<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudFrontDraft")
            .field("starts", &self.starts)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CloudFrontPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudFrontPolicy").finish_non_exhaustive()
    }
}
