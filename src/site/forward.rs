use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::pattern::HostPattern;
use crate::error::{ConfigError, Faults};
use crate::manifest::{Format, Hosts, Types};

/// Which query parameters of a manifest's request are carried into the URIs in the manifest, so that what it points at
/// is asked for with them.
///
/// ```
/// use playgate::site::Forward;
/// let as_before = Forward::only(["md5", "expires"]).to(["m3u8", "ts", "mp4"]);
/// let also_there = Forward::auto().hosts(["segments.example.com"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Forward {
    pub(super) off: bool,
    pub(super) keys: Keys,
    pub(super) of: Option<Vec<String>>,
    pub(super) to: Option<Vec<String>>,
    pub(super) hosts: Vec<String>,
}

/// Which parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Those of the credential that was granted.
    Credential,
    Only(Vec<String>),
    Except(Vec<String>),
}

impl Forward {
    /// After a grant by query, that credential's own parameters: a signed URL plays with no further setting. The default.
    pub const fn auto() -> Self {
        Self { off: false, keys: Keys::Credential, of: None, to: None, hosts: Vec::new() }
    }

    /// None: manifests go through as they are.
    pub fn off() -> Self {
        Self { off: true, ..Self::auto() }
    }

    /// These parameters, and on public sites too.
    #[doc(alias = "only_keys")]
    pub fn only<I: IntoIterator<Item: Into<String>>>(keys: I) -> Self {
        Self { keys: Keys::Only(texts(keys)), ..Self::auto() }
    }

    /// All parameters but these, and on public sites too. What players add to single requests (`_HLS_msn` and the like)
    /// is never carried.
    #[doc(alias = "except_keys")]
    pub fn except<I: IntoIterator<Item: Into<String>>>(keys: I) -> Self {
        Self { keys: Keys::Except(texts(keys)), ..Self::auto() }
    }

    /// Rewrites manifests with these extensions alone. Default `m3u8`, `mpd` and `mpp`, the patches to an MPD.
    #[doc(alias = "from")]
    pub fn of<I: IntoIterator<Item: Into<String>>>(mut self, extensions: I) -> Self {
        self.of = Some(texts(extensions));
        self
    }

    /// Carries them into URIs of files with these extensions alone. Default every file.
    pub fn to<I: IntoIterator<Item: Into<String>>>(mut self, extensions: I) -> Self {
        self.to = Some(texts(extensions));
        self
    }

    /// Hosts that get them beside the request's own and those that the site names: exact names, or patterns as in a
    /// site's `hosts`. Whoever runs them can use the credential.
    pub fn hosts<I: IntoIterator<Item: Into<String>>>(mut self, hosts: I) -> Self {
        self.hosts = texts(hosts);
        self
    }

    /// The checked form; `None` where nothing is carried. Every fault is pushed to `faults`.
    pub(super) fn check(
        &self,
        site: &str,
        own_hosts: &[String],
        faults: &mut Faults,
    ) -> Option<ForwardRules> {
        let mut wrong = |setting: &'static str, element: usize, found: String, write: &'static str| {
            faults.push_element(
                setting,
                element,
                ConfigError::Setting { site: site.to_owned(), found, write },
            );
        };
        for (element, extension) in self.of.iter().flatten().enumerate() {
            if Format::of_extension(extension.as_bytes()).is_none() {
                let found = format!("forwards from {extension:?}, which is no manifest");
                wrong("forward.from", element, found, "m3u8, m3u, mpd or mpp");
            }
        }
        for (element, extension) in self.to.iter().flatten().enumerate() {
            if extension.is_empty() || !extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let found = format!("forwards to {extension:?}, which is no file's extension");
                wrong("forward.to", element, found, "it without dot and star, such as m4s");
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
            hosts.exact.push(host.to_ascii_lowercase().into());
        }
        for (element, host) in self.hosts.iter().enumerate() {
            let host = host.to_ascii_lowercase();
            let bad = match HostPattern::parse(&host) {
                _ if host.contains(['*', ':', '/']) => Some("is no host name"),
                Ok(pattern) if host.contains('{') => {
                    hosts.patterns.push(pattern);
                    None
                }
                Ok(_) => {
                    hosts.exact.push(host.as_str().into());
                    None
                }
                Err(found) => Some(found),
            };
            if let Some(found) = bad {
                let found = format!("forwards to host {host:?}, which {found}");
                wrong("forward.hosts", element, found, "a name such as segments.example.com, without port");
            }
        }
        if self.off {
            return None;
        }
        hosts.exact.sort_unstable();
        let lower =
            |extensions: &[String]| extensions.iter().map(|one| one.to_ascii_lowercase().into()).collect();
        Some(ForwardRules {
            keys: self.keys.clone(),
            of: self.of.as_deref().map_or_else(|| vec!["m3u8".into(), "mpd".into(), "mpp".into()], lower),
            types: Arc::new(self.to.as_deref().map_or(Types::Any, |to| Types::Listed(lower(to)))),
            fingerprint: fingerprint(self, &hosts),
            hosts: Arc::new(hosts),
        })
    }
}

/// The same in every process with the same configuration.
fn fingerprint(forward: &Forward, hosts: &OwnHosts) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{forward:?} {hosts:?}").hash(&mut hasher);
    hasher.finish()
}

fn texts<I: IntoIterator<Item: Into<String>>>(texts: I) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// What a site carries into its manifests: every setting checked and made ready.
#[derive(Clone, Debug)]
pub(crate) struct ForwardRules {
    pub(crate) keys: Keys,
    pub(crate) types: Arc<Types>,
    pub(crate) hosts: Arc<OwnHosts>,
    /// Another one for other rules.
    pub(crate) fingerprint: u64,
    of: Vec<Box<str>>,
}

impl ForwardRules {
    /// Whether manifests with this extension are rewritten.
    pub(crate) fn rewrites(&self, extension: &[u8]) -> bool {
        self.of.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension))
    }

    /// Whether manifests of this format, whose name has no extension, are rewritten.
    pub(crate) fn rewrites_format(&self, format: Format) -> bool {
        self.of.iter().any(|known| Format::of_extension(known.as_bytes()) == Some(format))
    }
}

/// The hosts that may see what a site carries.
#[derive(Debug, Default)]
pub(crate) struct OwnHosts {
    exact: Vec<Box<str>>,
    patterns: Vec<HostPattern>,
}

impl Hosts for OwnHosts {
    fn is_own(&self, host: &[u8]) -> bool {
        self.exact.binary_search_by(|own| own.as_bytes().cmp(host)).is_ok()
            || self.patterns.iter().any(|pattern| pattern.captures(host).is_some())
    }
}
