//! Single occurrences of a series: changed, taken out, made as the series again, each by its own call (trap 52).

use engine::port::{Mail, Trouble};
use jiff::civil::DateTime;
use model::{Domain, Field, Fields, Kind, Path, RecordId, Value, When};
use std::collections::BTreeMap;
use wire::ews::{
    AffectedTaskOccurrences, ConflictResolution, DeleteItem, DeleteType, Item, ItemChange, ItemRef, Property,
    UpdateItem,
};

use super::draft::Drafting;
use super::kind_map::item_kind;
use super::remote::EwsRemote;
use super::trouble::Effect;
use super::write::{mail, refused};
use super::{map, time};

/// What occurrences are to have, by their original starts.
pub(super) type Wanted = BTreeMap<DateTime, BTreeMap<Field, Value>>;

/// The series whose occurrences are written.
pub(super) struct Series<'a> {
    pub domain: Domain,
    pub id: &'a str,
    pub mail: Mail,
}

/// The fields of occurrences among some fields.
pub(super) fn wanted(fields: &Fields) -> Wanted {
    let mut wanted = Wanted::new();
    for (path, value) in fields {
        if let Some(at) = path.occurrence {
            wanted.entry(at).or_default().insert(path.field.clone(), value.clone());
        }
    }
    wanted
}

/// Whether an occurrence is to be as its series again.
pub(super) fn reverts(fields: &BTreeMap<Field, Value>) -> bool {
    fields.get(&Field::State) == Some(&Value::Null)
}

/// Whether an occurrence is to be taken out.
pub(super) fn cancels(fields: &BTreeMap<Field, Value>) -> bool {
    fields.get(&Field::State).and_then(Value::as_text) == Some("cancelled")
}

/// The series as it is while its occurrences are written.
struct Present {
    item: Item,
    exceptions: Vec<Item>,
    fields: Fields,
    span: (When, When),
}

impl EwsRemote {
    /// Writes occurrences, each with its own outcome: what a server refuses is told and the others go on (rule R3).
    /// `begun` says that the series itself was just written: then a failure leaves an unknown outcome.
    pub(super) async fn apply(
        &self,
        series: &Series<'_>,
        wanted: Wanted,
        mut begun: bool,
    ) -> Result<Vec<(Path, String)>, Trouble> {
        let mut partly = Vec::new();
        let present = match self.series(series).await {
            Ok(present) => present,
            Err(trouble) => return Err(after(begun, trouble)),
        };
        for (at, fields) in wanted {
            let path = Path::occurrence(at, Field::State);
            match self.occurrence(series, &present, at, &fields).await {
                Ok(wrote) => begun |= wrote,
                Err(Trouble::Refused { why, .. }) => partly.push((path, why)),
                // A person was faster: what is written is planned again from what stands there now.
                Err(Trouble::Stale) => return Err(after(begun, Trouble::Stale)),
                Err(Trouble::Gone(_)) => partly.push((path, "the series has no such occurrence any more".to_owned())),
                Err(
                    trouble @ (Trouble::Busy { .. }
                    | Trouble::NoAccess { .. }
                    | Trouble::CursorRefused
                    | Trouble::Broken { .. }
                    | Trouble::Unknown { .. }),
                ) => return Err(after(begun, trouble)),
            }
        }
        Ok(partly)
    }

    async fn series(&self, series: &Series<'_>) -> Result<Present, Trouble> {
        let (item, exceptions) = self.present(Kind::Appointment, &RecordId::new(series.id)).await?;
        let span = time::span(&item, &self.zone).map_err(|why| refused("Times", &why))?;
        let span = span.ok_or_else(|| refused("Times", "it has no start or no end"))?;
        let record = self.record(Kind::Appointment, &item, &exceptions, &model::FolderId::new(""));
        let fields = record.map(|record| record.fields).unwrap_or_default();
        Ok(Present { item, exceptions, fields, span })
    }

