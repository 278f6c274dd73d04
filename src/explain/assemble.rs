//! Runs a decision with a recorder and assembles the explanation from its events.

use std::cell::Cell;

use super::hints::{MAX_HOST_SHOWN, requested_host, searched, shown_resource, with_resource};
use super::recording::Recording;
use super::remedy::Refused;
use super::when::relative;
use super::{
    ExplainedCredential, ExplainedKey, ExplainedSite, Explanation, Field, MAX_FIELDS, MAX_VALUE, Outcome,
    SelectedBy, Step, StepResult,
};
use crate::decide::{Decided, DecidedOutcome, Nowhere, Snapshot, decide};
use crate::error::Denial;
use crate::request::{
    COOKIE, Host, HostBuffer, MAX_METHOD_SHOWN, ORIGIN, RequestView, cookie_values, lines, only_line,
    parameters, shown_name, shown_path, shown_text,
};
use crate::schemes::{Carrier, Event, FieldValue, NamedKey, Places, Rule, bearer_token};
use crate::schemes::{Field as Recorded, Found as FoundCredential};
use crate::scope::{Resource, Serving};
use crate::site::{HostMatch, SiteIndex, SiteRules, status_of};
use crate::store::Found;
use crate::time::UnixSeconds;

/// Explains the decision about a request.
pub(crate) fn explain(
    snapshot: &Snapshot,
    request: &dyn RequestView,
    now: UnixSeconds,
    found: Option<&Found>,
) -> Explanation {
    let recording = Recording::default();
    let noted = Cell::default(); // an explanation is not counted
    let decided = decide(snapshot, &request, now, found, &noted, &recording);
    let (index, outcome, denial) = match decided {
        Decided::Nowhere(Nowhere::Pass { .. }) => (None, Outcome::Passed, None),
        Decided::Nowhere(Nowhere::Denied(denial)) => (None, Outcome::Denied, Some(denial)),
        Decided::At(index, outcome) => match outcome {
            DecidedOutcome::Preflight => (Some(index), Outcome::Preflight, None),
            DecidedOutcome::Public => (Some(index), Outcome::Public, None),
            DecidedOutcome::Granted(..) => (Some(index), Outcome::Granted, None),
            DecidedOutcome::Denied(denial, _) => (Some(index), Outcome::Denied, Some(denial)),
            DecidedOutcome::Shadowed(denial, _) => (Some(index), Outcome::Shadowed, Some(denial)),
            DecidedOutcome::Needs(_) => (Some(index), Outcome::NeedsLookup, Some(Denial::StoreUnavailable)),
        },
    };
    let case = Case { snapshot, request, now, index, outcome, denial };
    case.explanation(recording.into_events())
}

/// Explains a refusal that is about the request as a whole, such as a path that a router may have shortened.
pub(crate) fn explain_refusal(
    snapshot: &Snapshot,
    request: &dyn RequestView,
    now: UnixSeconds,
    denial: Denial,
) -> Explanation {
    let case = Case { snapshot, request, now, index: None, outcome: Outcome::Denied, denial: Some(denial) };
    case.explanation(Vec::new())
}

/// One decision to explain.
struct Case<'e> {
    snapshot: &'e Snapshot,
    request: &'e dyn RequestView,
    now: UnixSeconds,
    index: Option<SiteIndex>,
    outcome: Outcome,
    denial: Option<Denial>,
}

/// A credential that was tried, with its events.
struct Tried {
    found: FoundCredential,
    keys: Vec<NamedKey>,
    remembered: bool,
    steps: Vec<Applied>,
}

/// A rule that was applied, with the values that were recorded for it.
struct Applied {
    rule: Rule,
    denial: Option<Denial>,
    values: Option<String>,
    /// The number of keys recorded so far. The rule was applied with the last of these keys.
    keys: usize,
}

