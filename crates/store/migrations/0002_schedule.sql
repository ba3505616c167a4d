-- When a pairing is due by its schedule, whether it rests in blackout hours, and what a person asked for at once.
ALTER TABLE sync_pairing ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_pairing ADD COLUMN resting BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_pairing ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;
