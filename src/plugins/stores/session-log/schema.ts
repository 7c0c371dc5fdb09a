/**
 * The tables of a file of sessions. Every append is one row of `batches`, at the end of the file: few pages to write,
 * however many sessions there are. Some thousand records later they are folded, some at a time, into `sessions` (what is
 * still true) and `ended` (what was), so that opening never reads more than those few thousand.
 *
 * Example: 9,000 live sessions after a day of 40,000: 9,000 rows in `sessions` or fewer, up to 8,192 records in `batches`, and the latest 10,000
 * ended ones in some 40 rows of `ended`.
 *
 * `application_id` 0x504c4d58 is "PLMX". Each text has its CRC-32 beside it: a flipped bit is found, not believed.
 */
import type { FileForm } from '../sqlite/schema.ts'

export const SESSIONS_FORM: FileForm = {
  applicationId: 0x50_4c_4d_58,
  version: 1,
  oldestVersion: 1,
  tables: ['fleets', 'batches', 'sessions', 'ended'],
  added: null,
  schema: `
CREATE TABLE fleets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL
) STRICT;

-- records: JSON, an array of so many.
CREATE TABLE batches (
  seq INTEGER PRIMARY KEY,
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  count INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  records TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  number INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  session TEXT NOT NULL,
  PRIMARY KEY (fleet, number)
) STRICT, WITHOUT ROWID;

-- sessions: JSON, an array of those that ended, oldest first.
CREATE TABLE ended (
  seq INTEGER PRIMARY KEY,
  fleet INTEGER NOT NULL REFERENCES fleets (id),
  count INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  sessions TEXT NOT NULL
) STRICT;
CREATE INDEX ended_of_fleet ON ended (fleet, seq, count);

PRAGMA application_id = 0x504c4d58;
PRAGMA user_version = 1;
`,
}
