//! Counts the allocations of a refusal, with and without its log line.

use allocation_counter::measure;
use http::Request;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Site, Verifier};

use crate::support::{ThreadLog, is_alone};

const HOST: &str = "cdn.example.com";

fn verifier(refine: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Verifier {
    let builder = Verifier::builder().clock(|| UnixSeconds::new(1_750_000_000));
    refine(builder.site(Site::bucket("courses").host(HOST))).build().unwrap()
}

/// Returns the number of allocations for the reply to a request without a credential.
fn allocations(verifier: &Verifier) -> u64 {
    let request = Request::get("/videos/1/a.ts").header("host", HOST).header("cookie", "a=1; b=2");
    let request = request.body(()).unwrap();
    let decision = verifier.decide(&request, verifier.now());
    measure(|| drop(decision.reply(&request))).count_total
}

#[test]
fn a_line_that_is_not_written_is_not_built() {
    // A subscriber of one thread makes the spans of all threads look wanted, and a span that is recorded allocates.
    if !is_alone(module_path!(), "a_line_that_is_not_written_is_not_built", &[]) {
        return;
    }
    let without_a_log = allocations(&verifier(|builder| builder));
    let _log = ThreadLog::start();
    let verifier = verifier(|builder| builder.denials_per_second(2));
    let logged = [allocations(&verifier), allocations(&verifier)];
    allocations(&verifier); // starts the thread that writes sums
    assert_eq!(allocations(&verifier), without_a_log);
    assert!(logged.iter().all(|count| *count > without_a_log + 10), "{logged:?} {without_a_log}");
}
