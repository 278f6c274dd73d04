//! `playgate demo`: a protected origin with a film, a page that plays it, and credentials to try.
//!
//! - [`app`]: the application, an ordinary axum router that knows nothing of credentials
//! - [`issuer`]: keys and credentials
//! - [`home`]: hosts, configuration and files
//! - [`journal`]: the requests that the page lists
//! - [`cases`] and [`check`]: the requests of `--curl` and `--check`
//! - [`media`]: the embedded film
//! - `manage`: the control plane, on a separate address (feature `manage`)
//! - [`metrics`]: the metrics for Prometheus, on a separate address

mod app;
mod cases;
mod check;
mod home;
mod issuer;
mod journal;
#[cfg(feature = "manage")]
mod manage;
mod media;
mod metrics;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use clap::Args;
use playgate::Verifier;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use app::{Current, Demo as Running};
use home::{Addresses, Home};
use issuer::Issuer;

/// The directory of the demo unless `--dir` names another.
const DIRECTORY: &str = "playgate-demo";

const HELP: &str = "\
Examples:
  playgate demo --check

Without --check, the demo serves until Ctrl-C.";

/// Serves a protected film, with a page that plays it and shows each decision.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Demo {
    /// The address and port to serve at; port 0 is any free port [default: 127.0.0.1:8080, with --check any free port].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// The address and port for Prometheus, which serve only `/metrics` [default: any free port of 127.0.0.1].
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "check")]
    metrics: Option<SocketAddr>,

    /// The address and port of the control plane's API [default: 127.0.0.1:8081, with --listen any free port].
    #[cfg(feature = "manage")]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "check")]
    manage: Option<SocketAddr>,

    /// The directory for configuration and keys; without a value, a temporary one [default: playgate-demo, with --check a
    /// temporary one].
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "absent, given without a value, and given with one are three choices"
    )]
    dir: Option<Option<PathBuf>>,

    /// Prints all cases as curl commands with the expected statuses, and serves.
    #[arg(long, conflicts_with = "check")]
    curl: bool,

    /// Runs all cases, prints the results and stops; the exit code is 1 if one differs.
    #[arg(long)]
    check: bool,
}

