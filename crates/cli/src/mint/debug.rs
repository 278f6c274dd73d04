//! Debug tokens: the value of the header x-playgate-explain.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use playgate::Key;
use playgate::mint::Signer;
use playgate::schemes::jws::MAX_DEBUG_LIFETIME;
use playgate::time::UnixSeconds;
use serde_json::json;

use super::signer::{require_key, signer};
use crate::configuration::load_sound;
use crate::dates::{Expires, utc, with_distance};
use crate::failure::{no, usage};
use crate::input::KeyOptions;
use crate::output::Output;

/// Creates a debug token: the value of the header x-playgate-explain, with which a response has its explanation.
///
/// The configuration must accept debug tokens (explain.tokens), and must have the key. The token explains requests for resources that
/// the key may sign for. It is no credential. Without --key, it is signed with the shared secret of the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Debug {
    /// The configuration. The default is playgate.toml, if it exists; without one, nothing is checked.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    key: KeyOptions,
    /// Expiry: a lifetime (90s, 10min) or a date, at most one hour from now.
    #[arg(long, value_name = "WHEN", default_value = "10min")]
    expires: Expires,
}

const HELP: &str = "\
Examples:
  playgate mint debug --key private/2026-12.pem
  # With a shared secret of the configuration, which has the kid shared.
  playgate mint debug --kid shared --expires 5min

JSON: the common fields (playgate mint --help), \"token\" and \"algorithm\"; site is null, and checked is true if the
configuration accepts the token";

impl Debug {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let default = Path::new("playgate.toml");
        let config = self.config.as_deref().or_else(|| default.exists().then_some(default));
        let verifier = config.map(load_sound).transpose()?;
        let snapshot = verifier.as_ref().map(|verifier| (verifier.now(), verifier.snapshot()));
        let (now, keys) = match &snapshot {
            Some((now, snapshot)) if snapshot.policy().accepts_debug_tokens() => {
                (*now, Some(snapshot.keys()))
            }
            Some(_) => {
                return Err(no("configuration accepts no debug tokens: add explain = { tokens = true }"));
            }
            None => (UnixSeconds::now(), None),
        };
        let signer = signer(&self.key, keys)?;
        let issuer = keys
            .and_then(|keys| keys.keys_of(signer.kid().as_str()).find_map(Key::issuer).map(str::to_owned));
        let (expires_at, token) = self.token(&signer, issuer.as_deref(), now)?;
        if let Some(keys) = keys {
            require_key(keys, &signer, &token)?;
        }
        out.result(
            || {
                json!({
                    "kind": "debug",
                    "site": null,
                    "token": token,
                    "kid": signer.kid().as_str(),
                    "algorithm": signer.algorithm().name(),
                    "expires_at": expires_at.get(),
                    "expires": utc(expires_at),
                    "checked": keys.is_some(),
                })
            },
            |out| writeln!(out, "{token}"),
        )?;
        let checked = match keys {
            Some(_) => "checked: the configuration accepts it",
            None => "not checked: no configuration was given",
        };
        out.remark(&format!("expires {}; {checked}", with_distance(expires_at, now)))
    }

    fn token(
        &self,
        signer: &Signer,
        issuer: Option<&str>,
        now: UnixSeconds,
    ) -> Result<(UnixSeconds, String)> {
        let at = self.expires.at(now)?;
        let at = at.ok_or_else(|| usage("--expires is never, but a debug token expires within an hour"))?;
        let lifetime = u64::try_from(at.get().saturating_sub(now.get())).unwrap_or_default();
        let lifetime = Duration::from_secs(lifetime);
        if lifetime > MAX_DEBUG_LIFETIME {
            return Err(usage(
                "--expires is more than an hour from now, but a debug token expires within an hour",
            ));
        }
        let token = match issuer {
            Some(issuer) => signer.debug_token_of(issuer, lifetime)?,
            None => signer.debug_token(lifetime)?,
        };
        Ok((at, token))
    }
}
