//! A client that asks first (`Expect: 100-continue`, RFC 9110 §10.1.1) sends no body that is refused anyway.

use super::{ACTIX, PATH, Wire, inner, servers, verifier, whole, with_token};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

const EXPECT: &str = "content-length: 5\r\nexpect: 100-continue\r\n";

#[tokio::test]
async fn a_body_is_refused_before_it_is_sent() {
    for server in servers(Some(&verifier()), &inner(|_, body| async { whole(body) })).await {
        let mut wire = Wire::open(server.address).await;
        wire.ask("POST", "/videos/1/upload", EXPECT).await;
        if server.name == ACTIX {
            // It says so before any application is asked, and the refusal follows at once.
            assert_eq!(wire.until("\r\n\r\n").await, CONTINUE);
        }
        let refusal = wire.answer().await;
        assert!(refusal.starts_with("HTTP/1.1 401"), "{}: {refusal}", server.name);
    }
}

#[tokio::test]
async fn a_body_is_asked_for_once_it_is_granted() {
    for server in servers(Some(&verifier()), &inner(|_, body| async { whole(body) })).await {
        let mut wire = Wire::open(server.address).await;
        wire.ask("POST", &with_token("/videos/1/upload"), EXPECT).await;
        assert_eq!(wire.until("\r\n\r\n").await, CONTINUE, "{}", server.name);
        wire.send("bytes").await;
        let answer = wire.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", server.name);
        assert!(answer.contains("bytes\r\n0\r\n"), "{}: {answer}", server.name);
    }
}

/// The inner service that never reads it never asks for it.
#[tokio::test]
async fn a_body_that_nobody_reads_is_not_asked_for() {
    for server in servers(Some(&verifier()), &super::fine()).await {
        let mut wire = Wire::open(server.address).await;
        wire.ask("POST", &with_token(PATH), EXPECT).await;
        let answer = wire.until("\r\n").await;
        let expected = if server.name == ACTIX { "HTTP/1.1 100 Continue\r\n" } else { "HTTP/1.1 200 OK\r\n" };
        assert_eq!(answer, expected, "{}", server.name);
    }
}
