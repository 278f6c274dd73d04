use anyhow::Result;
use playgate::time::UnixSeconds;
use playgate_manage::Operator;
use serde_json::json;

use crate::dates::utc;
use crate::output::{Output, shown, table};

const HELP: &str = "\
Examples:
  playgate manage init
  playgate manage account list";

/// Creates and lists accounts.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Account {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Create),
    List(List),
    Limit(Limit),
}

/// Creates an account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init
  playgate manage account create acme

JSON: {\"id\", \"name\", \"domain_limit\"}")]
struct Create {
    /// The name, which is unique.
    name: String,
}

/// Lists the accounts.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init
  playgate manage account list --json

JSON: {\"accounts\": [{\"id\", \"name\", \"domain_limit\"}]}")]
struct List {}

/// Sets the maximum number of playback domains of an account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init --account acme
  playgate manage account limit acme 50

JSON: {\"id\", \"name\", \"domain_limit\"}")]
struct Limit {
    /// The name or id of the account.
    account: String,
    /// The number of domains.
    domains: u32,
}

impl Account {
    pub(super) async fn run(self, operator: &Operator, out: Output) -> Result<()> {
        match self.command {
            Command::Create(Create { name }) => print(&operator.create_account(&name).await?, out),
            Command::Limit(Limit { account, domains }) => {
                let account = super::account(operator, Some(&account)).await?;
                operator.set_domain_limit(account.id, domains).await?;
                print(&operator.account(&account.id.to_string()).await?, out)
            }
            Command::List(List {}) => {
                let accounts = operator.accounts().await?;
                out.result(
                    || json!({ "accounts": accounts.iter().map(as_json).collect::<Vec<_>>() }),
                    |text| {
                        let rows: Vec<_> = accounts
                            .iter()
                            .map(|account| {
                                let created = utc(UnixSeconds::new(account.created));
                                let limit = account.domain_limit.to_string();
                                [shown(&account.name), account.id.to_string(), limit, created]
                            })
                            .collect();
                        table(text, ["NAME", "ID", "DOMAINS", "CREATED"], &rows)
                    },
                )
            }
        }
    }
}

fn as_json(account: &playgate_manage::model::Account) -> serde_json::Value {
    json!({ "id": account.id.to_string(), "name": account.name, "domain_limit": account.domain_limit })
}

fn print(account: &playgate_manage::model::Account, out: Output) -> Result<()> {
    out.result(
        || as_json(account),
        |text| {
            let limit = account.domain_limit;
            writeln!(text, "account  {}  {}  at most {limit} domains", shown(&account.name), account.id)
        },
    )
}
