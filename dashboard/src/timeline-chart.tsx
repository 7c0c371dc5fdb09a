/**
 * The picture the page is about: instances as a step line between the load lines (lowest and highest allowed), what
 * is wanted as a dashed line, and a Plimsoll mark at every decision that changed something.
 *
 * Example: at 12:04 the dashed line steps from 5 to 6, a mark sits on it, and pointing at the mark says why.
 */
import { useState } from 'preact/hooks'
import uPlot from 'uplot'
import { runs } from './happenings.ts'
import { type Colours, Plot } from './plot.tsx'
import type { Count, Timeline } from './series.ts'
import { numberAxis, timeAxis } from './time-axis.ts'
import type { Decision } from './wire.ts'
import { changeText, clockText, countText } from './words.ts'

const HEIGHT = 260
const SYNC = 'fleet'
/** More would hide the line they sit on. */
const MARKS_SHOWN = 40

interface TimelineChartProps {
  readonly timeline: Timeline
  readonly decisions: readonly Decision[]
  readonly range: readonly [number, number]
  readonly selected: number | null
  readonly onSelect: (revision: number) => void
}

export function TimelineChart({ timeline, decisions, range, selected, onSelect }: TimelineChartProps) {
  const [pointedAt, setPointedAt] = useState<Decision | null>(null)
  const [pointer, setPointer] = useState<number | null>(null)
  const columns = timeline.columns(range[1])
  const shown = runs(decisions)
    .map(run => run.decision)
    .filter(({ at, direction }) => Date.parse(at) / 1000 > range[0] && direction !== 'none')
    .slice(0, MARKS_SHOWN)
    .reverse()
  return (
    <>
      <Legend reading={pointer === null ? '' : readingAt(columns, pointer)} />
      <Plot
        label={summaryOf(timeline.last)}
        height={HEIGHT}
        data={columns}
        range={range}
        options={colours => timelineOptions(colours, setPointer)}
        over={plot => (
          <div class="marks">
            {shown.map(decision => (
              <button
                key={decision.revision}
                type="button"
                class="mark"
                tabIndex={-1}
                aria-label={markLabel(decision)}
                aria-pressed={decision.revision === selected}
                style={pixels(placeOf(plot, decision))}
                onClick={() => onSelect(decision.revision)}
                onMouseEnter={() => setPointedAt(decision)}
                onMouseLeave={() => setPointedAt(null)}
              >
                <svg viewBox="0 0 24 16" aria-hidden="true">
                  <circle cx="12" cy="8" r="5" />
                  <path d="M1 8h22" />
                </svg>
              </button>
            ))}
            {pointedAt === null ? null : <Why plot={plot} decision={pointedAt} />}
          </div>
        )}
      />
    </>
  )
}

/** What the lines mean; and, while the pointer is over a chart, what they say there. */
function Legend({ reading }: { reading: string }) {
  return (
    <p class="legend" aria-hidden="true">
      <span class="key open">open</span>
      <span class="key pending">pending</span>
      <span class="key wanted">wanted</span>
      <span class="key bound">allowed</span>
      <span class="key decided">decision</span>
      <span class="reading">{reading}</span>
    </p>
  )
}

/** A step holds until the next one: what counts is the last point before the pointer. */
function readingAt(columns: ReturnType<Timeline['columns']>, pointer: number): string {
  const index = columns[0].findLastIndex(at => at <= pointer)
  if (index === -1) return ''
  const [, lowest, highest, total, open, desired] = columns.map(column => column[index] ?? null)
  const pending = typeof total === 'number' && typeof open === 'number' ? total - open : null
  const counts = `${countText(open)} open, ${countText(pending)} pending, ${countText(desired)} wanted`
  return `${clockText(pointer * 1000)}  ${counts}, ${countText(lowest)} to ${countText(highest)} allowed`
}

function Why({ plot, decision }: { plot: uPlot; decision: Decision }) {
  const { left, top } = placeOf(plot, decision)
  const fromRight = left > plot.width / 2
  return (
    <div
      class="why-tip"
      style={{
        top: `${top + 16}px`,
        [fromRight ? 'right' : 'left']: `${fromRight ? plot.width - left : left}px`,
      }}
    >
      <b>
        {clockText(decision.at)} {changeText(decision.current, decision.desired)}
      </b>
      {decision.because}
    </div>
  )
}

function pixels({ left, top }: { left: number; top: number }) {
  return { left: `${left}px`, top: `${top}px` }
}

function timeAt(plot: uPlot): number | null {
  const left = plot.cursor.left ?? -1
  return left < 0 ? null : plot.posToVal(left, 'x')
}

function markLabel(decision: Decision): string {
  return `${clockText(decision.at)}, ${changeText(decision.current, decision.desired)}, because ${decision.because}`
}

/** Pixels from the chart's top left corner. */
function placeOf(plot: uPlot, decision: Decision): { left: number; top: number } {
  return {
    left: plot.valToPos(Date.parse(decision.at) / 1000, 'x') + plot.over.offsetLeft,
    top: plot.valToPos(decision.desired ?? 0, 'y') + plot.over.offsetTop,
  }
}

function summaryOf(last: Count | undefined): string {
  if (last === undefined) return 'Instances over time: nothing recorded yet.'
  return `Instances over time. Last: ${countText(last.open)} open, ${countText(last.desired)} wanted, between ${last.lowest} and ${last.highest}.`
}

function stepped(plot: uPlot, series: number, from: number, to: number): uPlot.Series.Paths | null {
  const build = uPlot.paths.stepped?.({ align: 1 })
  return build === undefined ? null : build(plot, series, from, to)
}

function timelineOptions(
  colours: Colours,
  onPointer: (at: number | null) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const step = { paths: stepped, points: { show: false } }
  const bound = { ...step, stroke: colours.bound, width: 1.5 }
  return {
    legend: { show: false },
    hooks: { setCursor: [plot => onPointer(timeAt(plot))] },
    padding: [14, 30, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: SYNC } },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_plot, _min, max) => [0, Math.max(2, (max ?? 1) + 1)] },
    },
    axes: [timeAxis(colours), numberAxis(colours, String, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])],
    bands: [{ series: [2, 1], fill: colours.boundFill }],
    series: [
      {},
      { ...bound, label: 'lowest allowed' },
      { ...bound, label: 'highest allowed' },
      { ...step, label: 'open and pending', fill: colours.pendingFill, width: 0 },
      { ...step, label: 'open', stroke: colours.water, fill: colours.waterFill, width: 2 },
      { ...step, label: 'wanted', stroke: colours.ink, width: 1.5, dash: [5, 4] },
    ],
  }
}
