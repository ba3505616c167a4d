//! The stories by rule are the same on every database, and all of them run on each.

use crate::database::server;
use crate::{
    activities, alerts, alerts_mail, clearing, clock, codes, contract, copies, cost, days, deletes, doors, explained,
    found, inventory, kills, latencies, levels, lines, mailing, maps, matching, meetings, memory, merged, merging,
    moving, nobodys, odd_people, odd_series, oddities, opt_in, own_words, owners, pages, peak, people_brakes,
    people_cards, people_invited, people_private, people_secrets, received, recurrence, refusals, refused_once,
    restored, returning, same_id, scrubbed, series, stand_ins, sub_folders, taken_back, texts, to_dos, together,
    trouble, undoing, upkeep, wire_trouble,
};
use sqlx::Connection as _;
use std::collections::BTreeSet;
use std::path::Path;

/// Files whose tests need no database of ours, or bring their own.
const APART: &[&str] =
    &["clients.rs", "contract.rs", "stories.rs", "database.rs", "expansion.rs", "serving.rs", "strangers.rs"];

#[tokio::test]
async fn every_story_runs_on_every_database() {
    let files = [
        activities::NAMES,
        alerts::NAMES,
        alerts_mail::NAMES,
        clearing::NAMES,
        clock::NAMES,
        codes::NAMES,
        contract::NAMES,
        copies::NAMES,
        cost::NAMES,
        days::NAMES,
        deletes::NAMES,
        doors::NAMES,
        explained::NAMES,
        found::NAMES,
        inventory::NAMES,
        kills::NAMES,
        latencies::NAMES,
        levels::NAMES,
        lines::NAMES,
        mailing::NAMES,
        maps::NAMES,
        matching::NAMES,
        meetings::NAMES,
        memory::NAMES,
        merged::NAMES,
        merging::NAMES,
        moving::NAMES,
        nobodys::NAMES,
        odd_people::NAMES,
        odd_series::NAMES,
        oddities::NAMES,
        opt_in::NAMES,
        own_words::NAMES,
        owners::NAMES,
        pages::NAMES,
        peak::NAMES,
        people_brakes::NAMES,
        people_cards::NAMES,
        people_invited::NAMES,
        people_private::NAMES,
        people_secrets::NAMES,
        received::NAMES,
        recurrence::NAMES,
        refusals::NAMES,
        refused_once::NAMES,
        restored::NAMES,
        returning::NAMES,
        same_id::NAMES,
        scrubbed::NAMES,
        series::NAMES,
        stand_ins::NAMES,
        sub_folders::NAMES,
        taken_back::NAMES,
        texts::NAMES,
        to_dos::NAMES,
        together::NAMES,
        trouble::NAMES,
        undoing::NAMES,
        upkeep::NAMES,
        wire_trouble::NAMES,
    ];
    let names: BTreeSet<&str> = files.into_iter().flatten().copied().collect();
    assert_eq!(names.len(), files.iter().map(|names| names.len()).sum::<usize>(), "a name stands twice");
    assert!(names.len() >= 80, "{}", names.len());
    println!("stories: sqlite {}", names.len());
    let Some(server) = server() else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let mut connection = sqlx::PgConnection::connect(&server).await.expect("the named server answers");
    let version: String = sqlx::query_scalar("SELECT version()").fetch_one(&mut connection).await.expect("a version");
    println!("stories: postgres {} on {version}", names.len());
}

#[test]
fn no_story_runs_on_one_database_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        if APART.contains(&name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(!text.contains("#[tokio::test"), "{name}: name the test in `on_both!` instead of marking it");
    }
}