    /// Writes one occurrence; answers whether anything was written.
    async fn occurrence(
        &self,
        series: &Series<'_>,
        present: &Present,
        at: DateTime,
        fields: &BTreeMap<Field, Value>,
    ) -> Result<bool, Trouble> {
        let state = present.fields.get(&Path::occurrence(at, Field::State)).and_then(Value::as_text);
        match (state, cancels(fields)) {
            (Some("cancelled"), true) => return Ok(false),
            (Some("cancelled"), false) => {
                return Err(refused("Occurrence", "the occurrence was taken out in the mailbox and cannot be changed"));
            }
            (_, _) => {}
        }
        if state.is_none() && reverts(fields) && fields.len() == 1 {
            return Ok(false);
        }
        let item = self.find_occurrence(present, at).await?;
        let Some(id) = item.id.clone() else { return Err(refused("Occurrence", "the server named no id")) };
        if cancels(fields) {
            let asked = DeleteItem {
                how: DeleteType::MoveToDeletedItems,
                mail: mail(series.mail),
                tasks: AffectedTaskOccurrences::SpecifiedOccurrenceOnly,
                ids: vec![ItemRef::Item(id)],
            };
            self.reach.one(&asked, Effect::Change).await?;
            return Ok(true);
        }
        let fields = resolved(present, at, fields);
        let drafting =
            Drafting { series: Some(&present.item), ..self.drafting(series.domain, Some(&item), Mail::None)? };
        let draft = drafting.draft(&fields).map_err(|why| refused("Map", &why))?;
        if draft.is_empty() {
            return Ok(false);
        }
        let kind = item_kind(Kind::Appointment);
        let asked = UpdateItem {
            conflicts: ConflictResolution::NeverOverwrite,
            mail: mail(series.mail),
            changes: vec![ItemChange { item: ItemRef::Item(id), kind, fields: draft.changes() }],
        };
        self.reach.one(&asked, Effect::Change).await?;
        Ok(true)
    }

    /// The occurrence as it is now. One that is as its series is found by its number and told by its original start,
    /// so that no other one is ever written (trap 76).
    async fn find_occurrence(&self, present: &Present, at: DateTime) -> Result<Item, Trouble> {
        let known = |item: &&Item| self.original(present, item) == Some(at);
        let shape = self.map(Kind::Appointment).shape();
        let by = match present.exceptions.iter().find(known).and_then(|item| item.id.clone()) {
            Some(id) => ItemRef::Item(wire::ews::ItemId::of(id.id)),
            None => {
                let none = || refused("Occurrence", "the series has no occurrence at this time");
                let rule = present.fields.get(&Path::of(Field::Rule)).and_then(Value::as_rule).ok_or_else(none)?;
                let first = present.span.0.wall();
                let index = rule.dates(first.date()).take_while(|date| *date <= at.date()).count();
                let falls = rule.falls_on(first.date(), at.date()) && first.time() == at.time();
                let index = u32::try_from(index).ok().filter(|index| falls && *index > 0).ok_or_else(none)?;
                let master = present.item.id.clone().ok_or_else(none)?;
                ItemRef::Occurrence { master: wire::ews::ItemId::of(master.id), index }
            }
        };
        let item = self.reach.items(&shape, &[by]).await?.remove(0)?;
        if self.original(present, &item) == Some(at) {
            Ok(item)
        } else {
            Err(refused("Occurrence", "the server counts the occurrences of this series otherwise"))
        }
    }

    fn original(&self, present: &Present, item: &Item) -> Option<DateTime> {
        let zone = present.item.zone(Property::StartTimeZone);
        let zone = zone.and_then(|definition| super::zone::read(definition, present.span.0.wall().date()));
        let moment = item.moment(Property::OriginalStart).or_else(|| item.moment(Property::Start))?;
        time::original(moment, &present.span.0, zone.as_ref().unwrap_or(&self.zone))
    }
}

/// Fields of an occurrence with the series' values where they are to be as the series.
fn resolved(present: &Present, at: DateTime, fields: &BTreeMap<Field, Value>) -> Fields {
    let (start, end) = map::as_series(&present.span, at);
    let of_series = |field: &Field| match field {
        Field::Start => Value::When(start.clone()),
        Field::End => Value::When(end.clone()),
        _ => present.fields.get(&Path::of(field.clone())).cloned().unwrap_or(Value::Null),
    };
    let mut all: BTreeMap<Field, Value> = if reverts(fields) {
        // Everything in which it differs now goes back, but for what is said of it at once.
        let differing = present.fields.keys().filter(|path| path.occurrence == Some(at)).map(|path| path.field.clone());
        let back: BTreeMap<Field, Value> = differing.map(|field| (field, Value::Null)).collect();
        back.into_iter().chain(fields.clone()).collect()
    } else {
        fields.clone()
    };
    all.remove(&Field::State);
    all.into_iter()
        .map(|(field, value)| {
            let value = if value == Value::Null { of_series(&field) } else { value };
            (Path::of(field), value)
        })
        .collect()
}

/// A failure after something was written leaves the record half done: the outcome is unknown.
fn after(begun: bool, trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Busy { why, .. } | Trouble::NoAccess { why } | Trouble::Broken { why } if begun => {
            Trouble::Unknown { why }
        }
        Trouble::Stale | Trouble::Gone(_) | Trouble::CursorRefused if begun => {
            Trouble::Unknown { why: "the series changed while it was written".to_owned() }
        }
        trouble => trouble,
    }
}
