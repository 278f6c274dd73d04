use std::path::PathBuf;

/// A secret that a site shares with its signers, or the place where it is stored. Its `Debug` output never shows the
/// secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(pub(crate) SecretPlace);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    Here(Box<[u8]>),
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "read with the configuration"))]
    File(PathBuf),
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "read with the configuration"))]
    Env(String),
    /// A file or variable that could not be read. Its fault was reported.
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "nothing is read"))]
    Unread,
}

/// The secrets of a scheme on one site that have to be loaded.
#[cfg(feature = "config")]
pub(crate) struct SecretSlots<'s> {
    /// The setting that names files, for error messages.
    pub(crate) file_setting: &'static str,
    /// The setting that names environment variables.
    pub(crate) env_setting: &'static str,
    /// The length of the shortest secret, in bytes.
    pub(crate) least: usize,
    /// The secret in use first, followed by its successor.
    pub(crate) secrets: &'s mut Vec<SharedSecret>,
}

impl SharedSecret {
    /// Creates a secret that is read from a file. A single line ending at the end of a text is not part of the secret.
    #[cfg(feature = "config")]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(SecretPlace::File(path.into()))
    }

    /// Creates a secret that is read from an environment variable.
    #[cfg(feature = "config")]
    pub fn env(variable: impl Into<String>) -> Self {
        Self(SecretPlace::Env(variable.into()))
    }
}

impl From<&[u8]> for SharedSecret {
    fn from(secret: &[u8]) -> Self {
        Self(SecretPlace::Here(secret.into()))
    }
}

impl<const N: usize> From<&[u8; N]> for SharedSecret {
    fn from(secret: &[u8; N]) -> Self {
        secret.as_slice().into()
    }
}

impl From<&str> for SharedSecret {
    fn from(secret: &str) -> Self {
        secret.as_bytes().into()
    }
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            // Text that names no file and no variable may be the secret itself.
            SecretPlace::File(path) if path.exists() => f.debug_tuple("SharedSecret").field(path).finish(),
            SecretPlace::Env(variable) if std::env::var_os(variable).is_some() => {
                f.debug_tuple("SharedSecret").field(variable).finish()
            }
            SecretPlace::Here(_) | SecretPlace::Unread | SecretPlace::File(_) | SecretPlace::Env(_) => {
                f.write_str("SharedSecret")
            }
        }
    }
}
