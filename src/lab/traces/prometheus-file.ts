/**
 * Reads the answer of a Prometheus to a range query that was kept in a file, as `curl .../api/v1/query_range` writes it.
 *
 * Example: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1795262640,"5"]]}]}}` is 5 at 12:04.
 */
import type { LoadTrace } from '../trace.ts'
import type { Aggregate } from './bins.ts'
import type { Input } from './input.ts'
import { noColumn, withoutMark } from './layout.ts'
import { LoadBuilder } from './load-builder.ts'
import { numberOf } from './numbers.ts'
import { Answer, Refusal, titled } from './prometheus-answer.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'
import { wholeText } from './whole-text.ts'

const BEGINNING = /^\s*\{\s*"status"\s*:\s*"(success|error)"\s*,\s*"(data|errorType|warnings)"/

export function isPrometheusAnswer({ sample }: Input): boolean {
  return BEGINNING.test(withoutMark(sample).toString('utf8', 0, 200))
}

export interface AnswerAsked {
  readonly column?: string | undefined
  readonly stepMs?: number | undefined
  readonly aggregate?: Aggregate | undefined
}

/** Throws `TraceError` `refused`, `series`, `tooMuch` or `noColumn`. */
export async function readPrometheusAnswer(input: Input, asked: AnswerAsked): Promise<LoadTrace> {
  const { file, name } = input
  const shorter = 'Sum the series, or ask with a longer step.'
  const series = seriesIn(await wholeText(input, 'an answer of Prometheus', shorter), file)
  const titles = [...series.keys()]
  const columns = asked.column === undefined ? titles : [asked.column]
  const builder = new LoadBuilder({
    file,
    columns,
    stepMs: asked.stepMs ?? null,
    aggregate: asked.aggregate ?? 'avg',
    rowWord: 'point',
  })
  const rows = new Map<number, Float64Array>()
  columns.forEach((title, column) => {
    const points = series.get(title)
    if (points === undefined) throw noColumn(title, titles, { file })
    for (const [second, text] of points) {
      const at = Math.round(second * 1000)
      const row = rows.get(at) ?? new Float64Array(columns.length).fill(Number.NaN)
      row[column] = numberOf(text)
      rows.set(at, row)
    }
  })
  let point = 0
  for (const [at, row] of [...rows].sort(([one], [other]) => one - other)) {
    point += 1
    builder.add(point, at, row)
  }
  return builder.finish(name)
}

type Points = readonly (readonly [second: number, text: string])[]

function seriesIn(text: string, file: string): ReadonlyMap<string, Points> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  const refusal = Refusal.safeParse(value)
  if (refusal.success) {
    const said = `Prometheus refused this query: ${refusal.data.error}`
    throw new TraceError(TRACE_CODES.refused, said, { file })
  }
  const answer = Answer.safeParse(value)
  if (!answer.success) {
    throw new TraceError(
      TRACE_CODES.refused,
      'it begins like an answer of Prometheus, and is no whole one to a range query. Ask /api/v1/query_range, with start, end and step.',
      { file },
    )
  }
  const { result } = answer.data.data
  if (result.length === 0) {
    throw new TraceError(TRACE_CODES.series, 'it is an answer of Prometheus without a single series.', {
      file,
    })
  }
  return titled(result.map(({ metric, values }) => ({ labels: metric, values })))
}
