use std::fmt::{self, Display, Formatter};

use super::when::date;
use super::{
    ExplainedCredential, ExplainedKey, ExplainedSite, Explanation, Field, Outcome, Rule, SelectedBy, Step,
    StepResult,
};
use crate::time::UnixSeconds;

/// The width of the column of names.
const WIDTH: usize = 12;

impl Display for Explanation {
    /// Writes the explanation in several lines, without a line break at the end.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { outcome, method, path, host, .. } = self;
        match (self.status, self.code) {
            (Some(status), Some(code)) if *outcome == Outcome::Shadowed => {
                write!(f, "{outcome}; the refusal would be {status} {code}")?;
            }
            (Some(status), Some(code)) => write!(f, "{status} {code}")?,
            _ => write!(f, "{outcome}")?,
        }
        write!(f, "   {method} {}{path}", host.as_deref().unwrap_or_default())?;
        writeln!(f)?;
        let at = date(UnixSeconds::new(self.at));
        match &self.client {
            Some(client) => line(f, "decided", &format!("at {at}, for client {client}"))?,
            None => line(f, "decided", &format!("at {at}, for a client of unknown address"))?,
        }
        match &self.site {
            Some(site) => line(f, "site", &site.to_string())?,
            None => line(f, "site", "none")?,
        }
        if let Some(resource) = &self.resource {
            line(f, "path", resource)?;
        }
        let is_late = |step: &&Step| Rule::AFTER_CREDENTIAL.contains(&step.rule);
        write_steps(f, &self.steps.iter().filter(|step| !is_late(step)))?;
        if !self.searched.is_empty() && self.credentials.is_empty() {
            line(f, "searched", &self.searched.join(", "))?;
        }
        for credential in &self.credentials {
            credential.fmt(f)?;
        }
        write_steps(f, &self.steps.iter().filter(is_late))?;
        if !self.unused.is_empty() {
            line(
                f,
                "unused",
                &format!("{} (the first carrier with a credential decides)", self.unused.join(", ")),
            )?;
        }
        for note in &self.notes {
            line(f, "note", note)?;
        }
        for remedy in &self.remedies {
            line(f, "remedy", remedy)?;
        }
        Ok(())
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed: the request belongs to no site",
            Self::Preflight => "preflight: answered without a credential",
            Self::Public => "public: no credential is needed",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Shadowed => "shadowed: the request passes, because its site is in shadow mode",
            Self::NeedsLookup => "undecided: the shared store has to be queried first",
        })
    }
}

impl Display for ExplainedSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let by = match self.selected_by {
            SelectedBy::ExactHost => "exact host",
            SelectedBy::HostPattern => "host pattern",
            SelectedBy::AnyHost => "any host",
        };
        let access = if self.authenticated { "authenticated" } else { "public" };
        write!(f, "{} ({by}, base path {}), {}, {access}", self.id, self.base_path, self.serves)
    }
}

impl ExplainedCredential {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let remembered = if self.remembered { ", verified before" } else { "" };
        line(f, "credential", &format!("{} in {}{remembered}", self.scheme, self.place))?;
        if !self.fields.is_empty() {
            let fields: Vec<String> = self.fields.iter().map(Field::to_string).collect();
            line(f, "content", &fields.join(", "))?;
        }
        for ExplainedKey { kid, algorithm, scope, source, .. } in &self.keys {
            let source = source.as_deref().unwrap_or("code");
            line(f, "key", &format!("kid {kid:?}, {algorithm}, scope {scope}, from {source}"))?;
        }
        write_steps(f, &self.steps.iter())
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.seconds {
            Some(_) => write!(f, "{} {}", self.name, self.value),
            None => write!(f, "{} {:?}", self.name, self.value),
        }
    }
}

/// Writes one line with the rules that passed, one line for each rule that failed, and one line with the rules that were not checked.
fn write_steps<'s>(f: &mut Formatter<'_>, steps: &(impl Iterator<Item = &'s Step> + Clone)) -> fmt::Result {
    let names = |result| {
        let chosen = steps.clone().filter(move |step| step.result == result);
        chosen.map(|step| Rule::to_string(&step.rule)).collect::<Vec<_>>().join(", ")
    };
    let passed = names(StepResult::Passed);
    if !passed.is_empty() {
        line(f, "ok", &passed)?;
    }
    for step in steps.clone().filter(|step| step.result == StepResult::Failed) {
        let detail = step.detail.as_deref().unwrap_or_default();
        line(f, "FAILED", &format!("{}: {detail}", step.rule))?;
    }
    let rest = names(StepResult::NotChecked);
    if !rest.is_empty() {
        line(f, "not checked", &rest)?;
    }
    Ok(())
}

fn line(f: &mut Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    write!(f, "\n  {name:WIDTH$}{text}")
}
