use arrayvec::ArrayVec;

use super::token::Fields;
use super::url::{MAX_SIGNED_URL, SignedUrl, UrlEscaping};
use crate::crypto::{HashOutput, MacHash, MacKey, same_secret};
use crate::error::UrlSignatureFault;
use crate::request::{MAX_CREDENTIAL_BYTES, decode_strictly};
use crate::schemes::carriers::Decoded;
use crate::schemes::places::Places;
use crate::work;

/// The maximum number of active keys: the one in use, and its successor.
pub(super) const MAX_KEYS: usize = 2;

/// The maximum number of URL escapings.
pub(super) const MAX_ESCAPINGS: usize = 3;

/// The checked and prepared rules of a site for Akamai tokens.
#[derive(Clone, Debug)]
pub(crate) struct AkamaiRules {
    pub(super) places: Places,
    pub(super) hash: MacHash,
    pub(super) keys: ArrayVec<MacKey, MAX_KEYS>,
    pub(super) salt: Option<Salt>,
    pub(super) ignore_query: bool,
    pub(super) url_escaping: ArrayVec<UrlEscaping, MAX_ESCAPINGS>,
}

/// A salt. Its `Debug` output shows nothing of it.
#[derive(Clone)]
pub(super) struct Salt(pub(super) Box<[u8]>);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

/// A token with a valid HMAC, and whether it was percent-decoded first.
#[derive(Debug)]
pub(super) struct Authentic<'t> {
    pub(super) fields: Fields<'t>,
    pub(super) is_decoded: bool,
}

impl AkamaiRules {
    /// Verifies a token as received, and then percent-decoded once.
    ///
    /// A token without `acl` that is well-formed as received is not decoded: nothing in it needs an encoding, and its URL can be
    /// long and is hashed for every key and escaping.
    pub(super) fn authenticate<'t>(
        &self,
        raw: &'t [u8],
        url: &SignedUrl<'_>,
        decoded: &'t mut Decoded,
    ) -> Result<Authentic<'t>, UrlSignatureFault> {
        let fault = match self.read(raw, url) {
            Ok(fields) => return Ok(Authentic { fields, is_decoded: false }),
            Err(fault) => fault,
        };
        work::visited(raw.len());
        if raw.len() > MAX_CREDENTIAL_BYTES || memchr::memchr(b'%', raw).is_none() {
            return Err(fault);
        }
        if fault == UrlSignatureFault::Mismatch && Fields::parse(raw).is_ok_and(|fields| fields.acl.is_none())
        {
            return Err(fault);
        }
        decode_strictly(raw, decoded).map_err(|_| fault)?;
        match self.read(decoded, url) {
            Ok(fields) => Ok(Authentic { fields, is_decoded: true }),
            // The denial of the reading that got further is more specific.
            Err(UrlSignatureFault::Mismatch) => Err(UrlSignatureFault::Mismatch),
            Err(decoded) if fault == UrlSignatureFault::Form => Err(decoded),
            Err(_) => Err(fault),
        }
    }

    fn read<'t>(&self, token: &'t [u8], url: &SignedUrl<'_>) -> Result<Fields<'t>, UrlSignatureFault> {
        let fields = Fields::parse(token)?;
        let mac = fields.mac(self.hash)?;
        if fields.acl.is_none() && url.len() > MAX_SIGNED_URL {
            return Err(UrlSignatureFault::TooLong);
        }
        let escapings = if fields.acl.is_some() { &[UrlEscaping::None] } else { &*self.url_escaping };
        let fits = |key: &MacKey| {
            let mut escapings = escapings.iter().filter(|escaping| url.is_one_url(**escaping));
            escapings.any(|escaping| same_secret(&self.mac(key, &fields, url, *escaping), &mac))
        };
        if self.keys.iter().any(fits) { Ok(fields) } else { Err(UrlSignatureFault::Mismatch) }
    }

    /// Returns the expected HMAC of a token with these fields.
    fn mac(
        &self,
        key: &MacKey,
        fields: &Fields<'_>,
        url: &SignedUrl<'_>,
        escaping: UrlEscaping,
    ) -> HashOutput {
        let url = fields.acl.is_none().then_some((url, escaping));
        self.mac_of(key, fields.signed, url)
    }

    /// Returns the HMAC of a text, of the URL if the text does not contain it, and of the salt.
    pub(super) fn mac_of(
        &self,
        key: &MacKey,
        signed: &str,
        url: Option<(&SignedUrl<'_>, UrlEscaping)>,
    ) -> HashOutput {
        work::visited(signed.len());
        key.mac(|write| {
            write(signed.as_bytes());
            if let Some((url, escaping)) = url {
                write(b"~url=");
                url.write(escaping, write);
            }
            if let Some(Salt(salt)) = &self.salt {
                write(b"~salt=");
                write(salt);
            }
        })
    }
}
