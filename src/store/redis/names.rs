use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::records::EmbedToken;

/// The SHA-256 of a token's text, which replaces the token outside this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl Digest {
    pub(super) fn of(token: EmbedToken) -> Self {
        Self(Sha256::digest(token.to_text()).into())
    }

    /// Returns the digest in lower-case hexadecimal.
    pub(super) fn to_text(self) -> String {
        hex(&self.0)
    }

    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    #[cfg(test)]
    pub(super) fn numbered(number: usize) -> Self {
        Self(Sha256::digest(number.to_string()).into())
    }

    /// Returns a byte that is evenly distributed over digests.
    pub(super) const fn any_byte(self) -> u8 {
        let [byte, ..] = self.0;
        byte
    }
}

/// The names of keys on the server. All have one hash tag, so that a cluster keeps them in one slot.
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    fn key(&self, rest: &str) -> String {
        format!("{{{}}}:{rest}", self.prefix)
    }

    pub(super) fn token(&self, digest: Digest) -> String {
        self.key(&format!("token:{}", digest.to_text()))
    }

    /// Returns the prefix of the keys of videos; [`name_of_video`] follows.
    pub(super) fn videos(&self) -> String {
        self.key("video:")
    }

    /// Returns the prefix of the keys of viewers; [`name_of_viewer`] follows.
    pub(super) fn viewers(&self) -> String {
        self.key("viewer:")
    }

    pub(super) fn video(&self, realm: &str, video: &str) -> String {
        self.videos() + &name_of_video(realm, video)
    }

    pub(super) fn viewer(&self, viewer: &str) -> String {
        self.viewers() + &name_of_viewer(viewer)
    }

    pub(super) fn order(&self) -> String {
        self.key("order")
    }

    pub(super) fn news(&self) -> String {
        self.key("news")
    }

    pub(super) fn generation(&self) -> String {
        self.key("generation")
    }

    pub(super) fn revoked(&self) -> String {
        self.key("revoked")
    }

    pub(super) fn revoked_until(&self) -> String {
        self.key("revoked-until")
    }

    pub(super) fn revoked_order(&self) -> String {
        self.key("revoked-order")
    }

    pub(super) fn restored(&self) -> String {
        self.key("restored")
    }
}

/// Returns the name of a video: a hash of the realm, preceded by its length so that no two pairs collide, and the video's id.
pub(super) fn name_of_video(realm: &str, video: &str) -> String {
    let hash = Sha256::new().chain_update(format!("{}:", realm.len())).chain_update(realm);
    shortened(&hash.chain_update(video).finalize())
}

pub(super) fn name_of_viewer(viewer: &str) -> String {
    shortened(&Sha256::digest(viewer))
}

/// Returns half of a hash in hexadecimal. 128 bits distinguish names, because nobody chooses names to make them collide.
fn shortened(hash: &[u8]) -> String {
    hex(hash.get(..16).unwrap_or(hash))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // never fails
    }
    text
}

#[cfg(test)]
mod tests;
