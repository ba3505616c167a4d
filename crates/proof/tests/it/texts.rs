//! Texts on both sides: HTML and plain, white space, odd characters, and what is too long (rules C10, C11, E1, E5;
//! traps 128 to 140).

use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{self, id, plain, set, text, title};
use crate::world::World;
use serde_json::json;
use wire::ews::{Body, BodyKind, DistinguishedFolder as Folder, Property, Value};

on_both!(
    outlooks_html_is_read_as_text_and_never_rewritten_without_need,
    markup_in_a_text_is_text_on_the_other_side,
    characters_that_cannot_travel_keep_nothing_back,
    white_space_comes_to_rest,
    a_text_too_long_is_cut_with_a_notice_and_the_cut_never_flows_back,
    what_a_person_changes_in_a_cut_copy_is_changed_in_the_original_and_its_end_stays,
    a_body_longer_than_the_crm_holds_is_cut_there_and_stays_whole_in_the_mailbox,
    categories_are_words_whatever_stands_in_them,
    a_record_without_a_subject_goes_over_without_one,
);

const CALENDAR: &str = "my_calendar";

fn ride() -> wire::ews::Item {
    outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
}

fn page(html: &str) -> Value {
    Value::Body(Body { kind: BodyKind::Html, text: html.to_owned(), truncated: false })
}

const OUTLOOK: &str = r#"<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style><!-- p.MsoNormal {margin:0cm; font-family:"Calibri",sans-serif;} --></style></head><body lang="DE" link="blue"><div class="WordSection1"><p class="MsoNormal">Agenda:<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><table class="MsoTableGrid" border="1"><tr><td width="100"><p class="MsoNormal">Time</p></td><td><p class="MsoNormal">What &amp; who</p></td></tr><tr><td><p class="MsoNormal">10&nbsp;h</p></td><td><ul><li>Budget</li><li>Caf&eacute; &#128512;</li></ul></td></tr></table><p class="MsoNormal">See <a href="https://a.test/?x=1&amp;y=2">here</a></p></div></body></html>"#;

// C11, trap 128: ten looks without a write, and an edit of one line leaves the rest of the page as it was.
async fn outlooks_html_is_read_as_text_and_never_rewritten_without_need() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Calendar, ride().with(Property::Body, page(OUTLOOK))).await;
    clean(&world, &anna).await;
    let record = world.only(&anna, CALENDAR).await;
    let body = record["body"].as_str().expect("a body").to_owned();
    for words in ["Agenda:", "What & who", "10 h", "Budget", "Café 😀", "See here"] {
        assert!(body.contains(words), "{body}");
    }
    assert!(!body.contains('<') && !body.contains("&amp;") && !body.contains("margin"), "{body}");
    let stored = outlook.read(&item).await.expect("there").body().expect("a body").text.clone();
    for round in 0..10 {
        world.hq.touch(&anna.address, &item).expect("there");
        if round % 3 == 0 {
            world
                .edit_activity(&anna, record["id"].as_str().expect("an id"), json!({"location": format!("L{round}")}))
                .await;
        }
        clean(&world, &anna).await;
        assert_eq!(outlook.read(&item).await.expect("there").body().expect("a body").text, stored);
    }
    world
        .edit_activity(
            &anna,
            record["id"].as_str().expect("an id"),
            json!({"body": body.replace("Agenda:", "New agenda:")}),
        )
        .await;
    clean(&world, &anna).await;
    let changed = outlook.read(&item).await.expect("there").body().expect("a body").text.clone();
    assert_eq!(changed, stored.replace("Agenda:", "New agenda:"));
    assert_eq!(world.only(&anna, CALENDAR).await["body"], body.replace("Agenda:", "New agenda:"));
}

