use arrayvec::ArrayVec;

use super::MIN_SECRET_LEN;
use super::expression::{Expression, Part};
use super::rules::{Form, KINDS, LinkRules, MAX_SECRETS, Place, ProofText};
use super::settings::{Covers, Format, LinkEncoding, SecureLink};
use crate::crypto::LinkHash;
use crate::error::{ConfigError, Faults};
use crate::request::{SegmentPlace, is_parameter_name};
use crate::schemes::places::Places;
#[cfg(feature = "config")]
use crate::schemes::secret::SecretSlots;
use crate::schemes::secret::{SecretPlace, SharedSecret};
use crate::schemes::settings::{SchemeSettings, SiteCheck};

/// The minimum length of an HMAC key, in bytes: as long as its hash (RFC 2104 §3).
const MIN_KEY_LEN: usize = 32;

/// The settings that a format determines.
struct Fixed {
    forms: ArrayVec<Form, 2>,
    hash: LinkHash,
    proof: ProofText,
    good_in_its_last_second: bool,
}

impl SchemeSettings for SecureLink {
    type Rules = LinkRules;

    fn by_default() -> Result<Self, &'static str> {
        Err("[site.secure_link] with its preset and secret")
    }

    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<LinkRules> {
        self.check_for(site.id, site.base_path, faults)
    }

    #[cfg(feature = "config")]
    fn secrets(&mut self) -> Option<SecretSlots<'_>> {
        Some(SecretSlots {
            file_setting: "secure_link.secret_file",
            env_setting: "secure_link.secret_env",
            least: self.least_secret_len(),
            secrets: &mut self.secrets,
        })
    }
}

impl SecureLink {
    /// Checks the settings and returns the checked form, or `None` if there was a fault. Every fault is pushed to `faults`.
    pub(crate) fn check_for(&self, site: &str, base_path: &str, faults: &mut Faults) -> Option<LinkRules> {
        let before = faults.len();
        let fixed = self.fixed(site, faults);
        self.check_names(site, fixed.as_ref(), faults);
        let secrets = self.check_secrets(site, faults);
        let fixed = fixed?;
        if let Some(expression) = self.own_text().and(fixed.forms.first()).map(|form| &form.expression) {
            self.check_text(expression, fixed.hash, site, faults);
        }
        if self.ip_binding.is_some() && self.covers == Some(Covers::Either) {
            let found = "has a secure link that covers files or directories and binds addresses, so a path could run into an address";
            let (site, found) = (site.to_owned(), found.to_owned());
            let write = "covers = \"file\" or \"directory\"";
            faults.push("secure_link.covers", ConfigError::Setting { site, found, write });
        }
        if faults.len() > before {
            return None;
        }
        let places = places_of(&fixed.forms, base_path);
        Some(LinkRules {
            places,
            forms: fixed.forms,
            hash: fixed.hash,
            proof: fixed.proof,
            good_in_its_last_second: fixed.good_in_its_last_second,
            ip_binding: self.ip_binding,
            secrets,
        })
    }

    /// Checks that an operator's own expression protects something.
    fn check_text(&self, text: &Expression, hash: LinkHash, site: &str, faults: &mut Faults) {
        let mut wrong = |setting: &'static str, found: &str, write: &'static str| {
            let (site, found) = (site.to_owned(), format!("has a secure link {found}"));
            faults.push(setting, ConfigError::Setting { site, found, write });
        };
        match (hash.is_keyed(), text.has(&Part::Secret)) {
            (true, false) | (false, true) => {}
            (true, true) => {
                wrong(
                    "secure_link.expression",
                    "with {secret} in an HMAC's expression",
                    "the expression without it",
                );
            }
            (false, false) => {
                wrong(
                    "secure_link.expression",
                    "without {secret}: anyone could make a link",
                    "{secret} in it",
                );
            }
        }
        match (text.has(&Part::Path), text.has(&Part::Folder)) {
            (true, false) | (false, true) => {}
            (false, false) => {
                let found = "whose expression has neither {path} nor {dir}";
                wrong("secure_link.expression", found, "{path} in it for a file, or {dir} for a directory");
            }
            (true, true) => {
                let found = "whose expression has both {path} and {dir}";
                wrong("secure_link.expression", found, "{path} for a file, or {dir} for a directory");
            }
        }
        match (text.has(&Part::Expires), self.never_expires) {
            (true, false) | (false, true) => {}
            (false, false) => wrong(
                "secure_link.expression",
                "without {expires}: anyone could change its expiry",
                "{expires} in it, or never_expires = true",
            ),
            (true, true) => {
                wrong("secure_link.never_expires", "with both never_expires and {expires}", "one of the two");
            }
        }
        match (text.has(&Part::Ip), self.ip_binding) {
            (true, Some(_)) | (false, None) => {}
            (false, Some(_)) => {
                let found = "that binds addresses without {ip}";
                wrong("secure_link.ip_binding", found, "{ip} in its expression");
            }
            (true, None) => {
                wrong("secure_link.expression", "with {ip} but no ip_binding", "ip_binding = \"exact\"");
            }
        }
    }

