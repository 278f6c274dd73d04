use std::sync::Arc;

use super::identity::{IdentityValue, fold_alike, is_message_header};
use super::rules::{Methods, SiteRules};
use super::settings::{Access, Serves, Site};
use super::shadow::{ShadowRules, check_shadow};
use super::stripping::Stripping;
use crate::cors::is_token;
use crate::error::{ConfigError, Faults};
use crate::request::{PathBuffer, RequestPath, is_parameter_name};
use crate::schemes::{Carrier, NameKind, Places, Scheme, SchemeRules, SiteCheck, SiteFacts, SiteSchemes};
use crate::scope::Serving;
use crate::time::Span;

/// Checks one site and returns its checked form, or `None` if it has a fault. Every fault is pushed to `faults`.
pub(super) fn check_site(site: &Site, id: &str, faults: &mut Faults) -> Option<SiteRules> {
    let before = faults.len();
    let mut schemes = site.schemes.clone();
    if let Some(listed) = &site.admitted.accepts {
        schemes.accept(listed, id, faults);
    }
    check_credentials(site, &schemes, id, faults);
    let mut wrong = |setting: &'static str, found: String, write: &'static str| {
        faults.push(setting, ConfigError::Setting { site: id.to_owned(), found, write });
    };
    if site.location.id.as_ref().is_some_and(String::is_empty) {
        wrong("id", "has an empty id".to_owned(), "a name, or leave the id out");
    }
    if matches!(&site.serves, Serves::Bucket(name) if name.is_empty()) {
        wrong("serves", "serves a bucket without a name".to_owned(), "the bucket's name");
    }
    if matches!(&site.serves, Serves::Bucket(name) if name.contains('{') && name != "{bucket}") {
        wrong(
            "serves",
            "serves a bucket with a name in braces".to_owned(),
            "only \"{bucket}\", or the bucket's name",
        );
    }
    if let Some(Span(lifetime)) = site.times.max_lifetime
        && !(1..=u64::from(u32::MAX)).contains(&lifetime.as_secs())
    {
        wrong("max_lifetime", format!("has max_lifetime {lifetime:?}"), "1 second to 136 years");
    }
    check_lists(site, id, faults);
    check_base_path(site, id, faults);
    check_public_paths(site, id, faults);
    let check = SiteCheck {
        id,
        base_path: &site.location.base_path,
        carriers: &site.carriers,
        last_reader: schemes.last_reader(),
    };
    let schemes = schemes.check(&check, faults);
    if let Some(schemes) = &schemes {
        check_names(site, id, schemes, faults);
    }
    let forward = site.forward.check(id, &site.location.hosts, faults);
    let credential_headers = header_carriers(site, schemes.as_ref());
    check_shadow(site, id, &credential_headers, faults);
    let cors = match &site.cors {
        Some(cors) => cors.check(id, &credential_headers, faults).map(Some),
        None => Some(None),
    };
    if faults.len() > before {
        return None;
    }
    let schemes = schemes?;
    // The shared carriers are stripped even if no scheme reads them.
    let mut places = site.carriers.places();
    places.extend(&schemes.places());
    let credential_places: Arc<[_]> = places.path.iter().cloned().collect();
    let strip = site.settings.strip_credentials.then(|| Stripping::new(places, &credential_places).into());
    let carriers =
        if check.last_reader.is_some() { site.carriers.clone() } else { site.carriers.clone().unlisted() };
    Some(SiteRules {
        facts: SiteFacts {
            id: id.into(),
            base_path: site.location.base_path.as_str().into(),
            serves: match &site.serves {
                Serves::Bucket(name) if name == "{bucket}" => Serving::BucketInHost,
                Serves::Bucket(name) => Serving::Bucket(name.as_str().into()),
                Serves::Live(shape) => Serving::Live(*shape),
            },
            times: site.times,
            coverage: site.coverage,
            hook: site.hook.clone(),
        },
        settings: site.settings.clone(),
        methods: check_methods(&site.admitted.methods),
        schemes,
        carriers,
        credential_places,
        forward,
        strip,
        identity_headers: site
            .identity_headers
            .iter()
            .map(|(header, value)| (header.to_ascii_lowercase().into(), value.clone()))
            .collect(),
        answers: site.answers.clone(),
        cors: cors?,
        shadow: ShadowRules::of(site),
    })
}

