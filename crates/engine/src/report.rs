//! What a person asks: a dry run (rule W1), why a record is or is not in sync (rule W2), whose level counts (rule L5).

use crate::Engine;
use crate::act::wanted;
use crate::force::groups;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::Wanted;
use crate::standing::of_user;
use model::schedule::Schedule;
use model::{Domain, Gone, Kind, PairingId, RecordId, Seen, Side};
use plan::access::{Chain, chain};
use plan::{After, Op};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{HistoryFilter, Pairing, Work, WorkKey};

/// The plan of the next cycle.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PlanReport {
    /// A line per record that something would be done about.
    pub lines: Vec<PlanLine>,
    /// Creates, updates, deletes and conflicts per domain and side.
    pub totals: BTreeMap<String, u32>,
    /// More lines than are shown.
    pub more: bool,
}

/// What would be done about one record.
#[derive(Clone, Debug, Serialize)]
pub struct PlanLine {
    /// As what it is judged.
    pub domain: Option<Domain>,
    /// `create`, `update`, `delete`, `match`, `quarantine`, `ambiguous`, …
    pub what: String,
    /// The side written, if one is.
    pub side: Option<Side>,
    /// In the CRM.
    pub crm: Option<RecordId>,
    /// In the mailbox.
    pub pim: Option<RecordId>,
    /// Whom the mail server would write to (rule C9).
    pub mail_to: Vec<String>,
    /// In words, with the rules.
    pub text: Vec<String>,
}

/// Why a record is or is not in sync.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// As what it is judged.
    pub domain: Option<Domain>,
    /// The record in the CRM.
    pub crm: Option<RecordId>,
    /// The item in the mailbox.
    pub pim: Option<RecordId>,
    /// In words, rule by rule.
    pub text: Vec<String>,
}

/// Whose level counts for a user, domain by domain.
#[derive(Clone, Debug, Serialize)]
pub struct UserExplained {
    /// The chain of each domain.
    pub chains: Vec<Chain>,
    /// In words.
    pub text: Vec<String>,
    /// Group rules that name a group which vanished (rule L4).
    pub broken: Vec<String>,
    /// When the user's cycles run (rule E4).
    pub schedule: Schedule,
}

/// The most lines a dry run shows.
const LINES: usize = 10_000;

impl Engine {
    /// Plans the next cycle and writes nothing on either side.
    ///
    /// # Errors
    /// As for a cycle.
    pub async fn dry_run(&self, id: &PairingId) -> Result<PlanReport, CycleError> {
        let lease = self.lease_of(id).await?;
        let result = self.dry_run_leased(lease.clone(), id).await;
        self.give_back(&lease, result).await
    }

