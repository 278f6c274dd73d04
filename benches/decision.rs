//! What does a decision cost, over the signature check that it cannot do without?
//!
//! `cargo bench --bench decision` prints one Markdown table; what other arguments do, [`interleaved`] tells.

#[allow(dead_code, reason = "shared with the tests")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;
mod request;

use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fixtures::{Kind, SECRET, key_of};
use http::Request;
use interleaved::{Budget, Candidate};
use playgate::error::{Code, Denial};
use playgate::internals::danger::key_that_takes_any_signature;
use playgate::mint::Signer;
use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;
use playgate::{Decision, KeyScope, Scope, Site, Verifier, crypto::Algorithm};
use request::{EXP, HOST, KID, PATH, get, signature_alone, site};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);

fn main() {
    interleaved::run(candidates());
}

fn candidates() -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for kind in Kind::ALL {
        whole_decisions(kind, &mut candidates);
    }
    own_part(&mut candidates);
    seen_before(&mut candidates);
    refusals(&mut candidates);
    candidates
}

fn token(signer: &Signer) -> String {
    request::token(signer, EXP)
}

fn grant(verifier: &Verifier, request: &impl RequestView) {
    let decision = verifier.decide(black_box(request), NOW);
    assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
}

/// One algorithm: the signature alone, ours whole, a peer whole.
fn whole_decisions(kind: Kind, candidates: &mut Vec<Candidate>) {
    let group = kind.name();
    let signer = kind.signer(KID);
    let token = token(&signer);
    let public = signer.public_pem();
    let raw = signature_alone(kind.algorithm(), public.as_deref().unwrap_or_default(), &token);
    candidates.push(Candidate::new(group, "signature alone", Budget::None, move || assert!(raw())));

    let budget = match kind {
        Kind::Rsa2048 => Budget::Ratio(1.03),
        Kind::Rsa4096 => Budget::Ratio(1.01),
        Kind::P256 | Kind::Ed25519 | Kind::Hmac => Budget::None,
    };
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let verifier = Verifier::builder().token_cache(0).site(site()).key(key).build().unwrap();
    let request = get(&token);
    let name = format!("whole decision, token of {} bytes", token.len());
    candidates.push(Candidate::new(group, &name, budget, move || grant(&verifier, &request)));

    let budget = match kind {
        Kind::Rsa2048 => Budget::Ratio(1.05),
        Kind::Rsa4096 => Budget::Ratio(1.02),
        Kind::P256 | Kind::Ed25519 | Kind::Hmac => Budget::None,
    };
    // So little room that each is new again when its turn comes. For P-256 that is 5 us more by itself: asked for one token
    // again and again, a processor foresees the branches that its signature takes.
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let verifier = Verifier::builder().token_cache(4).site(site()).key(key).build().unwrap();
    let each = (0..32).map(|later| get(&request::token(&signer, EXP.saturating_add(later))));
    let (requests, mut turn) = (each.collect::<Vec<_>>(), 0);
    candidates.push(Candidate::new(group, "and remembered", budget, move || {
        turn = (turn + 1) % requests.len();
        grant(&verifier, &requests[turn]);
    }));

    let peer = peer(kind, public.as_deref(), token);
    candidates.push(Candidate::new(group, "jsonwebtoken 12 (aws_lc_rs) decode", Budget::None, peer));
}

/// `jsonwebtoken` decoding the same token with a prepared key; it looks up no key and matches no path.
fn peer(kind: Kind, public: Option<&str>, token: String) -> impl FnMut() + 'static {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    #[derive(serde::Deserialize)]
    struct Claims {
        uri: String,
    }
    let pem = public.unwrap_or_default().as_bytes();
    let (algorithm, key) = match kind {
        Kind::Rsa2048 | Kind::Rsa4096 => (Algorithm::RS256, DecodingKey::from_rsa_pem(pem).unwrap()),
        Kind::P256 => (Algorithm::ES256, DecodingKey::from_ec_pem(pem).unwrap()),
        Kind::Ed25519 => (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem).unwrap()),
        Kind::Hmac => (Algorithm::HS256, DecodingKey::from_secret(SECRET).unwrap()),
    };
    let mut validation = Validation::new(algorithm);
    validation.validate_nbf = true;
    validation.leeway = 0;
    move || {
        let decoded = decode::<Claims>(black_box(&token), &key, &validation).unwrap();
        assert_eq!(decoded.claims.uri, "videos/8f14e45f/");
    }
}

/// A request that its server has parsed already.
struct Parsed {
    query: String,
    authorization: Option<String>,
    cookie: Option<String>,
}

impl RequestView for Parsed {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        let query = (!self.query.is_empty()).then_some(self.query.as_bytes());
        Target { authority: None, path: PATH.as_bytes(), query }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        let value = match name {
            "host" => Some(HOST),
            "authorization" => self.authorization.as_deref(),
            "cookie" => self.cookie.as_deref(),
            _ => None,
        };
        value.filter(|_| nth == 0).map(str::as_bytes)
    }
}

