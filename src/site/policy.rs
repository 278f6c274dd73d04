use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::hosts::{HostTable, Mount, Mounts, Place, SiteIndex};
use super::pattern::HostPattern;
use super::rules::{CacheScope, Methods, Serving, SiteRules, TimeRules};
use super::settings::{Serves, Site};
use crate::cors::is_token;
use crate::error::{ConfigError, ConfigErrors, PathFault};
use crate::request::{Host, HostBuffer, PathBuffer, RequestPath};
use crate::scope::LiveShape;
use crate::token::MAX_TOKEN_BYTES;

/// What happens to a request for a host that no site claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownHost {
    /// 421 (RFC 9110 §15.5.20).
    #[default]
    Refuse,
    /// It goes to the inner service untouched.
    Pass,
}

/// Every site of a verifier, checked together; immutable.
///
/// ```
/// use playgate::{Policy, Site};
/// let policy = Policy::builder().site(Site::bucket("courses").host("cdn.example.com")).build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    sites: Vec<SiteRules>,
    hosts: HostTable,
    streams: HashMap<Box<str>, Arc<str>>,
    pub(crate) unknown_host: UnknownHost,
    pub(crate) expose_reason: bool,
    /// Every site's identity headers: a client may bring none of them.
    pub(crate) identity_headers: Option<Arc<[Box<str>]>>,
}

impl Policy {
    /// A policy to add sites to.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder { expose_reason: true, ..PolicyBuilder::default() }
    }

    pub(crate) fn site(&self, index: SiteIndex) -> Option<&SiteRules> {
        self.sites.get(index)
    }

    /// The ids of all sites.
    pub fn site_ids(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().map(|site| &*site.id)
    }

    pub(crate) fn place<'p>(
        &'p self,
        host: Host<'p>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
    ) -> Place<'p> {
        self.hosts.place(host, raw_path, path)
    }

    /// The playback ID that a stream was mapped to.
    pub(crate) fn playback_id_of(&self, stream: &str) -> Option<Arc<str>> {
        self.streams.get(stream).cloned()
    }
}

/// Collects what a [`Policy`] is made of.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    sites: Vec<Site>,
    streams: Vec<(String, String)>,
    unknown_host: UnknownHost,
    expose_reason: bool,
}

impl PolicyBuilder {
    /// One site more.
    pub fn site(mut self, site: Site) -> Self {
        self.sites.push(site);
        self
    }

    /// Maps a stream id, which key scopes name, to a playback ID, which tokens and URLs name. Without an entry
    /// they are the same.
    pub fn stream(mut self, id: impl Into<String>, playback_id: impl Into<String>) -> Self {
        self.streams.push((id.into(), playback_id.into()));
        self
    }

    /// What happens to hosts that no site claims. Default [`UnknownHost::Refuse`].
    pub fn unknown_host(mut self, unknown: UnknownHost) -> Self {
        self.unknown_host = unknown;
        self
    }

