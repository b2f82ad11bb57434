-- When the comment came on the screen of whoever decided; NULL when nobody looked.
ALTER TABLE events ADD COLUMN shown_at BIGINT;
-- Decisions and edits without the many entries of arrival.
CREATE INDEX events_of_people ON events (site_id, id) WHERE kind <> 'created';
CREATE INDEX events_by_actor ON events (site_id, actor, id) WHERE kind <> 'created';

-- How often what happened in an hour; kept in the transaction in which it happens. See src/store/tallies.rs.
CREATE TABLE tallies (
    site_id  BIGINT NOT NULL,
    hour     BIGINT NOT NULL,
    measure  TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (site_id, hour, measure, key)
);

-- What people did to the service: signing in, inviting, making keys, changing policies. Append-only; site 0 is the service itself.
CREATE TABLE service_events (
    site_id     BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    kind        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    network     TEXT,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
);

-- What somebody may do on one site, in place of what they may do on all.
CREATE TABLE site_roles (
    site_id  BIGINT NOT NULL,
    user_id  BIGINT NOT NULL,
    role     TEXT    NOT NULL,
    PRIMARY KEY (site_id, user_id)
);
CREATE INDEX site_roles_by_user ON site_roles (user_id);

-- Links that let somebody make an account, once; site 0 means all sites.
CREATE TABLE invitations (
    site_id     BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    digest      BYTEA  NOT NULL UNIQUE,
    role        TEXT    NOT NULL,
    email       TEXT,
    invited_by  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
);

-- The second factor of an account. Until it is confirmed with a code it is not asked for.
CREATE TABLE second_factors (
    user_id       BIGINT PRIMARY KEY,
    secret        BYTEA  NOT NULL,
    confirmed_at  BIGINT,
    last_step     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);

-- Codes that stand in for the second factor, each once.
CREATE TABLE recovery_codes (
    user_id  BIGINT NOT NULL,
    digest   BYTEA  NOT NULL,
    PRIMARY KEY (user_id, digest)
);

-- Language, time zone and looks, as src/dashboard/reader.rs writes them.
ALTER TABLE users ADD COLUMN choices TEXT NOT NULL DEFAULT '';
-- Where a session was begun, in a few words.
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

-- Comments that were made up to look around, so that one button removes them.
CREATE TABLE samples (
    site_id     BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    PRIMARY KEY (site_id, comment_id)
);
