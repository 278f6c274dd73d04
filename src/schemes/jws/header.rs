use arrayvec::ArrayVec;

use crate::crypto::Algorithm;
use crate::error::{Denial, TokenFault};
use crate::schemes::json::{JsonStr, Value, read_object};

/// The algorithm that a JOSE header names in `alg` (RFC 7515 §4.1.1). It never selects how a signature is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderAlgorithm {
    Known(Algorithm),
    /// `none` in any case.
    Unsigned,
    /// The URI that some .NET libraries write instead of a name.
    XmlDsig,
    Unknown,
}

/// A buffer for a `kid` whose escapes were resolved. A longer `kid` names no key.
pub(crate) type KeyIdBuffer = ArrayVec<u8, 256>;

/// The JOSE header of a token, borrowed from its decoded text (RFC 7515 §4.1).
#[derive(Clone, Copy, Debug)]
pub struct Header<'t> {
    algorithm: HeaderAlgorithm,
    key_id: Option<JsonStr<'t>>,
}

impl<'t> Header<'t> {
    /// Parses a decoded header, which is UTF-8. Rejects faults that do not depend on the key: a missing `alg`, a `typ` other than
    /// `JWT`, `crit`.
    pub(super) fn parse(json: &'t [u8]) -> Result<Self, Denial> {
        let mut algorithm = None;
        let mut key_id = None;
        let mut malformed_key_id = false;
        let mut wrong_type = false;
        let mut critical = false;
        read_object(json, |name, value| match name.as_one_of(&["alg", "kid", "typ", "crit"]) {
            b"alg" => algorithm = algorithm_of(value),
            b"kid" => match value {
                Value::String(text) if !text.is_empty() => key_id = Some(text),
                _ => malformed_key_id = true,
            },
            b"typ" => wrong_type = !is_jwt(value),
            b"crit" => critical = true,
            _ => {}
        })
        .map_err(Denial::MalformedToken)?;
        if critical {
            return Err(Denial::CriticalHeader);
        }
        if wrong_type {
            return Err(Denial::WrongType);
        }
        let algorithm = algorithm.ok_or(Denial::MalformedToken(TokenFault::Algorithm))?;
        if malformed_key_id {
            return Err(Denial::MalformedToken(TokenFault::KeyId));
        }
        Ok(Self { algorithm, key_id })
    }

    /// Returns the `kid`, as spelled in the token.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::MissingKeyId`] if there is none.
    pub fn key_id(&self) -> Result<JsonStr<'t>, Denial> {
        self.key_id.ok_or(Denial::MissingKeyId)
    }

    /// Rejects a token whose `alg` no key has: `none`, and the XML-DSig spelling, each with its own denial.
    pub(crate) const fn refuse_unsigned(&self) -> Result<(), Denial> {
        match self.algorithm {
            HeaderAlgorithm::Unsigned => Err(Denial::UnsignedToken),
            HeaderAlgorithm::XmlDsig => Err(Denial::XmlDsigAlgorithm),
            HeaderAlgorithm::Known(_) | HeaderAlgorithm::Unknown => Ok(()),
        }
    }

    /// Rejects an algorithm other than the key's own (RFC 8725 §3.1).
    pub(crate) fn must_agree(&self, key: Algorithm) -> Result<(), Denial> {
        match self.algorithm {
            HeaderAlgorithm::Known(named) if named == key => Ok(()),
            HeaderAlgorithm::Known(_) | HeaderAlgorithm::Unknown => Err(Denial::WrongAlgorithm),
            HeaderAlgorithm::Unsigned => Err(Denial::UnsignedToken),
            HeaderAlgorithm::XmlDsig => Err(Denial::XmlDsigAlgorithm),
        }
    }
}

fn algorithm_of(value: Value<'_>) -> Option<HeaderAlgorithm> {
    let Value::String(name) = value else { return None };
    if let Some(known) = Algorithm::JWS.iter().find(|algorithm| name.is(algorithm.name())) {
        return Some(HeaderAlgorithm::Known(*known));
    }
    let spelled = |prefix: &str| {
        let mut characters = name.chars();
        prefix.chars().all(|wanted| characters.next().is_some_and(|c| c.eq_ignore_ascii_case(&wanted)))
    };
    Some(if spelled("none") && name.chars().count() == 4 {
        HeaderAlgorithm::Unsigned
    } else if spelled("http://www.w3.org/") {
        HeaderAlgorithm::XmlDsig
    } else {
        HeaderAlgorithm::Unknown
    })
}

/// Returns whether `typ` is `JWT`, in any case (RFC 7519 §5.1).
fn is_jwt(value: Value<'_>) -> bool {
    match value {
        Value::String(text) => match text.plain() {
            Some(plain) => plain.eq_ignore_ascii_case("JWT"),
            None => text.chars().map(|c| c.to_ascii_uppercase()).eq("JWT".chars()),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
