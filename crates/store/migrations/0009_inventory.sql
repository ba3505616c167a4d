-- The version in which a link's mailbox copy was last seen, so that an inventory is compared without reading documents: empty
-- while the copy is known to be gone, null where a release before this one wrote the link last.
ALTER TABLE sync_link ADD COLUMN pim_version TEXT;
