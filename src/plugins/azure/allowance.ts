/**
 * How many calls Azure still allows. It says so with each answer, and what it says is kept to: nothing is asked before a
 * `Retry-After` has passed, and the last calls of a window are kept for launching and terminating.
 *
 * Example: an answer carries `GetVMScaleSetVM3Min;8`: for the next 30 s listing is refused here, without a call, and an instance can
 * still be deleted. An answer of 429 with `Retry-After: 12` refuses everything for 12 s.
 */
import type { Clock } from '../../ports/clock.ts'
import { PluginError } from '../../ports/plugin.ts'

/** `look`: only reads the fleet, and can be left out for a while. `act`: launches or terminates, with the readings for it. */
export type Purpose = 'look' | 'act'

/** Of each budget that reads use, so many calls are left to launching and terminating. */
const KEPT_FOR_ACTING = 10
/** Budgets fill up again by and by: what was said longer ago holds no more. */
const SAID_FOR_MS = 30_000
/** Where Azure does not say when to come back. */
const PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 300_000
/** More names than Azure has. */
const MOST_BUDGETS = 50

interface Said {
  readonly remaining: number
  readonly at: number
}

export interface AnswerHeaders {
  get(name: string): string | undefined
}

export class Allowance {
  readonly #clock: Pick<Clock, 'now'>
  readonly #budgets = new Map<string, Said>()
  #pausedUntil = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  observe(status: number, headers: AnswerHeaders): void {
    const now = this.#clock.now()
    for (const [name, remaining] of budgetsIn(headers.get('x-ms-ratelimit-remaining-resource') ?? '')) {
      if (this.#budgets.has(name) || this.#budgets.size < MOST_BUDGETS) {
        this.#budgets.set(name, { remaining, at: now })
      }
    }
    if (status !== 429 && status !== 503) return
    const pauseMs = Math.min(retryAfterMs(headers, now) ?? PAUSE_MS, LONGEST_PAUSE_MS)
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs)
  }

  /** @throws PluginError PLM-762, when nothing may be asked now */
  require(purpose: Purpose, what: string): void {
    const now = this.#clock.now()
    if (now < this.#pausedUntil) throw throttled(what, 'Azure asked to wait', this.#pausedUntil - now)
    for (const [name, { remaining, at }] of this.#budgets) {
      const least = purpose === 'look' && isForReading(name) ? KEPT_FOR_ACTING : 0
      const leftMs = at + SAID_FOR_MS - now
      if (leftMs > 0 && remaining <= least && (isForReading(name) || purpose === 'act')) {
        throw throttled(what, `Azure allows ${remaining} more calls of ${name}`, leftMs)
      }
    }
  }

  /** The smallest that was said lately, in words; `null` where nothing was said. */
  describe(): string | null {
    const since = this.#clock.now() - SAID_FOR_MS
    const lately = [...this.#budgets].filter(([, { at }]) => at >= since)
    const [least] = lately.sort(([, a], [, b]) => a.remaining - b.remaining)
    return least === undefined ? null : `${least[1].remaining} calls of ${least[0]} left`
  }
}

/** `GetVMScaleSetVM3Min;499,GetVMScaleSetVM30Min;2499`, also with the provider in front of each. */
function* budgetsIn(text: string): Generator<readonly [string, number]> {
  for (const part of text.split(',')) {
    const [, name, remaining] = /([A-Za-z0-9]+);(\d{1,9})\s*$/.exec(part) ?? []
    if (name !== undefined && remaining !== undefined) yield [name, Number(remaining)]
  }
}

function isForReading(name: string): boolean {
  return /get|view|list/i.test(name)
}

/** In seconds, or a date. */
function retryAfterMs(headers: AnswerHeaders, now: number): number | null {
  const text = headers.get('retry-after')
  if (text === undefined) return null
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

function throttled(what: string, saw: string, waitMs: number): PluginError {
  const seconds = Math.ceil(waitMs / 1000)
  return new PluginError(
    'throttled',
    `PLM-762 did not ${what}: ${saw}. It is asked again in ${seconds} s at the earliest. Where this repeats, look at the fleet less often (\`every\`).`,
    { retryAfterMs: Math.ceil(waitMs) },
  )
}
