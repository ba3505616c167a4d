//! Keys by which records are found: as long as a text may be, and telling nobody of what is not his.

use crate::world::{World, faults, hour, now, on_both, person, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crm::account::AccountDraft;
use crm::participant::{Person, Who};
use crm::views::ContactView;
use crm::{ActivityDraft, ActivityEdit, ContactDraft, ContactEdit, ContactId, Display, Error, PageRequest};
use model::{Attendee, Field, Path, Response, Role, Value};

on_both!(
    texts_as_long_as_they_may_be_are_kept_and_found,
    a_key_that_no_index_takes_is_refused_in_words,
    a_cursor_with_the_character_nul_is_none,
    a_former_participant_learns_nothing_by_repeating_his_create,
    a_key_of_somebody_elses_contact_is_taken,
    who_never_saw_a_record_is_not_told_that_it_was_deleted,
);

/// A text that no database makes shorter.
fn noise(chars: usize) -> String {
    let mut seed = 3_u32;
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x4E00 + (seed >> 12) % 20_000).unwrap_or('x')
    };
    std::iter::repeat_with(next).take(chars).collect()
}

// E1, trap 134
async fn texts_as_long_as_they_may_be_are_kept_and_found(world: &World) {
    let (crm, anna) = (&world.crm, world.as_anna());
    let long = noise(2_000);
    for field in [Field::LastName, Field::Email1, Field::Company] {
        let mut says = person("Ida", "One", "ida@out.test");
        says.insert(Path::of(field.clone()), text(&long));
        let draft = ContactDraft { fields: says.clone(), more_emails: vec![noise(1_999)], ..ContactDraft::default() };
        let made = crm.create_contact(&anna, &draft, now()).await.unwrap().record;
        assert_eq!(made.fields.get(&Path::of(field.clone())), Some(&text(&long)), "{field}");
        let names = says[&Path::of(Field::LastName)].as_text().map(|last| ("Ida", last));
        let address = says[&Path::of(Field::Email1)].as_text().map(str::to_owned);
        let found = crm.contact_candidates(&anna, address.as_slice(), None, 9).await.unwrap();
        assert!(found.contains(&made), "by the address, {field}");
        let found = crm.contact_candidates(&anna, &[], names, 9).await.unwrap();
        assert!(found.contains(&made), "by the names, {field}");
        let edit = ContactEdit { fields: [(Path::of(Field::Nickname), text("I"))].into(), ..ContactEdit::default() };
        crm.update_contact(&anna, &made.id, made.version, &edit, now()).await.unwrap();
    }
    let mut page = PageRequest::first(1);
    let mut seen = 0;
    loop {
        let list = crm.contacts(&anna, ContactView::MyContacts, &page).await.unwrap();
        seen += list.items.len();
        page.after = list.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 3);
    let stranger =
        Attendee { name: noise(2_000), address: None, role: Role::Required, response: Response::NotResponded };
    let people = [(stranger.key(), stranger)].into();
    assert_eq!(world.appointment("Meeting", people).await.people.len(), 1);
    let account = AccountDraft { name: noise(2_000), location: Some(long.clone()), ..AccountDraft::default() };
    crm.create_account(&anna, &account, now()).await.unwrap();
    assert_eq!(faults(crm.create_account(&anna, &account, now()).await.unwrap_err()), ["name"]);
    crm.create_organization(&world.admin, &long, None, now()).await.unwrap();
    assert_eq!(faults(crm.create_organization(&world.admin, &long, None, now()).await.unwrap_err()), ["name"]);
    crm.create_user_list(&world.admin, &long, &[].into(), now()).await.unwrap();
}

// E3
async fn a_key_that_no_index_takes_is_refused_in_words(world: &World) {
    let (crm, anna) = (&world.crm, world.as_anna());
    let fields = person("Ida", "One", "ida@out.test");
    let draft = ContactDraft { fields, integration_key: Some(noise(2_000)), ..ContactDraft::default() };
    assert_eq!(faults(crm.create_contact(&anna, &draft, now()).await.unwrap_err()), ["integration_key"]);
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Talk");
    (draft.integration_key, draft.global_id) = (Some(noise(2_000)), Some(noise(2_000)));
    let sync = world.as_sync(&world.anna);
    let refused = crm.create_activity(&sync, &draft, now()).await.unwrap_err();
    assert_eq!(faults(refused), ["integration_key", "global_id"]);
    let talk = world.appointment("Talk", [].into()).await;
    let refused = crm.flag_meeting(&sync, &talk.id, Some(&noise(2_000)), false, now()).await.unwrap_err();
    assert_eq!(faults(refused), ["global_id"]);
}

