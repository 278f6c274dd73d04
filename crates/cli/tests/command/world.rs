//! A folder with a configuration, its keys and its secrets, and runs of the command in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PLAYGATE: &str = env!("CARGO_BIN_EXE_playgate");

const CONFIG: &str = r#"version = 1

[[site]]
hosts = ["cdn.example.com", "media.example.com"]
id = "cdn"
serves = { bucket = "vod" }
issuer = "https://login.example.com"
audience = "cdn"
query_name = "token"
cookie_name = "viewer"

[site.secure_link]
preset = "gcore"
secret_file = "secrets/link"
covers = "either"

[site.akamai]
secret_file = "secrets/akamai"

[site.cloudfront]
[site.embed]

[[keys]]
dir = "keys"
scope = { bucket = "vod" }

[[keys]]
secret_file = "secrets/shared"
scope = { site = "cdn" }

[[keys]]
file = "cloudfront/K2JCJMDEHXQW5F.pem"
algorithm = "cloudfront-rsa"
scope = { bucket = "vod" }

[explain]
tokens = true
"#;

/// A temporary folder in which the command runs.
pub(crate) struct World(TempDir);

/// The output of a run, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// Creates an empty folder.
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Creates a folder with the configuration, all of whose keys exist.
    pub(crate) fn new() -> Self {
        static KEYS: OnceLock<World> = OnceLock::new();
        let keys = KEYS.get_or_init(|| {
            let world = Self::empty();
            world.good(&["keygen", "--out", "keys/2026-12"]);
            world.good(&["keygen", "--type", "rsa", "--out", "cloudfront/K2JCJMDEHXQW5F"]);
            world
        });
        let world = Self::empty();
        for file in [
            "keys/2026-12.pem",
            "private/2026-12.pem",
            "cloudfront/K2JCJMDEHXQW5F.pem",
            "private/K2JCJMDEHXQW5F.pem",
        ] {
            world.write(file, &std::fs::read_to_string(keys.path(file)).unwrap());
        }
        world.write("playgate.toml", CONFIG);
        world.write("secrets/link", "a secret of links\n");
        world.write("secrets/akamai", "00112233445566778899aabbccddeeff\n");
        world.write("secrets/shared", "0123456789abcdef0123456789abcdef\n");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a part of the configuration.
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let config = self.read("playgate.toml");
        assert!(config.contains(from), "{from}");
        self.write("playgate.toml", &config.replace(from, to));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PLAYGATE_REDIS_URL"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(PLAYGATE).args(args).stdin(Stdio::null()))
    }

    pub(crate) fn run_with_env(&self, args: &[&str], (name, value): (&str, &str)) -> Ran {
        Ran::of(self.command(PLAYGATE).args(args).env(name, value).stdin(Stdio::null()))
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(PLAYGATE);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Runs a line of a shell, in which `playgate` is the command.
    pub(crate) fn shell(&self, line: &str, env: &[(&str, String)]) -> Ran {
        let bin = Path::new(PLAYGATE).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = self.command("sh");
        command.args(["-c", line]).env("PATH", path).stdin(Stdio::null());
        command.envs(env.iter().map(|(name, value)| (name, value)));
        Ran::of(&mut command)
    }

    /// Runs the command, which must exit with 0, and returns its output.
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.stdout
    }

    /// Runs the command with `--json`, and returns its output.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        assert_eq!(ran.stderr, "", "{args:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Runs the command, which must fail with this exit code and one line of error that has these texts.
    pub(crate) fn fails(&self, args: &[&str], code: i32, texts: &[&str]) {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{args:?}: {}", ran.stderr);
        for text in texts {
            assert!(ran.stderr.contains(text), "{args:?}: {text:?} is not in {}", ran.stderr);
        }
        let with_json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&with_json);
        assert_eq!(ran.code, code, "{with_json:?}: {ran:?}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert!(error["error"].as_str().unwrap().contains(texts[0]), "{error}");
    }
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
