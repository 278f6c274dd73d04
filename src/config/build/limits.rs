use crate::config::document::{FailedSignaturesSection, PerClientSaid, RateSection};
use crate::error::{ConfigError, Faults};
use crate::rate::Rate;
use crate::rate::{FailedSignatures, PerClient};
use crate::schemes::section;
use crate::time::Span;

pub(super) fn build_failed_signatures(
    said: FailedSignaturesSection,
    faults: &mut Faults,
) -> FailedSignatures {
    if said.per_client.is_none() && said.per_key.is_none() {
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
        per_client: match said.per_client {
            None => PerClient::Default,
            Some(PerClientSaid::Unlimited) => PerClient::Unlimited,
            Some(PerClientSaid::Rate(said)) => {
                build_rate(&said, client, faults).map_or(PerClient::Default, PerClient::Rate)
            }
        },
        per_key: said.per_key.and_then(|said| build_rate(&said, key, faults)),
    }
}

/// Builds the rate of a table. `[table, requests, within]` are the paths of the table and of its fields.
fn build_rate(
    said: &RateSection,
    [table, requests, within]: [&'static str; 3],
    faults: &mut Faults,
) -> Option<Rate> {
    let before = faults.len();
    let name = table.rsplit_once('.').map_or(table, |(_, name)| name);
    if said.requests.is_none() {
        faults.push(requests, section(name, "has no requests", "requests = 60"));
    }
    if said.within.is_none() {
        faults.push(within, section(name, "has no within", "within = 60"));
    }
    let (Some(count), Some(Span(time))) = (said.requests, said.within) else { return None };
    let Ok(count) = u32::try_from(count) else {
        let found = format!("is {count}");
        let (field, write) = ("requests".to_owned(), "1 to 1000000".to_owned());
        faults.push(requests, ConfigError::Field { field, found, write });
        return None;
    };
    let rate = Rate::new(count, time).map_err(|error| faults.push(table, error)).ok();
    rate.filter(|_| faults.len() == before)
}
