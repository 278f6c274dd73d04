use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use playgate::adapters::tower::GateLayer;
use playgate::revocation::Revocation;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken, Lifetime};
use playgate::store::{Staleness, Store};
use playgate::time::UnixSeconds;
use playgate::{KeyScope, Verifier};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpListener;

use crate::support::{Answer, Ask, HOST, TestKey, get, http1, in_time, vod};

/// What an origin is started with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    url: String,
    /// In milliseconds.
    staleness: Option<u64>,
}

impl Setup {
    pub(crate) fn new(url: String) -> Self {
        Self { url, staleness: None }
    }

    pub(crate) fn staleness(mut self, most: Duration) -> Self {
        self.staleness = u64::try_from(most.as_millis()).ok();
        self
    }
}

const SETUP: &str = "PLAYGATE_FLEET_ORIGIN";

/// What its process says before the addresses of its two doors.
const DOORS: &str = "doors: ";

/// An origin in a process of its own; ends with this value.
pub(crate) struct Origin {
    process: tokio::process::Child,
    address: SocketAddr,
    control: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Origin {
    pub(crate) async fn start(setup: &Setup) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command
            .args(["fleet::origin_process", "--exact", "--ignored", "--nocapture"])
            .env(SETUP, serde_json::to_string(setup).unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (seen, mut errors) = (Arc::clone(&log), process.stderr.take().unwrap());
        tokio::spawn(async move {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut bytes).await {
                seen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let doors = in_time(async {
            loop {
                let line = lines.next_line().await.unwrap().expect("an origin says where it listens");
                if let Some((_, doors)) = line.split_once(DOORS) {
                    return doors.to_owned();
                }
            }
        });
        let doors: (SocketAddr, SocketAddr) = serde_json::from_str(&doors.await).unwrap();
        Self { process, address: doors.0, control: doors.1, log }
    }

    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        http1("an origin", self.address, &ask.http1()).await
    }

    pub(crate) async fn verdict(&self, ask: &Ask) -> String {
        self.ask(ask).await.verdict()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has reached the store.
    pub(crate) async fn ready(&self) {
        self.tell("ready", &[]).await.unwrap();
    }

    /// Has its operator do something; what came of it, or the error.
    pub(crate) async fn tell(&self, what: &str, with: &[(&str, &str)]) -> Result<String, String> {
        let mut target = format!("/{what}?");
        for (name, value) in with {
            write!(target, "{name}={value}&").unwrap();
        }
        let answer = http1("the operator's door", self.control, &get(target).http1()).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        if answer.status == 200 { Ok(text) } else { Err(text) }
    }

    /// A new token for a video.
    pub(crate) async fn issue(&self, video: &str) -> String {
        self.tell("issue", &[("video", video)]).await.unwrap()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// How much memory it has, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

/// What an operator's request can say.
#[derive(Deserialize)]
struct Said {
    video: Option<String>,
    viewer: Option<String>,
    token: Option<String>,
    name: Option<String>,
    before: Option<i64>,
    /// Whether the token never expires.
    lasting: Option<String>,
}

/// Serves what [`SETUP`] says, until it is killed.
pub(crate) fn serve() {
    let Ok(setup) = std::env::var(SETUP) else { return };
    let setup: Setup = serde_json::from_str(&setup).unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap().block_on(
        async {
            let mut store = Store::redis(&setup.url);
            if let Some(most) = setup.staleness {
                store = store.max_staleness(Staleness::AtMost(Duration::from_millis(most)));
            }
            let store = store.connect().unwrap();
            let site = vod().embed(Embed::new().path("/watch/{token}"));
            let verifier = Verifier::builder()
                .clock(|| UnixSeconds::now().saturating_add(AHEAD.load(Ordering::Relaxed)))
                .site(site)
                .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
                .key(TestKey::P256.key(KeyScope::bucket("vod")))
                .store(&store)
                .build()
                .unwrap();
            let media = Router::new().fallback(|| async { "bytes" }).layer(GateLayer::new(verifier.clone()));
            let control =
                Router::new().route("/{what}", axum::routing::get(operate)).with_state((verifier, store));
            let doors = [
                TcpListener::bind("127.0.0.1:0").await.unwrap(),
                TcpListener::bind("127.0.0.1:0").await.unwrap(),
            ];
            let addresses = doors.each_ref().map(|door| door.local_addr().unwrap());
            println!("{DOORS}{}", serde_json::to_string(&addresses).unwrap());
            let [public, private] = doors;
            let media = media.into_make_service_with_connect_info::<SocketAddr>();
            tokio::try_join!(
                axum::serve(public, media).into_future(),
                axum::serve(private, control).into_future()
            )
            .unwrap();
        },
    );
}

/// By how many seconds an origin's clock was put forward.
static AHEAD: AtomicI64 = AtomicI64::new(0);

async fn operate(
    State((verifier, store)): State<(Verifier, Store)>,
    Path(what): Path<String>,
    Query(said): Query<Said>,
) -> (StatusCode, String) {
    let embeds = verifier.embeds(HOST).unwrap();
    let video = said.video.unwrap_or_default();
    let token = said.token.as_deref().map(|text| EmbedToken::parse(text).unwrap());
    let draft = || {
        let draft = EmbedDraft::new(&video);
        let draft = said.viewer.iter().fold(draft, EmbedDraft::viewer);
        let draft = if said.lasting.is_some() { draft.expires_in(Lifetime::Never) } else { draft };
        token.into_iter().fold(draft, EmbedDraft::token)
    };
    let revocation = |of: fn(String) -> Revocation| {
        let revocation = of(said.name.clone().unwrap_or_default());
        said.before.iter().fold(revocation, |it, second| it.issued_before(UnixSeconds::new(*second)))
    };
    let done = |()| String::new();
    let result = match what.as_str() {
        "ready" => {
            store.ready().await;
            Ok(String::new())
        }
        "later" => {
            AHEAD.fetch_add(said.name.unwrap().parse().unwrap(), Ordering::Relaxed);
            Ok(String::new())
        }
        "shown" => Ok(format!("{store:?} {verifier:?}")),
        "issue" => embeds.issue(draft()).await.map(EmbedToken::to_text),
        "rotate" => embeds.rotate(draft()).await.map(EmbedToken::to_text),
        "revoke" => embeds.revoke(token.unwrap()).await.map(done),
        "revoke_video" => embeds.revoke_video(&video).await.map(done),
        "revoke_viewer" => embeds.revoke_viewer(&said.viewer.unwrap_or_default()).await.map(done),
        "jti" => verifier.revoke(revocation(Revocation::token)).await.map(done),
        "sub" => verifier.revoke(revocation(Revocation::subject)).await.map(done),
        "kid" => verifier.revoke(revocation(Revocation::key)).await.map(done),
        "restore_jti" => verifier.restore(&revocation(Revocation::token)).await.map(|was| was.to_string()),
        other => panic!("{other}"),
    };
    match result {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}")),
    }
}
