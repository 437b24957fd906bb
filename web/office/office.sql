-- office.db: what the office keeps on the card beside the spool and meta. Nothing readable of any record.
CREATE TABLE restate( -- records that were sealed while this hub worked alone, to be handed on once it belongs to a coalition
  key TEXT PRIMARY KEY -- entity key
) WITHOUT ROWID;
CREATE TABLE handed( -- records of cases that another hub took over, and that were sealed to it already (hand.c)
  what TEXT NOT NULL, -- kind and key; or <log>/<event> of what this hub wrote too late; or key of a case whose records may follow, to whom "agreed"
  whom TEXT NOT NULL, -- log id of that hub; hq while the coalition's policy has become wider and not all is handed on yet
  PRIMARY KEY (what, whom)
) WITHOUT ROWID;
CREATE TABLE urgent( -- reports of people in danger that nobody has opened, as far as the office has read; for sync's watch (sync/urgent.h)
  report TEXT PRIMARY KEY, -- SHA-256 of its key in hex: nothing of the report
  at INTEGER NOT NULL -- since when, wall clock seconds: written, by its hub's clock, or first read here, whichever is earlier
) WITHOUT ROWID;
CREATE TABLE read_upto( -- at headquarters: how far each log was read, so that a locked hub knows what came in since
  log TEXT NOT NULL, -- log id
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, -- of the last commit read
  PRIMARY KEY (log, epoch)
) WITHOUT ROWID;
CREATE TABLE wish( -- what somebody asked of sync on a page: one row at most; sync.db's meta "wish" says which was begun
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stick TEXT NOT NULL -- the folder of the stick that records are to be carried with
);
CREATE TABLE device( -- browsers in which somebody signed in before: for that person they do not wait behind strangers' wrong guesses
  hash BLOB PRIMARY KEY, -- SHA-256 of the cookie's token
  owner BLOB NOT NULL, -- SHA-256 of the token and the person's name
  user TEXT NOT NULL, -- key of the user entity
  seen INTEGER NOT NULL -- wall clock seconds of the first sign-in
) WITHOUT ROWID;
