//! The journal: the latest requests for media, each with its decision.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};
use axum::middleware::Next;
use axum::response::Response;
use playgate::schemes::Scheme;
use playgate::time::UnixSeconds;
use playgate::{Denial, OwnedGrant};
use serde::Serialize;

use super::home;

/// The number of requests that are kept.
const KEPT: usize = 300;

/// The longest path that is kept, in bytes.
const MAX_PATH: usize = 120;

/// The last requests. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    /// The number of the newest request.
    last: u64,
    kept: VecDeque<Entry>,
}

/// One request, and the decision on it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    number: u64,
    at: i64,
    method: String,
    host: String,
    /// The path without the query, which may hold a credential.
    path: String,
    status: u16,
    /// `granted`, `refused`, `public` or `preflight`.
    decision: &'static str,
    /// The code of a refusal.
    code: Option<&'static str>,
    /// The rule that refused the request, or the credential that was accepted.
    sentence: String,
    /// True if the browser withholds the response from the page, because the site does not list the page's origin.
    withheld: bool,
}

impl Journal {
    /// Returns the requests after the one with this number, oldest first.
    pub(super) fn after(&self, number: u64) -> Vec<Entry> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.kept.iter().filter(|entry| entry.number > number).cloned().collect()
    }

    fn add(&self, mut entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.last += 1;
        entry.number = entries.last;
        if entries.kept.len() == KEPT {
            entries.kept.pop_front();
        }
        entries.kept.push_back(entry);
    }
}

/// The middleware outside of the verifier: enters each request for media into the journal.
pub(super) async fn record(State(journal): State<Journal>, request: Request, next: Next) -> Response {
    let host = home::host_of(&request);
    if host == home::APP {
        return next.run(request).await; // the page and its own requests
    }
    let method = request.method().to_string();
    let path = shown(request.uri().path());
    let has_origin = request.headers().contains_key(ORIGIN);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let (decision, code, sentence) = describe(&method, &response);
    journal.add(Entry {
        number: 0,
        at: UnixSeconds::now().get(),
        withheld: has_origin && !response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN),
        host,
        method,
        path,
        status,
        decision,
        code,
        sentence,
    });
    response
}

/// The path of a file of the film. Another path may contain an embed token, and is not shown.
fn shown(path: &str) -> String {
    if path.starts_with("/videos/") { path.chars().take(MAX_PATH).collect() } else { "/…".to_owned() }
}

/// The decision, the code and the sentence of a response. A refusal has its [`Denial`] in the response's extensions; the
/// application inside of the verifier leaves the grant there.
fn describe(method: &str, response: &Response) -> (&'static str, Option<&'static str>, String) {
    if let Some(denial) = response.extensions().get::<Denial>() {
        ("refused", Some(denial.code_text()), denial.to_string())
    } else if let Some(grant) = response.extensions().get::<OwnedGrant>() {
        ("granted", None, describe_grant(grant))
    } else if method == "OPTIONS" {
        ("preflight", None, "the browser may send the request; no credential is needed yet".to_owned())
    } else {
        ("public", None, "this site needs no credential".to_owned())
    }
}

fn describe_grant(grant: &OwnedGrant) -> String {
    let mut text = match grant.scheme() {
        Scheme::CloudFront => "CloudFront policy".to_owned(),
        Scheme::Akamai => "Akamai token".to_owned(),
        scheme => scheme.as_str().replace('-', " "),
    };
    // Writing to a String cannot fail.
    if let Some(kid) = grant.kid() {
        let _ = write!(text, " by key {kid}");
    }
    match grant.scope() {
        Some("") => text.push_str(", for the whole bucket"),
        Some(scope) => {
            let _ = write!(text, ", for {scope}");
        }
        None => {}
    }
    if let Some(expires) = grant.expires_at() {
        let left = expires.get().saturating_sub(UnixSeconds::now().get());
        let _ = match left {
            ..120 => write!(text, ", valid for {left} s"),
            _ => write!(text, ", valid for {} min", left / 60),
        };
    }
    text
}
