//! Values on their way into and out of the database: texts, whole numbers and nothing, the same on both.

use crate::db::{Query, unavailable};
use crate::error::{Result, StoreError};
use jiff::Timestamp;
use model::{CrmId, Domain, FolderId, Kind, LinkId, MailboxId, PairingId, RecordId, Side, UserId, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Row as _, TypeInfo as _, ValueRef as _};
use std::sync::Arc;

/// So many bytes hold most documents; one that is longer grows.
const DOCUMENT: usize = 4_096;

/// A parameter of a statement; nothing still has its type, as PostgreSQL asks. A text is shared by all the statements of a page
/// that name it.
#[derive(Clone)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<Arc<str>>),
}

/// Parameters in the order of their numbers.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Arg::from($value)),*] };
}
pub(crate) use args;

impl From<i64> for Arg {
    fn from(value: i64) -> Arg {
        Arg::Int(Some(value))
    }
}

impl From<u64> for Arg {
    fn from(value: u64) -> Arg {
        Arg::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<usize> for Arg {
    fn from(value: usize) -> Arg {
        Arg::from(value as u64)
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Arg {
        Arg::Int(Some(i64::from(value)))
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Arg {
        Arg::Int(Some(value.as_microsecond()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Arg {
        Arg::Text(Some(value.into()))
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Arg {
        Arg::Text(Some(value.into()))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Arg {
        value.as_str().into()
    }
}

impl From<Side> for Arg {
    fn from(value: Side) -> Arg {
        value.as_str().into()
    }
}

impl From<Kind> for Arg {
    fn from(value: Kind) -> Arg {
        value.as_str().into()
    }
}

impl From<Domain> for Arg {
    fn from(value: Domain) -> Arg {
        value.as_str().into()
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl From<&$id> for Arg {
            fn from(value: &$id) -> Arg {
                value.as_str().into()
            }
        }
    )*};
}
ids!(CrmId, FolderId, LinkId, MailboxId, PairingId, RecordId, UserId, Version);

impl<T> From<Option<T>> for Arg
where
    T: TextArg,
    Arg: From<T>,
{
    fn from(value: Option<T>) -> Arg {
        value.map_or(Arg::Text(None), Arg::from)
    }
}

/// What becomes a text, so that its absence is one too.
pub(crate) trait TextArg {}
impl TextArg for String {}
impl TextArg for &str {}
impl TextArg for &String {}
impl TextArg for Domain {}
impl TextArg for &CrmId {}
impl TextArg for &FolderId {}
impl TextArg for &MailboxId {}
impl TextArg for &PairingId {}
impl TextArg for &RecordId {}

/// An instant that may be missing; `missing` stands for it, so that comparisons need no null.
pub(crate) fn instant(value: Option<Timestamp>, missing: i64) -> i64 {
    value.map_or(missing, Timestamp::as_microsecond)
}

/// A document.
pub(crate) fn doc<T: Serialize>(value: &T) -> String {
    let mut written = Vec::with_capacity(DOCUMENT);
    serde_json::to_writer(&mut written, value).expect("our rows have text keys and no failing serializer");
    String::from_utf8(written).expect("JSON is text")
}

/// The word that serde writes for one of our plain enums.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => unreachable!("only enums without fields are asked for their word"),
    }
}

pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
}

/// A row of an answer.
pub(crate) struct Row(Vec<Cell>);

impl Row {
    fn cell(&self, at: usize) -> Result<&Cell> {
        self.0.get(at).ok_or_else(|| corrupt(at))
    }

    pub(crate) fn opt_int(&self, at: usize) -> Result<Option<i64>> {
        match self.cell(at)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(*value)),
            Cell::Text(_) => Err(corrupt(at)),
        }
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64> {
        self.opt_int(at)?.ok_or_else(|| corrupt(at))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, at: usize) -> Result<u64> {
        u64::try_from(self.int(at)?).map_err(|_| corrupt(at))
    }

    pub(crate) fn opt_text(&self, at: usize) -> Result<Option<&str>> {
        match self.cell(at)? {
            Cell::Null => Ok(None),
            Cell::Text(value) => Ok(Some(value)),
            Cell::Int(_) => Err(corrupt(at)),
        }
    }

    pub(crate) fn text(&self, at: usize) -> Result<&str> {
        self.opt_text(at)?.ok_or_else(|| corrupt(at))
    }

    pub(crate) fn instant(&self, at: usize) -> Result<Timestamp> {
        Timestamp::from_microsecond(self.int(at)?).map_err(|_| corrupt(at))
    }

    /// A document that may be missing; `what` names it should it not be readable.
    pub(crate) fn opt_doc<T: DeserializeOwned>(&self, at: usize, what: &str) -> Result<Option<T>> {
        self.opt_text(at)?.map(|text| serde_json::from_str(text).map_err(|error| unreadable(what, &error))).transpose()
    }

    pub(crate) fn doc<T: DeserializeOwned>(&self, at: usize, what: &str) -> Result<T> {
        serde_json::from_str(self.text(at)?).map_err(|error| unreadable(what, &error))
    }

    /// A word of ours.
    pub(crate) fn word<T>(&self, at: usize, parse: fn(&str) -> Option<T>) -> Result<T> {
        parse(self.text(at)?).ok_or_else(|| corrupt(at))
    }
}

fn corrupt(at: usize) -> StoreError {
    StoreError::Corrupt { at: format!("column {at} of an answer has another form than its schema says") }
}

/// The place of the fault, never the text around it.
fn unreadable(what: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt { at: format!("{what}, line {} column {}", error.line(), error.column()) }
}

pub(crate) fn sqlite_args(query: Query, args: Vec<Arg>) -> Result<SqliteArguments> {
    let mut into = SqliteArguments::default();
    let args = match query.order {
        None => args,
        Some(order) => order.iter().map(|at| args[*at].clone()).collect(),
    };
    into.reserve(args.len(), 0);
    for arg in args {
        match arg {
            Arg::Int(value) => into.add(value),
            Arg::Text(value) => into.add(value),
        }
        .map_err(|error| unavailable(sqlx::Error::Encode(error)))?;
    }
    Ok(into)
}

pub(crate) fn postgres_args(args: Vec<Arg>) -> Result<PgArguments> {
    let mut into = PgArguments::default();
    for arg in args {
        match arg {
            Arg::Int(value) => into.add(value),
            Arg::Text(value) => into.add(value),
        }
        .map_err(|error| unavailable(sqlx::Error::Encode(error)))?;
    }
    Ok(into)
}

macro_rules! read_row {
    ($name:ident, $row:ty, $($int:literal)|+) => {
        pub(crate) fn $name(row: &$row) -> Result<Row> {
            let mut cells = Vec::with_capacity(row.len());
            for at in 0..row.len() {
                let value = row.try_get_raw(at).map_err(unavailable)?;
                let cell = if value.is_null() {
                    Cell::Null
                } else {
                    match value.type_info().name() {
                        $($int)|+ => Cell::Int(row.try_get(at).map_err(unavailable)?),
                        _ => Cell::Text(row.try_get(at).map_err(unavailable)?),
                    }
                };
                cells.push(cell);
            }
            Ok(Row(cells))
        }
    };
}
read_row!(sqlite_row, SqliteRow, "INTEGER");
read_row!(postgres_row, PgRow, "INT8");
