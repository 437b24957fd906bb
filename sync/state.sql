-- sync.db: what the sync role remembers. It alone writes; office reads it for its pages. Nothing in here is secret: addresses of relays stand here
-- without their passwords (those lie in keys/remotes).

CREATE TABLE meta( -- small values: "roster" (highest version accepted), "ack_at" (last commit of acknowledgements alone), "halted" (why our log takes nothing more), "wish" (the last of the office's that was begun)
  name TEXT PRIMARY KEY, -- what it is
  value -- text or a number
) WITHOUT ROWID;

CREATE TABLE taken( -- how far each spool is in our log
  spool TEXT PRIMARY KEY, -- 'intake' or 'office'
  upto INTEGER NOT NULL -- rows with ids up to here are in the log, and may be pruned
) WITHOUT ROWID;

CREATE TABLE intent( -- the batch that is being put into our log right now; at most one row, and none while nothing is under way
  id INTEGER PRIMARY KEY CHECK (id = 1),
  after_seq INTEGER NOT NULL, -- our log's tip before the batch; 0: none yet
  after_oid TEXT NOT NULL, -- that commit, hex
  intake INTEGER NOT NULL, -- taken('intake') once it is in
  office INTEGER NOT NULL, -- taken('office') once it is in
  digest BLOB NOT NULL -- SHA-256 over the sorted SHA-256s of its envelopes: tells after a crash whether what is in the log is this batch
);

CREATE TABLE urgent( -- reports with danger = yes from our own intake that the office has not read yet: for the flag, without content; overwritten afterwards
  id INTEGER PRIMARY KEY, -- the row in intake's spool
  at INTEGER NOT NULL -- when sync took it, seconds
);

CREATE TABLE remote( -- relays that this hub sends to and fetches from
  name TEXT PRIMARY KEY, -- short, chosen by people: 'relay'
  url TEXT NOT NULL, -- path, ssh:// or https://, a password replaced by ***
  last_ok INTEGER, -- last round that did all it should, seconds; NULL: never yet
  last_try INTEGER, -- last round, whatever came of it
  last_error TEXT, -- what went wrong last time and what to do; NULL: nothing
  next_try INTEGER, -- when the role will try again, by the wall clock (for people; the role itself counts by the boot clock)
  failures INTEGER NOT NULL DEFAULT 0, -- rounds that failed since the last good one
  sent INTEGER NOT NULL DEFAULT 0, -- commits sent, ever
  received INTEGER NOT NULL DEFAULT 0 -- commits received and kept, ever
) WITHOUT ROWID;

CREATE TABLE known( -- the high-water mark of each log in log.git: a branch found behind it was rolled back
  log TEXT NOT NULL, -- log id
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- of its tip
  oid TEXT NOT NULL, -- of its tip, hex
  sha256 TEXT NOT NULL, -- of the raw tip commit, hex
  seen INTEGER NOT NULL, -- when it came to be there, seconds
  PRIMARY KEY (log, epoch)
) WITHOUT ROWID;

CREATE TABLE reach( -- how far each remote has each log
  remote TEXT NOT NULL, -- name of the remote; for one that was only named on the command line, 'at-' and a digest of its address
  log TEXT NOT NULL, -- log id
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- the most it was ever seen to hold, of what we checked: less than that later is a rolled back relay
  claimed INTEGER NOT NULL, -- what its tip says, checked or not: what waits to come in
  PRIMARY KEY (remote, log, epoch)
) WITHOUT ROWID;

CREATE TABLE ack( -- which hub has which commits of which log, as their own signed commits say; by ourselves: what we have said
  log TEXT NOT NULL, -- whose commits
  epoch INTEGER NOT NULL,
  by TEXT NOT NULL, -- who has them
  seq INTEGER NOT NULL, -- up to here
  PRIMARY KEY (log, epoch, by)
) WITHOUT ROWID;

CREATE TABLE trouble( -- what people should know; one row a kind, log and remote, the newest reason
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL, -- seconds
  remote TEXT NOT NULL, -- where it was seen; '' for this hub itself
  log TEXT NOT NULL, -- whose log; or 'roster'; or, of kind 'spool', which one; or ''
  kind TEXT NOT NULL, -- alarms, which stay thirty days: 'rolled-back' 'forked' 'lost' 'spool'; states, which end by themselves: 'refused' 'waits'
  reason TEXT NOT NULL, -- one line
  UNIQUE (remote, log, kind)
);

CREATE TABLE found( -- hubs that announce themselves on the local network now: hints, believed for nothing
  name TEXT NOT NULL, -- the instance name, random
  host TEXT NOT NULL, -- its host name
  address TEXT NOT NULL, -- numbers; fe80:: ones with %interface
  port INTEGER NOT NULL,
  seen INTEGER NOT NULL, -- since when, seconds
  PRIMARY KEY (name, address)
) WITHOUT ROWID;
