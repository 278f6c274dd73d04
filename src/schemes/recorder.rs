//! The recorder, which receives the rules that a decision applies.
//!
//! A decision without an explanation uses [`Off`], whose methods are empty, so recording costs nothing. An explanation runs the
//! same function with a recorder that keeps every event.

use super::carriers::Carrier;
use super::kind::Scheme;
use super::rule::Rule;
use crate::error::Denial;
use crate::time::UnixSeconds;

/// Receives the events of a decision.
pub(crate) trait Recorder: Copy {
    /// True for a decision, and false for an explanation, which does not count failed signatures, uses of keys or tokens, or rates.
    const DECIDES: bool;

    /// Records an event. `event` is called only if the event is kept.
    fn record(self, event: impl FnOnce() -> Event);

    /// Applies a rule and records its result.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    fn check<T>(self, rule: Rule, check: impl FnOnce() -> Result<T, Denial>) -> Result<T, Denial> {
        let result = check();
        self.record(|| Event::Rule(rule, result.as_ref().err().copied()));
        result
    }

    /// Records that a rule was met.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    fn passed(self, rule: Rule) {
        self.record(|| Event::Rule(rule, None));
    }

    /// Records that a rule failed, and returns the denial.
    #[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
    #[inline(always)]
    fn failed(self, rule: Rule, denial: Denial) -> Denial {
        self.record(|| Event::Rule(rule, Some(denial)));
        denial
    }
}

/// An event in a decision. Its texts never contain a credential, a signature or a secret.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A rule was applied, and passed or failed.
    Rule(Rule, Option<Denial>),
    /// The values that the next rule compares, as text.
    Values(String),
    /// A credential was found. The rules that follow are about this credential.
    Credential(Found),
    /// The credential was verified before and is remembered. The rules about form and signature are not applied again.
    Remembered,
    /// The rules that follow are applied with this key.
    Key(NamedKey),
}

/// A credential in a request.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) scheme: Scheme,
    pub(crate) carrier: Carrier,
    /// The content of the credential, which may be unverified.
    pub(crate) fields: Vec<Field>,
    /// The rules of the scheme that apply on this site, in order.
    pub(crate) rules: Vec<Rule>,
}

/// One field of a credential: a claim, a header field, or a part of a record.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: FieldValue,
    /// The rule that reads the field.
    pub(crate) read_by: Option<Rule>,
}

/// The value of a field.
#[derive(Clone, Debug)]
pub(crate) enum FieldValue {
    Text(String),
    Date(UnixSeconds),
    /// Any other JSON value.
    Json(String),
}

/// A key that a credential names.
#[derive(Clone, Debug)]
pub(crate) struct NamedKey {
    pub(crate) kid: String,
    pub(crate) algorithm: &'static str,
    pub(crate) scope: String,
    pub(crate) issuer: Option<String>,
    pub(crate) source: Option<String>,
}

/// The recorder of a decision without an explanation. It records nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Off;

impl Recorder for Off {
    const DECIDES: bool = true;

    #[inline(always)]
    fn record(self, _: impl FnOnce() -> Event) {}
}

impl Field {
    pub(crate) fn text(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: FieldValue::Text(value.into()), read_by: None }
    }

    pub(crate) fn date(name: &str, value: UnixSeconds) -> Self {
        Self { name: name.to_owned(), value: FieldValue::Date(value), read_by: None }
    }

    pub(crate) fn json(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: FieldValue::Json(value.into()), read_by: None }
    }

    /// Sets the rule that reads the field.
    pub(crate) fn read_by(self, rule: Rule) -> Self {
        Self { read_by: Some(rule), ..self }
    }
}
