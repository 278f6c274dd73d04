use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use playgate::schemes::embed::EmbedToken;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::origin::Setup;
use super::{Fleet, part_of, until};
use crate::support::redis::{After, Redis};
use crate::support::{HOST, in_time};

async fn fleet() -> Option<Fleet> {
    Fleet::start(After::Nothing, |redis: &Redis| Setup::new(redis.url())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_first_requests_for_one_token_make_one_lookup() {
    let Some(fleet) = fleet().await else { return };
    // The first lookup of all also brings the script to the server.
    assert_eq!(fleet.other.verdict(&part_of("1", &fleet.one.issue("1").await)).await, "200");
    for round in 0..5 {
        let ask = part_of("1", &fleet.one.issue("1").await);
        let before = fleet.redis.scripts_run();
        let asked = (0..100).map(|_| fleet.other.verdict(&ask));
        let verdicts = futures_util::future::join_all(asked).await;
        assert!(verdicts.iter().all(|verdict| verdict == "200"), "{round}: {verdicts:?}");
        assert_eq!(fleet.redis.scripts_run() - before, 1, "{round}");
    }
}

/// A connection that stays, from an address of one's own.
struct Client(TcpStream);

impl Client {
    async fn connect(from: IpAddr, to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        Self(socket.connect(to).await.unwrap())
    }

    /// The status of the answer.
    async fn ask(&mut self, token: &str) -> u16 {
        let request = format!("GET /videos/1/seg-1.ts?auth={token} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        let exchange = async {
            self.0.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            loop {
                assert!(self.0.read_buf(&mut answer).await.unwrap() > 0, "the server went away");
                let text = String::from_utf8_lossy(&answer).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    return head["HTTP/1.1 ".len()..][..3].parse().unwrap();
                }
            }
        };
        in_time(exchange).await
    }
}

/// So many requests with tokens that are none, 64 at a time; how many were answered with 403 and with 503.
async fn flood(to: SocketAddr, requests: usize) -> (usize, usize) {
    let (left, unknown) = (Arc::new(AtomicUsize::new(requests)), Arc::new(AtomicUsize::new(0)));
    let clients = (0..64).map(|_| {
        let (left, unknown) = (Arc::clone(&left), Arc::clone(&unknown));
        tokio::spawn(async move {
            let mut client = Client::connect(Ipv4Addr::new(127, 0, 0, 66).into(), to).await;
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                match client.ask(&EmbedToken::generate().unwrap().to_text()).await {
                    403 => unknown.fetch_add(1, Ordering::Relaxed),
                    503 => 0,
                    other => panic!("{other}"),
                };
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let unknown = unknown.load(Ordering::Relaxed);
    (unknown, requests - unknown)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_tokens_reaches_the_store_no_more_than_its_bound_and_takes_no_memory() {
    const FLOOD: usize = 20_000;
    /// What the first may take at most, connections included: four times what was measured, and 419 bytes for a token.
    const GROWTH: u64 = 8 << 20;
    let Some(fleet) = fleet().await else { return };
    let known = fleet.one.issue("1").await;
    assert_eq!(fleet.verdict(&part_of("1", &known)).await, "200");
    let address = fleet.other.address();
    let watching = tokio::spawn(async move {
        // Its own address is that of the flood.
        let mut client = Client::connect(Ipv4Addr::new(127, 0, 0, 66).into(), address).await;
        loop {
            assert_eq!(client.ask(&known).await, 200, "a known token is granted all the while");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let mut memory = vec![fleet.other.resident()];
    for round in 0..2 {
        let (before, began) = (fleet.redis.scripts_run(), Instant::now());
        let (unknown, refused) = flood(address, FLOOD).await;
        let (looked_up, took) = (fleet.redis.scripts_run() - before, began.elapsed());
        memory.push(fleet.other.resident());
        println!(
            "{FLOOD} unknown tokens in {took:?}: {looked_up} lookups, {unknown} answered 403, {refused} answered 503"
        );
        // 20 at once, 10 a second, and those that 64 connections had under way.
        let bound = 20 + 64 + 10 * (took.as_secs() + 1);
        assert!(looked_up <= bound, "{round}: {looked_up} of {bound}");
        assert!(round > 0 || looked_up >= 20, "{looked_up}: what is allowed is done");
        assert!(unknown as u64 <= looked_up, "{round}: nothing is answered unknown that was not looked up");
    }
    println!("resident before, and after each flood: {memory:?} bytes");
    assert!(memory[1] < memory[0] + GROWTH, "{memory:?}");
    assert!(memory[2] < memory[1] + (4 << 20), "{memory:?}");
    assert!(!watching.is_finished());
    watching.abort();

    // From another address a token is looked up all the same, and from this one again in a while.
    let fresh = fleet.one.issue("1").await;
    let mut elsewhere = Client::connect(Ipv4Addr::new(127, 0, 0, 67).into(), address).await;
    assert_eq!(elsewhere.ask(&fresh).await, 200);
    let mut here = Client::connect(Ipv4Addr::new(127, 0, 0, 66).into(), address).await;
    let began = Instant::now();
    let fresh = fleet.one.issue("1").await;
    while here.ask(&fresh).await == 503 {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_none_is_looked_up_once_in_five_seconds() {
    let Some(fleet) = fleet().await else { return };
    let token = EmbedToken::generate().unwrap().to_text();
    let ask = part_of("1", &token);
    assert_eq!(fleet.one.verdict(&ask).await, "403 embed_unknown");
    let before = fleet.redis.scripts_run();
    for _ in 0..200 {
        assert_eq!(fleet.one.verdict(&ask).await, "403 embed_unknown");
    }
    assert!(fleet.redis.scripts_run() - before <= 1, "{}", fleet.redis.scripts_run() - before);
    fleet.other.tell("issue", &[("video", "1"), ("token", &token)]).await.unwrap();
    until(&fleet.one, &ask, "200").await;
}
