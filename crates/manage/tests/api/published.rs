//! The published calls in their published order, and their effect on the next request.

use playgate::Scope;
use serde_json::json;

use crate::world::{BASE, Client, Node, on_each_engine, settings};

#[test]
fn a_vod_domain_is_served_with_a_token_of_its_key_until_the_key_is_deleted() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let body = json!({ "name": "vod.acme.example", "type": "vod", "bucket_name": "acme-vod" });
        let (status, body) = client.post("/v1/domains", body).await;
        assert_eq!(status, 200, "{body}");
        let domain = &body["domain"];
        assert_eq!((&domain["type"], &domain["domain_name"]), (&json!("vod"), &json!("vod.acme.example")));
        assert_eq!(domain["created"].as_str().unwrap().len(), "2026-11-30 14:05:09".len());
        assert_eq!(domain["id"].as_str().unwrap().len(), 36);
        let url = "http://vod.acme.example/videos/1/master.m3u8";
        assert_eq!(node.media(url).await, (401, "credential_missing".to_owned()));

        let key = client.key("bucket_name", "acme-vod").await;
        assert!(key.private.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "PKCS #1");
        let granted = key.token(Scope::folder("videos/1").unwrap()).url(url);
        assert_eq!(node.media(&granted).await.0, 200);
        let by_bucket = format!("http://acme-vod.media-storage.eu-1.{BASE}/videos/1/master.m3u8");
        let by_bucket = key.token(Scope::folder("videos/1").unwrap()).url(&by_bucket);
        assert_eq!(node.media(&by_bucket).await.0, 200);

        let (status, shown) = client.get(&format!("/v1/signing-keys/{}", key.id)).await;
        assert_eq!(status, 200);
        assert!(shown["signing_key"].get("private_key").is_none(), "{shown}");
        assert!(shown["signing_key"]["last_used"].is_string(), "{shown}");
        let path = format!("/v1/signing-keys/{}", key.id);
        let (status, renamed) = client.send("PUT", &path, Some(json!({ "name": "site" }))).await;
        assert_eq!((status, &renamed["signing_key"]["name"]), (200, &json!("site")));
        assert_eq!(node.media(&granted).await.0, 200, "a key with another name is the same key");

        assert_eq!(client.delete(&path).await, (200, json!({ "status": "ok" })));
        assert_eq!(node.media(&granted).await, (401, "unknown_key".to_owned()));
        assert_eq!(client.get(&path).await.0, 404);
    });
}

#[test]
fn the_policy_of_a_bucket_holds_on_every_host_of_the_bucket_at_the_next_request() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let body = json!({ "name": "vod.acme.example", "type": "vod", "bucket_name": "acme-vod" });
        assert_eq!(client.post("/v1/domains", body).await.0, 200);
        let urls = [
            "http://vod.acme.example/a.ts".to_owned(),
            format!("http://acme-vod.media-storage.eu-1.{BASE}/a.ts"),
            format!("http://acme-vod.media-storage.us-1.{BASE}/a.ts"),
        ];
        for (policy, status) in [("public", 200), ("authenticated", 401), ("public", 200)] {
            let path = format!("/v1/buckets/acme-vod/policy/{policy}");
            assert_eq!(client.put(&path).await, (200, json!({ "status": "ok" })));
            for url in &urls {
                assert_eq!(node.media(url).await.0, status, "{policy} {url}");
            }
        }
        let other = format!("http://other.media-storage.eu-1.{BASE}/a.ts");
        assert_eq!(node.media(&other).await.0, 401, "a bucket that nobody has set needs a credential");
        assert_eq!(client.put("/v1/buckets/acme-vod/policy/open").await.0, 400);
    });
}

#[test]
fn cors_headers_are_answered_and_read_back_as_strings() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let path = "/v1/buckets/acme-vod/cors";
        let set = json!({
            "Access-Control-Allow-Origin": "https://app.example.com",
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Max-Age": 1600,
            "Access-Control-Allow-Credentials": true,
        });
        assert_eq!(client.post(path, set.clone()).await, (200, json!({ "status": "ok" })));
        let shown = json!({
            "Access-Control-Allow-Origin": "https://app.example.com",
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Max-Age": "1600",
            "Access-Control-Allow-Credentials": "true",
        });
        assert_eq!(client.get(path).await, (200, shown));
        let allowed = || async {
            let url = format!("http://acme-vod.media-storage.eu-1.{BASE}/a.ts");
            let request = axum::http::Request::get(url).header("origin", "https://app.example.com");
            let response = node.media_response(request).await;
            let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            (header("access-control-allow-origin"), header("access-control-allow-credentials"))
        };
        let yes = (Some("https://app.example.com".to_owned()), Some("true".to_owned()));
        assert_eq!(allowed().await, yes);
        assert_eq!(client.delete(&format!("{path}/access-control-allow-credentials")).await.0, 200);
        assert_eq!(allowed().await, (Some("https://app.example.com".to_owned()), None));
        assert_eq!(client.post(path, set).await.0, 200);
        assert_eq!(client.delete(&format!("{path}/Access-Control-Allow-Origin")).await.0, 200);
        assert_eq!(allowed().await, (None, None), "without an origin, the rest has no effect");
        assert_eq!(client.get(path).await.1["Access-Control-Allow-Credentials"], "true");
        assert_eq!(client.delete(&format!("{path}/Access-Control-Allow-Origin")).await.0, 404);
        assert_eq!(client.delete(path).await, (200, json!({ "status": "ok" })));
        assert_eq!(client.get(path).await, (200, json!({})));
    });
}

#[test]
fn a_live_stream_is_served_by_its_playback_id_under_the_base_and_under_a_domain() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let body = json!({ "name": "live.acme.example", "type": "live" });
        let (status, domain) = client.post("/v1/domains", body).await;
        assert_eq!(status, 200, "{domain}");
        let set = client.send("PUT", "/v1/streams/stream-1", Some(json!({ "playback_id": "abc123" }))).await;
        assert_eq!((set.0, &set.1["stream"]["playback_id"]), (200, &json!("abc123")), "{}", set.1);
        let key = client.key("stream_id", "stream-1").await;
        let token = key.token(Scope::playback_id("abc123").unwrap());
        let by_host = format!("http://play-abc123.{BASE}/qhls/qlive/playlist.m3u8");
        assert_eq!(node.media(&token.url(&by_host)).await.0, 200);
        assert_eq!(node.media(&token.url("http://live.acme.example/abc123.m3u8")).await.0, 200);
        assert_eq!(node.media(&token.url("http://live.acme.example/other.m3u8")).await.0, 403);

        let domain_id = domain["domain"]["id"].as_str().unwrap();
        let of_domain = client.key("domain_id", domain_id).await;
        let token = of_domain.token(Scope::playback_id("abc123").unwrap());
        let url = token.url("http://live.acme.example/abc123.m3u8");
        assert_eq!(node.media(&url).await.0, 200);
        assert_ne!(
            node.media(&token.url(&by_host)).await.0,
            200,
            "a key of a domain signs for the domain only"
        );

        assert_eq!(
            client.delete(&format!("/v1/domains/{domain_id}")).await,
            (200, json!({ "status": "ok" }))
        );
        assert_eq!(node.media(&url).await.0, 421);
        assert_eq!(
            client.get(&format!("/v1/signing-keys/{}", of_domain.id)).await.0,
            404,
            "ended with its domain"
        );
        assert_eq!(client.get(&format!("/v1/signing-keys/{}", key.id)).await.0, 200);
    });
}