// trap 137: what a mailbox sends is text to the CRM, and text to the mailbox.
async fn markup_in_a_text_is_text_on_the_other_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let evil = r#"<script>alert("x")</script> & <img src=x onerror=1> &lt;b&gt; ]]> <![CDATA["#;
    let item = ride()
        .with(Property::Subject, text(evil))
        .with(Property::Location, text(evil))
        .with(Property::Body, plain(evil));
    outlook.make(Folder::Calendar, item).await;
    let body = json!({"display": "To Do and Activities", "subject": evil, "body": evil});
    world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let read = world.only(&anna, CALENDAR).await;
    assert_eq!((&read["subject"], &read["location"], &read["body"]), (&json!(evil), &json!(evil), &json!(evil)));
    let task = outlook.only(Folder::Tasks).await;
    assert_eq!((title(&task), task.body().map(|body| body.text.as_str())), (evil, Some(evil)));
}

// E1, traps 131, 133: every character that XML forbids, raw in the CRM and as a reference in the mailbox.
async fn characters_that_cannot_travel_keep_nothing_back() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let smile = "😀 👩‍👩‍👧 🇩🇪 👍🏽 é e\u{301} שלום مرحبا \u{202e}abc\u{202c} 漢字 \u{FEFF}x";
    let odd = "a\u{7f}b\u{85}c\u{9f}d";
    world.activity(&anna, json!({"display": "To Do and Activities", "subject": smile, "body": smile})).await;
    let item = ride()
        .with(Property::Subject, text(smile))
        .with(Property::Location, text(odd))
        .with(Property::Body, plain(&format!("{odd}{smile}")));
    outlook.make(Folder::Calendar, item).await;
    clean(&world, &anna).await;
    let task = outlook.only(Folder::Tasks).await;
    assert_eq!((title(&task), task.body().map(|body| body.text.as_str())), (smile, Some(smile)));
    let read = world.only(&anna, CALENDAR).await;
    assert_eq!((&read["subject"], &read["location"]), (&json!(smile), &json!("abcd")));
    assert_eq!(read["body"], format!("abcd{smile}"));
    // What the CRM takes and XML does not, leaves the rest of the text in place.
    let record = read["id"].as_str().expect("an id").to_owned();
    world.edit_activity(&anna, &record, json!({"subject": "a\u{FFFE}b\u{FFFF}c"})).await;
    clean(&world, &anna).await;
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "abc");
    for code in 0u32..0x20 {
        let c = char::from_u32(code).expect("a character");
        let version = world.read_activity(&anna, &record).await["version"].clone();
        let body = json!({"version": version, "subject": format!("x{c}y")});
        let (status, answer) = world.ask(&anna, "PATCH", &format!("/api/crm/activities/{record}"), Some(&body)).await;
        assert!(status == 200 && matches!(c, '\t' | '\n' | '\r') || status == 422, "{code}: {status} {answer}");
    }
}

// C11, trap 134: white space that a side normalises is no edit, and single lines stay single.
async fn white_space_comes_to_rest() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let texts =
        ["  lead", "trail  ", "a  b", "a\u{a0}b", "a\tb", "\r\n a\r\n\r\n\r\nb \r\n", "a\n\nb\n", "\u{3000}a\u{2003}b"];
    for (at, odd) in texts.iter().enumerate() {
        let body = json!({"display": "To Do and Activities", "subject": format!("C{at}"), "body": odd});
        world.activity(&anna, body).await;
        let body = json!({"display": "To Do and Activities", "subject": odd, "body": format!("subject {at}")});
        world.activity(&anna, body).await;
        outlook
            .make(
                Folder::Calendar,
                ride().with(Property::Subject, text(&format!("P{at}"))).with(Property::Body, plain(odd)),
            )
            .await;
        outlook.make(Folder::Calendar, ride().with(Property::Location, text(odd))).await;
    }
    clean(&world, &anna).await;
    for item in outlook.items(Folder::Calendar).await {
        world.hq.touch(&anna.address, &id(&item)).expect("there");
    }
    for record in world.view(&anna, "my_to_dos").await {
        world.edit_activity(&anna, record["id"].as_str().expect("an id"), json!({"priority": "4-Low"})).await;
    }
    clean(&world, &anna).await;
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
    for item in outlook.items(Folder::Tasks).await {
        assert!(!title(&item).contains('\n'), "a subject is one line");
    }
    let all = world.view(&anna, CALENDAR).await;
    let read = all.iter().find(|one| one["subject"] == "P5").expect("there");
    assert_eq!(read["body"], "a\n\n\nb");
}

