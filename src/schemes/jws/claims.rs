use arrayvec::ArrayVec;
use serde::de::Deserialize;

use super::date::NumericDate;
#[cfg(feature = "mint")]
use crate::error::ClaimName;
use crate::error::TokenFault;
use crate::schemes::claim::{ClaimSource, ClaimValue};
use crate::schemes::json::{JsonStr, Place, StrPlace, Value, array_has, read_object};
use crate::time::UnixSeconds;

/// A claim: absent, malformed or present.
///
/// A malformed claim is never treated as absent: `"exp": "1750000000"` is malformed, and does not mean "never expires". A hook
/// should match all three by name and refuse in its wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim<T> {
    /// The object has no such member.
    Absent,
    /// The member is present, but has the wrong JSON type or a value out of range.
    Malformed,
    /// The claim's value.
    Present(T),
}

impl<T> Claim<T> {
    /// Maps a present value. Returns `None` if `map` fails.
    fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Option<Claim<U>> {
        match self {
            Self::Absent => Some(Claim::Absent),
            Self::Malformed => Some(Claim::Malformed),
            Self::Present(value) => map(value).map(Claim::Present),
        }
    }
}

impl Claim<NumericDate> {
    /// Returns the date, floored. A date that looks like milliseconds is malformed.
    fn in_seconds(self) -> Claim<UnixSeconds> {
        match self {
            Self::Present(date) if date.looks_like_milliseconds() => Claim::Malformed,
            Self::Present(date) => Claim::Present(date.floor()),
            Self::Absent => Claim::Absent,
            Self::Malformed => Claim::Malformed,
        }
    }
}

/// The claims of a token, borrowed from the decoded payload. The `Debug` output shows only the dates.
#[derive(Clone, Copy)]
pub struct Claims<'t> {
    /// Valid UTF-8, checked when the payload was parsed.
    json: &'t [u8],
    pub(crate) uri: Claim<JsonStr<'t>>,
    pub(crate) exp: DateClaim,
    pub(crate) nbf: DateClaim,
    // Most sites check neither, so only the positions are kept.
    iss: Claim<StrPlace>,
    aud: Claim<AudiencePlace>,
}

/// A date. The malformed form that one switch of [`danger`](crate::keys::danger) admits is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateClaim {
    Plain(Claim<NumericDate>),
    /// Digits in a string.
    Digits(NumericDate),
}

impl DateClaim {
    /// Returns the date by RFC 7519 §2.
    pub(crate) const fn strict(self) -> Claim<NumericDate> {
        self.read(false)
    }

    /// Returns the date. If `digit_strings` is true, digits in a string count too, for keys whose issuer writes them.
    pub(crate) const fn read(self, digit_strings: bool) -> Claim<NumericDate> {
        match (self, digit_strings) {
            (Self::Plain(claim), _) => claim,
            (Self::Digits(date), true) => Claim::Present(date),
            (Self::Digits(_), false) => Claim::Malformed,
        }
    }
}

/// The positions of claims in their payload, and the dates: enough to restore the claims without parsing the payload again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    uri: Claim<StrPlace>,
    exp: DateClaim,
    nbf: DateClaim,
    iss: Claim<StrPlace>,
    aud: Claim<AudiencePlace>,
}

/// The place of one audience, or of an array of them (RFC 7519 §4.1.3).
#[derive(Clone, Copy, Debug)]
enum AudiencePlace {
    One(StrPlace),
    Several(Place),
}

impl<'t> Claims<'t> {
    /// Returns the positions of the claims, or `None` if the payload is larger than a token's payload can be.
    pub(super) fn places(&self) -> Option<Places> {
        let text = self.json;
        Some(Places {
            uri: self.uri.try_map(|uri| uri.place_in(text))?,
            exp: self.exp,
            nbf: self.nbf,
            iss: self.iss,
            aud: self.aud,
        })
    }

    /// Returns the claims at these positions of the same payload.
    pub(super) fn at(text: &'t [u8], places: &Places) -> Option<Self> {
        Some(Self {
            json: text,
            uri: places.uri.try_map(|place| JsonStr::at(text, place))?,
            exp: places.exp,
            nbf: places.nbf,
            iss: places.iss,
            aud: places.aud,
        })
    }

    /// Parses a decoded payload.
    pub(crate) fn parse(json: &'t str) -> Result<Self, TokenFault> {
        Self::parse_utf8(json.as_bytes())
    }

