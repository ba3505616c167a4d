//! Everything that reads bytes from outside, each behind one function that takes any bytes: it must come back, and what it
//! believed must make sense.
//!
//! The same functions are run by property tests over real messages in the test command, and by coverage-guided fuzzing
//! (`fuzz/`, see docs/reliability.md). A function panics when a promise is broken; that is how both find it.
#![forbid(unsafe_code)]

mod answers;
mod bodies;
mod configuration;
mod discovery;
mod mailbox;
mod requests;
mod room;

pub use answers::answers;
pub use bodies::bodies;
pub use configuration::configuration;
pub use discovery::discovery;
pub use mailbox::mailbox;
pub use requests::requests;
pub use room::{ANNA, PASSWORD, Room, URL};

/// A way in from outside, by the name its corpus stands under.
pub struct Way {
    /// The name.
    pub name: &'static str,
    /// Takes any bytes.
    pub take: fn(&[u8]),
}

/// Every way in.
pub const WAYS: &[Way] = &[
    Way { name: "answers", take: answers },
    Way { name: "bodies", take: bodies },
    Way { name: "configuration", take: configuration },
    Way { name: "discovery", take: discovery },
    Way { name: "mailbox", take: mailbox },
    Way { name: "requests", take: requests },
];
