use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::pattern::HostPattern;
use crate::error::{ConfigError, Denial, Faults};
use crate::manifest::{DEFAULT_MAX_MPD, Format, Hosts, Parameters, Port, Types};
use crate::request::{Parameter, explicit_port};
use crate::schemes::{Carrier, SchemeRules, VerifiedFacts};

/// Rules for carrying query parameters of a manifest's request into the URIs of the manifest.
///
/// Players then request the listed files with the same parameters.
///
/// ```
/// use playgate::site::Forward;
/// let as_before = Forward::only_keys(["md5", "expires"]).to(["m3u8", "ts", "mp4"]);
/// let also_there = Forward::auto().hosts(["segments.example.com"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Forward {
    pub(crate) off: bool,
    pub(crate) keys: Keys,
    pub(crate) from: Option<Vec<String>>,
    pub(crate) to: Option<Vec<String>>,
    pub(crate) hosts: Vec<String>,
    pub(crate) max_mpd: usize,
}

/// The parameters that are carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// The parameters of the granted credential.
    Credential,
    Only(Vec<String>),
    Except(Vec<String>),
}

impl Forward {
    /// Carries the parameters of a granted credential from the query, so that a signed URL plays without further settings. This
    /// is the default.
    pub const fn auto() -> Self {
        Self {
            off: false,
            keys: Keys::Credential,
            from: None,
            to: None,
            hosts: Vec::new(),
            max_mpd: DEFAULT_MAX_MPD,
        }
    }

    /// Carries nothing: manifests pass unchanged.
    pub fn off() -> Self {
        Self { off: true, ..Self::auto() }
    }

    /// Carries these parameters, on public sites too.
    pub fn only_keys<I: IntoIterator<Item: Into<String>>>(keys: I) -> Self {
        Self { keys: Keys::Only(texts(keys)), ..Self::auto() }
    }

    /// Carries all parameters except these, on public sites too. Parameters that players add to single requests (`_HLS_msn` and
    /// the like) are never carried.
    pub fn except_keys<I: IntoIterator<Item: Into<String>>>(keys: I) -> Self {
        Self { keys: Keys::Except(texts(keys)), ..Self::auto() }
    }

    /// Sets the extensions of the manifests that are rewritten. The default is `m3u8`, `mpd` and `mpp`, the extension of MPD
    /// patches.
    pub fn from<I: IntoIterator<Item: Into<String>>>(mut self, extensions: I) -> Self {
        self.from = Some(texts(extensions));
        self
    }

    /// Sets the extensions of the files whose URIs receive the parameters. The default is every file.
    pub fn to<I: IntoIterator<Item: Into<String>>>(mut self, extensions: I) -> Self {
        self.to = Some(texts(extensions));
        self
    }

