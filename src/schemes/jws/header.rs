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
mod tests {
    use super::*;

    fn algorithm(json: &str) -> Result<HeaderAlgorithm, Denial> {
        Header::parse(json.as_bytes()).map(|header| header.algorithm)
    }

    #[test]
    fn a_header_is_refused_by_the_name_of_its_fault() {
        use Denial::{CriticalHeader, MalformedToken, WrongType};
        for (json, denial) in [
            ("{}", MalformedToken(TokenFault::Algorithm)),
            (r#"{"alg":1}"#, MalformedToken(TokenFault::Algorithm)),
            (r#"{"alg":null}"#, MalformedToken(TokenFault::Algorithm)),
            (r#"{"alg":["RS256"]}"#, MalformedToken(TokenFault::Algorithm)),
            (r#"{"alg":"RS256","kid":""}"#, MalformedToken(TokenFault::KeyId)),
            (r#"{"alg":"RS256","kid":1}"#, MalformedToken(TokenFault::KeyId)),
            (r#"{"alg":"RS256","kid":null}"#, MalformedToken(TokenFault::KeyId)),
            (r#"{"alg":"RS256","typ":"JWE"}"#, WrongType),
            (r#"{"alg":"RS256","typ":"at+jwt"}"#, WrongType),
            (r#"{"alg":"RS256","typ":null}"#, WrongType),
            (r#"{"alg":"RS256","typ":""}"#, WrongType),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, CriticalHeader),
            (r#"{"alg":"RS256","crit":[]}"#, CriticalHeader),
            (r#"{"alg":"RS256","\u0063rit":null}"#, CriticalHeader),
            (r#"{"alg":"RS256","alg":"RS256"}"#, MalformedToken(TokenFault::DuplicateMember)),
        ] {
            assert_eq!(algorithm(json), Err(denial), "{json}");
        }
    }

    #[test]
    fn a_key_takes_its_own_algorithm_and_refuses_every_other_by_name() {
        for (alg, answer) in [
            ("RS256", Ok(())),
            ("ES256", Err(Denial::WrongAlgorithm)),
            ("HS256", Err(Denial::WrongAlgorithm)),
            ("rs256", Err(Denial::WrongAlgorithm)),
            ("none", Err(Denial::UnsignedToken)),
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Err(Denial::XmlDsigAlgorithm)),
        ] {
            let json = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(Header::parse(json.as_bytes()).unwrap().must_agree(Algorithm::Rs256), answer, "{alg}");
        }
    }

    #[test]
    fn alg_names_what_it_names() {
        use HeaderAlgorithm::{Known, Unknown, Unsigned, XmlDsig};
        for (alg, expected) in [
            ("RS256", Known(Algorithm::Rs256)),
            ("\\u0052S256", Known(Algorithm::Rs256)),
            ("HS256", Known(Algorithm::Hs256)),
            ("none", Unsigned),
            ("NoNe", Unsigned),
            ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", XmlDsig),
            ("rs256", Unknown),
            ("", Unknown),
            ("nonesuch", Unknown),
            ("RS256 ", Unknown),
        ] {
            assert_eq!(algorithm(&format!(r#"{{"alg":"{alg}"}}"#)), Ok(expected), "{alg}");
        }
        assert!(algorithm(r#"{"alg":"RS256","typ":"jWt","jku":"http://x","jwk":{},"x5c":[]}"#).is_ok());
    }
}
