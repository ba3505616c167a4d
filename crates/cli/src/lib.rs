//! The command line: one executable whose commands do what the API does, and the demonstration.
//!
//! Every administrative command calls the functions of `server::ops` that the API calls, so that the two cannot differ. A
//! command works beside a running `serve`: it opens the same store and takes a pairing's lease like any node.
#![forbid(unsafe_code)]

mod arenas;
mod command;
mod demo;
mod exit;
mod show;

pub use exit::{CODES, Exit};

use clap::Parser;
use command::App;
use show::Show;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Runs a command line and tells its end as the process's exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    arenas::limit(&args);
    let mut out = std::io::stdout();
    let mut err = std::io::stderr();
    ExitCode::from(run(args, &mut out, &mut err))
}

/// The same with the places where it shows its result and its troubles.
pub fn run(args: impl IntoIterator<Item = OsString>, out: &mut (dyn Write + Send), err: &mut (dyn Write + Send)) -> u8 {
    let app = match App::try_parse_from(args) {
        Ok(app) => app,
        Err(told) => {
            let help = !told.use_stderr();
            let text = told.render();
            let place: &mut (dyn Write + Send) = if help { out } else { err };
            // Nobody listens any more: nothing is left to tell it to.
            let _ = write!(place, "{text}");
            return if help { 0 } else { Exit::Usage.code() };
        }
    };
    let json = app.json();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            let _ = writeln!(err, "syncline: {why}");
            return Exit::Broken.code();
        }
    };
    let mut show = Show::new(out, json);
    match runtime.block_on(command::run(app, &mut show)) {
        Ok(()) => 0,
        Err(failure) if failure.exit == Exit::Unheard => failure.exit.code(),
        Err(failure) => {
            let told = if json {
                show::harmless_json(&failure.json().to_string())
            } else {
                show::harmless(&format!("syncline: {failure}"))
            };
            let _ = writeln!(err, "{told}");
            failure.exit.code()
        }
    }
}
