//! What the command does with single worlds: one with its whole trace, or one scenario struck everywhere.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use crate::steps::Strike;
use crate::through::Through;
use crate::world::live_on;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// One world and everything that happened in it.
#[must_use]
pub fn one(through: Through, seed: u64) -> ExitCode {
    let outcome = live_on(through, seed);
    for line in &outcome.trace {
        println!("{line}");
    }
    for (fault, count) in &outcome.faults {
        println!("fault {fault:?}: {count}");
    }
    println!("edits {} steps {}", outcome.edits, outcome.steps);
    for finding in &outcome.findings {
        println!("FINDING {finding}");
    }
    code(outcome.findings.len())
}

/// Strikes every place, half of them on a thread of its own.
#[must_use]
pub fn steps(through: Through, every: u64) -> ExitCode {
    let (effects, strikes) = crate::steps::strikes(through);
    let every = usize::try_from(every.max(1)).unwrap_or(1);
    let chosen: Vec<Strike> = strikes.into_iter().step_by(every).collect();
    println!("{} strikes on a scenario of {effects} effects", chosen.len());
    let (count, all) = (AtomicU64::new(0), chosen.len());
    let half = |from: usize| {
        let mine = chosen.iter().copied().skip(from).step_by(2);
        crate::steps::try_each(through, mine, || {
            let now = count.fetch_add(1, Ordering::Relaxed) + 1;
            if now % 500 == 0 {
                println!("{now} of {all}");
            }
        })
    };
    let mut tried = crate::steps::Tried::default();
    std::thread::scope(|threads| {
        let other = threads.spawn(|| half(1));
        tried += half(0);
        match other.join() {
            Ok(its) => tried += its,
            Err(_) => tried.findings.push("a world panicked".to_owned()),
        }
    });
    for finding in tried.findings.iter().take(50) {
        println!("FINDING {finding}");
    }
    println!(
        "effects {effects}, stopped {}, store calls failed {}, statements failed {}, calls failed {}, findings {}",
        tried.stops,
        tried.store_calls,
        tried.statements,
        tried.calls,
        tried.findings.len()
    );
    code(tried.findings.len())
}

/// Fails when anything was found.
#[must_use]
pub fn code(findings: usize) -> ExitCode {
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
