//! `playgate demo`, as a user runs it: the program, a socket, a browser.
//!
//! The browser test needs chromedriver and Chromium. Where they are missing it skips, with a message; with
//! `PLAYGATE_REQUIRE_SERVICES=1` it fails instead. It leaves screenshots of the page in the directory of the build.

#[path = "../../../tests/support/browser.rs"]
mod browser;
#[path = "demo/prometheus.rs"]
mod prometheus;
#[path = "../../../tests/support/skip.rs"]
mod skip;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use browser::Browser;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_playgate");
const APP: &str = "app.playgate.localhost";
const CDN: &str = "cdn.playgate.localhost";
const MASTER: &str = "/videos/1/master.m3u8";

/// The time that something may take to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running demo, which is stopped when the value is dropped.
struct Demo {
    program: Child,
    port: u16,
    greeting: Vec<String>,
    /// The commands that `--curl` prints.
    cases: Arc<Mutex<Vec<String>>>,
}

/// A response, with its header fields in lower case.
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Demo {
    /// Starts the demo on a free port, and waits for its greeting.
    fn start(arguments: &[&str]) -> Self {
        let mut program = Command::new(PROGRAM)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let greeting: Vec<String> =
            lines.by_ref().map(Result::unwrap).take_while(|line| !line.contains("Stop ")).collect();
        let address = greeting.first().unwrap().rsplit(' ').next().unwrap().to_owned();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        // The rest is read so that the program never waits for a reader.
        let cases = Arc::<Mutex<Vec<String>>>::default();
        let printed = Arc::clone(&cases);
        std::thread::spawn(move || {
            let lines = lines.map_while(Result::ok).filter(|line| line.starts_with("curl "));
            lines.for_each(|line| printed.lock().unwrap().push(line));
        });
        Self { program, port, greeting, cases }
    }

    /// The origin of a host, as browsers send it.
    fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    fn send(&self, method: &str, host: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Response {
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}:{}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.port,
            body.len()
        );
        for (name, value) in fields {
            request.extend([name, ": ", value, "\r\n"]);
        }
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(response[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let head = head
            .lines()
            .map(|line| match line.split_once(':') {
                Some((name, value)) => format!("{}:{value}\n", name.to_ascii_lowercase()),
                None => format!("{line}\n"),
            })
            .collect();
        Response { status, head, body: response[end + 4..].to_vec() }
    }

    fn get(&self, host: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        self.send("GET", host, target, fields, "")
    }

    /// Presses a button of the page.
    fn press(&self, kind: &str, change: &str) -> Response {
        let body = json!({"kind": kind, "change": change}).to_string();
        self.send("POST", APP, "/api/credential", &[("Content-Type", "application/json")], &body)
    }

    /// Stops the demo with SIGTERM, and returns what it logged.
    fn stop(mut self) -> String {
        let id = self.program.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.program.wait().unwrap().success());
        let mut log = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        terminate(&mut self.program);
    }
}

/// Stops a demo with SIGTERM, so that it removes its temporary directory.
fn terminate(program: &mut Child) {
    // It may have ended.
    let _ = Command::new("kill").args(["-TERM", &program.id().to_string()]).stderr(Stdio::null()).status();
    let _ = program.wait();
}

