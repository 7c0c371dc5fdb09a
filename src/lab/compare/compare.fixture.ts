/**
 * Journals of a fleet that recommends beside somebody else: made-up counts and readings, real decisions.
 *
 * Example: `comparisonOf([{ minute: 0, theirs: 4, cpu: 50 }, { minute: 1, theirs: 4, cpu: 90 }], { minutes: 2 })` has Plimsoll at one
 * more in its second minute.
 */
import { instance, nextEntry, T0, webFleet } from '../../../test/builders/journal.ts'
import type { Instance } from '../../model/inventory.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Memory } from '../../model/memory.ts'
import type { Override } from '../../model/override.ts'
import type { FleetSpec, Mode } from '../../model/spec.ts'
import { type Comparison, compare } from './comparison.ts'
import { ComparedRecord } from './record.ts'
import { sightingOf } from './sighting.ts'

export const MINUTE = 60_000

export interface Scripted {
  /** After T0. */
  readonly minute: number
  /** As many plain instances; `null`: the target could not be asked. */
  readonly theirs: number | null
  readonly cpu: number | null
  /** In place of plain ones. */
  readonly instances?: readonly Instance[]
  readonly mode?: Mode | 'unrecorded'
  readonly overrides?: readonly Override[]
  readonly change?: (entry: JournalEntry) => JournalEntry
}

export const FLEET = webFleet({ mode: 'recommend' })

export function entriesOf(script: readonly Scripted[], fleet: FleetSpec = FLEET): readonly JournalEntry[] {
  let memory: Memory | null = null
  return script.map(({ minute, theirs, cpu, instances, mode = 'recommend', overrides, change }) => {
    const plain = Array.from({ length: theirs ?? 0 }, (_, n) => instance(`web-${n + 1}`))
    const next = nextEntry(fleet, memory, {
      at: T0 + minute * MINUTE,
      instances: instances ?? plain,
      cpu,
      blind: theirs === null,
      ...(mode === 'unrecorded' ? {} : { mode }),
      ...(overrides === undefined ? {} : { overrides }),
    })
    memory = next.memory
    // In these modes nothing is carried out.
    const entry = { ...next.entry, outcomes: [] }
    return change?.(entry) ?? entry
  })
}

export interface Within {
  readonly from?: number
  /** The window ends there. */
  readonly minutes: number
  readonly fleet?: FleetSpec
}

/** As the command reads a journal: newest first, and one entry from before the window. */
export function comparisonOf(script: readonly Scripted[], { from = 0, minutes, fleet }: Within): Comparison {
  const window = { from: T0 + from * MINUTE, to: T0 + minutes * MINUTE }
  const entries = entriesOf(script, fleet)
  const record = new ComparedRecord()
  for (const entry of entries.toReversed()) {
    if (entry.at >= window.from && entry.at < window.to) record.take(entry)
  }
  const earlier = entries.findLast(({ at }) => at < window.from)
  const { sightings, removals, isCut } = record
  const before = earlier === undefined ? null : sightingOf(earlier)
  return compare({ fleet: 'web', window, sightings, removals, isCut, before })
}
