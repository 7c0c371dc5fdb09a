/**
 * Metrics that a command prints: a number, or JSON that holds one.
 *
 * Example: `{ command: ['./queue-length.sh'], timeoutMs: 10000, pointer: null }` printing `42` is one sample of 42 at
 * the time of the read; with `pointer: '/length'` the output `{"length": 42}` is the same.
 */
import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { quoteCommand, quoteText, runCommand } from '../command.ts'
import { optionsOf } from './options.ts'
import { poll, type Question } from './polled.ts'
import { readingOf } from './reading.ts'

const optionsSchema = z.object({
  command: z.array(z.string()).min(1),
  cwd: z.string().nullish().default(null),
  timeoutMs: z.number().positive().default(10_000),
  pointer: z.string().nullable().default(null),
})

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

export function createCommandSource(clock: Clock): MetricSource {
  const closing = new AbortController()
  return {
    read(queries, window, signal) {
      const either = AbortSignal.any([signal, closing.signal])
      return poll(queries, window, either, () => clock.now(), ask)
    },
    async check() {
      return { ok: true, detail: "runs each metric's command when the metric is read" }
    },
    async close() {
      closing.abort()
    },
  }
}

function ask({ metric }: MetricQuery): Question<string> {
  const { command, cwd, timeoutMs, pointer } = optionsOf(optionsSchema, metric)
  const where = quoteCommand(command)
  return {
    key: JSON.stringify([command, cwd, timeoutMs]),
    fetch: signal => runCommand(command, { input: null, cwd, timeoutMs, signal }),
    read: (printed, at) => readingOf(documentOf(printed, pointer, where), pointer ?? '', at, where),
  }
}

function documentOf(printed: string, pointer: string | null, where: string): unknown {
  const text = printed.trim()
  if (pointer === null && NUMBER.test(text)) return Number(text)
  try {
    return JSON.parse(text)
  } catch {
    const expected = pointer === null ? 'a number' : 'JSON'
    throw new PluginError(
      'misconfigured',
      `PLM-362 ${where} printed ${text === '' ? 'nothing' : quoteText(text, 'start')} where ${expected} was expected`,
    )
  }
}
