/**
 * When may a decision turn by the clock alone? The ends of everything that waits: cooldowns, `for`, stabilization, rate
 * limits, the billing hour, schedule windows, overrides; and, for what is not known here, strides into the coming week.
 *
 * Example: last change 12:00 with 3 minutes out and 10 in, at 12:01: 12:03 "the cooldown ends" and 12:10, then strides.
 */
import type { Memory } from '../../model/memory.ts'
import type { Launches, Observation } from '../../model/observation.ts'
import { lastMinutesBegin } from '../../model/paid-hour.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

export interface Moment {
  readonly at: EpochMs
  /** What ends or begins then; `null` for a stride. */
  readonly what: string | null
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const FIRST_STRIDE_MS = 1_000
/** Doubling from a second: the last is a little over a week. */
const STRIDES = 20
/** A cut beyond these waits for a stride. */
const MOST_PAID_HOURS = 50

/** After `at`, in order; of several at one time the first that says what it is. */
export function comingMoments(
  spec: FleetSpec,
  { at, windows, overrides, launches }: Observation,
  memory: Memory,
): Moment[] {
  const moments: Moment[] = []
  const add = (when: EpochMs | null | undefined, what: string): void => {
    if (when !== null && when !== undefined && when > at) moments.push({ at: when, what })
  }
  for (const ms of cooldowns(spec, memory)) add((memory.lastChange?.at ?? at) + ms, 'the cooldown ends')
  for (const { name, forMs } of spec.rules) {
    if (forMs > 0) add((memory.trueSince[name] ?? at) + forMs, `"${name}" has held for long enough`)
  }
  for (const { at: made } of memory.recommendations) {
    add(made + spec.guards.stabilizationOutMs, 'the stabilization window ends')
    add(made + spec.guards.stabilizationInMs, 'the stabilization window ends')
  }
  for (const { periodMs } of [...spec.guards.rateOut.limits, ...spec.guards.rateIn.limits]) {
    for (const change of memory.changes) add(change.at + periodMs, 'the rate limit allows more')
  }
  for (const change of memory.changes) add(change.at + spec.warmupMs, 'the warm-up ends')
  add(memory.load.heldUntil, 'the outage guard lets go')
  for (const [name, window] of Object.entries(windows)) {
    add(window?.from, `"${name}" begins`)
    add(window?.to, `"${name}" ends`)
  }
  for (const { until } of overrides) add(until, 'an override ends')
  for (const hour of [0, 1, 2]) addBillingHour(spec, at - (at % HOUR_MS) + hour * HOUR_MS, add)
  if (launches !== undefined) addPaidHours(spec, launches, at, add)
  for (let n = 0; n < STRIDES; n++) moments.push({ at: at + FIRST_STRIDE_MS * 2 ** n, what: null })
  return inOrder(moments)
}

function cooldowns(spec: FleetSpec, { lastChange }: Memory): number[] {
  if (lastChange === null) return []
  const own = spec.rules.flatMap(({ cooldownMs }) => (cooldownMs === null ? [] : [cooldownMs]))
  return [spec.guards.cooldownOutMs, spec.guards.cooldownInMs, lastChange.cooldownMs, ...own]
}

function addBillingHour(spec: FleetSpec, hour: EpochMs, add: (when: EpochMs, what: string) => void): void {
  const { billingHour } = spec.guards
  if (billingHour?.by !== 'wall-clock') return
  add(hour, 'the billing hour begins')
  if (billingHour.inLastMinutes !== null) {
    add(hour + HOUR_MS - billingHour.inLastMinutes * MINUTE_MS, 'the last minutes of the billing hour begin')
  }
}

/** The nearest ends of hours come first. */
function addPaidHours(
  { guards }: FleetSpec,
  { open, booting }: Launches,
  at: EpochMs,
  add: (when: EpochMs, what: string) => void,
): void {
  const lastMinutes = guards.billingHour?.inLastMinutes
  if (lastMinutes == null) return
  for (const launchedAt of [...booting.slice(0, MOST_PAID_HOURS), ...open.slice(0, MOST_PAID_HOURS)]) {
    const begins = lastMinutesBegin(launchedAt, lastMinutes, at)
    add(begins > at ? begins : begins + HOUR_MS, "the last minutes of an instance's paid hour begin")
  }
}

function inOrder(moments: readonly Moment[]): Moment[] {
  const byTime = new Map<EpochMs, Moment>()
  for (const moment of moments) {
    if ((byTime.get(moment.at)?.what ?? null) === null) byTime.set(moment.at, moment)
  }
  return [...byTime.values()].sort((a, b) => a.at - b.at)
}
