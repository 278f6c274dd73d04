//! The small examples do what they print. Cargo builds them along with `cargo test`, though not with `cargo test --tests`.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::players::found;

#[test]
fn the_axum_example_protects_its_media_alone() {
    let home = granted_and_refused("axum");
    assert!(home.is_none_or(|home| home == "200"));
}

#[test]
fn the_actix_example_protects_its_media_alone() {
    let home = granted_and_refused("actix");
    assert!(home.is_none_or(|home| home == "200"));
}

#[test]
fn the_hyper_example_protects_all_that_it_serves() {
    let home = granted_and_refused("hyper");
    assert!(home.is_none_or(|home| home == "401"));
}

#[test]
fn the_example_by_hand_protects_all_that_it_serves() {
    let home = granted_and_refused("by_hand");
    assert!(home.is_none_or(|home| home == "401"));
}

/// Runs an example of at most 40 lines, asks for what it prints, and tells what its front page is answered with; `None`
/// without curl.
fn granted_and_refused(example: &str) -> Option<String> {
    let source = format!("{}/examples/{example}.rs", env!("CARGO_MANIFEST_DIR"));
    assert!(fs::read_to_string(source).unwrap().lines().count() <= 40);
    if !found("curl") {
        return None;
    }
    // Beside this test: `target/debug/deps/examples-…` and `target/debug/examples/axum`.
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(example);
    assert!(Path::exists(&program), "cargo test --tests builds no examples, cargo test does");
    let mut child = Command::new(program)
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let told: Vec<String> = lines.take(2).collect();
    let status = |url: &str| curl(&["-o", "/dev/null", "-w", "%{http_code}", url]);
    for line in &told {
        let (expected, url) = line.split_once(": ").unwrap();
        assert_eq!(status(url), expected, "{url}");
        if expected == "200" && url.contains(".m3u8") {
            let playlist = curl(&[url]);
            assert!(playlist.contains(".ts?auth="), "the token is carried on: {playlist}");
        }
    }
    let movie = told[1].strip_prefix("401: ").unwrap();
    let (home, _) = movie.split_once("/media/").or_else(|| movie.split_once("/videos/")).unwrap();
    let home = status(&format!("{home}/"));
    stop(&mut child);
    Some(home)
}

fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-s", "--noproxy", "*"]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
