//! What other languages issue: each program in `tests/minters` is run, and its tokens are shown to real servers.
//!
//! The samples for Python, Node, Ruby and PHP are granted as they stand. Those for Java and C# are refused by default,
//! each by a denial of its own; what they write once adjusted is granted under the switch that is named for it, and under
//! no other. A program or library that is missing skips its tests, with a message; with `PLAYGATE_REQUIRE_SERVICES=1`
//! they fail instead.

mod akamai;
mod cloudfront;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::skip::is_installed;
use crate::support::{NOW, TestKey, World, gate, get, vod};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use playgate::crypto::Algorithm;
use playgate::error::{ClaimName, ConfigError};
use playgate::keys::danger::Danger;
use playgate::time::UnixSeconds;
use playgate::{Denial, Key, KeyScope, Verifier};
use serde_json::Value;

const DIGITS: Danger = Danger { digit_string_dates: true, ..Danger::NONE };
const JTI: Danger = Danger { kid_from_jti: true, ..Danger::NONE };
const ALL: Danger = Danger { digit_string_dates: true, kid_from_jti: true };

/// A program in `tests/minters`.
struct Minter {
    name: &'static str,
    command: &'static [&'static str],
    /// Succeeds where the program and its libraries are there.
    probe: &'static [&'static str],
    /// `{kid}`, and `{iat}` for a time that it adds by itself.
    header: &'static str,
    payload: &'static str,
}

const PYTHON: Minter = Minter {
    name: "Python, PyJWT",
    command: &["python3", "mint.py"],
    probe: &["python3", "-c", "import jwt, cryptography"],
    header: r#"{"alg":"RS256","kid":"{kid}","typ":"JWT"}"#,
    payload: r#"{"uri":"caf\u00e9/1/","exp":4102444800}"#,
};

const NODE: Minter = Minter {
    name: "Node, jsonwebtoken",
    command: &["node", "mint.js"],
    probe: &["node", "-e", "require('jsonwebtoken')"],
    header: r#"{"alg":"RS256","typ":"JWT","kid":"{kid}"}"#,
    payload: r#"{"uri":"café/1/","exp":4102444800,"iat":{iat}}"#,
};

const RUBY: Minter = Minter {
    name: "Ruby, ruby-jwt",
    command: &["ruby", "mint.rb"],
    probe: &["ruby", "-rjwt", "-rrbnacl", "-e", ""],
    header: r#"{"alg":"RS256","typ":"JWT","kid":"{kid}"}"#,
    payload: r#"{"uri":"café/1/","exp":4102444800}"#,
};

const PHP: Minter = Minter {
    name: "PHP, firebase/php-jwt",
    command: &["php", "mint.php"],
    probe: &["php", "-r", "exit(function_exists('openssl_sign') ? 0 : 1);"],
    header: r#"{"typ":"JWT","alg":"RS256","kid":"{kid}"}"#,
    payload: r#"{"uri":"caf\u00e9\/1\/","exp":4102444800}"#,
};

const JAVA: Minter = Minter {
    name: "Java, jjwt",
    command: &["java", "Minter.java"],
    probe: &["javac", "--version"],
    header: r#"{"alg":"HS256"}"#,
    payload: r#"{"jti":"{kid}","uri":"café/1/","exp":4102444800}"#,
};

const CSHARP: Minter = Minter {
    name: "C#",
    command: &["node", "csharp.js"],
    probe: &["node", "--version"],
    header: r#"{"alg":"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256","typ":"JWT","kid":"{kid}"}"#,
    payload: r#"{"uri":"café/1/","exp":"4102444800"}"#,
};

const CSHARP_ADJUSTED: Minter = Minter {
    name: "C#, adjusted",
    command: &["node", "csharp.js", "--rsa"],
    header: r#"{"alg":"RS256","typ":"JWT","kid":"{kid}"}"#,
    ..CSHARP
};

/// What a token is asked for.
struct Order<'o> {
    kid: &'o str,
    file: PathBuf,
    uri: &'o str,
    exp: Option<i64>,
    nbf: Option<i64>,
    alg: Algorithm,
}

