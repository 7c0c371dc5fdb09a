/**
 * Sessions against the room for them: slots in use as a filled step line, whoever waits for room on top of it, and the slots of
 * the open instances as the line not to be reached.
 *
 * Example: 17 in use and 2 waiting under a line at 24; when a crowd comes the water rises, and the line steps up before it.
 */
import { useState } from 'preact/hooks'
import uPlot from 'uplot'
import { type Colours, Plot } from './plot.tsx'
import type { SessionLine } from './series.ts'
import { numberAxis, timeAxis } from './time-axis.ts'
import { countText } from './words.ts'

const HEIGHT = 130

interface SessionsChartProps {
  readonly sessions: SessionLine
  readonly range: readonly [number, number]
}

export function SessionsChart({ sessions, range }: SessionsChartProps) {
  const columns = sessions.columns(range[1])
  const [pointer, setPointer] = useState<number | null>(null)
  const index = columns[0].findLastIndex(at => at <= (pointer ?? Number.POSITIVE_INFINITY))
  const [, slots, asked, inUse] = columns.map(column => column[index] ?? null)
  const waiting = typeof asked === 'number' && typeof inUse === 'number' ? asked - inUse : null
  const reading = `${countText(inUse)} in use, ${countText(slots)} slots open, ${countText(waiting)} waiting`
  return (
    <figure class="demand">
      <figcaption>
        <b>sessions</b>
        <span class="legend keys" aria-hidden="true">
          <span class="key open">slots in use</span>
          <span class="key waits">waiting for room</span>
          <span class="key room">slots open</span>
        </span>
        <span class="reading">{reading}</span>
      </figcaption>
      <Plot
        label={`Sessions over time: ${reading}.`}
        height={HEIGHT}
        data={columns}
        range={range}
        options={colours => sessionsOptions(colours, setPointer)}
      />
    </figure>
  )
}

function stepped(plot: uPlot, series: number, from: number, to: number): uPlot.Series.Paths | null {
  return uPlot.paths.stepped?.({ align: 1 })(plot, series, from, to) ?? null
}

function sessionsOptions(
  colours: Colours,
  onPointer: (at: number | null) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const step = { paths: stepped, points: { show: false } }
  return {
    legend: { show: false },
    hooks: {
      setCursor: [
        plot => {
          const left = plot.cursor.left ?? -1
          onPointer(left < 0 ? null : plot.posToVal(left, 'x'))
        },
      ],
    },
    padding: [8, 30, 4, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'fleet' } },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_plot, _min, max) => [0, Math.max(2, (max ?? 1) * 1.1)] },
    },
    axes: [
      { ...timeAxis(colours), show: false },
      { ...numberAxis(colours, String, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000]), space: 34 },
    ],
    bands: [{ series: [2, 3], fill: colours.watchFill }],
    series: [
      {},
      { ...step, label: 'slots open', stroke: colours.bound, width: 1.5 },
      { ...step, label: 'in use and waiting', stroke: colours.watch, width: 1 },
      { ...step, label: 'slots in use', stroke: colours.water, fill: colours.waterFill, width: 2 },
    ],
  }
}
