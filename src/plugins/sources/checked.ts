/**
 * A source's word on itself, from reading every metric once.
 *
 * Example: two metrics, of which one has a queue that is gone: not well, "backlog: 42; oldest: PLM-764 tried to look at ...".
 */
import type { MetricSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import type { MetricAnswer, MetricSource } from '../../ports/metric-source.ts'
import { type CheckResult, PluginError } from '../../ports/plugin.ts'

type Samples = Exclude<MetricAnswer, { readonly gap: string }>['samples']

export interface Checked {
  readonly read: MetricSource['read']
  readonly metrics: readonly MetricSpec[]
  readonly now: EpochMs
  readonly lookBackMs: number
  readonly signal: AbortSignal
  /** Of at least one sample. */
  tell(samples: Samples, now: EpochMs): string
}

export async function checkedBy({
  read,
  metrics,
  now,
  lookBackMs,
  signal,
  tell,
}: Checked): Promise<CheckResult> {
  const queries = metrics.map(metric => ({ fleet: '', metric }))
  try {
    const answers = await read(queries, { from: now - lookBackMs, to: now }, signal)
    const details = metrics.map(({ name }, index) => {
      const answer = answers[index] ?? { gap: 'no answer' }
      return `${name}: ${'gap' in answer ? answer.gap : tell(answer.samples, now)}`
    })
    return { ok: answers.every(answer => !('gap' in answer)), detail: details.join('; ') }
  } catch (error) {
    if (!(error instanceof PluginError)) throw error
    return { ok: false, detail: error.message }
  }
}