/// An order, where its token is shown, and what comes of it.
struct Row {
    name: &'static str,
    uri: &'static str,
    exp: Option<i64>,
    nbf: Option<i64>,
    target: &'static str,
    verdict: &'static str,
}

const PLAIN: &str = "/videos/1/a.ts";

fn rows() -> [Row; 12] {
    let (cafe, wide) = ("/caf%C3%A9/1/a.ts", "/vid%C3%A9os/%E6%97%A5%E6%9C%AC/%F0%9F%8E%AC/a.ts");
    let row = |name, uri, exp, nbf, target, verdict| Row { name, uri, exp, nbf, target, verdict };
    let (soon, past) = (Some(NOW + 1), Some(NOW - 60));
    [
        row("no dates", "videos/1/", None, None, PLAIN, "200"),
        row("far exp", "videos/1/", Some(4_102_444_800), None, PLAIN, "200"),
        row("both dates", "videos/1/", soon, past, PLAIN, "200"),
        row("nbf now", "videos/1/", None, Some(NOW), PLAIN, "200"),
        row("one object", "videos/1/a.ts", soon, None, PLAIN, "200"),
        row("an accent", "café/1/", soon, None, cafe, "200"),
        row("beyond sixteen bits", "vidéos/日本/🎬/", None, None, wide, "200"),
        row("exp now", "videos/1/", Some(NOW), None, PLAIN, "401 expired"),
        row("exp long ago", "videos/1/", past, Some(NOW - 90), PLAIN, "401 expired"),
        row("nbf soon", "videos/1/", Some(4_102_444_800), soon, PLAIN, "401 not_yet_valid"),
        row("elsewhere", "videos/2/", None, None, PLAIN, "403 out_of_scope"),
        row("another accent", "cafè/1/", soon, None, cafe, "403 out_of_scope"),
    ]
}

#[tokio::test]
async fn python_is_granted_as_it_stands() {
    granted_as_it_stands(&PYTHON).await;
}

#[tokio::test]
async fn node_is_granted_as_it_stands() {
    granted_as_it_stands(&NODE).await;
}

#[tokio::test]
async fn ruby_is_granted_as_it_stands() {
    granted_as_it_stands(&RUBY).await;
}

#[tokio::test]
async fn php_is_granted_as_it_stands() {
    granted_as_it_stands(&PHP).await;
}

/// The samples of `docs/tokens.md` for these languages, run as they are printed, beside a key of the guide's name.
#[tokio::test]
async fn the_samples_of_the_guide_are_granted_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("private.pem"), TestKey::P256.private()).unwrap();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tokens.md");
    let guide = fs::read_to_string(guide).unwrap();
    let verifier = gate().clock(UnixSeconds::now).site(vod());
    let verifier = verifier.key(TestKey::P256.key_as("2026-11", KeyScope::bucket("vod"))).build().unwrap();
    let world = World::start(verifier).await;
    for (language, minter, program) in
        [("python", &PYTHON, "python3"), ("js", &NODE, "node"), ("ruby", &RUBY, "ruby")]
    {
        if !minter.found() {
            continue;
        }
        let (_, sample) = guide.split_once(&format!("```{language}\n")).unwrap();
        let (sample, _) = sample.split_once("```").unwrap();
        let file = folder.path().join(language);
        fs::write(&file, sample).unwrap();
        let mut command = command(&[program, file.to_str().unwrap()]);
        command.env("NODE_PATH", command.get_current_dir().unwrap().join("node_modules"));
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout).unwrap();
        assert_eq!(world.verdict(&get(PLAIN).query(token.trim())).await, "200", "{language}");
        assert_eq!(
            world.verdict(&get("/videos/2/a.ts").query(token.trim())).await,
            "403 out_of_scope",
            "{language}"
        );
    }
}