    async fn dry_run_leased(&self, lease: store::Lease, id: &PairingId) -> Result<PlanReport, CycleError> {
        let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
        // Who is not enabled yet is planned for as if he were: that is what is looked at before he is (rule L1).
        let mut cycle = self.begin(lease, Pairing { enabled: true, ..pairing }).await?;
        cycle.learn().await?;
        let mut report = PlanReport::default();
        for kind in cycle.kinds.clone() {
            // A cycle links two strangers at the first of them and has nothing left to do at the other.
            let mut matched: BTreeSet<(Side, RecordId)> = BTreeSet::new();
            let mut after: Option<WorkKey> = None;
            loop {
                let page = self.store().work(id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                for work in &page {
                    if work.link.is_none() && matched.contains(&(work.key.side, work.key.id.clone())) {
                        continue;
                    }
                    if let Some(judged) = cycle.judge(work).await? {
                        if let (None, Some(crm), Some(pim)) = (&work.link, &judged.crm, &judged.pim) {
                            matched.extend([(Side::Crm, crm.id.clone()), (Side::Pim, pim.id.clone())]);
                        }
                        let mail_to = cycle.mail_to(work, &judged);
                        add(&mut report, work, &judged.plan, judged.crm.as_ref(), judged.pim.as_ref(), mail_to);
                    }
                }
            }
        }
        Ok(report)
    }

    /// Explains a record of a side: judged afresh, nothing written.
    ///
    /// # Errors
    /// As for a cycle.
    pub async fn explain_record(
        &self,
        id: &PairingId,
        side: Side,
        kind: Kind,
        record: &RecordId,
    ) -> Result<Explained, CycleError> {
        let lease = self.lease_of(id).await?;
        let result = self.explain_leased(lease.clone(), id, side, kind, record).await;
        self.give_back(&lease, result).await
    }

    async fn explain_leased(
        &self,
        lease: store::Lease,
        id: &PairingId,
        side: Side,
        kind: Kind,
        record: &RecordId,
    ) -> Result<Explained, CycleError> {
        let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
        let mut cycle = self.begin(lease, pairing).await?;
        let link = self.store().link_of(id, side, kind, record).await?;
        let mut ends: BTreeMap<Side, RecordId> = BTreeMap::from([(side, record.clone())]);
        if let Some(link) = &link {
            ends.extend(Side::BOTH.map(|side| (side, link.end(side).id.clone())));
        }
        let mut seen = BTreeMap::new();
        for (side, id) in &ends {
            let asked = link.as_ref().map_or_else(|| Wanted::by_id(id.clone()), |link| wanted(link, *side));
            let found = cycle.get_one(*side, kind, asked).await??;
            seen.insert(*side, cycle.observation(*side, kind, id, found));
        }
        let gone = |side| matches!(seen.get(&side), Some(store::Observation { seen: Seen::Gone(_), .. }));
        if link.is_none() && gone(side) {
            let merged = matches!(seen.get(&side), Some(store::Observation { seen: Seen::Gone(Gone::Merged), .. }));
            let mut text = vec![
                match side {
                    Side::Crm if merged => {
                        "It was merged into another record, which has its Sync List and its copies now (M5)."
                    }
                    Side::Crm => "This user sees no such record in the CRM, and none of his items is linked to it.",
                    Side::Pim => "There is no such item in the mailbox, and no record is linked to it.",
                }
                .to_owned(),
            ];
            let told = self.last_written(id, side, record).await?;
            text.push(told.unwrap_or_else(|| "The history tells nothing of it for this user (W3).".to_owned()));
            return Ok(Explained {
                domain: None,
                crm: ends.get(&Side::Crm).cloned(),
                pim: ends.get(&Side::Pim).cloned(),
                text,
            });
        }
        let key = WorkKey { alone: link.is_none(), side, id: record.clone() };
        let work = Work {
            key,
            link,
            crm: seen.get(&Side::Crm).cloned(),
            pim: seen.get(&Side::Pim).cloned(),
            quarantine: vec![],
        };
        let mut text = Vec::new();
        if gone(side) {
            text.push("The record is not there.".to_owned());
        }
        let judged = cycle.judge(&work).await?;
        let domain = judged.as_ref().and_then(|judged| judged.plan.domain);
        if let Some(judged) = &judged {
            text.extend(plan::explain::plan(&judged.plan));
            text.extend(cycle.local(&work, &judged.plan).await?);
            text.extend(cycle.allowed_again(&judged.plan));
            text.extend(plan::explain::mail(&cycle.mail_to(&work, judged)));
        }
        text.extend(cycle.standing(&ends, work.link.as_ref(), domain).await?);
        if let Some(domain) = domain
            && let Some(chain) = cycle.force.chains.get(&domain)
        {
            text.extend(plan::explain::chain(chain, true));
        }
        if let Some(crm) = ends.get(&Side::Crm) {
            text.extend(self.last_written(id, Side::Crm, crm).await?);
        }
        Ok(Explained { domain, crm: ends.get(&Side::Crm).cloned(), pim: ends.get(&Side::Pim).cloned(), text })
    }

    /// What a cycle did to the record last, and what puts that back (rule W3).
    async fn last_written(&self, id: &PairingId, side: Side, record: &RecordId) -> Result<Option<String>, CycleError> {
        let filter = HistoryFilter {
            pairing: Some(id.clone()),
            record: Some((side, record.clone())),
            ..HistoryFilter::default()
        };
        let lines = self.store().history(&filter, None, limits::TOLD).await?;
        Ok(lines.iter().map(|line| &line.line).find_map(|line| {
            let did = plan::undo::Did::of(&line.what)?;
            // Values that were taken away (rule O8), or are past their time, come back by no undo.
            let held = did != plan::undo::Did::Changed || !line.after.is_empty();
            Some(plan::explain::last_written(did, line.side, line.at, &line.cycle, held))
        }))
    }

    /// Explains whose level counts for a pairing's user; `joined` adds groups he is not in ("what if").
    ///
    /// # Errors
    /// When the CRM or the store fails.
    pub async fn explain_user(
        &self,
        id: &PairingId,
        joined: &plan::access::Groups,
    ) -> Result<UserExplained, CycleError> {
        let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
        let settings = self.store().settings().await?;
        let directory = self.directory(&pairing.crm);
        let memberships = directory.memberships(&pairing.user).await?;
        let mut groups = groups(&memberships, settings.primary_position_only);
        groups.own.extend(joined.own.iter().cloned());
        groups.above.extend(joined.above.iter().cloned());
        let chains: Vec<Chain> = Domain::ALL
            .into_iter()
            .map(|domain| chain(domain, pairing.enabled && memberships.active, &groups, &settings, &pairing.settings))
            .collect();
        let named = chains
            .iter()
            .flat_map(|chain| &chain.rules)
            .map(|(rule, _)| (group_word(&rule.group), rule.id.clone()))
            .chain(
                settings.schedules.iter().filter_map(|rule| Some((group_word(rule.group.as_ref()?), rule.id.clone()))),
            )
            .collect();
        let known = directory.groups(&named).await?;
        let broken = named
            .iter()
            .filter(|group| !known.contains_key(*group))
            .map(|(kind, id)| {
                format!("{} {id} is not in the CRM any more: its rules match nobody (L4)", kind.replace('_', " "))
            })
            .collect();
        let schedule = plan::access::schedule(&groups, &settings);
        let mut text = Vec::new();
        if !memberships.active {
            let left = "The user is not active in the CRM any more: nothing is synchronised until he is, and nothing is deleted (L1).";
            text.push(left.to_owned());
        }
        if pairing.enabled && memberships.active {
            let ways = of_user(&pairing, &self.store().brakes().await?, schedule.rests_until(self.now()));
            text.extend(ways.iter().map(|(domain, way)| match domain {
                Some(domain) => format!("{domain}: {}", plan::explain::standing(way)),
                None => plan::explain::standing(way),
            }));
        }
        text.extend(chains.iter().flat_map(|chain| plan::explain::chain(chain, memberships.active)));
        text.extend(plan::explain::schedule(&schedule));
        Ok(UserExplained { chains, text, broken, schedule })
    }
}

impl crate::cycle::Cycle<'_> {
    /// Whom the plan makes the server write to, by address: nothing of it is sent by looking (rules C9, W1). Who is on a private
    /// meeting is its owner's to know; that so many are written to is told (rule O7).
    fn mail_to(&self, work: &Work, judged: &crate::judge::Judged) -> Vec<String> {
        let lenses = self.lenses();
        let context = self.context(plan::Lead::Mine, &lenses);
        let link = match &judged.plan.after {
            After::Linked(link) | After::Away(link) => Some(&**link),
            _ => work.link.as_ref(),
        };
        let people = plan::mailing::of_plan(&judged.plan, link, judged.pim.as_ref(), &context);
        let addresses = people.into_iter().filter_map(|person| person.address);
        match [&judged.crm, &judged.pim].into_iter().flatten().any(model::Record::is_private) {
            true => addresses.map(|_| plan::explain::PRIVATE.to_owned()).collect(),
            false => addresses.collect(),
        }
    }
}

