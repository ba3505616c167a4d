//! The stages of a full check: what each one runs, and what to do when it fails.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::clock::Watch;
use super::listen::{Said, listen};
use super::schema;
use super::tally::Tally;
use crate::tidy;

/// The cargo-deny that the licence stage installs when the machine has none.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// One stage.
pub struct Stage {
    /// What `--only` and the table call it.
    pub name: &'static str,
    /// One line said before it runs.
    pub what: &'static str,
    /// What a person does when it failed.
    pub advice: &'static str,
    work: Work,
}

enum Work {
    Cargo { words: &'static [&'static str], variables: &'static [(&'static str, &'static str)] },
    Tests { words: &'static [&'static str] },
    Schema,
    Licences,
    Tidy,
}

/// How a stage ended.
pub struct Ended {
    /// Whether everything in it was as it should be.
    pub passed: bool,
    /// How long it took.
    pub minutes: f64,
    /// The tests it ran.
    pub tally: Tally,
}

impl Ended {
    /// The word in the table.
    pub fn word(&self) -> &'static str {
        if self.passed { "ok" } else { "FAILED" }
    }
}

/// All stages in order: the quick ones first, each later one needing what an earlier one has compiled.
pub const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        what: "every file is formatted",
        advice: "run `cargo fmt --all`",
        work: Work::Cargo { words: &["fmt", "--all", "--check"], variables: &[] },
    },
    Stage {
        name: "tidy",
        what: "arrows, places, sizes, paper",
        advice: "the lines above say file, line and rule",
        work: Work::Tidy,
    },
    Stage {
        name: "licences",
        what: "licences, doubles and sources of all dependencies (deny.toml)",
        advice: "choose another dependency, or widen deny.toml with a decision record",
        work: Work::Licences,
    },
    Stage {
        name: "lints",
        what: "clippy over all targets, warnings denied",
        advice: "the messages above name the lint",
        work: Work::Cargo {
            words: &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
            variables: &[],
        },
    },
    Stage {
        name: "build",
        what: "all tests are compiled",
        advice: "the compiler's messages are above",
        work: Work::Cargo { words: &["test", "--workspace", "--locked", "--no-run"], variables: &[] },
    },
    Stage {
        name: "tests",
        what: "all tests, examples in the documentation included",
        advice: "the tests' own words are above",
        work: Work::Tests { words: &["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"] },
    },
    Stage {
        name: "schema",
        what: "every shape of message that the tests sent or were answered is valid by Microsoft's schema",
        advice: "the messages named above are kept in the target folder; EWS_SCHEMA names the schemas",
        work: Work::Schema,
    },
    Stage {
        name: "planted",
        what: "five planted faults are each found by the simulator",
        advice: "the simulator has become blind: `cargo xtask planted` shows for which faults",
        work: Work::Cargo {
            words: &["run", "-p", "sim", "--features", "sown", "--locked", "--", "--planted", "quick"],
            variables: &[],
        },
    },
    Stage {
        name: "steps",
        what: "one scenario, stopped at each step, each call and each answer failing, each call of the store failing",
        advice: "`cargo run --release -p sim -- --steps` tells at which place; the finding names it",
        work: Work::Cargo { words: &["run", "--release", "-p", "sim", "--locked", "--", "--steps"], variables: &[] },
    },
    Stage {
        name: "steps-sql",
        what: "every fiftieth place of the same scenario on a SQLite file, statements included",
        advice: "`cargo run --release -p sim -- --through sqlite --steps --every 50` tells at which place",
        work: Work::Cargo {
            words: &[
                "run",
                "--release",
                "-p",
                "sim",
                "--locked",
                "--",
                "--through",
                "sqlite",
                "--steps",
                "--every",
                "50",
            ],
            variables: &[],
        },
    },
    Stage {
        name: "proven",
        what: "broken rules are noticed by the tests that carry their numbers",
        advice: "`cargo xtask rules --prove` names the rule; its test has become blind",
        work: Work::Cargo { words: &["xtask", "rules", "--prove", "--of", "plan"], variables: &[] },
    },
    Stage {
        name: "docs",
        what: "the code's documentation, warnings denied",
        advice: "mostly a broken link: the messages above name it",
        work: Work::Cargo {
            words: &["doc", "--workspace", "--locked", "--no-deps"],
            variables: &[("RUSTDOCFLAGS", "-D warnings")],
        },
    },
];

impl Stage {
    /// Whether its output ends in counts of tests.
    pub fn runs_tests(&self) -> bool {
        matches!(self.work, Work::Tests { .. })
    }

    /// Runs it. An error means that it could not be started at all.
    pub fn run(&self, root: &Path) -> anyhow::Result<Ended> {
        let watch = Watch::start();
        let mut tally = Tally::default();
        let passed = match &self.work {
            Work::Cargo { words, variables } => cargo(root, words, variables)?,
            Work::Tests { words } => {
                let mut command = cargo_command(root, words);
                schema::collect(root, &mut command)?;
                listen(&mut command, |said| {
                    match said {
                        Said::Out(line) => std::io::stdout().write_all(line)?,
                        Said::Err(line) => std::io::stderr().write_all(line)?,
                    }
                    tally.read(&said.text());
                    Ok(())
                })? && tally.ran()
            }
            Work::Licences => {
                deny_is_here(root)?
                    && cargo(
                        root,
                        &[
                            "deny",
                            "--locked",
                            "--log-level",
                            "error",
                            "check",
                            "--hide-inclusion-graph",
                            "licenses",
                            "bans",
                            "sources",
                        ],
                        &[],
                    )?
            }
            Work::Schema => schema::judge(root)?,
            Work::Tidy => tidy::run(root)?,
        };
        Ok(Ended { passed, minutes: watch.minutes(), tally })
    }
}

/// Installs cargo-deny when it is missing; built without its own optimisation, because it runs for seconds.
fn deny_is_here(root: &Path) -> anyhow::Result<bool> {
    let answer = cargo_command(root, &["deny", "--version"]).output().context("cargo cannot be started")?;
    if answer.status.success() {
        return Ok(true);
    }
    println!("cargo-deny is not installed; installing {CARGO_DENY}, which takes some minutes once");
    cargo(
        root,
        &["install", "--locked", CARGO_DENY],
        &[
            ("CARGO_PROFILE_RELEASE_LTO", "false"),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ],
    )
}

fn cargo(root: &Path, words: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<bool> {
    let status =
        cargo_command(root, words).envs(variables.iter().copied()).status().context("cargo cannot be started")?;
    Ok(status.success())
}

fn cargo_command(root: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(words);
    command
}