#[tokio::test]
async fn java_as_published_is_refused_whatever_the_key() {
    if !JAVA.found() {
        return;
    }
    let [row, ..] = rows();
    let token = JAVA.mint_rows(&[&row], &rsa_file(), "rsa").remove(0);
    let scope = || KeyScope::bucket("vod");
    let secret = TestKey::Secret.key_as("rsa", scope());
    for (name, key, denial) in [
        ("the RSA key", TestKey::Rsa.key(scope()), Denial::MissingKeyId),
        ("the RSA key with every switch", TestKey::Rsa.key(scope()).danger(ALL), Denial::WrongAlgorithm),
        ("another secret with every switch", secret.danger(ALL), Denial::BadSignature),
        ("no key of the name", TestKey::P256.key(scope()).danger(ALL), Denial::MissingKeyId),
    ] {
        let answer = with(key).await.ask(&get(PLAIN).query(&token)).await;
        assert_eq!((answer.status, answer.denial), (401, Some(denial)), "{name}");
    }
    // Nor can the text that it signs with be made a secret.
    let error = Key::from_secret("rsa", TestKey::Rsa.private(), scope()).unwrap_err();
    assert_eq!(error, ConfigError::SecretIsPem { kid: "rsa".to_owned() });
}

#[tokio::test]
async fn java_with_a_shared_secret_is_granted_under_kid_from_jti_alone() {
    if !JAVA.found() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, TestKey::Secret.private()).unwrap();
    let rows = rows();
    let tokens = JAVA.mint_rows(&rows.each_ref(), &file, "secret");
    let scope = || KeyScope::bucket("vod");
    let lax = with(TestKey::Secret.key(scope()).danger(JTI)).await;
    let strict = with(TestKey::Secret.key(scope())).await;
    let other = with(TestKey::Secret.key(scope()).danger(DIGITS)).await;
    for (row, token) in rows.iter().zip(&tokens) {
        let ask = get(row.target).query(token);
        assert_eq!(lax.verdict(&ask).await, row.verdict, "{}", row.name);
        for (name, world) in [("no switch", &strict), ("another switch", &other)] {
            let denial = world.ask(&ask).await.denial;
            assert_eq!(denial, Some(Denial::MissingKeyId), "{}, {name}", row.name);
        }
    }
    JAVA.writes_what_its_sample_writes(&file, "secret");
}

#[tokio::test]
async fn csharp_as_published_is_refused_whatever_the_key() {
    if !CSHARP.found() {
        return;
    }
    let rows = rows();
    let tokens = CSHARP.mint_rows(&rows.each_ref(), &rsa_file(), "rsa");
    let scope = || KeyScope::bucket("vod");
    for (name, key) in [
        ("the RSA key", TestKey::Rsa.key(scope())),
        ("the RSA key with every switch", TestKey::Rsa.key(scope()).danger(ALL)),
        ("a secret with every switch", TestKey::Secret.key_as("rsa", scope()).danger(ALL)),
        ("no key of the name", TestKey::P256.key(scope()).danger(ALL)),
    ] {
        let world = with(key).await;
        for (row, token) in rows.iter().zip(&tokens) {
            let answer = world.ask(&get(row.target).query(token)).await;
            let wanted = (401, Some(Denial::XmlDsigAlgorithm));
            assert_eq!((answer.status, answer.denial), wanted, "{name}, {}", row.name);
        }
    }
    CSHARP.writes_what_its_sample_writes(&rsa_file(), "rsa");
}

#[tokio::test]
async fn csharp_with_an_rsa_key_is_granted_under_digit_string_dates_alone() {
    if !CSHARP_ADJUSTED.found() {
        return;
    }
    let rows = rows();
    let tokens = CSHARP_ADJUSTED.mint_rows(&rows.each_ref(), &rsa_file(), "rsa");
    let scope = || KeyScope::bucket("vod");
    let lax = with(TestKey::Rsa.key(scope()).danger(DIGITS)).await;
    let strict = with(TestKey::Rsa.key(scope())).await;
    let other = with(TestKey::Rsa.key(scope()).danger(JTI)).await;
    for (row, token) in rows.iter().zip(&tokens) {
        let ask = get(row.target).query(token);
        assert_eq!(lax.verdict(&ask).await, row.verdict, "{}", row.name);
        for (name, world) in [("no switch", &strict), ("another switch", &other)] {
            let Row { exp, nbf, .. } = row;
            let malformed = match (exp, nbf) {
                (Some(_), _) => Some(ClaimName::Exp),
                (None, Some(_)) => Some(ClaimName::Nbf),
                (None, None) => None, // nothing in it needs a switch
            };
            let answer = world.ask(&ask).await;
            match malformed {
                Some(claim) => {
                    assert_eq!(answer.denial, Some(Denial::MalformedClaim(claim)), "{}, {name}", row.name);
                }
                None => assert_eq!(answer.verdict(), row.verdict, "{}, {name}", row.name),
            }
        }
    }
    CSHARP_ADJUSTED.writes_what_its_sample_writes(&rsa_file(), "rsa");
}

