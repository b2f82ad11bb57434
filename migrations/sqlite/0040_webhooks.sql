-- A site's webhook: two secrets while one takes the other's place, the pause before a moderator's decision is sent (in
-- microseconds), and when and why it was switched off.
ALTER TABLE sites ADD COLUMN webhook_old_secret TEXT;
ALTER TABLE sites ADD COLUMN webhook_old_secret_until INTEGER;
ALTER TABLE sites ADD COLUMN webhook_hold INTEGER NOT NULL DEFAULT 5000000;
ALTER TABLE sites ADD COLUMN webhook_off_at INTEGER;
ALTER TABLE sites ADD COLUMN webhook_off_reason TEXT;

-- Empty for the site's webhook; else the address that one comment's sender wants to be called back at, with what is sent there.
ALTER TABLE outbox ADD COLUMN target TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN payload TEXT;
CREATE INDEX outbox_by_site ON outbox (site_id, due_at, event_id) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (site_id, event_id) WHERE dead_at IS NOT NULL;

-- What came of each attempt to deliver; kept for 30 days.
CREATE TABLE delivery_attempts (
    site_id     INTEGER NOT NULL,
    id          INTEGER PRIMARY KEY,
    event_id    INTEGER NOT NULL,
    comment_id  INTEGER NOT NULL,
    target      TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    result      TEXT    NOT NULL,
    status      INTEGER,
    error       TEXT,
    took_ms     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_attempts_by_site ON delivery_attempts (site_id, id);
