//! Shadow mode beside an old gate: a real nginx with `secure_link` in front of an origin whose site does not enforce. Without nginx
//! the test says so and passes; with `PLAYGATE_REQUIRE_SERVICES=1` it fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use playgate::mint::LinkSigner;
use playgate::schemes::Scheme;
use playgate::schemes::link::SecureLink;
use playgate::site::danger::Danger;
use playgate::time::UnixSeconds;
use playgate::{Site, Verifier};
use tokio::net::TcpListener;

use super::nginx::server::Nginx;
use crate::support::{Answer, get, http1};

const SECRET: &str = "a shared secret";
const NEXT: &str = "the next secret";
const EXPRESSION: &str = "{expires}{path} {secret}";
const HOST: &str = "media.example.com";

/// The new gate: it knows the next secret too, allows an hour at most, and has public posters.
fn verifier() -> Verifier {
    let links = SecureLink::nginx(EXPRESSION, SECRET).also(NEXT);
    let site = Site::bucket("vod")
        .id("media")
        .host(HOST)
        .secure_link(links)
        .accepts([Scheme::SecureLink])
        .max_lifetime(Duration::from_hours(1))
        .public_paths(["posters/"])
        .danger(Danger { enforce: false })
        .shadow_header("x-gate-verdict");
    Verifier::builder().site(site).trusted_proxies(["127.0.0.1"]).build().unwrap()
}

/// The origin behind the new gate.
async fn origin(verifier: &Verifier) -> SocketAddr {
    let router = Router::new().fallback(async |headers: http::HeaderMap| {
        if headers.contains_key("x-gate-verdict") { "the verdict" } else { "the bytes" }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = verifier.around(router).into_make_service();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// The old gate, which only states its verdict.
fn old_gate(origin: SocketAddr) -> Option<Nginx> {
    Nginx::serve(|port| {
        format!(
            r#"
    map $secure_link $verdict {{
        default deny;
        1       allow;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            secure_link $arg_md5,$arg_expires;
            secure_link_md5 "$secure_link_expires$uri {SECRET}";
            proxy_set_header Host $host;
            proxy_set_header X-Gate-Verdict $verdict;
            proxy_pass http://{origin};
        }}
    }}"#
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn shadow_mode_beside_a_second_gate_reports_their_disagreements() {
    let verifier = verifier();
    let Some(nginx) = old_gate(origin(&verifier).await) else { return };
    let gate = SocketAddr::from(([127, 0, 0, 1], nginx.port()));
    let now = UnixSeconds::now().get();
    let link = |secret: &str, path: &str, lifetime: i64| {
        let signer = LinkSigner::new(&SecureLink::nginx(EXPRESSION, secret)).unwrap();
        signer.link(path).expires_at(UnixSeconds::new(now + lifetime)).sign().unwrap()
    };
    let good = link(SECRET, "/videos/1/a.ts", 600);
    let rows = [
        ("a good link", good.clone(), 200, "allowed", "granted"),
        ("no link", "/videos/1/a.ts".to_owned(), 200, "refused", "credential_missing"),
        ("a link of another file", good.replace("a.ts", "b.ts"), 200, "refused", "link_bad"),
        ("an old link", link(SECRET, "/videos/1/a.ts", -60), 200, "refused", "link_expired"),
        ("a link for a day", link(SECRET, "/videos/1/a.ts", 86_400), 200, "allowed", "link_bad"),
        ("a link of the next secret", link(NEXT, "/videos/1/a.ts", 600), 200, "refused", "granted"),
        ("a poster", "/posters/1.jpg".to_owned(), 200, "refused", "public"),
        ("two slashes, which nginx merges", good.replace("/1/a", "//1/a"), 400, "allowed", "ambiguous_path"),
    ];
    let mut counted = BTreeMap::new();
    for (name, target, status, theirs, ours) in &rows {
        // The client says that it was allowed; nginx says what it decided.
        let ask = get(target).host(HOST).field("x-gate-verdict", "allow");
        let answer: Answer = http1(name, gate, &ask.http1()).await;
        assert_eq!(answer.status, *status, "{name}: {answer:?}");
        if *status == 200 {
            assert_eq!(answer.body, "the bytes", "{name}");
        }
        *counted.entry((*theirs, *ours)).or_insert(0_u64) += 1;
        let report = verifier.shadow();
        let counts: BTreeMap<_, _> = report
            .counts
            .iter()
            .map(|row| ((row.theirs.as_str(), row.ours.as_str()), row.requests))
            .collect();
        assert_eq!(counts, counted, "{name}");
    }
    let report = verifier.shadow();
    let disagreements: Vec<_> = report
        .disagreements
        .iter()
        .map(|one| (one.site.as_str(), one.path.as_str(), one.theirs.as_str(), one.ours.as_str()))
        .collect();
    assert_eq!(
        disagreements,
        [
            ("media", "/videos/1/a.ts", "allowed", "link_bad"),
            ("media", "/videos/1/a.ts", "refused", "granted"),
            ("media", "/posters/1.jpg", "refused", "public"),
            ("media", "/videos//1/a.ts", "allowed", "ambiguous_path"),
        ]
    );
    assert_eq!(report.disagreeing(), 4);
    assert_eq!(verifier.health().shadowed, ["media"]);
}
