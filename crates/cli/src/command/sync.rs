//! `syncline sync`: one cycle now, for a user, a group or all.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use server::ops::cycle::{self, CycleDone};
use server::ops::names;
use server::ops::user::Whom;
use std::path::Path;
use store::Count;

/// Whose.
#[derive(clap::Args)]
#[command(after_help = "\
It runs also in blackout hours. It takes each user's lease like a server; one that a server works on at this moment is told and left to it. Exit code 1
when a cycle did not end well.")]
pub struct Args {
    /// One user, by login or id; all who are enabled without it.
    #[arg(long, conflicts_with = "group")]
    user: Option<String>,
    /// The enabled members of a group of this kind.
    #[arg(long, requires = "id")]
    group: Option<words::Group>,
    /// The group's id in the CRM.
    #[arg(long, requires = "group")]
    id: Option<String>,
    /// Those of sub-positions and sub-organizations too.
    #[arg(long, requires = "group")]
    and_below: bool,
}

/// Runs the cycles and shows what each did.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let whom = match (args.user, args.group, args.id) {
        (Some(user), _, _) => Whom::User(user),
        (None, Some(group), Some(id)) => Whom::Group { kind: group.into(), id, and_below: args.and_below },
        (None, _, _) => Whom::All,
    };
    let done = cycle::run(&services, &whom).await?;
    let head = ["user", "created", "updated", "deleted", "matched", "conflicts", "held", "quarantined", "trouble"];
    let whose = names::of_pairings(&services, &done.iter().map(|of| of.pairing.clone()).collect()).await?;
    show.list(&done, &head, |of| {
        let mut row = vec![whose.get(&of.pairing).unwrap_or(&of.user).clone()];
        let sums = [Count::Created, Count::Updated, Count::Deleted, Count::Matched];
        row.extend(sums.map(|what| sum(of, what).to_string()));
        row.extend([of.conflicts, of.held, of.quarantined].map(|number| number.to_string()));
        let brake = (of.braked > 0).then(|| "stopped by a brake; 'syncline brake list' tells why".to_owned());
        row.push(or_dash(of.trouble.as_ref().or(brake.as_ref())));
        row
    })?;
    if done.iter().all(|of| of.trouble.is_none() && of.braked == 0) {
        Ok(())
    } else {
        Err(Failure::not_as_asked("not every cycle ended well"))
    }
}

fn sum(of: &CycleDone, what: Count) -> u32 {
    of.counts.iter().filter(|line| line.what == what).map(|line| line.records).sum()
}