/// Returns the header fields that carry credentials.
fn header_carriers(site: &Site, schemes: Option<&SchemeRules>) -> Vec<Box<str>> {
    let bearer = site.carriers.lists(Carrier::Bearer).then(|| "authorization".into());
    bearer.into_iter().chain(schemes.into_iter().flat_map(|schemes| schemes.places().headers)).collect()
}

/// Checks that each name in a request belongs to one scheme, or is a name that schemes share.
fn check_names(site: &Site, id: &str, schemes: &SchemeRules, faults: &mut Faults) {
    for scheme in Scheme::ALL {
        for header in schemes.places_of(*scheme).into_iter().flat_map(|places| &places.headers) {
            if is_message_header(header) || fold_alike("x-forwarded-for", header) {
                let found = format!("has credentials in the header {header:?}, which has another meaning");
                let write = "another header";
                let setting = scheme.section().unwrap_or("accepts");
                faults.push(setting, ConfigError::Setting { site: id.to_owned(), found, write });
            }
        }
    }
    let shares = Scheme::ALL.iter().any(|scheme| schemes.reads_texts(*scheme));
    let mut taken = if shares { site.carriers.places() } else { Places::default() };
    for scheme in Scheme::ALL.iter().filter(|scheme| !schemes.reads_texts(**scheme)) {
        let Some(own) = schemes.places_of(*scheme) else { continue };
        let Some((kind, name)) = taken.shared_name(own) else {
            taken.extend(own);
            continue;
        };
        let found = format!("uses the {kind} {name:?} for two kinds of credential");
        let of_carriers = shares && site.carriers.places().shared_name(own).is_some();
        let (setting, write) = match (kind, scheme.section()) {
            (NameKind::Parameter, _) if of_carriers => ("query_name", "another query_name"),
            (NameKind::Cookie, _) if of_carriers => ("cookie_name", "another cookie_name"),
            (_, section) => (section.unwrap_or("accepts"), "a different name for each kind"),
        };
        faults.push(setting, ConfigError::Setting { site: id.to_owned(), found, write });
    }
}

/// Checks the accepted schemes and the carriers in which credentials are searched.
fn check_credentials(site: &Site, schemes: &SiteSchemes, id: &str, faults: &mut Faults) {
    let mut wrong = |setting: &'static str, found: String, write: &'static str| {
        faults.push(setting, ConfigError::Setting { site: id.to_owned(), found, write });
    };
    let carriers = &site.carriers;
    if carriers.lists(Carrier::Path) {
        wrong("carriers", "lists the path as a carrier of tokens".to_owned(), "query, bearer or cookie");
    }
    if ![Carrier::Query, Carrier::Bearer, Carrier::Cookie].into_iter().any(|carrier| carriers.lists(carrier))
    {
        wrong("carriers", "has no carrier of tokens".to_owned(), "one of the carriers query, cookie, bearer");
    }
    if site.settings.access == Access::Authenticated
        && site.admitted.accepts.is_none()
        && !Scheme::ALL.iter().any(|scheme| schemes.accepts(*scheme))
    {
        wrong(
            "accepts",
            "accepts no credential".to_owned(),
            "signed-token, a secure_link or embed section, or access = \"public\"",
        );
    }
    if !is_parameter_name(&carriers.query_name) {
        wrong(
            "query_name",
            format!("has the query parameter {:?}", carriers.query_name),
            "letters, digits, hyphens, dots and underscores",
        );
    }
    if !is_token(&carriers.cookie_name) {
        wrong(
            "cookie_name",
            format!("has the cookie {:?}", carriers.cookie_name),
            "letters, digits, hyphens and underscores",
        );
    }
}

