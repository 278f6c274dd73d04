mod akamai;
mod cloudfront;
mod jwt;
mod parts;

use anyhow::Result;
use playgate::schemes::embed::EmbedToken;
use playgate::time::UnixSeconds;

use crate::failure::no;
use crate::input;
use crate::output::Output;
use parts::Parts;

/// Decodes a token, a signed URL or a cookie. Nothing is verified.
///
/// It knows signed tokens (JWT), the policies of CloudFront, Akamai's tokens and embed tokens, alone or in a URL or in a
/// cookie. Anyone can write such a text: neither the signature nor any claim is checked.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Inspect {
    /// The token or URL, or - for standard input, which leaves no trace in the shell's history.
    #[arg(value_name = "TOKEN")]
    token: String,
}

const HELP: &str = "\
Examples:
  playgate mint token --scope videos/1/ --kid shared | playgate inspect -
  playgate inspect 'https://cdn.example.com/a.ts?hdnts=exp=1796083200~acl=/*~hmac=0f'

Exit code: 1 if the text contains no credential.

JSON: [{\"kind\", \"verified\": false, \"kid\", \"parts\": {name: {field: value}}, \"dates\": {field: {\"seconds\",
\"utc\", \"distance\"}}, \"problems\": [text]}]; kid is null where the credential names no key";

impl Inspect {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let text = if self.token == "-" {
            String::from_utf8_lossy(&input::read("-".as_ref())?).into_owned()
        } else {
            self.token
        };
        let found = find(text.trim());
        if found.is_empty() {
            return Err(no(
                "text contains no credential: use a signed token, a signed URL, a cookie or an embed token",
            ));
        }
        let now = UnixSeconds::now();
        out.result(
            || found.iter().map(|parts| parts.to_json(now)).collect(),
            |text| {
                for parts in &found {
                    parts.write(text, now)?;
                }
                writeln!(text, "Nothing was verified: anyone can write such a text. Whether it is accepted depends on the configuration.")
            },
        )
    }
}

/// Finds the credentials of a text: the text itself, or the values of its query parameters and cookies.
fn find(text: &str) -> Vec<Parts> {
    if !text.contains("://")
        && let Some(parts) = read(text)
    {
        return vec![parts];
    }
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    let list = text.split_once('?').map_or(text, |(_, query)| query);
    let pairs: Vec<(&str, &str)> =
        list.split(['&', ';', '\n']).filter_map(|pair| pair.trim().split_once('=')).collect();
    let value =
        |names: [&str; 2]| pairs.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
    let signed = cloudfront::of_pairs(value);
    let is_part = |name: &str| signed.is_some() && cloudfront::PARTS.contains(&name);
    let others = pairs.iter().filter(|(name, _)| !is_part(name)).filter_map(|(_, value)| read(value));
    let others: Vec<Parts> = others.collect();
    signed.into_iter().chain(others).collect()
}

/// Reads one credential.
fn read(text: &str) -> Option<Parts> {
    if let Some(parts) = jwt::read(text).or_else(|| akamai::read(text)).or_else(|| cloudfront::read(text)) {
        return Some(parts);
    }
    EmbedToken::parse(text).ok().map(|_| {
        let mut parts = Parts::new("embed-token");
        parts.note("an embed token has no content: its video, viewer and expiry are in the origin's store");
        parts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_alone_in_a_url_and_in_a_cookie() {
        let jwt = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.eyJ1cmkiOiJhLyJ9.c2ln";
        let embed = "0123456789abcdef0123456789abcdef";
        for (text, kinds) in [
            (jwt.to_owned(), vec!["signed-token"]),
            (format!("https://h/a?x=1&auth={jwt}#t=1"), vec!["signed-token"]),
            (format!("Qencode-Auth-Token={jwt}; Path=/a/; Secure"), vec!["signed-token"]),
            (embed.to_owned(), vec!["embed-token"]),
            (format!("https://h/a?auth={embed}"), vec!["embed-token"]),
            ("exp=1~acl=/*~hmac=00".to_owned(), vec!["akamai"]),
            ("hdnts=exp=1~acl=/*~hmac=00; Path=/".to_owned(), vec!["akamai"]),
            ("CloudFront-Expires=1\nCloudFront-Signature=a".to_owned(), vec!["cloudfront"]),
            ("https://h/a?hdnts=exp=1~acl=/*~hmac=00".to_owned(), vec!["akamai"]),
            ("https://h/a?Expires=1&Signature=a&Key-Pair-Id=K".to_owned(), vec!["cloudfront"]),
            ("https://h/a".to_owned(), vec![]),
            (String::new(), vec![]),
            ("a.b.c".to_owned(), vec![]),
            ("www.example.com".to_owned(), vec![]),
        ] {
            assert_eq!(find(&text).iter().map(Parts::kind).collect::<Vec<_>>(), kinds, "{text}");
        }
    }
}
