//! Builds sites, streams and key sources from the document. Reports missing and contradictory settings.

mod limits;

use std::path::Path;
use std::sync::Arc;

use super::document::{
    AnyScope, CorsSection, DangerSection, Document, ExplainSection, ForwardSetting, IdentitySetting,
    KeysSection, OutsideSetting, Scope, SiteSection, code,
};
use crate::cors::Cors;
use crate::crypto::Algorithm;
use crate::error::{Code, ConfigError, Faults, Part};
use crate::keys::danger::{Danger, any_scope};
use crate::keys::{BrokenFiles, KeyId, KeySource, checked_issuer};
use crate::rate::FailedSignatures;
use crate::schemes::section;
use crate::scope::{KeyScope, LiveShape};
use crate::site::{ExplainHeader, Forward, IdentityValue, Outside, PolicyBuilder, Serves, Site, UnknownHost};
use crate::time::Span;

/// The settings from the sections of a file, in their order.
#[derive(Debug)]
pub(crate) struct Sections {
    pub(crate) unknown_host: Option<UnknownHost>,
    pub(crate) outside: Option<Outside>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) expose_reason: Option<bool>,
    pub(crate) token_cache: Option<usize>,
    pub(crate) failed_signatures: Option<FailedSignatures>,
    pub(crate) denials_per_second: Option<u32>,
    pub(crate) code_header: Option<bool>,
    pub(crate) explain: Option<ExplainHeader>,
    pub(crate) sites: Vec<Site>,
    pub(crate) streams: Vec<(String, String)>,
    /// `None` for a section without a place or without a scope.
    pub(crate) sources: Vec<Option<KeySource>>,
}

impl Sections {
    /// Adds the settings to a policy. Sites and streams of the file come before those of the policy.
    pub(crate) fn add_to(&self, mut policy: PolicyBuilder) -> PolicyBuilder {
        policy.sites.splice(0..0, self.sites.iter().cloned().map(Arc::new));
        policy.streams.splice(0..0, self.streams.iter().cloned());
        policy.unknown_host = self.unknown_host.unwrap_or(policy.unknown_host);
        policy.outside = self.outside.clone().or(policy.outside);
        policy.expose_reason = self.expose_reason.unwrap_or(policy.expose_reason);
        policy.token_cache = self.token_cache.unwrap_or(policy.token_cache);
        policy.failed_signatures = self.failed_signatures.unwrap_or(policy.failed_signatures);
        policy.log.denials_per_second = self.denials_per_second.unwrap_or(policy.log.denials_per_second);
        policy.log.code_header = self.code_header.unwrap_or(policy.log.code_header);
        policy.explain = self.explain.clone().or(policy.explain);
        if !self.trusted_proxies.is_empty() {
            policy.trusted_proxies.clone_from(&self.trusted_proxies);
        }
        policy
    }
}

/// The version of the format that this release reads.
const VERSION: i64 = 1;

pub(super) fn build(document: Document, folder: &Path, faults: &mut Faults) -> Sections {
    match document.version {
        Some(VERSION) => {}
        Some(found) => faults.push("version", ConfigError::FormatVersion { found }),
        None => faults.push("version", section("the file", "has no version", "version = 1")),
    }
    let failed_signatures =
        document.failed_signatures.map(|parsed| limits::build_failed_signatures(parsed, faults));
    let denials_per_second = document.log.denials_per_second.and_then(|lines| {
        let fault = |_| {
            let found = format!("is {lines}");
            let (field, write) = ("denials_per_second".to_owned(), "0 to 4294967295".to_owned());
            faults.push("log.denials_per_second", ConfigError::Field { field, found, write });
        };
        u32::try_from(lines).map_err(fault).ok()
    });
    let mut sites = Vec::new();
    for (number, site) in document.site.into_iter().enumerate() {
        faults.enter(Part::Site(number));
        sites.push(build_site(site, folder, faults));
    }
    let mut sources = Vec::new();
    for (number, keys) in document.keys.into_iter().enumerate() {
        faults.enter(Part::Keys(number));
        sources.push(build_source(keys, folder, faults));
    }
    // An id that is missing is empty, which the policy refuses.
    let streams = document.stream.into_iter();
    let streams =
        streams.map(|stream| (stream.id.unwrap_or_default(), stream.playback_id.unwrap_or_default()));
    Sections {
        unknown_host: document.unknown_host,
        outside: document.outside.map(|OutsideSetting(outside)| outside),
        trusted_proxies: document.trusted_proxies,
        expose_reason: document.expose_reason,
        token_cache: document.token_cache,
        failed_signatures,
        denials_per_second,
        code_header: document.log.code_header,
        explain: document.explain.map(build_explain),
        sites,
        streams: streams.collect(),
        sources,
    }
}

fn build_explain(parsed: ExplainSection) -> ExplainHeader {
    ExplainHeader::new().clients(parsed.clients).tokens(parsed.tokens.unwrap_or_default())
}

