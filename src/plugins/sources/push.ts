/**
 * Metrics that are posted to us. Each sample waits, bounded, until every fleet that uses its metric has read it once;
 * what cannot be taken is refused sample by sample, with the reason.
 *
 * Example: at 12:00 a post of `orders` samples for 11:58, 12:00:30 and 13:00: two are accepted (late and a little early
 * ones are), the third refused: "its time is 60 min ahead of ours; at most 60 s are taken". The tick at 12:00 reads the
 * first, the one after 12:00:30 the second.
 */
import { type Labels, LONGEST_LABEL, MOST_LABELS, type Sample, seriesOf } from '../../model/sample.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MetricQuery } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { PushedSample, PushResult, PushSource } from '../../ports/push.ts'

/** Samples kept per metric; when more come before they are read, the oldest posted go. */
const MOST_PER_METRIC = 10_000
const FURTHEST_AHEAD_MS = 60_000
const EARLIEST = Date.UTC(2000, 0, 1)
const LONGEST_NAME = 200

interface Held {
  readonly sample: Sample
  readonly fleet: string | null
  readonly key: string
}

/** What one metric holds, in the order posted. `first` is the number, ever growing, of the oldest held. */
interface Buffer {
  held: Held[]
  first: number
  keys: Set<string>
  /** Some fleet has read all before this number. */
  readUpTo: number
  /** Gone before any fleet read them. */
  dropped: number
}

/** How far one (fleet, metric) has read. `early`: samples passed by because their time had not come. */
interface Cursor {
  next: number
  early: Held[]
}

export function createPushSource(clock: Clock): PushSource {
  const buffers = new Map<string, Buffer>()
  const cursors = new Map<string, Cursor>()
  const wakes = new Set<(fleet: string | null) => void>()
  let closed = false

  function bufferOf(metric: string): Buffer {
    const known = buffers.get(metric)
    if (known !== undefined) return known
    const fresh: Buffer = { held: [], first: 0, keys: new Set(), readUpTo: 0, dropped: 0 }
    buffers.set(metric, fresh)
    return fresh
  }

  function readOne({ fleet, reader, metric }: MetricQuery, window: Interval): Sample[] {
    const buffer = buffers.get(metric.name)
    if (buffer === undefined) return []
    const key = JSON.stringify([fleet, metric.name, reader ?? fleet])
    const cursor = cursors.get(key) ?? { next: 0, early: [] }
    cursors.set(key, cursor)
    const start = Math.max(0, cursor.next - buffer.first)
    const candidates = [...cursor.early, ...buffer.held.slice(start)]
    cursor.next = buffer.first + buffer.held.length
    buffer.readUpTo = cursor.next
    const mine = candidates.filter(held => held.fleet === null || held.fleet === fleet)
    cursor.early = mine.filter(({ sample }) => sample.at > window.to).slice(-MOST_PER_METRIC)
    return mine
      .filter(({ sample }) => window.from < sample.at && sample.at <= window.to)
      .map(({ sample }) => sample)
      .sort((a, b) => a.at - b.at)
  }

  return {
    push(samples, known, fleets): PushResult {
      if (closed)
        throw new PluginError('unavailable', 'PLM-370 samples are no longer taken: Plimsoll is ending')
      const now = clock.now()
      const refused: { index: number; because: string }[] = []
      const woken = new Set<string | null>()
      samples.forEach((sample, index) => {
        const because = refusal(sample, known, now) ?? unknownFleet(sample.fleet, fleets)
        if (because !== null) refused.push({ index, because })
        else if (hold(bufferOf(sample.metric), sample)) woken.add(sample.fleet ?? null)
      })
      for (const wake of wakes) {
        if (woken.has(null)) wake(null)
        else for (const fleet of woken) wake(fleet)
      }
      return { accepted: samples.length - refused.length, refused }
    },

    async read(queries, window, signal) {
      if (signal.aborted)
        throw new PluginError('unavailable', 'PLM-371 the read of pushed samples was called off')
      return queries.map(query => ({ samples: readOne(query, window) }))
    },

    subscribe(wake) {
      // A wrapper of its own, so that one subscriber may subscribe twice.
      const listener = (fleet: string | null) => wake(fleet)
      wakes.add(listener)
      return () => wakes.delete(listener)
    },

    async check() {
      const held = [...buffers.values()].reduce((sum, buffer) => sum + buffer.held.length, 0)
      const dropped = [...buffers].filter(([, buffer]) => buffer.dropped > 0)
      const lost = dropped.map(([metric, buffer]) => `${buffer.dropped} of ${metric}`).join(', ')
      const tail = lost === '' ? '' : `; pushed faster than kept, the oldest dropped: ${lost}`
      return { ok: !closed, detail: closed ? 'closed' : `${held} samples held${tail}` }
    },

    async close() {
      closed = true
      buffers.clear()
      cursors.clear()
      wakes.clear()
    },
  }
}

