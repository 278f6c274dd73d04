use std::collections::BTreeMap;
use std::time::Duration;

use playgate::cors::Cors;

use super::Malformed;

/// A CORS header that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CorsHeader {
    /// `Access-Control-Allow-Origin`: `*` or one origin.
    AllowOrigin,
    /// `Access-Control-Allow-Methods`. It changes the headers only: media is served for `GET` and `HEAD`.
    AllowMethods,
    /// `Access-Control-Max-Age`, in seconds.
    MaxAge,
    /// `Access-Control-Allow-Credentials`: `true` or `false`.
    AllowCredentials,
}

impl CorsHeader {
    const ALL: [Self; 4] = [Self::AllowOrigin, Self::AllowMethods, Self::MaxAge, Self::AllowCredentials];

    /// Returns the name of the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowOrigin => "Access-Control-Allow-Origin",
            Self::AllowMethods => "Access-Control-Allow-Methods",
            Self::MaxAge => "Access-Control-Max-Age",
            Self::AllowCredentials => "Access-Control-Allow-Credentials",
        }
    }

    /// Returns the header with this name, in any case.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the name is not one of the four.
    pub fn parse(name: &str) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|header| header.name().eq_ignore_ascii_case(name)).ok_or(Malformed(
            "a CORS header is Access-Control-Allow-Origin, -Allow-Methods, -Max-Age or -Allow-Credentials",
        ))
    }

    /// Checks a value and returns its usual form.
    fn check(self, value: &str) -> Result<String, Malformed> {
        match self {
            Self::AllowOrigin => Ok(value.to_owned()), // checked together with the credentials
            Self::AllowMethods => {
                let methods: Vec<String> =
                    value.split(',').map(|method| method.trim().to_ascii_uppercase()).collect();
                if methods.iter().all(|method| METHODS.contains(&&**method)) {
                    Ok(methods.join(", "))
                } else {
                    Err(Malformed(
                        "the methods are a list of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE and PATCH",
                    ))
                }
            }
            Self::MaxAge => {
                let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = value.parse::<u32>().ok().filter(|_| is_number);
                seconds.map(|seconds| seconds.to_string()).ok_or(Malformed("the age is a number of seconds"))
            }
            Self::AllowCredentials => match value {
                "true" | "false" => Ok(value.to_owned()),
                _ => Err(Malformed("the value is \"true\" or \"false\"")),
            },
        }
    }
}

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

const PARTICULAR_ORIGIN: Malformed = Malformed("with credentials, the header names one particular origin");

/// The CORS headers of a bucket, a live domain or a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsHeaders(BTreeMap<CorsHeader, String>);

impl CorsHeaders {
    /// Checks headers.
    ///
    /// # Errors
    ///
    /// Returns the header that was found wrong, and the rule: an unknown or repeated name, a value that is not of its header, an
    /// origin that browsers would not send, or `*` together with credentials.
    pub fn check<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    ) -> Result<Self, (String, Malformed)> {
        let headers = Self::check_each(headers)?;
        if headers.allows_credentials() && headers.get(CorsHeader::AllowOrigin).is_none() {
            return Err((CorsHeader::AllowOrigin.name().to_owned(), PARTICULAR_ORIGIN));
        }
        Ok(headers)
    }

    /// Checks headers, of which the origin may have been deleted.
    fn check_each<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    ) -> Result<Self, (String, Malformed)> {
        let mut checked = BTreeMap::new();
        for (name, value) in headers {
            let of_name = |error| (name.to_owned(), error);
            let header = CorsHeader::parse(name).map_err(of_name)?;
            let value = header.check(value).map_err(of_name)?;
            if checked.insert(header, value).is_some() {
                return Err(of_name(Malformed("the header is given twice")));
            }
        }
        let headers = Self(checked);
        headers.check_origin().map_err(|error| (CorsHeader::AllowOrigin.name().to_owned(), error))?;
        Ok(headers)
    }

    /// Checks the origin by building a policy with it, so that the rules are those of the verifier.
    fn check_origin(&self) -> Result<(), Malformed> {
        if self.allows_credentials() && self.get(CorsHeader::AllowOrigin) == Some("*") {
            return Err(PARTICULAR_ORIGIN);
        }
        let Some(cors) = self.to_cors() else { return Ok(()) };
        let site = playgate::Site::bucket("check").any_host().cors(cors);
        playgate::Policy::builder().site(site).build().map(drop).map_err(|_| {
            Malformed("the header is \"*\" or one origin: scheme, host and, if needed, port, as in https://app.example.com")
        })
    }

    /// Returns the value of a header.
    pub fn get(&self, header: CorsHeader) -> Option<&str> {
        self.0.get(&header).map(String::as_str)
    }

    /// Returns names and values, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(header, value)| (header.name(), value.as_str()))
    }

    /// Returns the headers without one of them, or `None` if it is not set. Without an origin, the other headers have no effect.
    #[must_use]
    pub fn without(&self, header: CorsHeader) -> Option<Self> {
        let mut rest = self.clone();
        rest.0.remove(&header).map(|_| rest)
    }

    /// Returns the policy in force, or `None` without an origin.
    pub(crate) fn to_cors(&self) -> Option<Cors> {
        let origin = [self.get(CorsHeader::AllowOrigin)?];
        let mut cors = if self.allows_credentials() {
            Cors::with_credentials(origin)
        } else {
            Cors::without_credentials(origin)
        };
        if let Some(methods) = self.get(CorsHeader::AllowMethods) {
            cors = cors.methods(methods.split(", "));
        }
        if let Some(age) = self.get(CorsHeader::MaxAge).and_then(|age| age.parse().ok()) {
            cors = cors.max_age(Duration::from_secs(age));
        }
        Some(cors)
    }

    fn allows_credentials(&self) -> bool {
        self.get(CorsHeader::AllowCredentials) == Some("true")
    }

    /// Returns the form in which the database stores the headers: a JSON object.
    pub(crate) fn stored(&self) -> String {
        let object: serde_json::Map<_, _> =
            self.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        serde_json::Value::from(object).to_string()
    }
}

impl TryFrom<String> for CorsHeaders {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let object: BTreeMap<String, String> =
            serde_json::from_str(&text).map_err(|_| Malformed("stored CORS headers are a JSON object"))?;
        Self::check_each(object.iter().map(|(name, value)| (&**name, &**value))).map_err(|(_, error)| error)
    }
}

#[cfg(test)]
mod tests;
