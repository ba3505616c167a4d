//! How many of a user's CRM records will enter his first cycle: shown when he is mapped, so that the extract start date can
//! be chosen with open eyes (rule O9).

use crate::fault::Refused;
use crate::services::Services;
use ::crm::look::Sight;
use ::crm::{Display, EmployeeId};
use connect::crm::CrmLens;
use connect::ews::EwsLens;
use jiff::Timestamp;
use model::settings::Settings;
use model::{Domain, DomainMap, Fields, Level, Zone};
use plan::{Context, Lead, scope};
use serde::Serialize;
use std::collections::BTreeMap;
use store::Pairing;

/// Records are read in pages of this size.
const PAGE: usize = 500;

/// Records per domain. Contacts and employees enter by the Sync List, activities by their window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entering {
    /// Business contacts on his Sync List.
    pub business_contact: u64,
    /// Personal contacts on his Sync List.
    pub personal_contact: u64,
    /// Employees on his Sync List.
    pub employee: u64,
    /// Appointments and meetings that are not over before the extract start.
    pub calendar: u64,
    /// To-dos that were not due before the extract start.
    pub task: u64,
}

/// Counts the CRM records that will enter for a pairing, by its extract start and Sync List.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn of(services: &Services, pairing: &Pairing) -> Result<Entering, Refused> {
    let settings = services.store.settings().await?;
    let maps = services.store.maps().await?;
    let window = Window { pairing, settings: &settings, maps: &maps, now: services.clock.now() };
    let user = EmployeeId::new(pairing.user.as_str());
    let mut entering = Entering::default();
    contacts(services, &user, pairing.settings.visibility_all, &mut entering).await?;
    entering.employee = employees(services, &user).await?;
    entering.calendar = activities(services, &user, Display::Calendar, Domain::Calendar, &window).await?;
    entering.task = activities(services, &user, Display::ToDo, Domain::Task, &window).await?;
    Ok(entering)
}

async fn contacts(services: &Services, user: &EmployeeId, all: bool, entering: &mut Entering) -> Result<(), Refused> {
    let sight = if all { Sight::All } else { Sight::Mine };
    let mut after = None;
    loop {
        let page = services.crm.list_contacts(user, sight, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        for contact in page.iter().filter(|contact| contact.listed) {
            if contact.is_personal() {
                entering.personal_contact += 1;
            } else {
                entering.business_contact += 1;
            }
        }
    }
}

async fn employees(services: &Services, user: &EmployeeId) -> Result<u64, Refused> {
    let mut count = 0;
    let mut after = None;
    loop {
        let page = services.crm.list_employees(user, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.id.clone());
        count += page.iter().map(|employee| u64::from(employee.listed)).sum::<u64>();
    }
}

async fn activities(
    services: &Services,
    user: &EmployeeId,
    display: Display,
    domain: Domain,
    window: &Window<'_>,
) -> Result<u64, Refused> {
    let mut count = 0;
    let mut after = None;
    loop {
        let page = services.crm.list_activities(user, display, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.id.clone());
        let inside = page.iter().filter(|it| !it.hidden && window.holds(domain, &it.fields));
        count += inside.map(|_| 1_u64).sum::<u64>();
    }
}

/// The window as planning sees it.
struct Window<'a> {
    pairing: &'a Pairing,
    settings: &'a Settings,
    maps: &'a BTreeMap<Domain, DomainMap>,
    now: Timestamp,
}

impl Window<'_> {
    fn holds(&self, domain: Domain, fields: &Fields) -> bool {
        let levels = BTreeMap::from([(domain, Level::FULL)]);
        let zone = self.pairing.settings.zone.as_deref().and_then(Zone::iana).unwrap_or_else(Zone::utc);
        let context = Context {
            now: self.now,
            user: &self.pairing.user,
            levels: &levels,
            settings: self.settings,
            user_settings: &self.pairing.settings,
            maps: self.maps,
            crm: &CrmLens,
            pim: &EwsLens,
            zone: &zone,
            lead: Lead::Mine,
            mails: false,
            invited: false,
            meeting_id: None,
            restored: false,
        };
        !scope::is_before(domain, fields, &context)
    }
}
