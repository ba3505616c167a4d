//! Questions to people: which records are one (rule M1), and which questions answered themselves meanwhile.

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use model::{Domain, Kind, Link, RecordId, Side};
use plan::{After, Plan};
use store::change::Settle;
use store::{Held, HeldFilter, HeldKind, Look};

impl Cycle<'_> {
    /// Which of these are one (rule M1); the same candidates are one question.
    pub(crate) fn question(&self, domain: Domain, crm: &[RecordId], pim: &[RecordId]) -> Held {
        let mut ids: Vec<String> = crm.iter().chain(pim).map(ToString::to_string).collect();
        ids.sort();
        Held {
            id: format!("a:{}:{}", self.pairing.id, self.hash(&ids.join("|"))),
            pairing: self.pairing.id.clone(),
            domain,
            what: HeldKind::Ambiguous { crm: crm.to_vec(), pim: pim.to_vec() },
            at: self.engine.now(),
        }
    }

    /// The questions that stand for this pairing, read once a cycle.
    pub(crate) async fn questions(&mut self) -> Result<&[Held], CycleError> {
        if self.questions.is_none() {
            let filter = HeldFilter { pairing: Some(self.pairing.id.clone()), ..HeldFilter::default() };
            self.questions = Some(self.engine.store().held(&filter, None, limits::QUESTIONS).await?);
        }
        Ok(self.questions.as_deref().unwrap_or_default())
    }

    /// What was settled about a link answers the questions about it that it does not ask again: its records are no
    /// candidates any more, and a conflict that both sides ended is none.
    pub(crate) async fn answered_by(
        &mut self,
        link: &Link,
        plan: &Plan,
        asked: &[Held],
    ) -> Result<Vec<String>, CycleError> {
        let merged = match &plan.after {
            After::Linked(link) => link.sleep.is_none(),
            After::Away(_) | After::Forget => true,
            After::New { .. } | After::Stranger(_) | After::Wait(_) | After::Quarantine(_) | After::Ambiguous => false,
        };
        let over = |held: &&Held| {
            !asked.iter().any(|again| again.id == held.id)
                && match &held.what {
                    HeldKind::Conflict { link: of, .. } => *of == link.id && merged,
                    HeldKind::Ambiguous { crm, pim } => crm.contains(&link.crm.id) || pim.contains(&link.pim.id),
                    HeldKind::PossibleDouble { crm, pim } => *crm == link.crm.id && *pim == link.pim.id,
                }
        };
        let over: Vec<Held> = self.questions().await?.iter().filter(over).cloned().collect();
        Ok(self.end(over))
    }

    /// These questions are answered; whoever was asked about in them is looked at again.
    fn end(&mut self, over: Vec<Held>) -> Vec<String> {
        for held in &over {
            if let HeldKind::Ambiguous { pim, .. } = &held.what {
                self.undecided.extend(pim.iter().cloned());
            }
        }
        over.into_iter().map(|held| held.id).collect()
    }

    /// A record that went, or that stays out for another reason, is no candidate: what was asked about it is asked anew
    /// about those that are left.
    pub(crate) async fn answered_without(&mut self, side: Side, id: &RecordId) -> Result<Vec<String>, CycleError> {
        let names = |held: &&Held| match (&held.what, side) {
            (HeldKind::Conflict { .. }, _) => false,
            (HeldKind::Ambiguous { crm, .. }, Side::Crm) => crm.contains(id),
            (HeldKind::Ambiguous { pim, .. }, Side::Pim) => pim.contains(id),
            (HeldKind::PossibleDouble { crm, .. }, Side::Crm) => crm == id,
            (HeldKind::PossibleDouble { pim, .. }, Side::Pim) => pim == id,
        };
        let over: Vec<Held> = self.questions().await?.iter().filter(names).cloned().collect();
        self.pool_changed |= !over.is_empty();
        Ok(self.end(over))
    }

    /// Candidates came or went: those that nobody could decide about are looked at again, a contact whose changed flag
    /// waits for a person (rule O5) among them.
    pub(crate) async fn look_at_the_ambiguous(&mut self) -> Result<(), CycleError> {
        if !self.pool_changed {
            return Ok(());
        }
        self.engine.store().look_at_strangers(&self.pairing.id, &["ambiguous"]).await?;
        self.questions = None;
        let standing = self.questions().await?.to_vec();
        self.end(standing);
        let mut looks = Vec::new();
        for id in std::mem::take(&mut self.undecided) {
            if self.engine.store().link_of(&self.pairing.id, Side::Pim, Kind::Contact, &id).await?.is_some() {
                looks.push(Look::now(Side::Pim, Kind::Contact, id));
            }
        }
        self.store(Settle { looks, ..Settle::default() }).await
    }
}
