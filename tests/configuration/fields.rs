//! Every field of the configuration file means what the builder method of its name says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use playgate::config::SCHEMA;
use playgate::cors::Cors;
use playgate::crypto::{LinkHash, MacHash, SignatureHash};
use playgate::error::Code;
use playgate::keys::danger::{Danger, any_scope};
use playgate::keys::{BrokenFiles, KeySource};
use playgate::rate::FailedSignatures;
use playgate::rate::Rate;
use playgate::schemes::Carrier;
use playgate::schemes::Scheme;
use playgate::schemes::akamai::{Akamai, AkamaiCarrier, UrlEscaping};
use playgate::schemes::cloudfront::{CloudFront, CloudFrontCarrier, Protocol, Wildcards};
use playgate::schemes::embed::{Embed, Lifetime, OriginsOn};
use playgate::schemes::link::{Covers, IpBinding, LinkEncoding, SecureLink};
use playgate::scope::PrefixRule;
use playgate::site::{CacheScope, ExplainHeader, Forward, GrantFact, Outside, PolicyBuilder, UnknownHost};
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Key, KeyScope, Policy, Site, Verifier, site};
use serde_json::Value;
use tempfile::TempDir;

const PUBLIC: &str = include_str!("../support/keys/p256.test.pub.pem");
const SECRET: &[u8] = b"a test secret of thirty-two bytes";
const LINK: &str = "of links";
const HEX: &str = "ffeeddccbbaa99887766554433221100";

fn vod() -> Site {
    Site::bucket("vod").host("cdn.example.com")
}

/// A source in code, of files in this folder.
type Source<'s> = Box<dyn Fn(&Path) -> KeySource + 's>;

/// A folder with the key files that rows name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    fs::write(folder.path().join("keys/k1.pem"), PUBLIC).unwrap();
    fs::write(folder.path().join("secret"), SECRET).unwrap();
    fs::write(folder.path().join("link"), format!("{LINK}\n")).unwrap();
    fs::write(folder.path().join("hex"), format!("{HEX}\n")).unwrap();
    let secret = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(SECRET);
    let jwks = format!(r#"{{"keys":[{{"kty":"oct","kid":"k1","alg":"HS256","k":"{secret}"}}]}}"#);
    fs::write(folder.path().join("jwks.json"), jwks).unwrap();
    folder
}

fn from_file(folder: &Path, text: &str) -> Verifier {
    let file = folder.join("playgate.toml");
    fs::write(&file, text).unwrap();
    Verifier::from_file(&file).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

fn policy_of(text: &str) -> String {
    format!("{:?}", from_file(folder().path(), text).snapshot().policy())
}

/// All that a source says of a key.
fn essence(key: &Key) -> String {
    format!(
        "{} {} {:?} {:?} {:?} {:?}",
        key.identity(),
        key.algorithm(),
        key.retires(),
        key.fresh_until().map(|until| until.get() - key.loaded_at().get()),
        key.dangers(),
        key.source()
    )
}

/// The fields that the schema knows at a place.
fn fields_of(place: &str) -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let fields = schema.pointer(&format!("{place}/properties")).unwrap().as_object().unwrap();
    fields.keys().cloned().collect()
}

fn built(builder: PolicyBuilder) -> String {
    format!("{:?}", builder.build().unwrap())
}

