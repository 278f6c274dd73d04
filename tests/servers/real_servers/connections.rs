//! After an answer of the layer a connection is worth what it is worth after one of the inner service.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{ACTIX, PATH, Wire, fine, granted, inner, servers, verifier, whole, with_token};
use crate::support::{HOST, World, behind, in_time, vod};

/// actix-web gives up a connection on which a body was left unread, and says so; as it does without the layer.
#[tokio::test]
async fn a_connection_is_usable_after_a_denial_that_left_a_request_body_unread() {
    let verifier = verifier();
    for (gate, status) in [(Some(&verifier), "401"), (None, "200")] {
        for server in servers(gate, &fine()).await {
            let mut wire = Wire::open(server.address).await;
            let door = format!("{} {}", server.name, gate.is_some());
            for body in ["", "some bytes that nobody reads"] {
                // In one write: what has not come yet when it has answered, a server need not wait for.
                let fields = format!("Host: {HOST}\r\nContent-Length: {}", body.len());
                wire.send(&format!("POST {PATH} HTTP/1.1\r\n{fields}\r\n\r\n{body}")).await;
                let answer = wire.answer().await;
                assert_eq!(statuses(&answer), [status], "{door}");
                let closes = answer.contains("\r\nconnection: close\r\n");
                assert_eq!(closes, server.name == ACTIX && !body.is_empty(), "{door}: {answer}");
            }
            if server.name == ACTIX {
                assert_eq!(wire.rest().await, "", "{door}");
                continue;
            }
            wire.ask("GET", &granted(), "").await;
            assert_eq!(statuses(&wire.answer().await), ["200"], "{door}");
        }
    }
}

/// The statuses on a connection that carries a body of a megabyte nobody reads, and then another request.
async fn around_a_long_body(address: SocketAddr) -> Vec<String> {
    let wire = Wire::open(address).await;
    let (mut reader, mut writer) = wire.stream.into_split();
    let asking = tokio::spawn(async move {
        let body = "x".repeat(1 << 20);
        let first = format!("POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\ncontent-length: {}\r\n\r\n", body.len());
        let second = format!("GET {} HTTP/1.1\r\nHost: {HOST}\r\nconnection: close\r\n\r\n", granted());
        // A server that has answered may close, and the rest is not sent then.
        let _ = writer.write_all(format!("{first}{body}{second}").as_bytes()).await;
        writer
    });
    let mut answers = Vec::new();
    let _ = in_time(reader.read_to_end(&mut answers)).await;
    drop(asking.await);
    statuses(&String::from_utf8(answers).unwrap())
}

fn statuses(answers: &str) -> Vec<String> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect()
}

/// Some read on, some close; none takes the body for a request.
#[tokio::test]
async fn a_long_body_that_nobody_reads_ends_its_connection_or_is_skipped() {
    let verifier = verifier();
    for (gate, status) in [(Some(&verifier), "401"), (None, "200")] {
        for server in servers(gate, &fine()).await {
            let seen = around_a_long_body(server.address).await;
            let name = server.name;
            assert!(seen == [status] || seen == [status, "200"], "{name} {}: {seen:?}", gate.is_some());
        }
    }
}

#[tokio::test]
async fn two_requests_in_one_write_are_judged_each_for_itself() {
    let world = World::start(behind(vod())).await;
    for (door, address) in world.addresses() {
        let mut wire = Wire::open(address).await;
        let two = format!(
            "GET {} HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n",
            granted()
        );
        wire.send(&two).await;
        assert_eq!(statuses(&wire.rest().await), ["200", "401"], "{door}");
    }
}

/// The handler's mistake costs its own connection, with the layer and without it.
#[tokio::test]
async fn a_handler_that_panics_leaves_the_servers_usable() {
    let inner = inner(|path, _| {
        let panics = path.ends_with("panic.ts");
        async move {
            if panics {
                // Unlike `panic!`, without a word on standard error.
                std::panic::resume_unwind(Box::new("a handler's own mistake"));
            }
            whole("fine")
        }
    });
    let verifier = verifier();
    for gate in [Some(&verifier), None] {
        for server in servers(gate, &inner).await {
            for _ in 0..3 {
                let mut wire = Wire::open(server.address).await;
                wire.ask("GET", &with_token("/videos/1/panic.ts"), "").await;
                assert_eq!(wire.rest().await, "", "{} {}", server.name, gate.is_some());
            }
            let mut wire = Wire::open(server.address).await;
            wire.ask("GET", &granted(), "").await;
            let answer = wire.answer().await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", server.name);
            wire.ask("GET", PATH, "connection: close\r\n").await;
            let expected = if gate.is_some() { "401" } else { "200" };
            assert_eq!(statuses(&wire.rest().await), [expected], "{}", server.name);
        }
    }
}
