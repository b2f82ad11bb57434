-- Sessions whose password was right, and whose second factor is still to come.
ALTER TABLE sessions ADD COLUMN is_half INTEGER NOT NULL DEFAULT 0;
