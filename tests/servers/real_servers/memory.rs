//! A film passes in pieces, however long it is.

use std::fs;

use axum::Router;
use bytes::Bytes;
use futures_util::stream;
use playgate::adapters::tower::GateLayer;
use tokio::io::AsyncReadExt as _;
use tower::Layer as _;
use tower_http::services::ServeDir;

use super::{ACTIX, Pieces, Wire, granted, inner, servers as all, verifier, with_token};
use crate::support::servers::{self, Server};
use crate::support::{in_time, is_alone};

/// Long enough that a film which is kept is not overlooked.
const SIZE: u64 = 1 << 30;

/// The maximum size of all buffers on the way together, those of the client included.
const GROWTH: u64 = 16 << 20;

/// What this process has in memory.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Reads an answer of at least [`SIZE`] bytes to its end, and none of it twice.
async fn passes(server: &Server, target: &str) {
    let mut wire = Wire::open(server.address).await;
    wire.ask("GET", target, "connection: close\r\n").await;
    let head = wire.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{}: {head}", server.name);
    let before = resident();
    let (mut read, mut most) = (wire.got.len() as u64, before);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let more = in_time(wire.stream.read(&mut buffer)).await.unwrap();
        if more == 0 {
            break;
        }
        read += more as u64;
        most = most.max(resident());
    }
    assert!(read >= SIZE, "{}: {read} bytes of {SIZE}", server.name);
    let grown = most.saturating_sub(before);
    assert!(grown < GROWTH, "{}: {grown} bytes more in memory while {SIZE} passed", server.name);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_made_on_the_way_takes_no_memory() {
    if !is_alone(module_path!(), "a_film_that_is_made_on_the_way_takes_no_memory", &[]) {
        return;
    }
    let inner = inner(|_, _| async {
        let piece = |left: u64| async move {
            let next = left.checked_sub(1 << 16)?;
            Some((Ok(Bytes::from(vec![7; 1 << 16])), next))
        };
        Box::pin(stream::unfold(SIZE, piece)) as Pieces
    });
    for server in all(Some(&verifier()), &inner).await {
        passes(&server, &granted()).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_film_from_a_file_takes_no_memory() {
    if !is_alone(module_path!(), "a_film_from_a_file_takes_no_memory", &[]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::File::create(folder.path().join("film.mp4")).unwrap().set_len(SIZE).unwrap();
    let (verifier, path) = (verifier(), folder.path().to_owned());
    let files = Router::new().fallback_service(ServeDir::new(&path));
    for server in [
        servers::axum("axum", verifier.around(files)).await,
        servers::hyper("hyper", GateLayer::new(verifier.clone()).layer(ServeDir::new(&path))).await,
        servers::actix(ACTIX, Some(&verifier), move |app| {
            app.service(actix_files::Files::new("/", &path));
        }),
    ] {
        passes(&server, &with_token("/film.mp4")).await;
    }
}
