-- What the moderators of a site have taught the classifier: the newest one is in force.
CREATE TABLE lessons (
    site_id       INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    model         TEXT NOT NULL,
    comments      INTEGER NOT NULL,
    -- The newest label that it was learned from.
    newest_label  INTEGER NOT NULL,
    differences   BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (site_id, number)
) STRICT;

-- Which labels of a site are new.
CREATE INDEX labels_by_site ON labels (site_id, id);
