//! Every server gives the same answer: one configuration, one table of requests, seven doors.
//!
//! A row has a name, a request, and what is decided about it. It is asked at every door over a real socket, over HTTP/1.1
//! and HTTP/2 unless it can be said in one of them alone; status, header fields and body have to be the same everywhere.
//! What a server's own parser refuses before anybody behind it is asked is marked in its row, and looked at too.

mod akamai;
mod cloudfront;
mod cors;
mod http_rows;
mod links;
mod manifests;
mod origin;
mod shadow;
mod store;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Answer, Ask, World};
use bytes::Bytes;
use http::Request;
use playgate::error::Code;

/// A request, and all that is decided about its answer.
struct Row {
    name: String,
    shot: Shot,
    verdict: &'static str,
    /// Header fields of the answer; `None` for one that is not there.
    fields: Vec<(&'static str, Option<&'static str>)>,
    /// What the body has in it, and what it has not.
    body: Vec<(String, bool)>,
}

/// A request, in the words that it needs.
enum Shot {
    Ask(Ask),
    /// Bytes on a connection, for what no client says.
    Raw(Vec<u8>),
    /// The same, for what actix-web's own parser refuses before anything in it is asked.
    RawBeyondActix(Vec<u8>),
    /// HTTP/2 alone.
    Http2(Request<Bytes>),
}

fn row(name: impl Into<String>, ask: Ask, verdict: &'static str) -> Row {
    Row::new(name.into(), Shot::Ask(ask), verdict)
}

/// These lines over HTTP/1, without anything that is not said.
fn raw(name: &str, lines: &[&str], verdict: &'static str) -> Row {
    Row::new(name.to_owned(), Shot::Raw(head(lines)), verdict)
}

fn raw_beyond_actix(name: &str, lines: &[&str], verdict: &'static str) -> Row {
    Row::new(name.to_owned(), Shot::RawBeyondActix(head(lines)), verdict)
}

fn http2(name: &str, request: http::request::Builder, verdict: &'static str) -> Row {
    Row::new(name.to_owned(), Shot::Http2(request.body(Bytes::new()).unwrap()), verdict)
}

fn head(lines: &[&str]) -> Vec<u8> {
    format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n")).into_bytes()
}

impl Row {
    const fn new(name: String, shot: Shot, verdict: &'static str) -> Self {
        Self { name, shot, verdict, fields: Vec::new(), body: Vec::new() }
    }

    /// The one value of a field.
    fn tells(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((name, Some(value)));
        self
    }

    /// A field that is not there.
    fn lacks(mut self, name: &'static str) -> Self {
        self.fields.push((name, None));
        self
    }

    /// A text in the body: of the inner service, what it saw of the request.
    fn shows(mut self, text: impl Into<String>) -> Self {
        self.body.push((text.into(), true));
        self
    }

    fn hides(mut self, text: impl Into<String>) -> Self {
        self.body.push((text.into(), false));
        self
    }

    async fn answer(&self, world: &World) -> Answer {
        match &self.shot {
            Shot::Ask(ask) => world.ask(ask).await,
            Shot::Raw(bytes) => world.raw(bytes).await,
            Shot::RawBeyondActix(bytes) => world.raw_beyond_actix(bytes).await,
            Shot::Http2(request) => world.http2(request.clone()).await,
        }
    }

    /// What is wrong with the answer.
    fn faults(&self, answer: &Answer) -> Vec<String> {
        let mut faults = Vec::new();
        if answer.verdict() != self.verdict {
            faults.push(format!("{} instead of {}", answer.verdict(), self.verdict));
        }
        if !answer.unheard_at.is_empty() {
            faults.push(format!("{:?} refused it by themselves", answer.unheard_at));
        }
        for (name, value) in &self.fields {
            let told = answer.fields(name).join(" | ");
            if told != value.unwrap_or_default() || answer.headers.contains_key(*name) != value.is_some() {
                faults.push(format!("{name}: {told:?} instead of {value:?}"));
            }
        }
        let body = String::from_utf8_lossy(&answer.body);
        for (text, there) in &self.body {
            if body.contains(text.as_str()) != *there {
                faults.push(format!("in the body {text:?} is{}: {body}", if *there { " not" } else { "" }));
            }
        }
        faults
    }
}

fn rows() -> Vec<Row> {
    let tables = [
        tokens::rows,
        links::rows,
        akamai::rows,
        cloudfront::rows,
        http_rows::rows,
        cors::rows,
        manifests::rows,
        shadow::rows,
    ];
    tables.into_iter().flat_map(|table| table()).collect()
}

/// The codes that no row brings about: what a store in memory never is, one elsewhere is in
/// [`store::every_server_says_alike_that_a_store_is_out_of_reach`].
const ELSEWHERE: [Code; 1] = [Code::StoreUnavailable];

#[tokio::test]
async fn every_server_gives_the_same_answer() {
    let world = origin::world().await;
    let mut wrong = BTreeMap::new();
    for row in rows() {
        let faults = row.faults(&row.answer(&world).await);
        if !faults.is_empty() {
            wrong.insert(row.name, faults);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let rows = rows();
    let mut names = BTreeSet::new();
    for Row { name, .. } in &rows {
        assert!(names.insert(name), "{name} occurs twice");
    }
    assert!(rows.len() >= 350, "{} rows", rows.len());
}

#[test]
fn every_code_that_a_request_can_bring_about_occurs() {
    let rows = rows();
    let told: BTreeSet<&str> = rows.iter().filter_map(|row| Some(row.verdict.split_once(' ')?.1)).collect();
    for code in Code::ALL {
        assert_ne!(told.contains(code.as_str()), ELSEWHERE.contains(code), "{code}");
    }
}