    /// Sets further hosts whose URIs receive the parameters, in addition to the request's own host and those that the site
    /// names. A host is an exact name or a pattern, as in a site's `hosts`. It matches the default port of the URI's scheme,
    /// unless it names a port (`segments.example.com:8443`). The operator of such a host can use the credential.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.hosts = texts(hosts);
        self
    }

    /// Sets the maximum size of an MPD that is rewritten, in bytes. An MPD is held in memory until it is complete. A longer MPD
    /// passes unchanged, with a log line. The default is [`DEFAULT_MAX_MPD`], the range is 1 KiB to 16 MiB.
    pub const fn max_mpd(mut self, bytes: usize) -> Self {
        self.max_mpd = bytes;
        self
    }

    /// Checks the rules and returns the checked form, or `None` if nothing is carried. Every fault is pushed to `faults`.
    pub(super) fn check(
        &self,
        site: &str,
        own_hosts: &[String],
        faults: &mut Faults,
    ) -> Option<ForwardRules> {
        if !(1 << 10..=16 << 20).contains(&self.max_mpd) {
            let error = ConfigError::Setting {
                site: site.to_owned(),
                found: format!("has max_mpd {}", self.max_mpd),
                write: "1024 to 16777216",
            };
            faults.push("forward.max_mpd", error);
        }
        let mut wrong = |setting: &'static str, element: usize, found: String, write: &'static str| {
            faults.push_element(
                setting,
                element,
                ConfigError::Setting { site: site.to_owned(), found, write },
            );
        };
        for (element, extension) in self.from.iter().flatten().enumerate() {
            if Format::of_extension(extension.as_bytes()).is_none() {
                let found = format!("forwards from {extension:?}, which is not a manifest");
                wrong("forward.from", element, found, "m3u8, m3u, mpd or mpp");
            }
        }
        for (element, extension) in self.to.iter().flatten().enumerate() {
            if extension.is_empty() || !extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let found = format!("forwards to {extension:?}, which is not a file extension");
                wrong("forward.to", element, found, "an extension without dot and star, such as m4s");
            }
        }
        let keys = match &self.keys {
            Keys::Credential => None,
            Keys::Only(keys) => Some(("forward.only_keys", keys)),
            Keys::Except(keys) => Some(("forward.except_keys", keys)),
        };
        for (setting, element, _) in keys.iter().flat_map(|(setting, keys)| {
            keys.iter()
                .enumerate()
                .filter(|(_, key)| key.is_empty())
                .map(|(element, key)| (*setting, element, key))
        }) {
            wrong(setting, element, "forwards a parameter without a name".to_owned(), "its name");
        }
        let mut hosts = OwnHosts::default();
        for host in own_hosts.iter().filter(|host| !host.contains(['*', '{'])) {
            hosts.exact.push((host.to_ascii_lowercase().into(), Ports::DefaultOrRequested));
        }
        for (element, host) in self.hosts.iter().enumerate() {
            let host = host.to_ascii_lowercase();
            if let Err(found) = hosts.list(&host) {
                let found = format!("forwards to host {host:?}, which {found}");
                let write =
                    "a name such as segments.example.com, or with its port, segments.example.com:8443";
                wrong("forward.hosts", element, found, write);
            }
        }
        if self.off {
            return None;
        }
        hosts.exact.sort_by(|(one, _), (other, _)| one.cmp(other));
        let lower =
            |extensions: &[String]| extensions.iter().map(|one| one.to_ascii_lowercase().into()).collect();
        Some(ForwardRules {
            keys: self.keys.clone(),
            from: self.from.as_deref().map_or_else(|| vec!["m3u8".into(), "mpd".into(), "mpp".into()], lower),
            types: Arc::new(self.to.as_deref().map_or(Types::Any, |to| Types::Listed(lower(to)))),
            fingerprint: fingerprint(self, &hosts),
            max_mpd: self.max_mpd,
            hosts: Arc::new(hosts),
        })
    }
}

/// Returns a fingerprint of the rules. It is the same in every process with the same configuration.
fn fingerprint(forward: &Forward, hosts: &OwnHosts) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{forward:?} {hosts:?}").hash(&mut hasher);
    hasher.finish()
}

fn texts<I: IntoIterator<Item: Into<String>>>(texts: I) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// The checked form of a site's [`Forward`].
#[derive(Clone, Debug)]
pub(crate) struct ForwardRules {
    keys: Keys,
    pub(crate) types: Arc<Types>,
    pub(crate) hosts: Arc<OwnHosts>,
    /// The fingerprint of the rules. Different rules have different fingerprints.
    pub(crate) fingerprint: u64,
    pub(crate) max_mpd: usize,
    from: Vec<Box<str>>,
}

/// The kind of response that a path indicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathFormat {
    /// A manifest that is rewritten.
    Manifest(Format),
    /// The last segment has no extension, so the response's `Content-Type` decides.
    Unknown,
    /// Not a manifest that is rewritten.
    Other,
}

/// The facts of a granted credential that forwarding depends on.
pub(crate) type Granted<'g> = (Carrier, &'g VerifiedFacts);

impl ForwardRules {
    /// Returns the kind of response that a path in its normal form indicates.
    pub(crate) fn format_of(&self, path: &[u8]) -> PathFormat {
        match extension(path) {
            Some(extension) if self.rewrites(extension) => {
                Format::of_extension(extension).map_or(PathFormat::Other, PathFormat::Manifest)
            }
            Some(_) => PathFormat::Other,
            None => PathFormat::Unknown,
        }
    }

    /// Returns whether a path, as received, is known not to name a manifest. A path without `%` shows its extension.
    pub(crate) fn is_other(&self, raw: &[u8]) -> bool {
        extension(raw).is_some_and(|seen| !seen.contains(&b'%') && !self.rewrites(seen))
    }

    /// Returns whether manifests with this extension are rewritten.
    fn rewrites(&self, extension: &[u8]) -> bool {
        self.from.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension))
    }

    /// Returns whether manifests of this format are rewritten if their name has no extension.
    pub(crate) fn rewrites_format(&self, format: Format) -> bool {
        self.from.iter().any(|known| Format::of_extension(known.as_bytes()) == Some(format))
    }

    /// Returns the parameters that are carried after a grant or on a public resource, or `None` if there are none.
    pub(crate) fn wanted<'s>(
        &'s self,
        schemes: &'s SchemeRules,
        granted: Option<Granted<'_>>,
    ) -> Option<Wanted<'s>> {
        match &self.keys {
            Keys::Only(keys) => Some(Wanted::Only(keys)),
            Keys::Except(keys) => Some(Wanted::Except(keys)),
            Keys::Credential => {
                let (_, facts) = granted.filter(|(carrier, _)| *carrier == Carrier::Query)?;
                let places = schemes.places_of(facts.scheme())?;
                facts.opens_more_than_the_manifest().then_some(Wanted::Names(&places.query))
            }
        }
    }
}

