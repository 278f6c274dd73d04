//! The span of a decision, as OpenTelemetry's exporter for `tracing` receives it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use http::Request;
use playgate::time::UnixSeconds;
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);

type Fields = BTreeMap<String, String>;

/// Collects the fields of each span of the library.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(Id, Fields)>>>);

struct Into<'f>(&'f mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target() == "playgate" && metadata.name() == "decision" {
            let mut fields = Fields::new();
            attributes.record(&mut Into(&mut fields));
            self.0.lock().unwrap().push((id.clone(), fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        if let Some((_, fields)) = spans.iter_mut().rev().find(|(known, _)| known == id) {
            values.record(&mut Into(fields));
        }
    }
}

#[test]
fn a_decision_is_one_span_with_the_names_of_the_semantic_conventions_and_without_a_credential() {
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").id("vod").host("vod.example.com"))
        .key(Key::from_secret("k", SECRET, KeyScope::bucket("vod")).unwrap())
        .build()
        .unwrap();
    let signer = Signer::from_secret("k", SECRET).unwrap();
    let token = signer.token(Scope::folder("videos/1").unwrap()).sign().unwrap();
    let in_path = format!("/videos/1/{}/a.ts", token.as_str());
    let get = |target: &str| {
        let peer = playgate::request::PeerAddr(([192, 0, 2, 7], 50_000).into());
        Request::get(target).header("host", "vod.example.com").extension(peer).body(()).unwrap()
    };
    let collector = Collector::default();
    let subscriber = tracing_subscriber::registry().with(collector.clone());
    tracing::subscriber::with_default(subscriber, || {
        for request in [get(&token.url("/videos/1/a.ts")), get(&in_path)] {
            let _ = verifier.decide(&request, NOW);
        }
    });
    let spans = collector.0.lock().unwrap();
    let [(_, granted), (_, denied)] = &spans[..] else { panic!("{spans:?}") };
    let expected = [
        ("client.address", "192.0.2.7"),
        ("http.request.method", "GET"),
        ("otel.kind", "internal"),
        ("otel.name", "playgate.decision"),
        ("playgate.outcome", "granted"),
        ("playgate.site", "vod"),
        ("server.address", "vod.example.com"),
        ("url.path", "/videos/1/a.ts"),
    ];
    assert_eq!(*granted, Fields::from(expected.map(|(name, value)| (name.to_owned(), value.to_owned()))));
    assert_eq!(denied["playgate.outcome"], "denied");
    assert_eq!(denied["error.type"], "credential_missing");
    assert_eq!(denied["http.response.status_code"], "401");
    assert!(
        denied["url.path"].starts_with("/videos/1/") && denied["url.path"].ends_with("/a.ts"),
        "{denied:?}"
    );
    let all = format!("{spans:?}");
    assert!(!all.contains(token.as_str()) && !all.contains("eyJ"), "{all}");
    assert_eq!(verifier.stats().total("granted"), 1, "a decision with a span counts once");
}
