/**
 * Measures what passes through the proxy: rates over the last whole 2 s, latency percentiles over the last 5 s.
 * It exists so that a rule can ask for `avg(rps, 10s)` at the price of a few additions per request: every
 * call is constant time, every read sums a fixed ring of half-second slots.
 *
 * Example: 30 requests in each of the last four half-seconds, of which 6 failed:
 * `requestsPerSecond` is 60 and `errorRatio` is 0.05. A request of 12 ms counts in the bucket 11.3 .. 12.3 ms.
 */
import type { EpochMs } from '../../../model/time.ts'

/** Rates per second, latencies in milliseconds; `null` where nothing finished, so that no zero is invented. */
export interface ProxyReadings {
  /** Arrived (fleet) or sent there (instance), over the last whole two seconds. */
  readonly requestsPerSecond: number
  /** Sent to an instance and not yet answered in full. */
  readonly inFlight: number
  /** Waiting for an instance; per instance only those whose session is bound to it. */
  readonly queueLength: number
  readonly latencyP50Ms: number | null
  readonly latencyP95Ms: number | null
  readonly latencyP99Ms: number | null
  /** Answers of 500 and above, and requests that could not be answered. */
  readonly errorsPerSecond: number
  readonly errorRatio: number | null
  /** `false` until the meter is a whole slot old: before that its rates say nothing. */
  readonly settled: boolean
}

const SLOT_MS = 500
const RATE_SLOTS = 4
const LATENCY_SLOTS = 10
/** The slot being filled, and the whole ones before it. */
const SLOTS = LATENCY_SLOTS + 1

/** Eight buckets per doubling from 1/16 ms to 131 s: a percentile is off by 4.4 % at most. */
const PER_OCTAVE = 8
const LOWEST_OCTAVE = -4
const OCTAVES = 21
const BUCKETS = PER_OCTAVE * OCTAVES

export class Meter {
  readonly #arrived = new Uint32Array(SLOTS)
  readonly #finished = new Uint32Array(SLOTS)
  readonly #failed = new Uint32Array(SLOTS)
  readonly #latencies = new Uint32Array(SLOTS * BUCKETS)
  readonly #firstSlot: number
  #slot: number

  constructor(now: EpochMs) {
    this.#slot = Math.floor(now / SLOT_MS)
    this.#firstSlot = this.#slot
  }

  arrive(now: EpochMs): void {
    const at = this.#advance(now)
    this.#arrived[at] = (this.#arrived[at] ?? 0) + 1
  }

  /** `latencyMs` is null for a request that was refused rather than served: it has no latency to speak of. */
  finish(now: EpochMs, latencyMs: number | null, failed: boolean): void {
    const at = this.#advance(now)
    this.#finished[at] = (this.#finished[at] ?? 0) + 1
    if (failed) this.#failed[at] = (this.#failed[at] ?? 0) + 1
    if (latencyMs === null) return
    const bucket = at * BUCKETS + bucketOf(latencyMs)
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1
  }

  read(now: EpochMs, inFlight: number, queueLength: number): ProxyReadings {
    this.#advance(now)
    const whole = Math.min(RATE_SLOTS, this.#slot - this.#firstSlot)
    const seconds = (whole * SLOT_MS) / 1000
    const finished = this.#sum(this.#finished, whole)
    const failed = this.#sum(this.#failed, whole)
    const histogram = this.#histogram()
    return {
      requestsPerSecond: whole === 0 ? 0 : this.#sum(this.#arrived, whole) / seconds,
      inFlight,
      queueLength,
      latencyP50Ms: percentile(histogram, 0.5),
      latencyP95Ms: percentile(histogram, 0.95),
      latencyP99Ms: percentile(histogram, 0.99),
      errorsPerSecond: whole === 0 ? 0 : failed / seconds,
      errorRatio: finished === 0 ? null : failed / finished,
      settled: whole > 0,
    }
  }

  /** Empties the slots passed over since the last call. A clock set back adds to the newest slot. */
  #advance(now: EpochMs): number {
    const slot = Math.floor(now / SLOT_MS)
    if (slot > this.#slot) {
      const passed = Math.min(slot - this.#slot, SLOTS)
      for (let i = 1; i <= passed; i++) this.#empty((this.#slot + i) % SLOTS)
      if (slot - this.#slot >= SLOTS) for (let i = 0; i < SLOTS; i++) this.#empty(i)
      this.#slot = slot
    }
    return this.#slot % SLOTS
  }

  #empty(at: number): void {
    this.#arrived[at] = 0
    this.#finished[at] = 0
    this.#failed[at] = 0
    this.#latencies.fill(0, at * BUCKETS, (at + 1) * BUCKETS)
  }

  #sum(counts: Uint32Array, wholeSlots: number): number {
    let total = 0
    for (let i = 1; i <= wholeSlots; i++) total += counts[(this.#slot - i + SLOTS) % SLOTS] ?? 0
    return total
  }

  /** All slots, the one being filled too: a percentile needs no whole window. */
  #histogram(): Uint32Array {
    const merged = new Uint32Array(BUCKETS)
    for (let i = 0; i < this.#latencies.length; i++) {
      const bucket = i % BUCKETS
      merged[bucket] = (merged[bucket] ?? 0) + (this.#latencies[i] ?? 0)
    }
    return merged
  }
}

function bucketOf(latencyMs: number): number {
  const bucket = Math.floor((Math.log2(latencyMs) - LOWEST_OCTAVE) * PER_OCTAVE)
  return bucket >= 0 ? Math.min(bucket, BUCKETS - 1) : 0
}

/** Nearest rank: the smallest latency that at least this share of the requests did not exceed. */
function percentile(histogram: Uint32Array, share: number): number | null {
  let total = 0
  for (const count of histogram) total += count
  if (total === 0) return null
  const rank = Math.ceil(total * share)
  let seen = 0
  for (let bucket = 0; bucket < histogram.length; bucket++) {
    seen += histogram[bucket] ?? 0
    if (seen >= rank) return 2 ** ((bucket + 0.5) / PER_OCTAVE + LOWEST_OCTAVE)
  }
  return null
}