impl Response {
    fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).arg("demo").args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "did not happen: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn check_runs_all_cases_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        Command::new(PROGRAM).args(["demo", "--check"]).env("TMPDIR", folder.path()).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{table}");
    assert!(table.ends_with("29 cases, all as expected\n"), "{table}");
    for code in ["expired", "out_of_scope", "bad_signature", "link_expired", "origin_not_allowed", "revoked"]
    {
        assert!(table.contains(code), "{code} is missing:\n{table}");
    }
    assert_eq!(output.stderr, b"");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn the_greeting_is_six_lines_whose_requests_get_the_stated_status() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--dir", text(&folder.path().join("demo"))]);
    let lines: Vec<&str> =
        demo.greeting.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    // The line that names Ctrl-C ended the reading.
    assert_eq!(lines.len(), 6, "{lines:?}");
    let address = |line: &str| line.split('\'').nth(1).unwrap().to_owned();
    let target = |address: &str| address.split_once(&format!(":{}", demo.port)).unwrap().1.to_owned();
    assert!(lines[1].ends_with(&format!("{}/", demo.origin(APP))));
    assert!(lines[2].starts_with("Granted") && lines[2].ends_with("200"));
    assert_eq!(demo.get(CDN, &target(&address(lines[2])), &[]).status, 200);
    assert!(lines[3].starts_with("Refused") && lines[3].ends_with("401 credential_missing"));
    let refused = demo.get(CDN, &target(&address(lines[3])), &[]);
    assert_eq!((refused.status, refused.code()), (401, "credential_missing".to_owned()));
    assert!(lines[4].starts_with("Config"));
    assert!(lines[5].starts_with("Metrics   http://127.0.0.1:"), "{}", lines[5]);

    let log = demo.stop();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    assert!(log.contains("credential_missing"), "a refusal is logged:\n{log}");
    assert!(!log.contains("eyJ"), "no token is logged:\n{log}");
}

#[test]
fn a_temporary_directory_is_removed_at_the_end_and_an_edited_configuration_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let program = Command::new(PROGRAM)
        .args(["demo", "--listen", "127.0.0.1:0", "--dir"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut program = program.unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    terminate(&mut program);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);

    let home = folder.path().join("demo");
    drop(Demo::start(&["--dir", text(&home)]));
    std::fs::write(home.join("playgate.toml"), "# edited").unwrap();
    drop(Demo::start(&["--dir", text(&home)]));
    assert_eq!(std::fs::read_to_string(home.join("playgate.toml.old")).unwrap(), "# edited");
}

#[test]
fn private_keys_and_secrets_are_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("demo");
    let _demo = Demo::start(&["--dir", text(&home)]);
    assert!(home.join("keys/vod/vod-1.pem").is_file());
    #[cfg(unix)]
    for file in ["private/vod/vod-1.pem", "private/cloudfront/KDEMO1.pem", "secrets/links", "secrets/akamai"]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = home.join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    std::fs::write(folder.path().join("keys/mine.pem"), "mine").unwrap();
    let output = run(&["--check", "--dir", text(folder.path())]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("use another directory with --dir"));
    assert_eq!(std::fs::read_to_string(folder.path().join("keys/mine.pem")).unwrap(), "mine");
    assert!(!folder.path().join("playgate.toml").exists());
}

#[test]
fn a_used_port_is_named_with_the_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address, "--dir"]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&address) && error.contains("--listen 127.0.0.1:0"), "{error}");
}

