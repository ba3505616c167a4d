//! Which mailboxes share a streaming connection: those of one account at one server, so many at most, each staying where
//! it is as long as it can.

use model::PairingId;
use std::collections::{BTreeMap, BTreeSet};

/// Subscriptions on one streaming connection: what Exchange allows.
pub(super) const MOST_MEMBERS: usize = 200;

/// Streaming connections to one server: more mailboxes than they carry are polled.
pub(super) const MOST_GROUPS: usize = 64;

/// What mailboxes must have in common to share a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The connection, as an administrator named it.
    pub connection: String,
    /// Its address and scheme: after a change of either, everything is opened anew.
    pub way: String,
    /// The account that signs in.
    pub account: String,
}

/// A streaming connection's number, never given twice.
pub(super) type GroupId = u64;

/// Who shares which connection.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<GroupId, Group>,
    next: GroupId,
}

#[derive(Debug)]
struct Group {
    key: Key,
    /// Holds one mailbox whose subscriptions live on a server of their own.
    apart: bool,
    members: BTreeSet<PairingId>,
}

impl Groups {
    /// Gives every wanted mailbox a connection, and takes the others off; answers who finds no room.
    pub(super) fn arrange(
        &mut self,
        wanted: &BTreeMap<PairingId, Key>,
        apart: &BTreeSet<PairingId>,
    ) -> BTreeSet<PairingId> {
        let mut placed = BTreeSet::new();
        for group in self.groups.values_mut() {
            let key = &group.key;
            let (whole, alone) = (group.members.len() == 1, group.apart);
            group.members.retain(|id| {
                wanted.get(id) == Some(key) && (!apart.contains(id) || alone || whole) && (!alone || apart.contains(id))
            });
            placed.extend(group.members.iter().cloned());
        }
        self.groups.retain(|_, group| !group.members.is_empty());
        let mut homeless = BTreeSet::new();
        for (id, key) in wanted.iter().filter(|(id, _)| !placed.contains(*id)) {
            let alone = apart.contains(id);
            let room =
                |group: &&mut Group| !alone && !group.apart && group.key == *key && group.members.len() < MOST_MEMBERS;
            if let Some(group) = self.groups.values_mut().find(room) {
                group.members.insert(id.clone());
                continue;
            }
            let same = self.groups.values().filter(|group| group.key.connection == key.connection).count();
            if same >= MOST_GROUPS {
                homeless.insert(id.clone());
                continue;
            }
            self.next += 1;
            let group = Group { key: key.clone(), apart: alone, members: [id.clone()].into() };
            self.groups.insert(self.next, group);
        }
        homeless
    }

    /// Every connection with its mailboxes.
    pub(super) fn all(&self) -> impl Iterator<Item = (GroupId, &BTreeSet<PairingId>)> {
        self.groups.iter().map(|(id, group)| (*id, &group.members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(account: &str) -> Key {
        Key { connection: "hq".to_owned(), way: "https".to_owned(), account: account.to_owned() }
    }

    fn wanted(numbers: std::ops::Range<usize>, account: &str) -> BTreeMap<PairingId, Key> {
        numbers.map(|n| (PairingId::new(format!("p{n:05}")), key(account))).collect()
    }

    fn sizes(groups: &Groups) -> Vec<(GroupId, usize)> {
        groups.all().map(|(id, members)| (id, members.len())).collect()
    }

    // E4
    #[test]
    fn mailboxes_of_one_account_share_connections_and_stay_where_they_are() {
        let mut groups = Groups::default();
        let nobody = BTreeSet::new();
        assert!(groups.arrange(&wanted(0..450, "svc"), &nobody).is_empty());
        assert_eq!(sizes(&groups), [(1, 200), (2, 200), (3, 50)]);
        groups.arrange(&wanted(100..450, "svc"), &nobody);
        assert_eq!(sizes(&groups), [(1, 100), (2, 200), (3, 50)]);
        groups.arrange(&wanted(100..500, "svc"), &nobody);
        assert_eq!(sizes(&groups), [(1, 150), (2, 200), (3, 50)]);
        groups.arrange(&wanted(100..500, "other"), &nobody);
        assert_eq!(sizes(&groups), [(4, 200), (5, 200)], "another account shares nothing with the first");
    }

    #[test]
    fn a_mailbox_that_lives_elsewhere_gets_a_connection_of_its_own_and_keeps_it() {
        let mut groups = Groups::default();
        let all = wanted(0..3, "svc");
        let apart = BTreeSet::from([PairingId::new("p00001")]);
        groups.arrange(&all, &BTreeSet::new());
        groups.arrange(&all, &apart);
        assert_eq!(sizes(&groups), [(1, 2), (2, 1)]);
        groups.arrange(&wanted(0..4, "svc"), &apart);
        assert_eq!(sizes(&groups), [(1, 3), (2, 1)]);
    }

    #[test]
    fn connections_are_bounded_and_who_finds_no_room_is_told() {
        let mut groups = Groups::default();
        let all: BTreeMap<_, _> =
            (0..MOST_GROUPS + 3).map(|n| (PairingId::new(format!("p{n:03}")), key(&format!("own{n}")))).collect();
        let homeless = groups.arrange(&all, &BTreeSet::new());
        assert_eq!((groups.all().count(), homeless.len()), (MOST_GROUPS, 3));
    }
}
