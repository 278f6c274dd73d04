//! A whole axum service with nesting, rewriting layers and files behind the gate: for a fuzz target, and for a property test.
//!
//! What it asserts: no request gets the bytes of a protected file without a credential that covers it.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use playgate::adapters::tower::GateLayer;
use playgate::site::Outside;
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::util::MapRequestLayer;
use tower::{Layer as _, ServiceExt as _};
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::services::ServeDir;

const HOST: &str = "cdn.example.com";
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// What stands in the file that the token covers.
const COVERED: &str = "the bytes of the file that is covered";
/// What stands in the protected files that it does not cover.
const PROTECTED: &str = "the bytes of a file that nobody may have";
/// What stands in the files that everybody may have.
const OPEN: &str = "the bytes of a file for everybody";

/// The longest request target that is tried.
const MAX_TARGET: usize = 512;

/// A service in one arrangement.
struct Arrangement {
    name: &'static str,
    router: Router,
    /// The path of the file that the token covers.
    covered: &'static str,
}

/// Every arrangement, over one folder of files.
pub(crate) struct World {
    arrangements: Vec<Arrangement>,
    runtime: Runtime,
    token: String,
    _files: TempDir,
}

impl World {
    /// Writes the files, builds the services, and asks each for the file that the token covers.
    pub(crate) fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("media/videos/1/a.txt", COVERED),
            ("media/videos/2/a.txt", PROTECTED),
            ("media/secret.txt", PROTECTED),
            ("media/index.html", PROTECTED),
            ("open/a.txt", OPEN),
            ("a.txt", OPEN),
        ] {
            let path = files.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let signer = Signer::from_secret("k", SECRET).unwrap();
        let token = signer.token(Scope::folder("videos/1").unwrap()).sign().unwrap().as_str().to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut arrangements = Vec::new();
        for verifier in [folder_alone(), beside_a_public_site()] {
            arrange(&mut arrangements, &verifier, &files);
        }
        let world = Self { arrangements, runtime, token, _files: files };
        for arrangement in &world.arrangements {
            let asked = |token| world.ask(arrangement, arrangement.covered.parse().unwrap(), token);
            let (status, body) = asked(Some(&world.token));
            assert_eq!((status, &*body), (StatusCode::OK, COVERED.as_bytes()), "{}", arrangement.name);
            assert_eq!(asked(None).0, StatusCode::UNAUTHORIZED, "{}", arrangement.name);
        }
        world
    }

    /// Sends one request, and asserts that it gets no file that it may not have. The first byte is the arrangement, the
    /// second the credential, and the rest is the target.
    pub(crate) fn run(&self, input: &[u8]) {
        let [arrangement, credential, target @ ..] = input else { return };
        let arrangement = &self.arrangements[usize::from(*arrangement) % self.arrangements.len()];
        if target.len() > MAX_TARGET {
            return;
        }
        let Ok(uri) = Uri::try_from(target) else { return };
        let token = credential.is_multiple_of(2).then_some(&*self.token);
        let (_, body) = self.ask(arrangement, uri, token);
        let holds = |text: &str| body.windows(text.len()).any(|window| window == text.as_bytes());
        let target = target.escape_ascii();
        assert!(!holds(PROTECTED), "{}: {target}", arrangement.name);
        assert!(token.is_some() || !holds(COVERED), "{}: {target}", arrangement.name);
    }

    fn ask(&self, arrangement: &Arrangement, uri: Uri, token: Option<&str>) -> (StatusCode, Vec<u8>) {
        let mut request = Request::get(uri).header("host", HOST);
        if let Some(token) = token {
            request = request.header("cookie", format!("Qencode-Auth-Token={token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        self.runtime.block_on(async {
            let answer = arrangement.router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            (status, to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
        })
    }
}

fn key() -> Key {
    Key::from_secret("k", SECRET, KeyScope::bucket("courses")).unwrap()
}

fn media() -> Site {
    Site::bucket("courses").id("media").host(HOST).base_path("/media/")
}

/// Outside of `/media/` everything passes.
fn folder_alone() -> Verifier {
    Verifier::builder().site(media()).outside(Outside::Pass).key(key()).build().unwrap()
}

/// Everything but `/media/` is public.
fn beside_a_public_site() -> Verifier {
    let open = Site::bucket("open").id("open").host(HOST).public();
    Verifier::builder().site(media()).site(open).outside(Outside::Refuse).key(key()).build().unwrap()
}

fn arrange(arrangements: &mut Vec<Arrangement>, verifier: &Verifier, files: &TempDir) {
    const COVERED: &str = "/media/videos/1/a.txt";
    let root = || ServeDir::new(files.path());
    let below = |folder: &str| ServeDir::new(files.path().join(folder));
    let gated =
        |service: ServeDir| Router::new().fallback_service(service).layer(GateLayer::new(verifier.clone()));
    let mut add = |name, covered, router| arrangements.push(Arrangement { name, router, covered });
    add("Router::layer", COVERED, gated(root()));
    add("a locale is taken off", COVERED, gated(root()).layer(MapRequestLayer::new(strip_locale)));
    let trimmed = gated(root()).layer(NormalizePathLayer::trim_trailing_slash());
    add("slashes are taken off", COVERED, trimmed);
    add("decoded outside", COVERED, gated(root()).layer(MapRequestLayer::new(decode)));
    let before = MapRequestLayer::new(strip_locale).layer(gated(root()));
    add("a locale is taken off before any router", "/en/media/videos/1/a.txt", whole(before));
    let media = || below("media");
    let nested = Router::new().nest("/media", gated(media())).fallback_service(below("open"));
    add("nest", COVERED, nested);
    let nested = Router::new().nest_service("/media", gated(media())).fallback_service(below("open"));
    add("nest_service", COVERED, nested);
    let deeper = Router::new().nest_service("/videos", gated(below("media/videos")));
    add("nested twice", COVERED, Router::new().nest("/media", deeper));
    add("nested by a parameter", COVERED, Router::new().nest("/media/{kind}", gated(below("media/videos"))));
    let stripped = gated(media()).layer(MapRequestLayer::new(strip_locale));
    add("a locale is taken off in a nest", COVERED, Router::new().nest("/media", stripped));
    add("around", COVERED, whole(verifier.around(Router::new().fallback_service(root()))));
    // What is behind the gate reads paths as some file systems and servers do.
    let folding = MapRequestLayer::new(fold).layer(root());
    add(
        "a file system without case",
        COVERED,
        Router::new().fallback_service(folding).layer(GateLayer::new(verifier.clone())),
    );
    let decoding = MapRequestLayer::new(decode).layer(root());
    add(
        "decoded again",
        COVERED,
        Router::new().fallback_service(decoding).layer(GateLayer::new(verifier.clone())),
    );
    let merging = NormalizePathLayer::trim_trailing_slash().layer(root());
    add(
        "slashes are merged",
        COVERED,
        Router::new().fallback_service(merging).layer(GateLayer::new(verifier.clone())),
    );
}

/// A service that no router is around.
fn whole<S>(service: S) -> Router
where
    S: tower::Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    // A router would record the path before it is rewritten.
    let forget = MapRequestLayer::new(|mut request: Request| {
        request.extensions_mut().remove::<axum::extract::OriginalUri>();
        request
    });
    Router::new().fallback_service(forget.layer(service))
}

