/**
 * How each goal was met over the range shown: one strip per KPI under the charts, in line with their time.
 *
 * Example: "busy green 91 %, red 6 %, unknown 3 %" beside a strip that is red from 12:00 to 12:12.
 */
import type { KpiHistory, KpiInterval, KpiState } from './wire.ts'
import { shortClockText } from './words.ts'

interface KpiStripsProps {
  readonly histories: readonly KpiHistory[]
  /** Seconds since the epoch, left and right edge. */
  readonly range: readonly [number, number]
}

export function KpiStrips({ histories, range }: KpiStripsProps) {
  if (histories.length === 0) return null
  return (
    <ul class="kpis" aria-label="Goals over time">
      {histories.map(history => (
        <li key={history.kpi}>
          <p class="kpi-head">
            {history.kpi} <span class="muted">{shareText(history)}</span>
          </p>
          <Strip history={history} range={range} />
        </li>
      ))}
    </ul>
  )
}

/** Of a thousand parts, so that edges of short intervals are where they belong. */
const PARTS = 1000

function Strip({ history, range }: { history: KpiHistory; range: readonly [number, number] }) {
  const [left, right] = range
  const partOf = (seconds: number) => Math.round(((seconds - left) / (right - left)) * PARTS)
  return (
    <svg
      class="kpi-strip"
      viewBox={`0 0 ${PARTS} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${history.kpi} over time: ${shareText(history)}`}
    >
      {history.intervals.map((interval, index) => {
        const from = Math.max(0, partOf(Date.parse(interval.from) / 1000))
        // What the last tick saw goes on until the next one is told.
        const to = index === 0 && interval.ticked ? PARTS : partOf(Date.parse(interval.to) / 1000)
        if (!interval.ticked || to <= 0) return null
        return (
          <rect
            key={interval.from}
            class={interval.state}
            x={from}
            y="0"
            width={Math.max(1, to - from)}
            height="1"
          >
            <title>{intervalText(interval)}</title>
          </rect>
        )
      })}
    </svg>
  )
}

function intervalText({ state, from, to }: KpiInterval): string {
  return `${state} ${shortClockText(from)} to ${shortClockText(to)}`
}

const STATES: readonly KpiState[] = ['green', 'red', 'unknown']

/** Only what there was; a short red time is not rounded away. */
function shareText({ share }: KpiHistory): string {
  const told = STATES.flatMap(state => {
    const percent = share[state] * 100
    if (percent === 0) return []
    const text = percent < 1 ? '< 1' : percent > 99 && percent < 100 ? '> 99' : String(Math.round(percent))
    return [`${state} ${text} %`]
  })
  return told.join(', ')
}
