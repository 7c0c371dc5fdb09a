/**
 * What sources have in common that fetch when they are asked: the same question is asked once per read however many
 * metrics need it, only so many at a time, and one that fails is a gap for those metrics and for no other.
 *
 * Example: three metrics with pointers into one URL and one of another make two requests.
 */
import type { EpochMs, Interval } from '../../model/time.ts'
import type { MetricAnswer, MetricQuery } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'

const AT_ONCE = 8

/** What to fetch for one query, and how to read the answer. */
export interface Question<T> {
  /** Equal keys are fetched once. */
  readonly key: string
  fetch(signal: AbortSignal): Promise<T>
  read(answer: T, at: EpochMs): MetricAnswer
}

export async function poll<T>(
  queries: readonly MetricQuery[],
  window: Interval,
  signal: AbortSignal,
  now: () => EpochMs,
  ask: (query: MetricQuery) => Question<T>,
): Promise<MetricAnswer[]> {
  const at = Math.min(now(), window.to)
  // A window that ended before now, or has not begun, is not one that a fresh sample could be in.
  if (at <= window.from) return queries.map(() => ({ samples: [] }))
  const turns = takeTurns(AT_ONCE)
  const fetched = new Map<string, Promise<T>>()
  const answers = queries.map(async query => {
    try {
      const question = ask(query)
      const known = fetched.get(question.key)
      const answer = known ?? turns(() => question.fetch(signal))
      if (known === undefined) fetched.set(question.key, answer)
      return question.read(await answer, at)
    } catch (error) {
      if (error instanceof PluginError) return { gap: error.message }
      throw error
    }
  })
  return await Promise.all(answers)
}

/** Runs what it is given, at most `most` at a time, in order; who finishes hands its turn on. */
function takeTurns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = most
  return async work => {
    if (free > 0) free -= 1
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
