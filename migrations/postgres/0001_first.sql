-- Times are microseconds since the Unix epoch, UTC. Ids are time-ordered 63-bit integers made by the process.
-- Comments and events are partitioned by month, which is a range of ids; `store/partitions.rs` makes the partitions.
-- Hashes are the first 8 bytes of xxh3: an index on a long text costs twice as much to keep.

CREATE TABLE sites (
    id              BIGINT PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    url             TEXT,
    webhook_url     TEXT,
    webhook_secret  TEXT,
    created_at      BIGINT NOT NULL
);

CREATE TABLE api_keys (
    site_id     BIGINT NOT NULL REFERENCES sites (id),
    id          BIGINT NOT NULL,
    digest      BYTEA    NOT NULL,
    scopes      TEXT    NOT NULL,
    hint        TEXT    NOT NULL,
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT,
    PRIMARY KEY (site_id, id)
);

CREATE TABLE policies (
    site_id     BIGINT NOT NULL REFERENCES sites (id),
    version     BIGINT NOT NULL,
    document    TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, version)
);

-- Grows with every change of sites, keys and policies, so that every process notices.
CREATE TABLE directory (
    version BIGINT NOT NULL
);
INSERT INTO directory (version) VALUES (1);

CREATE TABLE comments (
    site_id        BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    status         SMALLINT NOT NULL,
    revision       BIGINT NOT NULL,
    name           TEXT,
    email          TEXT,
    text           TEXT    NOT NULL,
    url            TEXT,
    page           TEXT,
    page_title     TEXT,
    ip             TEXT,
    user_agent     TEXT,
    referrer       TEXT,
    locale         TEXT,
    external_id    TEXT,
    parent_id      BIGINT,
    author_role    TEXT,
    honeypot       TEXT,
    elapsed_ms     BIGINT,
    submitted_at   BIGINT,
    author_hash    BIGINT,
    page_hash      BIGINT,
    text_hash      BIGINT NOT NULL,
    fingerprint    BIGINT NOT NULL,
    decision       TEXT    NOT NULL,
    score          DOUBLE PRECISION    NOT NULL,
    spam           DOUBLE PRECISION,
    toxic          DOUBLE PRECISION,
    reasons        TEXT    NOT NULL,
    facts          TEXT    NOT NULL,
    policy         BIGINT NOT NULL,
    model          TEXT,
    PRIMARY KEY (site_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE comments_default PARTITION OF comments DEFAULT;
CREATE INDEX comments_by_id ON comments (id);
CREATE INDEX comments_by_status ON comments (site_id, status, id);
CREATE INDEX comments_by_author ON comments (site_id, author_hash, id) WHERE author_hash IS NOT NULL;
CREATE INDEX comments_by_page ON comments (site_id, page_hash, id) WHERE page_hash IS NOT NULL;

-- What the site calls its comments. A table of its own, because a partitioned table has no unique index without the
-- column it is partitioned by.
CREATE TABLE external_ids (
    site_id        BIGINT NOT NULL,
    external_hash  BIGINT NOT NULL,
    comment_id     BIGINT NOT NULL,
    PRIMARY KEY (site_id, external_hash)
);
CREATE INDEX external_ids_by_comment ON external_ids (site_id, comment_id);

-- How many comments of a site have a status; kept in the transaction that changes it.
CREATE TABLE comment_counts (
    site_id   BIGINT NOT NULL,
    status    SMALLINT NOT NULL,
    comments  BIGINT NOT NULL,
    PRIMARY KEY (site_id, status)
);

-- What happened to comments; append-only.
CREATE TABLE events (
    site_id      BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    comment_id   BIGINT NOT NULL,
    action_id    BIGINT NOT NULL,
    kind         TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    from_status  SMALLINT,
    to_status    SMALLINT NOT NULL,
    revision     BIGINT NOT NULL,
    reason       TEXT,
    note         TEXT,
    policy       BIGINT NOT NULL,
    model        TEXT,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE INDEX events_by_id ON events (id);
CREATE INDEX events_by_comment ON events (site_id, comment_id, id);
CREATE INDEX events_by_action ON events (site_id, action_id, id);

-- Events on their way to a site's webhook; a row leaves when it is delivered or given up.
CREATE TABLE outbox (
    site_id      BIGINT NOT NULL,
    event_id     BIGINT NOT NULL,
    comment_id   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    last_error   TEXT,
    dead_at      BIGINT,
    PRIMARY KEY (site_id, event_id)
);
CREATE INDEX outbox_by_due ON outbox (due_at, event_id) WHERE dead_at IS NULL;
CREATE INDEX outbox_by_comment ON outbox (site_id, comment_id, event_id);

-- Answers to submissions that carried an Idempotency-Key, for 24 hours.
CREATE TABLE idempotent_answers (
    site_id      BIGINT NOT NULL,
    key          TEXT    NOT NULL,
    body_hash    BIGINT NOT NULL,
    comment_id   BIGINT NOT NULL,
    answer       TEXT    NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (site_id, key)
);
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at);

-- Labels that websites and moderators gave; what the classifier learns from.
CREATE TABLE labels (
    site_id      BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    comment_id   BIGINT NOT NULL,
    label        TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
);
CREATE INDEX labels_by_comment ON labels (site_id, comment_id, id);

CREATE TABLE users (
    id             BIGINT PRIMARY KEY,
    email          TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    password_hash  TEXT    NOT NULL,
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT
);

CREATE TABLE sessions (
    token_digest  BYTEA    PRIMARY KEY,
    user_id       BIGINT NOT NULL REFERENCES users (id),
    created_at    BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- The code that lets somebody make the first administrator; at most one row.
CREATE TABLE setup_codes (
    digest      BYTEA    NOT NULL,
    created_at  BIGINT NOT NULL
);

-- Written to find out whether writing works, with as much in it as a long comment has.
CREATE TABLE write_probe (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    written_at  BIGINT NOT NULL,
    payload     BYTEA    NOT NULL
);
INSERT INTO write_probe (id, written_at, payload) VALUES (1, 0, '');

-- Up to which comment a task of the background has come.
CREATE TABLE progress (
    task        TEXT    PRIMARY KEY,
    comment_id  BIGINT NOT NULL
);
