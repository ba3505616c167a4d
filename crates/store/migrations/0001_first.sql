-- The first schema. One text for SQLite and PostgreSQL: instants are BIGINT microseconds (hours where it says so), documents
-- are JSON as TEXT, ids are TEXT compared byte for byte, yes and no are BIGINT 1 and 0.

CREATE TABLE sync_meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO sync_meta (name, value) VALUES ('epoch', 1);

-- Set for all users; one row.
CREATE TABLE sync_settings (
    name TEXT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    doc TEXT NOT NULL
);
INSERT INTO sync_settings (name, generation, doc) VALUES ('all', 1, '{}');

-- A field map that an administrator changed; a domain without a row has the shipped one.
CREATE TABLE sync_map (
    domain TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
);

-- The secret is enveloped with the key file, in base64.
CREATE TABLE sync_connection (
    name TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL,
    secret TEXT NOT NULL
);

CREATE TABLE sync_pairing (
    id TEXT NOT NULL PRIMARY KEY,
    crm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    mailbox TEXT,
    root TEXT,
    enabled BIGINT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    stopped BIGINT NOT NULL,
    confirm BIGINT NOT NULL,
    last_cycle BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    woken BIGINT NOT NULL,
    served BIGINT NOT NULL,
    CONSTRAINT sync_pairing_user_id UNIQUE (crm, user_id),
    CONSTRAINT sync_pairing_address_key UNIQUE (address_key)
);
CREATE INDEX sync_pairing_due ON sync_pairing (enabled, last_cycle);
CREATE INDEX sync_pairing_connection ON sync_pairing (connection);

-- A user who was unmapped: mapping again re-uses the links kept under the old pairing id.
CREATE TABLE sync_unmapped (
    crm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    pairing TEXT NOT NULL,
    mailbox TEXT,
    root TEXT,
    PRIMARY KEY (crm, user_id)
);
CREATE INDEX sync_unmapped_pairing ON sync_unmapped (pairing);

-- holder is null after a release or a revocation; ends is null after a release only.
CREATE TABLE sync_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT,
    fence BIGINT NOT NULL,
    ends BIGINT,
    noted BIGINT NOT NULL
);

CREATE TABLE sync_reader (
    crm TEXT NOT NULL PRIMARY KEY,
    feed_position TEXT NOT NULL
);

CREATE TABLE sync_cursor (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    folder TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, folder)
);

-- Ids seen in a full listing that is under way.
CREATE TABLE sync_listed (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    folder TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, folder, id)
);

CREATE TABLE sync_observation (
    pairing TEXT NOT NULL,
    kind TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, kind, side, id)
);
CREATE INDEX sync_observation_seen_at ON sync_observation (pairing, seen_at);

CREATE TABLE sync_look (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    PRIMARY KEY (pairing, side, kind, id)
);
CREATE INDEX sync_look_not_before ON sync_look (pairing, not_before);

CREATE TABLE sync_stranger (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, id)
);
CREATE INDEX sync_stranger_reason ON sync_stranger (pairing, reason);

-- The match keys of observations and strangers, hashed with a key.
CREATE TABLE sync_hash (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, hash, id)
);
CREATE INDEX sync_hash_id ON sync_hash (pairing, side, kind, id);

CREATE TABLE sync_quarantine (
    pairing TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, side, kind, id)
);

CREATE TABLE sync_link (
    id TEXT NOT NULL PRIMARY KEY,
    pairing TEXT NOT NULL,
    kind TEXT NOT NULL,
    domain TEXT NOT NULL,
    crm_id TEXT NOT NULL,
    pim_id TEXT NOT NULL,
    folder TEXT,
    sleep_cause TEXT,
    doc TEXT NOT NULL,
    CONSTRAINT sync_link_crm_id UNIQUE (pairing, kind, crm_id),
    CONSTRAINT sync_link_pim_id UNIQUE (pairing, kind, pim_id)
);
CREATE INDEX sync_link_record ON sync_link (kind, crm_id);
CREATE INDEX sync_link_domain ON sync_link (pairing, domain, id);

CREATE TABLE sync_intent (
    id TEXT NOT NULL PRIMARY KEY,
    pairing TEXT NOT NULL,
    crm TEXT NOT NULL,
    shared_key TEXT,
    doc TEXT NOT NULL,
    CONSTRAINT sync_intent_shared_key UNIQUE (crm, shared_key)
);
CREATE INDEX sync_intent_pairing ON sync_intent (pairing, id);

CREATE TABLE sync_late (
    pairing TEXT NOT NULL,
    mark TEXT NOT NULL,
    link TEXT NOT NULL,
    content TEXT NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (pairing, mark)
);
CREATE INDEX sync_late_ends ON sync_late (ends);

CREATE TABLE sync_held (
    id TEXT NOT NULL PRIMARY KEY,
    pairing TEXT NOT NULL,
    domain TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX sync_held_pairing ON sync_held (pairing, id);

-- stage counts what the retention took from the line: 0 nothing, 1 the images, 2 the overruled values too.
CREATE TABLE sync_history (
    pairing TEXT NOT NULL,
    number BIGINT NOT NULL,
    written_at BIGINT NOT NULL,
    cycle TEXT NOT NULL,
    crm_id TEXT,
    pim_id TEXT,
    stage BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, number)
);
CREATE INDEX sync_history_all ON sync_history (written_at, pairing, number);
CREATE INDEX sync_history_pairing ON sync_history (pairing, written_at, number);
CREATE INDEX sync_history_stage ON sync_history (stage, written_at);

-- hour counts hours since 1970.
CREATE TABLE sync_count (
    pairing TEXT NOT NULL,
    hour BIGINT NOT NULL,
    domain TEXT NOT NULL,
    side TEXT NOT NULL,
    what TEXT NOT NULL,
    records BIGINT NOT NULL,
    PRIMARY KEY (pairing, hour, domain, side, what)
);
CREATE INDEX sync_count_hour ON sync_count (hour);

-- An empty pairing or domain stands for the brake over all.
CREATE TABLE sync_brake (
    pairing TEXT NOT NULL,
    domain TEXT NOT NULL,
    side TEXT NOT NULL,
    digest TEXT NOT NULL,
    released TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (pairing, domain, side)
);
