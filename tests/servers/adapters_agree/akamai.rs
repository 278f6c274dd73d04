//! Akamai tokens.

use std::net::IpAddr;

use playgate::schemes::akamai::{Akamai, AkamaiDraft, AkamaiSigner};
use playgate::time::UnixSeconds;

use super::origin::AKAMAI_KEY;
use super::{Row, row};
use crate::support::{Ask, NOW, get};

const PATH: &str = "/videos/1/a.ts";

pub(crate) fn rows() -> Vec<Row> {
    let signer = AkamaiSigner::new(&Akamai::new(AKAMAI_KEY)).unwrap();
    let at = UnixSeconds::new;
    let sign = |draft: AkamaiDraft<'_>| draft.sign().unwrap();
    let folder = || signer.acl(["/videos/1/*"]).expires_at(at(NOW + 60));
    let good = sign(folder());
    let bound = sign(folder().client(IpAddr::from([203, 0, 113, 9])));
    let on = |name: &str, ask: Ask, verdict| {
        row(format!("akamai: {name}"), ask.host("akamai.example.com"), verdict)
    };
    let query = |token: &str| get(format!("{PATH}?hdnts={token}"));
    let (bad, scope) = ("403 url_signature_bad", "403 url_signature_out_of_scope");
    vec![
        on("in the query", query(&good), "200").shows("GET /videos/1/a.ts\n").hides("hmac"),
        on("in a field", get(PATH).field("hdnts", &good), "200").hides("hmac"),
        on("in a cookie", get(PATH).field("cookie", format!("hdnts={good}")), "200").hides("hmac"),
        on("in the second cookie", get(PATH).field("cookie", format!("hdnts=x; hdnts={good}")), "200"),
        on("percent-encoded", query(&good.replace('~', "%7E").replace('*', "%2A")), "200"),
        on(
            "in two fields",
            get(PATH).field("hdnts", &good).field("hdnts", &good),
            "400 ambiguous_credential",
        ),
        on("twice", get(format!("{PATH}?hdnts={good}&hdnts=x")), "400 ambiguous_credential"),
        on("nothing", get(PATH), "403 credential_missing").lacks("www-authenticate"),
        on("another folder", get(format!("/videos/2/a.ts?hdnts={good}")), scope).lacks("www-authenticate"),
        on("another hmac", query(&format!("{good}0")), bad),
        on("another exp", query(&good.replace("exp=1", "exp=2")), bad),
        on("old", query(&sign(folder().expires_at(at(NOW)))), "403 url_signature_expired"),
        on("early", query(&sign(folder().starts_at(at(NOW + 1)))), "403 url_signature_not_yet_valid"),
        on("too long a life", query(&sign(folder().expires_at(at(NOW + 7200)))), bad),
        on("its URL", query(&sign(signer.url(PATH).expires_at(at(NOW + 60)))), "200"),
        on("another URL", query(&sign(signer.url("/videos/1/b.ts").expires_at(at(NOW + 60)))), bad),
        on("its client", query(&bound).field("x-forwarded-for", "203.0.113.9"), "200"),
        on("its client in IPv6", query(&bound).field("x-forwarded-for", "::ffff:203.0.113.9"), "200"),
        on("another client", query(&bound).field("x-forwarded-for", "203.0.113.8"), bad),
        on("a hidden client", query(&bound).field("x-forwarded-for", "unknown"), bad),
        on("DELETE", query(&good).method("DELETE"), "405 method"),
    ]
}
