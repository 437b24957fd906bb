-- The second step of sync.db: see state.sql.

ALTER TABLE remote ADD COLUMN step INTEGER NOT NULL DEFAULT 0; -- bytes that are sent to it at once, as the line has allowed so far; 0: not known yet

CREATE TABLE neighbour( -- hubs of the coalition that were met on the local network; how far each has each log stands in `reach`, under 'near-' and the log id
  log TEXT PRIMARY KEY, -- log id
  address TEXT NOT NULL, -- where it answered last, in numbers; fe80:: ones with %interface
  linked INTEGER NOT NULL, -- 1: there is a connection with it now
  last_ok INTEGER, -- when it answered well, seconds, give or take ten minutes; NULL: never yet
  last_error TEXT, -- what went wrong last; NULL: nothing
  received INTEGER NOT NULL -- commits fetched from it and kept, ever
) WITHOUT ROWID;

CREATE TABLE stick( -- what came of carrying records with a stick, for a month
  place TEXT PRIMARY KEY, -- the folder where it was plugged in
  at INTEGER NOT NULL, -- begun, or ended, seconds
  is_done INTEGER NOT NULL, -- 0: begun, and not ended
  brought INTEGER NOT NULL DEFAULT 0, -- records that were kept
  taken INTEGER NOT NULL DEFAULT 0, -- records that it was given
  skipped INTEGER NOT NULL DEFAULT 0, -- damaged pieces and the like that were left alone
  may_pull INTEGER NOT NULL DEFAULT 0, -- 1: all that was written is on it
  error TEXT -- what went wrong and what to do; NULL: nothing
) WITHOUT ROWID;
