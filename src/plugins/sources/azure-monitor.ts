/**
 * Metrics that Azure Monitor keeps of scale sets, App Service plans and everything else: bins of a minute or longer, which Azure has three
 * or four minutes after they ended. A bin is a sample at its last millisecond; one that has not ended, or is younger than
 * the metric's `delay`, is left for later, since Azure may still be adding to it.
 *
 * Example: at 12:10:20 with `delay: 3m` the newest sample of `Percentage CPU` is that of 12:06 (41.5 at 12:06:59.999). Azure has 12:07 already,
 * so `check` says "cpu: the newest bin ended 2m 20s ago".
 */
import type { Gap } from '../../model/observation.ts'
import type { Sample } from '../../model/sample.ts'
import type { MetricSpec } from '../../model/spec.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { type CheckResult, PluginError } from '../../ports/plugin.ts'
import type { SeriesAnswer } from '../azure/monitor/answer.ts'
import { MetricsApi, type MetricsApiContext } from '../azure/monitor/metrics-api.ts'
import { binsIn, MOST_BINS, type Question, questionOf, sampleTimeOf } from '../azure/monitor/question.ts'

export interface AzureMonitorContext extends MetricsApiContext {
  /** What `check` tries to read. */
  readonly metrics?: () => readonly MetricSpec[]
  /** Of one metric in one read. */
  readonly mostSamples?: number
}

/** What one metric of a read asks for. */
interface Wanted {
  readonly question: Question
  /** Begin of the first bin, end of the last; also those that are too young to be taken. */
  readonly bins: Interval
  /** Times of samples: after `from`, up to `to`. */
  readonly times: Interval
}

/** In which `check` looks for the newest bin. */
const CHECKED_BINS = 30
/** Samples of one metric in one read: an hour of a thousand instances, with room to spare. */
const MOST_SAMPLES = 200_000

export function createAzureMonitorSource(context: AzureMonitorContext): MetricSource {
  const { clock } = context
  const api = new MetricsApi(context)

  function wantedBy({ metric }: Pick<MetricQuery, 'metric'>, { from, to }: Interval): Wanted | Gap | null {
    try {
      const question = questionOf(metric)
      const { intervalMs } = question
      const earliest = Math.max(from, to - MOST_BINS * intervalMs)
      const bins = binsIn({ from: earliest, to }, intervalMs)
      const times = { from: earliest, to: to - (metric.delayMs ?? 0) }
      return bins === null || times.to <= times.from ? null : { question, bins, times }
    } catch (error) {
      if (error instanceof PluginError) return { gap: error.message }
      throw error
    }
  }

  async function ask(wanted: readonly Wanted[], signal: AbortSignal): Promise<readonly SeriesAnswer[]> {
    const spans = new Map(wanted.map(({ question, bins }) => [question, bins]))
    return api.ask(
      wanted.map(({ question }) => question),
      question => spans.get(question) ?? { from: 0, to: 0 },
      'look',
      signal,
    )
  }

  async function checkMetric(metric: MetricSpec, now: EpochMs, signal: AbortSignal): Promise<CheckResult> {
    const { intervalMs } = questionOf(metric)
    const wanted = wantedBy(
      { metric },
      { from: now - CHECKED_BINS * intervalMs - (metric.delayMs ?? 0), to: now },
    )
    if (wanted === null || 'gap' in wanted) return { ok: false, detail: wanted?.gap ?? 'nothing to ask' }
    const [answer] = await ask([wanted], signal)
    if (answer === undefined || 'gap' in answer) return { ok: false, detail: answer?.gap ?? 'no answer' }
    const newest = newestEnd(answer, intervalMs)
    const lacking = `${metric.name}: no value in the last ${CHECKED_BINS} bins of ${spanText(intervalMs)}; is it running, and is it of what is meant?`
    return newest === null
      ? { ok: false, detail: lacking }
      : { ok: true, detail: lagText(metric, now - newest, intervalMs) }
  }

  return {
    async read(queries, window, signal) {
      const to = Math.min(clock.now(), window.to)
      if (to <= window.from) return queries.map(() => ({ samples: [] }))
      const known = new Map<string, Wanted | Gap | null>()
      const wanted = queries.map(query => {
        const key = JSON.stringify([query.metric.options, query.metric.grainMs, query.metric.delayMs])
        const found = known.has(key) ? known.get(key) : wantedBy(query, { from: window.from, to })
        known.set(key, found ?? null)
        return found ?? null
      })
      const asked = [...new Set(wanted)].filter(isWanted)
      const answers = await ask(asked, signal)
      const byWanted = new Map(asked.map((each, index) => [each, answers[index]]))
      return wanted.map((each): MetricAnswer => {
        if (each === null) return { samples: [] }
        if ('gap' in each) return each
        const answer = byWanted.get(each)
        if (answer === undefined || 'gap' in answer)
          return { gap: answer?.gap ?? 'PLM-789 it was not answered' }
        return samplesOf(each, answer, context.mostSamples ?? MOST_SAMPLES)
      })
    },

    async check(signal) {
      const metrics = context.metrics?.() ?? []
      if (metrics.length === 0) return { ok: true, detail: 'asks Azure Monitor when a metric is read' }
      const now = clock.now()
      const said = await Promise.all(
        metrics.map(async metric => {
          try {
            return await checkMetric(metric, now, signal)
          } catch (error) {
            return { ok: false, detail: error instanceof Error ? error.message : String(error) }
          }
        }),
      )
      return { ok: said.every(({ ok }) => ok), detail: said.map(({ detail }) => detail).join('; ') }
    },

    async close() {
      api.close()
    },
  }
}

function isWanted(wanted: Wanted | Gap | null): wanted is Wanted {
  return wanted !== null && !('gap' in wanted)
}

function samplesOf(
  { question, bins, times }: Wanted,
  { series }: Exclude<SeriesAnswer, Gap>,
  most: number,
): MetricAnswer {
  const samples: Sample[] = []
  for (const { bins: found, ...of } of series) {
    for (const { startAt, value } of found) {
      const at = sampleTimeOf(startAt, question.intervalMs)
      if (at > times.from && at <= times.to && at < bins.to) samples.push({ at, value, ...of })
    }
  }
  if (samples.length > most) {
    return {
      gap: `PLM-791 metric "${question.metric}" has ${samples.length} values in its window, more than the ${most} that are read at once; shorten the window, lengthen \`interval\`, or choose by \`dimensions\``,
    }
  }
  return { samples: samples.sort((a, b) => a.at - b.at) }
}

function newestEnd({ series }: Exclude<SeriesAnswer, Gap>, intervalMs: number): EpochMs | null {
  const ends = series.flatMap(({ bins }) => bins.slice(-1).map(({ startAt }) => startAt + intervalMs))
  return ends.length === 0 ? null : Math.max(...ends)
}

/** A bin that has just ended is not there yet by as much as a bin is long. */
function lagText({ name, delayMs = 0 }: MetricSpec, lagMs: number, intervalMs: number): string {
  const said = `${name}: the newest bin ended ${spanText(lagMs)} ago`
  if (lagMs - intervalMs <= delayMs) return said
  const better = Math.ceil((lagMs - intervalMs) / 60_000)
  return `${said}, which is more than its delay: set \`delay: ${better}m\``
}

function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  if (minutes === 0) return `${rest}s`
  return rest === 0 ? `${minutes}m` : `${minutes}m ${rest}s`
}
