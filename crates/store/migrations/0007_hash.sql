-- Match keys stand by the record they belong to. A key is as good as thrown by dice, so what is ordered by it is written all
-- over the place: that is now a short index, and no longer all that a row holds.
CREATE TABLE sync_hash_by_record (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, id, hash)
);
INSERT INTO sync_hash_by_record (pairing, side, kind, id, hash) SELECT pairing, side, kind, id, hash FROM sync_hash;
DROP TABLE sync_hash;
ALTER TABLE sync_hash_by_record RENAME TO sync_hash;
CREATE INDEX sync_hash_key ON sync_hash (pairing, side, kind, hash);
