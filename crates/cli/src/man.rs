use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::output::{GOOD, Output, count};

/// Prints the manual page, or writes the pages of all commands into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Man {
    /// The folder for the pages of all commands. It is created if it does not exist.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

const HELP: &str = "\
Examples:
  playgate man > playgate.1
  playgate man --out man1

JSON: {\"page\": text}, or with --out {\"pages\": [path]}";

impl Man {
    pub(crate) fn run(self, out: Output, command: clap::Command) -> Result<()> {
        let Some(folder) = self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            return out
                .result(|| json!({ "page": String::from_utf8_lossy(&page) }), |text| text.write_all(&page));
        };
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("folder {} cannot be created", folder.display()))?;
        let mut pages = Vec::new();
        write_pages(command, "playgate", &folder, &mut pages)?;
        out.result(
            || json!({ "pages": pages }),
            |text| {
                writeln!(text, "{GOOD}wrote{GOOD:#} {} to {}", count(pages.len(), "page"), folder.display())
            },
        )
    }
}

/// Writes the page of a command, and those of its subcommands: `playgate-mint-url.1`.
fn write_pages(
    mut command: clap::Command,
    name: &str,
    folder: &std::path::Path,
    pages: &mut Vec<String>,
) -> Result<()> {
    if name == "playgate" {
        command = command.disable_help_subcommand(true);
        command.build();
    }
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_owned()).render(&mut page)?;
    std::fs::write(&path, page).with_context(|| format!("{} cannot be written", path.display()))?;
    pages.push(path.display().to_string());
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write_pages(sub.clone(), &format!("{name}-{}", sub.get_name()), folder, pages)?;
    }
    Ok(())
}
