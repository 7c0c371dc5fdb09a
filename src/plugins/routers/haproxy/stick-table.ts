/**
 * Sessions as entries of a stick table: one for each user who made a request within the table's `expire`.
 *
 * A new HAProxy process has an empty table unless the old one teaches it (a `peers` section with the local peer), and an
 * empty table looks like nobody being there. So we leave a mark in a table we believe. A later process that has the mark
 * was taught the rest too; one that has not is believed only after its own uptime exceeds `expire`, when even the
 * last user of before has come back or is over.
 *
 * Example: `expire 30m`, reload without peers at 12:00: loads are unknown until 12:30. With peers: known at 12:00:10.
 */

export interface StickTable {
  readonly type: string
  readonly size: number
  readonly used: number
  /** Entries by the number of their server. */
  readonly byServer: ReadonlyMap<number, number>
  /** From the entry we wrote just now; 0: entries never expire. `null`: it is not there. */
  readonly expireMs: number | null
  readonly isMarked: boolean
}

export interface OwnKeys {
  /** Written anew at each reading, to learn how long entries live. */
  readonly probe: string
  /** The mark. */
  readonly mark: string
}

const KEYS: Readonly<Record<string, OwnKeys>> = {
  string: { probe: 'plimsoll-probe', mark: 'plimsoll-mark' },
  ip: { probe: '255.255.255.254', mark: '255.255.255.253' },
  ipv6: { probe: '100::1', mark: '100::2' },
  integer: { probe: '4294967294', mark: '4294967293' },
}

export function ownKeys(type: string): OwnKeys | null {
  return Object.hasOwn(KEYS, type) ? (KEYS[type] ?? null) : null
}

/** Its type, from the first line of `show table`; `null`: there is no such table in this text. */
export function tableType(text: string, table: string): string | null {
  for (const { 1: name, 2: type } of text.matchAll(/^# table: ([^,]+), type: (\w+), size:/gm)) {
    if (name === table) return type ?? null
  }
  return null
}

/** `null`: this is no such answer, or was cut short. */
export function readTable(text: string, keys: OwnKeys): StickTable | null {
  const header = /^# table: [^,]+, type: (\w+), size:(\d+), used:(\d+)/m.exec(text)
  if (header === null) return null
  const byServer = new Map<number, number>()
  let expireMs: number | null = null
  let isMarked = false
  for (const line of linesOf(text, header.index + header[0].length)) {
    const {
      1: key = '',
      2: expires,
      3: server,
    } = / ?key=(\S+).* exp=(\d+)(?:.* server_id=(\d+))?/.exec(line) ?? []
    if (expires === undefined) return null
    if (key === keys.probe) expireMs = Number(expires)
    if (key === keys.mark) isMarked = true
    if (server === undefined || server === '0') continue
    byServer.set(Number(server), (byServer.get(Number(server)) ?? 0) + 1)
  }
  const { 1: type = '', 2: size, 3: used } = header
  return { type, size: Number(size), used: Number(used), byServer, expireMs, isMarked }
}

/** Without making an array of them: a table may have a hundred thousand. */
function* linesOf(text: string, from: number): Generator<string> {
  for (let at = text.indexOf('\n', from); at >= 0; ) {
    const end = text.indexOf('\n', at + 1)
    const line = text.slice(at + 1, end < 0 ? text.length : end)
    if (line.trim() !== '') yield line
    at = end
  }
}

/** Why what the table says cannot be taken for all there is; `null`: it can. */
export function whyDoubtful(table: StickTable, uptimeMs: number, resyncMs: number): string | null {
  const { expireMs, isMarked, used, size } = table
  if (expireMs === null) return 'the entry written to learn how long entries live is not there'
  if (used >= size) return `the stick table is full (${size} entries), and entries of users are being dropped`
  if (uptimeMs > expireMs) return null
  const up = `HAProxy has been up for ${Math.round(uptimeMs / 1000)} s`
  if (!isMarked) {
    return `${up}, and entries live for ${Math.round(expireMs / 1000)} s: users of before may have none`
  }
  return uptimeMs < resyncMs ? `${up}, and may not have been taught its whole stick table yet` : null
}
