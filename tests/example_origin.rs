//! The example `origin` does what it prints: each `curl` line gets its status, and Chromium plays the page.
//!
//! Cargo builds `examples/origin` along with `cargo test`, though not with `cargo test --tests`. What needs curl or
//! Chromium skips, with a message, where they are missing; with `PLAYGATE_REQUIRE_SERVICES=1` it fails instead.

#![cfg(unix)]

#[path = "example_origin/embeds.rs"]
mod embeds;
mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::browser::{Browser, curl, stop};
use support::players::found;

#[test]
fn every_printed_curl_line_gets_its_status() {
    if !found("curl") {
        return;
    }
    let origin = Origin::start();
    let cases = origin.cases();
    for status in [200, 201, 204, 206, 400, 401, 403, 405, 410, 421] {
        assert!(cases.iter().any(|case| case.status == status), "no case for {status}");
    }
    for case in &cases {
        let Output { stdout, .. } =
            Command::new("sh").args(["-c", &case.command]).env("no_proxy", "*").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&stdout).trim(), case.status.to_string(), "{}", case.name);
    }
    let log = origin.log();
    for code in ["credential_missing", "expired", "out_of_scope", "wrong_key", "unknown_host", "revoked"] {
        assert!(log.contains(&format!("code=\"{code}\"")), "{code} in:\n{log}");
    }
    assert!(!log.contains("eyJ"), "a token in the log:\n{log}");
    let page = &cases.iter().find(|case| case.name == "embed, page").unwrap().command;
    let (_, token) = page.trim_end_matches('\'').rsplit_once("/watch/").unwrap();
    assert!(token.len() == 32 && !log.contains(token), "an embed token in the log:\n{log}");
}

#[test]
fn the_page_is_served_for_its_viewer_alone() {
    if !found("curl") {
        return;
    }
    let origin = Origin::start();
    let page = curl(&["-si", &origin.page()], "");
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    for attribute in ["secure", "httponly", "domain=playgate.localhost", "path=/videos/1/", "max-age=3"] {
        assert!(head.contains(attribute), "{attribute} in:\n{head}");
    }
    let (_, data) = body.split_once("id=\"demo\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    assert!(!data.contains('<'));
    let data: Value = serde_json::from_str(data).unwrap();
    assert!(
        data["hls_signed_url"].as_str().is_some_and(|url| url.contains("/master.m3u8?auth=ey")),
        "{data}"
    );
    assert!(data["cases"].as_array().is_some_and(|cases| cases.len() > 5), "{data}");
}

#[test]
fn chromium_plays_the_page_to_its_end() {
    if !(found("curl") && found("chromium") && found("chromedriver")) {
        return;
    }
    let origin = Origin::start();
    let browser = Browser::start();
    browser.open(&origin.page());
    browser.wait_until(
        "every player came to an end",
        "return document.body.dataset.ready && players.every(settled)",
    );

    let players = browser.run("return Object.fromEntries(players.map((p) => [p.id, p.dataset.state]))");
    let hls = if plays_hls(&browser) { "ended" } else { "unavailable" };
    assert_eq!(
        players,
        json!({"mp4": "ended", "hls-cookie": hls, "hls-url": hls}),
        "{}\n{}",
        browser.run("return document.body.innerText"),
        origin.log()
    );

    let refusals = browser
        .run("return [...document.querySelectorAll('tbody tr')].map((r) => [r.dataset.result, r.innerText])");
    let refusals = refusals.as_array().unwrap();
    assert!(refusals.len() > 5);
    for refusal in refusals {
        assert_eq!(refusal[0], "as expected", "{refusal}");
    }
}

#[test]
fn interrupted_it_stops_at_once_with_success() {
    let mut origin = Origin::start();
    assert!(origin.interrupt().success());
}

#[test]
fn interrupted_it_does_not_wait_for_a_viewer_who_does_not_read() {
    let mut origin = Origin::start();
    let mut viewer = std::net::TcpStream::connect(("127.0.0.1", origin.port())).unwrap();
    // More answers than socket buffers hold, none of them read.
    for _ in 0..1000 {
        let ask = b"GET /movie.mp4 HTTP/1.1\r\nHost: public.playgate.localhost\r\n\r\n";
        viewer.write_all(ask).unwrap();
    }
    std::thread::sleep(Duration::from_millis(300)); // until it waits for its viewer
    assert!(origin.interrupt().success());
}

#[test]
fn a_taken_port_is_named_together_with_the_way_out() {
    let origin = Origin::start();
    let address = format!("127.0.0.1:{}", origin.port());
    let Output { status, stderr, .. } = example(&["--listen", &address]);
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains(&address) && told.contains("--listen"), "{told}");
}

