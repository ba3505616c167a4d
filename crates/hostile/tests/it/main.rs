//! What strangers send, beyond what literal bytes can list.

mod corpus;
mod noise;
