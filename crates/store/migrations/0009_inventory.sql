-- The version in which a link's mailbox copy was last seen, so that an inventory is compared without reading documents: empty
-- while the copy is known to be gone, null where a release before this one wrote the link last.
ALTER TABLE sync_link ADD COLUMN pim_version TEXT;
-- Whose a mailbox is already is asked when a user's cycle first meets it (rule L1).
CREATE INDEX sync_pairing_mailbox ON sync_pairing (mailbox);
