/**
 * Leases in SQLite: one row per fleet that outlives its holders, so that epochs only ever grow.
 *
 * Example: a holds epoch 3 until 12:00:30. At 12:00:31 b acquires it and gets epoch 4; a's next commit, made
 * under epoch 3, is refused.
 */
import type { EpochMs } from '../../../model/time.ts'
import type { Lease } from '../../../ports/state-store.ts'
import { type Database, numberOf } from './database.ts'

export function currentEpoch(database: Database, fleet: string): number {
  const row = database.get('SELECT epoch FROM leases WHERE fleet = ?', fleet)
  return row === null ? 0 : numberOf(database, row, 'epoch')
}

export function acquire(
  database: Database,
  fleet: string,
  holder: string,
  now: EpochMs,
  ttlMs: number,
): Lease | null {
  const row = database.get('SELECT holder, epoch, expires_at FROM leases WHERE fleet = ?', fleet)
  const mine = row?.holder === holder
  if (row !== null && !mine && row.holder !== null && numberOf(database, row, 'expires_at') > now) return null
  const before = row === null ? 0 : numberOf(database, row, 'epoch')
  const epoch = mine ? before : before + 1
  const expiresAt = now + ttlMs
  database.run(
    `INSERT INTO leases (fleet, holder, epoch, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (fleet) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, expires_at = excluded.expires_at`,
    fleet,
    holder,
    epoch,
    expiresAt,
  )
  return { fleet, holder, epoch, expiresAt }
}

/** Does nothing when the lease has gone to someone else since. */
export function release(database: Database, lease: Lease): void {
  database.run(
    'UPDATE leases SET holder = NULL, expires_at = 0 WHERE fleet = ? AND holder = ? AND epoch = ?',
    lease.fleet,
    lease.holder,
    lease.epoch,
  )
}