impl Demo {
    /// Runs the demo until Ctrl-C, or until all cases were checked.
    ///
    /// # Errors
    ///
    /// Fails if the address or the directory cannot be used.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if !self.check {
            tracing_subscriber::fmt()
                .with_writer(io::stderr)
                .with_max_level(tracing::Level::INFO)
                .with_target(false)
                .init();
        }
        tokio::runtime::Runtime::new()?.block_on(self.serve())
    }

    fn home(&self) -> anyhow::Result<Home> {
        match &self.dir {
            Some(Some(folder)) => Home::at(folder.clone()),
            None if !self.check => Home::at(PathBuf::from(DIRECTORY)),
            Some(None) | None => Home::temporary(),
        }
    }

    async fn serve(self) -> anyhow::Result<ExitCode> {
        let usual = SocketAddr::from(([127, 0, 0, 1], if self.check { 0 } else { 8080 }));
        let listen = self.listen.unwrap_or(usual);
        let listener =
            TcpListener::bind(listen).await.map_err(|error| explain("--listen", listen, &error))?;
        let address = listener.local_addr()?; // with the real port, if port 0 was given
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));

        let metrics = self.metrics.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let metrics =
            TcpListener::bind(metrics).await.map_err(|error| explain("--metrics", metrics, &error))?;
        let metrics_address = format!("{}/metrics", metrics.local_addr()?);

        let addresses = Addresses::new(address.port());
        let home = self.home()?;
        home.write_config(&addresses.origin(home::APP))?;
        let issuer = Issuer::new(addresses, &home)?;
        let verifier = Verifier::from_file(home.config())?;
        let watch = verifier.watch()?;
        #[cfg(feature = "manage")]
        let api = if self.check { None } else { Some(self.manage(&home, &verifier).await?) };
        let demo = Arc::new(Running {
            embeds: verifier.embeds(home::EMBED)?,
            journal: journal::Journal::default(),
            current: Mutex::new(Current::new(issuer)),
            metrics: metrics_address,
            verifier,
            home,
        });
        let app = app::router(Arc::clone(&demo)).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, app);
        let metrics = axum::serve(metrics, metrics::router(demo.verifier.clone()));

        let done = if self.check {
            let cases = cases::all(&demo.current.lock().await.issuer, &demo.embeds).await?;
            tokio::select! {
                served = server => served.map(|()| ExitCode::FAILURE)?,
                checked = check::check(address, &cases) => {
                    let checked = checked?;
                    io::stdout().lock().write_all(checked.table.as_bytes())?;
                    if checked.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
                }
            }
        } else {
            let stopped = stopped(); // before the greeting states that the demo runs
            let greeting = self.greeting(address, &demo).await?;
            #[cfg(feature = "manage")]
            let (greeting, api) = {
                let Some(api) = api else { anyhow::bail!("the control plane was not started") };
                (greeting + &greeting_of_api(&api), api.serve())
            };
            #[cfg(not(feature = "manage"))]
            let api = std::future::pending::<io::Result<()>>();
            // At once, because the reader may close the pipe after the first lines.
            io::stdout().lock().write_all(greeting.as_bytes())?;
            tokio::select! {
                served = server => served?,
                served = metrics => served?,
                served = api => served?,
                () = stopped => {} // a paused player would hold its connection for ever
            }
            ExitCode::SUCCESS
        };
        drop(watch);
        Ok(done)
    }

    #[cfg(feature = "manage")]
    async fn manage(&self, home: &Home, verifier: &Verifier) -> anyhow::Result<manage::Api> {
        let port = if self.listen.is_none() { 8081 } else { 0 };
        let listen = self.manage.unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)));
        if !listen.ip().is_loopback() {
            anyhow::bail!("--manage {listen} would serve the API without HTTPS: use a loopback address");
        }
        manage::Api::new(home, verifier, listen).await
    }

    /// The lines at start.
    async fn greeting(&self, address: SocketAddr, demo: &Running) -> anyhow::Result<String> {
        let current = demo.current.lock().await;
        let (granted, refused) = cases::first_two(&current.issuer)?;
        let page = current.issuer.addresses.url(home::APP, "");
        let (config, metrics) = (shown(&demo.home.config()), &demo.metrics);
        let mut text = format!(
            "playgate demo: a protected origin on {address}\n\n  \
             Open      {page}\n  \
             Granted   curl -I '{granted}'      200\n  \
             Refused   curl -I '{refused}'      401 credential_missing\n  \
             Config    {config}   (with its keys; edit it while the demo runs)\n  \
             Metrics   http://{metrics}   (for Prometheus)\n  \
             Stop      Ctrl-C.   `playgate demo --curl` prints every case, `--check` runs them.\n\n"
        );
        if self.curl {
            text.push_str("Each case with the status that it gets. Credentials are valid for one hour.\n\n");
            for case in cases::all(&current.issuer, &demo.embeds).await? {
                let _ = write!(text, "{case}\n\n"); // a String takes everything
            }
        }
        Ok(text)
    }
}

/// The lines about the control plane.
#[cfg(feature = "manage")]
fn greeting_of_api(api: &manage::Api) -> String {
    let (address, key) = (api.address, shown(&api.key));
    let (base, region) = (manage::BASE, manage::REGION);
    format!(
        "The control plane: http://{address}/v1/   (the API key is in {key})\n  \
         curl -X POST http://{address}/v1/access_token/$(cat {key})\n  \
         Streams and buckets: play-<playback_id>.{base}, <bucket>.media-storage.{region}.{base}\n\n"
    )
}

/// A path as a user would write it.
fn shown(path: &Path) -> String {
    if path.is_absolute() { path.display().to_string() } else { format!("./{}", path.display()) }
}

fn explain(option: &str, address: SocketAddr, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => {
            let free = SocketAddr::new(address.ip(), 0);
            anyhow::anyhow!(
                "{address} is used by another program: choose another port, such as {option} {free} for any free one"
            )
        }
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    }
}

/// Returns a future that ends with Ctrl-C or SIGTERM. Both are caught from this call on.
fn stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await; // without signals there is nothing to wait for
    }
}
