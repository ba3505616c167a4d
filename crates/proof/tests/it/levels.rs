//! Whose level counts, and what each permits (rules D1, L2 to L4, L6).

use crate::database::on_both;
use crate::outlook::{self, id, set, text, title, titles};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    each_level_creates_only_in_its_directions,
    an_edit_on_the_receiving_side_stays_until_the_source_changes_the_same_field,
    a_copy_deleted_under_export_only_comes_back_with_the_next_edit_of_its_source,
    a_delete_at_the_source_deletes_at_the_receiver_of_a_one_way_domain,
    the_ceiling_caps_a_users_own_level_direction_by_direction,
    the_users_own_level_goes_before_group_rules_and_those_before_the_ceiling,
    the_first_rule_whose_group_contains_the_user_wins_and_below_counts_only_when_said,
    what_if_he_joined_a_group_counts_what_stands_above_it_too,
    only_the_primary_position_counts_unless_a_setting_says_otherwise,
    lowering_a_level_deletes_nothing_and_raising_it_resumes_from_the_base,
    what_is_planned_before_a_user_is_enabled_is_what_the_first_cycle_does,
    what_stayed_local_under_a_one_way_level_crosses_when_the_level_is_raised,
    a_field_that_is_mapped_again_carries_what_was_edited_meanwhile,
    a_user_disabled_and_enabled_again_resumes_where_he_was,
);

const CALENDAR: &str = "my_calendar";

/// An appointment on each side that the other has not seen yet.
async fn one_on_each_side(world: &World, who: &Person, day: &str) {
    world.appointment(who, &format!("Crm {day}"), day).await;
    let item = outlook::appointment(&format!("Pim {day}"), &format!("{day}T12:00:00Z"), &format!("{day}T13:00:00Z"));
    world.outlook(who).make(Folder::Calendar, item).await;
}

async fn seen(world: &World, who: &Person) -> (usize, usize) {
    (world.view(who, CALENDAR).await.len(), world.outlook(who).count(Folder::Calendar))
}

// D1
async fn each_level_creates_only_in_its_directions() {
    let world = World::new().await;
    for (name, level, expected) in
        [("fay", "full", (2, 2)), ("eve", "export", (1, 2)), ("ian", "import", (2, 1)), ("nan", "none", (1, 1))]
    {
        let who = world.user(name).await;
        world.levels(&who, json!({"calendar": level})).await;
        one_on_each_side(&world, &who, "2026-09-28").await;
        world.sync(&[&who]).await;
        assert_eq!(seen(&world, &who).await, expected, "{level}");
    }
}

// D1
async fn an_edit_on_the_receiving_side_stays_until_the_source_changes_the_same_field() {
    let (world, anna, _) = World::with_two().await;
    world.levels(&anna, json!({"calendar": "export"})).await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Calendar).await);
    outlook.edit(&item, vec![set(Property::Subject, text("Mine")), set(Property::Location, text("Here"))]).await;
    world.sync(&[&anna]).await;
    let kept = outlook.only(Folder::Calendar).await;
    assert_eq!((title(&kept), kept.text(Property::Location)), ("Mine", Some("Here")), "not undone");
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan", "not carried over");
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna]).await;
    let written = outlook.only(Folder::Calendar).await;
    assert_eq!((title(&written), written.text(Property::Location)), ("Plan B", Some("Here")));
    assert_eq!(world.read_activity(&anna, &record).await["location"], json!(null));
}

// D1
async fn a_copy_deleted_under_export_only_comes_back_with_the_next_edit_of_its_source() {
    let (world, anna, _) = World::with_two().await;
    world.levels(&anna, json!({"calendar": "export"})).await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    outlook.delete(&id(&outlook.only(Folder::Calendar).await)).await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (1, 0), "it stays deleted, and the CRM's stays");
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Plan B");
}

// D1: a delete at the source deletes at the receiver, at every level that permits the direction.
async fn a_delete_at_the_source_deletes_at_the_receiver_of_a_one_way_domain() {
    let (world, anna, bob) = World::with_two().await;
    world.levels(&anna, json!({"calendar": "export"})).await;
    world.levels(&bob, json!({"calendar": "import"})).await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    let item = outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let item = world.outlook(&bob).make(Folder::Calendar, item).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((seen(&world, &anna).await, seen(&world, &bob).await), ((1, 1), (1, 1)));
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.outlook(&bob).delete(&item).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((seen(&world, &anna).await, seen(&world, &bob).await), ((0, 0), (0, 0)));
    assert_eq!(world.outlook(&anna).count(Folder::DeletedItems), 1, "in the mailbox always to Deleted Items");
}

