//! The application: the page and its requests, and the media of all other hosts. It is an ordinary axum router, which the
//! verifier wraps.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use playgate::verifier::Embeds;
use playgate::{OwnedGrant, Verifier};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tower::ServiceExt as _;

use super::home::{self, Home};
use super::issuer::{Change, Credential, ELSEWHERE, Issuer, Kind, Revocable};
use super::journal::{self, Journal};
use super::media;

const PAGE: &str = include_str!("../../demo/page.html");

/// The players, compressed: hls.js 1.7.4 and dash.js 5.2.1. Their licences are in `demo/players/LICENSES`.
const HLS_JS: &[u8] = include_bytes!("../../demo/players/hls.js.gz");
const DASH_JS: &[u8] = include_bytes!("../../demo/players/dash.js.gz");
const LICENSES: &str = include_str!("../../demo/players/LICENSES");

/// The page loads nothing from other hosts than the demo's.
const CSP: &str = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                   media-src blob: data: http://*.playgate.localhost:*; connect-src 'self' http://*.playgate.localhost:*; \
                   worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The parts of the running demo that the page changes.
pub(super) struct Demo {
    pub(super) home: Home,
    pub(super) verifier: Verifier,
    pub(super) embeds: Embeds,
    pub(super) journal: Journal,
    /// The address for Prometheus, without `http://`.
    pub(super) metrics: String,
    pub(super) current: Mutex<Current>,
}

/// The issuer, and the credential that the page uses.
pub(super) struct Current {
    pub(super) issuer: Issuer,
    credential: Option<Credential>,
    /// True if the configuration lists another page than the demo's.
    lists_elsewhere: bool,
    /// True if the CloudFront key pair was revoked. A new credential then needs a new pair.
    is_key_revoked: bool,
}

impl Current {
    pub(super) const fn new(issuer: Issuer) -> Self {
        Self { issuer, credential: None, lists_elsewhere: false, is_key_revoked: false }
    }
}

/// Returns the whole service: the journal, the verifier, and the application.
pub(super) fn router(demo: Arc<Demo>) -> Router {
    let (verifier, journal) = (demo.verifier.clone(), demo.journal.clone());
    let page = Router::new()
        .route("/", get(page))
        .route("/hls.js", get(async || player(HLS_JS)))
        .route("/dash.js", get(async || player(DASH_JS)))
        .route("/licenses", get(async || LICENSES))
        .route("/api/requests/{after}", get(requests))
        .route("/api/credential", post(change))
        .with_state(demo);
    let app = Router::new().fallback(async move |request: Request| {
        if home::host_of(&request) == home::APP {
            return page.clone().oneshot(request).await.into_response();
        }
        let mut response = media::serve(request.uri().path(), request.headers());
        if let Some(grant) = request.extensions().get::<OwnedGrant>() {
            response.extensions_mut().insert(grant.clone());
        }
        response
    });
    Router::new()
        .fallback_service(verifier.around(app))
        .layer(axum::middleware::from_fn_with_state(journal, journal::record))
}

async fn page(State(demo): State<Arc<Demo>>) -> impl IntoResponse {
    let origin = demo.current.lock().await.issuer.addresses.origin(home::APP);
    let config = demo.home.config().display().to_string();
    let data = json!({"origin": origin, "config": config, "metrics": demo.metrics})
        .to_string()
        .replace('<', "\\u003c");
    ([(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, CSP)], Html(PAGE.replace("__DEMO__", &data)))
}

/// Returns a player. Every browser that plays the film accepts gzip.
fn player(script: &'static [u8]) -> impl IntoResponse {
    let fields = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "max-age=3600"),
    ];
    (fields, script)
}

async fn requests(State(demo): State<Arc<Demo>>, Path(after): Path<u64>) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(demo.journal.after(after)))
}

/// A button of the page.
#[derive(Deserialize)]
struct Pressed {
    kind: Kind,
    change: Change,
}

