use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, Request};
use playgate::Denial;

use super::HOST;

/// A request, to be written as HTTP/1.1 or HTTP/2.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) host: Option<String>,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: &'static str,
    pub(crate) http1_only: bool,
    pub(crate) beyond_actix: bool,
}

/// `GET` of a target on [`HOST`].
pub(crate) fn get(target: impl Into<String>) -> Ask {
    Ask {
        method: "GET".to_owned(),
        host: Some(HOST.to_owned()),
        target: target.into(),
        fields: Vec::new(),
        body: "",
        http1_only: false,
        beyond_actix: false,
    }
}

impl Ask {
    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(crate) fn without_host(mut self) -> Self {
        self.host = None;
        self
    }

    /// One header field more.
    pub(crate) fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The token in the query parameter `auth`.
    pub(crate) fn query(mut self, token: impl AsRef<str>) -> Self {
        let join = if self.target.contains('?') { '&' } else { '?' };
        self.target = format!("{}{join}auth={}", self.target, token.as_ref());
        self
    }

    /// The token in a `Cookie` field of its own.
    pub(crate) fn cookie(self, token: impl AsRef<str>) -> Self {
        self.field("cookie", format!("Qencode-Auth-Token={}", token.as_ref()))
    }

    pub(crate) fn bearer(self, token: impl AsRef<str>) -> Self {
        self.field("authorization", format!("Bearer {}", token.as_ref()))
    }

    pub(crate) fn origin(self, origin: &str) -> Self {
        self.field("origin", origin)
    }

    pub(crate) fn body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    /// For what HTTP/2 clients cannot say, or say otherwise.
    pub(crate) fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// For what actix-web's own parser refuses, before anything in it is asked.
    pub(crate) fn beyond_actix(mut self) -> Self {
        self.beyond_actix = true;
        self
    }

    /// The bytes on an HTTP/1.1 connection that ends after this request.
    pub(crate) fn http1(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if let Some(host) = &self.host {
            write!(text, "Host: {host}\r\n").unwrap();
        }
        for (name, value) in &self.fields {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if !self.body.is_empty() {
            write!(text, "content-length: {}\r\n", self.body.len()).unwrap();
        }
        write!(text, "connection: close\r\n\r\n{}", self.body).unwrap();
        text.into_bytes()
    }

    /// The request as HTTP/2 has it; `None` for what its clients cannot say.
    pub(crate) fn http2(&self) -> Option<Request<Bytes>> {
        if self.http1_only {
            return None;
        }
        self.request(&format!("http://{}{}", self.host.as_ref()?, self.target))
    }

    /// The request as a server's HTTP/1.1 side hands it on.
    pub(crate) fn parsed(&self) -> Option<Request<Bytes>> {
        let mut request = self.request(&self.target)?;
        if let Some(host) = &self.host {
            request.headers_mut().append("host", host.parse().ok()?);
        }
        Some(request)
    }

    fn request(&self, uri: &str) -> Option<Request<Bytes>> {
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        request.body(Bytes::from_static(self.body.as_bytes())).ok()
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Which server, over which protocol.
    pub(crate) door: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The denial behind it, as `Verifier::decide` tells it.
    pub(crate) denial: Option<Denial>,
    /// The doors whose servers refused by themselves, where the others were refused from within.
    pub(crate) unheard_at: Vec<String>,
}

impl Answer {
    /// `200`, or `401 expired`: the status, and the code if the body has one.
    pub(crate) fn verdict(&self) -> String {
        match self.code() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    /// The member `code` of the problem in the body.
    pub(crate) fn code(&self) -> Option<String> {
        Some(self.problem()?.get("code")?.as_str()?.to_owned())
    }

    pub(crate) fn problem(&self) -> Option<serde_json::Value> {
        let json = self.field("content-type") == Some("application/problem+json");
        if json { serde_json::from_slice(&self.body).ok() } else { None }
    }

    /// Whether a server has refused by itself, and nobody behind it was asked.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self.status, 400 | 431) && self.body.is_empty() && self.essence().1.is_empty()
    }

    /// Whether the inner service answered.
    pub(crate) fn is_inner(&self) -> bool {
        self.headers.contains_key("x-inner")
    }

    /// The one value of a field; several are a failure.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let values = self.fields(name);
        assert!(values.len() < 2, "{name} occurs twice at {}: {values:?}", self.door);
        values.first().copied()
    }

    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The names in `Vary`, sorted and in lower case.
    pub(crate) fn vary(&self) -> Vec<String> {
        let lines = self.fields("vary").join(",");
        let mut names: Vec<String> =
            lines.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|n| !n.is_empty()).collect();
        names.sort_unstable();
        names
    }

    /// The request as the inner service saw it, in the words of [`echo`](super::echo).
    pub(crate) fn seen(&self) -> &str {
        assert!(self.is_inner(), "{} was answered without the inner service: {}", self.door, self.verdict());
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The length of the body, as far as a server says it.
    pub(crate) fn length(&self) -> Option<&str> {
        self.field("content-length")
    }

    /// All that must be the same wherever the question was asked, and the length where it is said.
    pub(crate) fn essence(&self) -> (u16, Vec<(String, String)>, Bytes) {
        let per_connection = ["date", "content-length", "connection", "transfer-encoding"];
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| !per_connection.contains(&name.as_str()))
            .map(|(name, value)| match name.as_str() {
                // Doors are asked one after the other, so a second may pass between them.
                "retry-after" => (name.to_string(), "seconds".to_owned()),
                _ => (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()),
            })
            .collect();
        headers.sort();
        (self.status, headers, self.body.clone())
    }
}