/// The decision on an RS256 token of 2048 bits, with a signature check that costs nothing.
fn own_part(candidates: &mut Vec<Candidate>) {
    let token = token(&Kind::Rsa2048.signer(KID));
    let key = key_that_takes_any_signature(KID, Algorithm::Rs256, KeyScope::bucket("courses")).unwrap();
    let verifier = Verifier::builder().token_cache(0).site(site()).key(key).build().unwrap();
    let encoded = token.replace('.', "%2E");
    let cookies = format!("{BEFORE}Qencode-Auth-Token={token}{AFTER}");
    let (queried, parsed) = (Budget::Nanoseconds(400.0), Budget::Nanoseconds(250.0));
    let bearer = format!("Bearer {token}");
    for (name, budget, request) in [
        ("http::Request, query", queried, http(&format!("?auth={token}"), None)),
        ("http::Request, query percent-encoded", Budget::None, http(&format!("?auth={encoded}"), None)),
        ("http::Request, bearer", queried, http("", Some(("authorization", &bearer)))),
        ("http::Request, cookie among six", queried, http("", Some(("cookie", &cookies)))),
    ] {
        let verifier = verifier.clone();
        let run = move || grant(&verifier, &request);
        candidates.push(Candidate::new("own part", name, budget, run));
    }
    let view = |query: String, authorization, cookie| Parsed { query, authorization, cookie };
    for (name, request) in [
        ("parsed view, query", view(format!("auth={token}"), None, None)),
        ("parsed view, bearer", view(String::new(), Some(bearer.clone()), None)),
        ("parsed view, cookie among six", view(String::new(), None, Some(cookies.clone()))),
    ] {
        let verifier = verifier.clone();
        let run = move || grant(&verifier, &request);
        candidates.push(Candidate::new("own part", name, parsed, run));
    }
}

/// Tokens of 2048 bits that were granted before, clock included: from `http::Request` as a browser fills it.
fn seen_before(candidates: &mut Vec<Candidate>) {
    const TOKENS: i64 = 1_000;
    let signer = Kind::Rsa2048.signer(KID);
    let key = key_of(&signer, KeyScope::bucket("courses"));
    let raw = signature_alone("RS256", signer.public_pem().as_deref().unwrap(), &token(&signer));
    candidates.push(Candidate::new("seen before", "signature alone", Budget::None, move || assert!(raw())));
    let verifier = Verifier::builder().site(site()).key(key).build().unwrap();
    let seen = |token: &str| {
        let cookies = format!("{BEFORE}Qencode-Auth-Token={token}{AFTER}");
        [http(&format!("?auth={token}"), None), http("", Some(("cookie", &cookies)))]
    };
    let mut push = |name: &str, budget: f64, requests: Vec<Request<()>>| {
        let verifier = verifier.clone();
        let grant = move |request: &Request<()>| {
            let decision = verifier.decide(black_box(request), verifier.now());
            assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
        };
        requests.iter().for_each(&grant);
        let mut turn = 0;
        let run = move || {
            turn = (turn + 1) % requests.len();
            grant(&requests[turn]);
        };
        candidates.push(Candidate::new("seen before", name, Budget::Nanoseconds(budget), run));
    };
    let [by_query, by_cookie] = seen(&token(&signer));
    push("by query", 100.0, vec![by_query]);
    push("by cookie among six", 140.0, vec![by_cookie]);
    let each = (1..=TOKENS).map(|later| seen(&request::token(&signer, EXP.saturating_add(later))));
    push("by query, over 1,000 tokens", 130.0, each.map(|[by_query, _]| by_query).collect());
}

/// The cookies beside the token.
const BEFORE: &str = "theme=dark; lang=en-GB; _ga=GA1.1.1234567890.1700000000; ";
const AFTER: &str = "; sid=8f14e45fceea167a5a36dedd4bea2543; consent=all";

/// What a browser sends, with one header more.
fn http(query: &str, header: Option<(&str, &str)>) -> Request<()> {
    let mut request = Request::get(format!("{PATH}{query}")).header("host", HOST);
    for name in ["user-agent", "accept", "accept-encoding", "accept-language", "referer", "range"] {
        request = request.header(name, "as it may be");
    }
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.body(()).unwrap()
}

