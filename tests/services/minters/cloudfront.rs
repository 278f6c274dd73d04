//! Amazon's own signers: their URLs and cookies are decided as they mean them, and ours are verified by another library.

use http::Request;
use playgate::request::PeerAddr;
use playgate::schemes::Scheme;
use playgate::schemes::cloudfront::{CloudFront, Protocol};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, KeyScope, Verifier};
use serde_json::{Value, json};

use super::{Minter, answers};
use crate::support::{HOST, NOW, Random, TestKey, cloudfront_key, cloudfront_signer, vod};

const SIGNER: Minter = Minter { name: "", command: &[], probe: &[], header: "", payload: "" };

const BOTOCORE: Minter = Minter {
    name: "botocore",
    command: &["python3", "cloudfront.py"],
    probe: &["python3", "-c", "import botocore, cryptography"],
    ..SIGNER
};

const SDK: Minter = Minter {
    name: "@aws-sdk/cloudfront-signer",
    command: &["node", "cloudfront.js"],
    probe: &["node", "-e", "require('@aws-sdk/cloudfront-signer')"],
    ..SIGNER
};

/// URLs that both signers leave as they are.
const URLS: [&str; 5] = [
    "https://cdn.example.com/videos/1/a.ts",
    "https://cdn.example.com/videos/1/a-b_c~d.m4s",
    "https://cdn.example.com/videos/1/a.ts?x=1",
    "https://cdn.example.com/videos/1/caf%C3%A9.ts?x=1&y=a%20b",
    "https://cdn.example.com/videos/1/!*'()",
];

const RESOURCES: [&str; 5] = [
    "https://cdn.example.com/videos/1/*",
    "*://*.example.com/videos/*",
    "https://cdn.example.com*",
    "*cdn.example.com/*/1/*",
    "http*://???.example.com/videos/*/*",
];

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn key(random: &mut Random) -> TestKey {
    random.pick(&[TestKey::Rsa, TestKey::P256])
}

/// A job of random members, for one of the URLs.
fn job(random: &mut Random, is_sdk: bool) -> Value {
    let key = key(random);
    let mut job = json!({
        "key": text(key.private()), "key_pair_id": key.kid(), "url": random.pick(&URLS), "expires": NOW + 60,
    });
    let mut maybe = |name: &str, percent: usize, value: Value| {
        if random.percent(percent) {
            job[name] = value;
        }
    };
    maybe("starts", 30, json!(NOW - 5));
    maybe("ip", 30, json!("192.0.2.1"));
    maybe("ip", 20, json!("192.0.2.0/24"));
    if is_sdk {
        maybe("hash", 30, json!("SHA1"));
        maybe("hash", 50, json!("SHA256"));
        maybe("cookies", 30, json!(true));
    }
    if random.percent(40) {
        job["resource"] = json!(random.pick(&RESOURCES));
    } else if !(job["starts"].is_null() && job["ip"].is_null()) {
        // The signers take the URL for the Resource, in which a * is a wildcard.
        job["resource"] = job["url"].clone();
    }
    if random.percent(20) {
        // As others write it.
        let policy = format!(
            "{{ \"Statement\": [{{\n  \"Condition\": {{ \"IpAddress\": {{ \"AWS:SourceIp\": \"0.0.0.0\\/0\" }},\n  \
             \"DateLessThan\": {{ \"AWS:EpochTime\": {} }} }},\n  \"Resource\": \"https:\\/\\/cdn.example.com\\/*\" }}] }}\n",
            NOW + 60
        );
        job["policy"] = json!(policy);
    }
    job
}

fn verifier(wrong: bool) -> Verifier {
    let site = vod().cloudfront(CloudFront::new().protocol(Protocol::Https)).accepts([Scheme::CloudFront]);
    let keys = if wrong { [TestKey::RsaOther, TestKey::P256Other] } else { [TestKey::Rsa, TestKey::P256] };
    let name = |key: TestKey| key.kid().trim_end_matches("-other").to_owned();
    let keys = keys.map(|key| {
        let scope = KeyScope::bucket("vod");
        if !wrong {
            return cloudfront_key(key, scope);
        }
        let algorithm = cloudfront_key(key, scope.clone()).algorithm();
        playgate::Key::from_pem_for(algorithm, &name(key), key.public(), scope).unwrap()
    });
    Verifier::builder().site(site).keys(keys).build().unwrap()
}