// E5
async fn a_text_too_long_is_cut_with_a_notice_and_the_cut_never_flows_back() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let subject = "s".repeat(1_500);
    let location = "l".repeat(900);
    let body = json!({"display": "Calendar and Activities", "subject": subject, "location": location,
        "body": "b".repeat(99_000), "start": crate::api::berlin("2026-10-20T10:00:00"), "end": crate::api::berlin("2026-10-20T11:00:00")});
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(title(&item).chars().count(), 255);
    assert!(title(&item).ends_with(" … (shortened)"));
    assert_eq!(item.body().map(|body| body.text.len()), Some(99_000));
    outlook.edit(&id(&item), vec![set(Property::LegacyFreeBusyStatus, text("Free"))]).await;
    world.edit_activity(&anna, &record, json!({"reminder": 5})).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!(
        (&read["subject"], &read["location"], &read["show_as"]),
        (&json!(subject), &json!(location), &json!("Free"))
    );
    // A person who writes over it means it.
    outlook.edit(&id(&item), vec![set(Property::Subject, text("Short"))]).await;
    clean(&world, &anna).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Short");
}

// E5: a contact's texts, edited where they are cut; a conflict and a repeated first cycle cut nothing off either.
async fn what_a_person_changes_in_a_cut_copy_is_changed_in_the_original_and_its_end_stays() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let words = |first: &str| format!("{first} {} and the end", "word ".repeat(100).trim());
    let body = json!({"last_name": "Berg", "email1": "ida@out.test", "job_title": words("Old"), "department": words("Old"),
        "assistant": words("Old"), "on_sync_list": true});
    let record = world.contact(&anna, body).await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Contacts).await);
    let shown = outlook.only(Folder::Contacts).await.text(Property::JobTitle).expect("a title").to_owned();
    assert!(shown.ends_with(" … (shortened)"), "{shown}");
    let edited = shown.replacen("Old", "New", 1);
    // The beginning, what stands after the notice, and both sides at once.
    let edit = vec![
        set(Property::JobTitle, text(&edited)),
        set(Property::Department, text(&format!("{edited} or not"))),
        set(Property::AssistantName, text(&edited)),
    ];
    outlook.edit(&item, edit).await;
    world.settings(json!({"domains": {"business_contact": {"conflict": "mailbox"}}})).await;
    world.edit_contact(&anna, &record, json!({"assistant": "Somebody else"})).await;
    clean(&world, &anna).await;
    let read = world.read_contact(&anna, &record).await;
    assert_eq!(read["job_title"], words("New"));
    assert_eq!(read["department"], format!("{} or not", words("New")));
    assert_eq!(read["assistant"], words("New"), "the mailbox wins, and what it did not show stands");
    assert!(world.cycle(&anna).await.is_quiet());
    // A person who writes a text of his own means it, also in the CRM.
    outlook.edit(&item, vec![set(Property::JobTitle, text("Chief"))]).await;
    world.edit_contact(&anna, &record, json!({"department": words("Third")})).await;
    clean(&world, &anna).await;
    assert_eq!(world.read_contact(&anna, &record).await["job_title"], "Chief");
    assert_eq!(world.read_contact(&anna, &record).await["department"], words("Third"));
    // Met as strangers, the cut copy is still the original's.
    world.levels(&anna, json!({"business_contact": "none"})).await;
    clean(&world, &anna).await;
    world.hq.move_mailbox(&anna.address, &world.branch).expect("moved");
    world.mapping(&anna, json!({"connection": "branch", "confirm_mailbox": true})).await;
    world.levels(&anna, json!({"business_contact": "full"})).await;
    clean(&world, &anna).await;
    let read = world.read_contact(&anna, &record).await;
    assert_eq!((&read["department"], &read["assistant"]), (&json!(words("Third")), &json!(words("New"))));
}