/// Every refusal before cryptography, of a token of 2048 bits, from `http::Request`.
fn refusals(candidates: &mut Vec<Candidate>) {
    let signer = Kind::Rsa2048.signer(KID);
    let (other, retired, foreign, secret) = (
        Kind::Rsa2048.signer("unknown"),
        Kind::Rsa2048.signer("retired"),
        Kind::Rsa2048.signer("foreign"),
        Kind::Hmac.signer("secret"),
    );
    let keys = [
        key_of(&signer, KeyScope::bucket("courses")),
        key_of(&retired, KeyScope::bucket("courses")).not_after(UnixSeconds::new(1_700_000_000)),
        key_of(&foreign, KeyScope::bucket("another")),
        key_of(&secret, KeyScope::bucket("courses")),
    ];
    let verifier = Verifier::builder()
        .site(site())
        .site(
            Site::bucket("courses")
                .host("strict.example.com")
                .require_exp(true)
                .issuer("us")
                .audience("them"),
        )
        .site(Site::bucket("open").host("open.example.com").public())
        .keys(keys)
        .build()
        .unwrap();
    let good = token(&signer);
    let folder = || Scope::folder("videos/8f14e45f").unwrap();
    let signed = |draft: playgate::mint::TokenDraft<'_>| draft.sign().unwrap().as_str().to_owned();
    // Another header or payload in front of a signature of the usual length.
    let forged = |header: &str, payload: &str| {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signature = good.rsplit_once('.').unwrap().1;
        format!("{}.{}.{signature}", encode(header), encode(payload))
    };
    let header = format!(r#"{{"alg":"RS256","kid":"{KID}","typ":"JWT"}}"#);
    let payload = r#"{"exp":4102444800,"nbf":1700000000,"uri":"videos/8f14e45f/"}"#;
    let strict = |token: &str| {
        Request::get(format!("{PATH}?auth={token}")).header("host", "strict.example.com").body(()).unwrap()
    };
    let at = |path: &str, host: &str| {
        Request::get(format!("{path}?auth={good}")).header("host", host).body(()).unwrap()
    };
    let expired = signed(signer.token(folder()).expires_at(NOW));
    let early = signed(signer.token(folder()).not_before(EXP).expires_at(EXP));
    let endless = signed(signer.token(folder()));
    let elsewhere = signed(signer.token(Scope::folder("videos/1").unwrap()).expires_at(EXP));
    let rows: Vec<(&str, Code, Request<()>)> = vec![
        ("unknown host", Code::UnknownHost, at(PATH, "other.example.com")),
        ("ambiguous host", Code::AmbiguousHost, at(PATH, "a b")),
        ("path with ..", Code::AmbiguousPath, at("/videos/8f14e45f/../a.ts", HOST)),
        ("path that decodes again", Code::AmbiguousPath, at("/videos/8f14e45f/%252e%252e/a.ts", HOST)),
        ("no credential", Code::CredentialMissing, Request::get(PATH).header("host", HOST).body(()).unwrap()),
        ("two parameters", Code::AmbiguousCredential, get(&format!("{good}&auth={good}"))),
        ("two segments", Code::MalformedToken, get(good.rsplit_once('.').unwrap().0)),
        ("no base64url", Code::MalformedToken, get(&good.replacen("ey", "*y", 2))),
        ("header no JSON", Code::MalformedToken, get(&forged(&header.replace('}', "]"), payload))),
        ("payload no JSON", Code::MalformedToken, get(&forged(&header, &payload.replace('}', "]")))),
        ("member twice", Code::MalformedToken, get(&forged(&header, &payload.replace("nbf", "exp")))),
        ("typ JWE", Code::MalformedToken, get(&forged(&header.replace("JWT", "JWE"), payload))),
        ("alg none", Code::WrongAlgorithm, get(&forged(&header.replace("RS256", "none"), payload))),
        ("another alg", Code::WrongAlgorithm, get(&forged(&header.replace("RS256", "ES256"), payload))),
        ("RSA named, key HS256", Code::WrongAlgorithm, get(&forged(&header.replace(KID, "secret"), payload))),
        ("no kid", Code::UnknownKey, get(&forged(r#"{"alg":"RS256","typ":"JWT"}"#, payload))),
        ("unknown kid", Code::UnknownKey, get(&token(&other))),
        ("retired key", Code::UnknownKey, get(&token(&retired))),
        ("another bucket's key", Code::WrongKey, get(&token(&foreign))),
        ("expired", Code::Expired, get(&expired)),
        ("not yet valid", Code::NotYetValid, get(&early)),
        ("exp missing", Code::ClaimRefused, strict(&endless)),
        ("iss missing", Code::ClaimRefused, strict(&good)),
        ("out of scope", Code::OutOfScope, get(&elsewhere)),
        ("method on a public site", Code::Method, {
            let request = Request::delete(format!("{PATH}?auth={good}"));
            request.header("host", "open.example.com").body(()).unwrap()
        }),
    ];
    for (name, code, request) in rows {
        let verifier = verifier.clone();
        let run = move || {
            let denial = verifier.decide(black_box(&request), NOW).denial();
            assert_eq!(denial.map(Denial::code), Some(code));
        };
        candidates.push(Candidate::new("refusal before cryptography", name, Budget::Nanoseconds(250.0), run));
    }
}