#[test]
fn curl_prints_every_case_with_its_status() {
    let mut program = Command::new(PROGRAM)
        .args(["demo", "--curl", "--listen", "127.0.0.1:0", "--dir"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut cases = Vec::new();
    let mut expected = String::new();
    for line in lines {
        match line.strip_prefix("# ") {
            Some(comment) => expected = comment.to_owned(),
            None if line.starts_with("curl -s") => cases.push((std::mem::take(&mut expected), line)),
            None => {}
        }
        if cases.last().is_some_and(|(name, _)| name.contains("unknown host")) {
            break; // the last case
        }
    }
    let results: Vec<(String, String)> = cases
        .iter()
        .map(|(expected, command)| {
            let output = Command::new("sh").args(["-c", command]).env("NO_PROXY", "*").output().unwrap();
            (
                expected.clone(),
                String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    terminate(&mut program);
    assert_eq!(results.len(), 29);
    for (expected, status) in results {
        assert!(status.len() == 3 && expected.starts_with(&status), "{expected}: {status}");
    }
}

#[test]
fn the_page_is_on_its_own_host_and_loads_nothing_from_elsewhere() {
    let demo = Demo::start(&["--dir"]);
    let page = demo.get(APP, "/", &[]);
    assert_eq!(page.status, 200);
    let policy = page.field("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let html = String::from_utf8(page.body).unwrap();
    let foreign: Vec<&str> = html
        .split("http")
        .skip(1)
        .filter(|rest| rest.starts_with("s://") || rest.starts_with("://"))
        .collect();
    assert!(foreign.iter().all(|rest| rest.contains("playgate.localhost")), "{foreign:?}");
    for script in ["/hls.js", "/dash.js"] {
        let player = demo.get(APP, script, &[]);
        assert_eq!((player.status, player.field("content-encoding")), (200, Some("gzip")), "{script}");
        assert!(player.body.starts_with(&[0x1f, 0x8b]), "{script}");
    }
    assert_eq!(demo.get(CDN, "/", &[]).status, 401);
    assert_eq!(demo.get("127.0.0.1", "/", &[]).code(), "unknown_host");
    // A page of another host cannot press the buttons: a form has another type, and the type JSON needs a preflight.
    let forged = demo.send("POST", APP, "/api/credential", &[("Content-Type", "text/plain")], "{}");
    assert_eq!(forged.status, 415);
    let preflight = [("Origin", "https://elsewhere.example"), ("Access-Control-Request-Method", "POST")];
    let preflight = demo.send("OPTIONS", APP, "/api/credential", &preflight, "");
    assert_eq!(preflight.field("access-control-allow-origin"), None);
}

#[test]
fn the_cookie_opens_the_film_with_cors_for_the_page_alone() {
    let demo = Demo::start(&["--dir"]);
    let issued = demo.press("signed-cookie", "renew");
    assert_eq!(issued.status, 200);
    let cookie = issued.field("set-cookie").unwrap();
    assert!(
        cookie.contains("; Domain=playgate.localhost; Path=/videos/;") && cookie.contains("; HttpOnly"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap().to_owned();
    let page = demo.origin(APP);

    let granted = demo.get(CDN, MASTER, &[("Cookie", &pair), ("Origin", &page)]);
    assert_eq!(granted.status, 200);
    assert_eq!(granted.field("access-control-allow-origin"), Some(&*page));
    assert_eq!(granted.field("access-control-allow-credentials"), Some("true"));
    let elsewhere = demo.get(CDN, MASTER, &[("Cookie", &pair), ("Origin", "https://elsewhere.example")]);
    assert_eq!(elsewhere.field("access-control-allow-origin"), None);
    // A refusal is readable for the page, which shows its code.
    let refused = demo.get(CDN, MASTER, &[("Origin", &page)]);
    assert_eq!((refused.status, refused.field("access-control-allow-origin")), (401, Some(&*page)));

    let expired = demo.press("signed-cookie", "expire");
    let pair = expired.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(demo.get(CDN, MASTER, &[("Cookie", &pair)]).code(), "expired");
}

/// The buttons of each kind, with the code that the next request gets.
#[test]
fn each_button_leads_to_its_code() {
    let demo = Demo::start(&["--dir"]);
    let page = demo.origin(APP);
    for (kind, change, expected) in [
        ("signed-url", "expire", "expired"),
        ("signed-url", "tamper", "bad_signature"),
        ("signed-url", "narrow", "out_of_scope"),
        ("signed-url", "revoke", "revoked"),
        ("signed-url", "rotate", "unknown_key"),
        ("secure-link", "expire", "link_expired"),
        ("secure-link", "tamper", "link_bad"),
        ("secure-link", "narrow", "link_bad"),
        ("secure-link", "rotate", "link_bad"),
        ("embed-token", "tamper", "embed_unknown"),
        ("embed-token", "narrow", "out_of_scope"),
        ("embed-token", "revoke", "revoked"),
        ("embed-token", "rotate", "revoked"),
        ("embed-token", "origin", "origin_not_allowed"),
        ("cloudfront", "expire", "url_signature_expired"),
        ("cloudfront", "tamper", "url_signature_bad"),
        ("cloudfront", "narrow", "url_signature_out_of_scope"),
        ("cloudfront", "revoke", "revoked"),
        ("cloudfront", "rotate", "unknown_key"),
        ("akamai", "expire", "url_signature_expired"),
        ("akamai", "tamper", "url_signature_bad"),
        ("akamai", "narrow", "url_signature_out_of_scope"),
        ("akamai", "rotate", "url_signature_bad"),
    ] {
        let name = format!("{kind}, {change}");
        let request = |pressed: &Response| {
            assert_eq!(pressed.status, 200, "{name}: {}", String::from_utf8_lossy(&pressed.body));
            let credential = &pressed.json()["credential"];
            let folder = credential["folder"].as_str().unwrap();
            let host = folder.split("://").nth(1).unwrap().split(':').next().unwrap();
            let target = format!("{MASTER}?{}", credential["query"].as_str().unwrap());
            demo.get(host, &target, &[("Origin", &page)])
        };
        assert_eq!(request(&demo.press(kind, "renew")).status, 200, "{name}");
        let refused = request(&demo.press(kind, change));
        assert_eq!(refused.code(), expected, "{name}");
    }

    let listed = demo.get(APP, "/api/requests/0", &[]).json();
    let entries = listed.as_array().unwrap();
    assert_eq!(entries.len(), 46);
    assert_eq!((&entries[0]["decision"], &entries[1]["decision"]), (&json!("granted"), &json!("refused")));
    let sentence = entries[1]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("token expired: exp is "), "{sentence}");
    let newer = demo.get(APP, "/api/requests/45", &[]).json();
    assert_eq!(newer.as_array().unwrap().len(), 1);
}

#[test]
fn an_edit_of_the_configuration_is_in_force_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("demo");
    let demo = Demo::start(&["--dir", text(&home)]);
    let page = demo.origin(APP);
    let allowed = || {
        let public = demo.get("public.playgate.localhost", MASTER, &[("Origin", &page)]);
        public.field("access-control-allow-origin").map(ToOwned::to_owned)
    };
    assert_eq!(allowed().as_deref(), Some(&*page));
    let file = home.join("playgate.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace(&page, "https://elsewhere.example")).unwrap();
    until("the edit is in force", || allowed().is_none());
}

/// Plays in a browser, breaks the credential, and continues; in light and dark, on a desktop and a phone.
#[test]
fn the_page_plays_stops_with_a_sentence_and_continues() {
    if !Browser::is_there() {
        return;
    }
    let demo = Demo::start(&["--dir"]);
    let browser = Browser::start();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let choose =
        |value: &str| browser.run(&format!("document.querySelector('input[value={value}]').click()"));
    let press =
        |change: &str| browser.run(&format!("document.querySelector('[data-change={change}]').click()"));
    let reaches = |state: &str| {
        browser.wait_until(
            state,
            &format!("return document.getElementById('watch').dataset.state === '{state}'"),
        );
    };
    let sentence = || browser.run("return document.getElementById('sentence').textContent");

    browser.device(1280, 900, false);
    browser.scheme("light");
    browser.open(&format!("{}/", demo.origin(APP)));
    reaches("playing");
    browser.wait_until("three seconds", "return document.getElementById('video').currentTime > 3");
    browser.picture(&pictures.join("demo-light.png"));

    press("expire");
    reaches("stopped");
    assert_eq!(sentence(), "Your access to this film has ended. Get a new link to go on.");
    browser.wait_until(
        "the list shows the refusal",
        "return document.getElementById('rows').textContent.includes('expired: token expired')",
    );
    browser.scheme("dark");
    browser.picture(&pictures.join("demo-dark.png"));
    browser.run("document.getElementById('resume').click()");
    reaches("playing");

    choose("dash");
    choose("signed-cookie");
    browser.wait_until(
        "DASH plays with the cookie",
        "return document.getElementById('status').textContent === 'Playing MPEG-DASH with a signed cookie'",
    );
    press("revoke");
    reaches("stopped");
    assert_eq!(sentence(), "Your access to this film was withdrawn.");

    browser.scheme("light");
    browser.device(390, 844, true);
    assert_eq!(browser.run("return document.documentElement.scrollWidth"), 390);
    browser.picture(&pictures.join("demo-phone.png"));

    press("origin");
    reaches("stopped");
    browser.wait_until(
        "the page names the reason",
        "return document.getElementById('status').textContent === 'Stopped: withheld'",
    );
    assert_eq!(sentence(), "This film cannot be played on this page.");
    let unnamed = "return [...document.querySelectorAll('button, input, video, summary')]
        .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length";
    assert_eq!(browser.run(unnamed), 0, "every control has a name");
}
