//! The executable once more, so that tests can run it as a process and kill it.

fn main() -> std::process::ExitCode {
    cli::main(std::env::args_os())
}
