/**
 * A runtime without a loop: the real memory store, a clock the test sets, and ticks the test makes happen. It keeps
 * what was pushed and who was woken, for the test to look at.
 *
 * Example: `await standIn.tick('web', { at: T0, instances: [instance('web-1')], cpu: 83.2 })` commits the entry,
 * makes it the latest and emits the tick.
 */
import type { Served } from '../../src/api/served.ts'
import { createOperator } from '../../src/loop/operate.ts'
import type { PushedSample, PushResult, RuntimeHealth } from '../../src/loop/runtime.ts'
import type { LoopEvent, TickReport } from '../../src/loop/world.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import type { Memory } from '../../src/model/memory.ts'
import type { Sample } from '../../src/model/sample.ts'
import type { Spec } from '../../src/model/spec.ts'
import type { EpochMs } from '../../src/model/time.ts'
import { createMemoryStore } from '../../src/plugins/stores/memory.ts'
import { nextEntry, type Seen, specOf, T0, webFleet } from './journal.ts'

export interface StandIn extends Served {
  at: EpochMs
  healthNow: RuntimeHealth
  readonly pushed: PushedSample[]
  readonly woken: (string | null)[]
  readonly listeners: ReadonlySet<(event: LoopEvent) => void>
  tick(fleet: string, seen: Seen, samples?: readonly Sample[]): Promise<JournalEntry>
  report(report: TickReport): void
  emit(event: LoopEvent): void
}

export function createStandIn(spec: Spec = specOf(webFleet())): StandIn {
  const store = createMemoryStore()
  const memories = new Map<string, Memory>()
  const latest = new Map<string, JournalEntry>()
  const reports = new Map<string, TickReport>()
  const listeners = new Set<(event: LoopEvent) => void>()

  const standIn: StandIn = {
    at: T0,
    healthNow: { live: true, ready: true, detail: 'every fleet ticks' },
    pushed: [],
    woken: [],
    listeners,
    clock: { now: () => standIn.at, after: () => () => {} },
    store,
    spec: () => spec,
    latest: fleet => latest.get(fleet) ?? null,
    lastReport: fleet => reports.get(fleet) ?? null,
    push: samples => take(samples, spec, standIn.pushed),
    wake: fleet => {
      standIn.woken.push(fleet)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    health: async () => standIn.healthNow,
    broker: () => null,
    reports: () => null,
    operator: createOperator({
      clock: { now: () => standIn.at, after: () => () => {} },
      store,
      spec: () => spec,
      wake: fleet => standIn.wake(fleet),
      emit: event => standIn.emit(event),
    }),
    configuring: {
      apply: async () => ({ outcome: 'no-file' }),
      rollBack: async () => ({ outcome: 'no-file' }),
      versions: limit => store.listSpecs(limit),
    },
    emit: event => {
      for (const listener of listeners) listener(event)
    },
    report(report) {
      reports.set(report.fleet, report)
      standIn.emit({ type: 'tick', report })
    },
    async tick(name, seen, samples = []) {
      const fleet = spec.fleets[name]
      if (fleet === undefined) throw new Error(`the stand-in has no fleet ${name}`)
      const { entry, memory, changes } = nextEntry(fleet, memories.get(name) ?? null, seen)
      await store.commit({
        fleet: name,
        epoch: 1,
        parentRevision: entry.memory.revision,
        memory,
        entry,
        outcomes: null,
        samples: [{ metric: 'cpu', samples }],
        settings: changes,
      })
      memories.set(name, memory)
      latest.set(name, entry)
      standIn.at = Math.max(standIn.at, seen.at)
      const { settings } = memory
      if (settings !== entry.memory.settings) {
        const { settings: decided } = entry.decision
        standIn.emit({ type: 'settings', fleet: name, at: seen.at, settings, changes, decided })
      }
      if (samples.length > 0) standIn.emit({ type: 'samples', fleet: name, metric: 'cpu', samples })
      standIn.report({ outcome: 'ticked', fleet: name, at: seen.at, entry })
      return entry
    },
  }
  return standIn
}

/** Takes what names a known metric, like the real one. */
function take(samples: readonly PushedSample[], spec: Spec, pushed: PushedSample[]): PushResult {
  const refused: { index: number; because: string }[] = []
  for (const [index, sample] of samples.entries()) {
    if (Object.hasOwn(spec.metrics, sample.metric)) pushed.push(sample)
    else refused.push({ index, because: `there is no metric "${sample.metric}"` })
  }
  return { accepted: samples.length - refused.length, refused }
}
