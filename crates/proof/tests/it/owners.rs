//! Whose meeting it is: a new owner (rule P8), an organiser who is late (rule P3), strangers who invite too much.

use crate::api::{appointment, id as id_of, to_do};
use crate::database::on_both;
use crate::matching::sum;
use crate::outlook::{self, id, set, text, title};
use crate::world::{Person, World};
use serde_json::json;
use store::Count;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_new_owner_has_his_copy_before_the_old_one_goes,
    what_the_old_owner_changed_meanwhile_is_told,
    an_old_copy_waits_a_day_at_most_and_not_at_all_for_one_who_does_not_synchronise,
    titles_follow_the_owner,
    exchanges_meeting_keeps_its_owner,
    an_organisers_late_mailbox_is_waited_for_a_day_and_takes_over_when_it_comes,
    no_more_invitations_of_strangers_enter_than_a_day_allows,
);

const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";

// P8
async fn a_new_owner_has_his_copy_before_the_old_one_goes() {
    let (world, anna, bob) = World::with_two().await;
    let meeting = world.appointment(&anna, "Plan", "2026-09-28").await;
    let call = world.activity(&anna, to_do("Call", "2026-09-28")).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &meeting, json!({"owner": bob.id})).await;
    world.edit_activity(&anna, &call, json!({"owner": bob.id})).await;
    let (annas, bobs) = (world.outlook(&anna), world.outlook(&bob));
    let counts = |outlook: &outlook::Outlook| {
        (outlook.count(Folder::Calendar), outlook.count(Folder::Tasks), outlook.count(Folder::DeletedItems))
    };
    // However often the old owner's turn comes first, his copies wait.
    for _ in 0..3 {
        world.cycle(&anna).await;
        assert_eq!(counts(&annas), (1, 1, 0));
    }
    world.cycle(&bob).await;
    assert_eq!(counts(&bobs), (1, 1, 0));
    world.sync(&[&anna, &bob]).await;
    assert_eq!((counts(&annas), counts(&bobs)), ((0, 0, 2), (1, 1, 0)));
    assert_eq!(title(&bobs.only(Folder::Calendar).await), "Plan");
    // It is his: what he changes is the record's.
    let item = id(&bobs.only(Folder::Calendar).await);
    bobs.edit(&item, vec![set(Property::Subject, text("Plan B"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&bob, &meeting).await["subject"], "Plan B");
}

// P8, C3: what the old owner changed in the same moment reaches the record no more, and is not lost without a word.
async fn what_the_old_owner_changed_meanwhile_is_told() {
    let (world, anna, bob) = World::with_two().await;
    let meeting = world.appointment(&anna, "Plan", "2026-09-28").await;
    let call = world.activity(&anna, to_do("Call", "2026-09-28")).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&anna);
    for (folder, place) in [(Folder::Calendar, "Her plan"), (Folder::Tasks, "Her call")] {
        let item = id(&outlook.only(folder).await);
        outlook.edit(&item, vec![set(Property::Subject, text(place))]).await;
    }
    for record in [&meeting, &call] {
        world.edit_activity(&anna, record, json!({"owner": bob.id})).await;
    }
    world.sync(&[&anna, &bob]).await;
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::Tasks)), (0, 0));
    let history = world.list(&world.admin, "/api/admin/history?user=anna").await;
    for lost in ["Her plan", "Her call"] {
        let told = |line: &&serde_json::Value| line["overruled"].to_string().contains(lost);
        let lines: Vec<_> = history.iter().filter(told).collect();
        assert_eq!((lines.len(), &lines[0]["what"], &lines[0]["side"]), (1, &json!("overruled"), &json!("pim")));
    }
    assert_eq!(world.read_activity(&bob, &meeting).await["subject"], "Plan");
}

// P8: an owner who never gets a copy does not keep the old one for ever.
async fn an_old_copy_waits_a_day_at_most_and_not_at_all_for_one_who_does_not_synchronise() {
    let (world, anna, bob) = World::with_two().await;
    let carl = world.colleague("carl", &[]).await;
    let [to_bob, to_carl] = ["2026-09-28", "2026-09-29"];
    let for_bob = world.appointment(&anna, "For Bob", to_bob).await;
    let for_carl = world.appointment(&anna, "For Carl", to_carl).await;
    world.sync(&[&anna]).await;
    world.edit_activity(&anna, &for_bob, json!({"owner": bob.id})).await;
    world.edit_activity(&anna, &for_carl, json!({"owner": carl.id})).await;
    world.cycle(&anna).await;
    world.cycle(&anna).await;
    let annas = world.outlook(&anna);
    assert_eq!(title(&annas.only(Folder::Calendar).await), "For Bob", "nobody comes for the other one");
    world.pass_days(2);
    world.sync(&[&anna]).await;
    assert_eq!(annas.count(Folder::Calendar), 0);
}

