//! Akamai's own generators, and Cloudinary's: their tokens are decided as they mean them, and ours are theirs byte for byte.

use std::net::IpAddr;

use http::Request;
use playgate::crypto::MacHash;
use playgate::request::PeerAddr;
use playgate::schemes::akamai::{Akamai, AkamaiSigner, UrlEscaping};
use playgate::time::UnixSeconds;
use playgate::{Decision, Verifier};
use serde_json::{Value, json};

use super::{Minter, answers};
use crate::support::{HOST, NOW, Random, vod};

const KEY: &str = "00112233445566778899aabbccddeeff";
const CLIENT: &str = "192.0.2.1";

const GENERATOR: Minter = Minter { name: "", command: &[], probe: &[], header: "", payload: "" };

const PYTHON: Minter = Minter {
    name: "akamai-edgeauth of PyPI",
    command: &["python3", "edgeauth.py"],
    probe: &["python3", "-c", "import akamai.edgeauth"],
    ..GENERATOR
};

const NODE: Minter = Minter {
    name: "akamai-edgeauth of npm",
    command: &["node", "edgeauth.js"],
    probe: &["node", "-e", "require('akamai-edgeauth')"],
    ..GENERATOR
};

const CLOUDINARY: Minter = Minter {
    name: "Cloudinary",
    command: &["python3", "cloudinary_token.py"],
    probe: &["python3", "-c", "import cloudinary"],
    ..GENERATOR
};

/// The token of each job.
fn generate(minter: &Minter, jobs: &[Value]) -> Vec<String> {
    let token = |(answer, job): (&Value, &Value)| {
        answer["token"].as_str().unwrap_or_else(|| panic!("{}: {job} {answer}", minter.name)).to_owned()
    };
    answers(minter, jobs).iter().zip(jobs).map(token).collect()
}

/// The settings of a job's signer.
fn settings(job: &Value) -> Akamai {
    let hash = job["algorithm"].as_str().map_or(MacHash::Sha256, |name| match name {
        "md5" => MacHash::Md5,
        "sha1" => MacHash::Sha1,
        _ => MacHash::Sha256,
    });
    let akamai = Akamai::new(KEY).hash(hash);
    job["salt"].as_str().map_or(akamai.clone(), |salt| akamai.salt(salt))
}

fn verdict(akamai: Akamai, target: &str, token: &str, now: i64) -> String {
    let verifier = Verifier::builder().site(vod().akamai(akamai)).build().unwrap();
    let separator = if target.contains('?') { '&' } else { '?' };
    let peer = PeerAddr((CLIENT.parse::<IpAddr>().unwrap(), 50000).into());
    let request =
        Request::get(format!("{target}{separator}hdnts={token}")).header("host", HOST).extension(peer);
    let request = request.body(()).unwrap();
    match verifier.decide(&request, UnixSeconds::new(now)) {
        Decision::Granted(_) => "granted".to_owned(),
        other => other.denial().unwrap().code().to_string(),
    }
}

/// A job of random fields, without those that Cloudinary does not have if it is `plain`.
fn job(random: &mut Random, plain: bool) -> Value {
    let mut job = json!({ "key": KEY, "expires": NOW + 60 });
    let acls =
        [json!("/videos/*"), json!(["/x", "/videos/1/?.ts"]), json!("/videos/1/a.ts"), json!("*/a.ts")];
    let acl = random.one_of(&acls).clone();
    if random.percent(70) {
        job["acl"] = if plain && acl.is_array() { json!("/videos/*") } else { acl };
    } else {
        job["url"] = json!("/videos/1/a.ts");
    }
    let mut maybe = |name: &str, value: Value| {
        if random.percent(40) {
            job[name] = value;
        }
    };
    maybe("starts", json!(NOW - 5));
    maybe("ip", json!(CLIENT));
    if !plain {
        maybe("id", json!("session-1"));
        maybe("data", json!("a=b!c"));
        maybe("salt", json!("salt"));
        maybe("algorithm", json!("sha1"));
        maybe("algorithm", json!("md5"));
    }
    job
}

/// The same token by our own signer.
fn ours(job: &Value) -> String {
    let signer = AkamaiSigner::new(&settings(job)).unwrap();
    let text = |name: &str| job[name].as_str();
    let mut draft = match (&job["acl"], text("url")) {
        (_, Some(url)) => signer.url(url),
        (Value::Array(entries), _) => signer.acl(entries.iter().map(|entry| entry.as_str().unwrap())),
        (acl, _) => signer.acl(acl.as_str()),
    };
    draft = draft.expires_at(UnixSeconds::new(job["expires"].as_i64().unwrap()));
    if let Some(starts) = job["starts"].as_i64() {
        draft = draft.starts_at(UnixSeconds::new(starts));
    }
    if let Some(ip) = text("ip") {
        draft = draft.client(ip.parse().unwrap());
    }
    if let Some(id) = text("id") {
        draft = draft.id(id);
    }
    if let Some(data) = text("data") {
        draft = draft.data(data);
    }
    draft.sign().unwrap()
}

