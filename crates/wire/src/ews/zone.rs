//! A zone as the wire carries it: a Windows name, or a definition with rules of its own.

use super::moment::{read_span, write_span};
use super::value::bounded;
use super::{DayOfWeek, Moment};
use crate::xml::{Element, Error, Reader, Writer};

/// A zone. Customised zones carry their rules, which must come back as they were sent. (R4, trap 89)
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/timezonedefinition>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneDefinition {
    /// The Windows name, or `tzone://Microsoft/Custom` and the like.
    pub id: Option<String>,
    /// What a person sees; it may be in any language.
    pub name: Option<String>,
    /// The offsets that occur in it.
    pub periods: Vec<Period>,
    /// The rules of the years.
    pub groups: Vec<TransitionsGroup>,
    /// Which rules hold from when.
    pub transitions: Vec<Transition>,
}

/// One offset that occurs in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// What transitions call it.
    pub id: String,
    /// `Standard` or `Daylight`.
    pub name: String,
    /// What is added to local time to get UTC, in seconds.
    pub bias_seconds: i32,
}

/// The rules that hold in a span of years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionsGroup {
    /// What transitions call it.
    pub id: String,
    /// When which offset begins.
    pub transitions: Vec<Transition>,
}

/// When something begins to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Whether `to` names a `Period` or a `Group`.
    pub kind: String,
    /// What begins.
    pub to: String,
    /// When.
    pub when: When,
}

/// When a transition takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// From the beginning.
    Always,
    /// Once, at this time.
    At(Moment),
    /// Every year, on the n-th such day of a month; -1 is the last.
    Day {
        /// Seconds after midnight.
        offset_seconds: i32,
        /// 1 to 12.
        month: u32,
        /// Which day of the week.
        day: DayOfWeek,
        /// 1 to 4, or -1 for the last.
        occurrence: i32,
    },
    /// Every year, on this date.
    Date {
        /// Seconds after midnight.
        offset_seconds: i32,
        /// 1 to 12.
        month: u32,
        /// Day of the month.
        day: u32,
    },
}

impl ZoneDefinition {
    /// A zone by its Windows name.
    pub fn named(id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::default() }
    }

    /// Whether it neither names nor describes a zone.
    pub(crate) fn is_empty(&self) -> bool {
        let silent = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        silent(&self.id) && silent(&self.name) && self.periods.is_empty() && self.transitions.is_empty()
    }

    pub(crate) fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Self, Error> {
        let mut zone = Self { id: element.attribute("Id"), name: element.attribute("Name"), ..Self::default() };
        let text = r.text_ahead();
        r.children(|r, part| match part.name {
            "Periods" => r.children(|r, period| {
                bounded(r, &zone.periods)?;
                if let Some(bias_seconds) = period.attribute("Bias").and_then(|b| read_span(&b)) {
                    zone.periods.push(Period {
                        id: period.attribute("Id").unwrap_or_default(),
                        name: period.attribute("Name").unwrap_or_default(),
                        bias_seconds,
                    });
                }
                Ok(())
            }),
            "TransitionsGroups" => r.children(|r, group| {
                bounded(r, &zone.groups)?;
                let id = group.attribute("Id").unwrap_or_default();
                zone.groups.push(TransitionsGroup { id, transitions: read_transitions(r)? });
                Ok(())
            }),
            "Transitions" => {
                zone.transitions = read_transitions(r)?;
                Ok(())
            }
            _ => Ok(()),
        })?;
        // There are servers that write the zone's name as the element's text.
        if zone.is_empty() {
            zone.name = Some(text).filter(|text| !text.trim().is_empty());
        }
        Ok(zone)
    }

    pub(crate) fn write(&self, w: &mut Writer, element: &str) {
        let mut attributes = Vec::new();
        if let Some(id) = &self.id {
            attributes.push(("Id", id.as_str()));
        }
        if let Some(name) = &self.name {
            attributes.push(("Name", name.as_str()));
        }
        if self.periods.is_empty() || self.transitions.is_empty() {
            return w.empty(element, &attributes);
        }
        w.element(element, &attributes, |w| {
            w.element("t:Periods", &[], |w| {
                for period in &self.periods {
                    let bias = write_span(period.bias_seconds);
                    w.empty("t:Period", &[("Bias", &bias), ("Name", &period.name), ("Id", &period.id)]);
                }
            });
            if !self.groups.is_empty() {
                w.element("t:TransitionsGroups", &[], |w| {
                    for group in &self.groups {
                        w.element("t:TransitionsGroup", &[("Id", &group.id)], |w| {
                            group.transitions.iter().for_each(|t| t.write(w));
                        });
                    }
                });
            }
            w.element("t:Transitions", &[], |w| self.transitions.iter().for_each(|t| t.write(w)));
        });
    }
}

