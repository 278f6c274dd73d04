use arrayvec::ArrayVec;
use serde::{Deserialize, Deserializer};

use super::places::Places;
use crate::error::{Denial, Repeated, TokenFault};
use crate::request::{
    AUTHORIZATION, COOKIE, MAX_COOKIES_TRIED, MAX_CREDENTIAL_BYTES, PercentFault, RequestView, cookie_values,
    decode_strictly, lines, value_of_one,
};

/// The default name of the query parameter that carries a token.
pub const DEFAULT_QUERY_NAME: &str = "auth";

/// The default name of the cookie that carries a token.
pub const DEFAULT_COOKIE_NAME: &str = "Qencode-Auth-Token";

/// The part of a request in which a credential is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "carrier"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Carrier {
    /// The path itself, for secure links and embed tokens in the path.
    #[serde(skip)]
    Path,
    /// A query parameter. Its value is percent-decoded once.
    Query,
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    Bearer,
    /// A header field of a scheme's own that holds the credential alone.
    #[serde(skip)]
    Header,
    /// A cookie. Its value is used as received.
    Cookie,
}

impl Carrier {
    /// The order in which carriers are searched. The first one with a credential decides.
    pub(crate) const IN_ORDER: [Self; 5] =
        [Self::Path, Self::Query, Self::Bearer, Self::Header, Self::Cookie];
}

/// A set of carriers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CarrierSet(u8);

impl CarrierSet {
    pub(crate) const NONE: Self = Self(0);

    /// Returns the set with this carrier added, if `is_member`.
    #[must_use]
    pub(crate) const fn with(self, carrier: Carrier, is_member: bool) -> Self {
        Self(self.0 | ((is_member as u8) << carrier as u8))
    }

    /// Returns the carriers of both sets.
    #[must_use]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, carrier: Carrier) -> bool {
        self.0 & (1 << carrier as u8) != 0
    }
}

impl FromIterator<Carrier> for CarrierSet {
    fn from_iter<I: IntoIterator<Item = Carrier>>(carriers: I) -> Self {
        carriers.into_iter().fold(Self::NONE, |set, carrier| set.with(carrier, true))
    }
}

impl<'de> Deserialize<'de> for CarrierSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Carrier>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The carriers that the schemes of a site share, and the names they use. In a configuration file these are fields of the site.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Carriers {
    /// The carriers in which a token is searched, in this order: query, bearer, cookie. Default `["query", "cookie"]`.
    // No text is read from the path, so listing it in code is an error.
    #[serde(rename = "carriers")]
    #[cfg_attr(test, schemars(with = "Vec<Carrier>", length(min = 1)))]
    pub(crate) listed: CarrierSet,
    /// The query parameter that carries a token. Default "auth".
    pub(crate) query_name: Box<str>,
    /// The cookie that carries a token. Default "Qencode-Auth-Token".
    pub(crate) cookie_name: Box<str>,
}

impl Default for Carriers {
    fn default() -> Self {
        Self {
            listed: CarrierSet::NONE.with(Carrier::Query, true).with(Carrier::Cookie, true),
            query_name: DEFAULT_QUERY_NAME.into(),
            cookie_name: DEFAULT_COOKIE_NAME.into(),
        }
    }
}

/// A text from a shared carrier, as received.
#[derive(Clone, Copy)]
pub(crate) struct Text<'s> {
    pub(crate) carrier: Carrier,
    pub(crate) raw: &'s [u8],
}

/// The texts of one carrier: one, or several cookies of one name.
pub(crate) type Texts<'r> = ArrayVec<&'r [u8], MAX_COOKIES_TRIED>;

impl Carriers {
    /// Returns the texts of a carrier. There are none if the site does not list the carrier, or the request does not have it.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::AmbiguousCredential`] for a query parameter or an `Authorization` field that occurs twice.
    #[inline]
    pub(crate) fn texts<'r>(
        &self,
        carrier: Carrier,
        query: Option<&'r [u8]>,
        request: &'r (impl RequestView + ?Sized),
    ) -> Result<Texts<'r>, Denial> {
        let mut texts = Texts::new();
        match carrier {
            Carrier::Query if self.lists(carrier) => {
                if let Some(query) = query
                    && let Some(value) =
                        value_of_one(query, &self.query_name).map_err(Denial::AmbiguousCredential)?
                {
                    texts.push(value);
                }
            }
            Carrier::Bearer if self.lists(carrier) => texts.extend(bearer(request)?),
            Carrier::Cookie if self.lists(carrier) => {
                let cookies = cookie_values(lines(request, COOKIE), &self.cookie_name);
                texts.extend(cookies.take(MAX_COOKIES_TRIED));
            }
            Carrier::Path | Carrier::Query | Carrier::Bearer | Carrier::Header | Carrier::Cookie => {}
        }
        Ok(texts)
    }

    /// Returns whether texts are read from this carrier.
    pub(crate) const fn lists(&self, carrier: Carrier) -> bool {
        self.listed.has(carrier)
    }

    /// Returns the same names with no carrier listed.
    pub(crate) fn unlisted(self) -> Self {
        Self { listed: CarrierSet::NONE, ..self }
    }

    /// Returns the places of these names in a request.
    pub(crate) fn places(&self) -> Places {
        Places {
            query: self.lists(Carrier::Query).then(|| self.query_name.clone()).into_iter().collect(),
            cookies: self.lists(Carrier::Cookie).then(|| self.cookie_name.clone()).into_iter().collect(),
            bearer: self.lists(Carrier::Bearer),
            ..Places::default()
        }
    }
}

/// Returns the token of the only `Authorization` field, if its scheme is `Bearer`.
fn bearer(request: &(impl RequestView + ?Sized)) -> Result<Option<&[u8]>, Denial> {
    match request.field(AUTHORIZATION, 0) {
        None => Ok(None),
        Some(_) if request.field(AUTHORIZATION, 1).is_some() => {
            Err(Denial::AmbiguousCredential(Repeated::Authorization))
        }
        Some(field) => Ok(bearer_token(field)),
    }
}

/// Returns the token of an `Authorization` field whose scheme is `Bearer`, in any case (RFC 9110 §11.1).
pub(crate) fn bearer_token(field: &[u8]) -> Option<&[u8]> {
    crate::work::visited(field.len());
    let field = field.trim_ascii();
    let (scheme, rest) = field.split_at_checked(b"Bearer".len())?;
    let bearer = scheme.eq_ignore_ascii_case(b"Bearer") && matches!(rest.first(), None | Some(b' ' | b'\t'));
    bearer.then(|| rest.trim_ascii_start())
}

/// The buffer for a percent-decoded query value.
pub(crate) type Decoded = ArrayVec<u8, MAX_CREDENTIAL_BYTES>;

/// Returns the token of a raw credential. A value from the query is percent-decoded once; other values are returned unchanged.
pub(crate) fn token_text<'t>(
    carrier: Carrier,
    raw: &'t [u8],
    decoded: &'t mut Decoded,
) -> Result<&'t [u8], Denial> {
    match carrier {
        Carrier::Query if memchr::memchr(b'%', raw).is_some() => {
            decoded.clear();
            decode_strictly(raw, decoded).map_err(|fault| {
                Denial::MalformedToken(match fault {
                    PercentFault::Encoding => TokenFault::PercentEncoding,
                    PercentFault::Full => TokenFault::TooLong,
                })
            })?;
            Ok(decoded)
        }
        Carrier::Query | Carrier::Bearer | Carrier::Header | Carrier::Cookie | Carrier::Path => Ok(raw),
    }
}

#[cfg(test)]
mod tests;
