//! Headless Chromium, by `WebDriver` (W3C). Requests go through curl, so that no HTTP client is needed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::skip::is_installed;

/// The time that something may take to happen on the page.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// Returns whether everything is installed that [`start`](Self::start) needs.
    pub(crate) fn is_there() -> bool {
        let found =
            |program: &str| is_installed(program, Command::new(program).arg("--version").output().is_ok());
        found("curl") && found("chromium") && found("chromedriver")
    }

    pub(crate) fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // "ChromeDriver was started successfully on port 12345."
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port =
            lines.find_map(|line| line.split_once("successfully on port ").map(|(_, port)| port.to_owned()));
        let session = format!("http://127.0.0.1:{}/session", port.unwrap().trim_end_matches('.'));
        let mut browser = Self { driver, session };
        let arguments = [
            "--headless",
            "--no-sandbox", // which root cannot have
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
        ];
        let options = json!({"args": arguments});
        let session =
            browser.post("", &json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}));
        browser.session = format!("{}/{}", browser.session, session["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    pub(crate) fn wait_until(&self, what: &str, script: &str) {
        let started = Instant::now();
        while self.run(script) != true {
            let text = || self.run("return document.body.innerText");
            assert!(started.elapsed() < PATIENCE, "did not happen: {what}\n{}", text());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Sets the size of the window, and whether it is that of a phone.
    pub(crate) fn device(&self, width: u32, height: u32, mobile: bool) {
        let device = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.command("Emulation.setDeviceMetricsOverride", &device);
    }

    /// Sets the preferred colour scheme: `light` or `dark`.
    pub(crate) fn scheme(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.command("Emulation.setEmulatedMedia", &json!({"features": [feature]}));
    }

    /// Writes a picture of the whole page.
    pub(crate) fn picture(&self, file: &Path) {
        let picture = self.command("Page.captureScreenshot", &json!({"captureBeyondViewport": true}));
        let mut decoder = Command::new("base64")
            .arg("-d")
            .stdin(Stdio::piped())
            .stdout(std::fs::File::create(file).unwrap())
            .spawn()
            .unwrap();
        decoder.stdin.take().unwrap().write_all(picture["data"].as_str().unwrap().as_bytes()).unwrap();
        assert!(decoder.wait().unwrap().success());
    }

    fn command(&self, name: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": name, "params": parameters}))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut curl = Command::new("curl")
            .args(["-s", "--noproxy", "*", "--data-binary", "@-", &url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        curl.stdin.take().unwrap().write_all(body.to_string().as_bytes()).unwrap();
        let answer = curl.wait_with_output().unwrap().stdout;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["value"].get("error").is_none(), "{url}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closes Chromium, which outlives a driver that is killed.
        let _ = Command::new("curl").args(["-s", "--noproxy", "*", "-X", "DELETE", &self.session]).output();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
