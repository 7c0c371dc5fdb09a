/**
 * Puts an explanation together: the journalled tick, the rules it was decided by (those of its time, read back from the
 * store), and what the engine says about them.
 *
 * Example: `explainEntry(source, entry, { whyNot: 'Scale up', next: true })` for the tick of 12:04 under a configuration
 * that has changed since reads the text kept under the entry's digest.
 */
import { parseConfig } from '../config/load.ts'
import { decide } from '../engine/decide.ts'
import { type Next, nextSteps } from '../engine/next.ts'
import { type WhyNot, whyNot } from '../engine/why-not.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { StateStore } from '../ports/state-store.ts'
import { noSuchRule, rulesNotKept } from './failure.ts'
import { journalledDecision } from './views.ts'

export interface ExplanationSource {
  readonly store: Pick<StateStore, 'readSpec'>
  /** The configuration at hand; used when it is the one of the tick. */
  readonly spec: Spec | null
}

export interface ExplanationAsked {
  readonly whyNot: string | null
  readonly next: boolean
}

export interface Explanation {
  readonly fleet: string
  readonly at: EpochMs
  readonly revision: number
  readonly decision: ReturnType<typeof journalledDecision>
  readonly whyNot: WhyNot | null
  readonly next: Next | null
  readonly remark: string | null
}

/** Throws an `ApiError` PLM-486 for a rule the fleet did not have, PLM-487 when its rules are not kept. */
export async function explainEntry(
  source: ExplanationSource,
  entry: JournalEntry,
  asked: ExplanationAsked,
): Promise<Explanation> {
  const told = {
    fleet: entry.fleet,
    at: entry.at,
    revision: entry.revision,
    decision: journalledDecision(entry),
  }
  if (asked.whyNot === null && !asked.next) return { ...told, whyNot: null, next: null, remark: null }
  const spec = await specOf(source, entry)
  const fleet = spec?.fleets[entry.fleet]
  if (spec === null || fleet === undefined) throw rulesNotKept(entry.fleet, entry.specDigest)
  const { observation, memory } = entry
  return {
    ...told,
    whyNot: asked.whyNot === null ? null : askWhyNot(fleet, entry, asked.whyNot),
    next: asked.next ? nextSteps(fleet, observation, memory, windowsOf(spec, fleet)) : null,
    remark: isReplayed(fleet, entry)
      ? null
      : 'the rules kept for this tick do not give its decision again (another version of Plimsoll decided it, or its rules came from a host program): what follows is by the rules kept',
  }
}

function askWhyNot(fleet: FleetSpec, entry: JournalEntry, rule: string): WhyNot {
  const answer = whyNot(fleet, entry, rule)
  if (answer !== null) return answer
  throw noSuchRule(
    entry.fleet,
    rule,
    fleet.rules.map(({ name }) => name),
  )
}

/** As it was decided, or one cannot speak for it. */
function isReplayed(fleet: FleetSpec, { observation, memory, decision }: JournalEntry): boolean {
  return JSON.stringify(decide(fleet, observation, memory).decision) === JSON.stringify(decision)
}

async function specOf({ store, spec }: ExplanationSource, entry: JournalEntry): Promise<Spec | null> {
  if (spec?.digest === entry.specDigest) return spec
  const text = await store.readSpec(entry.specDigest)
  if (text === null) return null
  for (const unknown of UNKNOWN) {
    const where = { file: 'plimsoll.yaml', env: environmentOf(text, unknown), readFile: () => unknown }
    const read = parseConfig(text, where)
    if (read.ok) return read.loaded.spec
  }
  return null
}

/** Stands for what a reference gave then, whose value is no part of a rule: a word, an address, a number. */
const UNKNOWN: readonly string[] = ['not-kept', 'https://not-kept.invalid', '127.0.0.1:1', '1']

/** The environment of this process, and something for every name it does not have. */
function environmentOf(text: string, unknown: string): Readonly<Record<string, string | undefined>> {
  const names = [...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name = '']) => [name, unknown])
  return { ...Object.fromEntries(names), ...process.env }
}

let calendar: Calendar | null = null

/** The windows in force, or next, of every schedule the fleet's rules name. */
function windowsOf(spec: Spec, fleet: FleetSpec): (at: EpochMs) => Record<string, Interval | null> {
  const names = new Set(
    [...fleet.constraints.map(rule => rule.schedule), ...fleet.rules.map(rule => rule.during)].filter(
      name => name !== null,
    ),
  )
  return at => {
    calendar ??= createCalendar()
    const windows: Record<string, Interval | null> = {}
    for (const name of names) {
      const schedule = spec.schedules[name]
      if (schedule !== undefined) windows[name] = calendar.window(schedule, at)
    }
    return windows
  }
}
