-- Sealed envelopes that sync has yet to put into this hub's log (spool.h). The same in intake.db and office.db.
CREATE TABLE spool(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- rises and is never used twice, also after pruning: sync remembers how far it has come
  kind TEXT NOT NULL CHECK (kind = 'i' OR kind = 'o' OR kind = 'm'), -- (IN would make a table of the three for each row) i: from intake, o: from office, m: a mailbox item
  mailbox TEXT NOT NULL CHECK (length(mailbox) = CASE kind WHEN 'm' THEN 32 ELSE 0 END), -- of m: the mailbox id in hex; else empty
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)), -- 1: a report with danger = yes; nothing of its content
  body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 65536) -- the envelope, an age file
) STRICT;
