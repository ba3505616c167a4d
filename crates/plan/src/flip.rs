//! Business to personal and back: the change of the Private flag of a linked contact (rule O5).

use crate::context::Context;
use crate::form;
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use model::{Domain, Field, Fields, Form, Link, Path, Record, Side, Value};
use std::collections::BTreeSet;

/// Rule O5: the *change* of the Private flag of a linked contact, or a CRM record that changed its domain.
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
    let map = context.maps.get(&to)?;
    let fields = form::new_record(to, pim, map, context);
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
    let mut changes = Fields::new();
    changes.insert(Path::of(Field::Categories), Value::Set(flipped_categories(pim, domain, to, context)));
    ops.push(Op::Update { side: Side::Pim, changes, keep: Fields::new() });
    // The old record goes only after the new link stands: the business record stays for everybody else.
    match domain {
        Domain::BusinessContact => ops.push(Op::Delist),
        _ => ops.push(Op::Delete { side: Side::Crm, after_new: None }),
    }
    let mut pim_base = occurrence::by_date(&pim.fields);
    pim_base.insert(Path::of(Field::Private), Value::Flag(is));
    let mut link = link.clone();
    link.domain = to;
    link.crm.base = occurrence::by_date(&fields);
    link.pim.base = pim_base;
    link.pim.version = pim.version.clone();
    link.crm.version = crm.version.clone();
    Some(Plan {
        domain: Some(to),
        ops,
        after: After::Linked(Box::new(link)),
        conflicts: Vec::new(),
        reasons: vec![Reason::Flip],
    })
}

pub(crate) fn flipped_categories(pim: &Record, from: Domain, to: Domain, context: &Context<'_>) -> BTreeSet<String> {
    use model::same::fold;
    let old: Vec<String> = context.settings.category_words(from).iter().map(|word| fold(word)).collect();
    let mut set: BTreeSet<String> =
        pim.categories().filter(|word| !old.contains(&fold(word))).map(str::to_owned).collect();
    set.insert(context.category(to));
    set
}
