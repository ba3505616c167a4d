//! How many heaps glibc keeps for a server that runs for years.

use std::ffi::OsString;

/// What glibc reads once, when a program begins.
const ARENAS: &str = "MALLOC_ARENA_MAX";
/// Each of eight times as many heaps as there are processors grows to its own worst moment and gives little of it back.
/// Threads wait for the one seldom: each keeps what it frees at hand.
const ENOUGH: &str = "1";

/// Begins `serve` again with one heap, as the same process, unless its environment says how many there are. Where that
/// cannot be done it goes on as it is, and needs some MiB more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn limit(args: &[OsString]) {
    use std::os::unix::process::CommandExt as _;
    let serves = args.iter().skip(1).any(|word| word == "serve");
    if !serves || std::env::var_os(ARENAS).is_some() {
        return;
    }
    if let (Ok(this), Some((name, rest))) = (std::env::current_exe(), args.split_first()) {
        // Returns only when it failed.
        let _ = std::process::Command::new(this).arg0(name).args(rest).env(ARENAS, ENOUGH).exec();
    }
}

/// Other systems' libraries have no such heaps.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn limit(_: &[OsString]) {}
