/**
 * Carries out the custom actions that ticks began, beside them: one at a time per action, each once. What was begun is in
 * the fleet's memory before it runs, and its outcome is committed by a later tick, so that the journal knows of every run,
 * and a run that a restart cut off is recorded as interrupted instead of repeated.
 *
 * Example: revision 42 begins `web/42/run/1` (`provision`). It takes 20 s; the tick at revision 63 commits its outcome to
 * the entry of revision 42. Had the process died after 10 s, the next one would commit `failed`, `interrupted`, there.
 */
import type { JournalEntry } from '../model/journal.ts'
import type { Memory } from '../model/memory.ts'
import type { Outcome } from '../model/plan.ts'
import { type Run, runsOf } from '../model/run.ts'
import type { Mode } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'
import type { ScalingAction } from '../ports/scaling-action.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { LoopEvent } from './world.ts'

export interface ActionRunsWorld {
  readonly clock: Clock
  /** `null` when the configuration has no such action any more. */
  action(name: string): ScalingAction | null
  emit(event: LoopEvent): void
  /** An outcome waits to be committed by a tick. */
  wake(fleet: string): void
}

/** What a tick commits: outcomes of one earlier entry, and what goes on running. */
export interface SettledRuns {
  readonly outcomes: { readonly revision: number; readonly outcomes: readonly Outcome[] } | null
  readonly running: readonly Run[]
}

/** Waiting for their turn, per action; what comes on top is refused. */
const QUEUE = 50
/** Actions have timeouts of their own; this one ends what ignores its own. */
const LONGEST_RUN_MS = 3_900_000

interface Waiting {
  readonly run: Run
  readonly entry: JournalEntry
}

/** What happens to the fleet's instances only where actions are carried out without a question happens here too. */
export function beginsActions(mode: Mode): boolean {
  switch (mode) {
    case 'scale':
    case 'scale-and-notify':
      return true
    case 'notify':
    case 'recommend':
      return false
  }
}

export class ActionRuns {
  readonly #world: ActionRunsWorld
  readonly #queues = new Map<string, Waiting[]>()
  /** By id: `null` while it waits or runs. */
  readonly #known = new Map<string, Outcome | null>()
  readonly #closing = new AbortController()

  constructor(world: ActionRunsWorld) {
    this.#world = world
  }

  /**
   * Which runs of the memory have ended? One revision's outcomes at a time: a commit takes those of one entry, and the
   * tick after it the next.
   */
  settle({ runs }: Memory, at: EpochMs): SettledRuns {
    const revision = runs.find(({ id }) => this.#outcomeOf(id, at) !== null)?.revision
    if (revision === undefined) return { outcomes: null, running: runs }
    const outcomes: Outcome[] = []
    const running: Run[] = []
    for (const run of runs) {
      const outcome = run.revision === revision ? this.#outcomeOf(run.id, at) : null
      if (outcome === null) running.push(run)
      else outcomes.push(outcome)
    }
    return { outcomes: { revision, outcomes }, running }
  }

  /** The commit with these outcomes is durable. */
  settled(fleet: string, before: Memory, { outcomes, running }: SettledRuns): void {
    if (outcomes === null) return
    for (const outcome of outcomes.outcomes) {
      const known = this.#known.delete(outcome.action)
      const run = before.runs.find(({ id }) => id === outcome.action)
      // What ended in this process was told when it did.
      if (!known && run !== undefined) this.#world.emit({ type: 'ran', fleet, run, outcome })
    }
    if (running.some(({ id }) => this.#known.get(id) !== null)) this.#world.wake(fleet)
  }

  /** The commit that names these runs is durable: now they may happen. */
  begin(entry: JournalEntry, runs: readonly Run[]): void {
    for (const run of runs) {
      const queue = this.#queues.get(run.action)
      this.#known.set(run.id, null)
      if (queue === undefined) {
        this.#queues.set(run.action, [{ run, entry }])
        void this.#work(run.action)
      } else if (queue.length < QUEUE) {
        queue.push({ run, entry })
      } else {
        const error = `PLM-621 ${QUEUE} runs of "${run.action}" are under way or wait already, so this one was not begun. Give the action less to do, or a shorter timeout.`
        this.#end(entry.fleet, run, failed(run, 'refused', error, this.#world.clock.now()))
      }
    }
  }

  /** Ends what runs; what has no outcome yet is found interrupted at the next start. */
  close(): void {
    this.#closing.abort()
    this.#queues.clear()
  }

  #outcomeOf(id: string, at: EpochMs): Outcome | null {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    return {
      action: id,
      outcome: 'failed',
      kind: 'interrupted',
      error:
        'PLM-620 Plimsoll ended, or another process took over, before this was done; whether it was done is not known, and it is not run again.',
      at,
    }
  }

  async #work(action: string): Promise<void> {
    for (;;) {
      const next = this.#queues.get(action)?.[0]
      if (next === undefined || this.#closing.signal.aborted) break
      const outcome = await this.#run(next)
      if (this.#closing.signal.aborted) return
      this.#queues.get(action)?.shift()
      this.#end(next.entry.fleet, next.run, outcome)
    }
    this.#queues.delete(action)
  }

  async #run({ run, entry }: Waiting): Promise<Outcome> {
    const { id, rule, action: name } = run
    const { clock } = this.#world
    const action = this.#world.action(name)
    if (action === null) {
      return failed(run, 'misconfigured', `PLM-622 there is no action "${name}" any more.`, clock.now())
    }
    const request = { id, at: entry.at, fleet: entry.fleet, rule, action: name, decision: entry.decision }
    try {
      const { output } = await withDeadline(clock, LONGEST_RUN_MS, `run ${name} (${id})`, signal =>
        action.run(request, AbortSignal.any([signal, this.#closing.signal])),
      )
      return { action: id, outcome: 'done', instance: null, output, at: clock.now() }
    } catch (error) {
      const kind = error instanceof PluginError ? error.kind : 'unavailable'
      return failed(run, kind, reasonOf(error), clock.now())
    }
  }

  #end(fleet: string, run: Run, outcome: Outcome): void {
    this.#known.set(run.id, outcome)
    this.#world.emit({ type: 'ran', fleet, run, outcome })
    this.#world.wake(fleet)
  }
}

function failed({ id }: Run, kind: string, error: string, at: EpochMs): Outcome {
  return { action: id, outcome: 'failed', kind, error, at }
}

/** What this tick begins: in a mode that asks first, or only advises, nothing. */
export function runsToBegin(mode: Mode, entry: Pick<JournalEntry, 'decision' | 'revision'>): readonly Run[] {
  return beginsActions(mode) ? runsOf(entry.decision, entry.revision) : []
}
