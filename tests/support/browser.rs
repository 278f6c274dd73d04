use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// Headless Chromium, by `WebDriver` (W3C); requests go through curl, so that no HTTP client is needed here.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
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
        let base = format!("http://127.0.0.1:{}/session", port.unwrap().trim_end_matches('.'));
        let mut browser = Self { driver, session: base };
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
            "--window-size=1280,900",
        ];
        let options = json!({"args": arguments});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let session = browser.post("", &wanted);
        browser.session = format!("{}/{}", browser.session, session["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    pub(crate) fn run(&self, script: &str) -> Value {
        let names = "const players = [...document.querySelectorAll('video')];
            const settled = (p) => ['ended', 'failed', 'unavailable'].includes(p.dataset.state);";
        self.post("/execute/sync", &json!({"script": format!("{names}\n{script}"), "args": []}))
    }

    /// What is run then is run in the frame that the selector finds; in the page itself without one.
    pub(crate) fn look_into(&self, frame: Option<&str>) {
        self.post("/frame", &json!({"id": null}));
        if let Some(selector) = frame {
            let frame = self.run(&format!("return document.querySelector({selector:?})"));
            self.post("/frame", &json!({"id": frame}));
        }
    }

    pub(crate) fn wait_until(&self, what: &str, script: &str) {
        let asked = Instant::now();
        while self.run(script) != true {
            let text = || self.run("return document.body.innerText");
            assert!(asked.elapsed() < PATIENCE, "not before the end of patience: {what}\n{}", text());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = curl(&["-s", "--noproxy", "*", "--data-binary", "@-", &url], &body.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{url}: {answer:?}"));
        assert!(answer["value"].get("error").is_none(), "{url}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closes Chromium, which outlives a driver that is killed.
        let _ = Command::new("curl").args(["-s", "--noproxy", "*", "-X", "DELETE", &self.session]).output();
        stop(&mut self.driver);
    }
}

pub(crate) fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

pub(crate) fn curl(arguments: &[&str], stdin: &str) -> String {
    let mut child =
        Command::new("curl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
