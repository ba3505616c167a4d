//! "What if he joined this group": what he would be in then, by the trees as they stand (rules L4, L5).

use super::group_rule::group_names;
use crate::fault::{Faults, Refused};
use crate::services::Services;
use ::crm::{OrganizationId, PositionId};
use model::settings::GroupKind;
use plan::access::Groups;
use std::collections::BTreeSet;

/// The groups a user would be in besides his own: those named, what stands above them, and a position's organization.
///
/// # Errors
/// One that the CRM does not have; the CRM's.
pub(super) async fn groups(services: &Services, named: &BTreeSet<(GroupKind, String)>) -> Result<Groups, Refused> {
    let known = group_names(services, named).await?;
    let mut faults = Faults::default();
    for (kind, id) in named.iter().filter(|group| !known.contains_key(*group)) {
        faults.note(kind.name().replace(' ', "_"), format!("there is no {} {id}", kind.name()));
    }
    faults.refuse()?;
    let mut groups = Groups { own: named.clone(), above: BTreeSet::new() };
    for (kind, id) in named {
        match kind {
            GroupKind::Position => {
                let position = services.crm.position(&PositionId::new(id.as_str())).await?;
                let organization = services.crm.organization(&position.organization).await?;
                groups.own.insert((GroupKind::Organization, organization.id.to_string()));
                above_organization(services, organization.parent, &mut groups).await?;
                above_position(services, position.parent, &mut groups).await?;
            }
            GroupKind::Organization => {
                let organization = services.crm.organization(&OrganizationId::new(id.as_str())).await?;
                above_organization(services, organization.parent, &mut groups).await?;
            }
            GroupKind::UserList => {}
        }
    }
    Ok(groups)
}

/// A tree has no circle and an end, and what was seen already has its own above it noted: it ends either way.
async fn above_position(services: &Services, mut next: Option<PositionId>, groups: &mut Groups) -> Result<(), Refused> {
    while let Some(id) = next {
        if !groups.above.insert((GroupKind::Position, id.to_string())) {
            break;
        }
        next = services.crm.position(&id).await?.parent;
    }
    Ok(())
}

async fn above_organization(
    services: &Services,
    mut next: Option<OrganizationId>,
    groups: &mut Groups,
) -> Result<(), Refused> {
    while let Some(id) = next {
        if !groups.above.insert((GroupKind::Organization, id.to_string())) {
            break;
        }
        next = services.crm.organization(&id).await?.parent;
    }
    Ok(())
}
