//! Samples of secure links.

use playgate::crypto::LinkHash;
use playgate::mint::LinkSigner;
use playgate::schemes::Scheme;
use playgate::schemes::link::SecureLink;
use playgate::time::UnixSeconds;

use super::{Bad, Good, MANIFEST, Samples};
use crate::support::{NOW, get, vod};

const SECRET: &str = "of thirty-two bytes, for an HMAC";

fn settings() -> SecureLink {
    SecureLink::custom("{dir} {expires}", LinkHash::HmacSha256, SECRET)
}

/// The target of a link for this path.
fn link(path: &str, expires: i64) -> String {
    let signer = LinkSigner::new(&settings()).unwrap();
    signer.link(path).expires_at(UnixSeconds::new(expires)).sign().unwrap()
}

pub(super) fn samples() -> Samples {
    let good = link(MANIFEST, NOW + 60);
    let (_, query) = good.split_once('?').unwrap();
    let hash = query.split('&').find_map(|parameter| parameter.strip_prefix("hash=")).unwrap();
    let moved = format!("{MANIFEST}?{}", link("/videos/2/a.ts", NOW + 60).split_once('?').unwrap().1);
    let bad = |name, target: String, verdict| Bad { name, ask: get(target), verdict };
    Samples {
        scheme: Scheme::SecureLink,
        site: vod().secure_link(settings()).accepts([Scheme::SecureLink]),
        config: "accepts = [\"secure-link\"]\n[site.secure_link]\npreset = \"custom\"\nsecret_file = \"link\"\n\
                 expression = \"{dir} {expires}\"\nhash = \"hmac-sha256\"\n",
        files: &[("link", SECRET)],
        keys: |builder| builder,
        records: |_| {},
        good: vec![Good {
            name: "query",
            ask: get(&good),
            secrets: vec![hash.to_owned()],
            is_in_path: false,
            carried: Some(query.to_owned()),
        }],
        bad: vec![
            bad("expired", link(MANIFEST, NOW - 1), "410 link_expired"),
            bad("another folder", moved, "403 link_bad"),
            bad("no expiry", format!("{MANIFEST}?hash={hash}"), "403 link_bad"),
            bad("twice", format!("{good}&hash={hash}"), "400 ambiguous_credential"),
            bad("nothing", MANIFEST.to_owned(), "403 credential_missing"),
        ],
    }
}
