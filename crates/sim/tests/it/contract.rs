//! The sides in memory keep the contract every side keeps.

use engine::port::Remote;
use model::UserId;
use sim::clock::VirtualClock;
use sim::contract::{Room, faults};
use sim::executor::block_on;
use sim::faults::Faults;
use sim::memory::Ground;
use sim::memory::crm::Member;
use sim::memory::crm_remote::CrmRemote;
use sim::memory::exchange_remote::ExchangeRemote;
use std::cell::Cell;
use std::sync::Arc;

const ADDRESS: &str = "one@people.test";

struct Memory {
    remote: Box<dyn Remote>,
    keys: Cell<u32>,
}

impl Room for Memory {
    fn remote(&self) -> &dyn Remote {
        self.remote.as_ref()
    }

    fn fresh(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("1-0~k{}", self.keys.get())
    }
}

fn ground() -> Arc<Ground> {
    let clock = VirtualClock::at("2026-03-02T08:00:00Z".parse().expect("a time"));
    let ground = Arc::new(Ground::new(clock, 1, Faults::default()));
    let member = Member { name: "One".to_owned(), address: ADDRESS.to_owned() };
    let mut sides = ground.sides();
    sides.crm.members.insert(UserId::new("one"), member);
    sides.exchange.open(ADDRESS);
    drop(sides);
    ground
}

#[test]
fn the_crm_in_memory_keeps_the_contract() {
    let remote = Box::new(CrmRemote::of(ground(), UserId::new("one")));
    let room = Memory { remote, keys: Cell::new(0) };
    assert_eq!(block_on(faults(&room)), Vec::<String>::new());
}

#[test]
fn the_mailbox_in_memory_keeps_the_contract() {
    let remote = Box::new(ExchangeRemote::of(ground(), ADDRESS.to_owned()));
    let room = Memory { remote, keys: Cell::new(0) };
    assert_eq!(block_on(faults(&room)), Vec::<String>::new());
}
