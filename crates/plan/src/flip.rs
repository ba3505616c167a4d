//! Business to personal and back: the change of the Private flag of a linked contact (rule O5).

use crate::context::Context;
use crate::linked::merged;
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use model::{Domain, Field, Fields, Form, Link, Path, Record, Side, Unit, Value};
use std::collections::BTreeSet;

/// Rule O5: the *change* of the Private flag of a linked contact, or a CRM record that changed its domain. The new record
/// has all that the old one says, and what the mailbox changed: nothing that only the CRM knows is lost on the way.
pub(crate) fn flip(link: &Link, domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Option<Plan> {
    let was = link.pim.base.get(&Path::of(Field::Private)).and_then(Value::as_flag).unwrap_or(false);
    let is = pim.is_private();
    let to = match (domain, was, is) {
        (Domain::BusinessContact, false, true) => Domain::PersonalContact,
        (Domain::PersonalContact, true, false) => Domain::BusinessContact,
        _ => return None,
    };
    if !context.level(to).imports() || !context.level(domain).imports() {
        return None;
    }
    let merged = merged(link, domain, crm, pim, context);
    let fields = told(crm, &merged.to_crm);
    let mut ops = vec![Op::Create {
        side: Side::Crm,
        domain: to,
        fields: fields.clone(),
        form: Form::Own,
        global_id: None,
        locked: false,
        owner: None,
    }];
    ops.push(Op::Enlist);
    ops.push(Op::Update {
        side: Side::Pim,
        changes: as_now(pim, domain, to, &merged.to_pim, context),
        keep: Fields::new(),
    });
    // The old record goes only after the new link stands.
    ops.push(parts_from(domain, context));
    let mut link = link.clone();
    link.domain = to;
    link.crm.base = occurrence::by_date(&fields);
    link.pim.base = merged.base_pim;
    link.pim.base.insert(Path::of(Field::Private), Value::Flag(is));
    link.pim.version = pim.version.clone();
    link.crm.version = crm.version.clone();
    Some(Plan {
        domain: Some(to),
        ops,
        after: After::Linked(Box::new(link)),
        conflicts: merged.conflicts,
        reasons: vec![Reason::Flip],
    })
}

/// A personal contact whose flag was cleared is the same person as one business contact: the item is linked to that one,
/// what it does not say is filled in, and the rest is merged as between strangers (rules O5, M3) once the link stands.
#[must_use]
pub fn join(link: &Link, personal: &Record, business: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    let merged = merged(link, Domain::PersonalContact, personal, pim, context);
    let fields = told(personal, &merged.to_crm);
    let says =
        |unit: &Unit| business.fields.iter().any(|(path, value)| path.field.unit() == *unit && !value.is_blank());
    let fills: Fields =
        fields.into_iter().filter(|(path, value)| !value.is_blank() && !says(&path.field.unit())).collect();
    let mut ops = Vec::new();
    if !business.facts.on_sync_list {
        // First: linked and not on the list, the copy would be taken away (rule O2).
        ops.push(Op::Enlist);
    }
    if !fills.is_empty() {
        ops.push(Op::Update { side: Side::Crm, changes: fills, keep: Fields::new() });
    }
    let (from, to) = (Domain::PersonalContact, Domain::BusinessContact);
    let changes = as_now(pim, from, to, &merged.to_pim, context);
    ops.push(Op::Update { side: Side::Pim, changes, keep: Fields::new() });
    ops.push(parts_from(from, context));
    let mut link = link.clone();
    link.domain = to;
    link.crm.id = business.id.clone();
    link.crm.version = business.version.clone();
    link.pim.version = pim.version.clone();
    // Without a base the two are strangers still: the next look merges them.
    link.crm.base.clear();
    link.pim.base = Fields::from([(Path::of(Field::Private), Value::Flag(false))]);
    Plan {
        domain: Some(to),
        ops,
        after: After::Linked(Box::new(link)),
        conflicts: merged.conflicts,
        reasons: vec![Reason::Flip, Reason::Matched],
    }
}

/// What becomes of the record of before: a business one stays for everybody else, and so does one that nothing may be deleted
/// of (rule C7). Off its user's list it is not taken for one that he lacks.
fn parts_from(domain: Domain, context: &Context<'_>) -> Op {
    let stays = domain == Domain::BusinessContact || context.domain(domain).no_deletes.contains(&Side::Crm);
    if stays { Op::Delist } else { Op::Delete { side: Side::Crm, after_new: None } }
}

/// What a contact says once the mailbox's changes are in, without what its domain decides.
fn told(crm: &Record, to_crm: &Fields) -> Fields {
    let mut fields = crm.fields.clone();
    fields.extend(to_crm.iter().map(|(path, value)| (path.clone(), value.clone())));
    // What the mailbox cleared is told as cleared: the old record still has it.
    fields.retain(|path, value| {
        (!value.is_blank() || to_crm.contains_key(path)) && !matches!(path.field, Field::Categories | Field::Private)
    });
    fields
}

/// What the item gets: the CRM's changes it has not seen, and the category of what it is now.
fn as_now(pim: &Record, from: Domain, to: Domain, to_pim: &Fields, context: &Context<'_>) -> Fields {
    let mut changes = to_pim.clone();
    changes.insert(Path::of(Field::Categories), Value::Set(flipped_categories(pim, from, to, context)));
    changes
}

pub(crate) fn flipped_categories(pim: &Record, from: Domain, to: Domain, context: &Context<'_>) -> BTreeSet<String> {
    use model::same::fold;
    let old: Vec<String> = context.settings.category_words(from).iter().map(|word| fold(word)).collect();
    let mut set: BTreeSet<String> =
        pim.categories().filter(|word| !old.contains(&fold(word))).map(str::to_owned).collect();
    set.insert(context.category(to));
    set
}