// L2
async fn the_ceiling_caps_a_users_own_level_direction_by_direction() {
    let (world, anna, bob) = World::with_two().await;
    world.ceilings(json!({"calendar": "export"})).await;
    world.levels(&anna, json!({"calendar": "full"})).await;
    world.levels(&bob, json!({"calendar": "import"})).await;
    for who in [&anna, &bob] {
        one_on_each_side(&world, who, "2026-09-28").await;
    }
    world.sync(&[&anna, &bob]).await;
    assert_eq!(seen(&world, &anna).await, (1, 2), "full under export is export");
    assert_eq!(seen(&world, &bob).await, (1, 1), "import under export is none");
    let explained = world.get(&world.admin, "/api/admin/users/anna/explain").await;
    assert!(explained.to_string().contains("capped"), "{explained}");
}

// L3
async fn the_users_own_level_goes_before_group_rules_and_those_before_the_ceiling() {
    let world = World::new().await;
    let list = |name: &str, members: Vec<String>| json!({"name": name, "members": members});
    let anna = world.user("anna").await;
    let bob = world.user("bob").await;
    let cleo = world.user("cleo").await;
    let all = world.made(&world.admin, "/api/crm/user-lists", list("All", vec![anna.id.clone(), bob.id.clone()])).await;
    let rules = json!({"rules": [{"group": "user_list", "id": all["id"], "level": "export"}]});
    world.done(&world.admin, "PUT", "/api/admin/group-rules/calendar", Some(&rules)).await;
    world.levels(&anna, json!({"calendar": "import"})).await;
    for who in [&anna, &bob, &cleo] {
        one_on_each_side(&world, who, "2026-09-28").await;
    }
    world.sync(&[&anna, &bob, &cleo]).await;
    assert_eq!(seen(&world, &anna).await, (2, 1), "her own");
    assert_eq!(seen(&world, &bob).await, (1, 2), "the group's");
    assert_eq!(seen(&world, &cleo).await, (2, 2), "the ceiling");
}

// L4
async fn the_first_rule_whose_group_contains_the_user_wins_and_below_counts_only_when_said() {
    let world = World::new().await;
    let admin = &world.admin;
    let head = world.made(admin, "/api/crm/organizations", json!({"name": "Head"})).await["id"].clone();
    let branch =
        world.made(admin, "/api/crm/organizations", json!({"name": "Branch", "parent": head})).await["id"].clone();
    let seller = world.made(admin, "/api/crm/positions", json!({"name": "Seller", "organization": branch})).await;
    let seller = seller["id"].as_str().expect("an id").to_owned();
    let anna = world.hire_into("anna", &[&seller]).await;
    world.map(&anna).await;
    let put = |rules| json!({ "rules": rules });
    let below = |below: bool| json!({"group": "organization", "id": head, "and_below": below, "level": "none"});
    let position = json!({"group": "position", "id": seller, "level": "export"});
    let path = "/api/admin/group-rules/calendar";
    // Head itself has no members: the second rule wins.
    world.done(admin, "PUT", path, Some(&put(json!([below(false), position])))).await;
    one_on_each_side(&world, &anna, "2026-09-28").await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (1, 2), "the position's export");
    // With all below, the first one wins.
    world.done(admin, "PUT", path, Some(&put(json!([below(true), position])))).await;
    one_on_each_side(&world, &anna, "2026-09-29").await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (2, 3), "none: nothing crosses");
    // The order decides.
    world.done(admin, "PUT", path, Some(&put(json!([position, below(true)])))).await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (2, 4), "export again, without a restart (L7)");
}

