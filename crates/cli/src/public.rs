use std::path::PathBuf;

use anyhow::{Context as _, Result};
use playgate::mint::Signer;
use serde_json::json;

use crate::input;
use crate::output::Output;

/// Prints the public key of a private key, for the origin's configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Public {
    /// The private key, as PEM: a file, or - for standard input.
    #[arg(value_name = "FILE")]
    key: PathBuf,
}

const HELP: &str = "\
Examples:
  playgate public private/2026-12.pem
  playgate public - < private/2026-12.pem > keys/2026-12-again.pem

JSON: {\"algorithm\", \"public_pem\"}";

impl Public {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let pem = input::read_secret("argument", &self.key)?;
        let name = self.key.file_stem().and_then(|name| name.to_str()).filter(|name| *name != "-");
        let signer = Signer::from_pem(name.unwrap_or("stdin"), &pem)?;
        let public =
            signer.public_pem().context("key has no public key: use RSA, P-256, P-384 or Ed25519")?;
        let public = public.replace("\r\n", "\n");
        let algorithm = signer.algorithm().name();
        out.result(
            || json!({ "algorithm": algorithm, "public_pem": public }),
            |text| text.write_all(public.as_bytes()),
        )
    }
}
