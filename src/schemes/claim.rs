use super::json::JsonStr;

/// The value of a claim, borrowed from the credential. Its `Debug` output shows only the kind, because a claim may contain
/// personal data.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum ClaimValue<'c> {
    /// A string.
    Text(JsonStr<'c>),
    /// A whole number.
    Integer(i64),
    /// Any other number, in its original spelling.
    Number(&'c str),
    /// `true` or `false`.
    Bool(bool),
    /// An array, an object or `null`.
    Other,
}

impl ClaimValue<'_> {
    /// Returns whether the value is exactly this string.
    pub fn is(&self, text: &str) -> bool {
        matches!(self, Self::Text(value) if value.is(text))
    }
}

/// A verified credential that provides its claims by name.
pub(crate) trait ClaimSource {
    /// Returns a claim, or `None` if the credential has none of this name.
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>>;
}

impl std::fmt::Debug for ClaimValue<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Integer(_) => "Integer",
            Self::Number(_) => "Number",
            Self::Bool(_) => "Bool",
            Self::Other => "Other",
        })
    }
}
