//! Files, environment variables and standard input, each with a bound.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The longest input, in bytes. Keys, secrets and credentials are far shorter.
const MAX_INPUT: u64 = 64 * 1024;

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// Fails in one line that names the file and the remedy.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return bounded(std::io::stdin().lock(), "standard input");
    }
    let name = path.display();
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!("{name} does not exist: correct the path"),
        std::io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("{name} is not readable by this user: change its owner or mode")
        }
        _ => anyhow::anyhow!("{name} cannot be read: {error}"),
    })?;
    bounded(file, &name.to_string())
}

/// Reads a file with a secret, or standard input for `-`.
///
/// # Errors
///
/// As [`read`], but a path that does not exist is not shown: a user may have put the secret itself there.
pub(crate) fn read_secret(option: &str, path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") && !path.exists() {
        bail!(
            "{option} names a file that does not exist: correct the path, and do not pass a secret as an \
             option's value"
        );
    }
    read(path)
}

fn bounded(input: impl std::io::Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_INPUT + 1).read_to_end(&mut bytes).with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > MAX_INPUT {
        bail!("{name} is longer than 64 KiB: use a key, a secret or a credential");
    }
    Ok(bytes)
}

/// Returns the value of an environment variable.
///
/// # Errors
///
/// Fails if the variable is not set. The message does not show the name: a user may have put the secret itself there.
pub(crate) fn variable(option: &str, name: &str) -> Result<Vec<u8>> {
    match std::env::var_os(name) {
        Some(value) => Ok(value.into_encoded_bytes()),
        None => bail!("{option} names an environment variable that is not set: set it, or correct the name"),
    }
}

/// A private key or a shared secret: where it is, and never what it is.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyOptions {
    /// The private key (PEM) or shared secret that signs: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The environment variable that holds the private key or shared secret.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "key")]
    pub(crate) key_env: Option<String>,
    /// The kid of the key. The default is the name of its file without the ending.
    #[arg(long)]
    pub(crate) kid: Option<String>,
}

impl KeyOptions {
    /// Reads the key, if the options name one.
    ///
    /// # Errors
    ///
    /// Fails if the file or the variable cannot be read.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>> {
        match (&self.key, &self.key_env) {
            (Some(path), _) => Ok(Some(read_secret("--key", path)?)),
            (None, Some(name)) => Ok(Some(variable("--key-env", name)?)),
            (None, None) => Ok(None),
        }
    }

    /// Returns the `kid`: the option, or the name of the file.
    pub(crate) fn kid(&self) -> Option<String> {
        let of_file = || {
            let path = self.key.as_deref().filter(|path| *path != Path::new("-"))?;
            Some(path.file_stem()?.to_str()?.to_owned())
        };
        self.kid.clone().or_else(of_file)
    }
}

/// Returns a secret without the line end that editors put after text, as a verifier reads it.
pub(crate) fn without_line_end(bytes: &[u8]) -> &[u8] {
    let is_text = std::str::from_utf8(bytes)
        .is_ok_and(|text| text.trim_end_matches(['\r', '\n']).chars().all(|c| !c.is_control()));
    match bytes {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] if is_text => text,
        _ => bytes,
    }
}

/// Returns whether the bytes are the text of a PEM.
pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(b"-----BEGIN".len()).any(|window| window == b"-----BEGIN")
}
