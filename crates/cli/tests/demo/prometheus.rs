//! Debian's Prometheus against a running demo: it accepts the alert rules, and every expression of the dashboard returns data.
//!
//! The tests need the programs `prometheus` and `promtool`. Where they are missing, the tests skip, with a message.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::skip::is_installed;
use crate::{Demo, text, until};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn promtool(arguments: &[&str]) -> Output {
    Command::new("promtool").args(arguments).output().unwrap()
}

fn has_prometheus() -> bool {
    let runs = |program| Command::new(program).arg("--version").output().is_ok();
    is_installed("prometheus", runs("prometheus") && runs("promtool"))
}

#[test]
fn prometheus_accepts_the_alert_rules_and_each_alert_fires_when_it_should() {
    if !has_prometheus() {
        return;
    }
    let rules = repository().join("docs/metrics/alerts.yml");
    let checked = promtool(&["check", "rules", text(&rules)]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo/alerts.test.yml");
    let tested = promtool(&["test", "rules", text(&tests)]);
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    // Each alert has a test in which it fires.
    let (rules, tests) = (std::fs::read_to_string(rules).unwrap(), std::fs::read_to_string(tests).unwrap());
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).collect();
    assert_eq!(alerts.len(), 10);
    for alert in alerts {
        let name = format!("alertname: {alert}\n");
        let mut evaluations = tests.split(&name).skip(1);
        assert!(
            evaluations.any(|rest| rest.trim_start().starts_with("exp_alerts:\n")),
            "{alert} never fires"
        );
    }
}

/// Every expression of the dashboard, with its panel's title.
fn expressions() -> Vec<(String, String)> {
    let file = std::fs::read_to_string(repository().join("docs/metrics/dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&file).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap();
        panel["targets"].as_array().into_iter().flatten().map(move |target| (title, target))
    });
    targets
        .map(|(title, target)| {
            let expression = target["expr"].as_str().unwrap();
            (title.to_owned(), expression.replace("$__rate_interval", "30s").replace("$site", ".*"))
        })
        .collect()
}

/// A running Prometheus, which is stopped when the value is dropped.
struct Prometheus {
    program: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts a server that reads these metrics every second.
    fn start(metrics: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let target = metrics.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
        let rules = repository().join("docs/metrics/alerts.yml").canonicalize().unwrap();
        let settings = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: ['{}']\n\
             scrape_configs: [{{ job_name: demo, static_configs: [{{ targets: [{target:?}] }}] }}]\n",
            text(&rules)
        );
        std::fs::write(&config, settings).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let program = Command::new("prometheus")
            .arg(format!("--config.file={}", text(&config)))
            .arg(format!("--storage.tsdb.path={}", text(&folder.path().join("data"))))
            .arg(format!("--web.listen-address={free}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { program, url: format!("http://{free}"), _folder: folder }
    }

    /// Returns the lines of a result: one for each series.
    fn query(&self, expression: &str) -> Vec<String> {
        let output = promtool(&["query", "instant", &self.url, expression]);
        let lines = String::from_utf8(output.stdout).unwrap();
        if output.status.success() { lines.lines().map(str::to_owned).collect() } else { Vec::new() }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.program.kill(); // it may have ended
        let _ = self.program.wait();
    }
}

/// Sends the requests of all cases, as `--curl` prints them.
fn run_cases(demo: &Demo) {
    let commands: Vec<String> = demo.cases.lock().unwrap().clone();
    for command in commands {
        let output = Command::new("sh").args(["-c", &command]).env("NO_PROXY", "*").output().unwrap();
        assert!(output.status.success(), "{command}");
    }
}

#[test]
fn prometheus_reads_the_demo_and_every_expression_of_the_dashboard_returns_data() {
    if !has_prometheus() {
        return;
    }
    let demo = Demo::start(&["--dir", "--curl"]);
    let metrics = demo.greeting.iter().find_map(|line| line.trim().strip_prefix("Metrics   ")).unwrap();
    let prometheus = Prometheus::start(metrics.split(' ').next().unwrap());
    until("all cases are printed", || demo.cases.lock().unwrap().len() == 29);
    run_cases(&demo);
    let expressions = expressions();
    assert!(expressions.len() >= 30, "{expressions:?}");
    for (title, expression) in &expressions {
        until(&format!("{title}: {expression} returns data"), || !prometheus.query(expression).is_empty());
    }
    // The numbers are those of the cases.
    let total = "sum by (outcome, code) (playgate_decisions_total{code=~\"expired|\"})";
    let mut series = Vec::new();
    until("the cases are counted", || {
        series = prometheus.query(total);
        series.iter().any(|line| line.contains("expired"))
    });
    for expected in
        ["{code=\"expired\", outcome=\"denied\"}", "{outcome=\"granted\"}", "{outcome=\"preflight\"}"]
    {
        assert!(series.iter().any(|line| line.starts_with(expected)), "{expected}: {series:?}");
    }
    let rules = prometheus.query("count(ALERTS{alertstate=\"firing\",severity=\"critical\"}) or vector(0)");
    assert_eq!(rules.len(), 1, "the rules are evaluated: {rules:?}");
}

#[test]
fn the_address_for_prometheus_serves_nothing_else_and_the_hosts_of_the_demo_serve_no_metrics() {
    let mut demo = Demo::start(&["--dir"]);
    assert_eq!(demo.get(crate::APP, "/metrics", &[]).status, 404);
    assert_eq!(demo.get(crate::CDN, "/metrics", &[]).status, 401);
    let metrics =
        demo.greeting.iter().find_map(|line| line.trim().strip_prefix("Metrics   http://")).unwrap();
    let port: u16 = metrics.split(['/', ':']).nth(1).unwrap().parse().unwrap();
    demo.port = port;
    let scraped = demo.get("127.0.0.1", "/metrics", &[]);
    assert_eq!(scraped.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let body = String::from_utf8(scraped.body).unwrap();
    let refused = "playgate_decisions_total{site=\"cdn.playgate.localhost\",outcome=\"denied\",code=\"credential_missing\"} 1\n";
    assert!(body.contains(refused), "{body}");
    assert_eq!(demo.get("127.0.0.1", "/videos/1/master.m3u8", &[]).status, 404);
}
