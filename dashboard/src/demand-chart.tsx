/**
 * One metric the rules look at: its mean over time, and behind it the spread between the lowest and highest sample.
 *
 * Example: CPU of five instances at 40 to 95 % is a line at 70 % on a band from 40 to 95.
 */
import { useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { type Colours, Plot } from './plot.tsx'
import type { Demand } from './series.ts'
import { numberAxis, timeAxis } from './time-axis.ts'
import type { Metric } from './wire.ts'
import { kindText, valueText } from './words.ts'

const HEIGHT = 96

interface DemandChartProps {
  readonly metric: Metric
  readonly demand: Demand
  readonly range: readonly [number, number]
}

export function DemandChart({ metric, demand, range }: DemandChartProps) {
  const columns = demand.columns()
  const [index, setIndex] = useState<number | null>(null)
  const mean = (index === null ? undefined : columns[1][index]) ?? columns[1].at(-1) ?? null
  const reading = mean === null ? 'no samples in this range' : valueText(mean, metric.unit)
  return (
    <figure class="demand">
      <figcaption>
        <b>{metric.name}</b> <span class="muted">{kindText(metric.kind)}</span>
        <span class="reading">{reading}</span>
      </figcaption>
      <Plot
        label={`${metric.name} over time: ${reading}.`}
        height={HEIGHT}
        data={columns}
        range={range}
        options={colours => demandOptions(colours, metric, setIndex)}
      />
    </figure>
  )
}

function demandOptions(
  colours: Colours,
  metric: Metric,
  onPointer: (index: number | null) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const hidden = { points: { show: false }, width: 0 }
  return {
    legend: { show: false },
    hooks: { setCursor: [plot => onPointer(plot.cursor.idx ?? null)] },
    padding: [8, 30, 4, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'fleet' } },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_plot, min, max) => demandRange(min, max) },
    },
    axes: [
      { ...timeAxis(colours), show: false },
      { ...numberAxis(colours, value => valueText(value, metric.unit)), space: 34 },
    ],
    bands: [{ series: [3, 2], fill: colours.waterFill }],
    series: [
      {},
      {
        label: metric.name,
        stroke: colours.water,
        width: 1.5,
        points: { show: true, size: 5, filter: isolated },
      },
      { ...hidden, label: 'lowest' },
      { ...hidden, label: 'highest' },
    ],
  }
}

/** A sample between two gaps is no line; it is shown as a dot. */
function isolated(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? []
  const alone: number[] = []
  for (let index = 0; index < values.length; index += 1) {
    const known = typeof values[index] === 'number'
    if (known && typeof values[index - 1] !== 'number' && typeof values[index + 1] !== 'number')
      alone.push(index)
  }
  return alone
}

/** From zero, or below it where samples are. uPlot gives null where there is nothing. */
function demandRange(min: number | null, max: number | null): [number, number] {
  const lowest = Math.min(0, min ?? 0)
  const highest = max ?? 0
  return [lowest, highest > lowest ? highest + (highest - lowest) * 0.1 : lowest + 1]
}
