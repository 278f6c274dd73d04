//! `playgate manage`: the database of the control plane, its accounts and API keys.

mod account;
mod api_key;
mod assign;
mod init;

use anyhow::{Result, anyhow};
use playgate_manage::Operator;
use playgate_manage::model::Account;

use crate::failure::usage;
use crate::output::Output;

const HELP: &str = "\
Examples:
  playgate manage init --account acme
  playgate manage api-key create --account acme --project website

The database is an SQLite file, or a PostgreSQL server: postgres://user@host/name. A URL with a
password goes into the environment variable PLAYGATE_DATABASE. Origins that serve with the database
follow each change within a second.";

/// Creates the database of the control plane, and manages its accounts and API keys.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Manage {
    #[command(flatten)]
    database: Database,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct Database {
    #[arg(long, global = true, value_name = "LOCATION")]
    #[arg(
        help = "The database: a path, or a URL without password [default: the variable PLAYGATE_DATABASE, or playgate.db]"
    )]
    database: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Init(init::Init),
    Account(account::Account),
    ApiKey(api_key::ApiKey),
    Bucket(assign::Bucket),
    Stream(assign::Stream),
}

impl Manage {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let location = self.database.location()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let operator = match self.command {
                Command::Init(_) => Operator::open_or_create(&location).await?,
                _ => Operator::open(&location)
                    .await
                    .map_err(|error| anyhow!("{error}\n`playgate manage init` creates a database"))?,
            };
            match self.command {
                Command::Init(init) => init.run(&operator, out).await,
                Command::Account(account) => account.run(&operator, out).await,
                Command::ApiKey(api_key) => api_key.run(&operator, out).await,
                Command::Bucket(bucket) => bucket.run(&operator, out).await,
                Command::Stream(stream) => stream.run(&operator, out).await,
            }
        })
    }
}

impl Database {
    fn location(self) -> Result<String> {
        match self.database {
            Some(location) if has_password(&location) => {
                Err(usage("--database has a password: set PLAYGATE_DATABASE to the URL instead"))
            }
            Some(location) => Ok(location),
            None => Ok(std::env::var("PLAYGATE_DATABASE").unwrap_or_else(|_| "playgate.db".to_owned())),
        }
    }
}

/// Returns true if the user's part of a URL has a password, or the query does.
fn has_password(location: &str) -> bool {
    let Some((_, rest)) = location.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let of_user = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    of_user || rest.contains("password=")
}

/// Finds an account by its name or id. Without one, the only account.
async fn account(operator: &Operator, named: Option<&str>) -> Result<Account> {
    if let Some(name) = named {
        return operator.account(name).await.map_err(|_| anyhow!("there is no account {name:?}"));
    }
    let mut accounts = operator.accounts().await?;
    match (accounts.pop(), accounts.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(anyhow!("the database has no account: `playgate manage init` creates one")),
        (Some(_), false) => Err(usage("there are several accounts: name one with --account")),
    }
}