#[test]
#[expect(clippy::large_stack_arrays, clippy::too_many_lines, reason = "one row for each field")]
fn every_field_of_a_site_is_its_builder_method() {
    let origins = ["https://app.example.com"];
    let cors = || Cors::without_credentials(origins);
    let mut said = BTreeSet::from(["hosts".to_owned(), "serves".to_owned()]);
    for (field, value, site) in [
        ("id", r#""main""#, vod().id("main")),
        ("base_path", r#""/media/""#, vod().base_path("/media/")),
        ("access", r#""public""#, vod().public()),
        ("access", r#""authenticated""#, vod()),
        ("public_paths", r#"["posters/", "a.jpg"]"#, vod().public_paths(["posters/", "a.jpg"])),
        ("methods", r#"["GET", "POST"]"#, vod().methods(["GET", "POST"])),
        ("require_https", "true", vod().require_https(true)),
        ("require_https", "false", vod()),
        ("accepts", r#"["signed-token"]"#, vod()),
        (
            "accepts",
            r#"["secure-link"]
                secure_link = { preset = "gcore", secret_file = "link" }"#,
            vod().secure_link(SecureLink::gcore(LINK)).accepts([Scheme::SecureLink]),
        ),
        (
            "accepts",
            r#"["secure-link", "signed-token"]
                secure_link = { preset = "gcore", secret_file = "link" }"#,
            vod().secure_link(SecureLink::gcore(LINK)),
        ),
        (
            "secure_link",
            r#"{ preset = "gcore", secret_file = "link" }"#,
            vod().secure_link(SecureLink::gcore(LINK)),
        ),
        ("akamai", r#"{ secret_file = "hex" }"#, vod().akamai(Akamai::new(HEX))),
        (
            "akamai",
            r#"{ secret_env = "PLAYGATE_TEST_HEX_KEY", names = ["a", "b"], carriers = ["header"], hash = "sha1",
                salt = "s", ignore_query = true, url_escaping = ["cloudinary"] }"#,
            vod().akamai(
                Akamai::new(env!("PLAYGATE_TEST_HEX_KEY"))
                    .names(["a", "b"])
                    .carriers([AkamaiCarrier::Header])
                    .hash(MacHash::Sha1)
                    .salt("s")
                    .ignore_query(true)
                    .url_escaping([UrlEscaping::Cloudinary]),
            ),
        ),
        ("cloudfront", "{}", vod().cloudfront(CloudFront::new())),
        (
            "cloudfront",
            r#"{ carriers = ["cookie"], hashes = ["sha256"], protocol = "http", domain = "media.example.com:8443",
                wildcards = "anywhere", require_resource = true }"#,
            vod().cloudfront(
                CloudFront::new()
                    .carriers([CloudFrontCarrier::Cookie])
                    .hashes([SignatureHash::Sha256])
                    .protocol(Protocol::Http)
                    .domain("media.example.com:8443")
                    .wildcards(Wildcards::Anywhere)
                    .require_resource(true),
            ),
        ),
        (
            "cloudfront",
            r#"{ protocol = "https" }"#,
            vod().cloudfront(CloudFront::new().protocol(Protocol::Https)),
        ),
        ("cloudfront", "{ require_resource = false }", vod().cloudfront(CloudFront::new())),
        (
            "accepts",
            r#"["cloudfront"]
            cloudfront = {}"#,
            vod().cloudfront(CloudFront::new()).accepts([Scheme::CloudFront]),
        ),
        ("accepts", r#"["embed-token"]"#, vod().embed(Embed::new()).accepts([Scheme::EmbedToken])),
        ("embed", "{}", vod().embed(Embed::new())),
        (
            "embed",
            r#"{ path = "/embed/{token}/", scope = "v/{video}/", realm = "r", origins_on = "all",
                allow_missing_origin = true, lifetime = "1h", lifetimes = { intro = "never" } }"#,
            vod().embed(
                Embed::new()
                    .path("/embed/{token}/")
                    .scope("v/{video}/")
                    .realm("r")
                    .origins_on(OriginsOn::Everything)
                    .allow_missing_origin(true)
                    .lifetime(Duration::from_hours(1))
                    .lifetime_of("intro", Lifetime::Never),
            ),
        ),
        ("forward", r#""auto""#, vod()),
        ("forward", "false", vod().forward(Forward::off())),
        ("forward", r#"{ only_keys = ["a"] }"#, vod().forward(Forward::only_keys(["a"]))),
        ("carriers", r#"["bearer"]"#, vod().carriers([Carrier::Bearer])),
        ("carriers", r#"["query", "cookie"]"#, vod()),
        ("query_name", r#""token""#, vod().query_name("token")),
        ("cookie_name", r#""session""#, vod().cookie_name("session")),
        ("max_token_bytes", "2000", vod().max_token_bytes(2000)),
        ("prefix", r#""bytes""#, vod().prefix(PrefixRule::Bytes)),
        ("prefix", r#""segments""#, vod()),
        ("whole_bucket", "false", vod().whole_bucket(false)),
        ("require_exp", "true", vod().require_exp(true)),
        ("max_lifetime", "3600", vod().max_lifetime(Duration::from_hours(1))),
        ("max_lifetime", r#""1h 30min""#, vod().max_lifetime(Duration::from_mins(90))),
        ("issuer", r#""us""#, vod().issuer("us")),
        ("audience", r#""cdn""#, vod().audience("cdn")),
        ("leeway", "30", vod().leeway(Leeway::from_secs(30).unwrap())),
        ("leeway", r#""1m""#, vod().leeway(Leeway::from_secs(60).unwrap())),
        ("cache", r#""inner""#, vod().cache(CacheScope::Inner)),
        ("strip_credentials", "true", vod().strip_credentials(true)),
        ("grant_extension", "true", vod().grant_extension(true)),
        ("danger", "{ enforce = false }", vod().danger(site::danger::Danger { enforce: false })),
        ("danger", "{ enforce = true }", vod()),
        ("danger", "{}", vod().danger(site::danger::Danger::NONE)),
        ("shadow_header", "\"X-Gate-Verdict\"", vod().shadow_header("X-Gate-Verdict")),
        ("identity_headers", r#"{ x-viewer = "sub" }"#, vod().identity_header("x-viewer", "sub")),
        (
            "identity_headers",
            r#"{ x-kid = { grant = "kid" }, x-until = { grant = "expires_at" }, x-internal = false }"#,
            vod()
                .identity_header("x-kid", GrantFact::Kid)
                .identity_header("x-until", GrantFact::ExpiresAt)
                .remove_header("x-internal"),
        ),
        ("answers", "{ expired = 410 }", vod().answer(Code::Expired, 410)),
        ("cors", r#"{ origins = ["https://app.example.com"] }"#, vod().cors(cors())),
        (
            "cors",
            r#"{ origins = ["https://app.example.com"], credentials = true }"#,
            vod().cors(Cors::with_credentials(origins)),
        ),
        (
            "cors",
            r#"{ origins = ["https://app.example.com"], methods = ["GET", "PUT"], headers = ["x-a"],
                expose = ["x-b"], max_age = "10m" }"#,
            vod().cors(
                cors()
                    .methods(["GET", "PUT"])
                    .headers(["x-a"])
                    .expose(["x-b"])
                    .max_age(Duration::from_mins(10)),
            ),
        ),
    ] {
        // TOML wants an inline table on one line.
        let value = value.replace("]\n", "]\r").replace('\n', " ").replace('\r', "\n");
        let text = format!(
            "version = 1\noutside = \"refuse\"\ntrusted_proxies = [\"127.0.0.1\"]\n[[site]]\nhosts = [\"cdn.example.com\"]\nserves = {{ bucket = \"vod\" }}\n{field} = {value}\n"
        );
        let code = Policy::builder().outside(Outside::Refuse).trusted_proxies(["127.0.0.1"]).site(site);
        assert_eq!(policy_of(&text), built(code), "{field} = {value}");
        said.insert(field.to_owned());
    }
    assert_eq!(said, fields_of("/$defs/site"), "every field has a row");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row for each field")]
fn every_field_of_a_secure_link_is_its_builder_method() {
    let nginx = |text: &str| SecureLink::nginx(text, LINK);
    let custom = |hash| SecureLink::custom("{path}{expires}{secret}", hash, LINK);
    let keyed = || SecureLink::custom("{path}{expires}", LinkHash::HmacSha256, SECRET);
    let ip = |text: &str| IpBinding::EXACT.parse(text).unwrap();
    let file = "secret_file = \"link\"\n";
    let of_nginx = "preset = \"nginx\"\nsecret_file = \"link\"\nexpression = \"{path}{expires}{secret}\"\n";
    let of_custom = "preset = \"custom\"\nsecret_file = \"link\"\nexpression = \"{path}{expires}{secret}\"\n";
    let mut said = BTreeSet::new();
    for (field, text, link) in [
        ("preset secret_file", format!("{file}preset = \"gcore\""), SecureLink::gcore(LINK)),
        ("preset", format!("{file}preset = \"gcore_video\""), SecureLink::gcore_video(LINK)),
        ("preset", format!("{file}preset = \"gcore_mp4\""), SecureLink::gcore_mp4(LINK)),
        ("preset expression", of_nginx.to_owned(), nginx("{path}{expires}{secret}")),
        (
            "expression",
            format!("{file}preset = \"nginx\"\nexpression = \"{{expires}}{{dir}}{{query:v}} {{secret}}\""),
            nginx("{expires}{dir}{query:v} {secret}"),
        ),
        (
            "secret_file",
            "preset = \"gcore\"\nsecret_file = [\"link\", \"secret\"]".to_owned(),
            SecureLink::gcore(LINK).also(SECRET),
        ),
        (
            "secret_env",
            "preset = \"gcore\"\nsecret_env = \"CARGO_PKG_NAME\"".to_owned(),
            SecureLink::gcore(env!("CARGO_PKG_NAME")),
        ),
        (
            "secret_env",
            "preset = \"gcore\"\nsecret_env = [\"CARGO_PKG_NAME\", \"CARGO_PKG_DESCRIPTION\"]".to_owned(),
            SecureLink::gcore(env!("CARGO_PKG_NAME")).also(env!("CARGO_PKG_DESCRIPTION")),
        ),
        (
            "covers",
            format!("{file}preset = \"gcore\"\ncovers = \"file\""),
            SecureLink::gcore(LINK).covers(Covers::File),
        ),
        (
            "covers",
            format!("{file}preset = \"gcore\"\ncovers = \"directory\""),
            SecureLink::gcore(LINK).covers(Covers::Directory),
        ),
        (
            "covers",
            format!("{file}preset = \"gcore\"\ncovers = \"either\""),
            SecureLink::gcore(LINK).covers(Covers::Either),
        ),
        (
            "ip_binding",
            format!("{file}preset = \"gcore\"\nip_binding = \"exact\""),
            SecureLink::gcore(LINK).ip_binding(IpBinding::EXACT),
        ),
        (
            "ip_binding",
            format!("{file}preset = \"gcore\"\nip_binding = \"/24\""),
            SecureLink::gcore(LINK).ip_binding(ip("/24")),
        ),
        (
            "ip_binding",
            format!("{file}preset = \"gcore\"\nip_binding = [\"/16\", \"/48\"]"),
            SecureLink::gcore(LINK).ip_binding(IpBinding::EXACT.v4(16).unwrap().v6(48).unwrap()),
        ),
        ("hash", format!("{of_custom}hash = \"md5\""), custom(LinkHash::Md5)),
        ("hash", format!("{of_custom}hash = \"sha256\""), custom(LinkHash::Sha256)),
        (
            "hash",
            "preset = \"custom\"\nsecret_file = \"secret\"\nexpression = \"{path}{expires}\"\nhash = \"hmac-sha256\""
                .to_owned(),
            keyed(),
        ),
        (
            "encoding",
            format!("{of_custom}hash = \"sha256\"\nencoding = \"hex\""),
            custom(LinkHash::Sha256).encoding(LinkEncoding::Hex),
        ),
        (
            "encoding",
            format!("{of_custom}hash = \"sha256\"\nencoding = \"base64url\""),
            custom(LinkHash::Sha256),
        ),
        (
            "hash_name",
            format!("{of_nginx}hash_name = \"st\""),
            nginx("{path}{expires}{secret}").hash_name("st"),
        ),
        (
            "expires_name",
            format!("{of_nginx}expires_name = \"e\""),
            nginx("{path}{expires}{secret}").expires_name("e"),
        ),
        (
            "never_expires",
            format!("{file}preset = \"nginx\"\nexpression = \"{{path}}{{secret}}\"\nnever_expires = true"),
            nginx("{path}{secret}").never_expires(true),
        ),
        ("never_expires", format!("{of_nginx}never_expires = false"), nginx("{path}{expires}{secret}")),
    ] {
        let text = format!(
            "version = 1\n[[site]]\nhosts = [\"cdn.example.com\"]\nserves = {{ bucket = \"vod\" }}\n[site.secure_link]\n{text}\n"
        );
        let (file, code) = (policy_of(&text), built(Policy::builder().site(vod().secure_link(link))));
        assert_eq!(file, code, "{text}");
        assert!(!file.contains(LINK), "{file}");
        said.extend(field.split(' ').map(str::to_owned));
    }
    assert_eq!(said, fields_of("/$defs/secure_link"), "every field has a row");
}

#[test]
fn every_field_of_forward_is_its_builder_method() {
    let mut said = BTreeSet::new();
    for (field, value, forward) in [
        ("only_keys", r#"["md5", "expires"]"#, Forward::only_keys(["md5", "expires"])),
        ("except_keys", r#"["utm"]"#, Forward::except_keys(["utm"])),
        ("except_keys", "[]", Forward::except_keys(Vec::<String>::new())),
        ("from", r#"["mpd", "M3U8"]"#, Forward::auto().from(["mpd", "M3U8"])),
        ("to", r#"["ts", "m4s"]"#, Forward::auto().to(["ts", "m4s"])),
        ("hosts", r#"["segments.example.com"]"#, Forward::auto().hosts(["segments.example.com"])),
        ("hosts", "[]", Forward::auto()),
        ("max_mpd", "65536", Forward::auto().max_mpd(65_536)),
    ] {
        let text = format!(
            "version = 1\n[[site]]\nhosts = [\"cdn.example.com\"]\nserves = {{ bucket = \"vod\" }}\n[site.forward]\n{field} = {value}\n"
        );
        assert_eq!(policy_of(&text), built(Policy::builder().site(vod().forward(forward))), "{text}");
        said.insert(field.to_owned());
    }
    assert_eq!(said, fields_of("/$defs/forward_table"), "every field has a row");
}

#[test]
fn what_a_site_serves_is_its_constructor() {
    for (hosts, serves, site) in [
        ("cdn.example.com", r#"{ bucket = "vod" }"#, vod()),
        (
            "{bucket}.media.example.com",
            r#"{ bucket = "{bucket}" }"#,
            Site::bucket("{bucket}").host("{bucket}.media.example.com"),
        ),
        ("*", r#"{ live = "path" }"#, Site::live_by_path().any_host()),
        (
            "play-{playback_id}.example.com",
            r#"{ live = "host" }"#,
            Site::live_by_host().host("play-{playback_id}.example.com"),
        ),
    ] {
        let text = format!("version = 1\n[[site]]\nhosts = [\"{hosts}\"]\nserves = {serves}\n");
        assert_eq!(policy_of(&text), built(Policy::builder().site(site)), "{serves}");
    }
}

#[test]
fn every_field_of_the_file_is_its_builder_method() {
    let builder = || Policy::builder().site(vod());
    let rate = |requests, seconds| Rate::new(requests, Duration::from_secs(seconds)).unwrap();
    let site = "[[site]]\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\n";
    let mut said = BTreeSet::from(["version", "site", "keys"].map(str::to_owned));
    for (field, text, policy) in [
        ("unknown_host", "unknown_host = \"pass\"\n", builder().unknown_host(UnknownHost::Pass)),
        ("unknown_host", "unknown_host = \"refuse\"\n", builder()),
        ("outside", "outside = \"refuse\"\n", builder().outside(Outside::Refuse)),
        ("outside", "outside = \"pass\"\n", builder().outside(Outside::Pass)),
        (
            "outside",
            "outside = { pass = [\"CDN.example.com.\"] }\n",
            builder().outside(Outside::pass_hosts(["cdn.example.com"])),
        ),
        ("expose_reason", "expose_reason = false\n", builder().expose_reason(false)),
        ("token_cache", "token_cache = 0\n", builder().token_cache(0)),
        ("token_cache", "token_cache = 1000\n", builder().token_cache(1000)),
        (
            "failed_signatures",
            "failed_signatures = { per_client = { requests = 60, within = 60 } }\n",
            builder().failed_signatures(FailedSignatures::unlimited().per_client(rate(60, 60))),
        ),
        (
            "failed_signatures",
            "[failed_signatures]\nper_key = { within = \"2h\", requests = 1000 }\n",
            builder().failed_signatures(FailedSignatures::default().per_key(rate(1000, 7200))),
        ),
        (
            "failed_signatures",
            "failed_signatures = { per_client = \"unlimited\" }\n",
            builder().failed_signatures(FailedSignatures::unlimited()),
        ),
        (
            "failed_signatures",
            "[failed_signatures]\n[failed_signatures.per_client]\nrequests = 1\nwithin = 2\n\
             [failed_signatures.per_key]\nrequests = 3\nwithin = 4\n",
            builder()
                .failed_signatures(FailedSignatures::unlimited().per_client(rate(1, 2)).per_key(rate(3, 4))),
        ),
        ("log", "[log]\ndenials_per_second = 0\n", builder().denials_per_second(0)),
        (
            "log",
            "log = { denials_per_second = 7, code_header = true }\n",
            builder().denials_per_second(7).code_header(true),
        ),
        (
            "explain",
            "[explain]\ntokens = true\n",
            builder().explain_header(ExplainHeader::new().tokens(true)),
        ),
        (
            "explain",
            "explain = { clients = [\"203.0.113.0/24\", \"::1\"] }\n",
            builder().explain_header(ExplainHeader::new().clients(["203.0.113.0/24", "::1"])),
        ),
        (
            "trusted_proxies",
            "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
            builder().trusted_proxies(["10.0.0.0/8", "::1"]),
        ),
        ("stream", "[[stream]]\nid = \"s\"\nplayback_id = \"p\"\n", builder().stream("s", "p")),
    ] {
        assert_eq!(policy_of(&format!("version = 1\n{text}{site}")), built(policy), "{text}");
        said.insert(field.to_owned());
    }
    assert_eq!(said, fields_of(""), "every field has a row");
}

#[test]
fn every_field_of_a_key_source_is_its_builder_method() {
    let bucket = || KeyScope::bucket("vod");
    let dates = Danger { digit_string_dates: true, ..Danger::NONE };
    let jti = Danger { kid_from_jti: true, ..Danger::NONE };
    let last = UnixSeconds::new(1_801_353_600);
    let mut said = BTreeSet::new();
    let place = "dir = \"keys\"\nscope = { bucket = \"vod\" }\n";
    let dir = |folder: &Path| KeySource::dir(folder.join("keys"), bucket());
    let any = |folder: &Path| KeySource::dir(folder.join("keys"), any_scope());
    let rows: Vec<(&str, String, Source<'_>)> = vec![
        ("dir scope", place.to_owned(), Box::new(dir)),
        (
            "file",
            "file = \"keys/k1.pem\"\nscope = { bucket = \"vod\" }".to_owned(),
            Box::new(|folder| KeySource::file(folder.join("keys/k1.pem"), bucket())),
        ),
        (
            "jwks",
            "jwks = \"jwks.json\"\nscope = { stream = \"st\" }".to_owned(),
            Box::new(|folder| KeySource::jwks(folder.join("jwks.json"), KeyScope::stream("st"))),
        ),
        (
            "pem kid",
            format!("pem = \"\"\"{PUBLIC}\"\"\"\nkid = \"k1\"\nscope = {{ bucket = \"vod\" }}"),
            Box::new(|_| KeySource::pem("k1", PUBLIC, bucket())),
        ),
        (
            "secret_file",
            "secret_file = \"secret\"\nkid = \"k1\"\nscope = { site = \"cdn.example.com\" }".to_owned(),
            Box::new(|folder| {
                KeySource::secret_file(folder.join("secret"), KeyScope::site("cdn.example.com")).kid("k1")
            }),
        ),
        (
            "issuer",
            format!("{place}issuer = \"https://id.example\""),
            Box::new(|folder| dir(folder).issuer("https://id.example")),
        ),
        ("algorithm", format!("{place}algorithm = \"ES256\""), Box::new(dir)),
        (
            "not_after",
            format!("{place}not_after = 2027-01-31T00:00:00Z"),
            Box::new(|folder| dir(folder).not_after(last)),
        ),
        (
            "not_after",
            format!("{place}not_after = 1801353600"),
            Box::new(|folder| dir(folder).not_after(last)),
        ),
        (
            "not_after",
            format!("{place}not_after = \"2027-01-31T00:00:00Z\""),
            Box::new(|folder| dir(folder).not_after(last)),
        ),
        (
            "max_staleness",
            format!("{place}max_staleness = \"1day\""),
            Box::new(|folder| dir(folder).max_staleness(Duration::from_hours(24))),
        ),
        (
            "max_staleness",
            format!("{place}max_staleness = 86400"),
            Box::new(|folder| dir(folder).max_staleness(Duration::from_hours(24))),
        ),
        (
            "broken_files",
            format!("{place}broken_files = \"skip\""),
            Box::new(|folder| dir(folder).broken_files(BrokenFiles::Skip)),
        ),
        (
            "danger",
            format!("{place}danger = {{ digit_string_dates = true }}"),
            Box::new(|folder| dir(folder).danger(dates)),
        ),
        (
            "danger",
            format!("{place}danger = {{ kid_from_jti = true }}"),
            Box::new(|folder| dir(folder).danger(jti)),
        ),
        ("danger", "dir = \"keys\"\ndanger = { scope = \"any\" }".to_owned(), Box::new(any)),
        ("danger", "dir = \"keys\"\n[keys.danger]\nscope = \"any\"".to_owned(), Box::new(any)),
    ];
    for (fields, text, source) in rows {
        let folder = folder();
        let site = "[[site]]\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\n";
        let file = from_file(folder.path(), &format!("version = 1\n{site}[[keys]]\n{text}\n"));
        let code = Verifier::builder().site(vod()).key_source(source(folder.path())).build().unwrap();
        let told =
            |verifier: &Verifier| -> Vec<String> { verifier.keys().snapshot().iter().map(essence).collect() };
        assert_eq!(told(&file), told(&code), "{text}");
        assert_eq!(told(&file).len(), 1, "{text}");
        said.extend(fields.split(' ').map(str::to_owned));
    }
    said.insert("secret_env".to_owned()); // key_sources.rs: the environment belongs to the whole process
    assert_eq!(said, fields_of("/$defs/keys"), "every field has a row");
}