    /// Parses a decoded payload that is valid UTF-8.
    pub(super) fn parse_utf8(json: &'t [u8]) -> Result<Self, TokenFault> {
        let mut claims = Self {
            json,
            uri: Claim::Absent,
            exp: DateClaim::Plain(Claim::Absent),
            nbf: DateClaim::Plain(Claim::Absent),
            iss: Claim::Absent,
            aud: Claim::Absent,
        };
        read_object(json, |name, value| match name.as_one_of(&["uri", "exp", "nbf", "iss", "aud"]) {
            b"uri" => claims.uri = string(value),
            b"exp" => claims.exp = date(value),
            b"nbf" => claims.nbf = date(value),
            b"iss" => {
                let place = string(value).try_map(|iss| iss.place_in(json));
                claims.iss = place.unwrap_or(Claim::Malformed); // every payload is short enough for positions
            }
            b"aud" => {
                let place = match value {
                    Value::String(one) => one.place_in(json).map(AudiencePlace::One),
                    Value::Array(several) => Place::of(several, json).map(AudiencePlace::Several),
                    _ => None,
                };
                claims.aud = place.map_or(Claim::Malformed, Claim::Present);
            }
            _ => {}
        })?;
        Ok(claims)
    }

    /// Returns the decoded payload.
    pub(super) const fn payload(&self) -> &'t [u8] {
        self.json
    }

    /// Returns the payload as JSON text: one strictly parsed object.
    pub fn json(&self) -> &'t str {
        str::from_utf8(self.json).unwrap_or_default()
    }

    /// Deserializes the claims into the caller's own type, borrowed if `T` borrows.
    ///
    /// # Errors
    ///
    /// Returns serde's error if the payload cannot be deserialized into `T`.
    pub fn parse_as<T: Deserialize<'t>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.json)
    }

    /// Returns the text of a custom claim. The claim is `Malformed` if it is not a string.
    pub fn text(&self, name: &str) -> Claim<JsonStr<'t>> {
        let mut found = Claim::Absent;
        let read = read_object(self.json, |member, value| {
            if member.is(name) {
                found = string(value);
            }
        });
        read.map_or(Claim::Malformed, |()| found)
    }

    /// Returns a claim that is a string, a number or a boolean as text.
    pub(crate) fn scalar(&self, name: &str) -> Option<String> {
        let mut found = None;
        let read = read_object(self.json, |member, value| {
            if member.is(name) {
                found = match value {
                    Value::String(text) => Some(text.chars().collect()),
                    Value::Number(number) => Some(String::from_utf8_lossy(number).into_owned()),
                    Value::Bool(flag) => Some(flag.to_string()),
                    Value::Array(_) | Value::Object(_) | Value::Null => None,
                };
            }
        });
        read.ok().and(found)
    }

    /// Returns when the token was issued: `iat`, floored. A date in milliseconds is malformed, so that no revocation of tokens issued
    /// before some date misses the token.
    pub(crate) fn issued_at(&self) -> Claim<UnixSeconds> {
        self.iat().strict().in_seconds()
    }

    fn iat(&self) -> DateClaim {
        let mut found = DateClaim::Plain(Claim::Absent);
        let read = read_object(self.json, |member, value| {
            if member.is("iat") {
                found = date(value);
            }
        });
        read.map_or(DateClaim::Plain(Claim::Malformed), |()| found)
    }

    /// Checks that neither `exp` nor `nbf` is in milliseconds, before a signer signs them.
    #[cfg(feature = "mint")]
    pub(crate) fn refuse_milliseconds(&self) -> Result<(), TokenFault> {
        for (claim, date) in [(ClaimName::Exp, self.exp), (ClaimName::Nbf, self.nbf)] {
            if let Some(date) = in_milliseconds(date) {
                return Err(TokenFault::Milliseconds { claim, date: date.floor() });
            }
        }
        Ok(())
    }

    /// Returns whether `iat` is in milliseconds.
    #[cfg(feature = "mint")]
    pub(crate) fn is_issued_in_milliseconds(&self) -> bool {
        in_milliseconds(self.iat()).is_some()
    }

    /// Returns a claim as a name that can be revoked: text, or the digits of a number. Also returns `None` if the claim does not
    /// fit the buffer, because then it is longer than any revocable name.
    pub(crate) fn name<'b, const N: usize>(
        &self,
        name: &str,
        buffer: &'b mut ArrayVec<u8, N>,
    ) -> Option<&'b [u8]>
    where
        't: 'b,
    {
        let mut found = None;
        let read = read_object(self.json, |member, value| {
            if member.is(name) {
                found = Some(value);
            }
        });
        match read.ok().and(found)? {
            Value::String(text) => text.resolve(buffer),
            Value::Number(number) => Some(number),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => None,
        }
    }

    /// Returns whether a custom claim is exactly this string.
    pub fn has(&self, name: &str, value: &str) -> bool {
        matches!(self.text(name), Claim::Present(text) if text.is(value))
    }

    /// Returns when the token expires: `exp`, rounded down to a second. A date in milliseconds is malformed.
    pub fn expires_at(&self) -> Claim<UnixSeconds> {
        self.exp.strict().in_seconds()
    }

    /// Returns `iss`.
    pub(crate) fn issuer(&self) -> Claim<JsonStr<'t>> {
        match self.iss {
            Claim::Absent => Claim::Absent,
            Claim::Malformed => Claim::Malformed,
            Claim::Present(place) => JsonStr::at(self.json, place).map_or(Claim::Malformed, Claim::Present),
        }
    }

    /// Returns whether `iss` is this issuer.
    pub(crate) fn issuer_is(&self, issuer: &str) -> Claim<bool> {
        match self.issuer() {
            Claim::Absent => Claim::Absent,
            Claim::Malformed => Claim::Malformed,
            Claim::Present(text) => Claim::Present(text.is(issuer)),
        }
    }

    /// Returns whether `aud` is, or contains, this audience.
    pub(crate) fn audience_has(&self, audience: &str) -> Claim<bool> {
        match self.aud {
            Claim::Absent => Claim::Absent,
            Claim::Malformed => Claim::Malformed,
            Claim::Present(AudiencePlace::One(place)) => match JsonStr::at(self.json, place) {
                Some(text) => Claim::Present(text.is(audience)),
                None => Claim::Malformed,
            },
            // RFC 7519 §4.1.3: "an array of case-sensitive strings".
            Claim::Present(AudiencePlace::Several(place)) => {
                let has = place.read(self.json).and_then(|array| array_has(array, audience));
                has.map_or(Claim::Malformed, Claim::Present)
            }
        }
    }
}

