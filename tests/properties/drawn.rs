//! A request of any bytes, and how many are drawn.

use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, Verifier};
use proptest::test_runner::{Config, RngSeed};

use crate::support::{HOST, NOW};

/// So many cases, the same in every run.
pub(crate) fn cases(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(0x706c_6179),
        failure_persistence: None,
        max_global_rejects: cases,
        ..Config::default()
    }
}

/// What a client can send, more than `http::Request` would let through.
#[derive(Clone)]
pub(crate) struct Drawn {
    pub(crate) method: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: Vec<u8>,
    pub(crate) query: Option<Vec<u8>>,
    pub(crate) cookies: Vec<Vec<u8>>,
    pub(crate) authorization: Vec<Vec<u8>>,
    pub(crate) origin: Option<&'static [u8]>,
}

/// `GET` of a path on [`HOST`], without a credential.
pub(crate) fn get(path: impl Into<Vec<u8>>) -> Drawn {
    Drawn {
        method: "GET",
        host: HOST,
        path: path.into(),
        query: None,
        cookies: Vec::new(),
        authorization: Vec::new(),
        origin: None,
    }
}

impl Drawn {
    pub(crate) fn host(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn query(mut self, token: impl AsRef<[u8]>) -> Self {
        self.query = Some([b"auth=", token.as_ref()].concat());
        self
    }

    pub(crate) fn cookie(mut self, token: impl AsRef<[u8]>) -> Self {
        self.cookies.push([b"Qencode-Auth-Token=", token.as_ref()].concat());
        self
    }

    pub(crate) fn bearer(mut self, token: impl AsRef<[u8]>) -> Self {
        self.authorization.push([b"Bearer ", token.as_ref()].concat());
        self
    }
}

impl std::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let lines = |lines: &[Vec<u8>]| lines.iter().map(|line| text(line)).collect::<Vec<_>>();
        let (path, query) = (text(&self.path), self.query.as_deref().map(text));
        write!(f, "{} {}{path}?{query:?}, origin {:?}", self.method, self.host, self.origin.map(text))?;
        write!(f, ", cookies {:?}, authorization {:?}", lines(&self.cookies), lines(&self.authorization))
    }
}

impl RequestView for Drawn {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: &self.path, query: self.query.as_deref() }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match (name, nth) {
            ("host", 0) => Some(self.host.as_bytes()),
            ("cookie", _) => self.cookies.get(nth).map(Vec::as_slice),
            ("authorization", _) => self.authorization.get(nth).map(Vec::as_slice),
            ("origin", 0) => self.origin,
            ("access-control-request-method", 0) if self.method == "OPTIONS" => self.origin,
            _ => None,
        }
    }
}

/// What becomes of a request at [`NOW`].
pub(crate) fn verdict(verifier: &Verifier, request: &Drawn) -> Result<(), Denial> {
    verdict_at(verifier, request, NOW)
}

/// What becomes of it at another second; anything that is neither a grant nor a denial is a failure.
pub(crate) fn verdict_at(verifier: &Verifier, request: &Drawn, now: i64) -> Result<(), Denial> {
    match verifier.decide(request, UnixSeconds::new(now)) {
        Decision::Granted(_) => Ok(()),
        Decision::Denied(refusal) => Err(refusal.denial()),
        other => panic!("{request:?} is {other:?}"),
    }
}
