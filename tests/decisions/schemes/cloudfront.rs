//! Samples of CloudFront's signed URLs and cookies.

use playgate::KeyScope;
use playgate::schemes::Scheme;
use playgate::schemes::cloudfront::{CloudFront, CloudFrontPolicy, Protocol};
use playgate::time::UnixSeconds;

use super::{Bad, Good, MANIFEST, Samples};
use crate::support::{
    Ask, HOST, NOW, TestKey, cloudfront_key, cloudfront_query, cloudfront_signer, get, vod,
};

/// A policy for these URLs.
fn custom(key: TestKey, path: &str, expires: i64) -> CloudFrontPolicy {
    let signer = cloudfront_signer(key);
    let draft = signer.policy(format!("https://{HOST}{path}")).expires_at(UnixSeconds::new(expires));
    draft.sign().unwrap()
}

/// A policy for one URL.
fn canned(key: TestKey, path: &str) -> CloudFrontPolicy {
    let signer = cloudfront_signer(key);
    signer.url(format!("https://{HOST}{path}")).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap()
}

fn with_cookies(policy: &CloudFrontPolicy) -> Ask {
    policy.cookies().fold(get(MANIFEST), |ask, (name, value)| ask.field("cookie", format!("{name}={value}")))
}

pub(super) fn samples() -> Samples {
    let folder = custom(TestKey::Rsa, "/videos/1/*", NOW + 60);
    let folder_by_p256 = custom(TestKey::P256, "/videos/1/*", NOW + 60);
    let (one, one_by_p256) = (canned(TestKey::Rsa, MANIFEST), canned(TestKey::P256, MANIFEST));
    let in_query = |query: &str| get(format!("{MANIFEST}?{query}"));
    let good = |name, ask, policy: &CloudFrontPolicy, carried| {
        let secret = |name: &&str| matches!(*name, "CloudFront-Policy" | "CloudFront-Signature");
        let secrets = policy.cookies().filter(|(name, _)| secret(name)).map(|(_, value)| value.to_owned());
        Good { name, ask, secrets: secrets.collect(), is_in_path: false, carried }
    };
    let bad = |name, query: &str, verdict| Bad { name, ask: in_query(query), verdict };
    let signed = folder.query();
    Samples {
        scheme: Scheme::CloudFront,
        site: vod().cloudfront(CloudFront::new().protocol(Protocol::Https)).accepts([Scheme::CloudFront]),
        config: "accepts = [\"cloudfront\"]\n[site.cloudfront]\nprotocol = \"https\"\n",
        files: &[],
        keys: |builder| {
            let keys = [TestKey::Rsa, TestKey::P256];
            builder.keys(keys.map(|key| cloudfront_key(key, KeyScope::bucket("vod"))))
        },
        records: |_| {},
        good: vec![
            good("custom policy", in_query(&signed), &folder, Some(signed.clone())),
            good(
                "by P-256",
                in_query(&folder_by_p256.query()),
                &folder_by_p256,
                Some(folder_by_p256.query()),
            ),
            good("canned policy", in_query(&one.query()), &one, None),
            good("canned policy by P-256", in_query(&one_by_p256.query()), &one_by_p256, None),
            good("cookies", with_cookies(&folder), &folder, None),
            good("cookies with a canned policy", with_cookies(&one_by_p256), &one_by_p256, None),
        ],
        bad: vec![
            bad("expired", &custom(TestKey::Rsa, "/videos/1/*", NOW).query(), "403 url_signature_expired"),
            bad(
                "another folder",
                &custom(TestKey::P256, "/videos/2/*", NOW + 60).query(),
                "403 url_signature_out_of_scope",
            ),
            bad("another URL", &canned(TestKey::Rsa, "/videos/1/a.ts").query(), "403 url_signature_bad"),
            bad("two statements", &cloudfront_query(r#"{"Statement":[{},{}]}"#), "403 url_signature_bad"),
            bad("incomplete", "Key-Pair-Id=rsa", "403 url_signature_bad"),
            bad("by another key", &signed.replace("Id=rsa", "Id=gone"), "401 unknown_key"),
            bad("twice", &format!("{signed}&Policy=x"), "400 ambiguous_credential"),
            Bad { name: "nothing", ask: get(MANIFEST), verdict: "403 credential_missing" },
        ],
    }
}