fn build_site(parsed: SiteSection, folder: &Path, faults: &mut Faults) -> Site {
    let SiteSection(location, admitted, settings, carriers, jws, coverage, times, mut parts) = parsed;
    let serves = parts.serves.take().unwrap_or_else(|| {
        let write = "serves = { bucket = \"name\" }, { live = \"path\" } or { live = \"host\" }";
        faults.push("serves", section("[[site]]", "has no serves", write));
        Serves::Live(LiveShape::Path)
    });
    let mut site = Site { location, admitted, settings, carriers, coverage, times, ..Site::new(serves) };
    site.schemes.jws = Some(jws);
    let faulty = parts.build_schemes(&mut site.schemes, folder, faults);
    // A list is not checked against a section whose fault was reported.
    site.admitted.accepts.take_if(|listed| listed.iter().any(|scheme| faulty.contains(scheme)));
    site.identity_headers = build_identity(parts.identity_headers.0, faults);
    site.answers = build_answers(parts.answers.0, faults);
    site.forward = build_forward(parts.forward, faults);
    site.cors = parts.cors.map(build_cors);
    site
}

fn build_forward(parsed: Option<ForwardSetting>, faults: &mut Faults) -> Forward {
    let parsed = match parsed {
        None | Some(ForwardSetting::Auto) => return Forward::auto(),
        Some(ForwardSetting::Off) => return Forward::off(),
        Some(ForwardSetting::Table(parsed)) => parsed,
    };
    let mut forward = match (parsed.only_keys, parsed.except_keys) {
        (None, None) => Forward::auto(),
        (Some(keys), None) => Forward::only_keys(keys),
        (None, Some(keys)) => Forward::except_keys(keys),
        (Some(_), Some(_)) => {
            let error = section("forward", "has both only_keys and except_keys", "one of them");
            faults.push("forward.except_keys", error);
            Forward::auto()
        }
    };
    if let Some(extensions) = parsed.from {
        forward = forward.from(extensions);
    }
    if let Some(extensions) = parsed.to {
        forward = forward.to(extensions);
    }
    if let Some(bytes) = parsed.max_mpd.and_then(|bytes| usize::try_from(bytes).ok()) {
        forward = forward.max_mpd(bytes);
    }
    forward.hosts(parsed.hosts)
}

/// Builds the identity headers. Every pair keeps its place, so that an error has the right line. A table without a fact is reported.
fn build_identity(
    parsed: Vec<(String, IdentitySetting)>,
    faults: &mut Faults,
) -> Vec<(String, IdentityValue)> {
    let mut headers = Vec::new();
    for (index, (header, IdentitySetting(value))) in parsed.into_iter().enumerate() {
        if value.is_none() {
            let (found, write) = ("is a table without grant".to_owned(), "{ grant = \"kid\" }".to_owned());
            let error = ConfigError::Field { field: header.escape_debug().to_string(), found, write };
            faults.push_element("identity_headers", index, error);
        }
        headers.push((header, value.unwrap_or(IdentityValue::Removed)));
    }
    headers
}

/// Builds the statuses of codes. Every pair keeps its place, so that an error has the right line. An unknown code is reported.
fn build_answers(parsed: Vec<(String, u16)>, faults: &mut Faults) -> Vec<(Code, u16)> {
    let mut answers = Vec::new();
    for (index, (name, status)) in parsed.into_iter().enumerate() {
        if let Some(code) = code(&name) {
            answers.push((code, status));
        } else {
            let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
            let write = format!("one of {}", known.join(", "));
            let error = section("answers", &format!("has no code {name:?}"), &write);
            faults.push_element("answers", index, error);
            answers.push((Code::Expired, Code::Expired.default_status()));
        }
    }
    answers
}

fn build_cors(parsed: CorsSection) -> Cors {
    let mut cors = if parsed.credentials == Some(true) {
        Cors::with_credentials(parsed.origins)
    } else {
        Cors::without_credentials(parsed.origins)
    };
    if let Some(methods) = parsed.methods {
        cors = cors.methods(methods);
    }
    if let Some(headers) = parsed.headers {
        cors = cors.headers(headers);
    }
    if let Some(expose) = parsed.expose {
        cors = cors.expose(expose);
    }
    match parsed.max_age {
        Some(Span(age)) => cors.max_age(age),
        None => cors,
    }
}

/// The fields of which a section has exactly one. If one of them is misspelled, no missing field is reported.
const PLACES: &str = "dir|file|jwks|pem|secret_file|secret_env";