impl Case<'_> {
    fn explanation(&self, events: Vec<Event>) -> Explanation {
        let Self { request, snapshot, now, outcome, denial, .. } = *self;
        let site = self.site();
        let (own, tried) = sort(events);
        let places = site.map(|site| site.schemes.places());
        let refused = denial.filter(|_| matches!(outcome, Outcome::Denied | Outcome::Shadowed));
        let remedies = refused.map(|denial| self.refused(denial, tried.last()).remedies());
        let is_reached = own.iter().any(|step| step.rule == Rule::Credential) || !tried.is_empty();
        let client = snapshot.policy.trusted_proxies.client(request);
        Explanation {
            outcome,
            code: refused.map(Denial::code_text),
            status: refused.map(|denial| status_of(denial, site)),
            reason: refused.map(|denial| denial.to_string()),
            method: shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()).into_string(),
            host: requested_host(request),
            path: shown_path(request.target().path, site.map_or(&[], |site| &*site.credential_places))
                .into_string(),
            at: now.get(),
            client: client.map(|address| address.to_string()),
            site: site.map(|site| self.explained_site(site)),
            resource: site.and_then(|site| with_resource(site, &snapshot.policy, request, named_resource)),
            steps: self.request_steps(&own),
            searched: places.as_ref().filter(|_| is_reached).map(searched).unwrap_or_default(),
            unused: match (places.as_ref(), tried.first()) {
                (Some(places), Some(tried)) => present(places, request)
                    .filter(|(carrier, _)| *carrier != tried.found.carrier)
                    .map(|(_, place)| place)
                    .collect(),
                (Some(_) | None, _) => Vec::new(),
            },
            credentials: tried.into_iter().map(|tried| self.explained(tried)).collect(),
            notes: site.and_then(|site| unlisted_origin(site, request)).into_iter().collect(),
            remedies: remedies.unwrap_or_default(),
        }
    }

    fn site(&self) -> Option<&SiteRules> {
        self.index.map(|index| self.snapshot.policy.site(index))
    }

    fn refused<'e>(&'e self, denial: Denial, tried: Option<&'e Tried>) -> Refused<'e> {
        let text = |rule| {
            let fields = tried.into_iter().flat_map(|tried| &tried.found.fields);
            fields.filter(move |field| field.read_by == Some(rule)).find_map(|field| match &field.value {
                FieldValue::Text(text) => Some(text.clone()),
                FieldValue::Date(_) | FieldValue::Json(_) => None,
            })
        };
        Refused {
            denial,
            site: self.site(),
            snapshot: self.snapshot,
            request: self.request,
            now: self.now,
            scope: text(Rule::Scope),
            kid: text(Rule::Key),
            key: tried.and_then(|tried| tried.keys.last()),
        }
    }

    fn explained_site(&self, site: &SiteRules) -> ExplainedSite {
        let mut buffer = HostBuffer::new();
        let host = Host::of(self.request, &mut buffer).ok().zip(self.index);
        let selected_by = match host.map(|(host, index)| self.snapshot.policy.match_of(host, index)) {
            Some(HostMatch::Exact) => SelectedBy::ExactHost,
            Some(HostMatch::Pattern) => SelectedBy::HostPattern,
            Some(HostMatch::Any) | None => SelectedBy::AnyHost,
        };
        let serves = match &site.facts.serves {
            Serving::Bucket(name) => format!("bucket {name:?}"),
            Serving::BucketInHost => "the bucket that the host names".to_owned(),
            Serving::Live(_) => "live streams".to_owned(),
        };
        ExplainedSite {
            id: site.facts.id.to_string(),
            selected_by,
            base_path: site.facts.base_path.to_string(),
            serves,
            authenticated: site.requires_credentials(),
        }
    }

    /// Returns the rules about the request itself. If there is a site, host and base path have selected it.
    fn request_steps(&self, own: &[Applied]) -> Vec<Step> {
        let failed = |denial: Denial| Some(denial.to_string());
        let step = |rule, result, detail| Step { rule, result, detail };
        let mut steps = match (self.denial, self.index) {
            (Some(denial @ (Denial::UnknownHost | Denial::AmbiguousHost(_))), None) => {
                vec![step(Rule::Host, StepResult::Failed, failed(denial))]
            }
            (Some(denial), None) => vec![
                step(Rule::Host, StepResult::Passed, None),
                step(Rule::BasePath, StepResult::Failed, failed(denial)),
            ],
            (None, None) => vec![step(Rule::Host, StepResult::NotChecked, None)],
            (_, Some(_)) => vec![
                step(Rule::Host, StepResult::Passed, None),
                step(Rule::BasePath, StepResult::Passed, None),
            ],
        };
        for Applied { rule, denial, values, .. } in own {
            let result = if denial.is_some() { StepResult::Failed } else { StepResult::Passed };
            let detail = denial.map(|denial| denial.to_string()).or_else(|| values.clone());
            steps.push(step(*rule, result, detail));
        }
        let was_applied = |rule| own.iter().any(|step| step.rule == rule);
        if matches!(self.outcome, Outcome::Denied | Outcome::Shadowed) && self.index.is_some() {
            let rest = Rule::AFTER_CREDENTIAL.into_iter().filter(|rule| !was_applied(*rule));
            steps.extend(rest.map(|rule| step(rule, StepResult::NotChecked, None)));
        }
        steps
    }

    fn explained(&self, tried: Tried) -> ExplainedCredential {
        let Tried { found, keys, remembered, steps } = tried;
        let mut explained: Vec<Step> = steps
            .iter()
            .filter(|step| step.denial.is_some() || found.rules.contains(&step.rule))
            .map(|applied| Step {
                rule: applied.rule,
                result: if applied.denial.is_some() { StepResult::Failed } else { StepResult::Passed },
                detail: self.detail(applied, &found, &keys),
            })
            .collect();
        let since_key = keys.len();
        let was_applied = |rule: &&Rule| {
            steps.iter().any(|step| step.rule == **rule && (step.keys == since_key || step.keys == 0))
        };
        if steps.last().is_some_and(|step| step.denial.is_some()) {
            let rest = found.rules.iter().filter(|rule| !was_applied(rule));
            explained.extend(rest.map(|rule| Step {
                rule: *rule,
                result: StepResult::NotChecked,
                detail: None,
            }));
        }
        ExplainedCredential {
            scheme: found.scheme.as_str(),
            place: self.place_of(&found),
            fields: found.fields.iter().take(MAX_FIELDS).map(|field| self.shown_field(field)).collect(),
            remembered,
            keys: keys.into_iter().map(explained_key).collect(),
            steps: explained,
        }
    }

    /// Returns the values that a rule compared, and the reason if the rule failed.
    fn detail(&self, applied: &Applied, found: &FoundCredential, keys: &[NamedKey]) -> Option<String> {
        let Self { request, now, .. } = *self;
        let key = applied.keys.checked_sub(1).and_then(|last| keys.get(last));
        let fields = found.fields.iter().filter(|field| field.read_by == Some(applied.rule));
        let mut values: Vec<String> = fields
            .map(|field| match &field.value {
                FieldValue::Date(date) => format!("{} {}", field.name, relative(*date, now)),
                FieldValue::Text(text) => format!("{} {:?}", field.name, shown_value(text)),
                FieldValue::Json(text) => format!("{} {}", field.name, shown_value(text)),
            })
            .collect();
        match applied.rule {
            Rule::Scope => values.extend(self.site().and_then(|site| {
                let policy = &self.snapshot.policy;
                with_resource(site, policy, request, named_resource)
            })),
            Rule::Key | Rule::Algorithm | Rule::KeyScope => {
                values.extend(key.map(|key| match applied.rule {
                    Rule::Key => described_key(key),
                    Rule::Algorithm => format!("the key's algorithm is {}", key.algorithm),
                    _ => format!("the key's scope is {}", key.scope),
                }));
            }
            Rule::Address => {
                let client = self.snapshot.policy.trusted_proxies.client(request);
                values.push(client.map_or_else(
                    || "the client's address is unknown".to_owned(),
                    |client| format!("the client is {client}"),
                ));
            }
            Rule::Origin => values.push(match only_line(request, ORIGIN) {
                Some(origin) => {
                    format!("the page's origin is {}", shown_text::<MAX_VALUE>(origin).into_string())
                }
                None => "the request has no Origin".to_owned(),
            }),
            _ => {}
        }
        values.extend(applied.values.clone());
        let values = (!values.is_empty()).then(|| values.join(", "));
        match (applied.denial, values) {
            (None, values) => values,
            (Some(denial), None) => Some(denial.to_string()),
            (Some(denial), Some(values)) => Some(format!("{denial}: {values}")),
        }
    }

    fn shown_field(&self, field: &Recorded) -> Field {
        let (value, seconds) = match &field.value {
            FieldValue::Date(date) => (relative(*date, self.now), Some(date.get())),
            FieldValue::Text(text) | FieldValue::Json(text) => (shown_value(text), None),
        };
        Field { name: shown_value(&field.name), value, seconds }
    }

    /// Returns the place of a credential, with the names under which the request has the credential.
    fn place_of(&self, found: &FoundCredential) -> String {
        let places = self.site().and_then(|site| site.schemes.places_of(found.scheme));
        let present = places.into_iter().flat_map(|places| present(places, self.request));
        let own: Vec<String> =
            present.filter(|(carrier, _)| *carrier == found.carrier).map(|(_, place)| place).collect();
        if own.is_empty() { "path".to_owned() } else { own.join(", ") }
    }
}

