//! Settings that are refused: each error names what was found and what to write, and all come at once.

use std::time::Duration;

use playgate::cors::Cors;
use playgate::crypto::LinkHash;
use playgate::error::Code;
use playgate::schemes::Carrier;
use playgate::schemes::Scheme;
use playgate::schemes::embed::Embed;
use playgate::schemes::link::SecureLink;
use playgate::site::{Forward, Outside, PolicyBuilder};
use playgate::{ConfigErrors, Key, KeyScope, Policy, Site, Verifier};

fn bucket() -> Site {
    Site::bucket("courses").host("cdn.example.com")
}

fn errors(sites: impl IntoIterator<Item = Site>) -> Vec<String> {
    let builder = Policy::builder().outside(Outside::Refuse);
    let builder = sites.into_iter().fold(builder, PolicyBuilder::site);
    builder.build().map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn every_setting_that_means_nothing_is_refused_with_its_remedy() {
    for (name, site, found, remedy) in vec![
        ("no host", Site::bucket("courses"), "has no host", "\"*\" for any"),
        ("a scheme", Site::bucket("c").host("https://cdn.example.com/x"), "has a scheme", "cdn.example.com"),
        ("a port", Site::bucket("c").host("cdn.example.com:443"), "has a port", "write cdn.example.com"),
        ("a path", Site::bucket("c").host("cdn.example.com/media"), "has a path", "base path"),
        ("two lines and a port", Site::bucket("c").host("a\nb:443"), "has a port", "write cdn.example.com"),
        (
            "two lines and a scheme",
            Site::bucket("c").host("http://a\nb"),
            "has a scheme",
            "write cdn.example.com",
        ),
        (
            "two lines and a path",
            Site::bucket("c").host("a\nb/c"),
            "has a path",
            "write cdn.example.com, and",
        ),
        ("a star label", Site::bucket("c").host("*.example.com"), "has a star", "{bucket}"),
        ("no host name", Site::bucket("c").host("cdn example"), "is not a host name", "cdn.example.com"),
        ("an unknown name", Site::bucket("c").host("{x}.example.com"), "{playback_id}", "play-"),
        ("a name in braces", Site::bucket("{bucket}-cold").host("{bucket}.a.example"), "braces", "{bucket}"),
        ("an empty host", Site::bucket("c").host(""), "is not a host name", "cdn.example.com"),
        ("no bucket name", Site::bucket("").host("a.example"), "bucket without a name", "bucket's name"),
        (
            "bucket not in the host",
            Site::bucket("{bucket}").host("a.example"),
            "no {bucket}",
            "{bucket}.media",
        ),
        ("playback ID not in the host", Site::live_by_host().host("a.example"), "no {playback_id}", "play-{"),
        (
            "base path without slashes",
            bucket().base_path("media"),
            "does not start with a slash",
            "\"/media/\"",
        ),
        (
            "base path without an end",
            bucket().base_path("/media"),
            "does not end with a slash",
            "\"/media/\"",
        ),
        ("no base path", bucket().base_path(""), "is empty", "write \"/\""),
        (
            "the path as a carrier",
            bucket().carriers([Carrier::Path, Carrier::Query]),
            "lists the path",
            "query, bearer or cookie",
        ),
        (
            "a parameter of links and of embed tokens",
            bucket()
                .embed(Embed::new())
                .secure_link(SecureLink::custom("{path} {expires}", LinkHash::HmacSha256, &[7; 32]))
                .accepts([Scheme::EmbedToken, Scheme::SecureLink])
                .query_name("hash"),
            "two kinds of credential",
            "another query_name",
        ),
        ("no scheme", bucket().accepts([]), "accepts no credential", "or access = \"public\""),
        (
            "a scheme without its settings",
            bucket().accepts([Scheme::SecureLink]),
            "lists secure-link in accepts but has no settings for it",
            "its preset and secret",
        ),
        (
            "settings of a scheme that is not accepted",
            bucket().embed(Embed::new()).accepts([Scheme::SignedToken]),
            "has an embed section but does not list embed-token in accepts",
            "\"embed-token\"",
        ),
        ("base path with a star", bucket().base_path("/media/*"), "has a star", "write \"/media/\""),
        ("base path with dots", bucket().base_path("/a/../b/"), "not in its normal form", "\"/media/\""),
        ("base path encoded", bucket().base_path("/caf%C3%A9/"), "not in its normal form", "\"/media/\""),
        (
            "public path with a slash",
            bucket().public_paths(["/posters/"]),
            "starts with a slash",
            "folder that ends",
        ),
        ("empty public path", bucket().public_paths([""]), "is empty", "a public site"),
        ("no carrier", bucket().carriers([]), "has no carrier", "query, cookie, bearer"),
        ("query name", bucket().query_name("a&b"), "query parameter \"a&b\"", "letters"),
        ("cookie name", bucket().cookie_name("a=b"), "cookie \"a=b\"", "letters"),
        ("no token bytes", bucket().max_token_bytes(0), "max_token_bytes 0", "1 to 8192"),
        ("too many token bytes", bucket().max_token_bytes(8193), "max_token_bytes 8193", "1 to 8192"),
        ("a short MPD", bucket().forward(Forward::auto().max_mpd(1023)), "max_mpd 1023", "1024 to 16777216"),
        ("a long MPD", bucket().forward(Forward::auto().max_mpd(usize::MAX)), "max_mpd 1844", "1024 to"),
        ("no lifetime", bucket().max_lifetime(Duration::ZERO), "max_lifetime", "1 second"),
        ("empty issuer", bucket().issuer(""), "empty issuer", "leave it out"),
        ("identity header", bucket().identity_header("content-length", "sub"), "content-length", "x-viewer"),
        ("no method", bucket().methods(Vec::<String>::new()), "allows no method", "GET"),
        ("a method that is none", bucket().methods(["GET "]), "\"GET \"", "letters"),
        ("a status that grants", bucket().answer(Code::Expired, 200), "status 200 for expired", "400 to 599"),
        ("an id that is empty", bucket().id(""), "empty id", "a name"),
        ("no origin", bucket().cors(Cors::with_credentials(Vec::<String>::new())), "no origin", "write one"),
        ("star with credentials", bucket().cors(Cors::with_credentials(["*"])), "credentials", "by name"),
        (
            "slashed origin",
            bucket().cors(Cors::with_credentials(["https://a.example/"])),
            "ends in a slash",
            "\"https://a.example\"",
        ),
        (
            "header name",
            bucket().cors(Cors::with_credentials(["https://a.example"]).headers(["a b"])),
            "\"a b\"",
            "letters",
        ),
    ] {
        let errors = errors([site]);
        assert_eq!(errors.len(), 1, "{name}: {errors:?}");
        assert!(errors[0].contains(found) && errors[0].contains(remedy), "{name}: {}", errors[0]);
    }
}

#[test]
fn sites_that_contradict_each_other_are_refused() {
    let same_id = errors([bucket(), Site::bucket("other").id("cdn.example.com").host("b.example")]);
    assert!(same_id[0].contains("two sites have the id"), "{same_id:?}");

    let same_place = errors([bucket(), Site::bucket("other").id("b").host("CDN.example.com.")]);
    assert!(same_place[0].contains("both have host"), "{same_place:?}");

    let same_pattern = errors([
        Site::live_by_host().host("play-{playback_id}.example.com"),
        Site::bucket("b").id("b").host("play-{region}.example.com"),
    ]);
    assert_eq!(same_pattern.len(), 1, "{same_pattern:?}");

    let tie = errors([
        Site::bucket("{bucket}").host("{bucket}.a.example.com"),
        Site::bucket("open").host("x.{region}.example.com").public(),
    ]);
    assert!(tie.len() == 1 && tie[0].contains("equally specific"), "{tie:?}");
    let more_literal = errors([
        Site::bucket("{bucket}").host("{bucket}.media.example.com"),
        Site::bucket("open").host("open-{region}.media.example.com"),
    ]);
    assert!(more_literal.is_empty(), "{more_literal:?}");

    assert!(
        errors([bucket(), Site::bucket("other").id("b").host("cdn.example.com").base_path("/b/")]).is_empty()
    );
    assert!(errors([])[0].contains("no site"));
}

#[test]
fn a_stream_has_one_playback_id_and_shares_it_with_none() {
    for (streams, found) in [
        (&[("a", "p"), ("a", "q")][..], "\"a\" is listed twice"),
        (&[("a", "p"), ("b", "p")], "\"b\" has the playback ID of another"),
        (&[("a", "p/q")], "with a slash"),
    ] {
        let site = Policy::builder().site(Site::live_by_path().host("live.example.com"));
        let builder = streams.iter().fold(site, |builder, (id, playback)| builder.stream(*id, *playback));
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
    }
}

#[test]
fn a_key_for_a_site_that_is_none_is_refused() {
    let key = Key::from_secret("k1", &[7; 32], KeyScope::site("cdn.exmaple.com")).unwrap();
    let error = Verifier::builder().site(bucket()).key(key).build().unwrap_err().to_string();
    assert_eq!(
        error,
        "key \"k1\" is for site \"cdn.exmaple.com\", but no site has that id: use one of cdn.example.com"
    );
}

#[test]
fn a_site_whose_id_has_two_lines_is_named_on_one() {
    let key = Key::from_secret("k1", &[7; 32], KeyScope::site("none")).unwrap();
    let error = Verifier::builder().site(bucket().id("a\nb")).key(key).build().unwrap_err().to_string();
    assert!(error.ends_with("use one of a\\nb"), "{error}");
}

#[test]
fn a_key_for_no_site_is_told_the_first_ten_and_how_many_there_are_besides() {
    let builder = (10..22).fold(Verifier::builder(), |builder, number| {
        builder.site(Site::bucket("courses").host(format!("s{number}.example")))
    });
    let key = Key::from_secret("k1", &[7; 32], KeyScope::site("none")).unwrap();
    let error = builder.key(key).build().unwrap_err().to_string();
    let ten: Vec<String> = (10..20).map(|number| format!("s{number}.example")).collect();
    assert!(error.ends_with(&format!("use one of {} and 2 more", ten.join(", "))), "{error}");
}

#[test]
fn an_error_reads_the_same_where_main_returns_it() {
    let errors = Verifier::builder().site(bucket().base_path("media")).build().unwrap_err();
    assert_eq!(format!("{errors:?}"), errors.to_string());
    let error = KeyScope::bucket("");
    let error = Key::from_secret("k1", &[7; 32], error).unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn all_errors_are_reported_at_once() {
    let key = || Key::from_secret("k1", &[7; 32], KeyScope::bucket("courses")).unwrap();
    let broken = Verifier::builder()
        .site(Site::bucket("a").host("a.example:80").base_path("media").carriers([
            Carrier::Query,
            Carrier::Bearer,
            Carrier::Cookie,
        ]))
        .site(Site::bucket("b").cors(Cors::with_credentials(["*", "https://b.example/"])))
        .stream("s", "")
        .trusted_proxies(["10.0.0.1/8"])
        .key(key())
        .key(key())
        .build();
    let errors: ConfigErrors = broken.unwrap_err();
    let lines: Vec<String> = errors.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), errors.iter().count());
    for found in [
        "has a port",
        "does not start with a slash",
        "no host",
        "credentials",
        "ends in a slash",
        "stream \"s\"",
        "write 10.0.0.0/8",
        "two keys \"k1\" of bucket courses",
    ] {
        assert!(lines.iter().any(|line| line.contains(found)), "{found}: {lines:#?}");
    }
}
