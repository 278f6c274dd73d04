use std::io::Write;

use anyhow::{Context as _, Result};
use playgate::time::UnixSeconds;
use playgate_manage::Operator;
use playgate_manage::model::{ApiKeyId, NewApiKey, Permissions};
use serde_json::{Value, json};

use crate::dates::utc;
use crate::output::{Output, shown, table};

const HELP: &str = "\
Examples:
  playgate manage init
  playgate manage api-key list";

/// Creates, lists and revokes API keys.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct ApiKey {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Creates an API key, and prints it once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init --account acme
  playgate manage api-key create --project website
  playgate manage api-key create --account acme --project robot --permissions domains,signing-keys

JSON: {\"id\", \"secret\", \"project\", \"permissions\"}")]
struct Create {
    /// The name or id of the account. Not needed if there is one account.
    #[arg(long)]
    account: Option<String>,
    /// The project that uses the key.
    #[arg(long, value_name = "NAME")]
    project: String,
    /// The permitted calls: domains, signing-keys, buckets, streams, audit, or all.
    #[arg(long, value_name = "LIST", default_value = "all")]
    permissions: String,
}

/// Lists the API keys of an account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init
  playgate manage api-key list --json

JSON: {\"api_keys\": [{\"id\", \"start\", \"project\", \"permissions\", \"created\", \"revoked\", \"uses\", \"last_used\"}]};
dates are seconds since 1970")]
struct List {
    /// The name or id of the account. Not needed if there is one account.
    #[arg(long)]
    account: Option<String>,
}

/// Revokes an API key, which ends its access tokens.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init >account.txt
  playgate manage api-key revoke $(sed -n 's/^its id *\\([^ ]*\\).*/\\1/p' account.txt)

JSON: {\"revoked\": id}")]
struct Revoke {
    /// The id of the key.
    id: String,
}

impl ApiKey {
    pub(super) async fn run(self, operator: &Operator, out: Output) -> Result<()> {
        match self.command {
            Command::Create(Create { account, project, permissions }) => {
                let permissions = Permissions::parse(&permissions).context("--permissions")?;
                let account = super::account(operator, account.as_deref()).await?;
                let new = operator.create_api_key(account.id, &project, permissions).await?;
                out.result(|| new_as_json(&new), |text| print_new(text, &new))
            }
            Command::Revoke(Revoke { id }) => {
                let id = ApiKeyId::parse(&id)?;
                operator.revoke_api_key(id).await?;
                out.result(
                    || json!({ "revoked": id.to_string() }),
                    |text| writeln!(text, "API key {id} is revoked, and its access tokens with it"),
                )
            }
            Command::List(List { account }) => {
                let account = super::account(operator, account.as_deref()).await?;
                let keys = operator.api_keys(account.id).await?;
                out.result(
                    || json!({ "api_keys": keys.iter().map(as_json).collect::<Vec<_>>() }),
                    |text| {
                        let rows: Vec<_> = keys.iter().map(row).collect();
                        let heading =
                            ["STARTS", "PROJECT", "PERMISSIONS", "TOKENS", "LAST TOKEN", "REVOKED", "ID"];
                        table(text, heading, &rows)
                    },
                )
            }
        }
    }
}

pub(super) fn new_as_json(new: &NewApiKey) -> Value {
    json!({
        "id": new.key.id.to_string(),
        "secret": new.secret,
        "project": new.key.project,
        "permissions": new.key.permissions.to_string(),
    })
}

pub(super) fn print_new(text: &mut dyn Write, new: &NewApiKey) -> std::io::Result<()> {
    writeln!(text, "API key  {}  (shown only now)", new.secret)?;
    writeln!(text, "its id   {}  project {}, {}", new.key.id, shown(&new.key.project), new.key.permissions)
}

fn as_json(key: &playgate_manage::model::ApiKey) -> Value {
    json!({
        "id": key.id.to_string(),
        "start": key.start,
        "project": key.project,
        "permissions": key.permissions.to_string(),
        "created": key.created,
        "revoked": key.revoked,
        "uses": key.uses,
        "last_used": key.last_used,
    })
}

fn row(key: &playgate_manage::model::ApiKey) -> [String; 7] {
    let date =
        |seconds: Option<i64>| seconds.map(|seconds| utc(UnixSeconds::new(seconds))).unwrap_or_default();
    [
        key.start.clone(),
        shown(&key.project),
        key.permissions.to_string(),
        key.uses.to_string(),
        date(key.last_used),
        date(key.revoked),
        key.id.to_string(),
    ]
}
