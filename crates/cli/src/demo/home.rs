//! The hosts of the demo, and the directory with its configuration, keys and secrets.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use playgate::request::{Host, HostBuffer};

/// The configuration, for port 8080.
const CONFIG: &str = include_str!("../../demo/playgate.toml");

/// The name of the configuration's file.
const CONFIG_NAME: &str = "playgate.toml";

/// The file that marks a directory as one that the demo may overwrite.
const MARK: &str = ".playgate-demo";

/// All of `*.localhost` is this machine (RFC 6761 §6.3), for curl and browsers alike.
pub(super) const APP: &str = "app.playgate.localhost";
pub(super) const CDN: &str = "cdn.playgate.localhost";
pub(super) const PUBLIC: &str = "public.playgate.localhost";
pub(super) const LINKS: &str = "links.playgate.localhost";
pub(super) const EMBED: &str = "embed.playgate.localhost";
pub(super) const CLOUDFRONT: &str = "cloudfront.playgate.localhost";
pub(super) const AKAMAI: &str = "akamai.playgate.localhost";

/// Returns the host of a request, as the verifier reads it; empty if it has none.
pub(super) fn host_of<B>(request: &axum::http::Request<B>) -> String {
    let mut buffer = HostBuffer::new();
    let host = Host::of(request, &mut buffer).map(Host::as_bytes).unwrap_or_default();
    String::from_utf8_lossy(host).into_owned()
}

/// The addresses of the demo's hosts.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// `:8080`, or nothing for the port that browsers leave out.
    port: String,
}

impl Addresses {
    pub(super) fn new(port: u16) -> Self {
        Self { port: if port == 80 { String::new() } else { format!(":{port}") } }
    }

    /// Returns the origin of a host, as browsers send it.
    pub(super) fn origin(&self, host: &str) -> String {
        format!("http://{host}{}", self.port)
    }

    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("{}/{path}", self.origin(host))
    }
}

/// The directory of the demo. A temporary one is removed when the demo ends.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    is_temporary: bool,
}

impl Home {
    /// Takes a directory: a new one, or one that an earlier demo wrote.
    ///
    /// # Errors
    ///
    /// Fails if the directory has other files in it, or cannot be created.
    pub(super) fn at(folder: PathBuf) -> anyhow::Result<Self> {
        let shown = folder.display().to_string();
        match fs::read_dir(&folder) {
            Ok(mut entries) => {
                if entries.next().is_some() && !folder.join(MARK).is_file() {
                    bail!(
                        "{shown} is not empty and was not written by playgate demo: use another directory with --dir"
                    );
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_private(&folder).with_context(|| format!("cannot create {shown}"))?;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
        }
        // Keys of an earlier run would be loaded again.
        for old in ["keys", "secrets", "private", "manage"] {
            let old = folder.join(old);
            if old.is_dir() {
                fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
        let config = folder.join(CONFIG_NAME);
        if config.is_file() {
            fs::rename(&config, folder.join(format!("{CONFIG_NAME}.old")))?; // it may have been edited
        }
        fs::write(folder.join(MARK), "This directory is overwritten by playgate demo.\n")?;
        Ok(Self { folder, is_temporary: false })
    }

    /// Creates a temporary directory.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be created.
    pub(super) fn temporary() -> anyhow::Result<Self> {
        let name = format!("playgate-demo-{}", random_text()?.get(..12).unwrap_or_default());
        let folder = std::env::temp_dir().join(name);
        create_private(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder, is_temporary: true })
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join(CONFIG_NAME)
    }

    /// Writes the configuration, in which every site with CORS lists the page's origin, or another one instead.
    pub(super) fn write_config(&self, page_origin: &str) -> io::Result<()> {
        let text = CONFIG.replace("http://app.playgate.localhost:8080", page_origin);
        replace(&self.config(), &text)
    }

    /// Writes the public half of a key, which the verifier loads, and the private half, which it does not.
    pub(super) fn write_key(&self, folder: &str, kid: &str, public: &str, private: &str) -> io::Result<()> {
        let keys = self.folder.join("private").join(folder);
        create_private(&keys)?;
        write_private(&keys.join(format!("{kid}.pem")), private)?;
        let keys = self.folder.join("keys").join(folder);
        fs::create_dir_all(&keys)?;
        replace(&keys.join(format!("{kid}.pem")), public)
    }

    /// Removes both halves of a key.
    pub(super) fn remove_key(&self, folder: &str, kid: &str) -> io::Result<()> {
        for half in ["keys", "private"] {
            fs::remove_file(self.folder.join(half).join(folder).join(format!("{kid}.pem")))?;
        }
        Ok(())
    }

    /// Writes a secret that application and origin share.
    pub(super) fn write_secret(&self, name: &str, secret: &str) -> io::Result<()> {
        let secrets = self.folder.join("secrets");
        create_private(&secrets)?;
        write_private(&secrets.join(name), secret)
    }
}

#[cfg(feature = "manage")]
impl Home {
    /// Creates a folder that only this user can read.
    pub(super) fn private_folder(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        create_private(&folder)?;
        Ok(folder)
    }

    /// Writes the API key of the control plane. Returns its file.
    pub(super) fn write_api_key(&self, key: &str) -> io::Result<PathBuf> {
        let file = self.folder.join("api-key");
        write_private(&file, key)?;
        Ok(file)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = fs::remove_dir_all(&self.folder); // what is left lies in the system's temporary directory
        }
    }
}

/// Returns 32 random hexadecimal digits.
pub(super) fn random_text() -> anyhow::Result<String> {
    Ok(playgate::schemes::embed::EmbedToken::generate()?.to_text())
}

/// Replaces a file as a whole, so that the verifier never reads half of it.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, file)
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
