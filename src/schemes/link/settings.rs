use serde::Deserialize;

use super::IpBinding;
use crate::crypto::LinkHash;
use crate::schemes::secret::SharedSecret;

/// A format of secure links, and the secrets with which they are signed.
///
/// There is a constructor for each format, and methods refine the result. The settings are checked when the policy is built.
///
/// ```
/// # #[cfg(feature = "secure-link-md5")] {
/// use playgate::Site;
/// use playgate::schemes::link::{Covers, IpBinding, SecureLink};
///
/// let site = Site::bucket("vod").host("cdn.example.com").secure_link(
///     SecureLink::gcore("the secret of today").also("the secret of yesterday").covers(Covers::File),
/// );
/// let moved_from_nginx = SecureLink::nginx("{expires}{path}{ip} {secret}", "the secret").ip_binding(IpBinding::EXACT);
/// # }
/// ```
///
/// # Spellings of a proof
///
/// The formats that nginx serves (all but [`custom`](Self::custom)) read `md5` as nginx's `secure_link` does: at most 24
/// characters. Padding and everything after it are ignored, and so are the four bits of the last character that belong to no
/// byte. One valid link therefore has several spellings. None of them covers more than the signed link, but code that counts or
/// revokes links by their text must account for them. A [`custom`](Self::custom) link has one spelling in base64url, and either
/// case in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SecureLink {
    pub(crate) format: Format,
    pub(crate) secrets: Vec<SharedSecret>,
    pub(crate) covers: Option<Covers>,
    pub(crate) ip_binding: Option<IpBinding>,
    pub(crate) encoding: Option<LinkEncoding>,
    pub(crate) hash_name: Option<String>,
    pub(crate) expires_name: Option<String>,
    pub(crate) never_expires: bool,
}

/// The format of links. The `Debug` output omits expressions, because an operator may have written the secret instead of
/// `{secret}`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Format {
    #[cfg(feature = "secure-link-md5")]
    Gcore,
    #[cfg(feature = "secure-link-md5")]
    GcoreVideo,
    #[cfg(feature = "secure-link-md5")]
    GcoreMp4,
    #[cfg(feature = "secure-link-md5")]
    Nginx {
        expression: String,
    },
    Custom {
        expression: String,
        hash: LinkHash,
    },
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            #[cfg(feature = "secure-link-md5")]
            Self::Gcore => f.write_str("Gcore"),
            #[cfg(feature = "secure-link-md5")]
            Self::GcoreVideo => f.write_str("GcoreVideo"),
            #[cfg(feature = "secure-link-md5")]
            Self::GcoreMp4 => f.write_str("GcoreMp4"),
            #[cfg(feature = "secure-link-md5")]
            Self::Nginx { .. } => f.debug_struct("Nginx").finish_non_exhaustive(),
            Self::Custom { hash, .. } => f.debug_struct("Custom").field("hash", hash).finish_non_exhaustive(),
        }
    }
}

/// The files that a link covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "covers"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Covers {
    /// Only the file that the link was created for.
    File,
    /// The files directly inside the link's directory, without sub-directories.
    Directory,
    /// Links of either kind.
    Either,
}

/// The encoding of a proof in a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "encoding"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LinkEncoding {
    /// Base64url without padding (RFC 4648 §5).
    Base64Url,
    /// Hexadecimal digits in either case.
    Hex,
}

impl SecureLink {
    /// Creates Gcore CDN's secure token: MD5 of `{expires}{path or directory}{ip} {secret}` in the parameters `md5` and
    /// `expires`. It covers a directory unless [`covers`](Self::covers) is set otherwise. A link is no longer valid in the second
    /// that `expires` names.
    #[cfg(feature = "secure-link-md5")]
    pub fn gcore(secret: impl Into<SharedSecret>) -> Self {
        Self::new(Format::Gcore, secret.into())
    }