    /// Returns the expression, if the operator wrote it.
    #[cfg_attr(
        not(feature = "secure-link-md5"),
        expect(
            clippy::unnecessary_wraps,
            reason = "the formats without an expression of their own sign with MD5"
        )
    )]
    fn own_text(&self) -> Option<&str> {
        match &self.format {
            #[cfg(feature = "secure-link-md5")]
            Format::Gcore | Format::GcoreVideo | Format::GcoreMp4 => None,
            #[cfg(feature = "secure-link-md5")]
            Format::Nginx { expression } => Some(expression),
            Format::Custom { expression, .. } => Some(expression),
        }
    }

    /// Returns the settings that the format determines. A setting that the format does not have is a fault.
    fn fixed(&self, site: &str, faults: &mut Faults) -> Option<Fixed> {
        let (custom, own) = (matches!(self.format, Format::Custom { .. }), self.own_text());
        let mut fixed_by_format = |setting: &'static str, given: bool, write: &'static str| {
            if given {
                let name = setting.rsplit('.').next().unwrap_or(setting);
                let (site, found) =
                    (site.to_owned(), format!("has a secure link with {name}, which its format determines"));
                faults.push(setting, ConfigError::Setting { site, found, write });
            }
        };
        let (of_custom, of_own) =
            ("preset = \"custom\", or leave it out", "preset = \"nginx\" or \"custom\", or leave it out");
        fixed_by_format("secure_link.encoding", self.encoding.is_some() && !custom, of_custom);
        fixed_by_format("secure_link.hash_name", self.hash_name.is_some() && own.is_none(), of_own);
        fixed_by_format("secure_link.expires_name", self.expires_name.is_some() && own.is_none(), of_own);
        let of_gcore = "{path} or {dir} in an expression, or preset = \"gcore\", or leave it out";
        fixed_by_format("secure_link.covers", self.covers.is_some() && !self.takes_covers(), of_gcore);
        fixed_by_format("secure_link.never_expires", self.never_expires && own.is_none(), of_own);
        let expression = match own.map(Expression::parse) {
            None => None,
            Some(Ok(expression)) => Some(expression),
            Some(Err(error)) => {
                faults.push("secure_link.expression", error);
                return None;
            }
        };
        Some(match &self.format {
            #[cfg(feature = "secure-link-md5")]
            Format::Gcore => {
                let parts = [Part::Expires, Part::Covered, Part::Ip, Part::literal(" "), Part::Secret];
                let covers = self.covers.unwrap_or(Covers::Directory);
                Fixed::md5([self.query_form("md5", Expression::new(parts.into()), covers)])
            }
            #[cfg(feature = "secure-link-md5")]
            Format::GcoreMp4 => Fixed::md5([self.mp4_form()]),
            #[cfg(feature = "secure-link-md5")]
            Format::GcoreVideo => {
                let underscore = || Part::literal("_");
                let parts = [
                    Part::Video,
                    underscore(),
                    Part::Secret,
                    underscore(),
                    Part::Expires,
                    underscore(),
                    Part::Ip,
                ];
                let expression = Expression::new(parts.into());
                let segments = Form { place: Place::Segments, expression, covers: Covers::Directory };
                Fixed::md5([segments, self.mp4_form()])
            }
            #[cfg(feature = "secure-link-md5")]
            Format::Nginx { .. } => {
                let expression = expression?;
                let covers = covered_by(&expression);
                let form = self.query_form("md5", expression, covers);
                Fixed { good_in_its_last_second: true, ..Fixed::md5([form]) }
            }
            Format::Custom { hash, .. } => {
                let expression = expression?;
                let covers = covered_by(&expression);
                Fixed {
                    forms: [self.query_form("hash", expression, covers)].into_iter().collect(),
                    hash: *hash,
                    proof: match self.encoding {
                        None | Some(LinkEncoding::Base64Url) => ProofText::Base64Url,
                        Some(LinkEncoding::Hex) => ProofText::Hex,
                    },
                    good_in_its_last_second: false,
                }
            }
        })
    }

    const fn takes_covers(&self) -> bool {
        match &self.format {
            #[cfg(feature = "secure-link-md5")]
            Format::Gcore => true,
            #[cfg(feature = "secure-link-md5")]
            Format::GcoreVideo | Format::GcoreMp4 | Format::Nginx { .. } => false,
            Format::Custom { .. } => false,
        }
    }

    /// Returns a form whose links are in the query.
    fn query_form(&self, hash_name: &str, expression: Expression, covers: Covers) -> Form {
        let name = |given: &Option<String>, default: &str| given.as_deref().unwrap_or(default).into();
        let expires = (!self.never_expires).then(|| name(&self.expires_name, "expires"));
        Form { place: Place::Query { hash: name(&self.hash_name, hash_name), expires }, expression, covers }
    }

    #[cfg(feature = "secure-link-md5")]
    fn mp4_form(&self) -> Form {
        let underscore = || Part::literal("_");
        let parts = [
            Part::Path,
            underscore(),
            Part::Secret,
            underscore(),
            Part::Expires,
            underscore(),
            Part::Query("speed".into()),
            underscore(),
            Part::Query("buffer".into()),
            underscore(),
            Part::Ip,
        ];
        self.query_form("md5", Expression::new(parts.into()), Covers::File)
    }

    fn check_names(&self, site: &str, fixed: Option<&Fixed>, faults: &mut Faults) {
        for (setting, name) in
            [("secure_link.hash_name", &self.hash_name), ("secure_link.expires_name", &self.expires_name)]
        {
            if let Some(name) = name.as_ref().filter(|name| !is_parameter_name(name)) {
                let (site, found) = (site.to_owned(), format!("has the query parameter {name:?}"));
                let write = "letters, digits, hyphens, dots and underscores";
                faults.push(setting, ConfigError::Setting { site, found, write });
            }
        }
        for form in fixed.iter().flat_map(|fixed| &fixed.forms) {
            let Place::Query { hash, expires } = &form.place else { continue };
            if expires.as_ref() == Some(hash) {
                let found =
                    format!("has the query parameter {hash:?} for both a link's proof and its expiry");
                let setting = match self.hash_name {
                    Some(_) => "secure_link.hash_name",
                    None => "secure_link.expires_name",
                };
                faults
                    .push(setting, ConfigError::Setting { site: site.to_owned(), found, write: "two names" });
            }
            if form.expression.query_names().any(|name| name == &**hash) {
                let found = format!(
                    "has a secure link whose expression contains {{query:{hash}}}, which is its own proof"
                );
                let write = "another parameter, or none";
                faults.push(
                    "secure_link.expression",
                    ConfigError::Setting { site: site.to_owned(), found, write },
                );
            }
        }
    }

    /// Returns the minimum length of the secret for the hash, in bytes.
    fn least_secret_len(&self) -> usize {
        match &self.format {
            #[cfg(feature = "secure-link-md5")]
            Format::Gcore | Format::GcoreVideo | Format::GcoreMp4 | Format::Nginx { .. } => MIN_SECRET_LEN,
            Format::Custom { hash, .. } if hash.is_keyed() => MIN_KEY_LEN,
            Format::Custom { .. } => MIN_SECRET_LEN,
        }
    }

    fn check_secrets(&self, site: &str, faults: &mut Faults) -> ArrayVec<Box<[u8]>, MAX_SECRETS> {
        let least = self.least_secret_len();
        let mut secrets = ArrayVec::new();
        let mut wrong = |found: String, write: &'static str| {
            faults.push("secure_link.secret", ConfigError::Setting { site: site.to_owned(), found, write });
        };
        if self.secrets.is_empty() || self.secrets.len() > MAX_SECRETS {
            wrong(
                format!("has a secure link with {} secrets", self.secrets.len()),
                "one, or two during a rotation",
            );
            return secrets;
        }
        for SharedSecret(place) in &self.secrets {
            let secret = match place {
                SecretPlace::Here(secret) => secret,
                SecretPlace::Unread => continue, // its fault was reported
                SecretPlace::File(_) | SecretPlace::Env(_) => {
                    let found = "has a secure link whose secret is in a file or variable, which only a verifier's builder reads";
                    wrong(found.to_owned(), "the secret itself, or build the verifier with this site");
                    continue;
                }
            };
            if secret.len() < least {
                let write = if least == MIN_KEY_LEN { "32 bytes or more" } else { "6 bytes or more" };
                wrong(format!("has a secure link whose secret has {} bytes", secret.len()), write);
            } else if secrets.contains(secret) {
                wrong("has a secure link with the same secret twice".to_owned(), "it once");
            } else {
                secrets.push(secret.clone());
            }
        }
        secrets
    }
}

