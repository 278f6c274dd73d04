//! What is minted is granted; by us, and by another library.

use std::time::Duration;

use futures_util::FutureExt as _;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use playgate::crypto::Algorithm;
use playgate::mint::{NewKey, SignedToken, Signer};
use playgate::revocation::Revocation;
use playgate::time::UnixSeconds;
use playgate::{ConfigError, Decision, Denial, Key, KeyScope, Scope, Site, Verifier};
use serde_json::{Value, json};

use crate::support::skip::is_installed;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A signer for every form of private key, with the verifier's key for it.
fn pairs() -> Vec<(&'static str, Signer, Key)> {
    let scope = || KeyScope::bucket("courses");
    let mut pairs: Vec<_> = [
        ("rsa-2048.private.pkcs1.pem", "rsa-2048.spki.pem"),
        ("rsa-2048.private.pkcs8.pem", "rsa-2048.pkcs1.pem"),
        ("p256.private.pkcs8.pem", "p256.spki.pem"),
        ("p256.private.sec1.pem", "p256.spki.pem"),
        ("p256.private.with-parameters.pem", "p256.spki.pem"),
        ("p384.private.pkcs8.pem", "p384.spki.pem"),
        ("p384.private.sec1.pem", "p384.spki.pem"),
        ("ed25519.private.pkcs8.pem", "ed25519.spki.pem"),
    ]
    .into_iter()
    .map(|(private, public)| {
        let signer =
            Signer::from_pem("k1", file(private)).unwrap_or_else(|error| panic!("{private}: {error}"));
        (private, signer, Key::from_pem("k1", file(public), scope()).unwrap())
    })
    .collect();
    let key = Key::from_secret("k1", SECRET, scope()).unwrap();
    pairs.push(("a secret", Signer::from_secret("k1", SECRET).unwrap(), key));
    let (private, public) = (file("rsa-2048.private.pkcs8.pem"), file("rsa-2048.spki.pem"));
    for algorithm in
        [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512]
    {
        let signer = Signer::from_pem_for(algorithm, "k1", &private).unwrap();
        let key = Key::from_pem_for(algorithm, "k1", &public, scope()).unwrap();
        pairs.push((algorithm.name(), signer, key));
    }
    for algorithm in [Algorithm::Hs384, Algorithm::Hs512] {
        let signer = Signer::from_secret_for(algorithm, "k1", &[7; 64]).unwrap();
        pairs.push((
            algorithm.name(),
            signer,
            Key::from_secret_for(algorithm, "k1", &[7; 64], scope()).unwrap(),
        ));
    }
    pairs
}

fn verifier(key: Key) -> Verifier {
    Verifier::builder().site(Site::bucket("courses").any_host()).key(key).build().unwrap()
}

fn denial(verifier: &Verifier, uri: &str) -> Option<Denial> {
    let request = http::Request::get(uri).header("host", "cdn.example.com").body(()).unwrap();
    let decision = verifier.decide(&request, UnixSeconds::now());
    assert!(matches!(decision, Decision::Granted(_)) || decision.denial().is_some());
    decision.denial()
}

fn hour(signer: &Signer) -> SignedToken {
    signer.token(Scope::folder("videos/1").unwrap()).expires_in(Duration::from_hours(1)).sign().unwrap()
}

#[test]
fn what_is_minted_is_granted_and_one_flipped_bit_is_not() {
    for (name, signer, key) in pairs() {
        let verifier = verifier(key);
        let token = hour(&signer);
        assert_eq!(denial(&verifier, &token.url("/videos/1/a.ts")), None, "{name}");
        assert_eq!(denial(&verifier, &token.url("/videos/2/a.ts")), Some(Denial::OutOfScope), "{name}");
        let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
        for place in [0, signature.len() / 2, signature.len() - 2] {
            let mut flipped = signature.as_bytes().to_vec();
            flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
            let uri = format!("/videos/1/a.ts?auth={signed}.{}", String::from_utf8(flipped).unwrap());
            assert_eq!(denial(&verifier, &uri), Some(Denial::BadSignature), "{name}, {place}");
        }
    }
}

