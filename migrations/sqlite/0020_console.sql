-- When the comment came on the screen of whoever decided; NULL when nobody looked.
ALTER TABLE events ADD COLUMN shown_at INTEGER;
-- Decisions and edits without the many entries of arrival.
CREATE INDEX events_of_people ON events (site_id, id) WHERE kind <> 'created';
CREATE INDEX events_by_actor ON events (site_id, actor, id) WHERE kind <> 'created';

-- How often what happened in an hour; kept in the transaction in which it happens. See src/store/tallies.rs.
CREATE TABLE tallies (
    site_id  INTEGER NOT NULL,
    hour     INTEGER NOT NULL,
    measure  TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (site_id, hour, measure, key)
) STRICT, WITHOUT ROWID;

-- What people did to the service: signing in, inviting, making keys, changing policies. Append-only; site 0 is the service itself.
CREATE TABLE service_events (
    site_id     INTEGER NOT NULL,
    id          INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    network     TEXT,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX service_events_by_site ON service_events (site_id, id);

-- What somebody may do on one site, in place of what they may do on all.
CREATE TABLE site_roles (
    site_id  INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    role     TEXT    NOT NULL,
    PRIMARY KEY (site_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX site_roles_by_user ON site_roles (user_id);

-- Links that let somebody make an account, once; site 0 means all sites.
CREATE TABLE invitations (
    site_id     INTEGER NOT NULL,
    id          INTEGER PRIMARY KEY,
    digest      BLOB    NOT NULL UNIQUE,
    role        TEXT    NOT NULL,
    email       TEXT,
    invited_by  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

-- The second factor of an account. Until it is confirmed with a code it is not asked for.
CREATE TABLE second_factors (
    user_id       INTEGER PRIMARY KEY,
    secret        BLOB    NOT NULL,
    confirmed_at  INTEGER,
    last_step     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

-- Codes that stand in for the second factor, each once.
CREATE TABLE recovery_codes (
    user_id  INTEGER NOT NULL,
    digest   BLOB    NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

-- Language, time zone and looks, as src/dashboard/reader.rs writes them.
ALTER TABLE users ADD COLUMN choices TEXT NOT NULL DEFAULT '';
-- Where a session was begun, in a few words.
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

-- Comments that were made up to look around, so that one button removes them.
CREATE TABLE samples (
    site_id     INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    PRIMARY KEY (site_id, comment_id)
) STRICT, WITHOUT ROWID;
