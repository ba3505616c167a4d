//! A linked contact that asks for a new record may be somebody whom the CRM knows already: M1 decides (rules C5, O5).

use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::outcome::CycleError;
use model::{Domain, Link, Record, RecordId, Side};
use plan::matching::{self, Match};
use plan::{Lead, Plan, another, flip, fresh, linked};

/// What matching says of an item, and the records of the CRM that it was asked about.
struct Known {
    found: Match,
    theirs: Vec<Record>,
}

impl Known {
    fn the_one(&self) -> Option<&Record> {
        match &self.found {
            Match::Is(id) => self.theirs.iter().find(|record| record.id == *id),
            Match::New { .. } | Match::Ambiguous { .. } => None,
        }
    }
}

impl Cycle<'_> {
    /// A personal contact that becomes a business one (rule O5).
    pub(crate) async fn judge_flip(
        &mut self,
        link: &Link,
        crm: &Record,
        pim: &Record,
        plan: Plan,
    ) -> Result<Judged, CycleError> {
        let known = self.known(Domain::BusinessContact, pim, &crm.id).await?;
        let lenses = self.lenses();
        let context = self.context(Lead::Mine, &lenses);
        if let Some(business) = known.the_one() {
            return Ok(Judged::of(flip::join(link, crm, business, pim, &context), Some(business), Some(pim)));
        }
        let Match::Ambiguous { mine, theirs } = known.found else {
            return Ok(Judged::of(plan, Some(crm), Some(pim)));
        };
        let mut judged = Judged::of(linked::plan_as_it_is(link, crm, pim, &context), Some(crm), Some(pim));
        judged.ambiguous = Some((theirs, mine));
        Ok(judged)
    }

    /// A contact that was deleted in the CRM and whose edited copy outlives that (rule C5): who takes the CRM's contacts
    /// away and brings them in anew gives each another id. `None` when nobody there is the same person, or several could be.
    pub(crate) async fn judge_outlived(&mut self, link: &Link, item: &Record) -> Result<Option<Judged>, CycleError> {
        let known = self.known(link.domain, item, &link.crm.id).await?;
        let lenses = self.lenses();
        let context = self.context(Lead::Mine, &lenses);
        Ok(known.the_one().map(|record| {
            let plan = another::as_another(link, record, item, &context);
            Judged::of(plan, Some(record), Some(item))
        }))
    }

    async fn known(&mut self, domain: Domain, item: &Record, but: &RecordId) -> Result<Known, CycleError> {
        let mut own = item.clone();
        // Its mark names the record that it is linked to.
        own.facts.mark = None;
        let hashes = self.hashes(&own);
        let mut theirs = self.candidates(own.kind, Side::Crm, &hashes).await?;
        theirs.retain(|record| record.facts.domain == Some(domain) && record.id != *but);
        let mut mine = self.rivals(domain, &own, Side::Pim, &hashes, &theirs).await?;
        mine.retain(|other| fresh::may_match(other, domain));
        Ok(Known { found: matching::find(domain, &own, &mine, &theirs), theirs })
    }
}
