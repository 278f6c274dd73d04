use crate::config::document::{FailedSignaturesSection, PerClientSetting, RateSection};
use crate::error::{ConfigError, Faults};
use crate::rate::Rate;
use crate::rate::{FailedSignatures, PerClient};
use crate::schemes::section;
use crate::time::Span;

pub(super) fn build_failed_signatures(
    parsed: FailedSignaturesSection,
    faults: &mut Faults,
) -> FailedSignatures {
    if parsed.per_client.is_none() && parsed.per_key.is_none() {
        let write = "per_client = { requests = 60, within = 60 }, per_key or both";
        let error = section("failed_signatures", "limits nothing", write);
        faults.push("failed_signatures", error);
    }
    let [client, key] = [
        [
            "failed_signatures.per_client",
            "failed_signatures.per_client.requests",
            "failed_signatures.per_client.within",
        ],
        [
            "failed_signatures.per_key",
            "failed_signatures.per_key.requests",
            "failed_signatures.per_key.within",
        ],
    ];
    FailedSignatures {
        per_client: match parsed.per_client {
            None => PerClient::Default,
            Some(PerClientSetting::Unlimited) => PerClient::Unlimited,
            Some(PerClientSetting::Rate(parsed)) => {
                build_rate(&parsed, client, faults).map_or(PerClient::Default, PerClient::Rate)
            }
        },
        per_key: parsed.per_key.and_then(|parsed| build_rate(&parsed, key, faults)),
    }
}

/// Builds the rate of a table. `[table, requests, within]` are the paths of the table and of its fields.
fn build_rate(
    parsed: &RateSection,
    [table, requests, within]: [&'static str; 3],
    faults: &mut Faults,
) -> Option<Rate> {
    let before = faults.len();
    let name = table.rsplit_once('.').map_or(table, |(_, name)| name);
    if parsed.requests.is_none() {
        faults.push(requests, section(name, "has no requests", "requests = 60"));
    }
    if parsed.within.is_none() {
        faults.push(within, section(name, "has no within", "within = 60"));
    }
    let (Some(count), Some(Span(time))) = (parsed.requests, parsed.within) else { return None };
    let Ok(count) = u32::try_from(count) else {
        let found = format!("is {count}");
        let (field, write) = ("requests".to_owned(), "1 to 1000000".to_owned());
        faults.push(requests, ConfigError::Field { field, found, write });
        return None;
    };
    let rate = Rate::new(count, time).map_err(|error| faults.push(table, error)).ok();
    rate.filter(|_| faults.len() == before)
}
