use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Returns the lines logged so far in this process, by any server, that contain `mark`.
///
/// The first call starts the recording. Tests run side by side, so a mark has to occur in the lines of one test only.
pub(crate) fn lines_about(mark: &str) -> Vec<String> {
    static ALL: OnceLock<Recorder> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let recorder = Recorder::default();
        // At this level the servers themselves write far more than the library.
        let targets =
            Targets::new().with_targets(["playgate", "tower_http"].map(|name| (name, LevelFilter::TRACE)));
        recorder.clone().subscriber().with(targets).init();
        recorder
    });
    all.lines_about(mark)
}

/// The lines that the current thread logs, until this value is dropped.
pub(crate) struct ThreadLog {
    recorder: Recorder,
    _guard: DefaultGuard,
}

impl ThreadLog {
    pub(crate) fn start() -> Self {
        let recorder = Recorder::default();
        Self { _guard: recorder.clone().subscriber().set_default(), recorder }
    }

    pub(crate) fn lines_about(&self, mark: &str) -> Vec<String> {
        self.recorder.lines_about(mark)
    }
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<u8>>>);

impl Recorder {
    fn subscriber(
        self,
    ) -> impl tracing::Subscriber + Send + Sync + for<'s> tracing_subscriber::registry::LookupSpan<'s> {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(self)
            .finish()
    }

    fn lines_about(&self, mark: &str) -> Vec<String> {
        let text = self.0.lock().unwrap();
        String::from_utf8_lossy(&text).lines().filter(|line| line.contains(mark)).map(str::to_owned).collect()
    }
}

impl MakeWriter<'_> for Recorder {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl io::Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
