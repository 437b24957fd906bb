-- The case file: what this hub can read, merged. In memory while the office is unlocked; on the card only as an age file.
-- One table a kind of record, one column a field, so that `sqlite3` alone is enough to read it. Lists are JSON: ["legal","medical"].

PRAGMA page_size = 8192; -- less is left empty than with the usual ones

CREATE TABLE meta( -- small values of this file
  name TEXT PRIMARY KEY, -- "self": the log id of the hub that reads
  value -- text or a number
) WITHOUT ROWID;

CREATE TABLE position( -- how far each log was read
  log TEXT NOT NULL, -- log id
  epoch INTEGER NOT NULL, -- of that log
  seq INTEGER NOT NULL, -- of the last commit read
  oid TEXT NOT NULL, -- that commit's object id
  PRIMARY KEY(log, epoch)
) WITHOUT ROWID;

CREATE TABLE arrived( -- which hubs have how much of our own log, as their signed commits say (arrival.c)
  hub TEXT NOT NULL, -- log id of that hub
  epoch INTEGER NOT NULL, -- of our log
  seq INTEGER NOT NULL, -- of the last commit that it has
  PRIMARY KEY(hub, epoch)
) WITHOUT ROWID;

CREATE TABLE entity( -- each record that some event speaks of
  id INTEGER PRIMARY KEY, -- its row here, in its own table and in event
  type TEXT NOT NULL, -- "report", "case", "action" ... or one that only a later version knows
  key TEXT NOT NULL, -- <creator's log id>.<ulid>
  case_key TEXT, -- for what belongs to a case: the case that its creating event names
  creator_hq INTEGER NOT NULL DEFAULT 0, -- 1 when a headquarters hub made that event
  conflicts INTEGER NOT NULL DEFAULT 0, -- fields with several values
  search_row INTEGER, -- its row in search
  tail TEXT AS (substr(key, -8)), -- by which key is found: an index of whole keys is as large as all records' prose
  case_tail TEXT AS (substr(case_key, -8)) -- by which case_key is found
);

CREATE INDEX entity_tail ON entity(tail);
CREATE INDEX entity_case ON entity(case_tail) WHERE case_tail IS NOT NULL;
CREATE INDEX entity_search ON entity(search_row) WHERE search_row IS NOT NULL;

CREATE TABLE log( -- each log that an event came by
  id INTEGER PRIMARY KEY, -- its row, which events name
  log TEXT NOT NULL UNIQUE -- log id
);

CREATE TABLE event( -- every event ever taken, to the byte; to be read by view said
  id INTEGER PRIMARY KEY, -- order of arrival; means nothing
  entity INTEGER NOT NULL REFERENCES entity(id), -- what it is about
  log INTEGER NOT NULL REFERENCES log(id), -- the log that carried it
  event TEXT NOT NULL, -- its ULID; (log, event) is its identity
  kind TEXT NOT NULL, -- "o" from an office, "i" from intake
  epoch INTEGER NOT NULL, -- of the log
  seq INTEGER NOT NULL, -- of the commit that first carried it; 0: our own, not committed yet
  roster INTEGER NOT NULL, -- the roster version which that commit names; rights follow from it
  headquarters INTEGER NOT NULL, -- 1 when the log was headquarters' in that version
  standing INTEGER NOT NULL, -- 0 permitted, 1 waits (table waiting), 2 refused (table overstep), 3 contradicted by its own double, -1 not judged yet
  line BLOB NOT NULL, -- the JSON, as it was signed; packed (packing.h)
  tail TEXT AS (substr(event, -8)) -- by which event is found
);
CREATE INDEX event_tail ON event(tail);
CREATE INDEX event_entity ON event(entity);
CREATE VIEW said AS SELECT id, entity, (SELECT l.log FROM log l WHERE l.id = event.log) AS log, event, kind, epoch, seq, roster, headquarters, standing,
  event_line(line, event, (SELECT e.key FROM entity e WHERE e.id = event.entity)) AS line, -- as it was signed
  tail FROM event;