/// A signed request: its target, and its cookies.
#[derive(Clone)]
struct Signed {
    target: String,
    cookies: Vec<(String, String)>,
}

impl Signed {
    fn of(job: &Value, answer: &Value) -> Self {
        let target = |url: &str| url.strip_prefix("https://cdn.example.com").unwrap().to_owned();
        let Some(cookies) = answer["cookies"].as_object() else {
            let url = answer["url"].as_str().unwrap_or_else(|| panic!("{job} {answer}"));
            return Self { target: target(url), cookies: Vec::new() };
        };
        let cookies = cookies.iter().map(|(name, value)| {
            (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        Self { target: target(job["url"].as_str().unwrap()), cookies: cookies.collect() }
    }

    fn decided(&self, verifier: &Verifier, client: [u8; 4], now: i64) -> String {
        let request = Request::get(&self.target).header("host", HOST);
        let request = request.extension(PeerAddr((client, 50000).into()));
        let cookies = self.cookies.iter();
        let request = cookies
            .fold(request, |request, (name, value)| request.header("cookie", format!("{name}={value}")));
        match verifier.decide(&request.body(()).unwrap(), UnixSeconds::new(now)) {
            Decision::Granted(_) => "granted".to_owned(),
            other => match other.denial().unwrap() {
                Denial::UrlSignatureBad(fault) => format!("{fault:?}"),
                denial => denial.code().to_string(),
            },
        }
    }
}

fn each_is_decided_as_meant(minter: &Minter, seed: u64, count: usize) {
    if !minter.found() {
        return;
    }
    let (verifier, of_others) = (verifier(false), verifier(true));
    let mut random = Random::new(17, seed);
    let jobs: Vec<Value> = (0..count).map(|_| job(&mut random, minter.name == SDK.name)).collect();
    for (job, answer) in jobs.iter().zip(answers(minter, &jobs)) {
        let signed = Signed::of(job, &answer);
        let mut shown = job.clone();
        shown["key"].take();
        let name = format!("{}: {shown} {answer}", minter.name);
        let is_text = !job["policy"].is_null();
        let is_canned = ["policy", "resource", "starts", "ip"].iter().all(|member| job[*member].is_null());
        let (client, other) = ([192, 0, 2, 1], [198, 51, 100, 1]);
        assert_eq!(signed.decided(&verifier, client, NOW), "granted", "{name}");
        assert_eq!(signed.decided(&verifier, client, NOW + 59), "granted", "{name}");
        // After, before, elsewhere, by somebody else, by another key, as another file.
        assert_eq!(signed.decided(&verifier, client, NOW + 60), "url_signature_expired", "{name}");
        let early =
            if job["starts"].is_null() || is_text { "granted" } else { "url_signature_not_yet_valid" };
        assert_eq!(signed.decided(&verifier, client, NOW - 5), early, "{name}");
        let by_other = if job["ip"].is_null() || is_text { "granted" } else { "OtherClient" };
        assert_eq!(signed.decided(&verifier, other, NOW), by_other, "{name}");
        assert_eq!(signed.decided(&of_others, client, NOW), "Mismatch", "{name}");
        let elsewhere =
            Signed { target: signed.target.replacen("/videos/1/", "/audio/2/", 1), ..signed.clone() };
        let covers_all = is_text || job["resource"] == RESOURCES[2];
        let expected = match (is_canned, covers_all) {
            (true, _) => "Mismatch",
            (false, true) => "granted",
            (false, false) => "url_signature_out_of_scope",
        };
        assert_eq!(elsewhere.decided(&verifier, client, NOW), expected, "{name}");
        // One character of the signature.
        let change = |text: &str, name: &str| {
            let Some((start, rest)) = text.split_once(name) else { return text.to_owned() };
            let (at, other) = (20, if &rest[20..=20] == "A" { "B" } else { "A" });
            format!("{start}{name}{}{other}{}", &rest[..at], &rest[at + 1..])
        };
        let mut changed = Signed { target: change(&signed.target, "Signature="), ..signed.clone() };
        for (_, value) in changed.cookies.iter_mut().filter(|(name, _)| name == "CloudFront-Signature") {
            change(&format!("={value}"), "=")[1..].clone_into(value);
        }
        assert_eq!(changed.decided(&verifier, client, NOW), "Mismatch", "{name}");
    }
}

#[test]
fn urls_of_botocore_are_decided_as_meant() {
    each_is_decided_as_meant(&BOTOCORE, 1, 300);
}

#[test]
fn urls_and_cookies_of_the_javascript_sdk_are_decided_as_meant() {
    each_is_decided_as_meant(&SDK, 2, 400);
}

/// botocore keeps a bare `?` and signs it.
#[test]
fn a_url_of_botocore_that_ends_in_a_question_mark_is_granted() {
    if !BOTOCORE.found() {
        return;
    }
    let url = "https://cdn.example.com/videos/1/b.mp4?";
    let key = TestKey::Rsa;
    let job =
        json!({ "key": text(key.private()), "key_pair_id": key.kid(), "url": url, "expires": NOW + 60 });
    let answer = answers(&BOTOCORE, std::slice::from_ref(&job)).remove(0);
    let signed = Signed::of(&job, &answer);
    assert!(signed.target.starts_with("/videos/1/b.mp4?&Expires="), "{}", signed.target);
    assert_eq!(signed.decided(&verifier(false), [192, 0, 2, 1], NOW), "granted");
}

/// A frequent mistake with the SDK: without a policy, a `*` is a character of the one URL.
#[test]
fn a_canned_policy_with_a_wildcard_opens_nothing() {
    if !SDK.found() {
        return;
    }
    let key = TestKey::Rsa;
    let job = json!({
        "key": text(key.private()), "key_pair_id": key.kid(), "url": "https://cdn.example.com/videos/1/*",
        "expires": NOW + 60, "cookies": true,
    });
    let answer = answers(&SDK, std::slice::from_ref(&job)).remove(0);
    let mut signed = Signed::of(&job, &answer);
    signed.target = "/videos/1/a.ts".to_owned();
    assert_eq!(signed.decided(&verifier(false), [192, 0, 2, 1], NOW), "Mismatch");
}

#[test]
fn what_we_sign_is_verified_by_another_library() {
    if !BOTOCORE.found() {
        return;
    }
    let mut random = Random::new(17, 3);
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..200 {
        let key = key(&mut random);
        let signer = cloudfront_signer(key);
        let url = random.pick(&URLS);
        let is_canned = random.percent(40) && !url.contains('*');
        let resource = if is_canned { url } else { random.pick(&RESOURCES) };
        let draft = if is_canned { signer.url(url) } else { signer.policy(resource) };
        let mut draft = draft.expires_at(UnixSeconds::new(NOW + 60));
        let mut condition = json!({ "DateLessThan": { "AWS:EpochTime": NOW + 60 } });
        if random.percent(30) {
            draft = draft.starts_after(UnixSeconds::new(NOW - 5));
            condition["DateGreaterThan"] = json!({ "AWS:EpochTime": NOW - 5 });
        }
        if random.percent(30) {
            draft = draft.client([192, 0, 2, 1].into());
            condition["IpAddress"] = json!({ "AWS:SourceIp": "192.0.2.1/32" });
        }
        let signed = draft.sign().unwrap().url(url);
        let policy = json!({ "Statement": [{ "Resource": resource, "Condition": condition }] });
        jobs.push(json!({ "verify": signed, "key": text(key.public()), "resource": resource }));
        expected.push(json!({ "policy": policy, "key_pair_id": key.kid() }));
    }
    // So that it is known to refuse.
    let job =
        |key: TestKey| json!({ "verify": jobs[0]["verify"], "key": text(key.public()), "resource": "x" });
    jobs.extend([job(TestKey::RsaOther), job(TestKey::P256Other)]);
    let answers = answers(&BOTOCORE, &jobs);
    for ((job, answer), expected) in jobs.iter().zip(&answers).zip(&expected) {
        assert_eq!(answer, expected, "{job}");
    }
    assert!(answers[200..].iter().all(|answer| answer["error"].is_string()), "{:?}", &answers[200..]);
}
