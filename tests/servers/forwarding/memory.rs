//! A client that never reads costs the server a bounded amount of memory, whatever the manifest and the query.

#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Uri;
use playgate::Verifier;
use playgate::site::Forward;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::servers::{self, Server};
use crate::support::{HOST, gate, in_time, is_alone, vod};

const CLIENTS: usize = 64;

/// The maximum memory that all clients together may add: 1 MiB each. A server itself buffers some 400 KiB of a connection.
const GROWTH: u64 = 64 << 20;

/// The approximate size of the manifests.
const SIZE: usize = 56_000;

/// Returns the resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// A playlist of short names, one of a single line with thousands of attributes, and an MPD.
fn manifest(path: &str) -> Bytes {
    let repeated =
        |start: &str, piece: &str, end: &str| format!("{start}{}{end}", piece.repeat(SIZE / piece.len()));
    match path {
        "/short.m3u8" => repeated("#EXTM3U\n", "a\n", ""),
        "/line.m3u8" => repeated("#EXTM3U\n#EXT-X-MAP:", "URI=\"a\",", "X=1\nb.ts\n"),
        "/list.mpd" => repeated("<MPD><SegmentList>", "<SegmentURL media='a'/>", "</SegmentList></MPD>"),
        _ => panic!("{path}"),
    }
    .into()
}

fn verifier(forward: Forward) -> Verifier {
    gate().site(vod().public().forward(forward)).build().unwrap()
}

async fn behind(verifier: &Verifier) -> [Server; 2] {
    let router = Router::new().fallback(|uri: Uri| async move { Body::from(manifest(uri.path())) });
    [
        servers::axum("axum", verifier.around(router)).await,
        servers::actix("actix-web", Some(verifier), |app| {
            app.default_service(web::to(async |request: HttpRequest| {
                HttpResponse::Ok().body(manifest(request.path()))
            }));
        }),
    ]
}

async fn ask(server: &Server, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    in_time(stream.write_all(request.as_bytes())).await.unwrap();
    stream
}

/// Returns the length of an answer.
async fn length(mut stream: TcpStream) -> usize {
    let (mut buffer, mut length) = (vec![0; 1 << 16], 0);
    loop {
        match in_time(stream.read(&mut buffer)).await.unwrap() {
            0 => return length,
            more => length += more,
        }
    }
}

/// Waits until the resident memory has not grown for a while, and returns the highest value.
async fn settled() -> u64 {
    let (mut most, mut calm) = (resident(), 0);
    while calm < 10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = resident();
        calm = if now > most + (1 << 16) { 0 } else { calm + 1 };
        most = most.max(now);
        assert!(most < 4 << 30, "{most} bytes in memory");
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_do_not_fill_the_memory() {
    if !is_alone(module_path!(), "clients_that_never_read_do_not_fill_the_memory", &[]) {
        return;
    }
    // 58 KB of one name 64 times; and one value that is nearly all that can be carried.
    let often = vec![format!("a={}", "x".repeat(900)); 64].join("&");
    let long = format!("a={}", "x".repeat(7_000));
    for forward in [Forward::only_keys(["a"]), Forward::except_keys(["b"])] {
        let verifier = verifier(forward);
        for server in behind(&verifier).await {
            for path in ["/short.m3u8", "/line.m3u8", "/list.mpd"] {
                for query in [&often, &long] {
                    let target = format!("{path}?{query}");
                    let whole = length(ask(&server, &target).await).await;
                    assert!(whole > SIZE, "{} {path}: {whole}", server.name);
                    let before = resident();
                    let mut clients = Vec::new();
                    for _ in 0..CLIENTS {
                        clients.push(ask(&server, &target).await);
                    }
                    let grown = settled().await.saturating_sub(before);
                    assert!(grown < GROWTH, "{} {path}: {grown} bytes more in memory", server.name);
                }
            }
        }
    }
}