    /// Whether the body of a refusal carries its code. Default true; values never stand in it.
    pub fn expose_reason(mut self, expose: bool) -> Self {
        self.expose_reason = expose;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// All faults at once; nothing is applied by halves.
    pub fn build(self) -> Result<Policy, ConfigErrors> {
        let mut errors = Vec::new();
        if self.sites.is_empty() {
            errors.push(ConfigError::NoSites);
        }
        let mut sites: Vec<SiteRules> = Vec::new();
        let mut hosts = HostsBuilder::default();
        for (index, site) in self.sites.iter().enumerate() {
            let id = site_id(site);
            if self.sites.iter().take(index).any(|earlier| site_id(earlier) == id) {
                errors.push(ConfigError::DuplicateSite { id: id.clone() });
            }
            if let Some(rules) = check_site(site, &id, &mut errors) {
                hosts.add(site, &rules, sites.len(), &sites, &mut errors);
                sites.push(rules);
            }
        }
        let streams = check_streams(self.streams, &mut errors);
        ConfigErrors::check(errors)?;
        let mut names: Vec<Box<str>> = sites
            .iter()
            .flat_map(|site| site.identity_headers.iter().map(|(header, _)| header.clone()))
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(Policy {
            sites,
            hosts: hosts.finish(),
            streams,
            unknown_host: self.unknown_host,
            expose_reason: self.expose_reason,
            identity_headers: (!names.is_empty()).then(|| names.into()),
        })
    }
}

/// The given id, or the first host; the errors of a site without either name its bucket.
fn site_id(site: &Site) -> String {
    match (&site.id, site.hosts.first(), &site.serves) {
        (Some(id), _, _) => id.clone(),
        (None, Some(host), _) => host.clone(),
        (None, None, Serves::Bucket(name)) => name.clone(),
        (None, None, Serves::Live(_)) => "live".to_owned(),
    }
}

fn check_streams(
    streams: Vec<(String, String)>,
    errors: &mut Vec<ConfigError>,
) -> HashMap<Box<str>, Arc<str>> {
    let mut known = HashMap::new();
    for (stream, playback_id) in streams {
        if playback_id.is_empty() || playback_id.contains('/') {
            errors
                .push(ConfigError::Stream { stream, found: "has an empty playback ID, or one with a slash" });
        } else if known.insert(stream.clone().into(), playback_id.into()).is_some() {
            errors.push(ConfigError::Stream { stream, found: "is listed twice" });
        }
    }
    known
}

fn check_site(site: &Site, id: &str, errors: &mut Vec<ConfigError>) -> Option<SiteRules> {
    let before = errors.len();
    let mut wrong = |found: String, write: &'static str| {
        errors.push(ConfigError::Setting { site: id.to_owned(), found, write });
    };
    if id.is_empty() {
        wrong("has an empty id".to_owned(), "a name, or leave the id out");
    }
    if matches!(&site.serves, Serves::Bucket(name) if name.is_empty()) {
        wrong("serves a bucket without a name".to_owned(), "the bucket's name");
    }
    let carriers = &site.carriers;
    if !(carriers.query || carriers.bearer || carriers.cookie) {
        wrong("looks for tokens nowhere".to_owned(), "one of the carriers query, cookie, bearer");
    }
    if !is_parameter_name(&carriers.query_name) {
        wrong(
            format!("has the query parameter {:?}", carriers.query_name),
            "letters, digits, hyphens, dots and underscores",
        );
    }
    if !is_token(&carriers.cookie_name) {
        wrong(
            format!("has the cookie {:?}", carriers.cookie_name),
            "letters, digits, hyphens and underscores",
        );
    }
    if !(1..=MAX_TOKEN_BYTES).contains(&site.max_token_bytes) {
        wrong(format!("has max_token_bytes {}", site.max_token_bytes), "1 to 8192");
    }
    let max_lifetime = site.max_lifetime.map(|lifetime| u32::try_from(lifetime.as_secs()).unwrap_or(0));
    if max_lifetime == Some(0) {
        wrong(
            format!("has max_lifetime {:?}", site.max_lifetime.unwrap_or_default()),
            "1 second to 136 years",
        );
    }
    if [&site.issuer, &site.audience].into_iter().flatten().any(String::is_empty) {
        wrong("asks for an empty issuer or audience".to_owned(), "its name, or leave it out");
    }
    for (header, claim) in &site.identity_headers {
        if !is_token(header) || claim.is_empty() || is_message_header(header) {
            wrong(
                format!("hands claim {claim:?} over in header {header:?}"),
                "a header of your own such as x-viewer, and the claim's name",
            );
        }
    }
    if site.methods.is_empty() {
        wrong("allows no method".to_owned(), "GET");
    }
    for method in site.methods.iter().filter(|method| !is_token(method)) {
        errors.push(ConfigError::NotAToken { site: id.to_owned(), text: method.clone() });
    }
    for (code, status) in &site.answers {
        if !(400..=599).contains(status) {
            errors.push(ConfigError::AnswerStatus { site: id.to_owned(), code: *code, status: *status });
        }
    }
    check_base_path(site, id, errors);
    check_public_paths(site, id, errors);
    let cors = match &site.cors {
        Some(cors) => cors.check(id, carriers.bearer, errors).map(Some),
        None => Some(None),
    };
    if errors.len() > before {
        return None;
    }
    Some(SiteRules {
        id: id.into(),
        base_path: site.base_path.as_str().into(),
        serves: match &site.serves {
            Serves::Bucket(name) if name == "{bucket}" => Serving::BucketInHost,
            Serves::Bucket(name) => Serving::Bucket(name.as_str().into()),
            Serves::Live(shape) => Serving::Live(*shape),
        },
        access: site.access,
        public_paths: site.public_paths.iter().map(|path| path.as_str().into()).collect(),
        methods: check_methods(&site.methods),
        carriers: carriers.clone(),
        max_token_bytes: site.max_token_bytes,
        coverage: site.coverage,
        times: TimeRules { leeway: site.leeway, require_exp: site.require_exp, max_lifetime },
        issuer: site.issuer.as_deref().map(Into::into),
        audience: site.audience.as_deref().map(Into::into),
        cache: if site.access == super::Access::Public { CacheScope::Inner } else { site.cache },
        strip_credentials: site.strip_credentials,
        grant_extension: site.grant_extension,
        identity_headers: site
            .identity_headers
            .iter()
            .map(|(header, claim)| (header.to_ascii_lowercase().into(), claim.as_str().into()))
            .collect(),
        answers: site.answers.clone(),
        cors: cors?,
        hook: site.hook.clone(),
    })
}

