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
