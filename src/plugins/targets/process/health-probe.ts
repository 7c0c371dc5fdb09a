/**
 * Asks an instance's health endpoint again and again, one question at a time, each with a deadline. It says what
 * it saw; what that means for the instance is decided in `instance.ts`.
 *
 * Example: with `everyMs: 500, timeoutMs: 1000`, a stopped process is asked at 0 s, answers nothing, and
 * `onAnswer({ ok: false, because: 'no answer within 1000 ms' })` is called at 1 s, 2.5 s, 4 s ...
 */
import { type Dispatcher, request } from 'undici'
import type { Clock } from '../../../ports/clock.ts'

const BODY_BYTES = 65_536

export type ProbeAnswer = { readonly ok: true } | { readonly ok: false; readonly because: string }

export interface ProbeOptions {
  readonly url: string
  readonly timeoutMs: number
  /** Asked after every answer: how long to wait before the next question. */
  readonly nextInMs: () => number
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly onAnswer: (answer: ProbeAnswer) => void
}

/** Starts asking; the result stops it. After that `onAnswer` is not called any more. */
export function startProbe(options: ProbeOptions): () => void {
  let stopped = false
  let question = new AbortController()
  let cancelWait = () => {}

  const ask = async () => {
    question = new AbortController()
    const answer = await askOnce(options, question)
    if (stopped) return
    options.onAnswer(answer)
    if (!stopped) cancelWait = options.clock.after(options.nextInMs(), ask)
  }
  cancelWait = options.clock.after(0, ask)
  return () => {
    stopped = true
    cancelWait()
    question.abort()
  }
}

async function askOnce(options: ProbeOptions, question: AbortController): Promise<ProbeAnswer> {
  let timedOut = false
  const cancelTimeout = options.clock.after(options.timeoutMs, () => {
    timedOut = true
    question.abort()
  })
  try {
    const { statusCode, body } = await request(options.url, {
      method: 'GET',
      dispatcher: options.dispatcher,
      signal: question.signal,
    })
    await body.dump({ limit: BODY_BYTES, signal: question.signal })
    if (statusCode >= 200 && statusCode < 300) return { ok: true }
    return { ok: false, because: `it answered ${statusCode}` }
  } catch (error) {
    if (timedOut) return { ok: false, because: `no answer within ${options.timeoutMs} ms` }
    return { ok: false, because: error instanceof Error ? error.message : String(error) }
  } finally {
    cancelTimeout()
  }
}
