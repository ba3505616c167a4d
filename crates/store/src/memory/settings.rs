//! Settings, maps and connections in memory.

use super::Memory;
use super::state::State;
use crate::alert::AlertBook;
use crate::connection::{Connection, Resealed};
use crate::error::{Fault, Result, StoreError};
use model::settings::Settings;
use model::{Domain, DomainMap};
use std::collections::BTreeMap;
use std::sync::Arc;

fn write_alerts(state: &mut State, book: &AlertBook) -> Result<u64> {
    let generation = state.alerts.generation;
    if generation != book.generation {
        return Err(StoreError::Conflict { generation });
    }
    state.alerts = AlertBook { generation: generation + 1, ..book.clone() };
    Ok(generation + 1)
}

impl Memory {
    pub(crate) fn settings(&self) -> Result<Settings> {
        self.read(|state| Ok(state.settings.clone()))
    }

    pub(crate) fn change_settings(&self, expected: u64, settings: &Settings) -> Result<u64> {
        self.write(|state| {
            let generation = state.settings.generation;
            if generation != expected {
                return Err(StoreError::Conflict { generation });
            }
            // What is due by another schedule now is asked for at once (rule L7).
            if state.settings.schedule_differs(settings) {
                for row in state.pairings.values_mut() {
                    row.woken += 1;
                    row.pairing.state.next = None;
                }
            }
            state.settings = Settings { generation: generation + 1, ..settings.clone() };
            Ok(generation + 1)
        })
    }

    pub(crate) fn alerts(&self) -> Result<AlertBook> {
        self.read(|state| Ok(state.alerts.clone()))
    }

    pub(crate) fn change_alerts(&self, book: &AlertBook) -> Result<u64> {
        self.write(|state| write_alerts(state, book))
    }

    pub(crate) fn maps(&self) -> Result<Arc<BTreeMap<Domain, DomainMap>>> {
        self.read(|state| Ok(Arc::clone(&state.maps)))
    }

    pub(crate) fn set_map(&self, map: &DomainMap) -> Result<u64> {
        crate::checks::map(map)?;
        self.write(|state| {
            Arc::make_mut(&mut state.maps).insert(map.domain, map.clone());
            state.settings.generation += 1;
            Ok(state.settings.generation)
        })
    }

    pub(crate) fn connections(&self) -> Result<Vec<Connection>> {
        self.read(|state| {
            Ok(state.connections.values().map(|row| Connection { secret: Vec::new(), ..row.clone() }).collect())
        })
    }

    pub(crate) fn connection(&self, name: &str) -> Result<Option<Connection>> {
        self.read(|state| Ok(state.connections.get(name).cloned()))
    }

    pub(crate) fn put_connection(&self, connection: &Connection) -> Result<()> {
        crate::checks::connection(connection)?;
        self.write(|state| {
            let mut row = connection.clone();
            if row.secret.is_empty()
                && let Some(old) = state.connections.get(&row.name)
            {
                row.secret.clone_from(&old.secret);
            }
            state.connections.insert(row.name.clone(), row);
            Ok(())
        })
    }

    pub(crate) fn delete_connection(&self, name: &str) -> Result<()> {
        self.write(|state| {
            let pairings = state.pairings.values().filter(|row| row.pairing.connection == name).count();
            if pairings > 0 {
                return Err(StoreError::Invalid(vec![Fault::ConnectionUsed {
                    name: name.to_owned(),
                    pairings: pairings as u64,
                }]));
            }
            match state.connections.remove(name) {
                Some(_) => Ok(()),
                None => Err(StoreError::NotFound(format!("connection '{name}'"))),
            }
        })
    }

    pub(crate) fn replace_secrets(&self, secrets: &[Resealed], alerts: &AlertBook) -> Result<()> {
        self.write(|state| {
            let known =
                |of: &Resealed| state.connections.get(&of.connection).is_some_and(|row| row.secret == of.before);
            if secrets.len() != state.connections.len() || !secrets.iter().all(known) {
                return Err(StoreError::Conflict { generation: state.alerts.generation });
            }
            write_alerts(state, alerts)?;
            for of in secrets {
                if let Some(row) = state.connections.get_mut(&of.connection) {
                    row.secret.clone_from(&of.after);
                }
            }
            Ok(())
        })
    }

    pub(crate) fn epoch(&self) -> Result<u64> {
        self.read(|state| Ok(state.epoch))
    }

    pub(crate) fn try_write(&self) -> Result<()> {
        self.write(|_| Ok(()))
    }

    pub(crate) fn renew_epoch(&self) -> Result<u64> {
        let now = self.now();
        self.write(|state| {
            state.epoch = crate::checks::next_epoch(state.epoch, now);
            let names: Vec<String> = state.leases.keys().cloned().collect();
            for name in names {
                state.revoke(&name);
            }
            let pairings: Vec<_> = state.memories.keys().cloned().collect();
            for pairing in pairings {
                state.of_mut(&pairing).forget_observing();
            }
            Ok(state.epoch)
        })
    }
}