// P8, P5: titles name the owner of the day, and no owner's own title names anybody.
async fn titles_follow_the_owner() {
    let (world, anna, bob) = World::with_two().await;
    let cleo = world.user("cleo").await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}, {"employee": cleo.id}]);
    let record = world.activity(&anna, body).await;
    let all = [&anna, &bob, &cleo];
    world.sync(&all).await;
    let shown = async |who: &Person| title(&world.outlook(who).only(Folder::Calendar).await).to_owned();
    assert_eq!((shown(&bob).await.as_str(), shown(&cleo).await.as_str()), ("Plan", "Plan"));
    let people = json!([{"employee": anna.id}, {"employee": cleo.id}]);
    world.edit_activity(&anna, &record, json!({"owner": bob.id, "people": people})).await;
    world.sync(&all).await;
    let bobs = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!(title(&bobs), "Plan", "his own");
    // What was hers cannot become another's meeting where it stands.
    assert_eq!((shown(&anna).await.as_str(), shown(&cleo).await.as_str()), ("Bob Tester: Plan", "Plan"));
    assert_eq!(world.read_activity(&bob, &record).await["subject"], "Plan");
    let reports = world.sync(&all).await;
    assert_eq!(reports.len(), 0, "and rests");
}

// P8, P6
async fn exchanges_meeting_keeps_its_owner() {
    let (world, anna, bob) = World::with_two().await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, "my_calendar").await;
    let change = json!({"owner": bob.id, "version": record["version"]});
    let path = format!("/api/crm/activities/{}", id_of(&record));
    let (status, _) = world.ask(&anna, "PATCH", &path, Some(&change)).await;
    assert_eq!(status, 409);
    assert_eq!(world.only(&bob, "my_calendar").await["owner"], json!(anna.id));
}

// P3
async fn an_organisers_late_mailbox_is_waited_for_a_day_and_takes_over_when_it_comes() {
    let (world, anna, bob) = World::with_two().await;
    let cleo = world.user("cleo").await;
    world.sync(&[&anna, &bob, &cleo]).await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address, &cleo.address])).await;
    world.sync(&[&bob, &cleo]).await;
    assert_eq!(world.view(&bob, "my_calendar").await.len(), 0, "the organiser's mailbox is only late");
    world.pass_s(20 * 3600);
    world.sync(&[&bob, &cleo]).await;
    assert_eq!(world.view(&bob, "my_calendar").await.len(), 0);
    world.pass_s(5 * 3600);
    world.sync(&[&bob, &cleo]).await;
    let stood_in = world.only(&bob, "my_calendar").await;
    assert_eq!(world.only(&cleo, "my_calendar").await["id"], stood_in["id"]);
    assert_eq!(stood_in["owner"], json!(anna.id), "the organiser owns it all the same");
    // What the one who stands in changes counts meanwhile.
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&bob, &cleo]).await;
    assert_eq!(world.only(&bob, "my_calendar").await["location"], "Room 1");
    let reports = world.sync(&[&anna, &bob, &cleo]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0), "without a create");
    assert_eq!(world.only(&anna, "my_calendar").await["id"], stood_in["id"]);
    // From now on only the organiser's copy decides.
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).edit(&bobs, vec![set(Property::Location, text("Bar"))]).await;
    world.sync(&[&anna, &bob, &cleo]).await;
    assert_eq!(world.only(&anna, "my_calendar").await["location"], "Room 1");
}

// P3, trap 196
async fn no_more_invitations_of_strangers_enter_than_a_day_allows() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"invitations_per_day": 2, "unanswered_invitations": true})).await;
    world.sync(&[&anna]).await;
    let stranger = world.outsider("eve@far.test");
    for n in 0..5 {
        stranger.invite(outlook::meeting(&format!("Offer {n}"), FROM, TO, &[&anna.address])).await;
    }
    let entered = async || world.view(&anna, "my_calendar").await.len();
    world.sync(&[&anna]).await;
    assert_eq!(entered().await, 2);
    world.pass_s(3600);
    world.sync(&[&anna]).await;
    assert_eq!(entered().await, 2, "the day is not over");
    for expected in [4, 5] {
        world.pass_days(1);
        world.pass_s(3600);
        world.sync(&[&anna]).await;
        assert_eq!(entered().await, expected);
    }
    // What her colleagues invite to is not counted.
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 5);
}
