//! The field maps of one kind of item, ready for reading: which properties are asked for, and which field each fills.

use engine::port::Maps;
use model::same::fold;
use model::{Direction, Domain, DomainMap, Field, Kind};
use std::collections::BTreeSet;
use wire::ews::{ItemKind, Path, Property, Shape};

use super::{own, property};

/// What is read of one kind of item.
pub struct KindMap {
    /// The kind.
    pub kind: Kind,
    /// A field and where it is kept, by field; no field twice.
    pub rows: Vec<(Field, Path)>,
    /// The categories that name an activity type, without case.
    pub types: BTreeSet<String>,
    /// Whose marks count: the CRM's own name for itself.
    pub crm: String,
}

impl KindMap {
    /// Takes what the kind's domains map. Where two domains keep a field in different places the first one's counts,
    /// because an item's domain is not known before it is read.
    pub fn new(kind: Kind, maps: &Maps, crm: &str) -> Self {
        let domains: &[Domain] = match kind {
            Kind::Contact => &[Domain::BusinessContact, Domain::PersonalContact, Domain::Employee],
            Kind::Appointment => &[Domain::Calendar],
            Kind::Task => &[Domain::Task],
        };
        let mut rows: Vec<(Field, Path)> = Vec::new();
        // Scope reads these two whatever the map says (rules O3, O5).
        let always = [(Field::Categories, Property::Categories), (Field::Private, Property::Sensitivity)];
        for (field, property) in always {
            rows.push((field, property.into()));
        }
        let entries = domains.iter().filter_map(|domain| maps.get(domain)).flat_map(|map| &map.entries);
        for entry in entries.filter(|entry| entry.direction != Direction::Off) {
            if let Some(path) = property::path(&entry.property)
                && !rows.iter().any(|(field, _)| *field == entry.field)
            {
                rows.push((entry.field.clone(), path));
            }
        }
        // In the order in which a record keeps its fields, so that reading one has nothing to sort.
        rows.sort();
        let types = maps.get(&Domain::Calendar).map(types).unwrap_or_default();
        Self { kind, rows, types, crm: crm.to_owned() }
    }

    /// Everything asked for of an item.
    pub fn shape(&self) -> Shape {
        let facts: &[Property] = match self.kind {
            Kind::Contact => &[
                Property::FileAs,
                Property::DisplayName,
                Property::GivenName,
                Property::Surname,
                Property::CompanyName,
                Property::DateTimeCreated,
            ],
            Kind::Appointment => &[
                Property::Uid,
                Property::Start,
                Property::End,
                Property::OriginalStart,
                Property::IsAllDayEvent,
                Property::IsMeeting,
                Property::IsCancelled,
                Property::MeetingRequestWasSent,
                Property::CalendarItemType,
                Property::MyResponseType,
                Property::AppointmentState,
                Property::Organizer,
                Property::RequiredAttendees,
                Property::OptionalAttendees,
                Property::Resources,
                Property::Recurrence,
                Property::ModifiedOccurrences,
                Property::DeletedOccurrences,
                Property::StartTimeZone,
                Property::EndTimeZone,
                Property::ReminderIsSet,
                Property::IsOnlineMeeting,
                Property::JoinOnlineMeetingUrl,
            ],
            Kind::Task => &[
                Property::ReminderIsSet,
                Property::ReminderDueBy,
                Property::StartDate,
                Property::DueDate,
                Property::Status,
                Property::TaskRecurrence,
            ],
        };
        let own = match self.kind {
            Kind::Contact => Vec::new(),
            Kind::Appointment => {
                vec![
                    own::people(),
                    own::activity_type(),
                    own::clean_global_id(),
                    own::global_id(),
                    own::organizer_address(),
                ]
            }
            Kind::Task => vec![own::task_ownership(), own::dead_occurrence()],
        };
        let mut paths: BTreeSet<Path> = self.rows.iter().map(|(_, path)| path.clone()).collect();
        paths.extend([Property::ItemClass.into(), Property::LastModifiedTime.into(), own::mark(), own::key()]);
        paths.extend(facts.iter().map(|property| Path::Property(*property)));
        paths.extend(own);
        Shape::of(paths).and_parent()
    }
}

/// The element items of a kind come in.
pub fn item_kind(kind: Kind) -> ItemKind {
    match kind {
        Kind::Contact => ItemKind::Contact,
        Kind::Appointment => ItemKind::CalendarItem,
        Kind::Task => ItemKind::Task,
    }
}

/// Whether an item is of a kind, by its class (rule D7). Distribution lists, notes and requests are none of ours.
pub fn is_of_kind(kind: Kind, element: ItemKind, class: Option<&str>) -> bool {
    element == item_kind(kind) && class.is_none_or(|class| ItemKind::of_class(class) == Some(element))
}

/// The categories that are activity types, without case.
fn types(map: &DomainMap) -> BTreeSet<String> {
    let translation = map.entry(&Field::ActivityType).and_then(|entry| entry.translation.as_ref());
    let words = |t: &model::Translation| t.back.keys().chain(t.out.values().flatten()).map(|word| fold(word)).collect();
    translation.map(words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::maps_ews::default_map;

    // D7, trap 121
    #[test]
    fn only_known_classes_are_ours() {
        let ours = |class| is_of_kind(Kind::Task, ItemKind::Task, Some(class));
        assert!(ours("IPM.Task") && ours("ipm.task.own"));
        assert!(!ours("IPM.TaskRequest") && !ours("IPM.Note") && !ours(""));
        assert!(!is_of_kind(Kind::Contact, ItemKind::DistributionList, Some("IPM.DistList")));
        assert!(!is_of_kind(Kind::Contact, ItemKind::DistributionList, None));
        assert!(is_of_kind(Kind::Contact, ItemKind::Contact, None));
    }

    #[test]
    fn every_mapped_field_has_one_row() {
        let maps: Maps = Domain::ALL.into_iter().map(|domain| (domain, default_map(domain))).collect();
        for kind in Kind::ALL {
            let map = KindMap::new(kind, &maps, "");
            let fields: BTreeSet<&Field> = map.rows.iter().map(|(field, _)| field).collect();
            assert_eq!(fields.len(), map.rows.len());
        }
        assert!(KindMap::new(Kind::Appointment, &maps, "").types.contains("meeting"));
    }
}