fn read_transitions(r: &mut Reader<'_>) -> Result<Vec<Transition>, Error> {
    let mut list = Vec::new();
    r.children(|r, element| {
        bounded(r, &list)?;
        if let Some(transition) = Transition::read(r, element)? {
            list.push(transition);
        }
        Ok(())
    })?;
    Ok(list)
}

impl Transition {
    fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Option<Self>, Error> {
        let (mut to, mut kind, mut at) = (String::new(), String::new(), None);
        let (mut offset, mut month, mut weekday, mut occurrence, mut day) = (None, None, None, None, None);
        r.children(|r, part| {
            match part.name {
                "To" => {
                    kind = part.attribute("Kind").unwrap_or_default();
                    to = r.text()?;
                }
                "DateTime" => at = Moment::read(&r.text()?),
                "TimeOffset" => offset = read_span(&r.text()?),
                "Month" => month = r.text()?.trim().parse().ok(),
                "DayOfWeek" => weekday = DayOfWeek::of(&r.text()?),
                "Occurrence" => occurrence = r.text()?.trim().parse().ok(),
                "Day" => day = r.text()?.trim().parse().ok(),
                _ => {}
            }
            Ok(())
        })?;
        let when = match element.name {
            "Transition" => Some(When::Always),
            "AbsoluteDateTransition" => at.map(When::At),
            "RecurringDayTransition" => match (offset, month, weekday, occurrence) {
                (Some(offset_seconds), Some(month), Some(day), Some(occurrence)) => {
                    Some(When::Day { offset_seconds, month, day, occurrence })
                }
                _ => None,
            },
            "RecurringDateTransition" => match (offset, month, day) {
                (Some(offset_seconds), Some(month), Some(day)) => Some(When::Date { offset_seconds, month, day }),
                _ => None,
            },
            _ => None,
        };
        Ok(when.map(|when| Self { kind, to, when }))
    }

    fn write(&self, w: &mut Writer) {
        let to = |w: &mut Writer| w.text_with("t:To", &[("Kind", &self.kind)], &self.to);
        match &self.when {
            When::Always => w.element("t:Transition", &[], to),
            When::At(at) => w.element("t:AbsoluteDateTransition", &[], |w| {
                to(w);
                w.text("t:DateTime", &at.civil.strftime("%Y-%m-%dT%H:%M:%S").to_string());
            }),
            When::Day { offset_seconds, month, day, occurrence } => {
                w.element("t:RecurringDayTransition", &[], |w| {
                    to(w);
                    w.text("t:TimeOffset", &write_span(*offset_seconds));
                    w.text("t:Month", &month.to_string());
                    w.text("t:DayOfWeek", day.name());
                    w.text("t:Occurrence", &occurrence.to_string());
                });
            }
            When::Date { offset_seconds, month, day } => w.element("t:RecurringDateTransition", &[], |w| {
                to(w);
                w.text("t:TimeOffset", &write_span(*offset_seconds));
                w.text("t:Month", &month.to_string());
                w.text("t:Day", &day.to_string());
            }),
        }
    }
}
