-- How long changes took in the last hours: how many of each class of length, part of the way and side written.
CREATE TABLE sync_latency (
    slot BIGINT NOT NULL,
    part TEXT NOT NULL,
    side TEXT NOT NULL,
    class BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    PRIMARY KEY (slot, part, side, class)
);
