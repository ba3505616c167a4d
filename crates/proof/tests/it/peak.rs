//! How much memory a first cycle takes: `serve` holds pages of a mailbox, never the mailbox. It is another process than the
//! mailboxes, and Linux says what it held at most.
//!
//! `SYNCLINE_PEAK` names other numbers of records, as `1000,10000`: `cargo xtask bench` shows the table.

use crate::database::on_both;
use crate::outlook;
use crate::world::World;
use serde_json::json;
use wire::ews::DistinguishedFolder as Folder;

on_both!(a_first_cycle_holds_pages_of_a_mailbox_and_never_the_mailbox,);

/// Several pages of everything that pages, and three times as many.
const RECORDS: [usize; 2] = [400, 1_200];
/// What the larger may hold more than the smaller one, in percent.
const MORE_PERCENT: u64 = 20;
/// What a first cycle may hold at most, in KiB.
const MOST_KIB: u64 = 96 * 1024;

/// What a mailbox of so many records is made of.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Contacts without our category: seen, planned, left out.
    LeftOut,
    /// Contacts that the CRM knows: each is matched and marked.
    Matched,
}

struct Measured {
    peak_kib: u64,
    requests: u64,
    seconds: f64,
}

fn sizes() -> Vec<usize> {
    match std::env::var("SYNCLINE_PEAK") {
        Ok(told) => told.split(',').map(|number| number.trim().parse().expect("numbers")).collect(),
        Err(_) => RECORDS.to_vec(),
    }
}

#[expect(clippy::print_stdout, reason = "`cargo xtask bench` gathers the figures")]
fn tell(figures: &str) {
    println!("{figures}");
}

async fn first_cycle(form: Form, records: usize) -> Measured {
    let world = World::in_real_time().await;
    let anna = world.user("anna").await;
    let outlook = world.outlook(&anna);
    let contact = |n: usize| outlook::contact("Ida", &format!("B{n}"), &format!("b{n}@out.test"), &[]);
    for first in (0..records).step_by(250) {
        outlook.make_many(Folder::Contacts, (first..records.min(first + 250)).map(contact).collect()).await;
    }
    if matches!(form, Form::Matched) {
        for n in 0..records {
            let body = json!({"first_name": "Ida", "last_name": format!("B{n}"), "email1": format!("b{n}@out.test"),
                "on_sync_list": true});
            world.contact(&anna, body).await;
        }
    }
    world.hq.reset_counters();
    let pairing = world.pairing(&anna).await;
    let began = world.services.clock.now();
    let serving = world.serve();
    let state = loop {
        assert!(serving.runs(), "{}", serving.log());
        let state = world.services.store.pairing(&pairing).await.expect("store").expect("mapped").state;
        assert_eq!((state.trouble.as_deref(), state.stopped.as_deref()), (None, None), "{}", serving.log());
        if state.first_done {
            break state;
        }
        world.services.clock.sleep_ms(20).await;
    };
    let seconds = world.services.clock.now().duration_since(began).as_secs_f64();
    assert_eq!(state.failures, 0);
    assert!(serving.is_told("MALLOC_ARENA_MAX=1"), "it keeps one heap");
    let peak_kib = serving.peak_kib();
    let requests = world.hq.counters().requests.values().sum();
    serving.kill();
    let links = world.services.store.count_links(&pairing).await.expect("store");
    let linked: u64 = links.values().map(|count| count.all).sum();
    let left_out = world.services.store.backlog().await.expect("store").observations;
    assert_eq!(left_out, 0, "everything that was seen was settled");
    let expected = if matches!(form, Form::Matched) { records as u64 } else { 0 };
    assert_eq!(linked, expected);
    Measured { peak_kib, requests, seconds }
}

async fn a_first_cycle_holds_pages_of_a_mailbox_and_never_the_mailbox() {
    let told = std::env::var_os("SYNCLINE_PEAK").is_some();
    let forms: &[Form] = if told { &[Form::LeftOut, Form::Matched] } else { &[Form::LeftOut] };
    for form in forms {
        let mut least: Option<u64> = None;
        // Each matched contact is marked with a request of its own: of those, fewer show the same.
        let most = if matches!(form, Form::Matched) { 10_000 } else { usize::MAX };
        for records in sizes().into_iter().filter(|records| *records <= most) {
            let Measured { peak_kib, requests, seconds } = first_cycle(*form, records).await;
            tell(&format!("bench | {form:?} | {records} | {peak_kib} | {requests} | {seconds:.1}"));
            let first = *least.get_or_insert(peak_kib);
            assert!(peak_kib * 100 <= first * (100 + MORE_PERCENT), "{form:?}: {first} KiB grew to {peak_kib} KiB");
            assert!(peak_kib <= MOST_KIB, "{form:?}: {peak_kib} KiB");
        }
    }
}
