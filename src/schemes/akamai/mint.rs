//! Creates tokens that a verifier accepts.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use super::rules::AkamaiRules;
use super::settings::Akamai;
use super::url::{SignedUrl, UrlEscaping};
use crate::error::{ConfigErrors, Faults};
use crate::time::{UnixSeconds, whole_seconds};

/// A signer of Akamai tokens, which uses the first of the configured keys.
///
/// ```
/// use std::time::Duration;
/// use playgate::schemes::akamai::{Akamai, AkamaiSigner};
///
/// let signer = AkamaiSigner::new(&Akamai::new("00112233445566778899aabbccddeeff"))?;
/// let token = signer.acl(["/videos/1/*"]).expires_in(Duration::from_hours(1)).id("session-7").sign()?;
/// assert!(token.starts_with("exp=") && token.contains("~acl=/videos/1/*~id=session-7~hmac="));
/// let url = format!("https://cdn.example.com/videos/1/master.m3u8?hdnts={token}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AkamaiSigner {
    rules: AkamaiRules,
}

/// A token that is not signed yet.
#[must_use]
pub struct AkamaiDraft<'s> {
    signer: &'s AkamaiSigner,
    covers: Covers,
    starts: Option<UnixSeconds>,
    expires: Option<UnixSeconds>,
    ip: Option<IpAddr>,
    id: Option<String>,
    data: Option<String>,
}

/// The scope of a token.
enum Covers {
    Acl(String),
    Url(String),
}

/// The reason why a token cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsignable {
    /// The token has no expiry.
    #[error("token has no expiry: write expires_in or expires_at")]
    NoExpiry,
    /// The URL has an encoded `?`, `&`, `=`, `;` or `#`, and is decoded before it is signed. The token would cover another URL
    /// too.
    #[error(
        "URL has an encoded delimiter, and the site decodes URLs before it signs them: use another escaping or an acl"
    )]
    Ambiguous,
    /// A date is before 1970, or looks like milliseconds.
    #[error("date is not a number of seconds since 1970 below 10^12")]
    Date,
    /// The token does not start before it expires.
    #[error("token starts after it expires: write an earlier start")]
    StartsTooLate,
    /// A path in the token does not begin with `/` or `*`.
    #[error("path starts with neither a slash nor *: write the whole path")]
    Path,
    /// The token contains a character that separates its fields, or that cannot be sent unchanged in a query and a cookie.
    #[error("text has a character that a token cannot contain: percent-encode it")]
    Character,
}

impl AkamaiSigner {
    /// Checks the settings and creates a signer.
    ///
    /// # Errors
    ///
    /// Returns all faults of the settings.
    pub fn new(akamai: &Akamai) -> Result<Self, ConfigErrors> {
        let mut faults = Faults::default();
        let rules = akamai.check_for("Akamai signer", &mut faults);
        faults.check()?;
        rules.map(|rules| Self { rules }).ok_or_else(|| crate::ConfigError::NoSites.into())
    }

    /// Creates a signer by the checked rules of a site.
    pub(crate) fn of_rules(rules: &AkamaiRules) -> Self {
        Self { rules: rules.clone() }
    }

    /// Drafts a token for all paths that match one of the entries. Entries may contain `*` and `?`, and are written into the
    /// token unchanged.
    pub fn acl<I: IntoIterator<Item: AsRef<str>>>(&self, entries: I) -> AkamaiDraft<'_> {
        let entries: Vec<String> = entries.into_iter().map(|entry| entry.as_ref().to_owned()).collect();
        self.draft(Covers::Acl(entries.join("!")))
    }

    /// Drafts a token for one URL: its path, and its query without the token, both exactly as they will be requested.
    pub fn url(&self, url: impl Into<String>) -> AkamaiDraft<'_> {
        self.draft(Covers::Url(url.into()))
    }

    const fn draft(&self, covers: Covers) -> AkamaiDraft<'_> {
        AkamaiDraft { signer: self, covers, starts: None, expires: None, ip: None, id: None, data: None }
    }
}