fn build_source(parsed: KeysSection, folder: &Path, faults: &mut Faults) -> Option<KeySource> {
    let scope = build_scope(parsed.scope.as_ref(), &parsed.danger, faults);
    let places = [
        ("dir", &parsed.dir),
        ("file", &parsed.file),
        ("jwks", &parsed.jwks),
        ("pem", &parsed.pem),
        ("secret_file", &parsed.secret_file),
        ("secret_env", &parsed.secret_env),
    ];
    let mut named = places.iter().filter_map(|(field, value)| Some((*field, value.as_ref()?)));
    let (place, second) = (named.next(), named.next());
    if let (Some((first, _)), Some((second, _))) = (place, second) {
        let error = section("[[keys]]", &format!("has both {first} and {second}"), "one [[keys]] for each");
        faults.push(second, error);
        return None;
    }
    let Some((field, value)) = place else {
        let write = "dir = \"keys\", or file, jwks, pem, secret_file or secret_env";
        faults.push(PLACES, section("[[keys]]", "has no source of keys", write));
        return None;
    };
    if value.is_empty() {
        let error =
            section("[[keys]]", &format!("has an empty {field}"), "the path, variable or text of the keys");
        faults.push(field, error);
        return None;
    }
    let by_name = parsed.kid.clone().unwrap_or_default();
    if matches!(field, "pem" | "secret_env") && parsed.kid.is_none() {
        let found = format!("has {field} but no kid");
        faults.push(field, section("[[keys]]", &found, "kid = \"…\", as the tokens name the key"));
        return None;
    }
    if let (Some(kid), "dir" | "jwks") = (&parsed.kid, field) {
        let found = format!("has kid {kid:?} for all the keys of a {field}");
        faults.push("kid", section("[[keys]]", &found, "no kid: each key has its own"));
        return None;
    }
    if let Some(Err(error)) = parsed.kid.as_deref().map(KeyId::new) {
        faults.push("kid", error);
        return None;
    }
    if let Some(Err(error)) = parsed.issuer.as_deref().map(|issuer| checked_issuer(issuer.into(), None)) {
        faults.push("issuer", error);
        return None;
    }
    let path = || folder.join(value);
    let scope = scope?;
    let mut source = match field {
        "dir" => KeySource::dir(path(), scope),
        "file" => KeySource::file(path(), scope),
        "jwks" => KeySource::jwks(path(), scope),
        "secret_file" => KeySource::secret_file(path(), scope),
        "secret_env" => KeySource::secret_env(value, by_name, scope),
        _ => KeySource::pem(by_name, value, scope),
    };
    if let Some(kid) = parsed.kid {
        source = source.kid(kid);
    }
    if let Some(issuer) = parsed.issuer {
        source = source.issuer(issuer);
    }
    if let Some(name) = parsed.algorithm {
        if let Some(algorithm) = Algorithm::of_name(&name) {
            source = source.algorithm(algorithm);
        } else {
            let known: Vec<&str> =
                Algorithm::JWS.iter().chain(Algorithm::OTHER).map(|algorithm| algorithm.name()).collect();
            let found = format!("has the algorithm {name:?}");
            let write = format!("one of {}", known.join(", "));
            faults.push("algorithm", section("[[keys]]", &found, &write));
        }
    }
    if let Some(last) = parsed.not_after {
        source = source.not_after(last.0);
    }
    if let Some(Span(max_staleness)) = parsed.max_staleness {
        source = source.max_staleness(max_staleness);
    }
    match (parsed.broken_files, field) {
        (None | Some(BrokenFiles::Refuse), _) => {}
        (Some(broken_files), "dir") => source = source.broken_files(broken_files),
        (Some(_), _) => {
            let found = format!("has broken_files for a {field}");
            faults.push("broken_files", section("[[keys]]", &found, "it only for a dir"));
        }
    }
    Some(source.danger(Danger {
        digit_string_dates: parsed.danger.digit_string_dates.unwrap_or_default(),
        kid_from_jti: parsed.danger.kid_from_jti.unwrap_or_default(),
    }))
}

fn build_scope(parsed: Option<&Scope>, danger: &DangerSection, faults: &mut Faults) -> Option<KeyScope> {
    let (field, name, scope) = match (parsed, danger.scope) {
        (None, Some(AnyScope::Any)) => return Some(any_scope()),
        (Some(_), Some(AnyScope::Any)) => {
            let error = section("[[keys]]", "has both a scope and danger.scope = \"any\"", "one of them");
            faults.push("danger.scope", error);
            return None;
        }
        (None, None) => {
            let write = "scope = { bucket = \"name\" }, { stream = \"id\" } or { site = \"id\" }";
            faults.push("scope|danger", section("[[keys]]", "has no scope", write));
            return None;
        }
        (Some(Scope::Bucket(name)), None) => ("bucket", name, KeyScope::bucket(name.as_str())),
        (Some(Scope::Stream(id)), None) => ("stream", id, KeyScope::stream(id.as_str())),
        (Some(Scope::Site(id)), None) => ("site", id, KeyScope::site(id.as_str())),
    };
    if name.trim().is_empty() {
        let found = format!("has the scope of a {field} without a name");
        let write = format!("the name of the {field} that its keys may sign for");
        faults.push("scope", section("[[keys]]", &found, &write));
        return None;
    }
    Some(scope)
}
