/**
 * The tables of a state file, and the two numbers in its header that say whose it is and which version.
 *
 * Example: `application_id` 0x504c4d53 ("PLMS") and `user_version` 5 is ours to open; 2 to 4 are brought up to 5
 * where they lie; 6 was written by a newer Plimsoll and is refused untouched.
 *
 * Counts and times are REAL, which is what a JavaScript number is; SQLite keeps whole ones as small integers.
 * The index on the journal holds every column of the timeline, so pictures never read the entries themselves.
 */

/** What makes an SQLite file one of ours, and how to make one. */
export interface FileForm {
  readonly applicationId: number
  readonly version: number
  /** Older ones are refused, those from here on brought up to date. */
  readonly oldestVersion: number
  readonly tables: readonly string[]
  readonly schema: string
  /** What later versions added beside the first tables; `newest` tells whether all of it is there. */
  readonly added: { readonly tables: string; readonly newest: string } | null
}

export const APPLICATION_ID = 0x50_4c_4d_53
/**
 * Version 3 keeps what operators changed at run time: an older Plimsoll, which would scale a fleet that somebody paused,
 * must not open it. Version 4 keeps the notices that nobody has taken yet, which an older one would leave lying. Version
 * 5 remembers who an instance is, how well it is and that it was sealed, which an older one would not see.
 */
export const SCHEMA_VERSION = 5
/** Brought up to date when opened for writing, and read as it is. Version 1 never left the workshop. */
export const OLDEST_VERSION = 2

export const TABLES = ['fleets', 'leases', 'specs', 'journal', 'series', 'samples']

export const SCHEMA = `
CREATE TABLE fleets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  -- Deflated JSON with its checksum: a flipped bit is found, not believed.
  memory BLOB NOT NULL
) STRICT;

CREATE TABLE leases (
  fleet TEXT NOT NULL PRIMARY KEY,
  holder TEXT,
  epoch INTEGER NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE specs (
  digest TEXT NOT NULL PRIMARY KEY,
  saved_at REAL NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  revision INTEGER NOT NULL,
  at REAL NOT NULL,
  changed INTEGER NOT NULL,
  open REAL,
  pending REAL,
  draining REAL,
  desired REAL,
  lowest REAL NOT NULL,
  highest REAL NOT NULL,
  rule TEXT,
  spec_digest TEXT NOT NULL,
  outcomes BLOB,
  entry BLOB NOT NULL,
  PRIMARY KEY (fleet, revision)
) STRICT;
CREATE INDEX journal_timeline
  ON journal (fleet, at, revision, open, pending, draining, desired, lowest, highest, rule);
CREATE INDEX journal_changes ON journal (fleet, revision) WHERE changed = 1;
CREATE INDEX journal_specs ON journal (spec_digest);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  fleet TEXT NOT NULL,
  metric TEXT NOT NULL,
  rows INTEGER NOT NULL,
  UNIQUE (fleet, metric)
) STRICT;

-- instance '' is a sample of the fleet as a whole.
CREATE TABLE samples (
  series INTEGER NOT NULL REFERENCES series (id),
  at REAL NOT NULL,
  instance TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (series, at, instance, value)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`

/** The table that was added last: a file of this version that lacks it has only the first tables yet. */
export const NEWEST_TABLE = 'waiting_notices'

/** Tables that later versions added beside the others. Reading a file that lacks one finds nothing in it. */
export const ADDED_TABLES = `
CREATE TABLE IF NOT EXISTS setting_changes (
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  version INTEGER NOT NULL,
  at REAL NOT NULL,
  setting TEXT NOT NULL,
  -- JSON: a boolean, a number or a text.
  from_value TEXT NOT NULL,
  to_value TEXT NOT NULL,
  rule TEXT,
  PRIMARY KEY (fleet, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS overrides (
  fleet TEXT NOT NULL,
  subject TEXT NOT NULL,
  id TEXT NOT NULL,
  override TEXT NOT NULL,
  UNIQUE (fleet, subject)
) STRICT;

-- Numbers are never used twice, also after the oldest are gone; an approval is answered once.
CREATE TABLE IF NOT EXISTS acts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fleet TEXT,
  at REAL NOT NULL,
  approval TEXT UNIQUE,
  act TEXT NOT NULL
) STRICT;

-- What a tick saw of the sessions, for fleets that have slots; gone with the journal entry of the same revision.
CREATE TABLE IF NOT EXISTS journal_sessions (
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  revision INTEGER NOT NULL,
  in_use REAL,
  slots REAL,
  waiting REAL NOT NULL,
  PRIMARY KEY (fleet, revision)
) STRICT, WITHOUT ROWID;

-- The id says the order.
CREATE TABLE IF NOT EXISTS waiting_notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fleet TEXT NOT NULL,
  notifier TEXT NOT NULL,
  notice TEXT NOT NULL,
  taken_at REAL NOT NULL,
  waiting TEXT NOT NULL,
  UNIQUE (notifier, notice)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting_notices_fleet ON waiting_notices (fleet, id);

PRAGMA user_version = ${SCHEMA_VERSION};
`

export const STATE_FORM: FileForm = {
  applicationId: APPLICATION_ID,
  version: SCHEMA_VERSION,
  oldestVersion: OLDEST_VERSION,
  tables: TABLES,
  schema: SCHEMA,
  added: { tables: ADDED_TABLES, newest: NEWEST_TABLE },
}
