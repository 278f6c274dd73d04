//! CloudFront's signed URLs and cookies.

use playgate::schemes::cloudfront::{CloudFrontDraft, CloudFrontPolicy};
use playgate::time::UnixSeconds;

use super::{Row, row};
use crate::support::{Ask, NOW, TestKey, cloudfront_signer, get};

const PATH: &str = "/videos/1/a.ts";

pub(crate) fn rows() -> Vec<Row> {
    let signer = cloudfront_signer(TestKey::RsaOther);
    let at = UnixSeconds::new;
    let resource = |path: &str| format!("https://cloudfront.example.com{path}");
    let folder = || signer.policy(resource("/videos/1/*")).expires_at(at(NOW + 60));
    let url = |target: &str| signer.url(resource(target)).expires_at(at(NOW + 60));
    let sign = |draft: CloudFrontDraft<'_>| draft.sign().unwrap();
    let (good, one) = (sign(folder()), sign(url(PATH)));
    let on = |name: &str, ask: Ask, verdict| {
        row(format!("cloudfront: {name}"), ask.host("cloudfront.example.com"), verdict)
    };
    let query = |policy: &CloudFrontPolicy| get(policy.url(PATH));
    let cookies = |ask: Ask, policy: &CloudFrontPolicy| {
        policy.cookies().fold(ask, |ask, (name, value)| ask.field("cookie", format!("a=1; {name}={value}")))
    };
    let (bad, scope) = ("403 url_signature_bad", "403 url_signature_out_of_scope");
    let bound = sign(folder().client([203, 0, 113, 9].into()));
    vec![
        on("a custom policy", query(&good), "200").shows("GET /videos/1/a.ts\n").hides("Signature"),
        on("a canned policy", query(&one), "200").shows("GET /videos/1/a.ts\n").hides("Key-Pair-Id"),
        on("before other parameters", get(format!("{PATH}?{}&x=1", good.query())), "200")
            .shows("GET /videos/1/a.ts?x=1\n"),
        on("a canned policy with a query", get(sign(url("/a?x=1&y")).url("/a?x=1&y")), "200")
            .shows("GET /a?x=1&y\n"),
        on("another query", get(sign(url("/a?x=1&y")).url("/a?y&x=1")), bad),
        on("percent-encoded", get(query(&good).target.replace('~', "%7E")), "200").hides("Signature"),
        on("cookies", cookies(get(PATH), &good), "200").shows("cookie: ").hides("CloudFront"),
        on("cookies of a canned policy", cookies(get(PATH), &one), "200").hides("CloudFront"),
        on("cookies and one parameter", cookies(get(format!("{PATH}?Expires=1")), &good), bad),
        on("cookies twice", cookies(cookies(get(PATH), &good), &good), "400 ambiguous_credential"),
        on("a parameter twice", get(format!("{}&Policy", query(&good).target)), "400 ambiguous_credential"),
        on("nothing", get(PATH), "403 credential_missing").lacks("www-authenticate"),
        on("another folder", get(good.url("/videos/2/a.ts")), scope).lacks("www-authenticate"),
        on("another file", get(one.url("/videos/1/b.ts")), bad),
        on("with SHA-1", get(query(&good).target.replace("SHA256", "SHA1")), bad),
        on("of an unknown key", get(query(&good).target.replace("Id=rsa", "Id=gone-")), "401 unknown_key"),
        on("of a key of tokens", get(query(&good).target.replace("rsa-other", "rsa")), "401 unknown_key"),
        on("old", query(&sign(folder().expires_at(at(NOW)))), "403 url_signature_expired"),
        on("early", query(&sign(folder().starts_after(at(NOW)))), "403 url_signature_not_yet_valid"),
        on("too long a life", query(&sign(folder().expires_at(at(NOW + 7200)))), bad),
        on("its client", query(&bound).field("x-forwarded-for", "203.0.113.9"), "200"),
        on("its client in IPv6", query(&bound).field("x-forwarded-for", "::ffff:203.0.113.9"), "200"),
        on("another client", query(&bound).field("x-forwarded-for", "203.0.113.8"), bad),
        on("a hidden client", query(&bound).field("x-forwarded-for", "unknown"), bad),
        on("DELETE", query(&good).method("DELETE"), "405 method"),
    ]
}