#[tokio::test]
async fn every_algorithm_of_pyjwt_is_granted() {
    each_is_granted(&PYTHON, Algorithm::JWS).await;
}

#[tokio::test]
async fn every_algorithm_of_ruby_jwt_is_granted() {
    each_is_granted(&RUBY, Algorithm::JWS).await;
}

/// jsonwebtoken has all but `EdDSA`.
#[tokio::test]
async fn every_algorithm_of_jsonwebtoken_is_granted() {
    let all = Algorithm::JWS.iter().copied();
    each_is_granted(&NODE, &all.filter(|alg| *alg != Algorithm::EdDsa).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn every_algorithm_that_php_writes_without_a_library_is_granted() {
    use Algorithm::{Hs256, Hs384, Hs512, Rs256, Rs384, Rs512};
    each_is_granted(&PHP, &[Rs256, Rs384, Rs512, Hs256, Hs384, Hs512]).await;
}

/// By the default verifier, with nothing set that the README does not set; in the query, and in a cookie.
async fn granted_as_it_stands(minter: &Minter) {
    if !minter.found() {
        return;
    }
    let rows = rows();
    let tokens = minter.mint_rows(&rows.each_ref(), &rsa_file(), "rsa");
    let world = with(TestKey::Rsa.key(KeyScope::bucket("vod"))).await;
    for (row, token) in rows.iter().zip(&tokens) {
        let ask = get(row.target);
        for (carrier, ask) in [("query", ask.clone().query(token)), ("cookie", ask.cookie(token))] {
            assert_eq!(world.verdict(&ask).await, row.verdict, "{}, {}, {carrier}", minter.name, row.name);
        }
    }
    let (signed, signature) = tokens[0].rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{signed}.{other}{}", &signature[1..]);
    assert_eq!(world.verdict(&get(PLAIN).query(tampered)).await, "401 bad_signature", "{}", minter.name);
    minter.writes_what_its_sample_writes(&rsa_file(), "rsa");
}

/// A key for each algorithm, under its name; a token under another key's name is refused.
async fn each_is_granted(minter: &Minter, algorithms: &[Algorithm]) {
    if !minter.found() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut builder = gate().site(vod());
    let mut orders = Vec::new();
    for &alg in algorithms {
        let (file, key) = key_for(alg, folder.path());
        builder = builder.key(key);
        let order = |kid, exp| Order { kid, file: file.clone(), uri: "videos/1/", exp, nbf: None, alg };
        let name = alg.name();
        let other = algorithms.iter().find(|other| **other != alg).unwrap().name();
        orders.extend([order(name, Some(NOW + 1)), order(name, Some(NOW)), order(other, None)]);
    }
    let tokens = minter.mint(&orders);
    let world = World::start(builder.build().unwrap()).await;
    for (order, token) in orders.iter().zip(&tokens) {
        let wanted = match order.exp {
            _ if order.kid != order.alg.name() => "401 wrong_algorithm",
            Some(NOW) => "401 expired",
            _ => "200",
        };
        let verdict = world.verdict(&get(PLAIN).query(token)).await;
        assert_eq!(verdict, wanted, "{}: {} as {}", minter.name, order.alg, order.kid);
    }
}

/// What an issuer signs with, in a file, and what a verifier loads, under the algorithm's name.
fn key_for(alg: Algorithm, folder: &Path) -> (PathBuf, Key) {
    let scope = KeyScope::bucket("vod");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let pair = |private: &str, public: &str| {
        let public = fs::read(tests.join(public)).unwrap();
        (tests.join(private), Key::from_pem_for(alg, alg.name(), public, KeyScope::bucket("vod")).unwrap())
    };
    match alg {
        Algorithm::Es256 => pair("support/keys/p256.test.pem", "support/keys/p256.test.pub.pem"),
        Algorithm::Es384 => pair("data/p384.private.pkcs8.pem", "data/p384.spki.pem"),
        Algorithm::EdDsa => pair("support/keys/ed25519.test.pem", "support/keys/ed25519.test.pub.pem"),
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
            let secret: Vec<u8> = (b'0'..).take(64).collect();
            let file = folder.join(alg.name());
            fs::write(&file, &secret).unwrap();
            (file, Key::from_secret_for(alg, alg.name(), &secret, scope).unwrap())
        }
        _ => pair("support/keys/rsa.test.pem", "support/keys/rsa.test.pub.pem"),
    }
}

fn rsa_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/keys/rsa.test.pem")
}