impl Part {
    #[cfg(feature = "secure-link-md5")]
    fn literal(text: &str) -> Self {
        Self::Literal(text.into())
    }
}

impl Fixed {
    /// Returns the settings of nginx, and of the CDNs whose edges are nginx.
    #[cfg(feature = "secure-link-md5")]
    fn md5<const N: usize>(forms: [Form; N]) -> Self {
        Self {
            forms: forms.into_iter().collect(),
            hash: LinkHash::Md5,
            proof: ProofText::Nginx,
            good_in_its_last_second: false,
        }
    }
}

fn covered_by(expression: &Expression) -> Covers {
    if expression.has(&Part::Path) { Covers::File } else { Covers::Directory }
}

/// Returns the places of links with these forms: query parameters, and segments below the site's base path.
fn places_of(forms: &[Form], base_path: &str) -> Places {
    let mut places = Places::default();
    for form in forms {
        match &form.place {
            Place::Query { hash, expires } => {
                let names = std::iter::once(&**hash).chain(expires.as_deref());
                for name in names.chain(form.expression.query_names()) {
                    if !places.query.iter().any(|known| **known == *name) {
                        places.query.push(name.into());
                    }
                }
            }
            Place::Segments => {
                let kinds = KINDS.iter().map(|kind| SegmentPlace::new(format!("{base_path}{kind}/"), 1));
                places.path.extend(kinds);
            }
        }
    }
    places
}