#[test]
fn help_goes_to_stdout_and_a_mistake_gets_the_usage_line() {
    for flag in ["--help", "-h"] {
        let Output { status, stdout, .. } = example(&[flag]);
        assert!(status.success());
        assert!(String::from_utf8(stdout).unwrap().contains("usage: "));
    }
    for arguments in [
        &["--port"][..],
        &["--listen"],
        &["--listen", "here"],
        &["--listen", "127.0.0.1:0", "--config"],
        &["--manage", "8081"],
        &["--help", "me"],
        &["--print-config", "--listen", "127.0.0.1:0"],
        &["x"],
    ] {
        let Output { status, stdout, stderr } = example(arguments);
        assert_eq!(status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(stderr).unwrap().contains("usage: "), "{arguments:?}");
        assert!(stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_configuration_that_it_prints_is_in_force() {
    let Output { status, stdout, .. } = example(&["--print-config"]);
    assert!(status.success());
    let printed = String::from_utf8(stdout).unwrap();
    let origin = Origin::start();
    let in_force = fs::read_to_string(origin.told("Configuration: ")).unwrap();
    assert_eq!(in_force.replace(&format!(":{}", origin.port()), ":8080"), printed);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("playgate.toml");
    fs::write(&file, printed).unwrap();
    for scope in ["vod", "other", "live"] {
        fs::create_dir_all(folder.path().join("keys").join(scope)).unwrap();
    }
    fs::create_dir_all(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("secrets/links"), "a shared secret\n").unwrap();
    assert_eq!(playgate::Verifier::from_file(file).unwrap().snapshot().policy().sites().count(), 6);
}

#[test]
fn a_configuration_of_ones_own_is_served_and_its_errors_are_told() {
    if !found("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let mine =
        "version = 1\n[[site]]\nhosts = [\"*\"]\nserves = { bucket = \"b\" }\npublic_paths = [\"videos/\"]\n";
    fs::write(&file, mine).unwrap();
    let origin = Origin::start_with(&["--config", file.to_str().unwrap()]);
    let status = |path: &str| {
        let url = format!("http://{}{path}", origin.told("playgate example origin on "));
        curl(&["-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", &url], "")
    };
    assert_eq!(status("/videos/1/movie.mp4"), "200");
    assert_eq!(status("/live/channel-1.m3u8"), "401");

    fs::write(&file, mine.replace("hosts", "host")).unwrap();
    let Output { status, stderr, .. } =
        example(&["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]);
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("mine.toml:3: [[site]] has no field \"host\": write hosts"), "{told}");
}

#[test]
fn the_keys_in_force_are_told_at_the_management_address_and_on_sighup() {
    if !found("curl") {
        return;
    }
    let mut origin = Origin::start();
    let keys = |origin: &Origin| -> Value {
        let told = curl(&["-s", "--noproxy", "*", &origin.told("Keys in force: ")], "");
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"))
    };
    let health = keys(&origin);
    let kids: Vec<&str> =
        health["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, ["live-1", "other-1", "vod-1"]);

    // A key more, and one that is none: told of without a restart, and on demand.
    let vod = PathBuf::from(origin.told("Configuration: ")).with_file_name("keys").join("vod");
    fs::copy(vod.join("vod-1.pem"), vod.join("vod-2.pem")).unwrap();
    fs::write(vod.join("vod-3.pem"), "-----BEGIN").unwrap();
    origin.signal("HUP");
    let report = origin.read_until("]");
    assert!(report.contains("reloaded: sites 0 added, 0 removed, 0 changed; keys "), "{report}");
    let asked = Instant::now();
    while !keys(&origin)["keys"].as_array().unwrap().iter().any(|key| key["kid"] == "vod-2") {
        assert!(asked.elapsed() < Duration::from_secs(10), "{}", origin.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(keys(&origin)["errors"].to_string().contains("vod-3.pem"));

    let Output { status, stderr, .. } = example(&["--listen", "127.0.0.1:0", "--manage", "0.0.0.0:0"]);
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8(stderr).unwrap().contains("no loopback address"));
}

/// Whether a page of the example can: without hls.js Chromium plays HLS by itself, if it can, and the page says so if not.
fn plays_hls(browser: &Browser) -> bool {
    let installed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/origin/node_modules/hls.js").exists();
    installed || browser.run("return players[0].canPlayType('application/vnd.apple.mpegurl') !== ''") == true
}

/// The example, running; killed when dropped.
struct Origin {
    child: Child,
    stdout: BufReader<ChildStdout>,
    lines: Vec<String>,
    log: PathBuf,
}

/// A line that it printed to be tried.
struct Case {
    status: u16,
    name: String,
    command: String,
}

impl Origin {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(arguments: &[&str]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("origin-{}-{number}.log", std::process::id()));
        let mut child = Command::new(binary())
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut origin = Self { child, stdout, lines: Vec::new(), log };
        let greeting = origin.read_until("Ctrl-C");
        origin.lines = greeting.lines().map(str::to_owned).collect();
        origin
    }

    /// What it prints, up to a line with this text.
    fn read_until(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it stopped:\n{read}\n{}", self.log());
            read.push_str(&line);
            if line.contains(text) {
                return read;
            }
        }
    }

    /// What stands behind a label of its greeting.
    fn told(&self, label: &str) -> String {
        let told = self.lines.iter().find_map(|line| line.strip_prefix(label));
        told.unwrap_or_else(|| panic!("no {label:?} in {:?}", self.lines)).to_owned()
    }

    fn page(&self) -> String {
        self.told("Page: ")
    }

    /// Where embed tokens are issued and taken back.
    fn embeds(&self) -> String {
        self.told("Embed page, to issue its tokens and take them back: ")
    }

    fn cases(&self) -> Vec<Case> {
        let pairs = self.lines.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("# ")?, &pair[1])));
        let cases: Vec<Case> = pairs
            .map(|(comment, command)| {
                let (status, rest) = comment.split_once(' ').unwrap();
                let (name, _) = rest.split_once(": ").unwrap();
                Case { status: status.parse().unwrap(), name: name.to_owned(), command: command.clone() }
            })
            .collect();
        assert_eq!(cases.len(), self.lines.iter().filter(|line| line.starts_with("curl ")).count());
        cases
    }

    fn port(&self) -> u16 {
        self.page().trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Sends what Ctrl-C sends.
    fn interrupt(&mut self) -> ExitStatus {
        self.signal("INT");
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(asked.elapsed() < Duration::from_secs(10), "it still runs");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        stop(&mut self.child);
        let _ = fs::remove_file(&self.log);
    }
}

/// Runs the example to its end.
fn example(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

/// Beside this test: `target/debug/deps/example_origin-…` and `target/debug/examples/origin`.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples/origin");
    assert!(
        path.exists(),
        "{} is not built: cargo test --tests builds no examples, cargo test does",
        path.display()
    );
    path
}
