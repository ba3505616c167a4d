//! Reading and writing XML within limits: what arrives is bounded, cleaned and never quoted in an error.

mod decode;
mod error;
mod read;
mod text;
mod write;

pub(crate) use decode::decode;

pub use error::Error;
pub use read::{Element, Limits, Reader};
pub use write::Writer;
