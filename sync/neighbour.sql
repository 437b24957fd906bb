-- The second step of sync.db: hubs of the coalition that were met on the local network. How far each has each log stands in `reach`, under 'near-' and the log id.

CREATE TABLE neighbour(
  log TEXT PRIMARY KEY, -- log id
  address TEXT NOT NULL, -- where it answered last, in numbers; fe80:: ones with %interface
  linked INTEGER NOT NULL, -- 1: there is a connection with it now
  last_ok INTEGER, -- when it answered well, seconds, give or take ten minutes; NULL: never yet
  last_error TEXT, -- what went wrong last; NULL: nothing
  received INTEGER NOT NULL -- commits fetched from it and kept, ever
) WITHOUT ROWID;
