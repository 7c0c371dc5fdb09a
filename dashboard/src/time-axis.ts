/**
 * Axes every chart of the page shares: local time on a 24-hour clock below, plain numbers at the left.
 *
 * Example: over fifteen minutes the time axis says 12:05, 12:10, 12:15.
 */
import type uPlot from 'uplot'
import type { Colours } from './plot.tsx'
import { clockText, shortClockText } from './words.ts'

const FONT = '12px system-ui, sans-serif'
/** Steps between marks of the time axis, in seconds. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400]

export function timeAxis(colours: Colours): uPlot.Axis {
  return {
    stroke: colours.muted,
    font: FONT,
    size: 28,
    gap: 6,
    space: 74,
    incrs: TIME_STEPS,
    grid: { show: false },
    ticks: { show: true, stroke: colours.line, width: 1, size: 4 },
    values: (_plot, splits, _axis, _space, step) =>
      splits.map(at => (step < 60 ? clockText(at * 1000) : shortClockText(at * 1000))),
  }
}

export function numberAxis(colours: Colours, text: (value: number) => string, steps?: number[]): uPlot.Axis {
  return {
    stroke: colours.muted,
    font: FONT,
    size: 58,
    gap: 6,
    grid: { show: true, stroke: colours.line, width: 1 },
    ticks: { show: false },
    values: (_plot, splits) => splits.map(text),
    ...(steps === undefined ? {} : { incrs: steps }),
  }
}
