//! Hints: probable mistakes behind refusals, for log lines and explanations.
//!
//! Text from the request is escaped and bounded, and contains nothing that could be a credential.

use crate::keys::KeySet;
use crate::request::{
    AUTHORIZATION, COOKIE, HOST, Host, HostBuffer, PathBuffer, RequestPath, RequestView, cookie_names, lines,
    parameters, shown_name, shown_path,
};
use crate::schemes::{Places, Scheme, bearer_token};
use crate::scope::Resource;
use crate::site::{Place, Policy, SiteRules};

/// The maximum length of a host or origin in a log line, in bytes.
pub(crate) const MAX_HOST_SHOWN: usize = 128;

/// The maximum number of names that a field lists.
pub(crate) const MAX_NAMES: usize = 8;

/// The maximum length of the name of a cookie or parameter in a log line, in bytes.
const MAX_NAME_SHOWN: usize = 48;

/// The maximum number of sites of a host whose base paths are considered.
const MAX_SITES: usize = 64;

/// The maximum number of keys whose names are read. Thousands of tenants may use the same names.
const MAX_KEYS_READ: usize = 64;

/// The maximum difference between two time zones, in hours.
const MAX_ZONE_HOURS: i64 = 26;

/// The names of cookies and parameters in a request without a credential, and the probable mistake.
#[derive(Debug, Default)]
pub(crate) struct MissingCredential {
    /// The names of the request's cookies: at most [`MAX_NAMES`], each of at most [`MAX_NAME_SHOWN`] bytes.
    pub(crate) cookies: Option<String>,
    /// The names of the query's parameters, with the same bounds.
    pub(crate) parameters: Option<String>,
    pub(crate) hint: Option<&'static str>,
}

impl MissingCredential {
    pub(crate) fn of(site: &SiteRules, places: &Places, request: &(impl RequestView + ?Sized)) -> Self {
        let cookies = names(lines(request, COOKIE).flat_map(cookie_names));
        let query = request.target().query.unwrap_or_default();
        let parameters = names(parameters(query).map(|parameter| parameter.name));
        let has_unlisted_bearer = !places.bearer
            && request.field(AUTHORIZATION, 0).and_then(bearer_token).is_some_and(|token| !token.is_empty());
        let has_others = (
            cookies.is_some() && !places.cookies.is_empty(),
            parameters.is_some() && !places.query.is_empty(),
        );
        let hint = match has_others {
            _ if has_unlisted_bearer
                && Scheme::ALL.iter().any(|scheme| site.schemes.reads_texts(*scheme)) =>
            {
                "an Authorization: Bearer token was sent, but the site's carriers do not include bearer"
            }
            _ if has_unlisted_bearer => {
                "an Authorization: Bearer token was sent, but no scheme of this site accepts one"
            }
            (true, true) => "no cookie or query parameter of the request has one of the searched names",
            (true, false) => "no cookie of the request has one of the searched names",
            (false, true) => "no query parameter of the request has one of the searched names",
            (false, false) if places.cookies.is_empty() || cookies.is_some() => "",
            (false, false) if !places.query.is_empty() => {
                "the request has no cookie and no query parameter: a signed URL contains the credential; browsers send a cookie \
                 only if its Domain, Path and Secure match the URL, and from a page of another origin only with credentials \
                 (fetch: credentials \"include\")"
            }
            (false, false) => {
                "the request has no cookie: browsers send a cookie only if its Domain, Path and Secure match \
                 the URL, and from a page of another origin only with credentials (fetch: credentials \
                 \"include\")"
            }
        };
        Self { cookies, parameters, hint: (!hint.is_empty()).then_some(hint) }
    }
}

/// Describes the scopes of keys that may sign for a resource.
pub(crate) fn wanted_key_scope(site: &SiteRules, resource: &Resource<'_>) -> String {
    let served = match resource {
        Resource::Object { bucket, .. } => format!("bucket {}", shown_name::<MAX_HOST_SHOWN>(bucket)),
        Resource::Live { playback_id, .. } => {
            format!("the stream of playback ID {}", shown_name::<MAX_HOST_SHOWN>(playback_id))
        }
    };
    format!("a key for this path needs the scope of {served} or of site {}", site.facts.id)
}

/// Returns a hint about clocks if a date was missed by a whole number of hours, as between two time zones.
pub(crate) fn clock(missed_by: i64) -> Option<String> {
    const HOUR: i64 = 3600;
    const PRECISION: i64 = 60;
    let hours = missed_by.saturating_add(PRECISION).div_euclid(HOUR);
    let rest = missed_by.saturating_sub(hours.saturating_mul(HOUR)).abs();
    let is_likely = (1..=MAX_ZONE_HOURS).contains(&hours) && rest <= PRECISION;
    is_likely.then(|| {
        format!(
            "the date is off by {missed_by} s, about {hours} h: check the clocks, and that the issuer \
             writes UTC, not local time"
        )
    })
}

