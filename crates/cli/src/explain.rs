use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Result;
use playgate::explain::{Explanation, Outcome};
use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;

use crate::configuration::{Url, load_sound};
use crate::dates::Moment;
use crate::failure::{no_as_printed, usage};
use crate::input;
use crate::output::{Output, shown};

/// Explains the decision about a URL: each rule with its values and its result, and a remedy for a refusal.
///
/// The command decides the request as an origin with this configuration would. It sends nothing and counts nothing. The output
/// contains the claims of the credential, but not the credential itself.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    /// The URL with scheme and host. With -, the URL is read from standard input, which keeps it out of the shell's history.
    #[arg(value_name = "URL")]
    url: String,
    /// The method.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// A header field of the request, such as "Authorization: Bearer …". The option can be repeated.
    #[arg(long = "header", short = 'H', value_name = "FIELD")]
    headers: Vec<String>,
    /// The cookies of the request, such as name=value; name2=value2.
    #[arg(long, value_name = "COOKIES")]
    cookie: Option<String>,
    /// The address of the connection's peer. If it is a trusted proxy, its forwarding header fields are read.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<IpAddr>,
    /// The time of the request: a date such as 2026-12-01T00:00:00Z, or seconds since 1970. The default is now.
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "playgate.toml")]
    config: PathBuf,
}

const HELP: &str = "\
Examples:
  playgate mint url https://cdn.example.com/videos/1/a.ts --kid shared | playgate explain -
  playgate mint url https://cdn.example.com/a.ts --kid shared | playgate explain - --json

Exit code: 1 if the request is refused.

The command does not see the state of a running origin: embed tokens, revocations and rates.

JSON: the fields of playgate::explain::Explanation: {\"outcome\", \"code\", \"status\", \"reason\", \"site\", \"resource\", \"steps\",
\"credentials\": [{\"scheme\", \"place\", \"fields\", \"keys\", \"steps\": [{\"rule\", \"result\", \"detail\"}]}], \"unused\", \"notes\", \"remedies\"}";

impl Explain {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let text = if self.url == "-" {
            String::from_utf8_lossy(&input::read("-".as_ref())?).trim().to_owned()
        } else {
            self.url
        };
        let mut fields = Vec::new();
        for field in &self.headers {
            let (name, value) = field.split_once(':').ok_or_else(|| {
                usage("a --header has no colon: write one such as \"Authorization: Bearer TOKEN\"")
            })?;
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        fields.extend(self.cookie.map(|cookies| ("cookie".to_owned(), cookies)));
        let url = Url::parse(&text)?;
        let request = Request { url, method: &self.method, fields, client: self.client };
        let verifier = load_sound(&self.config)?;
        let at = self.at.map_or_else(UnixSeconds::now, |Moment(second)| second);
        let explanation = verifier.explain(&request, at);
        out.result(
            || serde_json::to_value(&explanation).unwrap_or_default(),
            |text| write(text, &explanation),
        )?;
        match explanation.outcome {
            Outcome::Denied => Err(no_as_printed()),
            _ => Ok(()),
        }
    }
}

/// Writes an explanation line by line, without control characters.
fn write(out: &mut dyn std::io::Write, explanation: &Explanation) -> std::io::Result<()> {
    explanation.to_string().lines().try_for_each(|line| writeln!(out, "{}", shown(line)))
}

/// The request to explain.
struct Request<'u> {
    url: Url<'u>,
    method: &'u str,
    /// Header fields, with names in lower case.
    fields: Vec<(String, String)>,
    client: Option<IpAddr>,
}

impl RequestView for Request<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form(self.url.target())
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        let given = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_bytes());
        let host = (name == "host").then(|| self.url.authority().as_bytes());
        // A Host field replaces the host of the URL.
        let is_given = name == "host" && self.fields.iter().any(|(known, _)| known == "host");
        host.filter(|_| !is_given).into_iter().chain(given).nth(nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.client
    }

    fn is_tls(&self) -> bool {
        self.url.is_https()
    }
}
