//! Algorithms: one key, one algorithm; and how the key is found.

use jsonwebtoken::Algorithm;
use playgate::error::TokenFault;
use playgate::time::UnixSeconds;
use playgate::{Denial, Key, KeyScope};

use crate::support::{Answer, NOW, TestKey, World, at, behind, compact, encode, gate, get, vod};

const KEYS: [TestKey; 4] = [TestKey::Rsa, TestKey::P256, TestKey::Ed25519, TestKey::Secret];
const PAYLOAD: &str = r#"{"uri":"videos/1/"}"#;

/// Every kind of key, all for the same bucket.
async fn world() -> World {
    let keys = KEYS.map(|key| key.key(KeyScope::bucket("vod")));
    World::start(gate().site(vod()).keys(keys).build().unwrap()).await
}

async fn present(world: &World, token: &str) -> Answer {
    world.ask(&get("/videos/1/a.ts").cookie(token)).await
}

#[tokio::test]
async fn every_algorithm_grants_with_its_own_key() {
    let world = world().await;
    for key in KEYS {
        assert_eq!(present(&world, &key.token(PAYLOAD)).await.verdict(), "200", "{key:?}");
    }
}

#[tokio::test]
async fn another_algorithm_than_the_keys_is_refused_whoever_signed() {
    let world = world().await;
    for named in KEYS {
        for signing in KEYS.into_iter().filter(|key| *key != named) {
            // The header says what was signed with, under the kid of a key of another kind.
            let header = format!(r#"{{"alg":"{}","kid":"{}"}}"#, signing.alg(), named.kid());
            let answer = present(&world, &signing.sign(&header, PAYLOAD)).await;
            assert_eq!(answer.denial, Some(Denial::WrongAlgorithm), "{signing:?} as {named:?}");
            assert_eq!(answer.verdict(), "401 wrong_algorithm");
            // The header says what the key is for, and another key signed.
            let answer = present(&world, &signing.sign(&named.header(), PAYLOAD)).await;
            assert_eq!(answer.denial, Some(Denial::BadSignature), "{signing:?} posing as {named:?}");
            assert_eq!(answer.verdict(), "401 bad_signature");
        }
    }
}

#[tokio::test]
async fn a_public_key_as_an_hmac_secret_opens_nothing() {
    let world = world().await;
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
        let public = key.public();
        for secret in [public, public.trim_ascii_end()] {
            let hmac = jsonwebtoken::EncodingKey::from_secret(secret).unwrap();
            for (alg, denial) in [("HS256", Denial::WrongAlgorithm), (key.alg(), Denial::BadSignature)] {
                let header = format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, key.kid());
                let text = format!("{}.{}", encode(header), encode(PAYLOAD));
                let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &hmac, Algorithm::HS256).unwrap();
                let answer = present(&world, &format!("{text}.{signature}")).await;
                assert_eq!(answer.denial, Some(denial), "{key:?} with alg {alg}");
            }
        }
    }
    // Nor can one be loaded for it.
    let error = Key::from_secret("k", TestKey::Rsa.public(), KeyScope::bucket("vod")).unwrap_err();
    assert!(error.to_string().contains("is PEM text"), "{error}");
}

#[tokio::test]
async fn a_good_signature_by_an_algorithm_that_is_not_the_keys_is_refused() {
    let world = world().await;
    for (key, algorithm, name) in [
        (TestKey::Rsa, Algorithm::RS384, "RS384"),
        (TestKey::Rsa, Algorithm::RS512, "RS512"),
        (TestKey::Rsa, Algorithm::PS256, "PS256"),
        (TestKey::Rsa, Algorithm::PS512, "PS512"),
        (TestKey::Secret, Algorithm::HS384, "HS384"),
        (TestKey::Secret, Algorithm::HS512, "HS512"),
    ] {
        let header = format!(r#"{{"alg":"{name}","kid":"{}"}}"#, key.kid());
        let honest = present(&world, &key.sign_as(algorithm, &header, PAYLOAD)).await;
        assert_eq!(honest.denial, Some(Denial::WrongAlgorithm), "{name}");
        let posing = present(&world, &key.sign_as(algorithm, &key.header(), PAYLOAD)).await;
        assert_eq!(posing.denial, Some(Denial::BadSignature), "{name} posing as {}", key.alg());
    }
}

#[tokio::test]
async fn alg_is_compared_exactly() {
    let world = world().await;
    for alg in ["rs256", "RS256 ", "RS-256", "", "RS", "ES256K", "A256KW", "dir"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"rsa"}}"#);
        let answer = present(&world, &TestKey::Rsa.sign(&header, PAYLOAD)).await;
        assert_eq!(answer.denial, Some(Denial::WrongAlgorithm), "{alg:?}");
    }
    for header in [r#"{"kid":"rsa"}"#, r#"{"alg":null,"kid":"rsa"}"#, r#"{"alg":["RS256"],"kid":"rsa"}"#] {
        let answer = present(&world, &TestKey::Rsa.sign(header, PAYLOAD)).await;
        assert_eq!(answer.denial, Some(Denial::MalformedToken(TokenFault::Algorithm)), "{header}");
    }
}