/// Returns the host of a request, as received, or `None` if the request has no host.
pub(crate) fn requested_host(request: &(impl RequestView + ?Sized)) -> Option<String> {
    let host = request.target().authority.or_else(|| request.field(HOST, 0))?;
    Some(shown_name::<MAX_HOST_SHOWN>(host).into_string())
}

/// Describes the base paths of the sites of the requested host.
pub(crate) fn base_paths(policy: &Policy, request: &(impl RequestView + ?Sized)) -> Option<String> {
    let mut buffer = HostBuffer::new();
    let host = Host::of(request, &mut buffer).ok()?;
    let mut paths: Vec<&str> =
        policy.some_sites_of(host, MAX_SITES).map(|site| &*site.facts.base_path).collect();
    paths.sort_unstable();
    paths.dedup();
    let more = if paths.len() > MAX_NAMES { " and others" } else { "" };
    paths.truncate(MAX_NAMES);
    Some(format!("the base paths of this host's sites are {}{more}", paths.join(", ")))
}

/// Calls `describe` with the resource that a request names on a site. Returns `None` if the request names no resource.
pub(crate) fn with_resource<T>(
    site: &SiteRules,
    policy: &Policy,
    request: &(impl RequestView + ?Sized),
    describe: impl FnOnce(&Resource<'_>) -> T,
) -> Option<T> {
    let (mut host_buffer, mut path_buffer) = (HostBuffer::new(), PathBuffer::new());
    let path = request.target().path;
    let host = Host::of(request, &mut host_buffer).ok()?;
    let parsed = RequestPath::parse(path, &mut path_buffer);
    match policy.place(host, policy.exact(host.as_bytes()), path, parsed) {
        Place::Inside(_, captures, key) => site.facts.serves.resource(&captures, key).as_ref().map(describe),
        Place::UnknownHost | Place::Outside | Place::Ambiguous(..) => None,
    }
}

pub(crate) fn shown_resource(resource: &Resource<'_>) -> String {
    let (Resource::Object { key: compared, .. } | Resource::Live { playback_id: compared, .. }) = resource;
    shown_path(compared, &[]).into_string()
}

/// Returns the change that would make a scope cover the resource, if the scope has a common mistake.
pub(crate) fn scope_remedy(scope: &str, site: &SiteRules, resource: &Resource<'_>) -> Option<String> {
    let covers = |scope: &str| site.facts.coverage.check(scope.as_bytes(), resource).is_ok();
    let bare = scope.strip_prefix('/').unwrap_or(scope);
    let base_path = &*site.facts.base_path;
    let without_base = base_path.strip_prefix('/').filter(|base| !base.is_empty());
    let without_base = without_base.and_then(|base| bare.strip_prefix(base));
    if bare.len() < scope.len() && covers(bare) {
        Some("the scope would match without its leading slash: object keys have none".to_owned())
    } else if without_base.is_some_and(covers) {
        Some(format!("the scope would match without the base path {base_path}: object keys begin after it"))
    } else if scope.ends_with('*') && covers(bare.trim_end_matches('*')) {
        Some("the scope would match without the star: a folder covers everything below it".to_owned())
    } else {
        None
    }
}

/// Lists the names of the loaded keys, at most [`MAX_NAMES`].
pub(crate) fn loaded_keys(keys: &KeySet) -> String {
    let some = if keys.len() > MAX_KEYS_READ { "some " } else { "" };
    match names(keys.iter().take(MAX_KEYS_READ).map(|key| key.id().as_str().as_bytes())) {
        Some(names) => format!("{some}kids of the loaded keys: {names}"),
        None => "no key is loaded".to_owned(),
    }
}

/// Lists places in the order in which they are searched.
pub(crate) fn searched(places: &Places) -> Vec<String> {
    let mut all = Vec::new();
    if !places.path.is_empty() {
        all.push("path".to_owned());
    }
    all.extend(places.query.iter().map(|name| format!("query parameter {name}")));
    if places.bearer {
        all.push("Authorization: Bearer".to_owned());
    }
    all.extend(places.headers.iter().map(|name| format!("header field {name}")));
    all.extend(places.cookies.iter().map(|name| format!("cookie {name}")));
    all
}

/// Lists names from a request, each once. Returns `None` if there are no names.
pub(crate) fn names<'n>(names: impl Iterator<Item = &'n [u8]>) -> Option<String> {
    let mut listed: Vec<&[u8]> = Vec::new();
    let mut has_more = false;
    for name in names.filter(|name| !name.is_empty()) {
        crate::work::visited(name.len().saturating_mul(listed.len()));
        if listed.contains(&name) {
            continue;
        }
        if listed.len() == MAX_NAMES {
            has_more = true;
            break;
        }
        listed.push(name);
    }
    if listed.is_empty() {
        return None;
    }
    let mut shown: Vec<String> =
        listed.into_iter().map(|name| shown_name::<MAX_NAME_SHOWN>(name).into_string()).collect();
    if has_more {
        shown.push("…".to_owned());
    }
    Some(shown.join(", "))
}

#[cfg(all(test, feature = "aws-lc"))]
mod tests;