impl AkamaiDraft<'_> {
    /// Sets how long the token is valid from now (by the system's clock), in whole seconds.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        self.expires_at(UnixSeconds::now().saturating_add(whole_seconds(lifetime)))
    }

    /// Sets the first second in which the token is not valid.
    pub const fn expires_at(mut self, at: UnixSeconds) -> Self {
        self.expires = Some(at);
        self
    }

    /// Sets the first second in which the token is valid.
    pub const fn starts_at(mut self, at: UnixSeconds) -> Self {
        self.starts = Some(at);
        self
    }

    /// Binds the token to a client's address.
    pub const fn client(mut self, address: IpAddr) -> Self {
        self.ip = Some(address);
        self
    }

    /// Sets the name of the session. The site's hook can read it as the claim `id`. Never pass unchecked user input.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets additional text. The site's hook can read it as the claim `data`. Never pass unchecked user input.
    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Signs the token and returns its text.
    ///
    /// # Errors
    ///
    /// Returns [`Unsignable`] for a token that verifiers would reject, or that would cover something other than intended.
    pub fn sign(self) -> Result<String, Unsignable> {
        let Self { signer: AkamaiSigner { rules }, covers, starts, expires, ip, id, data } = self;
        let date = |at: UnixSeconds| {
            let is_date = at.get() >= 0 && !at.looks_like_milliseconds();
            if is_date { Ok(at.to_string()) } else { Err(Unsignable::Date) }
        };
        let expires = expires.ok_or(Unsignable::NoExpiry)?;
        if starts.is_some_and(|starts| starts >= expires) {
            return Err(Unsignable::StartsTooLate);
        }
        let (acl, url) = match covers {
            Covers::Acl(acl) => (Some(acl), None),
            Covers::Url(url) => (None, Some(url)),
        };
        let begins = |entry: &str| {
            entry.starts_with(['/', '*'])
                || entry.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f"))
        };
        if !acl.iter().flat_map(|acl| acl.split('!')).all(begins)
            || !url.iter().all(|url| url.starts_with('/'))
        {
            return Err(Unsignable::Path);
        }
        let fields = [
            ("ip", ip.map(|ip| ip.to_canonical().to_string())),
            ("st", starts.map(date).transpose()?),
            ("exp", Some(date(expires)?)),
            ("acl", acl),
            ("id", id),
            ("data", data),
        ];
        let mut signed = String::new();
        for (name, value) in fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            if !value.bytes().all(is_carried) {
                return Err(Unsignable::Character);
            }
            let separator = if signed.is_empty() { "" } else { "~" };
            let _ = write!(signed, "{separator}{name}={value}"); // a String takes everything
        }
        let url = url
            .as_ref()
            .map(|url| url.split_once('?').map_or((&**url, None), |(path, query)| (path, Some(query))));
        let url = url.map(|(path, query)| SignedUrl {
            path: path.as_bytes(),
            query: query.filter(|_| !rules.ignore_query).map(str::as_bytes),
            without: &rules.places.query,
        });
        let escaping = rules.url_escaping.first().copied().unwrap_or(UrlEscaping::None);
        if url.as_ref().is_some_and(|url| !url.is_one_url(escaping)) {
            return Err(Unsignable::Ambiguous);
        }
        let key = rules.keys.first().ok_or(Unsignable::NoExpiry)?; // checked settings have a key
        let mac = rules.mac_of(key, &signed, url.as_ref().map(|url| (url, escaping)));
        signed.push_str("~hmac=");
        for byte in mac {
            let _ = write!(signed, "{byte:02x}"); // a String takes everything
        }
        Ok(signed)
    }
}

/// Returns whether a character neither separates fields nor changes in a query and a cookie.
const fn is_carried(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'~' | b'&' | b'#' | b'"' | b'\\' | b';' | b',' | b'<' | b'>' | b'`')
}

impl std::fmt::Debug for AkamaiDraft<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AkamaiDraft")
            .field("starts", &self.starts)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
