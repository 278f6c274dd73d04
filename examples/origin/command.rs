//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: cargo run --release --example origin [-- OPTION VALUE …]";

pub(crate) const HELP: &str = "
Serves the sample media on one port, to those who bring a token.

  --listen ADDRESS:PORT   where to serve; 127.0.0.1:8080 unless told otherwise, port 0 for any that is free
  --config FILE           sites and keys from this file, .toml or .json, instead of the example's own
  --manage ADDRESS:PORT   a loopback address that answers GET /keys, and issues and revokes embed tokens; any free port
                          unless told otherwise
  --print-config          prints the example's own configuration and stops
  --help                  prints this and stops

Hosts of another configuration get the files of examples/origin/media: /videos/1/movie.mp4, for example.

SIGHUP reads configuration and keys again and prints the keys. Changes of the files are taken up without it.
";

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Debug)]
pub(crate) enum Command {
    Serve(Options),
    PrintConfig,
    Help,
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) manage: SocketAddr,
    pub(crate) config: Option<PathBuf>,
}

/// Reads the arguments, or says what is wrong with them.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, String> {
    let mut options = Options {
        listen: SocketAddr::new(LOCALHOST, 8080),
        manage: SocketAddr::new(LOCALHOST, 0),
        config: None,
    };
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help"] => return Ok(Command::Help),
        ["--print-config"] => return Ok(Command::PrintConfig),
        _ => {}
    }
    let mut left = arguments.iter();
    while let Some(option) = left.next() {
        let value = left.next().filter(|value| !value.starts_with("--"));
        let need = |what: &str| format!("{option} has no value: write {what}");
        match option.as_str() {
            "--listen" => options.listen = address(option, value)?,
            "--manage" => options.manage = address(option, value)?,
            "--config" => options.config = Some(value.ok_or_else(|| need("a file"))?.into()),
            other => return Err(format!("unknown argument: {other}")),
        }
    }
    Ok(Command::Serve(options))
}

fn address(option: &str, value: Option<&String>) -> Result<SocketAddr, String> {
    const WRITE: &str = "write an IP address and a port, such as 127.0.0.1:8080";
    let value = value.ok_or_else(|| format!("{option} has no value: {WRITE}"))?;
    value.parse().map_err(|_| format!("{option} is {value:?}: {WRITE}"))
}