/// Real servers with one bucket and one key.
async fn with(key: Key) -> World {
    let verifier: Verifier = gate().site(vod()).key(key).build().unwrap();
    World::start(verifier).await
}

impl Minter {
    /// Whether the program and its libraries are there. Where services are required, they have to be.
    fn found(&self) -> bool {
        let found = command(self.probe).output();
        is_installed(&self.probe.join(" "), found.is_ok_and(|output| output.status.success()))
    }

    /// One token for each row, by RS256 where the program has a choice.
    fn mint_rows(&self, rows: &[&Row], file: &Path, kid: &str) -> Vec<String> {
        let order = |row: &&Row| {
            let &&Row { uri, exp, nbf, .. } = row;
            Order { kid, file: file.to_owned(), uri, exp, nbf, alg: Algorithm::Rs256 }
        };
        self.mint(&rows.iter().map(order).collect::<Vec<_>>())
    }

    /// One token for each order.
    fn mint(&self, orders: &[Order<'_>]) -> Vec<String> {
        let date = |date: Option<i64>| date.map(|date| date.to_string()).unwrap_or_default();
        let line = |Order { kid, file, uri, exp, nbf, alg }: &Order<'_>| {
            let (file, exp, nbf) = (file.display(), date(*exp), date(*nbf));
            format!("{kid}\t{file}\t{uri}\t{exp}\t{nbf}\t{alg}")
        };
        self.answer_lines(orders.iter().map(line))
    }

    /// Starts the process, and returns its answer to each line.
    fn answer_lines(&self, lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
        let mut child = command(self.command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let count = lines.len();
        for line in lines {
            let _ = writeln!(stdin, "{line}"); // a process that stopped gives the reason on stderr
        }
        drop(stdin);
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{} failed: {stderr}", self.name);
        let answers: Vec<String> = String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(answers.len(), count, "{}: {stderr}", self.name);
        answers
    }

    /// So that what is granted above is what is in the field.
    fn writes_what_its_sample_writes(&self, file: &Path, kid: &str) {
        let row =
            Row { name: "", uri: "café/1/", exp: Some(4_102_444_800), nbf: None, target: "", verdict: "" };
        let token = self.mint_rows(&[&row], file, kid).remove(0);
        let mut segments = token.split('.').map(|segment| {
            String::from_utf8_lossy(&BASE64_URL_SAFE_NO_PAD.decode(segment).unwrap()).into_owned()
        });
        let (header, payload) = (segments.next().unwrap(), segments.next().unwrap());
        assert_eq!(header, self.header.replace("{kid}", kid), "{}", self.name);
        let claims: serde_json::Value = serde_json::from_str(&payload).unwrap();
        let wanted = self.payload.replace("{kid}", kid).replace("{iat}", &claims["iat"].to_string());
        assert_eq!(payload, wanted, "{}", self.name);
    }
}

/// The answer to each job, from one process.
fn answers(minter: &Minter, jobs: &[Value]) -> Vec<Value> {
    let answers = minter.answer_lines(jobs.iter().map(Value::to_string));
    answers.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect()
}

/// To be run in `tests/minters`.
fn command(words: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/minters");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("PYTHONPATH", folder.join("python_modules")).current_dir(folder);
    command
}
