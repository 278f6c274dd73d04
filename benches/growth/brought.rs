//! Growth of what a request brings: one that is asked again and again.

use http::Request;
use playgate::Scope;
use playgate::mint::{Signer, TokenDraft};
use playgate::schemes::DEFAULT_COOKIE_NAME;
use playgate::site::DEFAULT_TOKEN_CACHE;

use crate::fixtures::Kind;
use crate::interleaved::Candidate;
use crate::{EXP, FILE, HOST, get, is_granted, row, site, verifier_with};

/// Tokens about so long: of short claims, and one that fills them up.
pub(crate) fn token_length(size: usize, candidates: &mut Vec<Candidate>) {
    let signer = Kind::Hmac.signer("k");
    let filled = |length: usize| signed(draft(&signer, "videos/8f14e45f").claim("note", "n".repeat(length)));
    let token = filled((size - filled(0).len()) * 3 / 4);
    let request = || get(HOST, &format!("/{FILE}?auth={token}"));
    push_both(candidates, "token length", size, (token.len(), "byte"), request);
}

/// Cookies, of which the last is the token.
pub(crate) fn cookies(size: usize, candidates: &mut Vec<Candidate>) {
    let token = signed(draft(&Kind::Hmac.signer("k"), "videos/8f14e45f"));
    let others = (1..size).map(|number| format!("cookie-{number:02}=8f14e45fceea167a5a36; "));
    let line = others.collect::<String>() + DEFAULT_COOKIE_NAME + "=" + &token;
    let request = || {
        let mut request = get(HOST, &format!("/{FILE}"));
        request.headers_mut().insert("cookie", line.parse().unwrap());
        request
    };
    push_both(candidates, "cookies", size, (size, "cookie"), request);
}

/// Scopes about so long, of folders with eight letters each, and paths that go as deep.
pub(crate) fn scope_length(size: usize, candidates: &mut Vec<Candidate>) {
    let folder = vec!["8f14e45f"; size.div_ceil(9)].join("/");
    let token = signed(draft(&Kind::Hmac.signer("k"), &folder));
    let request = || get(HOST, &format!("/{folder}/segment-00042.ts?auth={token}"));
    push_both(candidates, "scope length", size, (folder.len(), "byte"), request);
}

fn draft<'s>(signer: &'s Signer, folder: &str) -> TokenDraft<'s> {
    signer.token(Scope::folder(folder).unwrap()).expires_at(EXP)
}

fn signed(draft: TokenDraft<'_>) -> String {
    draft.sign().unwrap().as_str().to_owned()
}

/// A row for a new HS256 token, and one for the same when it was seen before.
fn push_both(
    candidates: &mut Vec<Candidate>,
    group: &str,
    size: usize,
    (amount, unit): (usize, &'static str),
    request: impl Fn() -> Request<()>,
) {
    for (state, token_cache) in [("new HS256", 0), ("seen", DEFAULT_TOKEN_CACHE)] {
        let verifier = verifier_with(token_cache, [site().host(HOST)], ["k"]);
        let group = format!("{group}, {state}");
        let row = row(&group, size, &verifier, std::iter::once(request()), is_granted);
        candidates.push(row.grown(amount, unit));
    }
}
