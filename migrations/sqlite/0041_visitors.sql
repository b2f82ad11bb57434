-- What links for commenters and the key of the page to try are derived from; made once, at the first start.
CREATE TABLE server_secret (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    secret  BLOB    NOT NULL
) STRICT;

-- Commenters who asked for a second look; one each.
CREATE TABLE appeals (
    site_id     INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, comment_id)
) STRICT, WITHOUT ROWID;