impl ForwardRules {
    /// Refuses a manifest's request if the carried parameters would be too long. If only the response reveals that it is a
    /// manifest, the manifest passes unchanged instead.
    pub(super) fn refuse_long_query(
        &self,
        schemes: &SchemeRules,
        path: &[u8],
        query: &[u8],
        granted: Option<Granted<'_>>,
    ) -> Result<(), Denial> {
        if !matches!(self.format_of(path), PathFormat::Manifest(_)) {
            return Ok(());
        }
        let Some(wanted) = self.wanted(schemes, granted) else { return Ok(()) };
        Parameters::check(query, |parameter| wanted.includes(parameter))
            .map_err(|_| Denial::QueryTooLong { verified: granted.is_some() })
    }
}

/// The parameters of one request that are carried.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'s> {
    Only(&'s [String]),
    Except(&'s [String]),
    /// The parameters of the credential.
    Names(&'s [Box<str>]),
}

impl Wanted<'_> {
    /// Returns whether the parameters form one credential. A URI then gets all of them or none.
    pub(crate) const fn are_one_credential(self) -> bool {
        matches!(self, Self::Names(_))
    }

    pub(crate) fn includes(self, parameter: &Parameter<'_>) -> bool {
        let listed = |keys: &[String]| keys.iter().any(|key| parameter.is(key));
        match self {
            Self::Only(keys) => listed(keys),
            // What players add to single requests is never carried.
            Self::Except(keys) => {
                !listed(keys) && !parameter.starts_with("_HLS_") && !parameter.starts_with("_DASH_")
            }
            Self::Names(names) => names.iter().any(|name| parameter.is(name)),
        }
    }
}

/// Returns whether a manifest's extension can end in this byte; see [`Format::of_extension`].
pub(super) const fn may_end_a_manifest(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b'8' | b'd' | b'p' | b'u')
}

/// Returns the text after the last dot of a path's last segment.
fn extension(path: &[u8]) -> Option<&[u8]> {
    crate::work::visited(path.len().saturating_mul(2));
    let dot = memchr::memrchr(b'.', path)?;
    path.get(dot.checked_add(1)?..).filter(|extension| !extension.contains(&b'/'))
}

/// The hosts that may receive a site's carried parameters.
#[derive(Debug, Default)]
pub(crate) struct OwnHosts {
    /// Sorted by name.
    exact: Vec<(Box<str>, Ports)>,
    patterns: Vec<(HostPattern, Ports)>,
}

/// The ports at which a host may receive the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    /// The default port of the URI's scheme.
    Default,
    /// The default port of the URI's scheme, and the port that the manifest was requested at.
    DefaultOrRequested,
    One(u16),
}

impl Ports {
    fn include(self, port: Port) -> bool {
        match self {
            Self::Default => port.is_default(),
            Self::DefaultOrRequested => port.is_default() || port.is_requested(),
            Self::One(number) => port.number() == Some(number),
        }
    }
}

impl OwnHosts {
    /// Adds a host of the setting `hosts`, in lower case. The error describes the fault.
    fn list(&mut self, host: &str) -> Result<(), &'static str> {
        const NO_NAME: &str = "is not a host name";
        let (name, ports) = match explicit_port(host.as_bytes()) {
            _ if host.contains(['*', '/']) => return Err(NO_NAME),
            Ok(None) => (host, Ports::Default),
            Ok(Some(port)) => (host.rsplit_once(':').map_or(host, |(name, _)| name), Ports::One(port)),
            Err(_) => return Err(NO_NAME),
        };
        let pattern = HostPattern::parse(name)?;
        if name.contains(':') {
            return Err(NO_NAME);
        }
        if name.contains('{') {
            self.patterns.push((pattern, ports));
        } else {
            self.exact.push((name.into(), ports));
        }
        Ok(())
    }
}

impl Hosts for OwnHosts {
    fn is_own(&self, host: &[u8], port: Port) -> bool {
        let start = self.exact.partition_point(|(own, _)| own.as_bytes() < host);
        let exact = self.exact.get(start..).unwrap_or_default();
        exact.iter().take_while(|(own, _)| own.as_bytes() == host).any(|(_, ports)| ports.include(port))
            || self
                .patterns
                .iter()
                .any(|(pattern, ports)| ports.include(port) && pattern.captures(host).is_some())
    }
}

#[cfg(test)]
mod tests;