#[tokio::test]
async fn an_unsigned_token_is_refused_by_its_own_name() {
    let world = world().await;
    for alg in ["none", "None", "NONE", "nOnE"] {
        for kid in ["rsa", "secret"] {
            let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
            for token in [compact(&header, PAYLOAD, "x"), TestKey::Rsa.sign(&header, PAYLOAD)] {
                let answer = present(&world, &token).await;
                assert_eq!(answer.denial, Some(Denial::UnsignedToken), "{header}");
                assert_eq!(answer.verdict(), "401 wrong_algorithm");
            }
        }
    }
    let empty = compact(r#"{"alg":"none","kid":"rsa"}"#, PAYLOAD, "");
    assert_eq!(present(&world, &empty).await.verdict(), "401 malformed_token", "no signature at all");
}

#[tokio::test]
async fn an_xml_dsig_algorithm_is_refused_and_the_denial_names_the_cure() {
    let world = world().await;
    for alg in [
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    ] {
        let header = format!(r#"{{"alg":"{alg}","kid":"secret","typ":"JWT"}}"#);
        let answer = present(&world, &TestKey::Secret.sign(&header, PAYLOAD)).await;
        assert_eq!(answer.verdict(), "401 wrong_algorithm");
        assert_eq!(answer.denial, Some(Denial::XmlDsigAlgorithm));
        assert!(answer.denial.unwrap().to_string().contains("RS256"));
    }
}

#[tokio::test]
async fn typ_is_absent_or_jwt_in_any_case() {
    let world = world().await;
    for (typ, denial) in [
        ("", None),
        (r#","typ":"JWT""#, None),
        (r#","typ":"jwt""#, None),
        (r#","typ":"Jwt""#, None),
        (r#","typ":"JWE""#, Some(Denial::WrongType)),
        (r#","typ":"at+jwt""#, Some(Denial::WrongType)),
        (r#","typ":"application/jwt""#, Some(Denial::WrongType)),
        (r#","typ":"JWT ""#, Some(Denial::WrongType)),
        (r#","typ":"""#, Some(Denial::WrongType)),
        (r#","typ":null"#, Some(Denial::WrongType)),
        (r#","typ":["JWT"]"#, Some(Denial::WrongType)),
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":"rsa"{typ}}}"#);
        let answer = present(&world, &TestKey::Rsa.sign(&header, PAYLOAD)).await;
        assert_eq!(answer.denial, denial, "{header}");
        assert_eq!(answer.verdict(), if denial.is_some() { "401 malformed_token" } else { "200" });
    }
}

#[tokio::test]
async fn any_crit_is_refused() {
    let world = world().await;
    for crit in [r#"["b64"],"b64":true"#, r#"["exp"]"#, "[]", "null", r#""""#, "{}"] {
        let header = format!(r#"{{"alg":"RS256","kid":"rsa","crit":{crit}}}"#);
        let answer = present(&world, &TestKey::Rsa.sign(&header, PAYLOAD)).await;
        assert_eq!(answer.denial, Some(Denial::CriticalHeader), "{header}");
        assert_eq!(answer.verdict(), "401 malformed_token");
    }
}

#[tokio::test]
async fn keys_and_addresses_in_the_header_are_never_followed() {
    let world = world().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(TestKey::SecretOther.public()));
    for extra in [
        format!(r#""jku":"http://{address}/jwks.json""#),
        format!(r#""x5u":"http://{address}/cert.pem""#),
        format!(r#""jwk":{jwk}"#),
        r#""x5c":["MIIB"]"#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"secret",{extra}}}"#);
        let theirs = present(&world, &TestKey::SecretOther.sign(&header, PAYLOAD)).await;
        assert_eq!(theirs.denial, Some(Denial::BadSignature), "{extra}");
        let ours = present(&world, &TestKey::Secret.sign(&header, PAYLOAD)).await;
        assert_eq!(ours.verdict(), "200", "{extra}");
        let unnamed = format!(r#"{{"alg":"HS256",{extra}}}"#);
        let unnamed = present(&world, &TestKey::SecretOther.sign(&unnamed, PAYLOAD)).await;
        assert_eq!(unnamed.denial, Some(Denial::MissingKeyId), "{extra}");
    }
    assert!(listener.accept().is_err(), "nobody called");
}

#[tokio::test]
async fn no_key_is_tried_that_the_token_did_not_name() {
    let world = World::start(behind(vod())).await; // one key only: there is nothing to confuse it with
    for (name, header, denial) in [
        ("no kid", r#"{"alg":"RS256"}"#, Denial::MissingKeyId),
        ("kid in the payload alone", r#"{"alg":"RS256","typ":"JWT"}"#, Denial::MissingKeyId),
        ("unknown", r#"{"alg":"RS256","kid":"rsa2"}"#, Denial::UnknownKey),
        ("other case", r#"{"alg":"RS256","kid":"RSA"}"#, Denial::UnknownKey),
        ("a blank more", r#"{"alg":"RS256","kid":"rsa "}"#, Denial::UnknownKey),
        ("a path to it", r#"{"alg":"RS256","kid":"./rsa"}"#, Denial::UnknownKey),
        ("empty", r#"{"alg":"RS256","kid":""}"#, Denial::MalformedToken(TokenFault::KeyId)),
        ("a number", r#"{"alg":"RS256","kid":1}"#, Denial::MalformedToken(TokenFault::KeyId)),
        ("null", r#"{"alg":"RS256","kid":null}"#, Denial::MalformedToken(TokenFault::KeyId)),
    ] {
        let payload = r#"{"uri":"videos/1/","kid":"rsa","jti":"rsa"}"#;
        let answer = present(&world, &TestKey::Rsa.sign(header, payload)).await;
        assert_eq!(answer.denial, Some(denial), "{name}");
    }
    let escaped = TestKey::Rsa.sign(r#"{"alg":"RS256","kid":"\u0072sa"}"#, PAYLOAD);
    assert_eq!(present(&world, &escaped).await.verdict(), "200", "the same kid, escaped");
    let other = TestKey::RsaOther.sign(&TestKey::Rsa.header(), PAYLOAD);
    assert_eq!(present(&world, &other).await.denial, Some(Denial::BadSignature));
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_refused() {
    let world = world().await;
    for key in KEYS {
        let good = key.token(PAYLOAD);
        let (text, signature) = good.rsplit_once('.').unwrap();
        let other = key.token(r#"{"uri":"videos/2/"}"#);
        let (_, others) = other.rsplit_once('.').unwrap();
        for (name, token) in [
            ("of another token", format!("{text}.{others}")),
            ("cut short", format!("{text}.{}", &signature[..signature.len() / 4 / 2 * 4])),
            ("longer", format!("{text}.{}AAAA{}", &signature[..4], &signature[4..])),
            ("zeros", format!("{text}.{}", "A".repeat(signature.len() / 4 * 4))),
            ("one byte", format!("{text}.AA")),
            ("too long for any", format!("{text}.{}", "A".repeat(2000))),
            ("over another header", {
                let header = encode(format!(r#"{{"alg":"{}","kid":"{}"}}"#, key.alg(), key.kid()));
                format!("{header}.{}.{signature}", text.split_once('.').unwrap().1)
            }),
        ] {
            let answer = present(&world, &token).await;
            assert_eq!(answer.denial, Some(Denial::BadSignature), "{key:?}: {name}");
        }
    }
}

#[tokio::test]
async fn an_ecdsa_signature_in_der_is_refused() {
    let world = world().await;
    let good = TestKey::P256.token(PAYLOAD);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let raw = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, signature).unwrap();
    let integer = |half: &[u8]| [&[2, 33, 0][..], half].concat();
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat();
    let answer = present(&world, &format!("{text}.{}", encode(der))).await;
    assert_eq!(answer.denial, Some(Denial::BadSignature));
}

#[tokio::test]
async fn a_key_is_good_up_to_its_not_after() {
    let token = TestKey::Rsa.token(PAYLOAD);
    for (now, verdict) in [(NOW - 1, "200"), (NOW, "200"), (NOW + 1, "401 unknown_key")] {
        let key = TestKey::Rsa.key(KeyScope::bucket("vod")).not_after(UnixSeconds::new(NOW));
        let world = World::start(at(now).site(vod()).key(key).build().unwrap()).await;
        let answer = present(&world, &token).await;
        assert_eq!(answer.verdict(), verdict, "at {now}");
        if now > NOW {
            let (not_after, now) = (UnixSeconds::new(NOW), UnixSeconds::new(now));
            assert_eq!(answer.denial, Some(Denial::RetiredKey { not_after, now }));
        }
    }
}

#[tokio::test]
async fn keys_change_while_the_servers_serve() {
    let world = World::start(behind(vod())).await;
    let (old, new) = (TestKey::Rsa.token(PAYLOAD), TestKey::P256.token(PAYLOAD));
    assert_eq!(present(&world, &new).await.verdict(), "401 unknown_key");
    world.verifier.keys().insert(TestKey::P256.key(KeyScope::bucket("vod"))).unwrap();
    assert_eq!(present(&world, &new).await.verdict(), "200");
    assert_eq!(world.verifier.keys().remove_kid("rsa"), 1);
    assert_eq!(present(&world, &old).await.verdict(), "401 unknown_key");
    assert_eq!(present(&world, &new).await.verdict(), "200");
    // The same kid with another key behind it: what was granted before is not remembered.
    world.verifier.keys().insert(TestKey::RsaOther.key_as("rsa", KeyScope::bucket("vod"))).unwrap();
    assert_eq!(present(&world, &old).await.verdict(), "401 bad_signature");
    let other = TestKey::RsaOther.sign(&TestKey::Rsa.header(), PAYLOAD);
    assert_eq!(present(&world, &other).await.verdict(), "200");
}
