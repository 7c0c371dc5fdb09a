/**
 * The picture of what the constraints will be: the band between lowest and highest over time in the colour of the constraint
 * in force, its name over each stretch that has room for it, and the default as a dashed line.
 *
 * Example: a day with "Peak" (4..6) from 08:00 to 10:00 over "capacity" (2..5) shows one step up and one down, "Peak"
 * written over the raised part.
 */
import type { EpochMs, Interval } from '../model/time.ts'
import {
  COLOURS,
  columnMs,
  describeWindow,
  drawPicture,
  type Frame,
  type LegendEntry,
  makeFrame,
} from './frame.ts'
import { type Run, thinRuns } from './runs.ts'
import { areaPath, slabsBetween, stepPath } from './step-line.ts'
import { element, type Markup, shorten, text } from './svg.ts'

/** Bounds that hold for a while. */
export interface BoundsStretch {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly lowest: number
  readonly highest: number
  readonly default: number
  readonly constraint: string
}

export interface SchedulePictureRequest {
  readonly fleet: string
  /** Sorted by time. */
  readonly stretches: readonly BoundsStretch[]
  readonly window: Interval
  readonly timeZone?: string
}

export function drawSchedule({ fleet, stretches, window, timeZone = 'UTC' }: SchedulePictureRequest): string {
  const top = stretches.reduce((most, stretch) => Math.max(most, stretch.highest), 1)
  const room = { window, highest: top + Math.max(0.5, top * 0.06) }
  const frame = makeFrame(room)
  const line = (pick: (stretch: BoundsStretch) => number): readonly Run[] =>
    thinRuns(
      stretches.map(stretch => ({ from: stretch.from, to: stretch.to, value: pick(stretch) })),
      columnMs(window),
    )
  const lowest = line(stretch => stretch.lowest)
  const highest = line(stretch => stretch.highest)
  const stroke = { fill: 'none', 'stroke-linejoin': 'round' }
  const names = namesOf(stretches)
  const fills = new Map(names.map((name, index) => [name, FILLS[Math.min(index, FILLS.length - 1)] ?? '']))
  const body = [
    ...[...fills].map(([constraint, fill]) =>
      element('path', { d: bandOf(constraint, stretches, window, frame), fill, 'fill-opacity': 0.75 }),
    ),
    element('path', { ...stroke, d: stepPath(lowest, frame), stroke: COLOURS.instances, 'stroke-width': 2 }),
    element('path', { ...stroke, d: stepPath(highest, frame), stroke: COLOURS.instances, 'stroke-width': 2 }),
    element('path', {
      ...stroke,
      d: stepPath(
        line(stretch => stretch.default),
        frame,
      ),
      stroke: COLOURS.desired,
      'stroke-width': 1.6,
      'stroke-dasharray': '6 5',
    }),
    ...nameStretches(stretches, frame),
  ]
  return drawPicture({
    ...room,
    frame,
    timeZone,
    title: `${fleet}: bounds to come`,
    subtitle: `${describeWindow(window, timeZone)}  ·  ${names.length} constraint${names.length === 1 ? '' : 's'} in force in turn`,
    legend: [
      ...legendOf(names, fills),
      {
        label: 'default',
        swatch: element('path', {
          d: 'M0 0H26',
          stroke: COLOURS.desired,
          'stroke-width': 2,
          'stroke-dasharray': '6 5',
        }),
      },
    ],
    body,
  })
}

/** Told apart beside each other; those beyond the last share it. */
const FILLS = [COLOURS.band, '#fbdcb4', '#cfe9cf', '#e3d4f2', '#f7cfd6', '#cdeaea', COLOURS.grid]
const LONGEST_LABEL = 18

/** The fleet's own bounds first, which have the plainest colour; the others as they come. */
function namesOf(stretches: readonly BoundsStretch[]): readonly string[] {
  const names = [...new Set(stretches.map(stretch => stretch.constraint))]
  return [...names.filter(name => name === 'capacity'), ...names.filter(name => name !== 'capacity')]
}

/** From lowest to highest wherever this constraint is in force. */
function bandOf(
  constraint: string,
  stretches: readonly BoundsStretch[],
  window: Interval,
  frame: Frame,
): string {
  const own = stretches.filter(stretch => stretch.constraint === constraint)
  const runs = (pick: (stretch: BoundsStretch) => number): readonly Run[] =>
    thinRuns(
      own.map(stretch => ({ from: stretch.from, to: stretch.to, value: pick(stretch) })),
      columnMs(window),
    )
  return areaPath(
    slabsBetween(
      runs(({ lowest }) => lowest),
      runs(({ highest }) => highest),
    ),
    frame,
  )
}

/** As many as have a colour of their own; the others are named together. */
function legendOf(names: readonly string[], fills: ReadonlyMap<string, string>): readonly LegendEntry[] {
  const own = names.length > FILLS.length ? names.slice(0, FILLS.length - 1) : names
  const more = names.length - own.length
  const labels = own.map(name => ({ label: shorten(name, LONGEST_LABEL), fill: fills.get(name) ?? '' }))
  const rest = more === 0 ? [] : [{ label: `${more} more`, fill: FILLS.at(-1) ?? '' }]
  return [...labels, ...rest].map(({ label, fill }) => ({
    label,
    swatch: element('rect', { x: 0, y: -6, width: 26, height: 12, fill, stroke: COLOURS.instances }),
  }))
}

const MOST_NAMES = 200

function nameStretches(stretches: readonly BoundsStretch[], frame: Frame): readonly Markup[] {
  const names: Markup[] = []
  for (const stretch of stretches) {
    const left = frame.x(stretch.from)
    const letters = Math.floor((frame.x(stretch.to) - left) / 6.8)
    if (letters < Math.min(6, stretch.constraint.length) || names.length >= MOST_NAMES) continue
    names.push(
      element(
        'text',
        {
          x: (left + frame.x(stretch.to)) / 2,
          y: frame.y(stretch.highest) - 7,
          'text-anchor': 'middle',
          'font-size': 12,
          fill: COLOURS.ink,
        },
        text(shorten(stretch.constraint, letters)),
        element(
          'title',
          {},
          text(`${stretch.constraint}: ${stretch.lowest}..${stretch.highest}, default ${stretch.default}`),
        ),
      ),
    )
  }
  return names
}
