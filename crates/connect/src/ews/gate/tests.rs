//! How much is asked at once, step by step.

use super::*;
use futures::FutureExt as _;

fn gate(of_server: usize, of_mailbox: usize) -> Arc<Gate> {
    Arc::new(Gate::new(of_server, of_mailbox))
}

/// A call, if it can begin now; the runtime's own share of turns left out of it.
fn at_once(gate: &Arc<Gate>, address: &str) -> Option<Passage> {
    tokio::task::unconstrained(gate.pass(address, 1)).now_or_never()
}

/// The calls that can begin now, of mailboxes of their own.
fn free(gate: &Arc<Gate>) -> usize {
    let mut held = Vec::new();
    while let Some(passage) = at_once(gate, &format!("{}@free.test", held.len())) {
        held.push(passage);
    }
    held.len()
}

/// The calls of one mailbox that can begin now.
fn free_of(gate: &Arc<Gate>, address: &str) -> usize {
    let mut held = Vec::new();
    while let Some(passage) = at_once(gate, address) {
        held.push(passage);
    }
    held.len()
}

async fn calls(gate: &Arc<Gate>, address: &str, number: usize, how: Went) {
    for _ in 0..number {
        gate.pass(address, 1).await.went(how);
    }
}

// trap 166
#[tokio::test]
async fn a_busy_server_is_asked_half_as_much_and_slowly_more_again() {
    let gate = gate(16, 16);
    assert_eq!(free(&gate), 16);
    calls(&gate, "a", 1, Went::ServerBusy).await;
    assert_eq!(free(&gate), 8);
    calls(&gate, "a", STEADY, Went::Well).await;
    assert_eq!(free(&gate), 9);
    calls(&gate, "a", 20, Went::ServerBusy).await;
    assert_eq!(free(&gate), 1, "one call is always asked");
    calls(&gate, "a", STEADY * 15 - 1, Went::Well).await;
    assert_eq!(free(&gate), 15);
    calls(&gate, "a", 1 + STEADY * 3, Went::Well).await;
    assert_eq!(free(&gate), 16, "and never more than allowed");
}

// trap 166
#[tokio::test]
async fn a_busy_mailbox_slows_itself_and_two_slow_the_server() {
    let gate = gate(8, 4);
    assert_eq!(free_of(&gate, "Anna@crm.test"), 4);
    calls(&gate, "anna@crm.test", 2, Went::MailboxBusy).await;
    assert_eq!((free_of(&gate, "anna@crm.test"), free_of(&gate, "bob@crm.test")), (1, 4));
    assert_eq!(free(&gate), 8, "the others are asked as before");
    calls(&gate, "bob@crm.test", 1, Went::MailboxBusy).await;
    assert_eq!(free(&gate), 4, "it is not one mailbox's doing");
    calls(&gate, "anna@crm.test", STEADY, Went::Well).await;
    assert_eq!(free_of(&gate, "anna@crm.test"), 2);
}

// trap 166
#[tokio::test]
async fn what_two_mailboxes_were_told_with_much_in_between_is_not_the_servers_doing() {
    let gate = gate(8, 4);
    calls(&gate, "anna", 1, Went::MailboxBusy).await;
    calls(&gate, "cleo", STEADY, Went::Well).await;
    calls(&gate, "bob", 1, Went::MailboxBusy).await;
    assert_eq!(free(&gate), 8);
}

// trap 166
#[tokio::test]
async fn places_that_are_taken_are_given_up_as_they_become_free() {
    let gate = gate(4, 4);
    let mut held = Vec::new();
    for number in 0..4 {
        held.push(gate.pass(&format!("{number}"), 1).await);
    }
    held.pop().expect("under way").went(Went::ServerBusy);
    assert_eq!(free(&gate), 0, "three are under way, two may be");
    drop(held.pop());
    assert_eq!(free(&gate), 0);
    drop(held.pop());
    assert_eq!(free(&gate), 1);
    drop(held);
    assert_eq!(free(&gate), 2);
}

// trap 170
#[tokio::test]
async fn a_mailbox_with_much_to_do_leaves_room_and_waits_behind_those_who_came_first() {
    let gate = gate(4, 2);
    let mut large = vec![gate.pass("large", 1).await, gate.pass("large", 1).await];
    let mut third = Box::pin(gate.pass("large", 1));
    assert!((&mut third).now_or_never().is_none(), "its share is taken");
    let small = gate.pass("small", 1).await;
    let other = gate.pass("other", 1).await;
    // All places are taken now; the small ones came before the large one's next call gets to ask for one.
    let mut late = Box::pin(gate.pass("late", 1));
    assert!((&mut late).now_or_never().is_none());
    large.pop().expect("under way").went(Went::Well);
    assert!((&mut third).now_or_never().is_none());
    assert!((&mut late).now_or_never().is_some(), "whoever waited longest");
    drop((small, other));
    assert!(third.now_or_never().is_some());
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_place() {
    let gate = gate(1, 1);
    let held = gate.pass("anna", 1).await;
    let mut waiting = Box::pin(gate.pass("bob", 1));
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    drop(held);
    assert_eq!(free(&gate), 1);
}

#[test]
fn no_setting_closes_the_gate_and_it_shows_no_addresses() {
    let gate = gate(0, 0);
    assert_eq!(free_of(&gate, "anna@crm.test"), 1);
    assert_eq!(format!("{gate:?}"), "at most 1 calls at once, 1 for a mailbox");
}

// trap 170: what follows is the order of calls, one by one.
#[tokio::test]
async fn a_call_for_many_items_takes_the_places_of_many_and_no_more_than_its_mailboxs_share() {
    let gate = gate(8, 4);
    let page = gate.pass("large", 100).await;
    assert_eq!(free_of(&gate, "large"), 0, "a page of a hundred is the mailbox's whole share");
    assert_eq!(free(&gate), 4, "and half of this server's");
    let mut next = Box::pin(gate.pass("large", 100));
    assert!((&mut next).now_or_never().is_none());
    let creates = gate.pass("other", 20).await;
    assert_eq!((free_of(&gate, "other"), free(&gate)), (2, 2), "twenty new items are two");
    let mut third = Box::pin(gate.pass("third", 40));
    assert!((&mut third).now_or_never().is_none(), "four are wanted, two are free");
    let mut small = Box::pin(gate.pass("small", 1));
    assert!((&mut small).now_or_never().is_none(), "nobody overtakes who waits, or large calls would wait for ever");
    page.went(Went::Well);
    assert!((&mut next).now_or_never().is_none(), "the large mailbox's next page comes behind them");
    let third = third.now_or_never().expect("who waited longest");
    let small = small.now_or_never().expect("then the small one");
    drop(third);
    let next = next.now_or_never().expect("then the large one's again");
    drop((creates, small, next));
    assert_eq!(free(&gate), 8);
}

// trap 166
#[tokio::test]
async fn a_call_that_wants_more_than_a_busy_server_has_gets_all_there_is() {
    let gate = gate(8, 4);
    calls(&gate, "bob", 2, Went::ServerBusy).await;
    let held = gate.pass("anna", 40).await;
    assert_eq!(free(&gate), 0, "two places of the server's");
    let mut waits = Box::pin(gate.pass("anna", 40));
    assert!((&mut waits).now_or_never().is_none());
    held.went(Went::MailboxBusy);
    let waited = waits.now_or_never().expect("and two of the mailbox's");
    assert_eq!((free(&gate), free_of(&gate, "anna")), (0, 0));
    drop(waited);
    assert_eq!((free(&gate), free_of(&gate, "anna")), (2, 2));
}
