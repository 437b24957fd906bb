-- mailbox.db: reporters' mailbox items of all logs, for intake, which reads nothing else of sync's. All of it can be made again from log.git: remove the
-- file while the hub is stopped, and sync fills it at its next start.

CREATE TABLE item( -- one entry m-<mailbox id>-<number>.age of a log
  mailbox TEXT NOT NULL, -- mailbox id, 32 hex digits
  log TEXT NOT NULL, -- the log that carried it
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- the commit
  place INTEGER NOT NULL, -- its number among the commit's entries
  body BLOB NOT NULL, -- an age file to the mailbox's key alone
  office INTEGER NOT NULL, -- who wrote it: 0 an intake; 1 an office, for its commit has entries of an office; 2 the office of a headquarters
  first INTEGER NOT NULL, -- 1 while no other log had an item for this mailbox: the log is that of the report's owner
  PRIMARY KEY (mailbox, log, epoch, seq, place)
) WITHOUT ROWID;

CREATE TABLE indexed( -- how far each log has been looked through for items
  log TEXT NOT NULL, -- log id
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- up to this commit
  oid TEXT NOT NULL, -- that commit, hex
  PRIMARY KEY (log, epoch)
) WITHOUT ROWID;

CREATE TABLE taken( -- how far a spool is in our log: what intake may prune
  spool TEXT PRIMARY KEY, -- 'intake'
  upto INTEGER NOT NULL -- rows with ids up to here are in the log
) WITHOUT ROWID;
