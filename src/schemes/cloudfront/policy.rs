//! Policies: the text of a canned policy, and the meaning of a custom one.

use ipnet::Ipv4Net;

use super::url::RequestedUrl;
use crate::crypto::{MessageDigest, SignatureHash};
use crate::error::UrlSignatureFault;
use crate::schemes::json::{JsonStr, Value, only_element, read_object};
use crate::time::UnixSeconds;

/// A policy. Its signature was verified, or is still to be verified.
#[derive(Clone, Copy)]
pub(super) struct Policy<'p> {
    /// The `Resource`, or `None` to cover everything.
    pub(super) resource: Option<JsonStr<'p>>,
    pub(super) expires: UnixSeconds,
    pub(super) starts: Option<UnixSeconds>,
    /// The range, as spelled and as parsed.
    pub(super) client: Option<(JsonStr<'p>, Ipv4Net)>,
}

/// Returns the digest of a canned policy for one URL and an expiry, or `None` without the feature `aws-lc`.
pub(super) fn canned_digest(
    hash: SignatureHash,
    url: &RequestedUrl,
    expires: &[u8],
) -> Option<MessageDigest> {
    MessageDigest::of(hash, |write| {
        crate::work::visited(url.as_bytes().len());
        write(br#"{"Statement":[{"Resource":""#);
        write(url.as_bytes());
        write(br#"","Condition":{"DateLessThan":{"AWS:EpochTime":"#);
        write(expires);
        write(b"}}}]}");
    })
}

/// Parses a date: decimal digits below 10^12, without leading zeros.
pub(super) fn parse_date(digits: &[u8]) -> Result<UnixSeconds, UrlSignatureFault> {
    let is_date = (1..=12).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && (digits.len() == 1 || digits.first() != Some(&b'0'));
    let seconds = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    seconds.filter(|_| is_date).map(UnixSeconds::new).ok_or(UrlSignatureFault::Date)
}

impl<'p> Policy<'p> {
    /// Returns the policy for one URL until a date.
    pub(super) const fn canned(expires: UnixSeconds) -> Self {
        Self { resource: None, expires, starts: None, client: None }
    }

    /// Parses a custom policy: one statement, with at most `Resource` and `Condition`, and only known members in these.
    pub(super) fn parse(text: &'p [u8]) -> Result<Self, UrlSignatureFault> {
        let text = str::from_utf8(text).map_err(|_| UrlSignatureFault::Form)?.as_bytes();
        let [statements] = members(text, ["Statement"])?;
        let Some(Value::Array(statements)) = statements else { return Err(UrlSignatureFault::Form) };
        let Some(Value::Object(statement)) = only_element(statements) else {
            return Err(UrlSignatureFault::Form);
        };
        let [resource, condition] = members(statement, ["Resource", "Condition"])?;
        let resource = match resource {
            None => None,
            Some(Value::String(resource)) => Some(resource),
            Some(_) => return Err(UrlSignatureFault::Form),
        };
        let Some(Value::Object(condition)) = condition else { return Err(UrlSignatureFault::NoExpiry) };
        let [less, greater, address] = members(condition, ["DateLessThan", "DateGreaterThan", "IpAddress"])?;
        Ok(Self {
            resource,
            expires: less.map(date).transpose()?.ok_or(UrlSignatureFault::NoExpiry)?,
            starts: greater.map(date).transpose()?,
            client: address.map(range).transpose()?,
        })
    }
}

/// Returns the members of an object that may have no others.
fn members<'p, const N: usize>(
    object: &'p [u8],
    names: [&str; N],
) -> Result<[Option<Value<'p>>; N], UrlSignatureFault> {
    let mut values = [None; N];
    let mut is_known = true;
    read_object(object, |name, value| {
        let mut places = names.iter().zip(&mut values);
        match places.find(|(known, _)| name.is(known)) {
            Some((_, place)) => *place = Some(value),
            None => is_known = false,
        }
    })
    .map_err(|_| UrlSignatureFault::Form)?;
    if is_known { Ok(values) } else { Err(UrlSignatureFault::UnknownField) }
}

/// Parses `{"AWS:EpochTime": 1767290400}`.
fn date(value: Value<'_>) -> Result<UnixSeconds, UrlSignatureFault> {
    let Value::Object(object) = value else { return Err(UrlSignatureFault::Form) };
    match members(object, ["AWS:EpochTime"])? {
        [Some(Value::Number(digits))] => parse_date(digits),
        _ => Err(UrlSignatureFault::Date),
    }
}

/// Parses `{"AWS:SourceIp": "192.0.2.0/24"}`. An address without a prefix length is a single address.
fn range(value: Value<'_>) -> Result<(JsonStr<'_>, Ipv4Net), UrlSignatureFault> {
    let Value::Object(object) = value else { return Err(UrlSignatureFault::Form) };
    let [Some(Value::String(written))] = members(object, ["AWS:SourceIp"])? else {
        return Err(UrlSignatureFault::Form);
    };
    let mut buffer = arrayvec::ArrayVec::<u8, 32>::new();
    let text = written.resolve(&mut buffer).and_then(|text| str::from_utf8(text).ok());
    let range = text.and_then(|text| {
        text.parse().ok().or_else(|| text.parse().ok().and_then(|address| Ipv4Net::new(address, 32).ok()))
    });
    range.map(|range| (written, range)).ok_or(UrlSignatureFault::Form)
}
