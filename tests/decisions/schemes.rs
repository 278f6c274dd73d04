//! Every scheme by its samples: what has to hold for each kind of credential, whoever adds one.
//!
//! A scheme brings one file here, `schemes/<name>.rs`, with credentials that are granted, credentials that are refused with
//! their reasons, and its section of a configuration file.

mod akamai;
mod cloudfront;
mod embed;
mod jws;
mod link;

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::support::{Ask, Disk, HOST, NOW, World, gate, inner, lines_about};
use allocation_counter::measure;
use bytes::Bytes;
use http::Response;
use playgate::explain::{Outcome, StepResult};
use playgate::schemes::Scheme;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Decision, Site, Verifier};
use tracing::subscriber::NoSubscriber;

/// The manifest that samples ask for, and the line in it that may carry a credential.
const MANIFEST: &str = "/videos/1/master.m3u8";
const LINE: &str = "seg.ts";

/// One scheme, on a site that accepts nothing else.
struct Samples {
    scheme: Scheme,
    /// The bucket `vod` on [`HOST`].
    site: Site,
    /// The fields of the same site in a configuration file, and files that they name.
    config: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Adds keys.
    keys: fn(VerifierBuilder) -> VerifierBuilder,
    /// Puts records into the store.
    records: fn(&Verifier),
    good: Vec<Good>,
    bad: Vec<Bad>,
}

/// A request for [`MANIFEST`] with a credential that is granted.
struct Good {
    name: &'static str,
    ask: Ask,
    /// The texts that nobody else may see.
    secrets: Vec<String>,
    /// The credential is in the path, which names what is served.
    is_in_path: bool,
    /// The query that the manifest's URI carries.
    carried: Option<String>,
}

/// A request for [`MANIFEST`] with a credential that is refused.
struct Bad {
    name: &'static str,
    ask: Ask,
    verdict: &'static str,
}

fn all() -> Vec<Samples> {
    vec![embed::samples(), jws::samples(), link::samples(), akamai::samples(), cloudfront::samples()]
}

impl Samples {
    fn verifier(&self, change: impl FnOnce(Site) -> Site) -> Verifier {
        let verifier = (self.keys)(gate().site(change(self.site.clone()))).build().unwrap();
        (self.records)(&verifier);
        verifier
    }

    fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.good.iter().map(|good| &good.ask).chain(self.bad.iter().map(|bad| &bad.ask))
    }
}

#[test]
fn every_scheme_has_samples_of_both_kinds() {
    let all = all();
    let schemes: Vec<&str> = all.iter().map(|samples| samples.scheme.as_str()).collect();
    assert_eq!(schemes, Scheme::ALL.iter().map(|scheme| scheme.as_str()).collect::<Vec<_>>());
    for samples in all {
        let name = samples.scheme.as_str();
        assert!(
            !samples.good.is_empty() && samples.good.iter().all(|good| !good.secrets.is_empty()),
            "{name}"
        );
        let reasons: HashSet<&str> = samples.bad.iter().map(|bad| bad.verdict).collect();
        assert!(reasons.len() >= 3, "{name} is refused for {reasons:?} alone");
    }
}

#[tokio::test]
async fn every_server_grants_the_good_and_refuses_the_bad_with_the_reason() {
    for samples in all() {
        let world = World::start(samples.verifier(|site| site)).await;
        for Good { name, ask, .. } in &samples.good {
            assert_eq!(world.verdict(ask).await, "200", "{}: {name}", samples.scheme.as_str());
        }
        for Bad { name, ask, verdict } in &samples.bad {
            assert_eq!(world.verdict(ask).await, *verdict, "{}: {name}", samples.scheme.as_str());
        }
    }
}

#[tokio::test]
async fn a_manifest_carries_what_its_scheme_says_and_nothing_else() {
    for samples in all() {
        let manifest = |_: &http::request::Parts| {
            let mut response = Response::new(Bytes::from(format!("#EXTM3U\n{LINE}\n")));
            let content_type = "application/vnd.apple.mpegurl".parse().unwrap();
            response.headers_mut().insert("content-type", content_type);
            response
        };
        let world = World::around(samples.verifier(|site| site), inner(manifest)).await;
        for Good { name, ask, carried, .. } in &samples.good {
            let answer = world.ask(ask).await;
            let line = carried.as_ref().map_or(LINE.to_owned(), |query| format!("{LINE}?{query}"));
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            assert_eq!(body, format!("#EXTM3U\n{line}\n"), "{}: {name}", samples.scheme.as_str());
        }
    }
}

#[tokio::test]
async fn the_inner_service_of_a_site_that_strips_credentials_sees_none() {
    for samples in all() {
        let world = World::start(samples.verifier(|site| site.strip_credentials(true))).await;
        for Good { name, ask, secrets, is_in_path, .. } in &samples.good {
            let page = format!("https://{HOST}{}", ask.target);
            let answer = world.ask(&ask.clone().field("referer", page)).await;
            let (line, fields) = answer.seen().split_once('\n').unwrap();
            for secret in secrets {
                let scheme = samples.scheme.as_str();
                assert_eq!(line.contains(secret.as_str()), *is_in_path, "{scheme}: {name}: {line}");
                assert!(!fields.contains(secret.as_str()), "{scheme}: {name}: {fields}");
            }
        }
    }
}