// L4, L5: "what if" answers what would be, by the trees as they stand, and no group that is not there is passed over.
async fn what_if_he_joined_a_group_counts_what_stands_above_it_too() {
    let world = World::new().await;
    let admin = &world.admin;
    let anna = world.user("anna").await;
    let head = world.made(admin, "/api/crm/organizations", json!({"name": "Head"})).await["id"].clone();
    let branch =
        world.made(admin, "/api/crm/organizations", json!({"name": "Branch", "parent": head})).await["id"].clone();
    let boss =
        world.made(admin, "/api/crm/positions", json!({"name": "Boss", "organization": head})).await["id"].clone();
    let seller = json!({"name": "Seller", "organization": branch, "parent": boss});
    let seller = world.made(admin, "/api/crm/positions", seller).await["id"].clone();
    let put = |kind: &str, id: &serde_json::Value| json!({"rules": [{"group": kind, "id": id, "and_below": true, "level": "none"}]});
    let rules = "/api/admin/group-rules/calendar";
    let what_if = |asked: String| {
        let world = &world;
        async move {
            let told = world.get(&world.admin, &format!("/api/admin/users/anna/explain?{asked}")).await;
            let chain = |chain: &&serde_json::Value| chain["domain"] == "calendar";
            told["chains"].as_array().expect("chains").iter().find(chain).expect("a chain")["level"].clone()
        }
    };
    let joins = [
        format!("position={}", seller.as_str().expect("an id")),
        format!("organization={}", branch.as_str().expect("an id")),
    ];
    for (kind, id, levels) in [("position", &boss, ["none", "full"]), ("organization", &head, ["none", "none"])] {
        world.done(admin, "PUT", rules, Some(&put(kind, id))).await;
        for (join, level) in joins.iter().zip(levels) {
            assert_eq!(what_if(join.clone()).await, json!(level), "{kind}: {join}");
        }
    }
    assert_eq!(what_if(String::new()).await, json!("full"), "nobody joined anything");
    let path = "/api/admin/users/anna/explain?user_list=LST-99999999";
    let (status, told) = world.ask(admin, "GET", path, None).await;
    assert_eq!((status, &told["error"]["where"][0]["field"]), (422, &json!("user_list")), "{told}");
    drop(anna);
}

// L4
async fn only_the_primary_position_counts_unless_a_setting_says_otherwise() {
    let world = World::new().await;
    let admin = &world.admin;
    let head = world.made(admin, "/api/crm/organizations", json!({"name": "Head"})).await["id"].clone();
    let mut positions = Vec::new();
    for name in ["Seller", "Buyer"] {
        let made = world.made(admin, "/api/crm/positions", json!({"name": name, "organization": head})).await;
        positions.push(made["id"].as_str().expect("an id").to_owned());
    }
    let anna = world.hire_into("anna", &[&positions[0], &positions[1]]).await;
    world.map(&anna).await;
    let rules = json!({"rules": [{"group": "position", "id": positions[1], "level": "export"}]});
    world.done(admin, "PUT", "/api/admin/group-rules/calendar", Some(&rules)).await;
    one_on_each_side(&world, &anna, "2026-09-28").await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (2, 2), "the ceiling: her primary position is another");
    world.settings(json!({"primary_position_only": false})).await;
    one_on_each_side(&world, &anna, "2026-09-29").await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (3, 4), "every position counts");
}

// L6
async fn lowering_a_level_deletes_nothing_and_raising_it_resumes_from_the_base() {
    let (world, anna, _) = World::with_two().await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.levels(&anna, json!({"calendar": "none"})).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Calendar).await);
    outlook.edit(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Plan"]);
    assert_eq!(world.read_activity(&anna, &record).await["location"], json!(null));
    world.levels(&anna, json!({"calendar": "full"})).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!((title(&item), item.text(Property::Location)), ("Plan B", Some("Room 1")));
    let record = world.read_activity(&anna, &record).await;
    assert_eq!((&record["subject"], &record["location"]), (&json!("Plan B"), &json!("Room 1")));
}

/// What the plan of Anna's next cycle counts.
async fn planned(world: &World) -> serde_json::Value {
    world.get(&world.admin, "/api/admin/users/anna/plan").await["totals"].clone()
}

// W1, L1: an administrator looks first, and enables then.
async fn what_is_planned_before_a_user_is_enabled_is_what_the_first_cycle_does() {
    let (world, anna, _) = World::with_two().await;
    world.done(&world.admin, "POST", "/api/admin/users/anna/disable", None).await;
    world.listed(&anna, "Berg").await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Contacts, outlook::contact("Jan", "Tal", "jan@out.test", &["Siebel Contact"])).await;
    one_on_each_side(&world, &anna, "2026-09-29").await;
    let expected = json!({"business_contact.create_crm": 1, "business_contact.create_pim": 1,
        "business_contact.enlist_crm": 1, "calendar.create_crm": 1, "calendar.create_pim": 1});
    assert_eq!(planned(&world).await, expected);
    world.sync(&[&anna]).await;
    assert_eq!((seen(&world, &anna).await, outlook.count(Folder::Contacts)), ((1, 1), 1), "nothing is written");
    world.done(&world.admin, "POST", "/api/admin/users/anna/enable", None).await;
    world.sync(&[&anna]).await;
    assert_eq!((seen(&world, &anna).await, outlook.count(Folder::Contacts)), ((2, 2), 2));
    assert_eq!(planned(&world).await, json!({}));
}

