//! Requests that are not what they should be: the answer names the fault, and nothing changes.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::world::{Client, Node, on_each_engine, settings};

#[test]
fn a_wrong_body_is_refused_by_the_name_of_its_fault() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        for (body, status, code, field) in [
            ("", 400, "invalid_body", None),
            ("{", 400, "invalid_body", None),
            ("[]", 400, "invalid_body", None),
            ("null", 400, "invalid_body", None),
            (r#"{"name":"a.example.com","type":"live"} x"#, 400, "invalid_body", None),
            (r#"{"name":"a.example.com","name":"b.example.com","type":"live"}"#, 400, "invalid_body", None),
            ("{}", 400, "invalid_field", Some("name")),
            (r#"{"name":7,"type":"live"}"#, 400, "invalid_field", Some("name")),
            (r#"{"name":"a.example.com"}"#, 400, "invalid_field", Some("type")),
            (r#"{"name":"a.example.com","type":"Live"}"#, 400, "invalid_field", Some("type")),
            (r#"{"name":"localhost","type":"live"}"#, 400, "invalid_field", Some("name")),
            (
                r#"{"name":"a.example.com'; DROP TABLE domains;--","type":"live"}"#,
                400,
                "invalid_field",
                Some("name"),
            ),
            (r#"{"name":"a.example.com","type":"vod"}"#, 400, "invalid_field", Some("bucket_name")),
            (
                r#"{"name":"a.example.com","type":"vod","bucket_name":"../x"}"#,
                400,
                "invalid_field",
                Some("bucket_name"),
            ),
            (
                r#"{"name":"a.example.com","type":"live","bucket_name":"x"}"#,
                400,
                "invalid_field",
                Some("bucket_name"),
            ),
            (
                r#"{"name":"a.example.com","type":"live","colour":"red"}"#,
                400,
                "invalid_field",
                Some("colour"),
            ),
        ] {
            let request = Request::post("/v1/domains").header("host", "localhost");
            let request = request.header("authorization", format!("Bearer {}", client.token));
            let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
            let (found, answer) = node.call(request).await;
            assert_eq!((found.as_u16(), &answer["code"]), (status, &json!(code)), "{body}: {answer}");
            assert_eq!(answer["field"], field.map_or(Value::Null, Value::from), "{body}: {answer}");
            assert_eq!(answer["status"], "failed");
        }
        assert_eq!(client.get("/v1/domains").await.1, json!({ "domains": [] }));
    });
}

#[test]
fn a_key_needs_exactly_one_owner() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        for body in [
            json!({}),
            json!({ "bucket_name": null }),
            json!({ "bucket_name": "a", "stream_id": "b" }),
            json!({ "bucket_name": "A" }),
            json!({ "bucket_name": "a", "name": "" }),
            json!({ "bucket_name": "a", "bits": 2048 }),
        ] {
            let (status, answer) = client.post("/v1/signing-keys", body.clone()).await;
            assert_eq!((status, &answer["code"]), (400, &json!("invalid_field")), "{body}: {answer}");
        }
        let unknown = json!({ "domain_id": "00000000-0000-4000-8000-000000000000" });
        assert_eq!(client.post("/v1/signing-keys", unknown).await.0, 404);
        assert_eq!(client.post("/v1/signing-keys", json!({ "domain_id": "x" })).await.0, 404);
        assert_eq!(client.get("/v1/signing_keys").await.1, json!({ "signing_keys": [] }));
    });
}

#[test]
fn paths_methods_hosts_and_sizes_are_checked() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let send = async |method: &str, path: &str, host: &str, body: String, media_type: &str| {
            let request = Request::builder().method(method).uri(path).header("host", host);
            let request = request.header("authorization", format!("Bearer {}", client.token));
            let request = request.header("content-type", media_type);
            let (status, answer) = node.call(request.body(Body::from(body)).unwrap()).await;
            (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
        };
        let json = "application/json";
        let large = format!("{{\"name\":\"{}\"}}", "a".repeat(70_000));
        for (method, path, host, body, media_type, expected) in [
            ("GET", "/v1/domain", "localhost", "", json, (404, "unknown_path")),
            ("GET", "/", "localhost", "", json, (404, "unknown_path")),
            ("PATCH", "/v1/domains", "localhost", "", json, (405, "method_not_allowed")),
            ("GET", "/v1/domains/%2e%2e", "localhost", "", json, (404, "not_found")),
            ("GET", "/v1/domains", "evil.example", "", json, (421, "unknown_host")),
            ("GET", "/v1/domains", "play-a.media.example.com", "", json, (421, "unknown_host")),
            ("GET", "/v1/domains", "localhost.evil.example", "", json, (421, "unknown_host")),
            ("GET", "/v1/domains", "127.0.0.1:8081", "", json, (200, "")),
            ("GET", "/v1/domains", "[::1]:8081", "", json, (200, "")),
            ("GET", "/v1/domains", "API.example.com", "", json, (200, "")),
            ("POST", "/v1/domains", "localhost", "{}", "text/plain", (415, "unsupported_media_type")),
            ("POST", "/v1/domains", "localhost", &large, json, (413, "body_too_large")),
            ("PUT", "/v1/buckets/..%2f..%2fx/policy/public", "localhost", "", json, (400, "invalid_field")),
            ("PUT", "/v1/buckets/A/policy/public", "localhost", "", json, (400, "invalid_field")),
            ("DELETE", "/v1/buckets/acme/cors/X-Other", "localhost", "", json, (400, "invalid_field")),
            ("GET", "/v1/audit?limit=x", "localhost", "", json, (400, "invalid_field")),
        ] {
            let found = send(method, path, host, body.to_owned(), media_type).await;
            assert_eq!((found.0, &*found.1), expected, "{method} {path} {host}");
        }
    });
}

