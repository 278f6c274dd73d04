use std::net::IpAddr;
use std::time::Duration;

use super::error::MintError;
use crate::error::{ConfigErrors, Faults};
use crate::request::{Host, HostBuffer, PathBuffer, RequestPath, without_parameters};
use crate::schemes::Requested;
use crate::schemes::link::{Covers, LinkRules, NoLink, Parts, SecureLink};
use crate::time::{UnixSeconds, whole_seconds};

/// A signer of secure links of one format. It signs with the first of the format's secrets.
///
/// ```
/// # #[cfg(feature = "secure-link-md5")] {
/// use std::time::Duration;
/// use playgate::schemes::link::SecureLink;
/// use playgate::mint::LinkSigner;
///
/// let signer = LinkSigner::new(&SecureLink::gcore("a shared secret"))?;
/// let url = signer.link("https://cdn.example.com/videos/1/master.m3u8").expires_in(Duration::from_hours(1)).sign()?;
/// assert!(url.starts_with("https://cdn.example.com/videos/1/master.m3u8?md5="));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LinkSigner {
    rules: LinkRules,
}

impl LinkSigner {
    /// Checks the format and creates a signer.
    ///
    /// # Errors
    ///
    /// Returns all faults of the format.
    pub fn new(link: &SecureLink) -> Result<Self, ConfigErrors> {
        let mut faults = Faults::default();
        let rules = link.check_for("link signer", "/", &mut faults);
        faults.check()?;
        rules.map(|rules| Self { rules }).ok_or_else(|| crate::ConfigError::NoSites.into())
    }

    /// Creates a signer by the checked rules of a site.
    pub(super) fn of_rules(rules: &LinkRules) -> Self {
        Self { rules: rules.clone() }
    }

    /// Drafts a link for this URL, `https://host/path` or `/path`.
    ///
    /// For Gcore Video, the URL is `…/videos/{account}_{video}/file`, into which the token and the expiry are inserted.
    pub fn link<'s>(&'s self, url: &'s str) -> LinkDraft<'s> {
        LinkDraft { signer: self, url, expires_at: None, client: None, covers: self.rules.usual_coverage() }
    }
}

/// A secure link that is not signed yet: its URL, expiry and client.
#[derive(Debug)]
#[must_use]
pub struct LinkDraft<'s> {
    signer: &'s LinkSigner,
    url: &'s str,
    expires_at: Option<UnixSeconds>,
    client: Option<IpAddr>,
    covers: Covers,
}

