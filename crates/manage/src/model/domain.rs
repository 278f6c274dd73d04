use sqlx::FromRow;

use super::Malformed;
use super::cors::CorsHeaders;
use super::ids::{AccountId, DomainId};
use super::media::BucketName;

/// A playback domain: a host name under which an account's streams or one of its buckets are played. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct Domain {
    /// The id.
    #[sqlx(try_from = "String")]
    pub id: DomainId,
    /// The account that owns the domain.
    #[sqlx(try_from = "String")]
    pub account: AccountId,
    /// The host name.
    #[sqlx(try_from = "String")]
    pub name: DomainName,
    /// The kind of resources under the name.
    #[sqlx(try_from = "String")]
    pub kind: DomainKind,
    /// The bucket of a VOD domain.
    #[sqlx(try_from = "crate::database::Nullable")]
    pub bucket: Option<BucketName>,
    /// The CORS headers of a live domain. A VOD domain has those of its bucket.
    #[sqlx(try_from = "crate::database::Nullable")]
    pub cors: Option<CorsHeaders>,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// The kind of resources under a playback domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainKind {
    /// Live streams, by playback ID in the path.
    Live,
    /// Objects of a bucket.
    Vod,
}

impl DomainKind {
    /// Returns the published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Vod => "vod",
        }
    }

    /// Parses the published name.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "live" => Ok(Self::Live),
            "vod" => Ok(Self::Vod),
            _ => Err(Malformed("a domain's type is \"live\" or \"vod\"")),
        }
    }
}

impl TryFrom<String> for DomainKind {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

/// A fully qualified domain name, in lower case and in its ASCII form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DomainName(String);

/// The maximum length of a domain name in its text form (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

impl DomainName {
    /// Parses a domain name. Unicode labels are converted to their ASCII form (UTS 46).
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the text is an address, has a port, a trailing dot or a wildcard, consists of one label, or is not
    /// a host name.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const RULE: Malformed = Malformed(
            "a domain is a fully qualified host name such as video.example.com, without scheme, port, path or trailing dot",
        );
        let name = idna::domain_to_ascii_strict(text).map_err(|_| RULE)?.to_ascii_lowercase();
        let is_label = |label: &str| {
            let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(is_inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_name = name.len() <= MAX_NAME && name.split('.').all(is_label);
        let (_, last) = name.rsplit_once('.').filter(|_| is_name).ok_or(RULE)?;
        // A name whose last label is a number is an IPv4 address for browsers (WHATWG URL, "ends in a number checker").
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if is_number { Err(RULE) } else { Ok(Self(name)) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if the name is this name or below it.
    pub fn is_within(&self, base: &str) -> bool {
        self.0.strip_suffix(base).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl std::fmt::Display for DomainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DomainName {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests;
