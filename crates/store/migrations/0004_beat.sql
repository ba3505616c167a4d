-- A cycle in which nothing happened notes itself on its lease's row, the one row that it writes: when it was, when the next one
-- is due, and by which fencing number. It counts while no later cycle has ended otherwise.
ALTER TABLE sync_lease ADD COLUMN beat BIGINT;
ALTER TABLE sync_lease ADD COLUMN beat_next BIGINT;
ALTER TABLE sync_lease ADD COLUMN beat_fence BIGINT;
ALTER TABLE sync_pairing ADD COLUMN ended_by BIGINT NOT NULL DEFAULT 0;
