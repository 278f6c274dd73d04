use crate::request::SegmentPlace;

/// The places of credentials in a request, by name. Used for stripping, forwarding, log lines and explanations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) query: Vec<Box<str>>,
    pub(crate) cookies: Vec<Box<str>>,
    /// Header fields that hold the credential alone, in lower case.
    pub(crate) headers: Vec<Box<str>>,
    /// True if `Authorization: Bearer` is read.
    pub(crate) bearer: bool,
    pub(crate) path: Vec<SegmentPlace>,
}

/// The kind of a name in [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    Parameter,
    Cookie,
    Field,
}

impl std::fmt::Display for NameKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Parameter => "query parameter",
            Self::Cookie => "cookie",
            Self::Field => "header field",
        })
    }
}

impl Places {
    /// Adds the places of another scheme, without duplicates.
    pub(crate) fn extend(&mut self, other: &Self) {
        let add = |names: &mut Vec<Box<str>>, more: &[Box<str>]| {
            for name in more {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        };
        add(&mut self.query, &other.query);
        add(&mut self.cookies, &other.cookies);
        add(&mut self.headers, &other.headers);
        self.bearer |= other.bearer;
        self.path.extend(other.path.iter().cloned());
    }

    /// Returns a name that both sets contain, and its kind.
    pub(crate) fn shared_name<'p>(&'p self, other: &Self) -> Option<(NameKind, &'p str)> {
        let kinds = [
            (NameKind::Parameter, &self.query, &other.query),
            (NameKind::Cookie, &self.cookies, &other.cookies),
            (NameKind::Field, &self.headers, &other.headers),
        ];
        kinds.into_iter().find_map(|(kind, mine, theirs)| {
            let name = mine.iter().find(|name| theirs.contains(name))?;
            Some((kind, &**name))
        })
    }
}
