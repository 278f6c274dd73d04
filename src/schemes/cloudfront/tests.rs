//! Published URLs and cookies, whose keys are too short to be loaded. They are verified without loading the keys.

use aws_lc_rs::digest::{Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
};
use http::Request;
use serde::Deserialize;

use super::CloudFront;
use crate::crypto::{Algorithm, BadSignature, SignatureCheck, VerifyingKey};
use crate::error::{Denial, UrlSignatureFault};
use crate::keys::Key;
use crate::request::PeerAddr;
use crate::schemes::Scheme;
use crate::schemes::cloudfront::Protocol;
use crate::scope::KeyScope;
use crate::time::UnixSeconds;
use crate::{Site, Verifier};

#[derive(Deserialize)]
struct Published {
    keys: Vec<PublicKey>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct PublicKey {
    id: String,
    pem: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    url: String,
    cookies: Option<Vec<String>>,
    client: Option<std::net::IpAddr>,
    now: i64,
    expect: String,
}

/// A key of 1024 bits, for both hashes.
struct Short {
    sha1: ParsedPublicKey,
    sha256: ParsedPublicKey,
}

impl SignatureCheck for Short {
    /// Verifies a signature over a digest.
    fn check(&self, digest: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let (key, algorithm) = match digest.len() {
            20 => (&self.sha1, &SHA1_FOR_LEGACY_USE_ONLY),
            _ => (&self.sha256, &SHA256),
        };
        let digest = Digest::import_less_safe(digest, algorithm).unwrap();
        key.verify_digest_sig(&digest, signature).map_err(|_| BadSignature)
    }
}

fn short_key(PublicKey { id, pem }: &PublicKey) -> Key {
    let der = pem::parse(pem).unwrap().into_contents();
    let parsed = |parameters| ParsedPublicKey::new(parameters, &der).unwrap();
    let check = Short {
        sha1: parsed(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        sha256: parsed(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
    };
    Key::new(id, KeyScope::bucket("vod"), VerifyingKey::new(Algorithm::CloudFrontRsa, check)).unwrap()
}

/// Returns the decision that a case expects.
fn expected(expect: &str) -> Option<&'static [&'static str]> {
    Some(match expect {
        "granted" => return None,
        "bad_signature" => &["UrlSignatureBad(Mismatch)"],
        "resource_mismatch" => &["UrlSignatureOutOfScope"],
        "missing" => &["UrlSignatureBad(Incomplete)", "CredentialMissing"],
        "expired" => &["UrlSignatureExpired"],
        "not_yet_valid" => &["UrlSignatureNotYetValid"],
        "ip_mismatch" => &["UrlSignatureBad(OtherClient)"],
        "unknown_key" => &["UnknownKey"],
        other => panic!("{other}"),
    })
}

#[test]
fn published_urls_and_cookies_are_decided_as_published() {
    let published = include_str!("../../../tests/data/cloudfront.json");
    let Published { keys, cases } = serde_json::from_str(published).unwrap();
    assert!(cases.len() > 40, "{}", cases.len());
    let verifier = |protocol| {
        let site = Site::bucket("vod").any_host().cloudfront(CloudFront::new().protocol(protocol));
        let builder = Verifier::builder().site(site.accepts([Scheme::CloudFront]));
        keys.iter().fold(builder, |builder, key| builder.key(short_key(key))).build().unwrap()
    };
    let (https, http) = (verifier(Protocol::Https), verifier(Protocol::Http));
    for case in &cases {
        let (protocol, rest) = case.url.split_once("://").unwrap();
        let (host, target) = rest.split_once('/').unwrap();
        let mut request = Request::get(format!("/{target}")).header("host", host);
        for cookie in case.cookies.iter().flatten() {
            request = request.header("cookie", cookie);
        }
        let client = case.client.unwrap_or([192, 0, 2, 1].into());
        let request = request.extension(PeerAddr((client, 50_000).into())).body(()).unwrap();
        let verifier = if protocol == "https" { &https } else { &http };
        let decision = verifier.decide(&request, UnixSeconds::new(case.now));
        let denial = decision.denial();
        if case.name == "ruby-canned-url-in-path" {
            // The path has an empty segment. It is refused before any scheme is tried.
            assert!(matches!(denial, Some(Denial::AmbiguousPath(_))), "{denial:?}");
            continue;
        }
        match (expected(&case.expect), denial) {
            (None, None) => {}
            (Some(starts), Some(denial)) => {
                let denial = format!("{denial:?}");
                assert!(starts.iter().any(|start| denial.starts_with(start)), "{}: {denial}", case.name);
            }
            (_, denial) => panic!("{}: {denial:?}", case.name),
        }
    }
}

#[test]
fn another_bit_of_a_published_signature_does_not_fit() {
    let published = include_str!("../../../tests/data/cloudfront.json");
    let Published { keys, cases } = serde_json::from_str(published).unwrap();
    let site = Site::bucket("vod").any_host().cloudfront(CloudFront::new().protocol(Protocol::Http));
    let builder = Verifier::builder().site(site.accepts([Scheme::CloudFront]));
    let verifier = keys.iter().fold(builder, |builder, key| builder.key(short_key(key))).build().unwrap();
    let case = cases.iter().find(|case| case.name == "canned").unwrap();
    let (start, rest) = case.url.split_once("Signature=").unwrap();
    let (signature, end) = rest.split_once('&').unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~";
    for place in 0..signature.trim_end_matches('_').len() - 1 {
        let digit = alphabet.find(&signature[place..=place]).unwrap();
        let other = &alphabet[(digit ^ 1)..=(digit ^ 1)];
        let url = format!("{start}Signature={}{other}{}&{end}", &signature[..place], &signature[place + 1..]);
        let (_, target) = url.split_once("net").unwrap();
        let host = "d604721fxaaqy9.cloudfront.net";
        let request = Request::get(target).header("host", host).body(()).unwrap();
        let denial = verifier.decide(&request, UnixSeconds::new(case.now)).denial();
        assert_eq!(denial, Some(Denial::UrlSignatureBad(UrlSignatureFault::Mismatch)), "{place}");
    }
}
