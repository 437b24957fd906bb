-- Beside `meta` and `spool` (node/store/spool.sql): what was sent, so that sending again gives the same receipt. Rows come behind the last: a tree that grows at
-- random places, as an index of ids would, is two more pages to the card for every report. Which row is whose, intake knows in memory (seen.h).
CREATE TABLE receipt(
  place INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they were sent; never used twice
  id INTEGER NOT NULL,      -- the first eight bytes of SHA-256 of the ticket (token.h): whoever reads this table can open no page with it
  sealed BLOB,              -- salt and code, sealed under a key that follows from the ticket, which only the phone has; NULL once the page died,
                            -- and for a message, which has no code
  sent BLOB NOT NULL,       -- a digest of what was sent, keyed by the ticket: sent again and edited, it is not taken for the same
  at INTEGER NOT NULL       -- seconds on the boot clock; later than now: of an earlier boot (receipts.c)
) STRICT;
