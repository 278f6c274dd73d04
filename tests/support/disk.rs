use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::Jwk;
use playgate::{Decision, Verifier};
use tempfile::TempDir;

use super::{Ask, TestKey, get, lines_about};

/// A folder of its own for a configuration, `playgate.toml`, and for keys.
pub(crate) struct Disk(TempDir);

/// The bucket `vod` on [`HOST`](super::HOST).
pub(crate) const VOD: &str = "[[site]]\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\n";

/// The folder `keys`, for that bucket.
pub(crate) const KEYS: &str = "[[keys]]\ndir = \"keys\"\nscope = { bucket = \"vod\" }\n";

/// The identity of a key that [`KEYS`] loads, as it is displayed.
pub(crate) fn of_vod(kid: &str) -> String {
    format!("{kid:?} of bucket vod")
}

impl Disk {
    /// An empty folder; what is logged about it is recorded from here on.
    pub(crate) fn new() -> Self {
        lines_about("");
        Self(TempDir::new().unwrap())
    }

    /// A folder with [`VOD`], [`KEYS`] and these keys in `keys`, each as the PEM of its `kid`.
    pub(crate) fn with_keys(keys: &[(&str, TestKey)]) -> Self {
        let disk = Self::new();
        disk.config(&[VOD, KEYS]);
        fs::create_dir(disk.path("keys")).unwrap();
        for (kid, key) in keys {
            disk.put(format!("keys/{kid}.pem"), key.public());
        }
        disk
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that is there whole or not at all: written under a hidden name, and renamed.
    pub(crate) fn put(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let unfinished = path.with_file_name(".unfinished");
        fs::write(&unfinished, content).unwrap();
        fs::rename(unfinished, path).unwrap();
    }

    /// More bytes at the end of a file, in one write.
    pub(crate) fn append(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let mut file = fs::OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    pub(crate) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn remove(&self, name: impl AsRef<Path>) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// The configuration of these sections.
    pub(crate) fn config(&self, sections: &[&str]) {
        self.put("playgate.toml", format!("version = 1\n{}", sections.concat()));
    }

    /// What a server makes of it.
    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::from_file(self.path("playgate.toml")).unwrap()
    }

    /// The warnings so far that name this folder and have `mark` in them.
    pub(crate) fn warnings(&self, mark: &str) -> Vec<String> {
        let mut lines = lines_about(self.0.path().to_str().unwrap());
        lines.retain(|line| line.contains(" WARN ") && line.contains(mark));
        lines
    }
}

impl TestKey {
    /// The public key, or the secret, as a JWK with its own algorithm and this `kid`.
    pub(crate) fn jwk(self, kid: &str) -> serde_json::Value {
        let key = match self {
            Self::Rsa | Self::RsaOther => EncodingKey::from_rsa_pem(self.private()).unwrap(),
            Self::P256 | Self::P256Other => EncodingKey::from_ec_pem(self.private()).unwrap(),
            Self::Ed25519 => EncodingKey::from_ed_pem(self.private()).unwrap(),
            Self::Secret | Self::SecretOther => EncodingKey::from_secret(self.public()).unwrap(),
        };
        let mut jwk = Jwk::from_encoding_key(&key, self.algorithm()).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    /// A request for `/a.ts` with a token for the whole bucket, by this key and in the name of this `kid`.
    pub(crate) fn asks_as(self, kid: &str) -> Ask {
        let header = format!(r#"{{"alg":"{}","kid":"{kid}"}}"#, self.alg());
        get("/a.ts").query(self.sign(&header, r#"{"uri":""}"#))
    }
}

/// The JWK Set of these members.
pub(crate) fn jwks(members: &[serde_json::Value]) -> String {
    serde_json::json!({ "keys": members }).to_string()
}

/// What is decided now: `granted`, or the code of the denial.
pub(crate) fn decided(verifier: &Verifier, ask: &Ask) -> String {
    let request = ask.parsed().unwrap();
    match verifier.decide(&request, verifier.now()) {
        Decision::Granted(_) => "granted".to_owned(),
        Decision::Denied(refusal) => refusal.code().to_string(),
        other => format!("{other:?}"),
    }
}
