//! Two accounts: neither reads, changes or signs for what is the other's.

use playgate::Scope;
use serde_json::json;

use crate::world::{Client, Node, on_each_engine, settings};

#[test]
fn ids_and_names_of_another_account_are_not_found_and_nothing_changes() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let (one, other) = (Client::new(&node, "one").await, Client::new(&node, "other").await);
        let body = json!({ "name": "vod.one.example", "type": "vod", "bucket_name": "one-vod" });
        let domain = one.post("/v1/domains", body).await.1["domain"]["id"].as_str().unwrap().to_owned();
        let set = one.send("PUT", "/v1/streams/one-live", Some(json!({ "playback_id": "one1" }))).await;
        assert_eq!(set.0, 200);
        let key = one.key("bucket_name", "one-vod").await;
        for (method, path, body) in [
            ("GET", format!("/v1/domains/{domain}"), None),
            ("DELETE", format!("/v1/domains/{domain}"), None),
            ("GET", format!("/v1/domains/{domain}/cors"), None),
            (
                "POST",
                format!("/v1/domains/{domain}/cors"),
                Some(json!({ "Access-Control-Allow-Origin": "*" })),
            ),
            ("GET", format!("/v1/signing-keys/{}", key.id), None),
            ("PUT", format!("/v1/signing-keys/{}", key.id), Some(json!({ "name": "mine" }))),
            ("DELETE", format!("/v1/signing-keys/{}", key.id), None),
            ("PUT", "/v1/buckets/one-vod/policy/public".to_owned(), None),
            ("GET", "/v1/buckets/one-vod/cors".to_owned(), None),
            (
                "POST",
                "/v1/buckets/one-vod/cors".to_owned(),
                Some(json!({ "Access-Control-Allow-Origin": "*" })),
            ),
            ("DELETE", "/v1/buckets/one-vod/cors".to_owned(), None),
            ("PUT", "/v1/streams/one-live".to_owned(), Some(json!({ "playback_id": "mine" }))),
            ("POST", "/v1/signing-keys".to_owned(), Some(json!({ "bucket_name": "one-vod" }))),
            ("POST", "/v1/signing-keys".to_owned(), Some(json!({ "stream_id": "one-live" }))),
            ("POST", "/v1/signing-keys".to_owned(), Some(json!({ "domain_id": domain }))),
            (
                "POST",
                "/v1/domains".to_owned(),
                Some(json!({ "name": "a.other.example", "type": "vod", "bucket_name": "one-vod" })),
            ),
        ] {
            let (status, answer) = other.send(method, &path, body).await;
            assert_eq!((status, &answer["code"]), (404, &json!("not_found")), "{method} {path}: {answer}");
        }
        for (path, list) in [("/v1/domains", "domains"), ("/v1/signing-keys", "signing_keys")] {
            assert_eq!(other.get(path).await.1[list], json!([]), "{path}");
            assert_eq!(one.get(path).await.1[list].as_array().unwrap().len(), 1, "{path}");
        }
        let shown = one.get(&format!("/v1/signing-keys/{}", key.id)).await.1;
        assert_eq!(shown["signing_key"]["name"], json!(null));
        assert_eq!(node.media("http://vod.one.example/a.ts").await.0, 401);
        let audit = other.get("/v1/audit").await.1;
        assert!(!audit.to_string().contains("one-vod"), "{audit}");
    });
}

#[test]
fn a_key_of_a_domain_does_not_sign_for_a_stream_of_another_account() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let (one, other) = (Client::new(&node, "one").await, Client::new(&node, "other").await);
        let set = one.send("PUT", "/v1/streams/one-live", Some(json!({ "playback_id": "one1" }))).await;
        assert_eq!(set.0, 200);
        let body = json!({ "name": "live.other.example", "type": "live" });
        let domain = other.post("/v1/domains", body).await.1["domain"]["id"].as_str().unwrap().to_owned();
        let key = other.key("domain_id", &domain).await;
        let own = key.token(Scope::playback_id("mine1").unwrap()).url("http://live.other.example/mine1.m3u8");
        assert_eq!(node.media(&own).await.0, 200);
        let foreign =
            key.token(Scope::playback_id("one1").unwrap()).url("http://live.other.example/one1.m3u8");
        assert_eq!(node.media(&foreign).await, (403, "stream_of_another_account".to_owned()));
    });
}

#[test]
fn without_claiming_a_bucket_has_to_be_assigned_by_the_operator() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings().claim_at_first_use(false)).await;
        let client = Client::new(&node, "acme").await;
        assert_eq!(client.put("/v1/buckets/acme-vod/policy/public").await.0, 404);
        let name = playgate_manage::model::BucketName::parse("acme-vod").unwrap();
        let operator = node.manage.operator();
        operator.assign_bucket(&name, client.account.id).await.unwrap();
        assert_eq!(client.put("/v1/buckets/acme-vod/policy/public").await.0, 200);
        let other = operator.create_account("other").await.unwrap();
        assert!(operator.assign_bucket(&name, other.id).await.is_err(), "it belongs to the first");
    });
}
