use super::MIN_KEY_DIGITS;
use super::rules::{AkamaiRules, MAX_ESCAPINGS, MAX_KEYS, Salt};
use super::settings::{Akamai, AkamaiCarrier};
use crate::crypto::{MacHash, MacKey};
use crate::error::{ConfigError, Faults};
use crate::request::hex_value;
use crate::schemes::places::Places;
#[cfg(feature = "config")]
use crate::schemes::secret::SecretSlots;
use crate::schemes::secret::{SecretPlace, SharedSecret};
use crate::schemes::settings::{SchemeSettings, SiteCheck};

impl SchemeSettings for Akamai {
    type Rules = AkamaiRules;

    fn by_default() -> Result<Self, &'static str> {
        Err("[site.akamai] with its secret_file or secret_env")
    }

    fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<AkamaiRules> {
        self.check_for(site.id, faults)
    }

    #[cfg(feature = "config")]
    fn secrets(&mut self) -> Option<SecretSlots<'_>> {
        Some(SecretSlots {
            file_setting: "akamai.secret_file",
            env_setting: "akamai.secret_env",
            least: MIN_KEY_DIGITS,
            secrets: &mut self.secrets,
        })
    }
}

impl Akamai {
    fn is_in(&self, carrier: AkamaiCarrier) -> bool {
        self.carriers.contains(&carrier)
    }

    /// Checks the settings and returns the checked form, or `None` if there was a fault. Every fault is pushed to `faults`.
    pub(super) fn check_for(&self, site: &str, faults: &mut Faults) -> Option<AkamaiRules> {
        let before = faults.len();
        let mut wrong = |setting: &'static str, found: &str, write: &'static str| {
            let (site, found) = (site.to_owned(), format!("has Akamai tokens {found}"));
            faults.push(setting, ConfigError::Setting { site, found, write });
        };
        if self.names.is_empty() {
            wrong("akamai.names", "without a name", "names = [\"hdnts\"]");
        }
        for (index, name) in self.names.iter().enumerate() {
            if !is_name(name) {
                let write = "letters, digits, hyphens and underscores, a letter or an underscore first";
                wrong("akamai.names", &format!("with the name {name:?}"), write);
            } else if self.names.iter().take(index).any(|other| other.eq_ignore_ascii_case(name)) {
                wrong("akamai.names", &format!("with the name {name:?} twice"), "it once");
            }
        }
        if self.carriers.is_empty() {
            wrong("akamai.carriers", "in no carrier", "one of query, header and cookie");
        }
        if self.url_escaping.is_empty() {
            wrong("akamai.url_escaping", "without a way to write a URL", "one of none, edge and cloudinary");
        }
        let mut url_escaping = arrayvec::ArrayVec::<_, MAX_ESCAPINGS>::new();
        for escaping in &self.url_escaping {
            if !url_escaping.contains(escaping) {
                url_escaping.extend([*escaping]);
            }
        }
        if self.salt.as_ref().is_some_and(String::is_empty) {
            wrong("akamai.salt", "with an empty salt", "its text, or no salt");
        }
        let keys = self.check_keys(&mut wrong);
        if faults.len() > before {
            return None;
        }
        let named = |carrier, lower: bool| -> Vec<Box<str>> {
            let names = self.names.iter().filter(|_| self.is_in(carrier));
            names
                .map(|name| if lower { name.to_ascii_lowercase().into() } else { name.as_str().into() })
                .collect()
        };
        let places = Places {
            query: named(AkamaiCarrier::Query, false),
            cookies: named(AkamaiCarrier::Cookie, false),
            headers: named(AkamaiCarrier::Header, true),
            ..Places::default()
        };
        Some(AkamaiRules {
            places,
            hash: self.hash,
            keys,
            salt: self.salt.as_ref().map(|salt| Salt(salt.as_bytes().into())),
            ignore_query: self.ignore_query,
            url_escaping,
        })
    }

    fn check_keys(
        &self,
        wrong: &mut dyn FnMut(&'static str, &str, &'static str),
    ) -> arrayvec::ArrayVec<MacKey, MAX_KEYS> {
        let mut keys = arrayvec::ArrayVec::new();
        let mut known: Vec<Vec<u8>> = Vec::new();
        if self.secrets.is_empty() || self.secrets.len() > MAX_KEYS {
            wrong(
                "akamai.secret",
                &format!("with {} keys", self.secrets.len()),
                "one, or two during a rotation",
            );
            return keys;
        }
        for SharedSecret(place) in &self.secrets {
            let digits = match place {
                SecretPlace::Here(digits) => digits,
                SecretPlace::Unread => continue, // its fault was reported
                SecretPlace::File(_) | SecretPlace::Env(_) => {
                    let found = "whose key is in a file or variable, which only a verifier's builder reads";
                    wrong("akamai.secret", found, "the key itself, or build the verifier with this site");
                    continue;
                }
            };
            let (pairs, odd) = digits.as_chunks::<2>();
            let key: Option<Vec<u8>> =
                pairs.iter().map(|&[high, low]| Some((hex_value(high)? << 4) | hex_value(low)?)).collect();
            let Some(key) = key.filter(|_| odd.iter().all(|digit| hex_value(*digit).is_some())) else {
                wrong("akamai.secret", "whose key is not hexadecimal", "only the key's hexadecimal digits");
                continue;
            };
            if !odd.is_empty() {
                let write = "an even number of digits: without the last one if tokens are made with JavaScript, which drops it";
                wrong("akamai.secret", &format!("whose key has {} hexadecimal digits", digits.len()), write);
            } else if digits.len() < MIN_KEY_DIGITS {
                let found = format!("whose key has {} hexadecimal digits", digits.len());
                wrong("akamai.secret", &found, "12 digits or more");
            } else if known.contains(&key) {
                wrong("akamai.secret", "with the same key twice", "it once");
            } else if let Some(prepared) = MacKey::new(self.hash, &key) {
                keys.extend([prepared]);
                known.push(key);
            } else {
                let write = match self.hash {
                    MacHash::Md5 => "the feature secure-link-md5 in the dependency on playgate",
                    MacHash::Sha256 | MacHash::Sha1 => "the feature aws-lc in the dependency on playgate",
                };
                wrong("akamai.hash", "with a hash that this build does not have", write);
                break;
            }
        }
        keys
    }
}

/// Returns whether Akamai accepts the text as the name of a token.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
