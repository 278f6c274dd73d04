//! Samples of Akamai tokens.

use playgate::schemes::Scheme;
use playgate::schemes::akamai::{Akamai, AkamaiCarrier, AkamaiSigner};
use playgate::time::UnixSeconds;

use super::{Bad, Good, MANIFEST, Samples};
use crate::support::{NOW, get, vod};

const KEY: &str = "52a152a152a152a152a152a152a1";

fn settings() -> Akamai {
    Akamai::new(KEY).carriers([AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie])
}

/// A token for these paths.
fn token(acl: &str, expires: i64) -> String {
    let signer = AkamaiSigner::new(&settings()).unwrap();
    signer.acl([acl]).expires_at(UnixSeconds::new(expires)).sign().unwrap()
}

pub(super) fn samples() -> Samples {
    let good = token("/videos/1/*", NOW + 60);
    let signer = AkamaiSigner::new(&settings()).unwrap();
    let url = signer.url(MANIFEST).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let in_query = |token: &str| get(format!("{MANIFEST}?hdnts={token}"));
    let hmac = |token: &str| token.split_once("~hmac=").unwrap().1.to_owned();
    let carried = |name, ask, token: &str, carried| Good {
        name,
        ask,
        secrets: vec![token.to_owned(), hmac(token)],
        is_in_path: false,
        carried,
    };
    let bad = |name, token: &str, verdict| Bad { name, ask: in_query(token), verdict };
    Samples {
        scheme: Scheme::Akamai,
        site: vod().akamai(settings()).accepts([Scheme::Akamai]),
        config: "accepts = [\"akamai\"]\n[site.akamai]\nsecret_file = \"akamai\"\n\
                 carriers = [\"query\", \"header\", \"cookie\"]\n",
        files: &[("akamai", KEY)],
        keys: |builder| builder,
        records: |_| {},
        good: vec![
            carried("query", in_query(&good), &good, Some(format!("hdnts={good}"))),
            carried("cookie", get(MANIFEST).field("cookie", format!("hdnts={good}")), &good, None),
            carried("header field", get(MANIFEST).field("hdnts", good.clone()), &good, None),
            carried("one URL", in_query(&url), &url, None),
        ],
        bad: vec![
            bad("expired", &token("/videos/1/*", NOW - 1), "403 url_signature_expired"),
            bad("another folder", &token("/videos/2/*", NOW + 60), "403 url_signature_out_of_scope"),
            bad("changed", &good.replace("/1/", "/2/"), "403 url_signature_bad"),
            bad("twice", &format!("{good}&hdnts={good}"), "400 ambiguous_credential"),
            Bad { name: "nothing", ask: get(MANIFEST), verdict: "403 credential_missing" },
        ],
    }
}