fn with_path(mut request: Request, path: &str) -> Request {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{path}{query}").parse() {
        *request.uri_mut() = uri;
    }
    request
}

fn strip_locale(request: Request) -> Request {
    let path = request.uri().path().to_owned();
    match path.strip_prefix("/en/") {
        Some(rest) => with_path(request, &format!("/{rest}")),
        None => request,
    }
}

/// Decodes the letters, digits, dots and slashes of a path once.
fn decode(request: Request) -> Request {
    let path = request.uri().path().to_owned();
    let mut decoded = String::new();
    let mut rest = &*path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from) {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, '.' | '/' | '%' | '-') => {
                decoded.push(byte);
                rest = &after[2..];
            }
            _ => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    with_path(request, &decoded)
}

/// What a file system makes of a path that folds case, and drops streams and what ends a name.
fn fold(request: Request) -> Request {
    let path =
        request.uri().path().to_lowercase().replace("%20", " ").replace("%2e", ".").replace("%3a", ":");
    let names = path.split('/').map(|name| {
        let is_stream = name.contains(":$");
        let name = name.split_once(':').filter(|_| is_stream).map_or(name, |(name, _)| name);
        name.trim_end_matches(['.', ' ']).replace(' ', "%20")
    });
    let folded = names.collect::<Vec<_>>().join("/");
    with_path(request, if folded.is_empty() { "/" } else { &folded })
}
