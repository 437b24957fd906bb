-- The third step of sync.db.
ALTER TABLE remote ADD COLUMN step INTEGER NOT NULL DEFAULT 0; -- bytes that are sent to it at once, as the line has allowed so far; 0: not known yet