#[tokio::test]
async fn no_log_line_and_no_debug_output_shows_a_credential() {
    assert!(lines_about("no line yet").is_empty());
    for samples in all() {
        let verifier = samples.verifier(|site| site);
        let mut shown = String::new();
        for ask in samples.asks() {
            let request = ask.parsed().unwrap();
            let decision = verifier.decide(&request, verifier.now());
            writeln!(shown, "{decision:?}").unwrap();
            if let Decision::Granted(grant) = &decision {
                writeln!(shown, "{:?}", grant.to_owned()).unwrap();
            }
            writeln!(shown, "{:?}", decision.reply(&request)).unwrap();
        }
        writeln!(shown, "{:?}\n{verifier:?}", verifier.snapshot().policy()).unwrap();
        let lines = lines_about("path=").join("\n");
        assert!(lines.contains("refused") && lines.contains("granted"), "{lines}");
        for secret in samples.good.iter().flat_map(|good| &good.secrets) {
            for (place, text) in [("Debug", &shown), ("a log line", &lines)] {
                assert!(
                    !text.contains(secret.as_str()),
                    "{}: {place} shows {secret}",
                    samples.scheme.as_str()
                );
            }
        }
    }
}

#[test]
fn an_explanation_has_the_outcome_of_the_decision_and_shows_no_secret() {
    for samples in all() {
        let scheme = samples.scheme.as_str();
        let verifier = samples.verifier(|site| site);
        let secrets: Vec<&String> = samples.good.iter().flat_map(|good| &good.secrets).collect();
        for ask in samples.asks().flat_map(|ask| [ask, ask]) {
            let request = ask.parsed().unwrap();
            let explanation = verifier.explain(&request, UnixSeconds::new(NOW));
            let denial = verifier.decide(&request, UnixSeconds::new(NOW)).denial();
            assert_eq!(
                explanation.code,
                denial.map(|denial| denial.code().as_str()),
                "{scheme}: {explanation}"
            );
            assert_eq!(explanation.outcome == Outcome::Granted, denial.is_none(), "{scheme}: {explanation}");
            let shown = format!("{explanation}\n{}", serde_json::to_string(&explanation).unwrap());
            for secret in &secrets {
                assert!(!shown.contains(secret.as_str()), "{scheme}: {shown}");
            }
            for credential in &explanation.credentials {
                assert_eq!(credential.scheme, scheme);
                let results: Vec<StepResult> = credential.steps.iter().map(|step| step.result).collect();
                let failed = results.iter().position(|result| *result == StepResult::Failed);
                let end = failed.unwrap_or(results.len());
                assert!(results[..end].iter().all(|result| *result == StepResult::Passed), "{explanation}");
                let rest = results.get(end + 1..).unwrap_or_default();
                assert!(rest.iter().all(|result| *result == StepResult::NotChecked), "{explanation}");
                let mut rules: Vec<&str> = credential.steps.iter().map(|step| step.rule.as_str()).collect();
                let listed = rules.len();
                rules.sort_unstable();
                rules.dedup();
                assert_eq!(rules.len(), listed, "each rule is listed once: {explanation}");
            }
        }
    }
}

#[test]
fn deciding_allocates_nothing() {
    for samples in all() {
        let verifier = samples.verifier(|site| site);
        for ask in samples.asks() {
            let request = ask.parsed().unwrap();
            drop(verifier.decide(&request, UnixSeconds::new(NOW))); // a good signature is remembered, once
            let decide = || measure(|| drop(verifier.decide(&request, UnixSeconds::new(NOW))));
            // Other tests read log lines of every level, and a span allocates.
            let counted = tracing::subscriber::with_default(NoSubscriber::default(), decide);
            assert_eq!(counted.count_total, 0, "{}: {}", samples.scheme.as_str(), ask.target);
        }
    }
}

#[test]
fn a_section_of_the_file_means_what_the_settings_in_code_mean() {
    for samples in all() {
        let scheme = samples.scheme.as_str();
        let disk = Disk::new();
        for (name, content) in samples.files {
            disk.put(name, content);
        }
        let site =
            format!("[[site]]\nhosts = [\"{HOST}\"]\nserves = {{ bucket = \"vod\" }}\n{}", samples.config);
        disk.config(&[&site]);
        let from_file = (samples.keys)(gate().file(disk.path("playgate.toml"))).build();
        let from_file = from_file.unwrap_or_else(|errors| panic!("{scheme}: {errors}"));
        (samples.records)(&from_file);
        let policy = |verifier: &Verifier| format!("{:?}", verifier.snapshot().policy());
        assert_eq!(policy(&from_file), policy(&samples.verifier(|site| site)), "{scheme}");
        for Good { name, ask, .. } in &samples.good {
            let decision = from_file.decide(&ask.parsed().unwrap(), from_file.now()).denial();
            assert_eq!(decision, None, "{scheme}: {name}");
        }
    }
}
