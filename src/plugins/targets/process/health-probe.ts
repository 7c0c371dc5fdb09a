/**
 * Asks an instance's health endpoint again and again, one question at a time, each with a deadline. It says what
 * it saw; what that means for the instance is decided in `instance.ts`.
 *
 * Example: with `everyMs: 500, timeoutMs: 1000`, a stopped process is asked at 0 s, answers nothing, and
 * `onAnswer({ ok: false, because: 'no answer within 1000 ms' })` is called at 1 s, 2.5 s, 4 s ...
 */
import { get } from 'node:http'
import type { Clock } from '../../../ports/clock.ts'

const BODY_BYTES = 65_536

export type ProbeAnswer = { readonly ok: true } | { readonly ok: false; readonly because: string }

export interface ProbeOptions {
  readonly url: string
  readonly timeoutMs: number
  /** Asked after every answer: how long to wait before the next question. */
  readonly nextInMs: () => number
  readonly clock: Clock
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
    const status = await statusOf(options.url, question.signal)
    if (status >= 200 && status < 300) return { ok: true }
    return { ok: false, because: `it answered ${status}` }
  } catch (error) {
    if (timedOut) return { ok: false, because: `no answer within ${options.timeoutMs} ms` }
    return { ok: false, because: error instanceof Error ? error.message : String(error) }
  } finally {
    cancelTimeout()
  }
}

/**
 * The status of a complete answer. Each question has a connection of its own: an idle kept one would hold up a child that wants
 * to end. Node's own client, since undici's parser costs an idle daemon ten megabytes.
 */
function statusOf(url: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, signal }, response => {
      let bytes = 0
      const answer = (): void => resolve(response.statusCode ?? 0)
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= BODY_BYTES) return
        answer()
        response.destroy()
      })
      response.once('end', answer)
      response.on('error', reject)
    })
    asked.on('error', reject)
  })
}
