//! Growth of what is configured.

use playgate::Decision;
use playgate::error::{Code, Denial};

use crate::interleaved::Candidate;
use crate::{FILE, HOST, OPEN, REQUESTS, get, is_granted, is_public, push, site, spread, token, verifier};

/// Sites, each with an exact host of its own.
pub(crate) fn hosts(size: usize, candidates: &mut Vec<Candidate>) {
    let host = |index: usize| format!("customer-{index}.example.com");
    let verifier = verifier((0..size).map(|index| site().host(host(index))), ["k"]);
    let token = token("k");
    let rows = |count| spread(size, count).map(host);
    let open = rows(REQUESTS).map(|host| get(&host, &format!("/{OPEN}")));
    push(candidates, "exact hosts, public", size, &verifier, open, is_public);
    let granted = rows(REQUESTS).map(|host| get(&host, &format!("/{FILE}?auth={token}")));
    push(candidates, "exact hosts, HS256 granted", size, &verifier, granted, is_granted);
    let all = rows(size.max(REQUESTS)).map(|host| get(&host, &format!("/{OPEN}")));
    push(candidates, "exact hosts, public, all of them", size, &verifier, all, is_public);
    let unknown = (0..REQUESTS).map(|index| get(&format!("nobody-{index}.example.com"), "/"));
    push(candidates, "exact hosts, an unknown one", size, &verifier, unknown, |decision| {
        decision.denial().map(Denial::code) == Some(Code::UnknownHost)
    });
}

/// Keys of one bucket.
pub(crate) fn keys(size: usize, candidates: &mut Vec<Candidate>) {
    let kid = |index: usize| format!("2026-11-{index}");
    let kids: Vec<String> = (0..size).map(kid).collect();
    let verifier = verifier([site().host(HOST)], kids.iter().map(String::as_str));
    let granted =
        spread(size, REQUESTS).map(|index| get(HOST, &format!("/{FILE}?auth={}", token(&kid(index)))));
    push(candidates, "keys, HS256 granted", size, &verifier, granted, is_granted);
}

/// Sites on one host, each with a base path of its own.
pub(crate) fn base_paths(size: usize, candidates: &mut Vec<Candidate>) {
    let base_path = |index: usize| format!("/customers/{index}/media/");
    let sites = (0..size).map(|index| site().id(index.to_string()).host(HOST).base_path(base_path(index)));
    let verifier = verifier(sites, ["k"]);
    let token = token("k");
    let rows = |count| spread(size, count).map(base_path);
    let open = rows(REQUESTS).map(|base| get(HOST, &format!("{base}{OPEN}")));
    push(candidates, "base paths, public", size, &verifier, open, is_public);
    let granted = rows(REQUESTS).map(|base| get(HOST, &format!("{base}{FILE}?auth={token}")));
    push(candidates, "base paths, HS256 granted", size, &verifier, granted, is_granted);
    let all = rows(size.max(REQUESTS)).map(|base| get(HOST, &format!("{base}{OPEN}")));
    push(candidates, "base paths, public, all of them", size, &verifier, all, is_public);
    let outside = (0..REQUESTS).map(|index| get(HOST, &format!("/customers/{index}/caf%C3%A9")));
    push(candidates, "base paths, every reading outside", size, &verifier, outside, |decision| {
        matches!(decision, Decision::Pass(_))
    });
    let odd = rows(REQUESTS).map(|base| get(HOST, &format!("/x/..//.{base}{OPEN}")));
    push(candidates, "base paths, some reading inside", size, &verifier, odd, |decision| {
        decision.denial().map(Denial::code) == Some(Code::AmbiguousPath)
    });
}

/// Sites with one host pattern each, of which the last to be asked matches, or none.
pub(crate) fn patterns(size: usize, candidates: &mut Vec<Candidate>) {
    let sites = (0..size).map(|index| site().host(format!("{{region}}.customer-{index:03}.example.com")));
    let verifier = verifier(sites, ["k"]);
    let last = size - 1;
    let open = (0..REQUESTS)
        .map(|index| get(&format!("r{index}.customer-{last:03}.example.com"), &format!("/{OPEN}")));
    push(candidates, "host patterns, public", size, &verifier, open, is_public);
    let unknown = (0..REQUESTS).map(|index| get(&format!("r{index}.nobody-007.example.com"), "/"));
    push(candidates, "host patterns, an unknown host", size, &verifier, unknown, |decision| {
        decision.denial().map(Denial::code) == Some(Code::UnknownHost)
    });
}
