//! Samples of signed tokens.

use playgate::KeyScope;
use playgate::schemes::{Carrier, Scheme};

use super::{Bad, Good, MANIFEST, Samples};
use crate::support::{NOW, TestKey, get, vod};

fn token(key: TestKey, payload: &str) -> String {
    key.sign(&TestKey::Rsa.header(), payload)
}

pub(super) fn samples() -> Samples {
    let token_of = |payload: &str| token(TestKey::Rsa, payload);
    let good = token_of(&format!(r#"{{"uri":"videos/1/","exp":{},"nbf":{NOW}}}"#, NOW + 60));
    let bad =
        |name, payload: &str, verdict| Bad { name, ask: get(MANIFEST).query(token_of(payload)), verdict };
    let expired = format!(r#"{{"uri":"videos/1/","exp":{NOW}}}"#);
    let early = format!(r#"{{"uri":"videos/1/","nbf":{}}}"#, NOW + 1);
    let found =
        |name, ask, carried| Good { name, ask, secrets: vec![good.clone()], is_in_path: false, carried };
    Samples {
        scheme: Scheme::SignedToken,
        site: vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]),
        config: "carriers = [\"query\", \"bearer\", \"cookie\"]\n",
        files: &[],
        keys: |builder| builder.key(TestKey::Rsa.key(KeyScope::bucket("vod"))),
        records: |_| {},
        good: vec![
            found("query", get(MANIFEST).query(&good), Some(format!("auth={good}"))),
            found("bearer", get(MANIFEST).bearer(&good), None),
            found("cookie", get(MANIFEST).cookie(&good), None),
        ],
        bad: vec![
            bad("expired", &expired, "401 expired"),
            bad("early", &early, "401 not_yet_valid"),
            bad("another folder", r#"{"uri":"videos/2/"}"#, "403 out_of_scope"),
            bad("no scope", "{}", "401 claim_refused"),
            Bad { name: "no token", ask: get(MANIFEST).query("a.b.c"), verdict: "401 malformed_token" },
            Bad {
                name: "another signer",
                ask: get(MANIFEST).query(token(TestKey::RsaOther, r#"{"uri":"videos/1/"}"#)),
                verdict: "401 bad_signature",
            },
            Bad {
                name: "twice",
                ask: get(MANIFEST).query(&good).query(&good),
                verdict: "400 ambiguous_credential",
            },
        ],
    }
}
