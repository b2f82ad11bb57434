-- Times are microseconds since the Unix epoch, UTC. Ids are time-ordered 63-bit integers made by the process.
-- Hashes are the first 8 bytes of xxh3: an index on a long text costs twice as much to keep.

CREATE TABLE sites (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    url             TEXT,
    webhook_url     TEXT,
    webhook_secret  TEXT,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    site_id     INTEGER NOT NULL REFERENCES sites (id),
    id          INTEGER PRIMARY KEY,
    digest      BLOB    NOT NULL,
    scopes      TEXT    NOT NULL,
    hint        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

CREATE TABLE policies (
    site_id     INTEGER NOT NULL REFERENCES sites (id),
    version     INTEGER NOT NULL,
    document    TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, version)
) STRICT, WITHOUT ROWID;

-- Grows with every change of sites, keys and policies, so that every process notices.
CREATE TABLE directory (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO directory (version) VALUES (1);

CREATE TABLE comments (
    site_id        INTEGER NOT NULL,
    id             INTEGER PRIMARY KEY,
    created_at     INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
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
    parent_id      INTEGER,
    author_role    TEXT,
    honeypot       TEXT,
    elapsed_ms     INTEGER,
    submitted_at   INTEGER,
    author_hash    INTEGER,
    page_hash      INTEGER,
    text_hash      INTEGER NOT NULL,
    fingerprint    INTEGER NOT NULL,
    decision       TEXT    NOT NULL,
    score          REAL    NOT NULL,
    spam           REAL,
    toxic          REAL,
    reasons        TEXT    NOT NULL,
    facts          TEXT    NOT NULL,
    policy         INTEGER NOT NULL,
    model          TEXT
) STRICT;
CREATE INDEX comments_by_status ON comments (site_id, status, id);
CREATE INDEX comments_by_author ON comments (site_id, author_hash, id) WHERE author_hash IS NOT NULL;
CREATE INDEX comments_by_page ON comments (site_id, page_hash, id) WHERE page_hash IS NOT NULL;

-- What the site calls its comments. A table of its own, because a partitioned table has no unique index without the
-- column it is partitioned by.
CREATE TABLE external_ids (
    site_id        INTEGER NOT NULL,
    external_hash  INTEGER NOT NULL,
    comment_id     INTEGER NOT NULL,
    PRIMARY KEY (site_id, external_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX external_ids_by_comment ON external_ids (site_id, comment_id);

-- How many comments of a site have a status; kept in the transaction that changes it.
CREATE TABLE comment_counts (
    site_id   INTEGER NOT NULL,
    status    INTEGER NOT NULL,
    comments  INTEGER NOT NULL,
    PRIMARY KEY (site_id, status)
) STRICT, WITHOUT ROWID;

-- What happened to comments; append-only.
CREATE TABLE events (
    site_id      INTEGER NOT NULL,
    id           INTEGER PRIMARY KEY,
    comment_id   INTEGER NOT NULL,
    action_id    INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    from_status  INTEGER,
    to_status    INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    reason       TEXT,
    note         TEXT,
    policy       INTEGER NOT NULL,
    model        TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_comment ON events (site_id, comment_id, id);
CREATE INDEX events_by_action ON events (site_id, action_id, id);

-- Events on their way to a site's webhook; a row leaves when it is delivered or given up.
CREATE TABLE outbox (
    site_id      INTEGER NOT NULL,
    event_id     INTEGER PRIMARY KEY,
    comment_id   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    last_error   TEXT,
    dead_at      INTEGER
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at, event_id) WHERE dead_at IS NULL;
CREATE INDEX outbox_by_comment ON outbox (site_id, comment_id, event_id);

-- Answers to submissions that carried an Idempotency-Key, for 24 hours.
CREATE TABLE idempotent_answers (
    site_id      INTEGER NOT NULL,
    key          TEXT    NOT NULL,
    body_hash    INTEGER NOT NULL,
    comment_id   INTEGER NOT NULL,
    answer       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (site_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at);

-- Labels that websites and moderators gave; what the classifier learns from.
CREATE TABLE labels (
    site_id      INTEGER NOT NULL,
    id           INTEGER PRIMARY KEY,
    comment_id   INTEGER NOT NULL,
    label        TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX labels_by_comment ON labels (site_id, comment_id, id);

CREATE TABLE users (
    id             INTEGER PRIMARY KEY,
    email          TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    password_hash  TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER
) STRICT;

CREATE TABLE sessions (
    token_digest  BLOB    PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (id),
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- The code that lets somebody make the first administrator; at most one row.
CREATE TABLE setup_codes (
    digest      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- Written to find out whether writing works, with as much in it as a long comment has.
CREATE TABLE write_probe (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    written_at  INTEGER NOT NULL,
    payload     BLOB    NOT NULL
) STRICT;
INSERT INTO write_probe (id, written_at, payload) VALUES (1, 0, x'');

-- Up to which comment a task of the background has come.
CREATE TABLE progress (
    task        TEXT    PRIMARY KEY,
    comment_id  INTEGER NOT NULL
) STRICT;
