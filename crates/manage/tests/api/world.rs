//! A control plane with its data plane, on a database of the test's own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use playgate::adapters::tower::GateLayer;
use playgate::mint::{SignedToken, Signer};
use playgate::{Scope, Verifier};
use playgate_manage::model::{Account, Permissions};
use playgate_manage::{Manage, Operator, Settings};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The base domain of the tests.
pub(crate) const BASE: &str = "media.example.com";

/// The databases on which each test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A database that is removed with this value.
pub(crate) struct Place {
    pub(crate) location: String,
    _folder: Option<TempDir>,
}

impl Place {
    /// Returns a new database, or `None` if the engine is not installed.
    pub(crate) fn new(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => {
                let folder = TempDir::new().unwrap();
                let location = folder.path().join("playgate.db").to_str().unwrap().to_owned();
                Some(Self { location, _folder: Some(folder) })
            }
            Engine::Postgres => {
                static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
                let server = Server::shared()?;
                let name = format!("test{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
                server.run("createdb", &[&name]);
                Some(Self { location: server.url(&name), _folder: None })
            }
        }
    }
}

/// One PostgreSQL server for all tests of this program. It listens on a socket in its folder.
struct Server {
    folder: TempDir,
    /// A process that stops the server and removes the folder when this program ends, because statics are not dropped.
    sweeper: Option<Child>,
}

impl Server {
    fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        if !is_installed("postgresql", program("initdb").is_some()) {
            return None;
        }
        let folder = TempDir::with_prefix("playgate-pg").unwrap();
        let mut server = Self { folder, sweeper: None };
        let data = server.data();
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status().unwrap();
            assert!(owned.success());
        }
        server.run_with("initdb", &["-D", &data, "-A", "trust", "-U", "playgate", "--no-sync"]);
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off", server.socket());
        server
            .run_with("pg_ctl", &["-D", &data, "-o", &options, "-l", &format!("{data}/log"), "-w", "start"]);
        server.sweeper = Some(server.sweep_at_the_end());
        Some(server)
    }

    fn sweep_at_the_end(&self) -> Child {
        let pg_ctl = program("pg_ctl").unwrap();
        let stop = format!("{pg_ctl} -D {} -m immediate stop", self.data());
        let stop = if is_root() { format!("runuser -u postgres -- {stop}") } else { stop };
        let script = format!("cat; {stop}; rm -rf {}", self.folder.path().display());
        let mut sweeper = Command::new("sh");
        // It reads until this program ends and its end of the pipe is closed.
        sweeper.args(["-c", &script]).current_dir("/").stdin(Stdio::piped());
        sweeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder.path().display())
    }

    fn socket(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn url(&self, database: &str) -> String {
        let socket = self.socket().replace('/', "%2F");
        format!("postgres://playgate@{socket}/{database}")
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        let socket = self.socket();
        self.run_with(name, &[&["-h", &socket, "-U", "playgate"], arguments].concat());
    }

    /// Runs one of the server's programs. PostgreSQL does not run as root.
    fn run_with(&self, name: &str, arguments: &[&str]) {
        let program = program(name).unwrap();
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", program]);
            command
        } else {
            Command::new(program)
        };
        let done =
            command.args(arguments).current_dir(self.folder.path()).stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "{name} {arguments:?}");
    }
}

fn program(name: &str) -> Option<&'static str> {
    let found = (13..=18).rev().map(|version| format!("/usr/lib/postgresql/{version}/bin/{name}"));
    found.into_iter().find(|path| Path::new(path).exists()).map(|path| &*path.leak())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// Returns `is_there`; see `tests/support/skip.rs` of the library.
