-- What the queue is ordered and searched by.
ALTER TABLE comments ADD COLUMN lang TEXT;
-- Its place among the held ones: see src/worth.rs. Almost in the order of time, so the index grows at its end.
ALTER TABLE comments ADD COLUMN worth REAL NOT NULL DEFAULT 0;
-- The first comment with nearly this text; NULL for a text that was new.
ALTER TABLE comments ADD COLUMN campaign INTEGER;
CREATE INDEX comments_by_worth ON comments (site_id, worth, id) WHERE status = 0;
CREATE INDEX comments_by_campaign ON comments (site_id, campaign, status, id) WHERE campaign IS NOT NULL;

-- The terms of each comment, under its id. Filled behind the commit by a worker; it keeps no text of its own.
CREATE VIRTUAL TABLE comment_search USING fts5 (terms, content = '', tokenize = 'unicode61 remove_diacritics 0');
INSERT INTO comment_search (comment_search, rank) VALUES ('secure-delete', 1);

-- Up to which comment the search index is complete.
CREATE TABLE search_progress (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    comment_id  INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress (id, comment_id) VALUES (1, 0);

-- Who has a comment on the screen, so that nobody else begins to work on it.
CREATE TABLE leases (
    site_id     INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    PRIMARY KEY (site_id, comment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_end ON leases (until);

-- What moderators tell each other about a comment. With a name in `handed_to`, it asks that person to decide.
CREATE TABLE notes (
    site_id     INTEGER NOT NULL,
    id          INTEGER PRIMARY KEY,
    comment_id  INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    text        TEXT    NOT NULL,
    handed_to   INTEGER,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_comment ON notes (site_id, comment_id, id);

-- Comments that wait for one person: handed over, or mentioned in a note.
CREATE TABLE assignments (
    site_id     INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, user_id, comment_id)
) STRICT, WITHOUT ROWID;

-- Searches that somebody gave a name.
CREATE TABLE views (
    id          INTEGER PRIMARY KEY,
    user_id     INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    query       TEXT    NOT NULL,
    shared      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX views_by_user ON views (user_id, id);

-- The keys that somebody changed, as a JSON object of actions.
CREATE TABLE key_bindings (
    user_id   INTEGER PRIMARY KEY,
    bindings  TEXT    NOT NULL
) STRICT;

-- A decision that goes on to apply to texts like one that was decided.
CREATE TABLE standing_decisions (
    site_id      INTEGER NOT NULL,
    id           INTEGER PRIMARY KEY,
    action_id    INTEGER NOT NULL,
    text_hash    INTEGER NOT NULL,
    fingerprint  INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    reason       TEXT,
    user_id      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    until        INTEGER NOT NULL
) STRICT;
CREATE INDEX standing_decisions_by_action ON standing_decisions (site_id, action_id);
