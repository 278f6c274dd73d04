use crate::error::ConfigError;

/// The maximum length of an expression, in bytes.
const MAX_EXPRESSION_LEN: usize = 1024;

/// The maximum number of query parameters in an expression. Each one is searched in the query of every link.
pub(super) const MAX_QUERY_NAMES: usize = 8;

/// The text whose hash is a link's proof: literals, and values from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    parts: Vec<Part>,
}

/// A piece of an [`Expression`]. The `Debug` output shows only the length of a literal, because an operator may have put a secret
/// in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text that is the same for every link.
    Literal(Box<str>),
    /// The expiry, in the digits of the link.
    Expires,
    /// The decoded path.
    Path,
    /// The decoded path up to and including its last slash.
    Folder,
    /// The path or the folder, depending on what the link covers.
    #[cfg_attr(not(feature = "secure-link-md5"), expect(dead_code, reason = "for the formats with MD5"))]
    Covered,
    /// The client's address, reduced to the bound network. Empty without a binding.
    Ip,
    /// The shared secret.
    Secret,
    /// The host, in lower case.
    Host,
    /// The value of a query parameter, as received. Empty if there is none.
    Query(Box<str>),
    /// The path's second segment: `<account>_<video>`.
    #[cfg_attr(not(feature = "secure-link-md5"), expect(dead_code, reason = "for the formats with MD5"))]
    Video,
}

impl Expression {
    #[cfg_attr(not(feature = "secure-link-md5"), expect(dead_code, reason = "for the formats with MD5"))]
    pub(crate) const fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// Parses an expression such as `{expires}{path}{ip} {secret}`. `{{` and `}}` stand for braces.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let wrong =
            |found: String, write: &str| ConfigError::LinkExpression { found, write: write.to_owned() };
        if text.is_empty() {
            return Err(wrong(
                "is empty".to_owned(),
                "{expires}{path} {secret}, or the expression that the links are made with",
            ));
        }
        if text.len() > MAX_EXPRESSION_LEN {
            return Err(wrong(format!("has {} bytes", text.len()), &format!("{MAX_EXPRESSION_LEN} or less")));
        }
        if let Some((variable, write)) = VARIABLES.iter().find(|(variable, _)| text.contains(variable)) {
            return Err(wrong(format!("has the nginx variable {variable}"), write));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (plain, from) = rest.split_at(at);
            literal.push_str(plain);
            if let Some(after) = from.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some((name, after)) = from
                .strip_prefix('{')
                .and_then(|from| from.split_once('}'))
                .filter(|(name, _)| !name.contains('{'))
            {
                push_literal(&mut parts, &mut literal);
                parts.push(Part::of_name(name).ok_or_else(|| wrong(format!("has {{{name}}}"), NAMES))?);
                rest = after;
            } else {
                return Err(wrong("has an unmatched brace".to_owned(), "{{ or }} for a brace itself"));
            }
        }
        literal.push_str(rest);
        push_literal(&mut parts, &mut literal);
        let parsed = Self { parts };
        let queries = parsed.query_names().count();
        if queries > MAX_QUERY_NAMES {
            return Err(wrong(
                format!("has {queries} query parameters"),
                &format!("{MAX_QUERY_NAMES} or less"),
            ));
        }
        Ok(parsed)
    }

    pub(crate) fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the names of the pieces. Literals are left out, because an operator may have put a secret there.
    pub(crate) fn pieces(&self) -> String {
        let names = self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expires => Some("expires".to_owned()),
            Part::Path => Some("path".to_owned()),
            Part::Folder => Some("dir".to_owned()),
            Part::Covered => Some("path or dir".to_owned()),
            Part::Ip => Some("ip".to_owned()),
            Part::Secret => Some("secret".to_owned()),
            Part::Host => Some("host".to_owned()),
            Part::Query(name) => Some(format!("query:{name}")),
            Part::Video => Some("video".to_owned()),
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// Returns the names of the query parameters in the expression.
    pub(crate) fn query_names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Query(name) => Some(&**name),
            _ => None,
        })
    }
}

/// The variables of nginx's expressions, with the equivalent placeholders.
const VARIABLES: [(&str, &str); 6] = [
    ("$secure_link_expires", "{expires}"),
    ("$uri", "{path}"),
    ("$remote_addr", "{ip}"),
    ("$host", "{host}"),
    ("$arg_", "{query:NAME}"),
    ("$request_uri", "{path}, which is decoded and without the query"),
];

/// The placeholders of an expression.
const NAMES: &str = "{expires}, {path}, {dir}, {ip}, {secret}, {host} or {query:NAME}";

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(text) => f.debug_tuple("Literal").field(&text.len()).finish(),
            Self::Query(name) => f.debug_tuple("Query").field(name).finish(),
            Self::Expires => f.write_str("Expires"),
            Self::Path => f.write_str("Path"),
            Self::Folder => f.write_str("Folder"),
            Self::Covered => f.write_str("Covered"),
            Self::Ip => f.write_str("Ip"),
            Self::Secret => f.write_str("Secret"),
            Self::Host => f.write_str("Host"),
            Self::Video => f.write_str("Video"),
        }
    }
}

fn push_literal(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into()));
    }
}

impl Part {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "expires" => Self::Expires,
            "path" => Self::Path,
            "dir" => Self::Folder,
            "ip" => Self::Ip,
            "secret" => Self::Secret,
            "host" => Self::Host,
            _ => Self::Query(name.strip_prefix("query:").filter(|name| !name.is_empty())?.into()),
        })
    }
}

#[cfg(test)]
mod tests;