fn is_installed(what: &str, is_there: bool) -> bool {
    if !is_there {
        let is_required = std::env::var_os("PLAYGATE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
        assert!(!is_required, "{what} is not installed, and PLAYGATE_REQUIRE_SERVICES is set");
        let thread = std::thread::current();
        let line = format!("SKIPPED: {}: {what} is not installed\n", thread.name().unwrap_or("a test"));
        std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
    }
    is_there
}

/// A node: the API and the data plane in one process.
pub(crate) struct Node {
    pub(crate) manage: Manage,
    api: axum::Router,
    media: axum::Router,
}

pub(crate) fn settings() -> Settings {
    let settings = Settings::new().base(BASE).unwrap().regions(["eu-1", "us-1"]).unwrap();
    settings.claim_at_first_use(true).hosts(["api.example.com"])
}

impl Node {
    pub(crate) async fn start(place: &Place, settings: Settings) -> Self {
        let verifier = Verifier::builder().may_be_empty(true).build().unwrap();
        Self::start_with(place, settings, &verifier).await
    }

    pub(crate) async fn start_with(place: &Place, settings: Settings, verifier: &Verifier) -> Self {
        let manage = Manage::open(&place.location, verifier, settings).await.unwrap();
        let media =
            axum::Router::new().fallback(|| async { "the bytes" }).layer(GateLayer::new(verifier.clone()));
        Self { api: manage.router(), manage, media }
    }

    /// Returns the status of a media request, with the code of a refusal.
    pub(crate) async fn media(&self, url: &str) -> (u16, String) {
        let response = self.media_response(Request::get(url)).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let code = serde_json::from_slice::<Value>(&body).ok();
        let code = code.and_then(|body| Some(body.get("code")?.as_str()?.to_owned()));
        (status, code.unwrap_or_default())
    }

    pub(crate) async fn media_response(
        &self,
        request: axum::http::request::Builder,
    ) -> axum::response::Response {
        let request = request.body(Body::empty()).unwrap();
        let host = request.uri().host().unwrap().to_owned();
        let (mut parts, body) = request.into_parts();
        parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
        parts.headers.insert("host", host.parse().unwrap());
        self.media.clone().oneshot(Request::from_parts(parts, body)).await.unwrap()
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.api.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{status}: not JSON: {text:?}")))
    }
}

/// An account with a client of the API.
pub(crate) struct Client<'n> {
    pub(crate) node: &'n Node,
    pub(crate) account: Account,
    pub(crate) api_key: String,
    pub(crate) token: String,
}

impl<'n> Client<'n> {
    pub(crate) async fn new(node: &'n Node, name: &str) -> Self {
        let operator = node.manage.operator();
        let account = operator.create_account(name).await.unwrap();
        Self::with(node, account, Permissions::ALL).await
    }

    pub(crate) async fn with(node: &'n Node, account: Account, permissions: Permissions) -> Self {
        let key = node.manage.operator().create_api_key(account.id, "tests", permissions).await.unwrap();
        let token = node.manage.issue_access_token(&key.secret).await.unwrap().text;
        Self { node, account, api_key: key.secret, token }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost:8081");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        let (status, body) = self.node.call(request.unwrap()).await;
        (status.as_u16(), body)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str) -> (u16, Value) {
        self.send("PUT", path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send("DELETE", path, None).await
    }

    /// Creates a signing key by the API.
    pub(crate) async fn key(&self, field: &str, owner: &str) -> Created {
        let (status, body) = self.post("/v1/signing-keys", serde_json::json!({ field: owner })).await;
        assert_eq!(status, 200, "{body}");
        let key = &body["signing_key"];
        Created {
            id: key["id"].as_str().unwrap().to_owned(),
            private: key["private_key"].as_str().unwrap().to_owned(),
        }
    }
}

/// A signing key as the API returned it.
pub(crate) struct Created {
    pub(crate) id: String,
    pub(crate) private: String,
}

impl Created {
    pub(crate) fn token(&self, scope: Scope) -> SignedToken {
        Signer::from_pem(&self.id, &self.private).unwrap().token(scope).sign().unwrap()
    }
}

/// Waits until a condition holds, for at most a second.
pub(crate) async fn within_a_second<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) -> bool {
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        if holds().await {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs a test on a new database of each engine.
pub(crate) fn on_each_engine<F: Future<Output = ()>>(test: impl Fn(Place) -> F) {
    for engine in Engine::ALL {
        let Some(place) = Place::new(engine) else { continue };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            Operator::open_or_create(&place.location).await.unwrap();
            test(place).await;
        });
    }
}
