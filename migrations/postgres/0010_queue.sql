-- What the queue is ordered and searched by.
ALTER TABLE comments ADD COLUMN lang TEXT;
-- Its place among the held ones: see src/worth.rs. Almost in the order of time, so the index grows at its end.
ALTER TABLE comments ADD COLUMN worth DOUBLE PRECISION NOT NULL DEFAULT 0;
-- The first comment with nearly this text; NULL for a text that was new.
ALTER TABLE comments ADD COLUMN campaign BIGINT;
CREATE INDEX comments_by_worth ON comments (site_id, worth, id) WHERE status = 0;
CREATE INDEX comments_by_campaign ON comments (site_id, campaign, status, id) WHERE campaign IS NOT NULL;

-- The terms of each comment. Filled behind the commit by a worker.
CREATE TABLE comment_search (
    site_id     BIGINT   NOT NULL,
    comment_id  BIGINT   NOT NULL,
    terms       TSVECTOR NOT NULL,
    PRIMARY KEY (site_id, comment_id)
);
CREATE INDEX comment_search_by_term ON comment_search USING GIN (terms);

-- Up to which comment the search index is complete.
CREATE TABLE search_progress (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    comment_id  BIGINT NOT NULL
);
INSERT INTO search_progress (id, comment_id) VALUES (1, 0);

-- Who has a comment on the screen, so that nobody else begins to work on it.
CREATE TABLE leases (
    site_id     BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (site_id, comment_id)
);
CREATE INDEX leases_by_end ON leases (until);

-- What moderators tell each other about a comment. With a name in `handed_to`, it asks that person to decide.
CREATE TABLE notes (
    site_id     BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    text        TEXT   NOT NULL,
    handed_to   BIGINT,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
);
CREATE INDEX notes_by_comment ON notes (site_id, comment_id, id);

-- Comments that wait for one person: handed over, or mentioned in a note.
CREATE TABLE assignments (
    site_id     BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, user_id, comment_id)
);

-- Searches that somebody gave a name.
CREATE TABLE views (
    id          BIGINT   PRIMARY KEY,
    user_id     BIGINT   NOT NULL,
    name        TEXT     NOT NULL,
    query       TEXT     NOT NULL,
    shared      BOOLEAN  NOT NULL,
    created_at  BIGINT   NOT NULL
);
CREATE INDEX views_by_user ON views (user_id, id);

-- The keys that somebody changed, as a JSON object of actions.
CREATE TABLE key_bindings (
    user_id   BIGINT PRIMARY KEY,
    bindings  TEXT   NOT NULL
);

-- A decision that goes on to apply to texts like one that was decided.
CREATE TABLE standing_decisions (
    site_id      BIGINT   NOT NULL,
    id           BIGINT   NOT NULL,
    action_id    BIGINT   NOT NULL,
    text_hash    BIGINT   NOT NULL,
    fingerprint  BIGINT   NOT NULL,
    status       SMALLINT NOT NULL,
    reason       TEXT,
    user_id      BIGINT   NOT NULL,
    created_at   BIGINT   NOT NULL,
    until        BIGINT   NOT NULL,
    PRIMARY KEY (site_id, id)
);
CREATE INDEX standing_decisions_by_action ON standing_decisions (site_id, action_id);