impl ClaimSource for Claims<'_> {
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>> {
        member(self.json, name)
    }
}

/// Returns whether a text is a JSON object that [`member`] can read. The text is valid UTF-8.
pub(crate) fn is_readable(json: &[u8]) -> bool {
    read_object(json, |_, _| {}).is_ok()
}

/// Returns a member of a JSON object, or `None` if the object has none of this name. The text is valid UTF-8.
pub(crate) fn member<'t>(json: &'t [u8], name: &str) -> Option<ClaimValue<'t>> {
    let mut found = None;
    let read = read_object(json, |member, value| {
        if member.is(name) {
            found = Some(match value {
                Value::String(text) => ClaimValue::Text(text),
                Value::Number(number) => {
                    let number = str::from_utf8(number).unwrap_or_default();
                    number.parse().map_or(ClaimValue::Number(number), ClaimValue::Integer)
                }
                Value::Bool(flag) => ClaimValue::Bool(flag),
                Value::Array(_) | Value::Object(_) | Value::Null => ClaimValue::Other,
            });
        }
    });
    read.ok().and(found)
}

impl std::fmt::Debug for Claims<'_> {
    /// Shows only the dates: the other claims may be about a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims").field("exp", &self.exp).field("nbf", &self.nbf).finish_non_exhaustive()
    }
}

fn string(value: Value<'_>) -> Claim<JsonStr<'_>> {
    match value {
        Value::String(text) => Claim::Present(text),
        Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
            Claim::Malformed
        }
    }
}

#[cfg(feature = "mint")]
fn in_milliseconds(claim: DateClaim) -> Option<NumericDate> {
    match claim.read(true) {
        Claim::Present(date) => date.looks_like_milliseconds().then_some(date),
        Claim::Absent | Claim::Malformed => None,
    }
}

fn date(value: Value<'_>) -> DateClaim {
    let digits = |text: JsonStr<'_>| NumericDate::parse_digits(text.plain()?.as_bytes());
    match value {
        Value::Number(number) => {
            DateClaim::Plain(NumericDate::parse(number).map_or(Claim::Malformed, Claim::Present))
        }
        Value::String(text) => digits(text).map_or(DateClaim::Plain(Claim::Malformed), DateClaim::Digits),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
            DateClaim::Plain(Claim::Malformed)
        }
    }
}

#[cfg(test)]
mod tests;