/// HEAD is GET, in the list that `Allow` shows too.
fn check_methods(methods: &[String]) -> Methods {
    let mut names: Vec<Box<str>> = methods.iter().map(|method| method.as_str().into()).collect();
    let has = |names: &[Box<str>], wanted: &str| names.iter().any(|name| **name == *wanted);
    match (has(&names, "GET"), has(&names, "HEAD")) {
        (true, false) => names.push("HEAD".into()),
        (false, true) => names.push("GET".into()),
        (true, true) | (false, false) => {}
    }
    Methods { allow: names.join(", ").into(), names }
}

/// Unreserved characters (RFC 3986 §2.3): a name that no encoder touches.
fn is_parameter_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// Headers that frame a message or say who asks: never to be overwritten by a claim.
fn is_message_header(header: &str) -> bool {
    const KEPT: [&str; 12] = [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "cookie",
        "authorization",
        "range",
        "origin",
        "expect",
    ];
    KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(header))
}

fn check_base_path(site: &Site, id: &str, errors: &mut Vec<ConfigError>) {
    let base = &site.base_path;
    let mut buffer = PathBuffer::new();
    let (found, write) = if !base.starts_with('/') {
        ("does not start with a slash", format!("/{}", base.trim_end_matches('/')) + "/")
    } else if !base.ends_with('/') {
        ("does not end with a slash", format!("{base}/"))
    } else if RequestPath::parse(base.as_bytes(), &mut buffer)
        .is_ok_and(|path| path.as_bytes() == base.as_bytes())
    {
        return;
    } else {
        ("is not in its normal form", "/media/".to_owned())
    };
    errors.push(ConfigError::BasePath { site: id.to_owned(), base_path: base.clone(), found, write });
}

fn check_public_paths(site: &Site, id: &str, errors: &mut Vec<ConfigError>) {
    for path in &site.public_paths {
        let mut buffer = PathBuffer::new();
        let absolute = format!("/{path}");
        let normal = RequestPath::parse(absolute.as_bytes(), &mut buffer)
            .is_ok_and(|normal| normal.as_bytes() == absolute.as_bytes());
        let found = match path.as_str() {
            "" => "is empty: to open the whole site, make it public",
            _ if path.starts_with('/') => "starts with a slash",
            _ if !normal => "is not in its normal form",
            _ => continue,
        };
        errors.push(ConfigError::PublicPath { site: id.to_owned(), path: path.clone(), found });
    }
}

/// Collects mounts by host.
#[derive(Default)]
struct HostsBuilder {
    exact: BTreeMap<String, Mounts>,
    patterns: Vec<(HostPattern, Mounts)>,
    any: Mounts,
}

