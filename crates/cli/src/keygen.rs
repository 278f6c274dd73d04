use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use playgate::mint::NewKey;
use serde_json::json;

use crate::failure::usage;
use crate::output::{GOOD, Output};

/// Creates a signing key: a private file for the signer, and a public file for the origin.
///
/// Neither file is overwritten. The name of the files is the kid of the key. The private file has mode 0600, and is not
/// beside the public one: a folder of verification keys must not contain it. A new private folder gets a .gitignore for
/// all of its files.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Keygen {
    /// The kind of key: rsa for RS256 and its siblings, p256 for ES256, ed25519 for EdDSA.
    #[arg(long = "type", value_name = "TYPE", default_value = "p256")]
    kind: Kind,
    /// The size of an RSA key: 2048 to 8192. The default is 2048.
    #[arg(long)]
    bits: Option<usize>,
    /// The public file, whose name is the kid. The ending .pem is added.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The folder of the private file.
    #[arg(long, value_name = "FOLDER", default_value = "private")]
    private: PathBuf,
}

const HELP: &str = "\
Examples:
  # Creates keys/2027-01.pem and private/2027-01.pem.
  playgate keygen --out keys/2027-01
  playgate keygen --type ed25519 --out keys/2027-02 --private signer
  # CloudFront signs with RSA of 2048 bits.
  playgate keygen --type rsa --out keys/K2JCJMDEHXQW5F

JSON: {\"kid\", \"algorithm\", \"public\": path, \"private\": path}";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Rsa,
    P256,
    Ed25519,
}

impl Keygen {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        if self.bits.is_some() && self.kind != Kind::Rsa {
            return Err(usage("--bits applies only to --type rsa: leave it out"));
        }
        let public = with_ending(&self.out)?;
        let name = public.file_name().unwrap_or_default();
        let private = self.private.join(name);
        let kid = public.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        playgate::keys::KeyId::new(&kid)?;
        if folder_of(&public) == folder_of(&private) {
            return Err(usage("--private is the folder of the public file: use another one"));
        }
        for path in [&private, &public] {
            if path.symlink_metadata().is_ok() {
                return Err(taken(path));
            }
        }
        let (key, algorithm) = match self.kind {
            Kind::Rsa => (NewKey::rsa(self.bits.unwrap_or(2048))?, "RS256"),
            Kind::P256 => (NewKey::p256()?, "ES256"),
            Kind::Ed25519 => (NewKey::ed25519()?, "EdDSA"),
        };
        let is_new = !folder_of(&private).exists();
        create_folder(folder_of(&private), 0o700)?;
        if is_new {
            create(&folder_of(&private).join(".gitignore"), "*\n", 0o644)?;
        }
        create_folder(folder_of(&public), 0o755)?;
        create(&private, key.private_pem(), 0o600)?;
        if let Err(error) = create(&public, key.public_pem(), 0o644) {
            // A private key without its public half is of no use, and was created a moment ago.
            std::fs::remove_file(&private).ok();
            return Err(error);
        }
        let (public, private) = (public.display().to_string(), private.display().to_string());
        out.result(
            || json!({ "kid": kid, "algorithm": algorithm, "public": public, "private": private }),
            |text| {
                writeln!(text, "{GOOD}created{GOOD:#} a key for {algorithm}, kid {kid:?}")?;
                writeln!(text, "  public   {public}   for the origin's configuration")?;
                writeln!(text, "  private  {private}   only for the signer (mode 0600)")
            },
        )
    }
}

/// Adds the ending `.pem`. A `kid` may have dots, so that `2026.12` becomes `2026.12.pem`.
fn with_ending(path: &Path) -> Result<PathBuf> {
    let Some(name) = path.file_name() else {
        bail!(usage(format!(
            "--out is {}, which is not a file name: write one such as keys/2027-01",
            path.display()
        )));
    };
    if path.extension().is_some_and(|ending| ending == "pem") {
        return Ok(path.to_owned());
    }
    let mut name = name.to_owned();
    name.push(".pem");
    Ok(path.with_file_name(name))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn taken(path: &Path) -> anyhow::Error {
    anyhow::anyhow!(
        "{} exists, and keys are never overwritten: use another name, or remove the file",
        path.display()
    )
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "modes are those of Unix"))]
fn create_folder(folder: &Path, mode: u32) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    builder.create(folder).with_context(|| format!("folder {} cannot be created", folder.display()))
}

/// Creates a file that does not exist, with its mode from the first moment.
#[cfg_attr(not(unix), expect(unused_variables, reason = "modes are those of Unix"))]
fn create(path: &Path, text: &str, mode: u32) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file: File = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => anyhow::anyhow!("{} cannot be created: {error}", path.display()),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{} cannot be written", path.display()))
}
