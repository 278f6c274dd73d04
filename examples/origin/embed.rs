//! A page for frames elsewhere, and the tokens that open it: issued to a viewer, counted, and taken back while they play.
//!
//! A token is text without meaning: what it opens stands in a record of this process, so it can be revoked. Try it at the
//! page that [`management`] serves.

use std::path::Path;

use axum::extract::{Path as InPath, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use playgate::schemes::embed::{EmbedCounts, EmbedDraft, EmbedToken};
use playgate::store::StoreError;
use playgate::verifier::Embeds;
use playgate::{ConfigError, OwnedGrant, Verifier};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::services::{ServeDir, ServeFile};

use crate::demo::{Case, Demo, LIFETIME, fill};
use crate::{EMBED, hls_js};

/// The page in the frame, with one place for JSON.
const PAGE: &str = include_str!("embed.html");

/// The operator's page.
const MANAGE: &str = include_str!("manage.html");

/// What the embed host serves, once the verifier found the token good.
pub(crate) fn router(media: &Path) -> Router {
    Router::new()
        .route("/watch/{token}", get(watch))
        .route_service("/hls.min.js", ServeFile::new(hls_js()))
        .fallback_service(ServeDir::new(media))
        .layer(map_response(ask_each_time))
}

/// The grant tells whose token it is and what it opens; the token itself the page has in its address.
async fn watch(grant: OwnedGrant) -> Html<String> {
    Html(fill(PAGE, &json!({"video": grant.video(), "viewer": grant.viewer()})))
}

/// What a browser has in its cache plays on without a token: it is to ask each time whether it still may.
async fn ask_each_time(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Issues tokens and takes them back: with the verifier at hand, that is a call.
#[derive(Clone)]
pub(crate) struct Tokens {
    embeds: Embeds,
    /// The address of a token's page, with `{token}` in it.
    page: String,
    /// The address of a video's manifest, for players that get no page.
    manifest: String,
    /// Whose pages may show it in a frame: the application's and the operator's.
    origins: [String; 2],
    manage: String,
}

/// Which video, and for whom.
#[derive(Deserialize)]
struct Wanted {
    video: String,
    viewer: String,
}

impl Tokens {
    /// The tokens of the embed host; `manage` is the origin of the operator's page.
    pub(crate) fn new(verifier: &Verifier, demo: &Demo, manage: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            embeds: verifier.embeds(EMBED)?,
            page: demo.url(EMBED, "watch/{token}"),
            manifest: demo.url(EMBED, "videos/1/master.m3u8?auth={token}"),
            origins: [demo.page_origin(), manage.to_owned()],
            manage: manage.to_owned(),
        })
    }

    /// Where they are issued and taken back.
    pub(crate) fn manage(&self) -> &str {
        &self.manage
    }

    fn draft(&self, Wanted { video, viewer }: Wanted) -> EmbedDraft {
        EmbedDraft::new(video).viewer(viewer).expires_in(LIFETIME).origins(self.origins.clone())
    }

    /// What to try from a terminal, in this order: the last but one takes the token back.
    pub(crate) async fn cases(&self) -> Result<Vec<Case>, StoreError> {
        let wanted = Wanted { video: "1".to_owned(), viewer: "ann".to_owned() };
        let token = self.embeds.issue(self.draft(wanted)).await?;
        let [app, _] = &self.origins;
        let (page, manifest) = (token.url(&self.page), token.url(&self.manifest));
        let framed = format!("-H 'Referer: {app}/'");
        let issue = r#"-H 'Content-Type: application/json' -d '{"video": "1", "viewer": "bob"}'"#;
        let one = token.url(&format!("{}/tokens/{{token}}", self.manage));
        Ok(vec![
            Case::new(
                201,
                "embed, issue",
                "the answer has a token and its page",
                format!("{}/tokens", self.manage),
            )
            .with(issue),
            Case::new(200, "embed, page", "in a frame of the application's page", page.clone()).with(&framed),
            Case::new(403, "embed, elsewhere", "in a frame of somebody else's page", page)
                .with("-H 'Referer: https://elsewhere.example/'"),
            Case::new(200, "embed, manifest", "its URIs carry the token on", manifest.clone()).with(&framed),
            Case::new(204, "embed, revoke", "takes the token of these lines back", one).with("-X DELETE"),
            Case::new(403, "embed, revoked", "the same manifest again", manifest).with(&framed),
        ])
    }
}

/// The operator's page, and what its buttons ask for. Whoever reaches it may do everything: for the management address alone.
///
/// A page of another site cannot: JSON and DELETE are nothing that browsers send to other origins without being allowed to.
pub(crate) fn management(tokens: Tokens) -> Router {
    Router::new()
        .route("/", get(([(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")], Html(MANAGE))))
        .route("/tokens", post(issue))
        .route("/tokens/{token}", get(counts).delete(revoke))
        .route("/rotate", post(rotate))
        .with_state(tokens)
}

/// A token more.
async fn issue(State(tokens): State<Tokens>, Json(wanted): Json<Wanted>) -> Result<Issued, Fault> {
    let token = tokens.embeds.issue(tokens.draft(wanted)).await?;
    Ok(tokens.issued(token))
}

/// A token more, and none of those that the video had before.
async fn rotate(State(tokens): State<Tokens>, Json(wanted): Json<Wanted>) -> Result<Issued, Fault> {
    let token = tokens.embeds.rotate(tokens.draft(wanted)).await?;
    Ok(tokens.issued(token))
}

async fn revoke(State(tokens): State<Tokens>, InPath(token): InPath<String>) -> Result<StatusCode, Fault> {
    tokens.embeds.revoke(read(&token)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn counts(
    State(tokens): State<Tokens>,
    InPath(token): InPath<String>,
) -> Result<Json<EmbedCounts>, Fault> {
    tokens
        .embeds
        .counts(read(&token)?)
        .map(Json)
        .ok_or_else(|| Fault(StatusCode::NOT_FOUND, "no token of this text is known".to_owned()))
}

fn read(token: &str) -> Result<EmbedToken, Fault> {
    EmbedToken::parse(token).map_err(|error| Fault(StatusCode::BAD_REQUEST, error.to_string()))
}

/// It holds a credential: nothing between here and the operator may keep it.
type Issued = (StatusCode, [(HeaderName, &'static str); 1], Json<Value>);

impl Tokens {
    fn issued(&self, token: EmbedToken) -> Issued {
        let answer = json!({"token": token.to_text(), "page": token.url(&self.page)});
        (StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer))
    }
}

/// Why nothing was done: a status, and a line that names the remedy.
struct Fault(StatusCode, String);

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Unavailable { .. } | StoreError::NotReplicated { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}
