-- A site's webhook: two secrets while one takes the other's place, the pause before a moderator's decision is sent (in
-- microseconds), and when and why it was switched off.
ALTER TABLE sites ADD COLUMN webhook_old_secret TEXT;
ALTER TABLE sites ADD COLUMN webhook_old_secret_until BIGINT;
ALTER TABLE sites ADD COLUMN webhook_hold BIGINT NOT NULL DEFAULT 5000000;
ALTER TABLE sites ADD COLUMN webhook_off_at BIGINT;
ALTER TABLE sites ADD COLUMN webhook_off_reason TEXT;

-- Empty for the site's webhook; else the address that one comment's sender wants to be called back at, with what is sent there.
ALTER TABLE outbox ADD COLUMN target TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN payload TEXT;
CREATE INDEX outbox_by_site ON outbox (site_id, due_at, event_id) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (site_id, event_id) WHERE dead_at IS NOT NULL;

-- What came of each attempt to deliver; kept for 30 days.
CREATE TABLE delivery_attempts (
    site_id     BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    event_id    BIGINT NOT NULL,
    comment_id  BIGINT NOT NULL,
    target      TEXT   NOT NULL,
    attempt     BIGINT NOT NULL,
    result      TEXT   NOT NULL,
    status      BIGINT,
    error       TEXT,
    took_ms     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (site_id, id)
);