impl LinkDraft<'_> {
    /// Sets how long the link is valid from now (by the system's clock), in whole seconds.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let at = UnixSeconds::now().saturating_add(whole_seconds(lifetime));
        self.expires_at(at)
    }

    /// Sets the second in which the link expires. The format determines whether the link is still valid in this second.
    pub fn expires_at(mut self, at: UnixSeconds) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Sets the client's address, for a format that binds links to addresses.
    pub fn client(mut self, address: IpAddr) -> Self {
        self.client = Some(address);
        self
    }

    /// Makes the link cover the directory of the URL, for formats that support both kinds.
    pub fn directory(mut self) -> Self {
        self.covers = Covers::Directory;
        self
    }

    /// Makes the link cover only the file of the URL, for formats that support both kinds.
    pub fn file(mut self) -> Self {
        self.covers = Covers::File;
        self
    }

    /// Signs the link and returns the complete URL.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Link`] for a URL or an expiry that verifiers would reject, and if a setting that the format
    /// requires is missing.
    pub fn sign(self) -> Result<String, MintError> {
        let wrong = |found: &str, write: &'static str| MintError::Link { found: found.to_owned(), write };
        let rules = &self.signer.rules;
        let (target, fragment) = match self.url.split_once('#') {
            Some((target, fragment)) => (target, format!("#{fragment}")),
            None => (self.url, String::new()),
        };
        let (address, query) = target.split_once('?').unwrap_or((target, ""));
        let (origin, authority, path) = split_address(address)
            .ok_or_else(|| wrong("URL is neither https://host/path nor /path", "one of them"))?;
        let (mut host, mut buffer) = (HostBuffer::new(), PathBuffer::new());
        let host = match authority {
            "" => b"",
            _ => Host::parse(authority.as_bytes(), &mut host)
                .map_err(|fault| wrong(&format!("URL's host is {fault}"), "a host name"))?
                .as_bytes(),
        };
        let normal = RequestPath::parse(path.as_bytes(), &mut buffer)
            .map_err(|fault| wrong(&format!("URL's path is ambiguous: {fault}"), "its normal form"))?;
        let expires = self.expires_at.map(|at| at.get().to_string());
        if expires.as_ref().is_some_and(|expires| expires.starts_with(['-', '0'])) {
            return Err(wrong("expiry is before 1970", "a date in the future"));
        }
        if self.expires_at.is_some_and(UnixSeconds::looks_like_milliseconds) {
            return Err(wrong("expiry looks like milliseconds", "seconds since 1970"));
        }
        let mut query = query.as_bytes().to_vec();
        let parts = rules.parts().ok_or_else(|| wrong("format has no link", "another format"))?;
        if let Parts::Query { hash, expires } = &parts {
            let names: Vec<&str> = [Some(*hash), *expires].into_iter().flatten().collect();
            query = without_parameters(&query, &names).unwrap_or(query);
        }
        let (prefix, key) = match parts {
            Parts::Query { .. } => ("", normal.as_bytes()),
            Parts::Segments => split_video(path).ok_or_else(|| {
                wrong("URL's path is not /videos/{account}_{video}/file", "videos, cmaf or mpegts")
            })?,
        };
        let requested = Requested { path: normal.as_bytes(), key, host, query: Some(&query) };
        let proof =
            rules.prove(&requested, expires.as_deref(), self.client, self.covers).map_err(
                |why| match why {
                    NoLink::NoExpiry => wrong("link has no expiry", "expires_in or expires_at"),
                    NoLink::NoClient => {
                        wrong("link is bound to an address, but none is set", "client(address)")
                    }
                    NoLink::OtherCoverage => {
                        wrong("format cannot make a link with this coverage", "file or directory")
                    }
                },
            )?;
        let query = String::from_utf8_lossy(&query);
        let expires = expires.unwrap_or_default();
        Ok(match parts {
            Parts::Query { hash, expires: name } => {
                let mut pairs: Vec<String> = Vec::new();
                if !query.is_empty() {
                    pairs.push(query.into_owned());
                }
                pairs.push(format!("{hash}={proof}"));
                pairs.extend(name.map(|name| format!("{name}={expires}")));
                format!("{origin}{path}?{}{fragment}", pairs.join("&"))
            }
            Parts::Segments => {
                let file = path.get(prefix.len()..).unwrap_or_default();
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                format!("{origin}{prefix}/{proof}/{expires}{file}{query}{fragment}")
            }
        })
    }
}

/// Splits an address into scheme and authority, the authority alone, and the path.
fn split_address(address: &str) -> Option<(&str, &str, &str)> {
    if address.starts_with('/') {
        return Some(("", "", address));
    }
    let (scheme, rest) =
        address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let slash = rest.find('/')?;
    let (authority, path) = rest.split_at(slash);
    let origin = address.get(..scheme.len().checked_add(3)?.checked_add(slash)?)?;
    Some((origin, authority, path))
}

/// Splits a path after the video. Returns the path up to there, and the path from its kind on.
fn split_video(path: &str) -> Option<(&str, &[u8])> {
    for kind in ["/videos/", "/cmaf/", "/mpegts/"] {
        if let Some(at) = path.find(kind) {
            let video = path.get(at.checked_add(kind.len())?..)?;
            let end = path.len().checked_sub(video.len())?.checked_add(video.find('/')?)?;
            return Some((path.get(..end)?, path.get(at.checked_add(1)?..)?.as_bytes()));
        }
    }
    None
}
