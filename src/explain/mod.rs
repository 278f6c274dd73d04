//! Explanations: the steps of one decision as data, the reason for a refusal, and the changes that would lead to a grant.
//!
//! [`Verifier::explain`](crate::Verifier::explain) runs the decision function with a recorder. The outcome and the code are those
//! of [`Verifier::decide`](crate::Verifier::decide) for the same request at the same time. Limits and rates are checked, but
//! nothing is counted: no failed signature, and no use of a key or an embed token. The site's hook is called, as in a decision.
//!
//! ```
//! use playgate::request::{RequestView, Target};
//! use playgate::{Key, KeyScope, Site, Verifier};
//!
//! struct Get(&'static str);
//!
//! impl RequestView for Get {
//!     fn method(&self) -> &str { "GET" }
//!     fn target(&self) -> Target<'_> { Target::origin_form(self.0) }
//!     fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
//!         (name == "host" && nth == 0).then_some(b"cdn.example.com")
//!     }
//! }
//!
//! let verifier = Verifier::builder()
//!     .site(Site::bucket("courses").host("cdn.example.com"))
//!     .key(Key::from_secret("2026-11", b"0123456789abcdef0123456789abcdef", KeyScope::bucket("courses"))?)
//!     .build()?;
//! let explanation = verifier.explain(&Get("/videos/1/a.ts?Auth=eyJ"), verifier.now());
//! assert_eq!(explanation.code, Some("credential_missing"));
//! assert!(explanation.remedies[0].contains("\"Auth\""));
//! println!("{explanation}");
//! # Ok::<(), playgate::ConfigErrors>(())
//! ```
//!
//! An adapter that cannot rule out that a router removed a prefix from the path refuses some requests that an explanation calls passed,
//! public or shadowed; see [`Denial::PathMayBeShortened`](crate::Denial::PathMayBeShortened).
//!
//! # What an explanation contains
//!
//! 1. The outcome. A refusal also has a code, a status and a reason.
//! 2. The site that host and path select, and the resource that the path names on this site.
//! 3. The carriers that were searched, and each credential in the first carrier that has one.
//! 4. The content of each credential, and each rule with its values and its result. Rules after the first failed rule were not
//!    checked. The scope and the dates of a signed token are checked before its signature, so the content of a refused credential
//!    may be forged.
//! 5. The distance from a grant, and the remedies.
//!
//! An explanation never contains a credential, a signature, a proof or a secret. It contains the claims of tokens and the records
//! of embed tokens, which may identify viewers, so show explanations to operators only. Text from the request is escaped and cut.
//! Each value of a credential has at most [`MAX_VALUE`] bytes, and at most [`MAX_FIELDS`] values are listed.

mod access;
mod assemble;
mod display;
pub(crate) mod hints;
mod line;
mod nearest;
mod recording;
mod remedy;
mod when;

use serde::Serialize;

pub(crate) use access::may_be_explained;
pub(crate) use assemble::{explain, explain_refusal};
pub use line::MAX_LINE;

pub use crate::schemes::rule::Rule;

/// The maximum length of one value of a credential in an explanation, in bytes.
pub const MAX_VALUE: usize = 256;

/// The maximum number of values of a credential in an explanation. No token has more claims.
pub const MAX_FIELDS: usize = 80;

/// The explanation of one decision.
///
/// `Display` writes text in several lines, and serde writes data. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The outcome.
    pub outcome: Outcome,
    /// The code of a refusal. A hook can set a code of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The HTTP status of a refusal on this site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The rule that refused the request, with its values, as in log lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The method.
    pub method: String,
    /// The host, as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path, as received, except that any text that could be a credential is replaced. The query is never included.
    pub path: String,
    /// The time of the decision.
    pub at: i64,
    /// The client's address, as determined from the connection and the trusted proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The site of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<ExplainedSite>,
    /// The resource that the path names on the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The rules about the request itself: host, path, method and so on.
    pub steps: Vec<Step>,
    /// The places that the site searches for credentials, in order, such as "query parameter auth".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub searched: Vec<String>,
    /// The credentials of the carrier that decides, in the order in which they were tried.
    pub credentials: Vec<ExplainedCredential>,
    /// The places of other credentials in the request, which were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<String>,
    /// Facts that do not change the outcome, such as an origin that the site's CORS policy does not list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The changes with which the request would be granted, the most likely first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<String>,
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The request belongs to no site, and passes to the inner service.
    Passed,
    /// A CORS preflight, which is answered.
    Preflight,
    /// The resource needs no credential.
    Public,
    /// A credential was verified and covers the request.
    Granted,
    /// The request is refused.
    Denied,
    /// The request would be refused, but passes because its site is in [shadow mode](crate::site::danger). Code, status and reason
    /// are those of the refusal.
    Shadowed,
    /// The decision needs a lookup in the shared store first. Pass the result of the lookup to
    /// [`Verifier::explain_with`](crate::Verifier::explain_with).
    NeedsLookup,
}

/// The site of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedSite {
    /// The id.
    pub id: String,
    /// The kind of host name that selected the site.
    pub selected_by: SelectedBy,
    /// The base path of the site.
    pub base_path: String,
    /// The resources that the site serves, such as `bucket "courses"`.
    pub serves: String,
    /// True if the site requires credentials, apart from its public paths.
    pub authenticated: bool,
}

/// The kind of host name that selects a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SelectedBy {
    /// An exact host.
    ExactHost,
    /// A host pattern.
    HostPattern,
    /// The site serves any host.
    AnyHost,
}

/// A credential in a request, and the rules that were applied to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedCredential {
    /// The scheme of the credential, by its name in configurations.
    pub scheme: &'static str,
    /// The place of the credential, such as "query parameter auth".
    pub place: String,
    /// The content of the credential. The content may be forged, unless the outcome is a grant.
    pub fields: Vec<Field>,
    /// True if the credential was verified before and is remembered. The signature is then not checked again.
    pub remembered: bool,
    /// The keys with which the credential was checked, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<ExplainedKey>,
    /// The rules that were applied, in order, and then the rules that were not checked.
    pub steps: Vec<Step>,
}

/// One value of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Field {
    /// The name of the claim or field.
    pub name: String,
    /// The value. A date is written as text, with its distance from the time of the decision.
    pub value: String,
    /// The value in seconds since 1970, if the value is a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

/// A key that a credential names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedKey {
    /// The `kid`.
    pub kid: String,
    /// The registered name of the algorithm.
    pub algorithm: &'static str,
    /// The scope, such as "bucket courses".
    pub scope: String,
    /// The issuer whose tokens the key verifies, or `None` for any issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The file or variable from which the key was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A rule and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// The result.
    pub result: StepResult,
    /// The values that the rule compared, and the reason if the rule failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The result of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepResult {
    /// The rule was met.
    Passed,
    /// The rule was not met.
    Failed,
    /// The rule was not applied, because an earlier rule failed.
    NotChecked,
}
