//! `syncline completions`: a script that lets a shell complete the commands.

use super::App;
use crate::exit::Failure;
use crate::show::Show;
use clap::CommandFactory;
use clap_complete::Shell;

/// For which shell.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  syncline completions bash > /etc/bash_completion.d/syncline")]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Writes the script.
pub fn run(args: Args, show: &mut Show<'_>) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut App::command(), "syncline", &mut script);
    show.line(String::from_utf8_lossy(&script).trim_end())
}
