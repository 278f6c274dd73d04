//! Domains: names, limits, and sites of the configuration beside them.

use playgate::{Site, Verifier};
use serde_json::json;

use crate::world::{BASE, Client, Node, on_each_engine, settings, within_a_second};

#[test]
fn an_account_has_at_most_twenty_domains_however_many_calls_come_at_once() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let calls = (0..30).map(|number| {
            let client = &client;
            async move {
                let body = json!({ "name": format!("d{number}.acme.example"), "type": "live" });
                client.post("/v1/domains", body).await
            }
        });
        let answers = futures_util::future::join_all(calls).await;
        let created = answers.iter().filter(|(status, _)| *status == 200).count();
        let refused = answers.iter().filter(|(_, body)| body["code"] == "domain_limit").count();
        assert_eq!((created, refused), (20, 10), "{answers:?}");
        assert_eq!(client.get("/v1/domains").await.1["domains"].as_array().unwrap().len(), 20);
        node.manage.operator().set_domain_limit(client.account.id, 21).await.unwrap();
        let more = json!({ "name": "more.acme.example", "type": "live" });
        assert_eq!(client.post("/v1/domains", more).await.0, 200);
    });
}

#[test]
fn a_name_belongs_to_one_account_and_never_to_a_site_of_the_configuration() {
    on_each_engine(|place| async move {
        let verifier =
            Verifier::builder().site(Site::bucket("own").host("static.example.com")).build().unwrap();
        let node = Node::start_with(&place, settings(), &verifier).await;
        let (one, other) = (Client::new(&node, "one").await, Client::new(&node, "other").await);
        let body = json!({ "name": "live.example.net", "type": "live" });
        assert_eq!(one.post("/v1/domains", body.clone()).await.0, 200);
        for client in [&one, &other] {
            let (status, answer) = client.post("/v1/domains", body.clone()).await;
            assert_eq!(
                (status, &answer["code"], &answer["field"]),
                (409, &json!("domain_exists"), &json!("name"))
            );
        }
        let taken = json!({ "name": "static.example.com", "type": "live" });
        let (status, answer) = one.post("/v1/domains", taken).await;
        assert_eq!((status, &answer["code"]), (409, &json!("domain_conflicts")));
        assert!(answer["message"].as_str().unwrap().contains("static.example.com"), "{answer}");
        let below = json!({ "name": format!("play-abc.{BASE}"), "type": "live" });
        assert_eq!(one.post("/v1/domains", below).await.1["code"], "domain_conflicts");
        assert_eq!(
            node.media("http://static.example.com/a").await.0,
            401,
            "the site of the configuration stays"
        );
    });
}

#[test]
fn domains_are_listed_by_type_in_the_order_of_their_creation() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        for (name, kind, bucket) in
            [("b.acme.example", "live", None), ("a.acme.example", "vod", Some("acme-vod"))]
        {
            let body = json!({ "name": name, "type": kind, "bucket_name": bucket });
            assert_eq!(client.post("/v1/domains", body).await.0, 200);
        }
        let names = |body: serde_json::Value| -> Vec<String> {
            let domains = body["domains"].as_array().unwrap().iter();
            domains.map(|domain| domain["domain_name"].as_str().unwrap().to_owned()).collect()
        };
        let mut all = names(client.get("/v1/domains").await.1);
        all.sort(); // both may be created in the same second
        assert_eq!(all, ["a.acme.example", "b.acme.example"]);
        assert_eq!(names(client.get("/v1/domains/live").await.1), ["b.acme.example"]);
        assert_eq!(names(client.get("/v1/domains/vod").await.1), ["a.acme.example"]);
    });
}

#[test]
fn a_creation_with_an_idempotency_key_is_made_once() {
    on_each_engine(|place| async move {
        let node = Node::start(&place, settings()).await;
        let client = Client::new(&node, "acme").await;
        let send = |body: serde_json::Value, path: &'static str| {
            let request = axum::http::Request::post(path)
                .header("host", "localhost")
                .header("authorization", format!("Bearer {}", client.token))
                .header("content-type", "application/json")
                .header("idempotency-key", "5f2c");
            node.call(request.body(body.to_string().into()).unwrap())
        };
        let body = json!({ "name": "live.acme.example", "type": "live" });
        let first = send(body.clone(), "/v1/domains").await;
        assert_eq!(first.0, 200);
        assert_eq!(send(body, "/v1/domains").await, first, "the same domain");
        let other = json!({ "name": "other.acme.example", "type": "live" });
        assert_eq!(send(other, "/v1/domains").await.1["code"], "idempotency_key_reused");
        assert_eq!(client.get("/v1/domains").await.1["domains"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn another_node_has_a_change_in_force_within_a_second() {
    on_each_engine(|place| async move {
        let here = Node::start(&place, settings()).await;
        let there = Node::start(&place, settings()).await;
        let client = Client::new(&here, "acme").await;
        let body = json!({ "name": "live.acme.example", "type": "live" });
        let id = client.post("/v1/domains", body).await.1["domain"]["id"].as_str().unwrap().to_owned();
        let url = "http://live.acme.example/abc.m3u8";
        assert_eq!(here.media(url).await.0, 401);
        assert!(within_a_second(|| async { there.media(url).await.0 == 401 }).await);
        assert_eq!(client.delete(&format!("/v1/domains/{id}")).await.0, 200);
        assert_eq!(here.media(url).await.0, 421);
        assert!(within_a_second(|| async { there.media(url).await.0 == 421 }).await);
    });
}

#[test]
fn everything_is_in_force_again_after_a_restart() {
    on_each_engine(|place| async move {
        let url = "http://vod.acme.example/a.ts";
        {
            let node = Node::start(&place, settings()).await;
            let client = Client::new(&node, "acme").await;
            let body = json!({ "name": "vod.acme.example", "type": "vod", "bucket_name": "acme-vod" });
            assert_eq!(client.post("/v1/domains", body).await.0, 200);
            assert_eq!(client.put("/v1/buckets/acme-vod/policy/public").await.0, 200);
            assert_eq!(node.media(url).await.0, 200);
        }
        let node = Node::start(&place, settings()).await;
        assert_eq!(node.media(url).await.0, 200);
    });
}
