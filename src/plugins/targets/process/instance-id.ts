/**
 * Names for instances that are never used twice, also when the daemon starts anew and forgets its counter.
 *
 * Example: a daemon started 27,000,000 seconds into 2026 names the instances of "web shop"
 * `web-shop-g2pc0x7-1`, `web-shop-g2pc0x7-2`, ...: five digits of seconds (base 36), two of chance, a counter.
 */
const EPOCH_MS = Date.UTC(2026, 0, 1)

export function instanceIds(fleet: string, startedAt: number, chance: () => number): () => string {
  const seconds = Math.max(0, Math.floor((startedAt - EPOCH_MS) / 1000))
  const start = seconds.toString(36).padStart(5, '0')
  const digits = Math.floor(chance() * 36 * 36)
    .toString(36)
    .padStart(2, '0')
  const prefix = `${fleet.replace(/[^A-Za-z0-9_.-]+/g, '-')}-${start}${digits}`
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count}`
  }
}
