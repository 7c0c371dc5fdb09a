/**
 * The service model of a replay: what the operator said of it, else what the rules and the record say, else what is usual; and in
 * words which is which, because a score is worth no more than the model behind it.
 *
 * Example: with `--model boot=90s` and a rule `serve: { perInstance: 100, ... }` an instance serves 100 "as rule "Serve" says", boots
 * for 90 s, and what finds no room is lost, which is assumed and said to be.
 */
import { type FleetSpec, looksAhead, type ReactiveRule } from '../model/spec.ts'
import type { Feeds } from './feeds.ts'
import { LabError } from './lab-error.ts'
import { type BootTime, instancesFor, type ServiceModel } from './service-model.ts'
import { bootText, numberText, spanText } from './span-text.ts'
import { STANDARD_BOOT_MS, standardPerInstance } from './standard-setting.ts'
import type { LoadTrace } from './trace.ts'

export type SaidModel = Partial<ServiceModel> & { readonly standard?: boolean }

export interface AssumedModel {
  readonly model: ServiceModel
  /** Where what nobody said comes from, a sentence each. */
  readonly notes: readonly string[]
}

/** Where nothing is said. */
export const USUAL_BOOT_MS = 180_000
const MOST_EVERY_MS = 60_000
/** A record that needs more is played in the wrong unit, or would take all day. */
const MOST_INSTANCES = 100_000

interface Known {
  readonly fleet: FleetSpec
  /** Whose rules say what an instance serves and how long it boots, the first that does: the fleet's own, or both of a comparison. */
  readonly rules: readonly ReactiveRule[]
  readonly feeds: Feeds
  readonly trace: LoadTrace
  /** As instances booted while it was recorded; `null`: nobody knows. */
  readonly measured: MeasuredBoot | null
}

export interface MeasuredBoot {
  readonly boot: BootTime
  /** How many launches it was measured on. */
  readonly launches: number
}

export function assumedModel(said: SaidModel, known: Known): AssumedModel {
  const { fleet, trace } = known
  const isStandard = said.standard === true
  const capacity = capacityOf(said, known)
  const boot = bootOf(said, known)
  const excess = said.excess ?? { kind: 'lost' }
  const assumed = [
    ...(boot.isAssumed
      ? [{ what: `an instance boots for ${spanText(USUAL_BOOT_MS)}`, word: 'boot=90s' }]
      : []),
    ...(said.excess === undefined && !isStandard
      ? [{ what: 'load without room is lost', word: 'queue=30s' }]
      : []),
  ]
  return {
    model: {
      perInstance: capacity.perInstance,
      boot: boot.boot,
      warmupMs: said.warmupMs ?? 0,
      warmupShare: said.warmupShare ?? 0,
      excess,
      drainMs: said.drainMs ?? 0,
      metricDelayMs: said.metricDelayMs ?? 0,
      everyMs:
        said.everyMs ??
        (isStandard ? trace.stepMs : Math.max(fleet.everyMs, Math.min(trace.stepMs, MOST_EVERY_MS))),
      initial: said.initial ?? (isStandard ? null : firstRecorded(known.feeds)),
    },
    notes: [...capacity.notes, ...boot.notes, ...assumedSaid(assumed)],
  }
}

interface Assumed {
  readonly what: string
  /** Of `--model`, as an example. */
  readonly word: string
}

function assumedSaid(assumed: readonly Assumed[]): readonly string[] {
  if (assumed.length === 0) return []
  const what = assumed.map(one => one.what).join('; ')
  const words = assumed.map(({ word }) => word).join(',')
  return [`Assumed, since nothing says otherwise: ${what}. --model ${words} would say so.`]
}

interface Capacity {
  readonly perInstance: number
  readonly notes: readonly string[]
}

function capacityOf(said: SaidModel, known: Known): Capacity {
  const capacity = foundCapacity(said, known)
  const { feeds, trace } = known
  const most = instancesFor(highestOf(feeds.load), capacity.perInstance)
  if (most <= MOST_INSTANCES) return capacity
  throw new LabError(
    'PLM-725',
    `one instance serves ${numberText(capacity.perInstance)}, and ${trace.name} has up to ${numberText(highestOf(feeds.load))} a bin: that needs ${most} instances, and no more than ${MOST_INSTANCES} are played. Is --model per-instance in the unit of the load, for a whole bin?`,
  )
}

/** Said; else by the unit of what was recorded; else by a rule that has to know it. */
function foundCapacity({ perInstance, standard }: SaidModel, known: Known): Capacity {
  const { rules, feeds, trace } = known
  if (perInstance !== undefined) return { perInstance, notes: [] }
  if (standard === true) {
    const found = standardPerInstance(feeds.load)
    const fiftieth = "a fiftieth of the load's 99th percentile"
    return {
      perInstance: found,
      notes: [`An instance serves ${numberText(found)}: ${fiftieth} (--model standard).`],
    }
  }
  if (feeds.perInstance !== null) {
    const full = numberText(feeds.perInstance)
    return {
      perInstance: feeds.perInstance,
      notes: [`An instance is full at ${full}, as the unit of its metric says.`],
    }
  }
  const rule = rules.filter(looksAhead).find(({ enabled }) => enabled)
  if (rule !== undefined) {
    const note = `An instance serves ${numberText(rule.perInstance)} of the load, as rule "${rule.name}" says.`
    return { perInstance: rule.perInstance, notes: [note] }
  }
  throw new LabError(
    'PLM-725',
    `how much of the load one instance serves is not known, and without it ${trace.name} cannot be replayed. Say it with --model per-instance=100 (in the unit of the load per bin), let \`plimsoll fit\` find it, or take --model standard.${ofSessions(known.fleet)}`,
  )
}

function ofSessions({ name, sessions: { slotsPerInstance } }: FleetSpec): string {
  if (slotsPerInstance === null) return ''
  const holds = `An instance of ${name} holds ${slotsPerInstance} sessions`
  return ` ${holds}: of a count of sessions that is --model per-instance=${slotsPerInstance}; \`reserve\` wants a list of them (start,end).`
}

interface Boot {
  readonly boot: BootTime
  readonly isAssumed: boolean
  readonly notes: readonly string[]
}

/** What was measured counts for more than what a rule states, as it does for the daemon. */
function bootOf({ boot, standard }: SaidModel, { rules, measured }: Known): Boot {
  if (boot !== undefined) return { boot, isAssumed: false, notes: [] }
  if (standard === true) return { boot: constant(STANDARD_BOOT_MS), isAssumed: false, notes: [] }
  if (measured !== null) {
    return { boot: measured.boot, isAssumed: false, notes: [measuredSaid(measured)] }
  }
  const stated = rules.flatMap(rule => (rule.kind === 'serve' && rule.enabled ? (rule.bootMs ?? []) : []))[0]
  return { boot: constant(stated ?? USUAL_BOOT_MS), isAssumed: stated === undefined, notes: [] }
}

export function measuredSaid({ boot, launches }: MeasuredBoot): string {
  const as = launches === 1 ? 'the one recorded launch' : `the ${launches} recorded launches`
  return `An instance boots as ${as} did: ${bootText(boot)}.`
}

function constant(ms: number): BootTime {
  return { kind: 'constant', ms }
}

/** A replay of what was recorded begins with as many as there were. */
function firstRecorded({ recorded }: Feeds): number | null {
  const first = recorded?.find(count => !Number.isNaN(count))
  return first === undefined ? null : Math.round(first)
}

function highestOf(load: Float64Array): number {
  return load.reduce((most, value) => (value > most ? value : most), 0)
}