#[test]
fn the_public_half_of_a_signer_verifies_its_tokens() {
    for (name, signer, _) in pairs() {
        let Some(public) = signer.public_pem() else {
            assert!(signer.algorithm().name().starts_with("HS"), "{name}");
            continue;
        };
        let scope = KeyScope::bucket("courses");
        let key = Key::from_pem_for(signer.algorithm(), "k1", public.as_bytes(), scope).unwrap();
        assert_eq!(denial(&verifier(key), &hour(&signer).url("/videos/1/a.ts")), None, "{name}");
    }
}

#[test]
fn a_token_says_when_it_was_issued_so_that_older_ones_can_be_taken_back() {
    let signer = Signer::from_secret("k1", SECRET).unwrap();
    let verifier = verifier(Key::from_secret("k1", SECRET, KeyScope::bucket("courses")).unwrap());
    let url = |issued: Option<UnixSeconds>| {
        let draft = signer.token(Scope::folder("videos/1").unwrap()).claim("sub", "ann");
        let draft = issued.into_iter().fold(draft, |draft, at| draft.claim("iat", at.get()));
        draft.sign().unwrap().url("/videos/1/a.ts")
    };
    let now = UnixSeconds::now();
    let revocation = Revocation::subject("ann").issued_before(now);
    verifier.revoke(revocation).now_or_never().unwrap().unwrap();
    assert_eq!(denial(&verifier, &url(None)), None, "signed since then");
    assert_eq!(denial(&verifier, &url(Some(now.saturating_sub(1)))), Some(Denial::Revoked));
}

#[test]
fn another_library_reads_our_tokens_and_we_read_its() {
    use jsonwebtoken::Algorithm as Theirs;

    let rsa = (file("rsa-2048.private.pkcs1.pem"), file("rsa-2048.spki.pem"));
    let p256 = (file("p256.private.pkcs8.pem"), file("p256.spki.pem"));
    let p384 = (file("p384.private.pkcs8.pem"), file("p384.spki.pem"));
    let ed = (file("ed25519.private.pkcs8.pem"), file("ed25519.spki.pem"));
    let by_rsa = [Theirs::RS256, Theirs::RS384, Theirs::RS512, Theirs::PS256, Theirs::PS384, Theirs::PS512];
    let mut theirs: Vec<(Theirs, EncodingKey, DecodingKey)> = by_rsa
        .into_iter()
        .map(|algorithm| {
            let keys = (EncodingKey::from_rsa_pem(&rsa.0), DecodingKey::from_rsa_pem(&rsa.1));
            (algorithm, keys.0.unwrap(), keys.1.unwrap())
        })
        .collect();
    for (algorithm, (private, public)) in [(Theirs::ES256, p256), (Theirs::ES384, p384)] {
        let keys = (EncodingKey::from_ec_pem(&private), DecodingKey::from_ec_pem(&public));
        theirs.push((algorithm, keys.0.unwrap(), keys.1.unwrap()));
    }
    let keys = (EncodingKey::from_ed_pem(&ed.0), DecodingKey::from_ed_pem(&ed.1));
    theirs.push((Theirs::EdDSA, keys.0.unwrap(), keys.1.unwrap()));
    for (algorithm, secret) in [(Theirs::HS256, SECRET), (Theirs::HS384, &[7; 64]), (Theirs::HS512, &[7; 64])]
    {
        theirs.push((
            algorithm,
            EncodingKey::from_secret(secret).unwrap(),
            DecodingKey::from_secret(secret).unwrap(),
        ));
    }
    assert_eq!(theirs.len(), Algorithm::JWS.len());
    for (algorithm, encoding, decoding) in theirs {
        let (name, signer, key) = pairs()
            .into_iter()
            .find(|(_, signer, _)| signer.algorithm().name() == format!("{algorithm:?}"))
            .unwrap();
        let token = signer
            .token(Scope::folder("videos/1").unwrap())
            .expires_in(Duration::from_mins(1))
            .not_before(UnixSeconds::now())
            .claim("plan", "gold")
            .sign()
            .unwrap();
        let read = decode::<Value>(token.as_str(), &decoding, &Validation::new(algorithm))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.header.kid.as_deref(), Some("k1"), "{name}");
        assert_eq!(
            (&read.claims["uri"], &read.claims["plan"]),
            (&json!("videos/1/"), &json!("gold")),
            "{name}"
        );

        let header = Header { kid: Some("k1".to_owned()), ..Header::new(algorithm) };
        let foreign =
            encode(&header, &json!({ "uri": "videos/1/", "exp": 4_102_444_800_u32 }), &encoding).unwrap();
        assert_eq!(denial(&verifier(key), &format!("/videos/1/a.ts?auth={foreign}")), None, "{name}");
    }
}

