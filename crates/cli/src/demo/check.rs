//! Runs the cases over a real socket and writes the table of results.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::cases::Case;

/// The time that one response may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The results of all cases.
pub(super) struct Checked {
    pub(super) table: String,
    pub(super) differences: usize,
}

/// Sends the request of each case, and compares status and code.
pub(super) async fn check(address: SocketAddr, cases: &[Case]) -> anyhow::Result<Checked> {
    let mut table = format!("  {:<9} {:<9} {:<27} {:<24} WHY\n", "EXPECTED", "RECEIVED", "CODE", "CASE");
    let mut differences = 0;
    for case in cases {
        let (status, code) = tokio::time::timeout(PATIENCE, send(address, case))
            .await
            .with_context(|| format!("no response within {} s to: {case}", PATIENCE.as_secs()))??;
        // The response to HEAD has no body, and so no code.
        let is_expected = status == case.status && code == case.code;
        differences += usize::from(!is_expected);
        let mark = if is_expected { ' ' } else { '!' };
        let shown =
            if is_expected || code == case.code { code } else { format!("{code} (not {})", case.code) };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{mark} {:<9} {status:<9} {shown:<27} {:<24} {}",
            case.status, case.name, case.why
        );
    }
    let _ = match differences {
        0 => writeln!(table, "\n{} cases, all as expected", cases.len()),
        count => writeln!(table, "\n{} cases, {count} different (marked with !)", cases.len()),
    };
    Ok(Checked { table, differences })
}

/// Sends one request, and returns the status and the code in the body.
async fn send(address: SocketAddr, case: &Case) -> anyhow::Result<(u16, String)> {
    let rest = case.url.strip_prefix("http://").context("the URL is not http")?;
    let (host, path) = rest.split_once('/').context("the URL has no path")?;
    let host = case.fields.iter().find(|(name, _)| *name == "Host").map_or(host, |(_, value)| value);
    let mut request = format!("{} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", case.method);
    for (name, value) in case.fields.iter().filter(|(name, _)| *name != "Host") {
        let _ = write!(request, "{name}: {value}\r\n"); // a String takes everything
    }
    request.push_str("\r\n");

    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    let response = String::from_utf8_lossy(&response);
    let Some((head, body)) = response.split_once("\r\n\r\n") else { bail!("no HTTP response to: {case}") };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let code = serde_json::from_str::<serde_json::Value>(body).ok();
    let code = code.as_ref().and_then(|problem| problem["code"].as_str()).unwrap_or_default();
    Ok((status, code.to_owned()))
}