/** `false` when it is held already: the same sample posted again, as after a lost answer. */
function hold(buffer: Buffer, pushed: PushedSample): boolean {
  const { at, value, instance, labels } = pushed
  const fleet = pushed.fleet ?? null
  const key = JSON.stringify([fleet, at, value, seriesOf(pushed) ?? null])
  if (buffer.keys.has(key)) return false
  buffer.keys.add(key)
  const sample: Sample = {
    at,
    value,
    ...(instance === undefined ? {} : { instance }),
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
  }
  buffer.held.push({ sample, fleet, key })
  // Cut back now and then rather than at every sample, which would move the whole list each time.
  if (buffer.held.length >= 2 * MOST_PER_METRIC) forget(buffer, buffer.held.length - MOST_PER_METRIC)
  return true
}

function forget(buffer: Buffer, count: number): void {
  for (const { key } of buffer.held.splice(0, count)) buffer.keys.delete(key)
  const firstUnread = Math.max(buffer.first, buffer.readUpTo)
  buffer.first += count
  buffer.dropped += Math.max(0, buffer.first - firstUnread)
}

/** Why a sample is not taken; `null` when it is. */
function refusal(sample: PushedSample, known: ReadonlySet<string>, now: EpochMs): string | null {
  const { metric, fleet, at, value, instance, labels } = sample
  if (!known.has(metric)) return unknownMetric(metric, known)
  if (!Number.isFinite(value)) return `its value is ${value}; a sample needs a finite number`
  return (
    timeRefusal(at, now) ??
    nameRefusal('instance', instance) ??
    nameRefusal('fleet', fleet) ??
    labelRefusal(labels)
  )
}

function timeRefusal(at: EpochMs, now: EpochMs): string | null {
  if (!Number.isFinite(at)) return `its time is ${at}; it must be milliseconds since 1970`
  if (at > now + FURTHEST_AHEAD_MS) {
    return `its time is ${duration(at - now)} ahead of ours; at most ${FURTHEST_AHEAD_MS / 1000} s are taken`
  }
  if (at >= EARLIEST) return null
  const inSeconds = at * 1000 >= EARLIEST && at * 1000 <= now + FURTHEST_AHEAD_MS
  const hint = inSeconds ? '; it looks like seconds, where milliseconds are meant' : ''
  return `its time ${at} is before the year 2000${hint}`
}

function nameRefusal(what: string, name: string | undefined): string | null {
  if (name === undefined) return null
  if (name === '') return `its ${what} has no name; leave it out for a sample of the whole`
  return name.length <= LONGEST_NAME
    ? null
    : `the name of its ${what} has ${name.length} characters; at most ${LONGEST_NAME} are taken`
}

function labelRefusal(labels: Labels | undefined): string | null {
  const entries = Object.entries(labels ?? {})
  if (entries.length > MOST_LABELS) return `it has ${entries.length} labels; at most ${MOST_LABELS} are taken`
  for (const [label, value] of entries) {
    if (label === '') return 'one of its labels has no name'
    const longest = Math.max(label.length, value.length)
    if (longest > LONGEST_LABEL)
      return `its label "${label.slice(0, 40)}" has ${longest} characters; at most ${LONGEST_LABEL} are taken`
  }
  return null
}

function unknownMetric(metric: string, known: ReadonlySet<string>): string {
  const shown = metric.length <= LONGEST_NAME ? metric : `${metric.slice(0, LONGEST_NAME)}...`
  const names = [...known].sort().slice(0, 20)
  const those = names.length === 0 ? 'no metric is pushed' : `pushed metrics are ${names.join(', ')}`
  return `there is no pushed metric "${shown}"; ${those}`
}

function unknownFleet(fleet: string | undefined, fleets: ReadonlySet<string> | undefined): string | null {
  if (fleet === undefined || fleets === undefined || fleets.has(fleet)) return null
  return `there is no fleet "${fleet}"; fleets are ${[...fleets].sort().slice(0, 20).join(', ')}`
}

function duration(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
