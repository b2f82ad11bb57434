-- Where the sender of a comment wants to be told that the verdict has changed, with what it wants to be told. The key stands
-- here as text, because such a call shows it.
CREATE TABLE callbacks (
    site_id     INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    url         TEXT    NOT NULL,
    site_key    TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    post        TEXT    NOT NULL,
    parent      TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, comment_id)
) STRICT, WITHOUT ROWID;

-- What a site's Coral signs its requests with; more than one while a secret is being replaced.
CREATE TABLE coral_secrets (
    site_id     INTEGER NOT NULL,
    secret      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, secret)
) STRICT, WITHOUT ROWID;
