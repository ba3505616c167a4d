-- Copies that were taken out of a mailbox though their records stand: what brings a copy back when its user returns to the
-- Sync List.
CREATE TABLE sync_away (
    pairing TEXT NOT NULL,
    kind TEXT NOT NULL,
    crm_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, kind, crm_id)
);
CREATE INDEX sync_away_since ON sync_away (since);

-- Invitations whose organiser's own copy is waited for, since when.
CREATE TABLE sync_awaited (
    pairing TEXT NOT NULL,
    kind TEXT NOT NULL,
    pim_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (pairing, kind, pim_id)
);
CREATE INDEX sync_awaited_since ON sync_awaited (since);
