//! One scenario over all five domains, struck at places spread over it; `sim --steps` strikes every one.

use sim::places::Blow;
use sim::steps::{Strike, strikes, try_each};
use sim::through::Through;

/// Each so-manieth place here; the full check strikes all of them.
const EVERY: usize = 900;

fn struck(through: Through) -> (u64, u64, u64, u64) {
    let (effects, all) = strikes(through);
    assert!(effects >= 200, "the scenario is large enough: {effects}");
    let tried = try_each(through, all.into_iter().step_by(EVERY), || {});
    assert_eq!(tried.findings, Vec::<String>::new());
    (tried.stops, tried.store_calls, tried.statements, tried.calls)
}

// E6, trap 160
#[test]
fn whatever_fails_once_the_end_is_the_same() {
    let (stops, store_calls, statements, calls) = struck(Through::Memory);
    assert!(stops > 0 && store_calls > 0 && statements == 0 && calls > 0, "{stops} {store_calls} {calls}");
}

// E6, trap 160
#[test]
fn whatever_fails_once_on_a_file_the_end_is_the_same() {
    let (stops, store_calls, statements, calls) = struck(Through::Sqlite);
    assert!(stops > 0 && store_calls > 0 && statements > 0 && calls > 0, "{stops} {store_calls} {statements} {calls}");
}

// A strike that strikes nothing would prove nothing.
#[test]
fn places_of_every_sort_are_struck() {
    let (_, all) = strikes(Through::Sqlite);
    let any = |wanted: fn(&Strike) -> bool| all.iter().any(wanted);
    assert!(any(|strike| matches!(strike, Strike::Stop(_))));
    assert!(any(|strike| matches!(strike, Strike::Blow(Blow::StoreCall, _))));
    assert!(any(|strike| matches!(strike, Strike::Blow(Blow::Statement, _))));
    assert!(any(|strike| matches!(strike, Strike::Blow(Blow::Remote(_), _))));
}
