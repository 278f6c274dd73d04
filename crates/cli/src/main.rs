//! The command `playgate`.

mod check;
mod completions;
mod configuration;
mod dates;
mod demo;
mod explain;
mod failure;
mod input;
mod inspect;
mod keygen;
mod keys;
mod man;
#[cfg(feature = "manage")]
mod manage;
mod mint;
mod output;
mod public;
mod schema;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use output::Output;

/// The access gate of a media origin: its keys, tokens and configurations.
#[derive(Debug, Parser)]
#[command(name = "playgate", version, max_term_width = 100, after_help = failure::HELP)]
struct Cli {
    #[command(flatten)]
    output: output::Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Keygen(keygen::Keygen),
    Public(public::Public),
    Mint(mint::Mint),
    Inspect(inspect::Inspect),
    Check(check::Check),
    Explain(explain::Explain),
    Keys(keys::Keys),
    #[cfg(feature = "manage")]
    Manage(manage::Manage),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

fn main() -> ExitCode {
    let Cli { output, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::of_usage(&error),
    };
    let out = Output::new(output);
    let done = match command {
        Command::Demo(demo) => return demo.run().unwrap_or_else(|error| failure::report(&error, out)),
        Command::Keygen(keygen) => keygen.run(out),
        Command::Public(public) => public.run(out),
        Command::Mint(mint) => mint.run(out),
        Command::Inspect(inspect) => inspect.run(out),
        Command::Check(check) => check.run(out),
        Command::Explain(explain) => explain.run(out),
        Command::Keys(keys) => keys.run(out),
        #[cfg(feature = "manage")]
        Command::Manage(manage) => manage.run(out),
        Command::Schema(schema) => schema.run(out),
        Command::Completions(completions) => completions.run(out, Cli::command()),
        Command::Man(man) => man.run(out, Cli::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error, out),
    }
}
