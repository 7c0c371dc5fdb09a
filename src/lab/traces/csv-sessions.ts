/**
 * Reads a delimited list of sessions: one row each, with its start and its end.
 *
 * Example: `start,end` over `2019-01-01T05:01:32Z,2019-01-01T05:06:00Z` is one session of 268 s.
 */
import type { SessionTrace } from '../trace.ts'
import { BadRows, eachRow, hasMore, sayAssumed } from './csv.ts'
import type { Input } from './input.ts'
import { columnNamed, type Layout, listed, readsAsTime } from './layout.ts'
import { isMissing, textIn } from './numbers.ts'
import type { TraceOptions } from './read-trace.ts'
import { SessionBuilder } from './session-builder.ts'
import { TimeReader } from './times.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const STARTS = ['start', 'started', 'start_time', 'starttime', 'started_at', 'begin', 'from', 'arrival']
const ENDS = [
  'end',
  'ended',
  'end_time',
  'endtime',
  'ended_at',
  'stop',
  'stoptime',
  'finish',
  'to',
  'until',
  'departure',
]

/** Columns of start and end; `null` where it is no list of sessions. */
export function sessionColumns(layout: Layout): { readonly start: number; readonly end: number } | null {
  const find = (names: readonly string[]) =>
    layout.names.findIndex(name => names.includes(name.toLowerCase()))
  const [start, end] = [find(STARTS), find(ENDS)]
  return start >= 0 && end >= 0 && readsAsTime(layout, start, 0) && readsAsTime(layout, end, 0)
    ? { start, end }
    : null
}

export async function readCsvSessions(
  input: Input,
  layout: Layout,
  { time: startName, timeZone }: Pick<TraceOptions, 'time' | 'timeZone'> = {},
): Promise<SessionTrace> {
  const { file, name } = input
  const found = sessionColumns(layout)
  if (found === null) throw noSessions(layout, file)
  const start = startName === undefined ? found.start : columnNamed(layout, startName, file)
  const builder = new SessionBuilder(file)
  const times = new TimeReader({ timeZone })
  const bad = new BadRows(file, builder.notes)
  const cutter = await eachRow(input, layout, row => {
    const { bytes, starts, ends, count, line } = row
    if (count <= start || hasMore(row, layout.names.length)) {
      bad.fields(row, layout.names.length)
      return
    }
    const from = times.read(bytes, starts[start] ?? 0, ends[start] ?? 0)
    if (Number.isNaN(from)) {
      bad.time(row, start)
      return
    }
    const [at, end] = found.end < count ? [starts[found.end] ?? 0, ends[found.end] ?? 0] : [0, 0]
    // A row that is cut off is not a session that goes on.
    if (!row.complete && found.end >= count) {
      bad.fields(row, layout.names.length)
      return
    }
    const to = end > at ? times.read(bytes, at, end) : Number.NaN
    if (Number.isNaN(to) && !isMissing(textIn(bytes, at, end))) {
      bad.time(row, found.end)
      return
    }
    bad.good()
    builder.add(line, from, to)
  })
  bad.settle()
  sayAssumed(builder.notes, times, cutter, layout)
  return builder.finish(name)
}

export function noSessions(layout: Layout, file: string): TraceError {
  return new TraceError(
    TRACE_CODES.noColumn,
    `it is no list of sessions: that has a column "start" and a column "end", both times. The columns are ${listed(layout.names)}.`,
    { file, line: 1 },
  )
}