/// Separates the rules about the request from the rules about each credential.
fn sort(events: Vec<Event>) -> (Vec<Applied>, Vec<Tried>) {
    let (mut own, mut tried) = (Vec::<Applied>::new(), Vec::<Tried>::new());
    let mut values = None;
    for event in events {
        match event {
            Event::Credential(found) => {
                tried.push(Tried { found, keys: Vec::new(), remembered: false, steps: Vec::new() });
            }
            Event::Values(text) => values = Some(text),
            Event::Remembered => {
                if let Some(tried) = tried.last_mut() {
                    tried.remembered = true;
                }
            }
            Event::Key(key) => {
                if let Some(tried) = tried.last_mut() {
                    tried.keys.push(key);
                }
            }
            Event::Rule(rule, denial) => {
                let values = values.take();
                match tried.last_mut().filter(|_| !rule.is_about_request()) {
                    None => {
                        own.retain(|step| step.rule != rule || step.denial.is_some());
                        own.push(Applied { rule, denial, values, keys: 0 });
                    }
                    Some(tried) => {
                        let keys = tried.keys.len();
                        let applied = Applied { rule, denial, values, keys };
                        // A rule with several parts is listed once for each key.
                        let is_earlier_part = |step: &Applied| {
                            step.rule == rule
                                && step.denial.is_none()
                                && (step.keys == keys || step.keys == 0)
                        };
                        tried.steps.retain(|step| !is_earlier_part(step));
                        tried.steps.push(applied);
                    }
                }
            }
        }
    }
    (own, tried)
}

