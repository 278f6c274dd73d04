//! Loads a configuration file as an origin loads it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use playgate::decide::{Decision, Snapshot};
use playgate::request::{RequestView, Target};
use playgate::schemes::Scheme;
use playgate::site::SiteView;
use playgate::{ConfigError, ConfigErrors, Verifier};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::failure::{no, usage};
use crate::output::count;

/// A configuration that was loaded, or its errors; with the warnings of either.
pub(crate) struct Loaded {
    pub(crate) verifier: Result<Verifier, ConfigErrors>,
    pub(crate) warnings: Vec<String>,
}

/// Loads a configuration, and collects the warnings that an origin would log.
pub(crate) fn load(path: &Path) -> Loaded {
    load_with(Verifier::builder(), path)
}

fn load_with(builder: playgate::verifier::VerifierBuilder, path: &Path) -> Loaded {
    let warnings = Arc::new(Warnings::default());
    let verifier = tracing::subscriber::with_default(Arc::clone(&warnings), || builder.file(path).build());
    let mut warnings = warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    Loaded { verifier, warnings: std::mem::take(&mut *warnings) }
}

/// Returns a configuration for a command that needs one without errors.
///
/// # Errors
///
/// Fails with the first error and the number of the others.
pub(crate) fn load_sound(path: &Path) -> Result<Verifier> {
    load_sound_with(Verifier::builder(), path)
}

pub(crate) fn load_sound_with(builder: playgate::verifier::VerifierBuilder, path: &Path) -> Result<Verifier> {
    load_with(builder, path).verifier.map_err(|errors| {
        let mut line = errors.iter().next().map(ToString::to_string).unwrap_or_default();
        let others = errors.iter().count().saturating_sub(1);
        if others > 0 {
            let _ = write!(line, " (and {}: run playgate check)", count(others, "more error"));
        }
        no(line)
    })
}

/// An error of a configuration in its parts: file, line, and the text with the remedy.
pub(crate) fn placed(error: &ConfigError) -> (Option<&str>, Option<u32>, String) {
    match error {
        ConfigError::InFile { file, line, error } => (Some(file), *line, error.to_string()),
        other => (None, None, other.to_string()),
    }
}

/// The options of commands that work for a site of a configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct SiteOptions {
    /// The configuration. The default is playgate.toml, if it exists.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The id of the site. By default, it is the site of the URL, or the only site.
    #[arg(long, value_name = "ID")]
    pub(crate) site: Option<String>,
}

impl SiteOptions {
    /// Returns the path of the configuration, if one is named or there is one of the default name.
    pub(crate) fn config(&self) -> Option<&Path> {
        let default = Path::new("playgate.toml");
        self.config.as_deref().or_else(|| default.exists().then_some(default))
    }

    /// Returns the path of the configuration.
    ///
    /// # Errors
    ///
    /// Fails if none is named, and there is none of the default name.
    pub(crate) fn required_config(&self) -> Result<&Path> {
        self.config().ok_or_else(|| usage("no configuration: set one with --config, or create playgate.toml"))
    }
}

/// Finds the site that a credential is for: the one that is named, the one of the URL, or the only one.
///
/// # Errors
///
/// Fails if no site is found, or if the option and the URL name different ones.
pub(crate) fn choose_site<'s>(
    verifier: &Verifier,
    snapshot: &'s Snapshot,
    named: Option<&str>,
    url: Option<&Url<'_>>,
) -> Result<SiteView<'s>> {
    let sites = || snapshot.policy().sites();
    let known = || {
        const SHOWN: usize = 10;
        let mut names: Vec<&str> = sites().take(SHOWN).map(SiteView::id).collect();
        if sites().nth(SHOWN).is_some() {
            names.push("…");
        }
        names.join(", ")
    };
    let of_id = |id: &str| sites().find(|site| site.id() == id);
    let of_url = match url {
        Some(url) => {
            let request = url.request();
            let decision = verifier.decide(&request, verifier.now());
            let Some(site) = decision.site() else {
                return Err(no(format!("no site has the URL's host and path: the sites are {}", known())));
            };
            of_id(site.id())
        }
        None => None,
    };
    match (named, of_url) {
        (Some(id), of_url) => {
            let site = of_id(id)
                .ok_or_else(|| usage(format!("no site has the id {id:?}: the sites are {}", known())))?;
            match of_url {
                Some(other) if other.id() != id => Err(usage(format!(
                    "--site is {id:?}, but the URL belongs to site {:?}: leave --site out, or correct the URL",
                    other.id()
                ))),
                Some(_) | None => Ok(site),
            }
        }
        (None, Some(site)) => Ok(site),
        (None, None) => match (sites().next(), sites().nth(1)) {
            (Some(site), None) => Ok(site),
            _ => {
                Err(usage(format!("configuration has several sites: select one of {} with --site", known())))
            }
        },
    }
}

/// An absolute URL in its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Url<'u> {
    text: &'u str,
    is_https: bool,
    authority: &'u str,
    target: &'u str,
}

