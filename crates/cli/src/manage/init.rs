use anyhow::{Result, bail};
use playgate_manage::Operator;
use playgate_manage::model::Permissions;
use serde_json::json;

use super::api_key::print_new;
use crate::output::Output;

const HELP: &str = "\
Examples:
  playgate manage init
  playgate manage init --database other.db --account acme --json

The API key is printed once. Its database has only a digest of it.

JSON: {\"account\": {\"id\", \"name\"}, \"api_key\": {\"id\", \"secret\", \"project\", \"permissions\"}}";

/// Creates the database, an account and its first API key.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Init {
    /// The name of the account.
    #[arg(long, value_name = "NAME", default_value = "main")]
    account: String,
    /// The project that uses the API key.
    #[arg(long, value_name = "NAME", default_value = "default")]
    project: String,
}

impl Init {
    pub(super) async fn run(self, operator: &Operator, out: Output) -> Result<()> {
        if let Some(first) = operator.accounts().await?.first() {
            bail!(
                "the database has an account {:?} already: `playgate manage account create` and \
                 `playgate manage api-key create` add more",
                first.name
            );
        }
        let account = operator.create_account(&self.account).await?;
        let new = operator.create_api_key(account.id, &self.project, Permissions::ALL).await?;
        out.result(
            || {
                json!({
                    "account": { "id": account.id.to_string(), "name": account.name },
                    "api_key": super::api_key::new_as_json(&new),
                })
            },
            |text| {
                writeln!(text, "account  {}  {}", account.name, account.id)?;
                print_new(text, &new)
            },
        )
    }
}