/// The word a group's kind has in the directory.
fn group_word(kind: &model::settings::GroupKind) -> String {
    match kind {
        model::settings::GroupKind::Organization => "organization",
        model::settings::GroupKind::Position => "position",
        model::settings::GroupKind::UserList => "user_list",
    }
    .to_owned()
}

fn add(
    report: &mut PlanReport,
    work: &Work,
    plan: &plan::Plan,
    crm: Option<&model::Record>,
    pim: Option<&model::Record>,
    mail_to: Vec<String>,
) {
    let what = match (&plan.after, plan.ops.first()) {
        (After::Quarantine(_), _) => "quarantine",
        (After::Ambiguous, _) => "ambiguous",
        (_, Some(Op::Create { .. })) => "create",
        (_, Some(Op::Restore { .. })) => "restore",
        (_, Some(Op::Update { .. })) => "update",
        (_, Some(Op::Delete { .. })) => "delete",
        (_, Some(Op::Enlist | Op::Flag { .. })) => "link",
        (_, Some(Op::Delist)) => "delist",
        (_, Some(Op::Leave)) => "leave",
        (_, Some(Op::Rejoin)) => "rejoin",
        (After::New { .. }, None) => "link",
        // It waits for a person (rules C3, W1).
        (_, None) if plan.conflicts.iter().any(|conflict| conflict.counts) => "conflict",
        (After::Linked(_) | After::Away(_) | After::Forget | After::Stranger(_) | After::Wait(_), None) => return,
    };
    for op in &plan.ops {
        let domain = plan.domain.map_or("", Domain::as_str);
        let name = match op {
            Op::Create { .. } => "create",
            Op::Update { .. } => "update",
            Op::Delete { .. } => "delete",
            Op::Restore { .. } => "restore",
            Op::Enlist => "enlist",
            Op::Delist => "delist",
            Op::Leave => "leave",
            Op::Rejoin => "rejoin",
            Op::Flag { .. } => "flag",
        };
        *report.totals.entry(format!("{domain}.{name}_{}", op.side().as_str())).or_default() += 1;
    }
    let conflicts = plan.conflicts.iter().filter(|conflict| conflict.counts).count();
    if conflicts > 0 {
        *report.totals.entry("conflicts".to_owned()).or_default() += u32::try_from(conflicts).unwrap_or(u32::MAX);
    }
    if !mail_to.is_empty() {
        *report.totals.entry("mails".to_owned()).or_default() += u32::try_from(mail_to.len()).unwrap_or(u32::MAX);
    }
    if report.lines.len() >= LINES {
        report.more = true;
        return;
    }
    let id = |side: Side| match (&work.link, side) {
        (Some(link), side) => Some(link.end(side).id.clone()),
        (None, Side::Crm) => crm.map(|record| record.id.clone()),
        (None, Side::Pim) => pim.map(|record| record.id.clone()),
    };
    report.lines.push(PlanLine {
        domain: plan.domain,
        what: what.to_owned(),
        side: plan.ops.first().map(Op::side),
        crm: id(Side::Crm),
        pim: id(Side::Pim),
        text: plan::explain::plan(plan).into_iter().chain(plan::explain::mail(&mail_to)).collect(),
        mail_to,
    });
}
