-- What the moderators of a site have taught the classifier: the newest one is in force.
CREATE TABLE lessons (
    site_id       BIGINT NOT NULL,
    number        BIGINT NOT NULL,
    model         TEXT NOT NULL,
    comments      BIGINT NOT NULL,
    -- The newest label that it was learned from.
    newest_label  BIGINT NOT NULL,
    differences   BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (site_id, number)
);
