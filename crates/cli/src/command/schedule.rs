//! `syncline schedule`: when cycles run, by group.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash, yes_no};
use clap::Subcommand;
use model::schedule::{Hours, Peak, Schedule, ScheduleRule};
use model::settings::GroupKind;
use server::ops::schedule::{self, ShownSchedule};
use std::path::Path;

/// What can be done with schedules.
#[derive(Subcommand)]
pub enum Command {
    /// Shows the schedules in the order they are tried.
    List,
    /// Adds a schedule, last or before the one at a position.
    #[command(after_help = "\
Hours are written DAYS FROM-TO, by the clock of --zone: \"mon-fri 08:00-18:00\", \"sat,sun 00:00-00:00\" (a whole day),
\"22:00-05:00\" (every night). Examples:
  syncline schedule add --interval 300 --peak-interval 30 --peak \"mon-fri 08:00-18:00\" --zone Europe/Berlin
  syncline schedule add --group position --id POS-00000007 --and-below --interval 60 --blackout \"22:00-05:00\"")]
    Add {
        /// What kind of group; everybody without it.
        #[arg(long, requires = "id")]
        group: Option<words::Group>,
        /// The group's id in the CRM.
        #[arg(long, requires = "group")]
        id: Option<String>,
        /// Sub-positions and sub-organizations count too.
        #[arg(long, requires = "group")]
        and_below: bool,
        /// Seconds between two cycles.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        interval: u32,
        /// Seconds between two cycles in peak hours.
        #[arg(long, requires = "peak", value_parser = clap::value_parser!(u32).range(1..))]
        peak_interval: Option<u32>,
        /// Peak hours; may be repeated.
        #[arg(long, requires = "peak_interval", value_parser = words::hours)]
        peak: Vec<Hours>,
        /// Hours without any cycle; may be repeated.
        #[arg(long, value_parser = words::hours)]
        blackout: Vec<Hours>,
        /// The zone of the hours.
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// Before the schedule at this position, counted from 1.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        before: Option<u32>,
    },
    /// Takes a schedule out.
    Remove {
        /// Its position, counted from 1.
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        position: u32,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let schedules = match command {
        Command::List => schedule::list(&services).await?,
        Command::Add { group, id, and_below, interval, peak_interval, peak, blackout, zone, before } => {
            let peak = peak_interval.map(|interval_s| Peak { interval_s, hours: peak });
            let rule = ScheduleRule {
                group: group.map(Into::into),
                id: id.unwrap_or_default(),
                and_below,
                schedule: Schedule { interval_s: interval, peak, blackout, zone },
            };
            schedule::add(&services, rule, before.map(words::place)).await?
        }
        Command::Remove { position } => schedule::remove(&services, words::place(position)).await?,
    };
    let numbered: Vec<(usize, ShownSchedule)> = (1..).zip(schedules).collect();
    let head = ["position", "group", "id", "name", "and below", "every", "peak", "blackout", "zone", "broken"];
    show.list(&numbered, &head, |(position, shown)| {
        let of = &shown.rule.schedule;
        let group = shown.rule.group.as_ref().map_or("everybody", GroupKind::name);
        vec![
            position.to_string(),
            group.to_owned(),
            or_dash(Some(&shown.rule.id).filter(|id| !id.is_empty())),
            or_dash(shown.name.as_ref()),
            yes_no(shown.rule.and_below),
            format!("{} s", of.interval_s),
            or_dash(of.peak.as_ref().map(|peak| format!("{} s {}", peak.interval_s, spans(&peak.hours))).as_ref()),
            or_dash(Some(&spans(&of.blackout)).filter(|text| !text.is_empty())),
            of.zone.clone(),
            yes_no(shown.broken),
        ]
    })
}

fn spans(hours: &[Hours]) -> String {
    hours.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
