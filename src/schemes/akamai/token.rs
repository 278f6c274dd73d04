//! The syntax of a token.

use crate::crypto::{HashOutput, MacHash};
use crate::error::UrlSignatureFault;
use crate::request::{MAX_CREDENTIAL_BYTES, hex_value};
use crate::time::UnixSeconds;
use crate::work;

/// The fields of a token, in their original spelling.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t> {
    /// The text before `~hmac=`.
    pub(super) signed: &'t str,
    /// The text after `~hmac=`.
    pub(super) hmac: &'t str,
    pub(super) starts: Option<UnixSeconds>,
    pub(super) expires: UnixSeconds,
    pub(super) acl: Option<&'t str>,
    pub(super) ip: Option<&'t str>,
    pub(super) id: Option<&'t str>,
    pub(super) data: Option<&'t str>,
}

impl<'t> Fields<'t> {
    /// Parses a token.
    pub(super) fn parse(token: &'t [u8]) -> Result<Self, UrlSignatureFault> {
        if token.len() > MAX_CREDENTIAL_BYTES {
            return Err(UrlSignatureFault::TooLong);
        }
        work::visited(token.len().saturating_mul(4));
        let token = str::from_utf8(token).map_err(|_| UrlSignatureFault::Form)?;
        let (signed, hmac) = token.rsplit_once("~hmac=").ok_or(UrlSignatureFault::Form)?;
        let [mut starts, mut expires, mut acl, mut ip, mut id, mut data] = [None; 6];
        for field in signed.split('~') {
            let (name, value) = field.split_once('=').ok_or(UrlSignatureFault::Form)?;
            let place = match name {
                "st" => &mut starts,
                "exp" => &mut expires,
                "acl" => &mut acl,
                "ip" => &mut ip,
                "id" => &mut id,
                "data" => &mut data,
                _ => return Err(UrlSignatureFault::UnknownField),
            };
            if place.replace(value).is_some() {
                return Err(UrlSignatureFault::RepeatedField);
            }
        }
        if acl.is_some_and(str::is_empty) {
            return Err(UrlSignatureFault::NoScope);
        }
        Ok(Self {
            signed,
            hmac,
            starts: starts.map(parse_date).transpose()?,
            expires: parse_date(expires.ok_or(UrlSignatureFault::NoExpiry)?)?,
            acl,
            ip,
            id,
            data,
        })
    }

    /// Parses the HMAC. Its digits are in lower case, so that a token has only one spelling.
    pub(super) fn mac(&self, hash: MacHash) -> Result<HashOutput, UrlSignatureFault> {
        let (pairs, rest) = self.hmac.as_bytes().as_chunks::<2>();
        if !rest.is_empty() || pairs.len() != hash.len() {
            return Err(UrlSignatureFault::Form);
        }
        let digit = |digit: u8| hex_value(digit).filter(|_| !digit.is_ascii_uppercase());
        let bytes = pairs.iter().map(|&[high, low]| Some((digit(high)? << 4) | digit(low)?));
        bytes.collect::<Option<_>>().ok_or(UrlSignatureFault::Form)
    }

    /// Returns the text of a field.
    pub(super) fn text(&self, name: &str) -> Option<&'t str> {
        match name {
            "acl" => self.acl,
            "ip" => self.ip,
            "id" => self.id,
            "data" => self.data,
            _ => None,
        }
    }

    /// Returns the number of a field.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match name {
            "st" => self.starts.map(UnixSeconds::get),
            "exp" => Some(self.expires.get()),
            _ => None,
        }
    }
}

/// Parses decimal digits below 10^12.
fn parse_date(digits: &str) -> Result<UnixSeconds, UrlSignatureFault> {
    let is_date = (1..=12).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let seconds = digits.parse().ok().filter(|_| is_date);
    seconds.map(UnixSeconds::new).ok_or(UrlSignatureFault::Date)
}

impl std::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The text is a secret.
        f.debug_struct("Fields").finish_non_exhaustive()
    }
}