CREATE TABLE overstep( -- events that are kept but do not count
  event INTEGER PRIMARY KEY REFERENCES event(id), -- which one
  reason TEXT NOT NULL -- why not, for the coordinator
);
CREATE TABLE waiting( -- events that do not count yet
  event INTEGER PRIMARY KEY REFERENCES event(id), -- which one
  reason TEXT NOT NULL -- for what
);
CREATE TABLE conflict( -- fields that two hubs changed without seeing each other's change
  entity INTEGER NOT NULL REFERENCES entity(id), -- of which record
  field TEXT NOT NULL, -- which field
  PRIMARY KEY(entity, field)
) WITHOUT ROWID;
CREATE TABLE mailbox( -- who may write as the reporter of a report
  report INTEGER NOT NULL REFERENCES entity(id), -- which report
  text TEXT NOT NULL, -- "<id> <ssh-ed25519 key> <age1...>": the public part
  PRIMARY KEY(report, text)
) WITHOUT ROWID;
CREATE TABLE about( -- answers to be looked at again when what they answer changes: messages of a report, replies of a referral, takeovers of a transfer; and the transfers of a case
  key TEXT NOT NULL, -- of what is answered, or of the case
  answer INTEGER NOT NULL REFERENCES entity(id), -- which message, reply, takeover or transfer
  PRIMARY KEY(key, answer)
) WITHOUT ROWID;

CREATE TABLE owed( -- what is owed by a day in cases that are not closed, worked out from the records below (pending.c), for Today
  case_key TEXT NOT NULL, -- in which case
  kind TEXT NOT NULL, -- followup, action, plan, review (of the risk), reply
  key TEXT NOT NULL, -- of the record; of a reply its referral's, of a review the case's
  id INTEGER NOT NULL, -- its row
  due TEXT NOT NULL, -- by when
  whose TEXT NOT NULL, -- user name of whoever sees to it; empty: nobody here; name@log id: the case is that hub's, and so is the name
  doer TEXT NOT NULL, -- of an action who does it
  PRIMARY KEY(case_key, kind, key)
) WITHOUT ROWID;
CREATE INDEX owed_due ON owed(due, key);
CREATE INDEX owed_kind ON owed(kind, due, key);
CREATE INDEX owed_whose ON owed(whose, due, key);
CREATE INDEX owed_doer ON owed(doer, due, key) WHERE doer <> '';
CREATE TABLE unanswered( -- reports whose reporter waits for an answer (pending.c), for Today
  report TEXT PRIMARY KEY, -- key of the report
  message INTEGER NOT NULL, -- row of what they said last
  created TEXT NOT NULL -- when
) WITHOUT ROWID;
CREATE INDEX unanswered_created ON unanswered(created);
CREATE TABLE unchecked( -- referrals of which the guard is to be asked (again) (pending.c, obstacle.c)
  referral INTEGER PRIMARY KEY -- which, by its row
);
CREATE TABLE in_the_way( -- what it said of those that are on their way, where it was not: nothing (obstacle.c), for Today
  referral INTEGER PRIMARY KEY, -- which, by its row
  reason INTEGER NOT NULL, -- guard.h: enum guard_reason
  agency TEXT NOT NULL -- of which agency, a code of codes/perpetrators.csv
);

CREATE TABLE case_owner( -- whose a case is and was; only of cases that were transferred
  case_key TEXT NOT NULL, -- which case
  place INTEGER NOT NULL, -- 0 is the hub that made it; the greatest is the owner
  log TEXT NOT NULL, -- that hub's log id
  first_epoch INTEGER NOT NULL, -- from this commit of its log on
  first_seq INTEGER NOT NULL,
  last_epoch INTEGER, -- and up to this one; NULL: it owns the case, or nobody here knows until when it did
  last_seq INTEGER,
  PRIMARY KEY(case_key, place)
) WITHOUT ROWID;
CREATE INDEX case_owner_log ON case_owner(log, case_key);

-- From here on: the records. Every table begins with the same columns:
--   id        as in entity
--   key       names the record on every hub
--   home      log id of the hub that made it
--   created   when, by the clock of whoever made it (RFC 3339, UTC)
--   changed   when it was last changed; NULL: not since
--   updated   when it was made or last changed
--   author    user name of whoever made it; empty from the public form
--   conflicts how many of its fields have several values
-- then its fields, and last what SQLite itself works out of them, for sorting. What belongs to a case, and only ever is asked for
-- with it, is found through entity (entity_case) and has no index of its own; nor does it hold the keys that stand there: its table
-- has a _ behind its name, and to read it there is a view that adds them.

