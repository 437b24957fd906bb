-- mailbox.db: which entries of the logs are items of which mailbox, for intake, which reads nothing else of sync's. The items themselves lie in log.git alone:
-- here is where, and all of it can be made again from there. Remove the file while the hub is stopped, and sync fills it at its next start; the same happens
-- to the rows that a power cut takes from its end, for sync does not wait until they are on the card.

CREATE TABLE item( -- one entry m-<mailbox id>-<number>.age of a log; rows come behind the last and stay as they are
  id INTEGER PRIMARY KEY, -- in the order in which they came; of one log, in its order
  mailbox INTEGER NOT NULL, -- the first eight bytes of the mailbox id
  log TEXT NOT NULL, -- the log that carried it
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- the commit
  office INTEGER NOT NULL, -- who wrote it: 0 an intake; 1 an office, for its commit has entries of an office; 2 the office of a headquarters
  first INTEGER NOT NULL, -- 1 while no other log had an item for this mailbox: the log is that of the report's owner
  oid BLOB NOT NULL -- the item, an age file to the mailbox's key alone: a blob of log.git, 20 bytes
);
CREATE INDEX item_mailbox ON item(mailbox); -- the one tree that grows at random places: its entries are small

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
