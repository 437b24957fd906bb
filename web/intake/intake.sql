-- Beside `meta` and `spool` (node/store/spool.sql): what was sent, so that sending again gives the same receipt. No index but the key: each tree that
-- grows at random places is another page to the card for every report, and tidying reads all of it, seldom.
CREATE TABLE receipt(
  id INTEGER PRIMARY KEY,   -- the first eight bytes of SHA-256 of the ticket (token.h): whoever reads this table can open no page with it
  sealed BLOB,              -- salt and code, sealed under a key that follows from the ticket, which only the phone has; NULL once the page died,
                            -- and for a message, which has no code
  sent BLOB NOT NULL,       -- a digest of what was sent, keyed by the ticket: sent again and edited, it is not taken for the same
  at INTEGER NOT NULL       -- seconds on the boot clock; later than now: of an earlier boot (receipts.c)
) STRICT;