async fn a_cursor_with_the_character_nul_is_none(world: &World) {
    let after = Some(URL_SAFE_NO_PAD.encode(r#"["my contacts",["a\u0000b","x"]]"#));
    let page = PageRequest { after, limit: 3 };
    let refused = world.crm.contacts(&world.as_anna(), ContactView::MyContacts, &page).await.unwrap_err();
    assert!(matches!(refused, Error::Cursor), "{refused}");
}

// O7
async fn a_former_participant_learns_nothing_by_repeating_his_create(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    (draft.fields, draft.integration_key) = (hour("Talk"), Some("key-1".into()));
    let made = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    let to_bob = ActivityEdit { owner: Some(world.bob.clone()), people: Some(Vec::new()), ..ActivityEdit::default() };
    let given = crm.update_activity(&world.as_anna(), &made.id, made.version, &to_bob, now()).await.unwrap();
    let later = ActivityEdit { fields: [(Path::of(Field::Subject), text("Later"))].into(), ..ActivityEdit::default() };
    crm.update_activity(&world.as_bob(), &made.id, given.version, &later, now()).await.unwrap();
    let read = crm.activity(&world.as_anna(), &made.id).await.unwrap_err();
    assert!(matches!(read, Error::NotFound), "she is not on it any more: {read}");
    let again = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap_err();
    assert_eq!(faults(again), ["integration_key"]);
}

// O5, E3
async fn a_key_of_somebody_elses_contact_is_taken(world: &World) {
    let crm = &world.crm;
    let fields = person("Ida", "One", "ida@out.test");
    let draft = |personal| ContactDraft {
        personal,
        fields: fields.clone(),
        integration_key: Some("key-1".into()),
        ..ContactDraft::default()
    };
    let made = crm.create_contact(&world.as_anna(), &draft(true), now()).await.unwrap().record;
    let foreign = crm.create_contact(&world.as_carla(), &draft(false), now()).await.unwrap_err();
    assert_eq!(faults(foreign), ["integration_key"]);
    crm.delete_contact(&world.as_anna(), &made.id, made.version, now()).await.unwrap();
    let foreign = crm.create_contact(&world.as_carla(), &draft(false), now()).await.unwrap_err();
    assert_eq!(faults(foreign), ["integration_key"], "nor that it was deleted");
    let own = crm.create_contact(&world.as_anna(), &draft(true), now()).await.unwrap_err();
    assert!(matches!(own, Error::Deleted { merged_into: None }), "{own}");
}

// O5, O7
async fn who_never_saw_a_record_is_not_told_that_it_was_deleted(world: &World) {
    let (crm, anna, carla) = (&world.crm, world.as_anna(), world.as_carla());
    let business = world.contact("Ida", "One", "ida@out.test").await;
    let personal = world.personal("Ida", "One", "ida@out.test").await;
    let public =
        ContactEdit { fields: [(Path::of(Field::Private), Value::Flag(false))].into(), ..ContactEdit::default() };
    let one = crm.update_contact(&anna, &personal.id, personal.version, &public, now()).await.unwrap();
    assert_eq!(one.id, business.id);
    let own = crm.contact(&anna, &personal.id).await.unwrap_err();
    assert!(matches!(own, Error::Deleted { merged_into: Some(_) }), "{own}");
    let never = crm.contact(&carla, &ContactId::new("CON-99999999")).await.unwrap_err();
    let foreign = crm.contact(&carla, &personal.id).await.unwrap_err();
    assert!(matches!((&never, &foreign), (Error::NotFound, Error::NotFound)), "{foreign}");
    let bob = Person {
        who: Who::Employee(world.bob.clone()),
        ..Person::unknown(&Attendee {
            name: "Bob".into(),
            address: None,
            role: Role::Required,
            response: Response::NotResponded,
        })
    };
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    (draft.fields, draft.people) = (hour("Talk"), Some(vec![bob]));
    let talk = crm.create_activity(&anna, &draft, now()).await.unwrap().record;
    crm.delete_activity(&anna, &talk.id, talk.version, now()).await.unwrap();
    let guest = crm.activity(&world.as_bob(), &talk.id).await.unwrap_err();
    assert!(matches!(guest, Error::Deleted { .. }), "{guest}");
    let foreign = crm.activity(&carla, &talk.id).await.unwrap_err();
    assert!(matches!(foreign, Error::NotFound), "{foreign}");
}
