/**
 * A fleet's rules over a list of sessions: every one is placed by the session broker and lasts as long as it did, and instances are
 * closed, drained and ended as they would be.
 *
 * Example: the rides of three months over `reserve: 25%`: none refused, none lost, 5.7 % more instance-hours than the least possible.
 */
import type { Spec } from '../model/spec.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { StateStore } from '../ports/state-store.ts'
import { createMemorySessionLog } from '../sessions/memory-log.ts'
import { type SaidModel, USUAL_BOOT_MS } from './assumed-model.ts'
import { fleetOf } from './backtest.ts'
import { LabError } from './lab-error.ts'
import { drawBootMs } from './service.ts'
import type { BootTime, ServiceModel } from './service-model.ts'
import { type ReplayOptions, type ReplayScore, replaySessions } from './session-replay.ts'
import { seededRandom } from './simulation/seeded-random.ts'
import { spanText } from './span-text.ts'
import type { SessionTrace } from './trace.ts'

export interface SessionBacktestOptions {
  readonly spec: Spec
  readonly fleet: string
  readonly trace: SessionTrace
  readonly model: SaidModel
  readonly calendar: Calendar
  readonly seed: number
  /** Empty. */
  readonly store: StateStore
  readonly onProgress?: ReplayOptions['onProgress']
}

export interface SessionBacktest {
  readonly name: string
  readonly trace: SessionTrace
  readonly slotsPerInstance: number
  readonly model: Pick<ServiceModel, 'boot'>
  readonly score: ReplayScore
  /** Of the model, a sentence each. */
  readonly assumed: readonly string[]
}

/** Ended sessions the log remembers, so that a late release is known. */
const ENDED_KEPT = 100

export async function backtestSessions(options: SessionBacktestOptions): Promise<SessionBacktest> {
  const { spec, trace, calendar, seed, store } = options
  const fleet = fleetOf(spec, options.fleet)
  const { slotsPerInstance } = fleet.sessions
  if (slotsPerInstance === null) {
    throw new LabError(
      'PLM-727',
      `${trace.name} is a list of sessions, and fleet ${fleet.name} does not say how many an instance holds. Say it with sessions: { slotsPerInstance: 20 }.`,
    )
  }
  const { boot, notes: assumed } = sessionModelOf(options.model)
  const random = seededRandom(seed)
  const score = await replaySessions({
    spec: { ...fleet, health: null, mode: 'scale', routers: [{ type: 'broker', options: {} }] },
    sessions: trace.sessions,
    seed,
    store,
    log: createMemorySessionLog({ keepEnded: ENDED_KEPT }),
    startAt: trace.startAt,
    drawBootMs: () => drawBootMs(boot, () => random.next()),
    calendar,
    schedules: spec.schedules,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  })
  return { name: fleet.name, trace, slotsPerInstance, model: { boot }, score, assumed }
}

/** Keys of the service model as they are said, of which a list of sessions has no use. */
const LEFT_ASIDE: Readonly<Partial<Record<keyof SaidModel, string>>> = {
  perInstance: 'per-instance',
  warmupMs: 'warmup',
  warmupShare: 'warmup-share',
  excess: 'queue',
  drainMs: 'drain',
  metricDelayMs: 'delay',
  everyMs: 'every',
  initial: 'initial',
  standard: 'standard',
}

/** Sessions need no model but how long an instance boots: how many it holds, who waits and how it drains is up to the fleet. */
export function sessionModelOf(said: SaidModel): { boot: BootTime; notes: readonly string[] } {
  const { boot = { kind: 'constant', ms: USUAL_BOOT_MS } } = said
  const keys = Object.entries(LEFT_ASIDE).flatMap(([key, word]) => (key in said ? [word] : []))
  const assumed = `Assumed, since nothing says otherwise: an instance boots for ${spanText(USUAL_BOOT_MS)}. --model boot=90s would say so.`
  const unused = `Of --model only boot plays a part in a list of sessions; left aside: ${keys.join(', ')}.`
  return {
    boot,
    notes: [...(said.boot === undefined ? [assumed] : []), ...(keys.length > 0 ? [unused] : [])],
  }
}