/// Returns a note about an origin whose pages cannot read the responses of the site.
fn unlisted_origin(site: &SiteRules, request: &dyn RequestView) -> Option<String> {
    let origin = only_line(request, ORIGIN)?;
    let shown = shown_name::<MAX_HOST_SHOWN>(origin).into_string();
    match &site.cors {
        Some(policy) if policy.headers(Some(origin)).allow_origin.is_some() => None,
        Some(_) => Some(format!(
            "the site's cors.origins does not list {shown:?}: pages of this origin cannot read the response"
        )),
        None => Some(format!(
            "the site has no CORS policy: pages of {shown:?} cannot read the response, unless the inner service allows it"
        )),
    }
}

/// Returns the places among these that have a value in the request.
fn present<'e>(
    places: &'e Places,
    request: &'e dyn RequestView,
) -> impl Iterator<Item = (Carrier, String)> + 'e {
    let query = request.target().query.unwrap_or_default();
    let is_sent = move |name: &str| parameters(query).any(|parameter| parameter.is(name));
    let has_cookie = |name: &str| cookie_values(lines(request, COOKIE), name).next().is_some();
    let bearer = places.bearer
        && request.field("authorization", 0).and_then(bearer_token).is_some_and(|token| !token.is_empty());
    let query = places.query.iter().filter(move |name| is_sent(name));
    let cookies = places.cookies.iter().filter(move |name| has_cookie(name));
    let headers = places.headers.iter().filter(|name| request.field(name, 0).is_some());
    query
        .map(|name| (Carrier::Query, format!("query parameter {name:?}")))
        .chain(bearer.then(|| (Carrier::Bearer, "Authorization: Bearer".to_owned())))
        .chain(headers.map(|name| (Carrier::Header, format!("header field {name:?}"))))
        .chain(cookies.map(|name| (Carrier::Cookie, format!("cookie {name:?}"))))
}

fn named_resource(resource: &Resource<'_>) -> String {
    let shown = shown_resource(resource);
    match resource {
        Resource::Object { .. } => format!("object key {shown:?}"),
        Resource::Live { .. } => format!("playback ID {shown:?}"),
    }
}

fn described_key(key: &NamedKey) -> String {
    let source = key.source.as_deref().map_or_else(String::new, |source| format!(" from {source}"));
    format!("{}, scope {}{source}", key.algorithm, key.scope)
}

fn explained_key(key: NamedKey) -> ExplainedKey {
    let NamedKey { kid, algorithm, scope, issuer, source } = key;
    ExplainedKey { kid, algorithm, scope, issuer, source }
}

/// Returns a value of a credential with control characters escaped, cut at [`MAX_VALUE`] bytes.
fn shown_value(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        let piece =
            if letter.is_control() { letter.escape_unicode().to_string() } else { letter.to_string() };
        if shown.len().saturating_add(piece.len()) > MAX_VALUE {
            shown.push('…');
            break;
        }
        shown.push_str(&piece);
    }
    shown
}
