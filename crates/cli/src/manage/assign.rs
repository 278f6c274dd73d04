use anyhow::{Context as _, Result};
use playgate_manage::Operator;
use playgate_manage::model::{BucketName, StreamId};
use serde_json::json;

use crate::output::Output;

/// Assigns a bucket to an account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init --account acme
  playgate manage bucket assign acme-vod --account acme

JSON: {\"bucket\", \"account\"}")]
pub(super) struct Bucket {
    #[command(subcommand)]
    command: BucketCommand,
}

#[derive(Debug, clap::Subcommand)]
enum BucketCommand {
    /// Assigns a bucket to an account, which then manages its policy, CORS headers, domains and keys.
    #[command(after_help = "\
Examples:
  playgate manage init
  playgate manage bucket assign acme-vod --json

JSON: {\"bucket\", \"account\"}")]
    Assign(To),
}

/// Assigns a stream to an account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  playgate manage init --account acme
  playgate manage stream assign channel-1 --account acme

JSON: {\"stream\", \"account\"}")]
pub(super) struct Stream {
    #[command(subcommand)]
    command: StreamCommand,
}

#[derive(Debug, clap::Subcommand)]
enum StreamCommand {
    /// Assigns a stream to an account, which then manages its playback ID and keys.
    #[command(after_help = "\
Examples:
  playgate manage init
  playgate manage stream assign channel-1 --json

JSON: {\"stream\", \"account\"}")]
    Assign(To),
}

#[derive(Debug, clap::Args)]
struct To {
    /// The name of the bucket or the id of the stream.
    name: String,
    /// The name or id of the account. Not needed if there is one account.
    #[arg(long)]
    account: Option<String>,
}

impl Bucket {
    pub(super) async fn run(self, operator: &Operator, out: Output) -> Result<()> {
        let BucketCommand::Assign(To { name, account }) = self.command;
        let bucket = BucketName::parse(&name).with_context(|| format!("bucket {name:?}"))?;
        let account = super::account(operator, account.as_deref()).await?;
        operator.assign_bucket(&bucket, account.id).await?;
        print("bucket", &name, &account.name, out)
    }
}

impl Stream {
    pub(super) async fn run(self, operator: &Operator, out: Output) -> Result<()> {
        let StreamCommand::Assign(To { name, account }) = self.command;
        let stream = StreamId::parse(&name).with_context(|| format!("stream {name:?}"))?;
        let account = super::account(operator, account.as_deref()).await?;
        operator.assign_stream(&stream, account.id).await?;
        print("stream", &name, &account.name, out)
    }
}

fn print(what: &str, name: &str, account: &str, out: Output) -> Result<()> {
    out.result(
        || json!({ (what): name, "account": account }),
        |text| writeln!(text, "{what} {name} belongs to account {}", crate::output::shown(account)),
    )
}