impl<'u> Url<'u> {
    /// Splits a URL.
    ///
    /// # Errors
    ///
    /// Fails for a URL without scheme, host or path.
    pub(crate) fn parse(text: &'u str) -> Result<Self> {
        let wrong = || {
            usage(format!("URL is {text:?}: write one such as https://cdn.example.com/videos/1/master.m3u8"))
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let slash = rest.find('/').filter(|slash| *slash > 0).ok_or_else(wrong)?;
        let (authority, target) = rest.split_at_checked(slash).ok_or_else(wrong)?;
        if authority.contains(['?', '#', '@', ' ']) {
            return Err(wrong());
        }
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        Ok(Self { text, is_https, authority, target })
    }

    pub(crate) const fn text(&self) -> &'u str {
        self.text
    }

    /// Returns the URL without its fragment, which no client sends.
    pub(crate) fn without_fragment(&self) -> &'u str {
        self.text.split_once('#').map_or(self.text, |(url, _)| url)
    }

    /// Returns the path as it is written.
    pub(crate) fn path(&self) -> &'u str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    pub(crate) const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Returns the host, with its port if the URL has one.
    pub(crate) const fn authority(&self) -> &'u str {
        self.authority
    }

    /// Returns path and query.
    pub(crate) const fn target(&self) -> &'u str {
        self.target
    }

    /// Returns a request for the URL, without any cookie.
    pub(crate) const fn request(&self) -> Request<'u> {
        Request { url: *self, cookies: Vec::new(), client: None }
    }
}

/// The request that a player would send.
#[derive(Clone, Debug)]
pub(crate) struct Request<'u> {
    pub(crate) url: Url<'u>,
    /// The pairs of its cookies, joined with `; `.
    pub(crate) cookies: Vec<u8>,
    pub(crate) client: Option<std::net::IpAddr>,
}

impl RequestView for Request<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form(self.url.target)
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match (name, nth) {
            ("host", 0) => Some(self.url.authority.as_bytes()),
            ("cookie", 0) if !self.cookies.is_empty() => Some(&self.cookies),
            _ => None,
        }
    }

    fn peer(&self) -> Option<std::net::IpAddr> {
        self.client
    }

    fn is_tls(&self) -> bool {
        self.url.is_https
    }
}

/// Checks that the site grants a request, as a credential that was just made must be.
///
/// # Errors
///
/// Fails with the reason and the remedy.
pub(crate) fn require_grant(verifier: &Verifier, request: &Request<'_>, scheme: Scheme) -> Result<()> {
    use playgate::error::Code;
    let decision = verifier.decide(request, verifier.now());
    let site = decision.site().map(|site| site.id().to_owned()).unwrap_or_default();
    match &decision {
        Decision::Granted(grant) if grant.scheme() == scheme => Ok(()),
        Decision::Granted(grant) => Err(no(format!(
            "URL contains another credential, a {}, which takes precedence on site {site:?}: remove it",
            grant.scheme().as_str()
        ))),
        Decision::Public(_) => Err(no(format!("path is public on site {site:?}: no credential is needed"))),
        Decision::Denied(refusal) | Decision::Shadowed(refusal) => {
            let remedy = match refusal.code() {
                Code::UnknownKey => "add the public key to the configuration, or correct --kid",
                Code::BadSignature => {
                    "sign with the private key that belongs to this kid in the configuration"
                }
                Code::WrongKey => "sign with a key whose scope is the bucket, stream or site of the URL",
                Code::OutOfScope | Code::UrlSignatureOutOfScope => "use a scope that covers the URL",
                Code::ClaimRefused => "use a shorter --expires, or set the required claim with --claim",
                Code::HttpsRequired => "use a URL with https",
                Code::AmbiguousPath => "use the normal form of the URL's path",
                Code::CredentialMissing => "add the carrier of this credential to the site's carriers",
                Code::UrlSignatureBad => "use the key and the URL that the site expects",
                _ => "correct the options or the configuration",
            };
            let code = refusal.code();
            Err(no(format!(
                "site {site:?} would refuse it as {}: {}; {remedy}",
                code.as_str(),
                refusal.denial()
            )))
        }
        Decision::Pass(_) | Decision::Preflight(_) | Decision::Needs(_) | _ => {
            Err(no("URL belongs to no site: correct its host or path"))
        }
    }
}

/// Collects the warnings that are logged while a configuration is loaded.
#[derive(Debug, Default)]
struct Warnings(Mutex<Vec<String>>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN && metadata.target().starts_with("playgate")
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.line());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The fields of a log event.
#[derive(Debug, Default)]
struct Text {
    message: String,
    /// A whole sentence, where the event has one.
    problem: Option<String>,
    fields: Vec<String>,
}

impl Text {
    fn line(self) -> String {
        match self.problem {
            Some(problem) => problem,
            None if self.fields.is_empty() => self.message,
            None => format!("{}: {}", self.message, self.fields.join(", ")),
        }
    }

    fn add(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "problem" => self.problem = Some(value),
            name => self.fields.push(format!("{name} {value}")),
        }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_scheme_host_and_path() {
        let url = Url::parse("https://cdn.example.com:8443/a/b.ts?x=1#t=2").unwrap();
        assert!(url.is_https);
        assert_eq!(
            (url.authority, url.path(), url.target()),
            ("cdn.example.com:8443", "/a/b.ts", "/a/b.ts?x=1")
        );
        for wrong in [
            "",
            "/a",
            "cdn.example.com/a",
            "ftp://h/a",
            "https://h",
            "https:///a",
            "https://u:p@h/a",
            "https://h?/a",
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }
}
