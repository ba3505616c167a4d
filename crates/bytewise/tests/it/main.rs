//! Worlds whose mailboxes are reached through bytes.

mod worlds;