fn each_token_is_decided_as_meant(minter: &Minter) {
    if !minter.found() {
        return;
    }
    let is_cloudinary = minter.name == CLOUDINARY.name;
    let mut random = Random::new(17, 0);
    let jobs: Vec<Value> = (0..300).map(|_| job(&mut random, is_cloudinary)).collect();
    for (job, token) in jobs.iter().zip(generate(minter, &jobs)) {
        let name = format!("{}: {job} {token}", minter.name);
        let escaping = if is_cloudinary { UrlEscaping::Cloudinary } else { UrlEscaping::None };
        let usual = || settings(job).url_escaping([escaping]);
        if !is_cloudinary {
            assert_eq!(token, ours(job), "{name}");
        }
        let path = "/videos/1/a.ts";
        assert_eq!(verdict(usual(), path, &token, NOW), "granted", "{name}");
        assert_eq!(verdict(usual(), path, &token, NOW + 60), "url_signature_expired", "{name}");
        let covers = if job["url"].is_null() { "url_signature_out_of_scope" } else { "url_signature_bad" };
        assert_eq!(verdict(usual(), "/audio/1/b.ts", &token, NOW), covers, "{name}");
        let early = if job["starts"].is_null() { "granted" } else { "url_signature_not_yet_valid" };
        assert_eq!(verdict(usual(), path, &token, NOW - 6), early, "{name}");
        let other = usual().salt("another salt");
        assert_eq!(verdict(other, path, &token, NOW), "url_signature_bad", "{name}");
    }
}

#[test]
fn tokens_of_akamais_python_are_decided_as_meant_and_ours_are_theirs() {
    each_token_is_decided_as_meant(&PYTHON);
}

#[test]
fn tokens_of_akamais_javascript_are_decided_as_meant_and_ours_are_theirs() {
    each_token_is_decided_as_meant(&NODE);
}

#[test]
fn tokens_of_cloudinary_are_decided_as_meant() {
    each_token_is_decided_as_meant(&CLOUDINARY);
}

/// URLs are escaped as each signer does it. What is not granted is a dialect that no edge has.
#[test]
fn escaped_urls_are_granted_where_signer_and_edge_agree() {
    let urls = ["/videos/1/a.ts", "/a%20b/c-d_e.ts?x=1&y", "/c,w_300/a.jpg", "/a~b", "/caf%C3%A9"];
    let job = |url: &&str| json!({ "key": KEY, "expires": NOW + 60, "url": url, "escape_early": true });
    let jobs: Vec<Value> = urls.iter().map(job).collect();
    for (minter, granted) in [
        // quote_plus leaves ~ alone.
        (&PYTHON, [true, true, true, false, true]),
        // The hexadecimal digits behind %25 stay in upper case, as they are received.
        (&NODE, [true, true, true, true, true]),
    ] {
        if !minter.found() {
            continue;
        }
        for ((url, token), granted) in urls.iter().zip(generate(minter, &jobs)).zip(granted) {
            let expected = if granted { "granted" } else { "url_signature_bad" };
            assert_eq!(verdict(Akamai::new(KEY), url, &token, NOW), expected, "{}: {url}", minter.name);
        }
    }
    if CLOUDINARY.found() {
        // Cloudinary signs what is asked for without its query.
        let urls = ["/videos/1/a.ts", "/c,w_300/a.jpg", "/a b/c.jpg"];
        let jobs: Vec<Value> = urls.iter().map(job).collect();
        for (url, token) in urls.iter().zip(generate(&CLOUDINARY, &jobs)) {
            let akamai = Akamai::new(KEY).url_escaping([UrlEscaping::Cloudinary]);
            assert_eq!(verdict(akamai, &url.replace(' ', "%20"), &token, NOW), "granted", "{url} {token}");
        }
    }
}

/// Python refuses a key with an odd number of digits, and JavaScript drops the last.
#[test]
fn a_key_with_an_odd_digit_is_refused_with_what_javascript_makes_of_it() {
    let odd = &KEY[..31];
    let errors = AkamaiSigner::new(&Akamai::new(odd)).unwrap_err().to_string();
    assert!(errors.contains("without the last one if tokens are made with JavaScript"), "{errors}");
    if NODE.found() {
        let job = json!({ "key": odd, "expires": NOW + 60, "acl": "/*" });
        let token = generate(&NODE, &[job]).remove(0);
        assert_eq!(verdict(Akamai::new(&KEY[..30]), "/a", &token, NOW), "granted");
    }
}