/// Carries out a change, and returns the credential to use from then on, with a sentence about what happened. Only the
/// page itself can send the request: its type is JSON, and the site has no CORS.
async fn change(State(demo): State<Arc<Demo>>, Json(pressed): Json<Pressed>) -> Response {
    match demo.carry_out(&pressed).await {
        Ok((credential, happened)) => {
            let body = Json(json!({"credential": credential, "happened": happened}));
            let mut response = ([(CACHE_CONTROL, "no-store")], body).into_response();
            if let Some(cookie) = credential.set_cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok())
            {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(error, "the change failed");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": error}))).into_response()
        }
    }
}

impl Demo {
    async fn carry_out(&self, Pressed { kind, change }: &Pressed) -> anyhow::Result<(Credential, String)> {
        let (kind, change) = (*kind, *change);
        let mut current = self.current.lock().await;
        let current = &mut *current;
        let used = current.credential.as_ref().filter(|used| used.kind == kind).cloned();
        let happened = match (change, &used) {
            (Change::Renew, _) => {
                self.restore(current, kind)?;
                "The application issued a new credential, valid for one hour.".to_owned()
            }
            (Change::Revoke, Some(used)) => {
                match &used.revocable {
                    Revocable::Signed(revocation) => self.verifier.revoke(revocation.clone()).await?,
                    Revocable::Embed(token) => self.embeds.revoke(*token).await?,
                    Revocable::Nothing => anyhow::bail!("this credential cannot be revoked"),
                }
                current.is_key_revoked |= kind == Kind::CloudFront;
                let what =
                    if kind == Kind::CloudFront { "the key pair of the URL" } else { "this one credential" };
                format!("The origin revoked {what}. The player still uses it.")
            }
            (Change::Rotate, Some(used)) => {
                if let Revocable::Embed(_) = used.revocable {
                    let origin = current.issuer.addresses.origin(home::APP);
                    self.embeds.rotate(Issuer::embed_draft("1", &origin)).await?;
                    "The video has a new embed token, and none of its earlier ones is valid. The player still uses \
                     an earlier one."
                        .to_owned()
                } else {
                    current.issuer.rotate(kind, &self.home)?;
                    self.reload()?;
                    "A new key replaced the old one in the demo's directory, and the origin loaded it. The player \
                     still uses a credential of the old key."
                        .to_owned()
                }
            }
            (Change::Origin, Some(_)) if kind != Kind::EmbedToken => {
                self.home.write_config(ELSEWHERE)?;
                current.lists_elsewhere = true;
                self.reload()?;
                format!("The configuration now lists {ELSEWHERE} as the only page that may read responses.")
            }
            (Change::Origin, _) => {
                format!("The application issued an embed token that only pages of {ELSEWHERE} may use.")
            }
            (Change::Expire, _) => "The credential expired a minute ago.".to_owned(),
            (Change::Tamper, _) => {
                "The credential was changed after it was signed, so that it seems to cover more.".to_owned()
            }
            (Change::Narrow, _) => "The credential is valid, but for the folder videos/2/ only.".to_owned(),
            (Change::Revoke | Change::Rotate, None) => anyhow::bail!("choose a credential first"),
        };
        let keeps = match change {
            Change::Revoke | Change::Rotate => true,
            Change::Origin => kind != Kind::EmbedToken,
            Change::Renew | Change::Expire | Change::Tamper | Change::Narrow => false,
        };
        let credential = match used.filter(|_| keeps) {
            Some(used) => used,
            None => current.issuer.issue(kind, change, &self.embeds).await?,
        };
        current.credential = Some(credential.clone());
        Ok((credential, happened))
    }

    /// Reloads the configuration and the keys at once; the watch would do so within a second.
    fn reload(&self) -> anyhow::Result<()> {
        let swapped = self.verifier.reload()?;
        match swapped.kept.first() {
            Some(kept) => anyhow::bail!("{}", kept.error),
            None => Ok(()),
        }
    }

    /// Undoes what an earlier change did to the configuration and to the keys.
    fn restore(&self, current: &mut Current, kind: Kind) -> anyhow::Result<()> {
        if current.lists_elsewhere {
            self.home.write_config(&current.issuer.addresses.origin(home::APP))?;
            self.reload()?;
            current.lists_elsewhere = false;
        }
        if current.is_key_revoked && kind == Kind::CloudFront {
            current.issuer.rotate(kind, &self.home)?;
            self.reload()?;
            current.is_key_revoked = false;
        }
        Ok(())
    }
}
