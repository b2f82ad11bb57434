-- What links for commenters and the key of the page to try are derived from; made once, at the first start.
CREATE TABLE server_secret (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    secret  BYTEA  NOT NULL
);

-- Commenters who asked for a second look; one each.
CREATE TABLE appeals (
    site_id     BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, comment_id)
);
