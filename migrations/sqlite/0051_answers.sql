-- The status of an answer that is given again: 201 for what was stored, 200 for what was known by its external_id.
ALTER TABLE idempotent_answers ADD COLUMN status INTEGER NOT NULL DEFAULT 201;