// E5, trap 136: what the mailbox holds and the CRM does not.
async fn a_body_longer_than_the_crm_holds_is_cut_there_and_stays_whole_in_the_mailbox() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let long = "0123456789 ".repeat(30_000);
    let item = outlook.make(Folder::Calendar, ride().with(Property::Body, plain(&long))).await;
    let huge = "x".repeat(12 << 20);
    let other = outlook
        .make(Folder::Calendar, ride().with(Property::Subject, text("Huge")).with(Property::Body, plain(&huge)))
        .await;
    clean(&world, &anna).await;
    let all = world.view(&anna, CALENDAR).await;
    assert_eq!(all.len(), 2, "a body too big holds back nothing");
    let read = all.iter().find(|one| one["subject"] == "Ride").expect("there");
    let body = read["body"].as_str().expect("a body");
    assert!(body.chars().count() <= 100_000 && body.ends_with("[cut here: the CRM holds no more]"));
    let record = read["id"].as_str().expect("an id").to_owned();
    world.edit_activity(&anna, &record, json!({"location": "Attic"})).await;
    world.hq.touch(&anna.address, &item).expect("there");
    clean(&world, &anna).await;
    assert_eq!(outlook.read(&item).await.expect("there").body().expect("a body").text, long);
    // Edited in the CRM where it is cut, the whole stands in the mailbox with the edit in it.
    let edited = body.replacen("0123456789", "first", 1);
    world.edit_activity(&anna, &record, json!({"body": edited})).await;
    clean(&world, &anna).await;
    let whole = long.trim().replacen("0123456789", "first", 1);
    assert_eq!(outlook.read(&item).await.expect("there").body().expect("a body").text, whole);
    let huge = all.iter().find(|one| one["subject"] == "Huge").expect("there");
    world.edit_activity(&anna, huge["id"].as_str().expect("an id"), json!({"location": "Attic"})).await;
    clean(&world, &anna).await;
    assert_eq!(outlook.read(&other).await.expect("there").text(Property::Location), Some("Attic"));
}

// C2, O4, trap 139: categories with odd signs, and in another case.
async fn categories_are_words_whatever_stands_in_them() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let words = ["Smith, Ann", "a;b", "  padded ", "Ärzte", "<b>&", "😀"];
    let item = outlook.make(Folder::Calendar, ride().with(Property::Categories, outlook::texts(&words))).await;
    clean(&world, &anna).await;
    let read = world.only(&anna, CALENDAR).await;
    let record = read["id"].as_str().expect("an id").to_owned();
    let mut shown: Vec<&str> =
        read["categories"].as_array().expect("words").iter().filter_map(|one| one.as_str()).collect();
    shown.sort_unstable();
    let mut expected = ["Smith, Ann", "a;b", "padded", "Ärzte", "<b>&", "😀"];
    expected.sort_unstable();
    assert_eq!(shown, expected);
    // In another case it is the same word; one more is added beside it, one taken away.
    world.edit_activity(&anna, &record, json!({"categories": ["smith, ann", "A;B", "padded", "ÄRZTE", "new"]})).await;
    clean(&world, &anna).await;
    let item = outlook.read(&item).await.expect("there");
    let mut shown: Vec<&str> = outlook::categories(&item).into_iter().map(str::trim).collect();
    shown.sort_unstable();
    let mut expected = ["Smith, Ann", "a;b", "padded", "Ärzte", "new"];
    expected.sort_unstable();
    assert_eq!(shown, expected);
}

// E1: a subject that is empty or blank is no fault.
async fn a_record_without_a_subject_goes_over_without_one() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for subject in [json!(null), json!(""), json!("   ")] {
        let mut body = crate::api::appointment("", "2026-10-20");
        body["subject"] = subject;
        world.activity(&anna, body).await;
    }
    for subject in ["", "  "] {
        outlook.make(Folder::Tasks, outlook::task(subject, "2026-10-20")).await;
    }
    clean(&world, &anna).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, "my_to_dos").await.len()), (3, 2));
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
}
