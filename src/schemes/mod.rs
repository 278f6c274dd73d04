//! Which carrier brings a credential, and of which kind is it?
//!
//! Carriers are asked in one order: query, `Authorization: Bearer`, cookie; those that the site does not list are
//! not looked at. **The first one that is present decides**: a bad token in the query is refused even beside a good
//! cookie. Present is what has the name, whatever its value; `Basic` and other authorization schemes are absent.
//!
//! Three kinds of credential are known: signed tokens (compact JWS); [embed tokens](crate::schemes::embed), which stand in the same
//! carriers or in the path, and are told from the former by their form; and [secure links](crate::schemes::link), which stand in the
//! path or, where no token does, in the query.

pub mod embed;
pub mod jws;
pub mod link;

use arrayvec::ArrayVec;

use crate::error::{Denial, Repeated, TokenFault};
use crate::request::{
    AUTHORIZATION, COOKIE, MAX_COOKIES_TRIED, MAX_CREDENTIAL_BYTES, PercentFault, RequestView, cookie_values,
    decode_strictly, lines, value_of_one,
};

/// The query parameter that carries a token, unless a site names another.
pub const DEFAULT_QUERY_NAME: &str = "auth";

/// The cookie that carries a token, unless a site names another.
pub const DEFAULT_COOKIE_NAME: &str = "Qencode-Auth-Token";

/// Where a credential sits in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// The path itself, for secure links and embed tokens that stand there.
    Path,
    /// A query parameter; the value is percent-decoded once.
    Query,
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    Bearer,
    /// A cookie; the value is taken as it stands.
    Cookie,
}

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// A compact JWS with JWT claims.
    SignedToken,
    /// A URL with an expiry and a hash.
    SecureLink,
    /// An opaque token with a record behind it.
    EmbedToken,
}

impl Scheme {
    /// The name in configuration and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedToken => "signed-token",
            Self::SecureLink => "secure-link",
            Self::EmbedToken => "embed-token",
        }
    }
}

/// The carriers that a site listens to, and the names they use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carriers {
    pub(crate) query: bool,
    pub(crate) bearer: bool,
    pub(crate) cookie: bool,
    pub(crate) query_name: Box<str>,
    pub(crate) cookie_name: Box<str>,
}

impl Default for Carriers {
    fn default() -> Self {
        Self {
            query: true,
            bearer: false,
            cookie: true,
            query_name: DEFAULT_QUERY_NAME.into(),
            cookie_name: DEFAULT_COOKIE_NAME.into(),
        }
    }
}

/// The credentials that the deciding carrier brings, as they stand in the request.
#[derive(Clone, Debug)]
pub(crate) enum Presented<'r> {
    None,
    One(Carrier, &'r [u8]),
    Cookies(ArrayVec<&'r [u8], MAX_COOKIES_TRIED>),
}

impl Carriers {
    /// The first carrier that is present.
    pub(crate) fn find<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
        query: Option<&'r [u8]>,
    ) -> Result<Presented<'r>, Denial> {
        match self.find_in_query(query)? {
            Some(token) => Ok(token),
            None => self.find_in_headers(request),
        }
    }

    /// What the query brings.
    pub(crate) fn find_in_query<'r>(&self, query: Option<&'r [u8]>) -> Result<Option<Presented<'r>>, Denial> {
        let Some(query) = query.filter(|_| self.query) else { return Ok(None) };
        let value = value_of_one(query, &self.query_name).map_err(Denial::AmbiguousCredential)?;
        Ok(value.map(|value| Presented::One(Carrier::Query, value)))
    }

    /// What the first header that is present brings.
    pub(crate) fn find_in_headers<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
    ) -> Result<Presented<'r>, Denial> {
        if self.bearer
            && let Some(value) = bearer(request)?
        {
            return Ok(Presented::One(Carrier::Bearer, value));
        }
        if self.cookie {
            let mut cookies = cookie_values(lines(request, COOKIE), &self.cookie_name);
            if let Some(first) = cookies.next() {
                let mut tried = ArrayVec::new();
                tried.push(first);
                tried.extend(cookies.take(MAX_COOKIES_TRIED.saturating_sub(1)));
                return Ok(Presented::Cookies(tried));
            }
        }
        Ok(Presented::None)
    }
}

/// The token of the one `Authorization` field, if that is a bearer's.
fn bearer(request: &(impl RequestView + ?Sized)) -> Result<Option<&[u8]>, Denial> {
    match request.field(AUTHORIZATION, 0) {
        None => Ok(None),
        Some(_) if request.field(AUTHORIZATION, 1).is_some() => {
            Err(Denial::AmbiguousCredential(Repeated::Authorization))
        }
        Some(field) => Ok(bearer_token(field)),
    }
}

/// The token of an `Authorization` field whose scheme is `Bearer`, in any case (RFC 9110 §11.1).
pub(crate) fn bearer_token(field: &[u8]) -> Option<&[u8]> {
    crate::work::visited(field.len());
    let field = field.trim_ascii();
    let (scheme, rest) = field.split_at_checked(b"Bearer".len())?;
    let bearer = scheme.eq_ignore_ascii_case(b"Bearer") && matches!(rest.first(), None | Some(b' ' | b'\t'));
    bearer.then(|| rest.trim_ascii_start())
}

/// Where a query value is percent-decoded.
pub(crate) type Decoded = ArrayVec<u8, MAX_CREDENTIAL_BYTES>;

/// The token that a raw credential stands for: percent-decoded once from the query, as it is from elsewhere.
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
        Carrier::Query | Carrier::Bearer | Carrier::Cookie | Carrier::Path => Ok(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_is_a_scheme_in_any_case_and_nothing_else_is() {
        for (field, token) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bEARER   a.b.c  ", Some("a.b.c")),
            ("Bearer\ta.b.c", Some("a.b.c")),
            ("Bearer", Some("")),
            ("Bearer ", Some("")),
            ("Bearera.b.c", None),
            ("Basic a.b.c", None),
            ("", None),
            ("a.b.c", None),
        ] {
            assert_eq!(bearer_token(field.as_bytes()), token.map(str::as_bytes), "{field:?}");
        }
    }
}
