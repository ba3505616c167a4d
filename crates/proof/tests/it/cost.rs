//! What a cycle of an unchanged mailbox costs, counted at the wire and at the databases, never by time.

use crate::database::on_both;
use crate::outlook;
use crate::world::World;
use serde_json::json;
use wire::ews::DistinguishedFolder as Folder;

on_both!(a_cycle_of_an_unchanged_mailbox_asks_once_per_folder_reads_nothing_and_writes_its_heartbeat,);

/// Linked records in the large mailbox, enough for several pages of everything that pages; `SYNCLINE_COST_RECORDS` says
/// another number.
const RECORDS: usize = 600;

fn records() -> usize {
    std::env::var("SYNCLINE_COST_RECORDS").ok().map_or(RECORDS, |told| told.parse().expect("a number of records"))
}

/// Links so many contacts, calendar records and tasks; they match, so that seeding stays cheap.
async fn linked(world: &World, who: &crate::world::Person, records: usize) {
    let outlook = world.outlook(who);
    let contacts: Vec<_> =
        (0..records).map(|n| outlook::contact("Ida", &format!("B{n}"), &format!("b{n}@out.test"), &[])).collect();
    for some in contacts.chunks(250) {
        outlook.make_many(Folder::Contacts, some.to_vec()).await;
    }
    for n in 0..records {
        let body = json!({"first_name": "Ida", "last_name": format!("B{n}"), "email1": format!("b{n}@out.test"),
            "on_sync_list": true});
        world.contact(who, body).await;
    }
    world.appointment(who, "Plan", "2026-09-28").await;
    outlook.make(Folder::Tasks, outlook::task("Read", "2026-09-29")).await;
    world.sync(&[who]).await;
    let all = world.list(&world.admin, "/api/admin/users").await;
    assert_eq!(all[0]["links"]["business_contact"]["all"], json!(records), "{all:?}");
}

async fn a_cycle_of_an_unchanged_mailbox_asks_once_per_folder_reads_nothing_and_writes_its_heartbeat() {
    let mut costs = Vec::new();
    for records in [5, records()] {
        let world = World::new().await;
        let anna = world.user("anna").await;
        linked(&world, &anna, records).await;
        let feed = world.services.crm.feed_head().await.expect("a number");
        world.hq.reset_counters();
        world.pass_s(2);
        let pairing = world.pairing(&anna).await;
        let start = (world.services.store.statements(), world.services.crm.statements());
        let report = world.services.engine.cycle(&pairing).await.expect("a cycle");
        let end = (world.services.store.statements(), world.services.crm.statements());
        assert!(report.is_quiet(), "{report:?}");
        let counts = world.hq.counters();
        assert_eq!(counts.requests.iter().map(|(n, c)| (n.as_str(), *c)).collect::<Vec<_>>(), [("SyncFolderItems", 3)]);
        assert_eq!(counts.mailboxes[&anna.address].items_read, 0);
        assert!(counts.mailboxes[&anna.address].writes.is_empty());
        assert_eq!(world.services.crm.feed_head().await.expect("a number"), feed, "nothing is written in the CRM");
        // The CRM's reader finds that nothing happened, and writes not even a heartbeat.
        let before = (world.services.store.statements(), world.services.crm.statements());
        assert!(!world.services.engine.read_crm(&world.services.crm_id).await.expect("the CRM is read"));
        let read = (world.services.store.statements(), world.services.crm.statements());
        assert_eq!((read.0.writes - before.0.writes, read.0.reads - before.0.reads, read.1 - before.1), (0, 1, 2));
        costs.push((end.0.reads - start.0.reads, end.0.writes - start.0.writes, end.1 - start.1));
    }
    assert_eq!(costs[0], costs[1], "the cost follows what changed, never what exists");
    // Its heartbeat, one row written twice: the lease taken, and given back with the time of the cycle and of the next one.
    assert_eq!(costs[0].1, 2, "{costs:?}");
    // The pairing, what is in force, where observing goes on, what waits: each asked once, the lease checked as it is used.
    assert!(costs[0].0 <= 15, "{costs:?}");
    // L1, L4: whether the user is still active, and his groups, no older than the cycle: positions, what is above them,
    // organizations above, user lists.
    assert_eq!(costs[0].2, 5, "{costs:?}");
}