CREATE TABLE report( -- what somebody told us
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  what TEXT, -- what happened
  "when" TEXT, -- the day, month or year
  precision TEXT, -- how sure that is (codes/precision.csv)
  district TEXT, -- codes/districts.csv
  place TEXT, -- in their words
  who TEXT, -- who is at risk
  "by" TEXT, -- by whom
  needs TEXT, -- list: codes/needs.csv
  danger TEXT, -- is anyone in danger now: yes, no, unknown
  contact TEXT, -- safe ways to be reached
  consent TEXT, -- does the person know and agree
  language TEXT, -- the reporter's
  mailbox TEXT, -- public part of the reporter's mailbox
  how TEXT, -- how it reached us: form, visit, call, message, third-party
  state TEXT, -- new, opened, added, closed
  reason TEXT, -- why it was closed
  "case" TEXT, -- key of the case it became or was added to
  opened_at TEXT, -- when somebody first read it
  opened_by TEXT, -- who
  urgency INTEGER AS (CASE danger WHEN 'yes' THEN 0 WHEN 'no' THEN 2 ELSE 1 END), -- 0 emergency, 1 urgent, 2 normal
  due TEXT AS (strftime('%Y-%m-%dT%H:%M:%SZ', created,
    CASE danger WHEN 'yes' THEN '+24 hours' WHEN 'no' THEN '+14 days' ELSE '+72 hours' END)) -- when its triage clock runs out
);
CREATE INDEX report_state ON report(state, urgency, created);
CREATE INDEX report_case ON report("case") WHERE "case" <> '';
CREATE INDEX report_urgency ON report(urgency, created);

