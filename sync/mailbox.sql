-- mailbox.db: which entries of the logs are items of which mailbox, for intake and for sync's own watch. The items lie in log.git alone; here is where, and all
-- of it can be made again from there. Remove the file while the hub is stopped, and sync fills it at its next start. The same happens to the rows that a power
-- cut takes from its end: sync does not wait until they are on the card.
--
-- Rows come behind the last and stay as they are. What intakes write has no index: that tree would grow at random places, and each item would cost the card two
-- pages. Whoever types a code waits a second for its key; reading all rows takes a hundredth of that for 50,000 of them.

CREATE TABLE item( -- one entry m-<mailbox id>-<number>.age of a log
  id INTEGER PRIMARY KEY, -- in the order in which they came; of one log, in its order
  mailbox INTEGER NOT NULL, -- the first eight bytes of the mailbox id
  log TEXT NOT NULL, -- the log that carried it
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- the commit
  office INTEGER NOT NULL, -- who wrote it: 0 an intake; 1 an office, for its commit has entries of an office; 2 the office of a headquarters
  oid BLOB NOT NULL -- the item, an age file to the mailbox's key alone: a blob of log.git, 20 bytes
);
CREATE INDEX item_office ON item(mailbox) WHERE office > 0;

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