#[test]
fn each_change_has_its_line_in_the_record() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        assert_eq!(client.put("/v1/buckets/acme-vod/policy/public").await.0, 200);
        let body = json!({ "name": "live.acme.example", "type": "live" });
        let id = client.post("/v1/domains", body).await.1["domain"]["id"].clone();
        assert_eq!(client.delete(&format!("/v1/domains/{}", id.as_str().unwrap())).await.0, 200);
        let (status, audit) = client.get("/v1/audit?limit=1000").await;
        assert_eq!(status, 200);
        let lines = audit["audit"].as_array().unwrap();
        let actions: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
        let expected = [
            "domain.delete",
            "domain.create",
            "bucket.policy",
            "bucket.assign",
            "api_key.create",
            "account.create",
        ];
        assert_eq!(actions, expected);
        assert_eq!(lines[0]["before"]["name"], "live.acme.example");
        assert_eq!(lines[0]["after"], Value::Null);
        assert_eq!(lines[1]["subject"], id);
        assert_eq!(lines[5]["actor"], "operator");
    });
}

#[test]
fn pages_of_the_record_leave_no_line_out() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        // Each of these changes has two lines: the bucket is claimed, and its policy is set.
        for bucket in ["a", "b", "c"] {
            assert_eq!(client.put(&format!("/v1/buckets/{bucket}/policy/public")).await.0, 200);
        }
        let all = client.get("/v1/audit").await.1["audit"].as_array().unwrap().clone();
        let mut paged: Vec<Value> = Vec::new();
        let mut path = "/v1/audit?limit=3".to_owned();
        loop {
            let (status, page) = client.get(&path).await;
            assert_eq!(status, 200, "{page}");
            paged.extend(page["audit"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["cursor"].as_str() else { break };
            path = format!("/v1/audit?limit=3&cursor={cursor}");
        }
        assert_eq!(paged, all);
        assert_eq!(client.get("/v1/audit?cursor=x").await.1["field"], "cursor");
    });
}
