//! API keys and access tokens.

use axum::body::Body;
use axum::http::Request;
use playgate_manage::model::Permissions;
use serde_json::json;

use crate::world::{Client, Node, on_each_engine, settings};

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header("host", "localhost")
}

#[test]
fn an_access_token_is_issued_for_an_api_key_in_the_path_and_in_the_header() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let key = &client.api_key;
        assert_eq!(key.len(), 64, "256 bits");
        for request in [
            post(&format!("/v1/access_token/{key}")),
            post("/v1/access_token").header("authorization", format!("Bearer {key}")),
            post("/v1/access_token").header("authorization", key),
        ] {
            let (status, body) = node.call(request.body(Body::empty()).unwrap()).await;
            assert_eq!(status, 200, "{body}");
            let token = body["access_token"].as_str().unwrap();
            let payload = token.split('.').nth(1).unwrap();
            let payload = aws_base64(payload);
            assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 24 * 60 * 60);
            assert!(payload["sub"].is_string());
            let get = Request::get("/v1/domains").header("host", "localhost");
            let get = get.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
            assert_eq!(node.call(get).await, (axum::http::StatusCode::OK, json!({ "domains": [] })));
        }
        let keys = node.manage.operator().api_keys(client.account.id).await.unwrap();
        assert_eq!(keys[0].uses, 4, "one at the start, and three now");
        assert_eq!(keys[0].start, &key[..8]);
        assert!(!format!("{keys:?}").contains(key), "the secret is not stored");
    });
}

fn aws_base64(text: &str) -> serde_json::Value {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_revoked_api_key_ends_its_access_tokens() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        assert_eq!(client.get("/v1/domains").await.0, 200);
        let operator = node.manage.operator();
        let key = operator.api_keys(client.account.id).await.unwrap()[0].id;
        operator.revoke_api_key(key).await.unwrap();
        let (status, body) = client.get("/v1/domains").await;
        assert_eq!((status, &body["code"]), (401, &json!("unauthenticated")));
        assert!(node.manage.issue_access_token(&client.api_key).await.is_err());
        let revoked = operator.api_keys(client.account.id).await.unwrap();
        operator.revoke_api_key(key).await.unwrap();
        assert_eq!(operator.api_keys(client.account.id).await.unwrap(), revoked);
        let audit = node.manage.session_of(client.account.id).audit(None, 100).await.unwrap();
        let lines = audit.iter().filter(|entry| entry.action == "api_key.revoke").count();
        assert_eq!(lines, 1, "revoking it again changes nothing");
    });
}

#[test]
fn access_tokens_of_the_previous_secret_stay_valid_after_a_rotation() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        node.manage.operator().rotate_access_secret().await.unwrap();
        assert_eq!(client.get("/v1/domains").await.0, 200);
        let next = node.manage.issue_access_token(&client.api_key).await.unwrap();
        assert_ne!(kid(&next.text), kid(&client.token), "the new secret signs");
        assert!(node.manage.authenticate(&next.text).await.is_ok());
    });
}

fn kid(token: &str) -> serde_json::Value {
    aws_base64(token.split('.').next().unwrap())["kid"].clone()
}

#[test]
fn a_token_that_the_api_did_not_sign_is_refused() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let mut client = Client::new(&node, "acme").await;
        let good = client.token.clone();
        let (head, rest) = good.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"; // {"alg":"none","typ":"JWT"}
        for (name, token) in [
            ("nothing", String::new()),
            ("no JWT", "abc".to_owned()),
            ("the API key", client.api_key.clone()),
            ("no signature", format!("{head}.{claims}.")),
            ("alg none", format!("{none}.{claims}.")),
            (
                "the claims of another",
                format!("{head}.{}.{signature}", "eyJzdWIiOiJ4IiwiZXhwIjo5OTk5OTk5OTk5fQ"),
            ),
        ] {
            client.token = token;
            let (status, body) = client.get("/v1/domains").await;
            assert_eq!((status, &body["status"]), (401, &json!("failed")), "{name}");
        }
    });
}

#[test]
fn a_missing_permission_is_403() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let account = node.manage.operator().create_account("acme").await.unwrap();
        let client = Client::with(&node, account, Permissions::parse("domains").unwrap()).await;
        assert_eq!(client.get("/v1/domains").await.0, 200);
        for (method, path) in [
            ("GET", "/v1/signing-keys"),
            ("GET", "/v1/buckets/acme/cors"),
            ("PUT", "/v1/buckets/acme/policy/public"),
            ("GET", "/v1/audit"),
        ] {
            let (status, body) = client.send(method, path, None).await;
            assert_eq!((status, &body["code"]), (403, &json!("forbidden")), "{method} {path}");
        }
    });
}

#[test]
fn failed_attempts_are_limited() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let mut last = 0;
        for number in 0..40 {
            let request = post(&format!("/v1/access_token/{number:064}")).body(Body::empty()).unwrap();
            last = node.call(request).await.0.as_u16();
        }
        assert_eq!(last, 429);
        assert_eq!(client.get("/v1/domains").await.0, 200, "a good token is not limited");
    });
}
