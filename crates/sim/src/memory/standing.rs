//! Both sides held at once: where the mailboxes stand elsewhere they are drawn anew first, and what a person did to the view
//! is done there when it is let go.

use super::{Ground, Sides};
use crate::post::Deed;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

/// Both sides, as they stand now.
#[derive(Debug)]
pub struct Standing<'a> {
    ground: &'a Ground,
    sides: MutexGuard<'a, Sides>,
}

impl<'a> Standing<'a> {
    pub(super) fn of(ground: &'a Ground) -> Standing<'a> {
        let mut sides = ground.memory();
        if let Some(post) = &ground.post {
            post.show(&mut sides.exchange).into_iter().for_each(|finding| ground.found(finding));
        }
        Standing { ground, sides }
    }
}

impl Deref for Standing<'_> {
    type Target = Sides;

    fn deref(&self) -> &Sides {
        &self.sides
    }
}

impl DerefMut for Standing<'_> {
    fn deref_mut(&mut self) -> &mut Sides {
        &mut self.sides
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let Some(post) = &self.ground.post else { return };
        for (address, mailbox) in &mut self.sides.exchange.mailboxes {
            let deeds: Vec<Deed> = mailbox.deeds.as_mut().map(std::mem::take).unwrap_or_default();
            if !deeds.is_empty() {
                post.carry(address, deeds).into_iter().for_each(|finding| self.ground.found(finding));
            }
        }
        post.unlist(self.sides.exchange.mailboxes.values().any(|mailbox| mailbox.unlisted));
    }
}
