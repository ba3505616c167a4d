//! What a changed setting, map, level or membership may let in, out or across is looked at again in the next cycle (rule L7).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use model::settings::ConflictPolicy;
use model::{Domain, Field, Form, Level, Link, Path, Side, SleepCause};
use planted::Planted;
use std::collections::BTreeMap;
use store::{HeldKind, Look};

impl Cycle<'_> {
    /// Rule L7: what a changed setting, map or membership could let in or out is looked at again.
    pub(crate) async fn settings_changed(&mut self) -> Result<(), CycleError> {
        if self.pairing.state.mail != self.mails() {
            self.look_at_meetings().await?;
        }
        let before = &self.pairing.state.planned_with;
        if before.is_empty() || *before == self.force.digest || planted::is(Planted::SettingsUnheard) {
            return Ok(());
        }
        let store = self.engine.store();
        store.look_at_strangers(&self.pairing.id, &crate::settle::SETTING_REASONS).await?;
        const CAUSES: [SleepCause; 10] = [
            SleepCause::Level,
            SleepCause::Window,
            SleepCause::Filter,
            SleepCause::Private,
            SleepCause::KeptInCrm,
            SleepCause::DeleteForbidden,
            SleepCause::NotVisible,
            // What was edited, shown or taken back again while nothing might go.
            SleepCause::ReceiverDeleted,
            SleepCause::Removed,
            SleepCause::Restored,
        ];
        store.look_at_sleepers(&self.pairing.id, &CAUSES).await?;
        self.look_at_conflicts().await?;
        self.look_at_the_quarantined().await?;
        for domain in self.widened() {
            self.look_at_links(domain, &|link| link.sleep.is_none()).await?;
        }
        Ok(())
    }

    /// The domains in which something may go now that might not go in the last cycle: what was edited meanwhile and stayed
    /// where it was is merged from the base (rules D1, L6).
    fn widened(&self) -> Vec<Domain> {
        let before = &self.pairing.state;
        if before.levels.is_empty() {
            return Vec::new();
        }
        let other_maps = before.maps != self.force.of_maps;
        let mut domains = Domain::ALL.to_vec();
        domains.retain(|domain| {
            let of = |levels: &BTreeMap<Domain, Level>| levels.get(domain).copied().unwrap_or(Level::NONE);
            let (old, new) = (of(&before.levels), of(&self.force.levels));
            let gained = new.exports() && !old.exports() || new.imports() && !old.imports();
            gained || other_maps && new != Level::NONE
        });
        domains
    }

    /// Whether mail is on decides what Exchange locks: meetings whose requests may have been sent are looked at (rule P6).
    async fn look_at_meetings(&self) -> Result<(), CycleError> {
        let invited = |link: &Link| {
            let people = link.pim.base.get(&Path::of(Field::Attendees));
            link.form == Form::Own && people.is_some_and(|people| !people.is_blank())
        };
        self.look_at_links(Domain::Calendar, &invited).await
    }

    /// Links of a domain are looked at as if their items had changed.
    async fn look_at_links(&self, domain: Domain, which: &(dyn Fn(&Link) -> bool + Sync)) -> Result<(), CycleError> {
        let store = self.engine.store();
        let mut after = None;
        loop {
            let page = store.links(&self.pairing.id, Some(domain), after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let chosen = page.iter().filter(|link| which(link));
            let looks: Vec<Look> = chosen.map(|link| Look::now(Side::Pim, link.kind, link.pim.id.clone())).collect();
            store.add_looks(&self.pairing.id, &looks).await?;
        }
    }

    /// Conflicts that were held are looked at where the domain holds none any more: its policy of now decides (rules C3, L7).
    async fn look_at_conflicts(&mut self) -> Result<(), CycleError> {
        let settings = self.force.settings.clone();
        let mut looks = Vec::new();
        for held in self.questions().await?.to_vec() {
            if let HeldKind::Conflict { link, .. } = &held.what
                && settings.domain(held.domain).conflict != ConflictPolicy::Hold
                && let Some(link) = self.engine.store().link(link).await?
            {
                looks.push(Look::now(Side::Pim, link.kind, link.pim.id));
            }
        }
        self.engine.store().add_looks(&self.pairing.id, &looks).await?;
        Ok(())
    }

    /// What could not be synchronised may be now, with another map or setting (rules E1, E8).
    async fn look_at_the_quarantined(&self) -> Result<(), CycleError> {
        let store = self.engine.store();
        let mut after = None;
        loop {
            let page = store.quarantine(Some(&self.pairing.id), None, after.as_ref(), limits::WORK_PAGE).await?;
            let Some((pairing, last)) = page.last() else {
                return Ok(());
            };
            after = Some((pairing.clone(), last.side, last.kind, last.id.clone()));
            let looks: Vec<Look> = page.iter().map(|(_, row)| Look::now(row.side, row.kind, row.id.clone())).collect();
            store.add_looks(&self.pairing.id, &looks).await?;
        }
    }
}