CREATE TABLE case_( -- what we do about it
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  ref TEXT, -- what people say on the phone: GUL-7K2QX
  alias TEXT, -- what the defender is called here
  summary TEXT, -- the story so far
  risk TEXT, -- low, medium, high, emergency
  state TEXT, -- open, in-progress, closed
  priority TEXT, -- among the cases of this office
  district TEXT, -- codes/districts.csv
  officer TEXT, -- user name of whoever follows it
  violations TEXT, -- list: codes/acts.csv
  perpetrators TEXT, -- list: codes/perpetrators.csv
  needs TEXT, -- list: codes/needs.csv
  reason TEXT, -- why it was closed
  outcome TEXT, -- with what result
  consent TEXT, -- what the person agreed to
  review TEXT, -- look at it again on this day
  threats TEXT, -- how strong the threats are: low, medium, high
  vulnerabilities TEXT, -- how exposed the person is
  capacities TEXT, -- how well they can protect themselves
  assessed TEXT, -- when these three were last looked at
  team TEXT, -- the organisation within the office that follows it; empty: the whole office
  restricted TEXT, -- yes: only those in readers, its officer and coordinators
  readers TEXT, -- list: user names
  retention TEXT, -- until when it is kept
  duplicate_of TEXT, -- key of the case that this one repeats
  shared TEXT, -- what headquarters gets: policy (the coalition's, also when empty), full, summary, none
  settled TEXT, -- list: events (<log>/<id>) of an earlier owner, written after the case had left it, on which its owner has decided
  named TEXT, -- which hubs said team, readers and officer, whose people those are: three log ids; "-" where nobody did
  is_closed INTEGER AS (state = 'closed'), -- 1 when closed
  is_apart INTEGER AS (coalesce(team, '') <> '' OR coalesce(restricted, '') = 'yes'), -- 1 when not for everybody who reads cases
  followed_by TEXT AS (coalesce(officer, '')), -- the officer; empty: nobody
  review_by TEXT AS (CASE WHEN review <> '' THEN review ELSE '9999' END), -- for sorting: without a date last
  pressing INTEGER AS (CASE risk WHEN 'emergency' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END) -- for sorting
);
CREATE INDEX case_state ON case_(state, pressing, updated DESC);
CREATE INDEX case_pressing ON case_(pressing, updated DESC);
CREATE INDEX case_ref ON case_(ref);
CREATE INDEX case_closed ON case_(is_closed, is_apart);
CREATE INDEX case_duplicate ON case_(duplicate_of) WHERE duplicate_of <> '';
CREATE INDEX case_review ON case_(is_closed, review_by);
CREATE INDEX case_followed ON case_(is_closed, followed_by, review_by);
CREATE INDEX case_retention ON case_(retention) WHERE retention <> '';

CREATE TABLE person_( -- who somebody in a case is: shown only when asked for, and that is written down (table audit)
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  part TEXT, -- defender, family, witness, reporter, other
  names TEXT, -- their names
  contacts TEXT, -- telephone, address
  gender TEXT, -- woman, man, another, unknown
  age TEXT, -- a band: child, 18-29 ...
  characteristics TEXT, -- list: codes/themes.csv
  theme TEXT, -- list: codes/themes.csv: what their work is about
  text TEXT -- what else to know
);

CREATE TABLE contact_( -- how to reach somebody without harm
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  channel TEXT, -- call, text, app, visit, through, other
  address TEXT, -- number, address or person
  hours TEXT, -- when it is safe
  phrase TEXT, -- words to begin with
  never_message TEXT, -- yes: never leave a message
  holders TEXT, -- who else holds the phone
  text TEXT -- what else to mind
);

CREATE TABLE plan_( -- a safety plan
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  at_risk TEXT, -- defender, provider, both
  risk_defender TEXT, -- what threatens the defender
  risk_provider TEXT, -- what threatens the provider
  measures TEXT, -- what is done
  personnel TEXT, -- security personnel, only where inevitable
  personnel_why TEXT, -- why they are
  personnel_agreed TEXT, -- who agreed to them
  review TEXT, -- look at it again on this day
  review_by TEXT AS (CASE WHEN review <> '' THEN review ELSE '9999' END) -- for sorting: without a date last
);

CREATE TABLE incident_( -- what was done to somebody
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  act TEXT, -- codes/acts.csv
  "when" TEXT, -- the day, month or year
  precision TEXT, -- codes/precision.csv
  district TEXT, -- codes/districts.csv
  place_kind TEXT, -- codes/places.csv
  perpetrator TEXT, -- codes/perpetrators.csv
  agency TEXT, -- name of the unit or group
  source TEXT, -- who says so
  reliability TEXT, -- first-hand, second-hand, rumour, document
  status TEXT, -- codes/violation-status.csv
  text TEXT -- what happened
);

CREATE TABLE consent( -- what the person agreed to
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  case_key TEXT, -- of which case
  purpose TEXT, -- for what
  to_whom TEXT, -- to whom
  not_to TEXT, -- not to whom
  agencies TEXT, -- list: codes/perpetrators.csv: agencies that they named and agree to
  how TEXT, -- spoken, written, recorded, through
  given TEXT, -- on this day
  withdrawn TEXT, -- on this day; empty while it holds
  text TEXT -- in their words
);

CREATE TABLE attachment_( -- a file in a case, sealed; its pieces lie in the folder files
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  name TEXT, -- what it is called
  kind TEXT, -- what kind of file
  size INTEGER, -- bytes, before sealing
  pieces TEXT, -- list: SHA-256 of each sealed piece
  identity TEXT, -- the age identity that opens the pieces
  text TEXT, -- what it shows
  state TEXT -- active, removed
);

CREATE TABLE referral( -- part of a case handed to a provider; both hubs hold it, and no other
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  case_key TEXT, -- of which case
  provider TEXT, -- key of the provider
  hub TEXT, -- log id of the provider's hub; empty: they have an account at none
  sender TEXT, -- log id of the hub that sees to it since the case went there; empty: the one in the key
  service TEXT, -- codes/needs.csv
  urgency TEXT, -- emergency, urgent, normal
  state TEXT, -- draft, sent, withdrawn; what the provider says stands in reply
  reason TEXT, -- why it is referred
  consent TEXT, -- key of the consent
  consent_text TEXT, -- what the person agreed to, in words
  sent_at TEXT, -- when
  expires TEXT, -- on this day
  appointment TEXT, -- when and where they meet
  withdrawn_why TEXT, -- why it was withdrawn
  override_by TEXT, -- who agreed to it in spite of a conflict of interest
  override_why TEXT, -- why
  pass TEXT, -- verifier of the one-time code on the slip
  ref TEXT, -- the case's reference; from here on what was ticked to go along
  alias TEXT, -- what the defender is called
  risk TEXT, -- low, medium, high, emergency
  district TEXT, -- codes/districts.csv
  summary TEXT, -- the story so far
  needs TEXT, -- list: codes/needs.csv
  violations TEXT, -- list: codes/acts.csv
  names TEXT, -- who it is
  contacts TEXT, -- how they are reached
  safe_contact TEXT, -- how they are reached without harm
  plan TEXT, -- the safety plan
  sent_by TEXT AS (CASE WHEN sender <> '' THEN sender ELSE home END), -- the hub that speaks as its sender
  until TEXT AS (CASE WHEN expires <> '' THEN substr(expires || '-99-99', 1, 10) ELSE '9999' END) -- for sorting: its last day; of a month its end
);
CREATE INDEX referral_case ON referral(case_key, created, key);
CREATE INDEX referral_hub ON referral(hub, created);
CREATE INDEX referral_provider ON referral(provider, created);
CREATE INDEX referral_pass ON referral(pass) WHERE pass <> '';
CREATE INDEX referral_sent_by ON referral(sent_by, created);
CREATE INDEX referral_open ON referral(sent_by, state, until);

CREATE TABLE reply( -- what came back on a referral, a step each
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  referral TEXT, -- key of the referral
  kind TEXT, -- accepted, declined, progress, done, proposal
  why TEXT, -- of declined: own-agency, already-received, not-applicable, person-declined, unavailable, other
  text TEXT, -- in words
  next TEXT, -- the next word is owed by this day
  provider TEXT, -- of proposal: key of the provider who could
  how TEXT, -- page, call, visit, slip
  who TEXT, -- who gave it, where staff wrote it down
  "on" TEXT -- on this day
);
CREATE INDEX reply_referral ON reply(referral, created, key);
CREATE INDEX reply_next ON reply(next) WHERE next <> '';

CREATE TABLE transfer( -- a case offered to another hub
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  case_key TEXT, -- of which case
  "to" TEXT, -- log id of that hub
  reason TEXT, -- why
  state TEXT, -- offered, withdrawn
  ref TEXT, -- what that hub sees before it accepts: the case's reference
  alias TEXT, -- what the defender is called
  risk TEXT, -- low, medium, high, emergency
  district TEXT -- codes/districts.csv
);
CREATE INDEX transfer_case ON transfer(case_key, created, key);
CREATE INDEX transfer_to ON transfer("to", state, created);
CREATE INDEX transfer_home ON transfer(home, created);

CREATE TABLE takeover( -- the other hub's answer to a transfer
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  transfer TEXT, -- key of the transfer
  kind TEXT, -- accepted, declined
  text TEXT, -- why
  epoch INTEGER, -- the old owner's log is followed up to here
  seq INTEGER -- and to this commit
);
CREATE INDEX takeover_transfer ON takeover(transfer, created, key);

CREATE TABLE provider( -- the directory: who can help, for the whole coalition
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  name TEXT, -- their name
  profession TEXT, -- codes/professions.csv
  organisation TEXT, -- where they work
  agency TEXT, -- codes/perpetrators.csv: the agency of the state they belong to, for the guard against conflicts of interest
  services TEXT, -- list: codes/needs.csv
  districts TEXT, -- list: codes/districts.csv
  languages TEXT, -- which they speak
  hours TEXT, -- when they can be reached
  capacity TEXT, -- free, few, full
  contact TEXT, -- how they are reached without harm
  "user" TEXT, -- the name they sign in with at the hub that made this; empty: they have no account
  vetted_by TEXT, -- who vouches for them
  vetted_on TEXT, -- since this day
  agreed_version INTEGER, -- which version of the principles they accepted
  agreed_on TEXT, -- when
  state TEXT -- active, paused, left
);
CREATE INDEX provider_state ON provider(state, name);
CREATE INDEX provider_user ON provider("user") WHERE "user" <> '';

CREATE TABLE principles( -- the coalition's guiding principles; the newest version counts
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  version INTEGER, -- rises
  text TEXT -- the principles
);
CREATE INDEX principles_version ON principles(version);

CREATE TABLE code( -- what the coalition added to a code list
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  list TEXT, -- acts, perpetrators, themes, needs, districts, violation-status, precision, places, professions
  label TEXT, -- as pages show it
  parent TEXT, -- the code of the same list that it comes under
  state TEXT, -- active; retired: shown on records that have it, offered no more
  code TEXT AS ('L' || substr(key, instr(key, '.') + 1)) -- what records say: nobody chooses it, and no two are alike
);
CREATE INDEX code_list ON code(list, label);

CREATE TABLE action_( -- what was agreed
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  what TEXT, -- what is to be done
  who TEXT, -- by whom
  provider TEXT, -- key of the provider, where it is one of the directory
  agreed TEXT, -- on this day
  due TEXT, -- by when
  state TEXT, -- open, done, dropped
  outcome TEXT, -- what came of it
  is_open INTEGER AS (state = 'open'), -- 1 while it is owed
  due_by TEXT AS (CASE WHEN due <> '' THEN due ELSE '9999' END) -- for sorting: without a date last
);

CREATE TABLE followup_( -- looking after it
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  due TEXT, -- when it is owed
  made TEXT, -- when it was made; empty while it is owed
  owner TEXT, -- user name of whoever sees to it
  by_whom TEXT, -- who made it
  how TEXT, -- by telephone, a visit ...
  result TEXT, -- progress, no-progress, unreachable, unsafe, closed
  next TEXT, -- when the next one is owed
  text TEXT, -- what was said
  missed TEXT, -- why it was not made by its day, and got another
  is_open INTEGER AS ((made IS NULL OR made = '') AND coalesce(result, '') <> 'closed'), -- 1 while it is owed; closed and never made: dropped with the case
  due_by TEXT AS (CASE WHEN due <> '' THEN due ELSE '9999' END) -- for sorting: without a date last
);

CREATE TABLE note_( -- what somebody wrote down in a case
  id INTEGER PRIMARY KEY, created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  text TEXT -- the note
);

CREATE TABLE message( -- to or from a reporter
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  report TEXT, -- key of the report
  "from" TEXT, -- reporter, office
  text TEXT, -- the message
  signature TEXT, -- the reporter's, by their mailbox's key
  kind TEXT, -- photo, seen, closed from the reporter, question from the office; empty: a text
  "on" TEXT, -- of seen: the day
  answers TEXT, -- of seen, list: keys of the office's messages that were read
  pieces TEXT, -- of a photo, list: SHA-256 of each sealed piece
  identity TEXT, -- of a photo: the age identity that opens the pieces
  size INTEGER -- of a photo: bytes
);
CREATE INDEX message_report ON message(report);

CREATE TABLE opened( -- how far people of a hub have opened what other hubs said of a record: one for each record, found by its key (arrival.c)
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  report TEXT, -- list: "<log id> <epoch> <seq>": what that hub had committed up to there, on the page of the report with this ULID
  "case" TEXT, -- the same on the page of the case
  referral TEXT, -- of the referral
  transfer TEXT -- of the offer
);

CREATE TABLE user( -- the people of this hub
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  name TEXT, -- what they type to sign in
  role TEXT, -- coordinator, officer, provider, facilitator
  team TEXT, -- the organisation within the office they belong to; empty: none
  slot TEXT, -- a keyholder's slot in keyring.json
  own TEXT, -- their own public key
  verifier TEXT, -- of those without a slot: Argon2id text
  state TEXT -- active, disabled
);
CREATE INDEX user_name ON user(name);
CREATE INDEX user_team ON user(team, state);

CREATE TABLE audit( -- what people of this hub did that must be answered for
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, home TEXT AS (substr(key, 1, 16)), created TEXT, changed TEXT, updated TEXT AS (coalesce(changed, created)), author TEXT, conflicts INTEGER,
  what TEXT, -- exported, looked up an identity ...
  who TEXT, -- user name
  "on" TEXT, -- what it was done to, in words
  record TEXT, -- key of the case or report that it was done to; of a part of a case the case's
  at TEXT, -- when
  prev TEXT, -- hex SHA-256 of the line of the entry that it follows; empty for the first
  n INTEGER -- one more than that entry's
);
CREATE INDEX audit_at ON audit(at, key);
CREATE INDEX audit_who ON audit(who, at, key);
CREATE INDEX audit_record ON audit(record, at, key);
CREATE TABLE trail( -- the links of the audit entries (trail.c)
  entry INTEGER PRIMARY KEY, -- row in audit
  hash TEXT NOT NULL, -- hex SHA-256 of its event's line: what the next one names
  prev TEXT NOT NULL, -- as in audit
  n INTEGER NOT NULL, -- as in audit; 0: written before there were links
  is_loose INTEGER NOT NULL -- 1 while the entry that it follows is not here
);
CREATE INDEX trail_hash ON trail(hash, n);
CREATE INDEX trail_prev ON trail(prev, n);
CREATE INDEX trail_n ON trail(n, hash);
CREATE INDEX trail_loose ON trail(is_loose) WHERE is_loose = 1;

CREATE VIEW person AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM person_ part;
CREATE VIEW contact AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM contact_ part;
CREATE VIEW plan AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM plan_ part;
CREATE VIEW incident AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM incident_ part;
CREATE VIEW attachment AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM attachment_ part;
CREATE VIEW action AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM action_ part;
CREATE VIEW followup AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM followup_ part;
CREATE VIEW note AS SELECT part.*, (SELECT e.key FROM entity e WHERE e.id = part.id) AS key, (SELECT substr(e.key, 1, 16) FROM entity e WHERE e.id = part.id) AS home,
  (SELECT e.case_key FROM entity e WHERE e.id = part.id) AS case_key FROM note_ part;

-- What people may look for in a record, a field a line: those that entities.c says are searched.
CREATE VIEW searched(id, text) AS SELECT search_row, CASE type
  WHEN 'report' THEN (SELECT iif(what <> '', what || char(10), '') || iif(place <> '', place || char(10), '')
    || iif(who <> '', who || char(10), '') || iif("by" <> '', "by" || char(10), '') || iif(contact <> '', contact || char(10), '')
    FROM report r WHERE r.id = entity.id)
  WHEN 'case' THEN (SELECT iif(ref <> '', ref || char(10), '') || iif(alias <> '', alias || char(10), '')
    || iif(summary <> '', summary || char(10), '') || iif(outcome <> '', outcome || char(10), '') FROM case_ r WHERE r.id = entity.id)
  WHEN 'incident' THEN (SELECT iif(text <> '', text || char(10), '') FROM incident r WHERE r.id = entity.id)
  WHEN 'attachment' THEN (SELECT iif(name <> '', name || char(10), '') || iif(text <> '', text || char(10), '')
    FROM attachment r WHERE r.id = entity.id AND state IS NOT 'removed')
  WHEN 'referral' THEN (SELECT iif(ref <> '', ref || char(10), '') FROM referral r WHERE r.id = entity.id)
  WHEN 'provider' THEN (SELECT iif(name <> '', name || char(10), '') || iif(organisation <> '', organisation || char(10), '')
    FROM provider r WHERE r.id = entity.id)
  WHEN 'action' THEN (SELECT iif(what <> '', what || char(10), '') || iif(who <> '', who || char(10), '')
    || iif(outcome <> '', outcome || char(10), '') FROM action r WHERE r.id = entity.id)
  WHEN 'note' THEN (SELECT iif(text <> '', text || char(10), '') FROM note r WHERE r.id = entity.id)
  END FROM entity WHERE search_row IS NOT NULL;

-- The words of these. A row's number begins with its record's time of creation, so that the newest come first without sorting. The
-- text itself is not held here again.
CREATE VIRTUAL TABLE search USING fts5(
  text,
  content = 'searched', content_rowid = 'id', columnsize = 0,
  tokenize = "unicode61 remove_diacritics 2"
);
