//! The command `playgate`.

use clap::Parser;

/// The access gate of a media origin: its keys, tokens and configurations.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli;

fn main() {
    Cli::parse();
}
