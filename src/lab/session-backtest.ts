/**
 * A fleet's rules over a list of sessions: every one is placed by the session broker and lasts as long as it did, and instances are
 * closed, drained and ended as they would be.
 *
 * Example: the rides of three months over `reserve: 25%`: none refused, none lost, 5.7 % more instance-hours than the least possible.
 */
import { compileFleet } from '../engine/compile.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { StateStore } from '../ports/state-store.ts'
import { createMemorySessionLog } from '../sessions/memory-log.ts'
import { type MeasuredBoot, measuredSaid, type SaidModel, USUAL_BOOT_MS } from './assumed-model.ts'
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
  /** Boot times of the record. */
  readonly measured?: MeasuredBoot | null
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
      `${trace.name} is ${trace.recorded === undefined ? 'a list of sessions' : 'played by its sessions'}, and fleet ${fleet.name} does not say how many an instance holds. Say it with sessions: { slotsPerInstance: 20 }.`,
    )
  }
  const { boot, initial, notes } = sessionModelOf(options.model, options.measured)
  const began = beginningOf(trace, initial, slotsPerInstance)
  const blind = withoutMetrics(fleet)
  const random = seededRandom(seed)
  const score = await replaySessions({
    spec: { ...blind.fleet, health: null, mode: 'scale', routers: [{ type: 'broker', options: {} }] },
    sessions: trace.sessions,
    seed,
    store,
    log: createMemorySessionLog({ keepEnded: ENDED_KEPT }),
    startAt: trace.startAt,
    drawBootMs: () => drawBootMs(boot, () => random.next()),
    initial: began.initial,
    ...(trace.lengthMs === undefined ? {} : { lengthMs: trace.lengthMs }),
    calendar,
    schedules: spec.schedules,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  })
  const assumed = [...notes, ...began.notes, ...blind.notes]
  return { name: fleet.name, trace, slotsPerInstance, model: { boot }, score, assumed }
}

interface Beginning {
  readonly initial: number
  readonly notes: readonly string[]
}

/** As many instances as were said or recorded, and enough for those who were there already: nobody asks for a place again. */
function beginningOf(trace: SessionTrace, said: number | null, slotsPerInstance: number): Beginning {
  if (trace.recorded === undefined || said !== null) return { initial: said ?? 0, notes: [] }
  const there = trace.sessions.findLastIndex(({ atMs }) => atMs === 0) + 1
  const recorded = Math.round(trace.recorded.initial)
  const needed = Math.ceil(there / slotsPerInstance)
  if (needed <= recorded) return { initial: recorded, notes: [] }
  const note = `It begins with ${needed} instances instead of the ${recorded} that were recorded: fewer could not hold the ${there} sessions that were there.`
  return { initial: needed, notes: [note] }
}

/** A rule that sees nothing would withhold what others do. */
function withoutMetrics(fleet: FleetSpec): { readonly fleet: FleetSpec; readonly notes: readonly string[] } {
  const blind = compileFleet(fleet).rules.filter(({ operands }) => operands.length > 0)
  const rules = fleet.rules.filter(rule => !blind.some(one => one.rule === rule))
  const names = blind.filter(({ rule }) => rule.enabled).map(({ rule }) => `"${rule.name}"`)
  const note = `Not played: ${names.join(', ')}, which ${names.length === 1 ? 'goes' : 'go'} by metrics. A record of sessions has none.`
  return { fleet: { ...fleet, rules, outageGuard: null }, notes: names.length === 0 ? [] : [note] }
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
  standard: 'standard',
}

export interface SessionModel {
  readonly boot: BootTime
  /** Instances that are ready at the beginning; `null`: nobody said. */
  readonly initial: number | null
  readonly notes: readonly string[]
}

/**
 * Sessions need no model but how long an instance boots and how many there are at first: how many it holds, who waits and how it
 * drains is up to the fleet.
 */
export function sessionModelOf(said: SaidModel, measured: MeasuredBoot | null = null): SessionModel {
  const boot = said.boot ?? measured?.boot ?? { kind: 'constant', ms: USUAL_BOOT_MS }
  const keys = Object.entries(LEFT_ASIDE).flatMap(([key, word]) => (key in said ? [word] : []))
  const assumed = `Assumed, since nothing says otherwise: an instance boots for ${spanText(USUAL_BOOT_MS)}. --model boot=90s would say so.`
  const unused = `Of --model only boot and initial play a part here; left aside: ${keys.join(', ')}.`
  const found = measured === null ? assumed : measuredSaid(measured)
  return {
    boot,
    initial: said.initial ?? null,
    notes: [...(said.boot === undefined ? [found] : []), ...(keys.length > 0 ? [unused] : [])],
  }
}
