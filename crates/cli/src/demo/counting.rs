//! Adds up what the sync did: at the emulators' wire, and in the CRM's feed.

use super::drive::Done;
use super::reading::Reading;
use super::result::{Counts, Outcome};
use super::stage::{SERVICE, Stage};
use super::track::Track;
use super::wire_tap::What;
use anyhow::Result;
use crm::feed::{self, Op, Root};
use model::{Domain, Kind};
use std::collections::BTreeMap;

/// What changes of the sync carry in the feed.
const SYNC: &str = "sync";
/// Entries read at a time.
const PAGE: usize = 500;

/// Which domain each id belonged to, out of every read there was.
#[derive(Default)]
pub struct Domains {
    crm: BTreeMap<String, Domain>,
    pim: BTreeMap<String, Domain>,
}

impl Domains {
    /// Learns from a read.
    pub fn learn(&mut self, reading: &Reading, tracks: &[Track]) {
        self.crm.extend(reading.crm_domains());
        for (user, items) in reading.pim.iter().enumerate() {
            for item in items {
                let domain = match item.kind {
                    Kind::Appointment => Some(Domain::Calendar),
                    Kind::Task => Some(Domain::Task),
                    Kind::Contact => {
                        let canaries = super::reading::canaries_of(&item.face);
                        tracks
                            .iter()
                            .find(|track| {
                                canaries.contains(&track.canary)
                                    && track.domain.kind() == Kind::Contact
                                    && track.copies.contains_key(&user)
                            })
                            .map(|track| track.domain)
                    }
                };
                if let Some(domain) = domain {
                    self.pim.insert(item.id.id.clone(), domain);
                }
            }
        }
    }
}

/// All writes of the sync so far: those the servers carried out, and those the CRM noted.
pub async fn writes(stage: &Stage) -> Result<usize> {
    let mut sum = 0;
    for emulator in &stage.emulators {
        sum += usize::try_from(emulator.counters().writes_by(SERVICE).total())?;
    }
    Ok(sum + entries(stage).await?.len())
}

async fn entries(stage: &Stage) -> Result<Vec<feed::Entry>> {
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let page = stage.services.crm.feed_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        all.extend(page.into_iter().filter(|entry| entry.source == SYNC));
    }
    Ok(all)
}

/// What the sync made in the CRM and in mailboxes so far.
pub async fn creates(stage: &Stage) -> Result<usize> {
    let wire = stage.tap.events().iter().filter(|event| matches!(event.what, What::Created(_))).count();
    let feed = entries(stage).await?.iter().filter(|entry| entry.op == Op::Create).count();
    Ok(wire + feed)
}

/// Mails that requests of the sync asked for.
pub fn mails(stage: &Stage) -> usize {
    // The two servers share one site, and so one sink.
    stage.emulators[0].sink().iter().filter(|mail| mail.account.eq_ignore_ascii_case(SERVICE)).count()
}

/// Fills in the counts.
pub async fn count(stage: &Stage, domains: &Domains, done: &Done, outcome: &mut Outcome) -> Result<()> {
    let mut counts: BTreeMap<Domain, Counts> =
        Domain::ALL.into_iter().map(|domain| (domain, Counts::default())).collect();
    let mut add = |domain: Domain, place: fn(&mut Counts) -> &mut usize, number: usize| {
        *place(counts.entry(domain).or_default()) += number;
    };
    for event in stage.tap.events() {
        match event.what {
            What::Created(domain) => add(domain, |of| &mut of.created_pim, 1),
            What::Updated(id) => {
                if let Some(domain) = domains.pim.get(&id) {
                    add(*domain, |of| &mut of.updated_pim, 1);
                }
            }
            What::Deleted(id) => {
                if let Some(domain) = domains.pim.get(&id) {
                    add(*domain, |of| &mut of.deleted_pim, 1);
                }
            }
            What::Marked(_) => {}
        }
    }
    for entry in entries(stage).await? {
        let fits = match entry.what {
            feed::What::Fields | feed::What::Participants | feed::What::Own => true,
            // Sync List rows, teams, groups and what the sync knows of a meeting are no changes of a record.
            feed::What::SyncList | feed::What::Team | feed::What::Membership | feed::What::Flags => false,
        };
        let domain = domains.crm.get(&entry.id).copied();
        let (Some(domain), true) = (domain, fits && is_record(entry.kind)) else {
            continue;
        };
        match entry.op {
            Op::Create => add(domain, |of| &mut of.created_crm, 1),
            Op::Update => add(domain, |of| &mut of.updated_crm, 1),
            Op::Delete => add(domain, |of| &mut of.deleted_crm, 1),
            Op::Merge => {}
        }
    }
    for (domain, number) in &done.matched {
        add(*domain, |of| &mut of.matched, *number);
    }
    let mut after = None;
    loop {
        let page = stage.services.store.overview(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.pairing.id.clone());
        for status in &page {
            outcome.users += 1;
            outcome.held += usize::try_from(status.held)?;
            outcome.quarantined += usize::try_from(status.quarantined)?;
            for (domain, links) in &status.links {
                add(*domain, |of| &mut of.links, usize::try_from(links.all)?);
                outcome.slept += usize::try_from(links.asleep)?;
            }
        }
    }
    outcome.conflicts = done.conflicts;
    outcome.mails_sent = mails(stage);
    outcome.domains = counts;
    Ok(())
}

fn is_record(kind: Root) -> bool {
    match kind {
        Root::Contact | Root::Employee | Root::Activity => true,
        Root::Account | Root::Organization | Root::Position | Root::UserList => false,
    }
}