/// A new key of each kind, with the algorithm that it is for.
fn new_keys() -> [(&'static str, NewKey, Algorithm, jsonwebtoken::Algorithm); 4] {
    use jsonwebtoken::Algorithm::{ES256, EdDSA, RS256};
    [
        ("RSA", NewKey::rsa(2048).unwrap(), Algorithm::Rs256, RS256),
        ("RSA of another size", NewKey::rsa(2304).unwrap(), Algorithm::Rs256, RS256),
        ("P-256", NewKey::p256().unwrap(), Algorithm::Es256, ES256),
        ("Ed25519", NewKey::ed25519().unwrap(), Algorithm::EdDsa, EdDSA),
    ]
}

#[test]
fn a_new_key_signs_and_its_public_half_verifies() {
    for (name, new, algorithm, theirs) in new_keys() {
        let (private, public) = (new.private_pem(), new.public_pem());
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{name}: PKCS#8");
        assert!(private.ends_with("\n-----END PRIVATE KEY-----\n"), "{name}");
        assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{name}: {public}");
        assert!(!public.contains('\r'), "{name}: {public:?}");
        let signer = Signer::from_pem("new", private).unwrap();
        assert_eq!(signer.algorithm(), algorithm, "{name}");
        let key = || Key::from_pem("new", public, KeyScope::bucket("courses")).unwrap();
        let token = hour(&signer);
        assert_eq!(denial(&verifier(key()), &token.url("/videos/1/a.ts")), None, "{name}");

        // Another library signs with the private half, and verifies what ours signed.
        let (encoding, decoding) = match theirs {
            jsonwebtoken::Algorithm::RS256 => {
                (EncodingKey::from_rsa_pem(private.as_bytes()), DecodingKey::from_rsa_pem(public.as_bytes()))
            }
            jsonwebtoken::Algorithm::ES256 => {
                (EncodingKey::from_ec_pem(private.as_bytes()), DecodingKey::from_ec_pem(public.as_bytes()))
            }
            _ => (EncodingKey::from_ed_pem(private.as_bytes()), DecodingKey::from_ed_pem(public.as_bytes())),
        };
        let header = Header { kid: Some("new".to_owned()), ..Header::new(theirs) };
        let claims = json!({ "uri": "videos/1/", "exp": 4_102_444_800_u32 });
        let foreign = encode(&header, &claims, &encoding.unwrap()).unwrap();
        let uri = format!("/videos/1/a.ts?auth={foreign}");
        assert_eq!(denial(&verifier(key()), &uri), None, "{name}");
        let read = decode::<Value>(token.as_str(), &decoding.unwrap(), &Validation::new(theirs)).unwrap();
        assert_eq!(read.claims["uri"], "videos/1/", "{name}");

        let (shown, secret) = (format!("{new:?}"), private.lines().nth(1).unwrap());
        assert!(!shown.contains("PRIVATE") && !shown.contains(&secret[..20]), "{name}: {shown}");
    }
    for bits in [0, 1024, 2047, 8193] {
        assert_eq!(
            NewKey::rsa(bits).unwrap_err().to_string(),
            format!("RSA key of {bits} bits cannot be generated: use 2048 to 8192 bits")
        );
    }
}

#[test]
fn two_new_keys_are_not_the_same() {
    for ((name, one, ..), (_, other, ..)) in new_keys().into_iter().zip(new_keys()) {
        assert_ne!(one.private_pem(), other.private_pem(), "{name}");
        assert_ne!(one.public_pem(), other.public_pem(), "{name}");
    }
}

#[test]
fn openssl_finds_new_keys_sound_and_derives_the_same_public_half() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    if !is_installed("openssl", Command::new("openssl").arg("version").output().is_ok()) {
        return;
    }
    for (name, new, ..) in new_keys() {
        let asked = |arguments: &[&str]| {
            let mut openssl = Command::new("openssl");
            let pipes =
                openssl.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = pipes.spawn().unwrap();
            child.stdin.take().unwrap().write_all(new.private_pem().as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{name}: {output:?}");
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        // There is nothing to check of an Ed25519 key beside its form.
        if name != "Ed25519" {
            assert!(asked(&["pkey", "-check", "-noout"]).contains("Key is valid"), "{name}");
        }
        assert_eq!(asked(&["pkey", "-pubout"]), new.public_pem(), "{name}");
    }
}

#[test]
fn a_signer_refuses_what_cannot_sign_by_name() {
    for (name, pem, message) in [
        ("a public key", file("rsa-2048.spki.pem"), "is a public key, which cannot sign"),
        ("a PKCS#1 public key", file("rsa-2048.pkcs1.pem"), "is a public key, which cannot sign"),
        ("an encrypted key", file("rsa-2048.private.encrypted.pem"), "decrypt it with openssl pkey"),
        ("a certificate", file("p256.certificate.pem"), "PEM block \"CERTIFICATE\""),
        ("no PEM", b"secret".to_vec(), "no -----BEGIN line"),
        (
            "an encrypted key of the old form",
            file("p256.private.encrypted.sec1.pem"),
            "decrypt it with openssl pkey",
        ),
        (
            "another block",
            b"-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n".to_vec(),
            "use PRIVATE KEY",
        ),
    ] {
        let error = Signer::from_pem("k1", &pem).expect_err(name).to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
    let weak = Signer::from_pem("k1", file("rsa-2048.roca.private.pkcs8.pem")).unwrap_err();
    assert!(matches!(weak, ConfigError::RsaFingerprint { .. }), "what a verifier refuses: {weak}");
    let short = Signer::from_secret("k1", b"short").unwrap_err();
    assert!(matches!(short, ConfigError::SecretTooShort { bytes: 5, .. }), "{short}");
}

/// RFC 1421 §4.6: what encrypts a PEM is told in its headers, which come in any order and may say other things.
#[test]
fn a_pem_header_encrypts_a_key_only_where_it_says_so() {
    let plain = String::from_utf8(file("p256.private.sec1.pem")).unwrap();
    let (begin, rest) = plain.split_once("-----\n").unwrap();
    let with = |headers: &str| format!("{begin}-----\n{headers}\n\n{rest}");
    for headers in ["Comment: of the media team", "Comment: ENCRYPTED at rest", "Proc-Type: 4,MIC-CLEAR"] {
        Signer::from_pem("k1", with(headers).as_bytes()).unwrap_or_else(|error| panic!("{headers}: {error}"));
    }
    for headers in ["Proc-Type: 4,ENCRYPTED", "Comment: x\nProc-Type: 4,ENCRYPTED"] {
        let error = Signer::from_pem("k1", with(headers).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("decrypt it with openssl pkey"), "{headers}: {error}");
    }
}

#[test]
fn scopes_that_could_cover_nothing_cannot_be_minted() {
    for text in ["", "/", "/videos/1", "videos//1", "videos/../1", ".", "a\\b", "a\nb", "videos/1/*"] {
        assert!(Scope::folder(text).is_err(), "{text:?}");
        assert!(Scope::object(text).is_err(), "{text:?}");
    }
    assert!(Scope::object("videos/1/").is_err());
    assert!(Scope::playback_id("a/b").is_err());
    assert_eq!(Scope::folder("videos/1/"), Scope::folder("videos/1"));
}

#[test]
fn an_rsa_key_has_a_pkcs1_form_and_other_keys_have_none() {
    for (name, key, ..) in new_keys() {
        match key.private_pkcs1_pem() {
            Some(pem) => {
                assert!(
                    name.starts_with("RSA") && pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"),
                    "{name}"
                );
                let token = Signer::from_pem("k", pem).unwrap().token(Scope::whole_bucket()).sign().unwrap();
                let same = Signer::from_pem("k", key.private_pem()).unwrap();
                let same = same.token(Scope::whole_bucket()).sign().unwrap();
                assert_eq!(
                    token.as_str().split('.').nth(2),
                    same.as_str().split('.').nth(2),
                    "one key, one signature"
                );
            }
            None => assert!(!name.starts_with("RSA"), "{name}"),
        }
    }
}