/// Checks methods, identity headers and statuses, element by element.
fn check_lists(site: &Site, id: &str, faults: &mut Faults) {
    if site.admitted.methods.is_empty() {
        let (site, found) = (id.to_owned(), "allows no method".to_owned());
        faults.push("methods", ConfigError::Setting { site, found, write: "GET" });
    }
    for (index, method) in site.admitted.methods.iter().enumerate().filter(|(_, method)| !is_token(method)) {
        let error = ConfigError::NotAToken { site: id.to_owned(), text: method.clone() };
        faults.push_element("methods", index, error);
    }
    for (index, (header, value)) in site.identity_headers.iter().enumerate() {
        let same = |(other, _): &(String, _)| fold_alike(other, header);
        let doubled = site.identity_headers.iter().take(index).any(same);
        let unnamed = matches!(value, IdentityValue::Claim(claim) if claim.is_empty());
        if is_token(header) && !unnamed && !is_message_header(header) && !doubled {
            continue;
        }
        let (found, write) = match value {
            _ if doubled => (
                format!(
                    "has the identity header {header:?} twice, as seen by programs behind a gateway that folds \
                     names"
                ),
                "each header once, regardless of case and punctuation",
            ),
            IdentityValue::Claim(claim) => (
                format!("passes claim {claim:?} in header {header:?}"),
                "your own header, such as x-viewer, and the name of a claim",
            ),
            IdentityValue::Grant(_) | IdentityValue::Removed => {
                (format!("has the identity header {header:?}"), "your own header, such as x-viewer")
            }
        };
        let error = ConfigError::Setting { site: id.to_owned(), found, write };
        faults.push_element("identity_headers", index, error);
    }
    for (index, (code, status)) in site.answers.iter().enumerate() {
        if !(400..=599).contains(status) {
            let error = ConfigError::AnswerStatus { site: id.to_owned(), code: *code, status: *status };
            faults.push_element("answers", index, error);
        }
    }
}

/// Returns the allowed methods. GET includes HEAD, also in the list that `Allow` shows.
fn check_methods(methods: &[String]) -> Methods {
    let mut names: Vec<Box<str>> = methods.iter().map(|method| method.as_str().into()).collect();
    let has = |names: &[Box<str>], wanted: &str| names.iter().any(|name| **name == *wanted);
    match (has(&names, "GET"), has(&names, "HEAD")) {
        (true, false) => names.push("HEAD".into()),
        (false, true) => names.push("GET".into()),
        (true, true) | (false, false) => {}
    }
    Methods { allow: names.join(", ").into(), has_get: has(&names, "GET"), names }
}

/// Returns whether a base path is a folder in its normal form.
pub(super) fn is_normal_base_path(base: &str) -> bool {
    let mut buffer = PathBuffer::new();
    let mut normal =
        || RequestPath::parse(base.as_bytes(), &mut buffer).map(|path| path.as_bytes() == base.as_bytes());
    base.ends_with('/') && !base.contains('*') && normal() == Ok(true)
}

fn check_base_path(site: &Site, id: &str, faults: &mut Faults) {
    let base = &site.location.base_path;
    let (found, write) = if base.is_empty() {
        ("is empty", "/".to_owned())
    } else if base.contains('*') {
        ("has a star: a base path covers everything below it", base.replace('*', "").replace("//", "/"))
    } else if !base.starts_with('/') {
        ("does not start with a slash", format!("/{}", base.trim_end_matches('/')) + "/")
    } else if !base.ends_with('/') {
        ("does not end with a slash", format!("{base}/"))
    } else if is_normal_base_path(base) {
        return;
    } else {
        ("is not in its normal form", "/media/".to_owned())
    };
    let error = ConfigError::BasePath { site: id.to_owned(), base_path: base.clone(), found, write };
    faults.push("base_path", error);
}

fn check_public_paths(site: &Site, id: &str, faults: &mut Faults) {
    for (index, path) in site.settings.public_paths.iter().enumerate() {
        let mut buffer = PathBuffer::new();
        let absolute = format!("/{path}");
        let normal = RequestPath::parse(absolute.as_bytes(), &mut buffer)
            .is_ok_and(|normal| normal.as_bytes() == absolute.as_bytes());
        let found = match path.as_str() {
            "" => "is empty; for a public site, set access = \"public\"",
            _ if path.starts_with('/') => "starts with a slash",
            _ if !normal => "is not in its normal form",
            _ => continue,
        };
        let error = ConfigError::PublicPath { site: id.to_owned(), path: path.clone(), found };
        faults.push_element("public_paths", index, error);
    }
}