impl HostsBuilder {
    fn add(
        &mut self,
        site: &Site,
        rules: &SiteRules,
        index: SiteIndex,
        earlier: &[SiteRules],
        errors: &mut Vec<ConfigError>,
    ) {
        let id = &*rules.id;
        if site.hosts.is_empty() {
            errors.push(ConfigError::NoHosts { site: id.to_owned() });
        }
        let needs_bucket = matches!(rules.serves, Serving::BucketInHost);
        let needs_playback_id = matches!(rules.serves, Serving::Live(LiveShape::Host));
        for host in &site.hosts {
            let mut wrong = |found: &'static str, write: String| {
                errors.push(ConfigError::Host { site: id.to_owned(), host: host.clone(), found, write });
            };
            let pattern = host.contains('{').then(|| HostPattern::parse(&host.to_ascii_lowercase()));
            let names = |wanted: fn(&HostPattern) -> bool| matches!(&pattern, Some(Ok(p)) if wanted(p));
            if needs_bucket && !names(HostPattern::names_bucket) {
                wrong("has no {bucket}, which the site serves", "{bucket}.media.example.com".to_owned());
                continue;
            }
            if needs_playback_id && !names(HostPattern::names_playback_id) {
                wrong("has no {playback_id}", "play-{playback_id}.example.com".to_owned());
                continue;
            }
            let mounts = match pattern {
                _ if host == "*" => &mut self.any,
                Some(Ok(pattern)) => self.pattern(pattern),
                Some(Err(found)) => {
                    wrong(found, "play-{playback_id}.example.com".to_owned());
                    continue;
                }
                None => match exact_host(host) {
                    Ok(name) => self.exact.entry(name).or_default(),
                    Err((found, write)) => {
                        wrong(found, write);
                        continue;
                    }
                },
            };
            if let Some(twin) = mounts.iter().find(|mount| *mount.base_path == *rules.base_path) {
                let first = earlier.get(twin.site).map_or(id, |site| &*site.id);
                errors.push(ConfigError::HostTwice {
                    host: host.clone(),
                    base_path: rules.base_path.to_string(),
                    first: first.to_owned(),
                    second: id.to_owned(),
                });
                continue;
            }
            mounts.push(Mount { base_path: (&*rules.base_path).into(), site: index });
        }
    }

    fn pattern(&mut self, pattern: HostPattern) -> &mut Mounts {
        let known = self.patterns.iter().position(|(other, _)| other.shape() == pattern.shape());
        let at = known.unwrap_or(self.patterns.len());
        if known.is_none() {
            self.patterns.push((pattern, Mounts::new()));
        }
        match self.patterns.get_mut(at) {
            Some((_, mounts)) => mounts,
            None => &mut self.any,
        }
    }

    fn finish(self) -> HostTable {
        let longest_first = |mut mounts: Mounts| {
            mounts.sort_by_key(|mount| std::cmp::Reverse(mount.base_path.len()));
            mounts
        };
        let mut patterns: Vec<_> =
            self.patterns.into_iter().map(|(pattern, mounts)| (pattern, longest_first(mounts))).collect();
        patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.literal_bytes()));
        HostTable {
            exact: self
                .exact
                .into_iter()
                .map(|(name, mounts)| (name.into_bytes().into(), longest_first(mounts)))
                .collect(),
            patterns,
            any: longest_first(self.any),
        }
    }
}

/// The normal form of an exact host, or what is wrong and the remedy.
fn exact_host(host: &str) -> Result<String, (&'static str, String)> {
    if let Some((_, rest)) = host.split_once("://") {
        return Err(("has a scheme", rest.split(['/', ':']).next().unwrap_or(rest).to_owned()));
    }
    if let Some((name, _)) = host.split_once('/') {
        return Err(("has a path", format!("{name}, and the path as base path")));
    }
    if let Some((name, _)) = host.rsplit_once(':')
        && !host.ends_with(']')
    {
        return Err(("has a port: hosts compare without", name.to_owned()));
    }
    if host.contains('*') {
        return Err(("has a star", "\"*\" for any host, or a pattern with {bucket} or {region}".to_owned()));
    }
    let mut buffer = HostBuffer::new();
    match Host::parse(host.as_bytes(), &mut buffer) {
        Ok(host) => Ok(String::from_utf8_lossy(host.as_bytes()).into_owned()),
        Err(_) => Err(("is no host name", "cdn.example.com".to_owned())),
    }
}

#[cfg(test)]
mod tests;
