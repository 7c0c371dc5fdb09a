/**
 * Waits for instances to be listed: looks, asks how the operations go, and looks again, less and less often.
 *
 * Example: two are launched in zone 1 and one is started. The first look finds the started one; the operation in zone 1 fails. One more look, since
 * some may be there all the same, and it is over: nothing is waited for any longer.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Underway } from '../../azure/underway.ts'
import { pause, within } from '../../azure/waiting.ts'
import type { Vm } from './vm-state.ts'

/** What some orders wait for. */
export class Wait {
  readonly tokens: readonly string[]
  /** What is started for them; null: they wait for new ones. */
  readonly vm: Vm | null
  readonly #underway: Underway | null
  #state: 'going' | 'done' | 'refused' | 'over' = 'going'
  #refused: PluginError | null = null

  constructor(tokens: readonly string[], underway: Underway | null, vm: Vm | null) {
    this.tokens = tokens
    this.vm = vm
    this.#underway = underway
    if (underway === null) this.#state = 'done'
  }

  /** Why Azure gave up, if it did. */
  get refused(): PluginError | null {
    return this.#refused
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** After a look. */
  async ask(signal: AbortSignal): Promise<void> {
    if (this.#state === 'refused') this.#state = 'over'
    if (this.#state !== 'going' || this.#underway === null) return
    try {
      if (await this.#underway.isDone(signal)) this.#state = 'done'
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      if (error.kind !== 'refused') return
      this.#refused = error
      this.#state = 'refused'
    }
  }
}

export interface Looking {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long in all. */
  readonly appearMs: number
  /** Between two looks, at first. */
  readonly lookEveryMs: number
  /** It has no instance yet. */
  readonly isOpen: (token: string) => boolean
  readonly look: (signal: AbortSignal) => Promise<void>
}

const LONGEST_PAUSE_MS = 5_000

export function awaitAll(waits: readonly Wait[], looking: Looking): Promise<void> {
  const { clock, signal, appearMs, isOpen } = looking
  const open = () => waits.filter(wait => !wait.isOver && wait.tokens.some(isOpen))
  return within(clock, appearMs, signal, async late => {
    let pauseMs = looking.lookEveryMs
    while (open().length > 0 && !late.aborted) {
      try {
        await looking.look(late)
        for (const wait of open()) await wait.ask(late)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        // What is begun goes on; whoever asks next finds it.
        if (error.kind !== 'unavailable') return
      }
      if (open().length === 0) return
      await pause(clock, pauseMs, late)
      pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)
    }
  })
}