/// What the CRM says about a record and a user.
async fn told(world: &World, record: &str) -> String {
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=contact&record={record}");
    world.get(&world.admin, &path).await.to_string()
}

// L6, L7, D1: raised, both sides' edits are merged from the base, though neither record was touched since.
async fn what_stayed_local_under_a_one_way_level_crosses_when_the_level_is_raised() {
    let (world, anna, _) = World::with_two().await;
    let [one, other] = [world.listed(&anna, "Berg").await, world.listed(&anna, "Dale").await];
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let copy = async |name: &str| {
        let items = outlook.items(Folder::Contacts).await;
        items.into_iter().find(|item| title(item) == name).expect("a copy")
    };
    world.ceilings(json!({"business_contact": "import"})).await;
    for record in [&one, &other] {
        world.edit_contact(&anna, record, json!({"department": "Local"})).await;
    }
    outlook.edit(&id(&copy("Berg").await), vec![set(Property::Nickname, text("Bergy"))]).await;
    world.sync(&[&anna]).await;
    let local = told(&world, &one).await;
    assert!(local.contains("local change") && local.contains("Changed in the CRM alone: department (D1)."), "{local}");
    assert_eq!(copy("Berg").await.text(Property::Department), None);
    world.ceilings(json!({"business_contact": "full"})).await;
    assert_eq!(planned(&world).await, json!({"business_contact.update_pim": 2}), "W1");
    world.sync(&[&anna]).await;
    for name in ["Berg", "Dale"] {
        assert_eq!(copy(name).await.text(Property::Department), Some("Local"), "{name}");
    }
    assert!(!told(&world, &one).await.contains("local change"));
    // The other way round, by a group rule.
    world.ceilings(json!({"business_contact": "export"})).await;
    outlook.edit(&id(&copy("Dale").await), vec![set(Property::Department, text("Mine"))]).await;
    world.sync(&[&anna]).await;
    let local = told(&world, &other).await;
    assert!(local.contains("Changed in the mailbox alone: department (D1)."), "{local}");
    assert_eq!(world.read_contact(&anna, &other).await["department"], "Local");
    // Raised above and lowered for her: nothing may go yet.
    world.levels(&anna, json!({"business_contact": "export"})).await;
    world.ceilings(json!({"business_contact": "full"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &other).await["department"], "Local");
    world.levels(&anna, json!({"business_contact": null})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &other).await["department"], "Mine");
    assert!(world.cycle(&anna).await.is_quiet());
}

// L7: a row of the map that was off.
async fn a_field_that_is_mapped_again_carries_what_was_edited_meanwhile() {
    let (world, anna, _) = World::with_two().await;
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let path = "/api/admin/maps/business_contact";
    let map = json!({"entries": world.get(&world.admin, path).await["entries"]});
    let mut one_way = map.clone();
    let rows = one_way["entries"].as_array_mut().expect("rows");
    rows.iter_mut().find(|row| row["field"] == "department").expect("a row")["direction"] = json!("import");
    world.done(&world.admin, "PUT", path, Some(&one_way)).await;
    world.edit_contact(&anna, &record, json!({"department": "Local"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.outlook(&anna).only(Folder::Contacts).await.text(Property::Department), None);
    world.done(&world.admin, "PUT", path, Some(&map)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.outlook(&anna).only(Folder::Contacts).await.text(Property::Department), Some("Local"));
}

// L6
async fn a_user_disabled_and_enabled_again_resumes_where_he_was() {
    let (world, anna, _) = World::with_two().await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.done(&world.admin, "POST", "/api/admin/users/anna/disable", None).await;
    one_on_each_side(&world, &anna, "2026-09-29").await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (2, 2), "nothing crosses, nothing is deleted");
    world.done(&world.admin, "POST", "/api/admin/users/anna/enable", None).await;
    world.sync(&[&anna]).await;
    assert_eq!(seen(&world, &anna).await, (3, 3));
}
