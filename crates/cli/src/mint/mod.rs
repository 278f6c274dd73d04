mod akamai;
mod cloudfront;
mod debug;
mod embed;
mod link;
mod minted;
mod signer;
mod token;

use anyhow::Result;

use crate::output::Output;

/// Creates a credential that a site of a configuration accepts, or a debug token.
///
/// If the options name the requested URL, the credential is checked by the same code that runs in the origin, and it is printed only
/// if the site grants it. It expires after one hour, unless --expires sets another time.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Mint {
    #[command(subcommand)]
    kind: Kind,
}

const HELP: &str = "\
Examples:
  playgate mint url https://cdn.example.com/videos/1/master.m3u8 \\
    --key private/2026-12.pem
  playgate mint link https://cdn.example.com/videos/1/a.mp4 --expires 5min

JSON: {\"kind\", \"site\", \"kid\", \"expires_at\", \"expires\", \"checked\"} and the fields of each kind; dates are
seconds since 1970 and text in UTC, null for never; checked is false if no request was tried";

#[derive(Debug, clap::Subcommand)]
enum Kind {
    Token(token::TokenCommand),
    Url(token::UrlCommand),
    Cookie(token::CookieCommand),
    Link(link::Link),
    Embed(embed::Embed),
    #[command(name = "cloudfront")]
    CloudFront(cloudfront::CloudFront),
    Akamai(akamai::Akamai),
    Debug(debug::Debug),
}

impl Mint {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        match self.kind {
            Kind::Token(token) => token.run(out),
            Kind::Url(url) => url.run(out),
            Kind::Cookie(cookie) => cookie.run(out),
            Kind::Link(link) => link.run(out),
            Kind::Embed(embed) => embed.run(out),
            Kind::CloudFront(cloudfront) => cloudfront.run(out),
            Kind::Akamai(akamai) => akamai.run(out),
            Kind::Debug(debug) => debug.run(out),
        }
    }
}
