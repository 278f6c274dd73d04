use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;

use super::error::MediaKeyError;
use super::folder::{Folder, Wanted};
use super::key::{MediaKey, MediaKeys};
use crate::answer::{Header, problem};
use crate::decide::OwnedGrant;
use crate::error::Code;
use crate::request::{PathBuffer, RequestPath, RequestView, shown_path};
use crate::time::UnixSeconds;

impl MediaKeys {
    /// Creates a service for the keys below this path, as clients send it: `/videos/{video}/keys/`. A segment that holds an
    /// embed token is written as `{token}`.
    ///
    /// # Errors
    ///
    /// Returns [`MediaKeyError::Folder`]; nothing else fails.
    pub fn service(&self, folder: &str) -> Result<KeyService, MediaKeyError> {
        let folder = Folder::parse(folder)?;
        let no_grant_logged_at = AtomicI64::new(i64::MIN);
        Ok(KeyService { shared: Arc::new(Shared { keys: self.clone(), folder, no_grant_logged_at }) })
    }
}

/// A service that returns a key if the grant covers the key's video. Created by [`MediaKeys::service`].
///
/// It is a tower service for any request body, as axum's `route_service` requires. Other servers call [`answer`](Self::answer).
/// It is cheap to clone.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyService {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    keys: MediaKeys,
    folder: Folder,
    /// The second in which a request without a grant was last logged.
    no_grant_logged_at: AtomicI64,
}

/// The reason why no key is returned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    NoGrant,
    Method,
    NoKey,
    OtherVideo,
    Broken,
}

impl KeyService {
    /// Returns the answer to a request, by the rules of the [module](crate::media_keys), and writes the log line of a refusal.
    ///
    /// The grant must be the one for this very request.
    ///
    /// ```
    /// use playgate::media_keys::KeyService;
    /// use playgate::request::RequestView;
    /// use playgate::{Decision, Verifier};
    ///
    /// fn ask(verifier: &Verifier, service: &KeyService, request: &impl RequestView) -> u16 {
    ///     let decision = verifier.decide(request, verifier.now());
    ///     let grant = match &decision {
    ///         Decision::Granted(grant) => Some(grant.to_owned()),
    ///         _ => None,
    ///     };
    ///     service.answer(request, grant.as_ref()).status()
    /// }
    /// ```
    pub fn answer(&self, request: &(impl RequestView + ?Sized), grant: Option<&OwnedGrant>) -> KeyAnswer {
        let is_head = request.method() == "HEAD";
        match self.find(request, grant) {
            Ok(key) => KeyAnswer::key(&key, is_head),
            Err(refused) => KeyAnswer::refusal(refused, is_head),
        }
    }

    fn find(
        &self,
        request: &(impl RequestView + ?Sized),
        grant: Option<&OwnedGrant>,
    ) -> Result<MediaKey, Refused> {
        let Shared { keys, folder, no_grant_logged_at } = &*self.shared;
        let Some(grant) = grant else {
            let now = UnixSeconds::now().get();
            // At most once a second: any client can send such a request to a site that does not enforce.
            if no_grant_logged_at.swap(now, Ordering::Relaxed) != now {
                crate::log::event!(
                    WARN,
                    folder = folder.as_str(),
                    "a request for a media key has no grant: wrap this service in the layer and set grant_extension on its site; \
                     while the site does not enforce, a request whose credential is refused has none"
                );
            }
            return Err(Refused::NoGrant);
        };
        if !matches!(request.method(), "GET" | "HEAD") {
            return Err(Refused::Method);
        }
        let mut buffer = PathBuffer::new();
        let path = RequestPath::parse(request.target().path, &mut buffer).ok();
        let path = path.and_then(|path| str::from_utf8(path.as_bytes()).ok());
        let wanted = path.and_then(|path| folder.read(path));
        let Wanted { video, name } = wanted.ok_or(Refused::NoKey)?;
        if !grant.opens(video) {
            crate::log::event!(
                INFO,
                code = Code::OutOfScope.as_str(),
                folder = folder.as_str(),
                granted =
                    grant.video().or(grant.scope()).map(|of| shown_path(of.as_bytes(), &[]).to_string()),
                "media key refused: it belongs to another video than the grant"
            );
            return Err(Refused::OtherVideo);
        }
        match keys.named(video, name) {
            Some(Ok(key)) => Ok(key),
            Some(Err(MediaKeyError::Derivation)) => {
                crate::log::event!(
                    ERROR,
                    key = %name,
                    "media key cannot be derived: the cryptographic library failed"
                );
                Err(Refused::Broken)
            }
            Some(Err(_)) => Err(Refused::NoKey),
            None => {
                crate::log::event!(
                    INFO,
                    key = %name,
                    masters = keys.ids().join(" "),
                    "media key cannot be derived: it belongs to another master; add that master with also()"
                );
                Err(Refused::NoKey)
            }
        }
    }
}

/// A complete answer to a request for a key. The `Debug` output omits the body, which contains the key.
#[derive(Clone)]
#[must_use]
pub struct KeyAnswer {
    status: u16,
    headers: Vec<Header>,
    body: Bytes,
}

impl KeyAnswer {
    fn key(key: &MediaKey, is_head: bool) -> Self {
        Self::new(200, "application/octet-stream", Bytes::copy_from_slice(key.bytes()), is_head)
    }

    fn refusal(refused: Refused, is_head: bool) -> Self {
        let status = match refused {
            Refused::NoGrant | Refused::OtherVideo => 403,
            Refused::Method => 405,
            Refused::NoKey => 404,
            Refused::Broken => 503,
        };
        let mut answer = Self::new(status, "application/problem+json", problem(status, None), is_head);
        if refused == Refused::Method {
            answer.headers.push(Header::fixed("allow", "GET, HEAD"));
        }
        answer
    }

    fn new(status: u16, content_type: &'static str, body: Bytes, is_head: bool) -> Self {
        let headers = vec![
            Header::fixed("content-type", content_type),
            Header::new("content-length", body.len().to_string().into()),
            Header::fixed("cache-control", "no-store"),
        ];
        Self { status, headers, body: if is_head { Bytes::new() } else { body } }
    }

    /// Returns the HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the header fields, in order. No name occurs twice.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Returns the body: the 16 bytes of a key, or a problem (RFC 9457). Empty for HEAD.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn into_parts(self) -> (u16, Vec<Header>, Bytes) {
        (self.status, self.headers, self.body)
    }
}

impl std::fmt::Debug for KeyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
