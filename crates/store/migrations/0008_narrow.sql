-- What every record of a first listing adds is kept narrow. Match keys are found by sixteen of their characters, which as good
-- as no two share; what a record's keys are in full stands in its document. Both indexes are short: the one by key is written
-- all over the place. That no row comes twice is seen to by whoever writes them: a record's keys go before its new ones come.
CREATE TABLE sync_hash_narrow (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO sync_hash_narrow (pairing, side, kind, id, hash)
    SELECT pairing, side, kind, id, substr(hash, 1, 16) FROM sync_hash ORDER BY pairing, side, kind, id;
DROP TABLE sync_hash;
ALTER TABLE sync_hash_narrow RENAME TO sync_hash;
CREATE INDEX sync_hash_record ON sync_hash (pairing, id);
CREATE INDEX sync_hash_key ON sync_hash (hash, pairing);
