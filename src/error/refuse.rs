use super::Code;

/// The error with which a hook refuses a request: a code, a status, and the seconds of `Retry-After`.
///
/// Every part is optional. `Refuse::default()` has the code [`refused_by_hook`](Code::RefusedByHook) and the site's status for
/// that code. The value is `Copy`, and its constructors are `const`.
///
/// ```
/// use playgate::schemes::Refuse;
///
/// const GEO_BLOCKED: Refuse = Refuse::new("geo_blocked").status(451);
/// const BUSY: Refuse = Refuse::new("too_many_streams").status(429).retry_after(60);
///
/// assert_eq!(GEO_BLOCKED.code(), "geo_blocked");
/// assert_eq!(Refuse::new("Geo blocked!").code(), "refused_by_hook");
/// assert_eq!(Refuse::default(), Refuse::new("refused_by_hook"));
/// # let _ = BUSY;
/// ```
// Packed, so that a `Denial` has room for a tag of its own in 24 bytes. Otherwise the compiler encodes the tag in unused values of
// the bool, and every decision takes 10 to 40 instructions more (benches/instructions.rs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed)]
pub struct Refuse {
    /// Zero for the site's status.
    status: u16,
    /// Zero if `has_retry_after` is false.
    retry_after: u32,
    has_retry_after: bool,
    code: &'static str,
}

impl Refuse {
    /// The maximum length of a code, in bytes.
    pub const MAX_CODE_LEN: usize = 64;

    /// Creates a refusal with a code of your own.
    ///
    /// The code consists of 1 to [`MAX_CODE_LEN`](Self::MAX_CODE_LEN) lower-case letters, digits and underscores. The response
    /// body and the log line contain this code. Any other text, and the name of a built-in code, counts as `refused_by_hook`.
    pub const fn new(code: &'static str) -> Self {
        let code = if is_own_code(code) { code } else { Code::RefusedByHook.as_str() };
        Self { code, retry_after: 0, status: 0, has_retry_after: false }
    }

    /// Sets the HTTP status, from 400 to 599. This status takes precedence over the site's `answers`. If the number is out of
    /// range, the site's status for `refused_by_hook` applies.
    ///
    /// Caches may serve a stored response in place of a status of 500 or more
    /// ([RFC 5861 §4](https://www.rfc-editor.org/rfc/rfc5861#section-4)), so prefer a status below 500.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = if status >= 400 && status <= 599 { status } else { 0 };
        self
    }

    /// Sets the number of seconds in `Retry-After` (RFC 9110 §10.2.3). By default, the field is not sent.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = seconds;
        self.has_retry_after = true;
        self
    }

    /// Returns the code that was set, or `refused_by_hook` if no valid code was set.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Returns the status, or `None` if the site's status applies.
    pub(crate) const fn own_status(self) -> Option<u16> {
        if self.status == 0 { None } else { Some(self.status) }
    }

    /// Returns the seconds in `Retry-After`.
    pub(crate) const fn seconds_to_wait(self) -> Option<u32> {
        if self.has_retry_after { Some(self.retry_after) } else { None }
    }
}

impl Default for Refuse {
    fn default() -> Self {
        Self::new(Code::RefusedByHook.as_str())
    }
}

/// Returns true if a text is a valid code for a hook: its form is valid, and no built-in code has this name.
const fn is_own_code(text: &str) -> bool {
    let mut rest = text.as_bytes();
    if rest.is_empty() || rest.len() > Refuse::MAX_CODE_LEN {
        return false;
    }
    while let [byte, after @ ..] = rest {
        if !matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        rest = after;
    }
    let mut codes = Code::ALL;
    while let [code, after @ ..] = codes {
        if is_same(code.as_str().as_bytes(), text.as_bytes()) {
            return false;
        }
        codes = after;
    }
    true
}

/// Compares two texts, because `==` is not available in a `const fn`.
const fn is_same(mut one: &[u8], mut other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    while let ([a, one_after @ ..], [b, other_after @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_after, other_after);
    }
    true
}

#[cfg(test)]
mod tests;
