//! Samples of embed tokens.

use futures_util::FutureExt as _;
use playgate::Verifier;
use playgate::schemes::Scheme;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken, Lifetime};

use super::{Bad, Good, MANIFEST, Samples};
use crate::support::{HOST, get, vod};

const GOOD: &str = "00112233445566778899aabbccddeeff";
const OTHER_VIDEO: &str = "10112233445566778899aabbccddeeff";
const REVOKED: &str = "20112233445566778899aabbccddeeff";
const WITH_ORIGIN: &str = "30112233445566778899aabbccddeeff";

fn records(verifier: &Verifier) {
    let embeds = verifier.embeds(HOST).unwrap();
    let draft = |text: &str, video: &str| {
        EmbedDraft::new(video).token(EmbedToken::parse(text).unwrap()).expires_in(Lifetime::Never)
    };
    for draft in [
        draft(GOOD, "1"),
        draft(OTHER_VIDEO, "2"),
        draft(REVOKED, "1"),
        draft(WITH_ORIGIN, "1").origins(["app.example.com"]),
    ] {
        embeds.issue(draft).now_or_never().unwrap().unwrap();
    }
    embeds.revoke(EmbedToken::parse(REVOKED).unwrap()).now_or_never().unwrap().unwrap();
}

pub(super) fn samples() -> Samples {
    let found = |name, ask, is_in_path, carried| Good {
        name,
        ask,
        secrets: vec![GOOD.to_owned()],
        is_in_path,
        carried,
    };
    let bad = |name, text: &str, verdict| Bad { name, ask: get(MANIFEST).query(text), verdict };
    Samples {
        scheme: Scheme::EmbedToken,
        site: vod().embed(Embed::new().path("/embed/{token}/")).accepts([Scheme::EmbedToken]),
        config: "accepts = [\"embed-token\"]\nembed = { path = \"/embed/{token}/\" }\n",
        files: &[],
        keys: |builder| builder,
        records,
        good: vec![
            found("query", get(MANIFEST).query(GOOD), false, Some(format!("auth={GOOD}"))),
            found("cookie", get(MANIFEST).cookie(GOOD), false, None),
            found("path", get(format!("/embed/{GOOD}{MANIFEST}")), true, None),
        ],
        bad: vec![
            bad("unknown", &"0".repeat(32), "403 embed_unknown"),
            bad("no token", "x", "403 embed_unknown"),
            bad("another video", OTHER_VIDEO, "403 out_of_scope"),
            bad("revoked", REVOKED, "403 revoked"),
            bad("from nowhere", WITH_ORIGIN, "403 origin_not_allowed"),
        ],
    }
}
