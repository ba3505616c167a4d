//! The store's transactions, by subject: each says what it promises and hands over to the engine.

mod act;
mod backup;
mod lease;
mod observe;
mod open;
mod pairing;
mod people;
mod settings;
mod tally;
mod work;

pub use open::StoreOptions;

/// Hands a call to the engine behind the store.
macro_rules! engine {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        match $store {
            $crate::Store::Sqlite(sql) | $crate::Store::Postgres(sql) => {
                sql.step(stringify!($method)).await?;
                sql.$method($($argument),*).await
            }
            $crate::Store::Memory(memory) => {
                memory.step(stringify!($method)).await?;
                memory.$method($($argument),*)
            }
        }
    };
}
pub(crate) use engine;
