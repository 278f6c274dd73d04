//! The result of minting: the credential alone on standard output, and a remark about it on standard error.

use anyhow::Result;
use playgate::time::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::dates::{Expires, utc, with_distance};
use crate::output::Output;

/// The lifetime of every kind of credential.
#[derive(Debug, clap::Args)]
pub(super) struct Lifetime {
    /// Expiry: a lifetime (90s, 1h, 30days), a date (2026-12-01T00:00:00Z), or never.
    #[arg(long, value_name = "WHEN", default_value = "1h")]
    pub(super) expires: Expires,
}

impl Lifetime {
    /// Returns the second in which the credential expires, for a kind that always does.
    ///
    /// # Errors
    ///
    /// Fails for `never`, and for a date that has passed.
    pub(super) fn limited(&self, kind: &str, now: UnixSeconds) -> Result<UnixSeconds> {
        let at = self.expires.at(now)?;
        at.ok_or_else(|| {
            crate::failure::usage(format!("--expires is never, but {kind} always expires: use a lifetime"))
        })
    }
}

/// A credential that was made.
pub(super) struct Minted<'m> {
    pub(super) kind: &'m str,
    pub(super) site: Option<&'m str>,
    pub(super) kid: Option<&'m str>,
    pub(super) expires_at: Option<UnixSeconds>,
    /// True if the site granted a request with it.
    pub(super) is_checked: bool,
    /// The text for standard output: what is pasted into a player or a program.
    pub(super) text: String,
    /// The fields of its kind.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Minted<'_> {
    pub(super) fn print(self, now: UnixSeconds, out: Output) -> Result<()> {
        let Self { kind, site, kid, expires_at, is_checked, text, fields } = self;
        let scope = fields.iter().find(|(name, _)| *name == "scope").map(|(_, scope)| scope.to_string());
        out.result(
            || {
                let common = json!({
                    "kind": kind,
                    "site": site,
                    "kid": kid,
                    "expires_at": expires_at.map(UnixSeconds::get),
                    "expires": expires_at.map(utc),
                    "checked": is_checked,
                });
                let mut all =
                    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>();
                if let Value::Object(common) = common {
                    all.extend(common);
                }
                Value::Object(all)
            },
            |out| writeln!(out, "{text}"),
        )?;
        let expiry = match expires_at {
            Some(at) => format!("expires {}", with_distance(at, now)),
            None => "never expires".to_owned(),
        };
        let checked = match (site, is_checked) {
            (Some(site), true) => format!("checked: site {site:?} grants it"),
            (Some(site), false) => format!("for site {site:?}"),
            (None, _) => {
                let scope =
                    scope.map(|scope| format!(", so {scope} is the scope, whatever the base path is"));
                format!("not checked: no configuration was given{}", scope.unwrap_or_default())
            }
        };
        out.remark(&format!("{expiry}; {checked}"))
    }
}