    /// Creates the format of Gcore Video Streaming: `/videos/{account}_{video}/{token}/{expires}/…`, `/cmaf/…` and `/mpegts/…`
    /// for HLS and DASH, where one link covers the whole video. If the path has no token, MP4 files are handled like those of
    /// [`gcore_mp4`](Self::gcore_mp4).
    #[cfg(feature = "secure-link-md5")]
    pub fn gcore_video(secret: impl Into<SharedSecret>) -> Self {
        Self::new(Format::GcoreVideo, secret.into())
    }

    /// Creates the format of Gcore Video Streaming's MP4 files: MD5 of `{path}_{secret}_{expires}_{speed}_{buffer}_{ip}` in the
    /// parameters `md5` and `expires`, in addition to `speed` and `buffer`.
    #[cfg(feature = "secure-link-md5")]
    pub fn gcore_mp4(secret: impl Into<SharedSecret>) -> Self {
        Self::new(Format::GcoreMp4, secret.into())
    }

    /// Creates the format of nginx's `secure_link`: MD5 of any expression, in the parameters `md5` and `expires` unless
    /// [`hash_name`](Self::hash_name) and [`expires_name`](Self::expires_name) set others. The variable `$uri` of nginx is
    /// `{path}`, `$secure_link_expires` is `{expires}`, `$remote_addr` is `{ip}`, `$host` is `{host}`, `$arg_x` is `{query:x}`. A
    /// link is still valid in the second that `expires` names.
    #[cfg(feature = "secure-link-md5")]
    pub fn nginx(expression: impl Into<String>, secret: impl Into<SharedSecret>) -> Self {
        Self::new(Format::Nginx { expression: expression.into() }, secret.into())
    }

    /// Creates a custom format, with the placeholders `{expires} {path} {dir} {ip} {host} {query:NAME}` and, unless the hash has
    /// a key of its own, `{secret}`. The parameters are `hash` and `expires` unless [`hash_name`](Self::hash_name) and
    /// [`expires_name`](Self::expires_name) set others. With `{dir}` in place of `{path}` a link covers a directory.
    pub fn custom(expression: impl Into<String>, hash: LinkHash, secret: impl Into<SharedSecret>) -> Self {
        Self::new(Format::Custom { expression: expression.into(), hash }, secret.into())
    }

    fn new(format: Format, secret: SharedSecret) -> Self {
        Self {
            format,
            secrets: vec![secret],
            covers: None,
            ip_binding: None,
            encoding: None,
            hash_name: None,
            expires_name: None,
            never_expires: false,
        }
    }

    /// Adds a second secret, whose links are also accepted. Use it during a rotation of secrets.
    pub fn also(mut self, secret: impl Into<SharedSecret>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Sets the files that [`gcore`](Self::gcore) links cover. The other formats determine them.
    pub fn covers(mut self, covers: Covers) -> Self {
        self.covers = Some(covers);
        self
    }

    /// Binds links to the client's address.
    ///
    /// Path and address are hashed without a separator, so a link for `/a1` and `2.3.4.5` is also one for `/a` and `12.3.4.5`. If
    /// that matters, do not use file names that end in digits.
    pub fn ip_binding(mut self, binding: IpBinding) -> Self {
        self.ip_binding = Some(binding);
        self
    }

    /// Sets the encoding of the proof in [`custom`](Self::custom) links. The default is [`LinkEncoding::Base64Url`].
    pub fn encoding(mut self, encoding: LinkEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets the name of the query parameter with the proof, for [`nginx`](Self::nginx) and [`custom`](Self::custom). The default is
    /// `md5` for the former and `hash` for the latter.
    pub fn hash_name(mut self, name: impl Into<String>) -> Self {
        self.hash_name = Some(name.into());
        self
    }

    /// Sets the name of the query parameter with the expiry, for [`nginx`](Self::nginx) and [`custom`](Self::custom). The default
    /// is `expires`.
    pub fn expires_name(mut self, name: impl Into<String>) -> Self {
        self.expires_name = Some(name.into());
        self
    }

    /// Sets whether the expression lacks `{expires}`. Links without an expiry are valid until the secret is replaced. The default
    /// is false.
    pub fn never_expires(mut self, never: bool) -> Self {
        self.never_expires = never;
        self
    }
}
