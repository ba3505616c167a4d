-- Whether changes in a pairing's mailbox are told by its server, or why it is polled.
ALTER TABLE sync_pairing ADD COLUMN pushed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_pairing ADD COLUMN push_why TEXT NOT NULL DEFAULT '';
