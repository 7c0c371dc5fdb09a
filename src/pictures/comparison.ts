/**
 * The picture of two autoscalers beside each other: what Plimsoll recommended as a line, what the other one made as dashes, the room
 * between them filled where they differ; below, strips of time, such as a KPI that was red. An SVG document as text, small whatever the
 * length. What cannot be compared is hatched.
 *
 * Example: a week of `web` shows dashes at 4 and a line that rises to 6 from 09:12 to 09:47; pointing at the green between them says why,
 * and a red bar in the strip `busy` stands below it.
 */
import type { Interval } from '../model/time.ts'
import { COLOURS, columnMs, drawPicture, type Frame, type LegendEntry, makeFrame } from './frame.ts'
import { type Run, thinRuns } from './runs.ts'
import { areaPath, type Slab, slabsBetween, stepPath } from './step-line.ts'
import { element, group, type Markup, short, shorten, text } from './svg.ts'

/** Bars of time under the counts. */
export interface ComparisonStrip {
  readonly label: string
  readonly intervals: readonly Interval[]
  /** Of the whole time: `0.4 %`. */
  readonly total: string
}

/** A stretch that says something when it is pointed at. */
export interface ComparisonMark extends Interval {
  readonly says: string
}

export interface ComparisonPicture {
  readonly title: string
  readonly subtitle: string
  /** IANA name. */
  readonly timeZone: string
  readonly window: Interval
  readonly theirs: readonly Run[]
  readonly ours: readonly Run[]
  readonly lowest: readonly Run[]
  readonly highest: readonly Run[]
  /** Where the two cannot be held against each other. */
  readonly apart: readonly Interval[]
  readonly strips: readonly ComparisonStrip[]
  readonly marks: readonly ComparisonMark[]
}

const STRIP = { height: 17, gap: 9 } as const
const MOST_STRIPS = 5
const [OURS, THEIRS] = [{ colour: COLOURS.instances }, { colour: COLOURS.desired, dash: '7 4' }] as const
const MOST_MARKS = 300

export function drawComparison(request: ComparisonPicture): string {
  const { window, title, subtitle, timeZone } = request
  const strips = request.strips.slice(0, MOST_STRIPS)
  const perColumn = columnMs(window)
  const [theirs, ours, lowest, highest] = [
    thinRuns(request.theirs, perColumn),
    thinRuns(request.ours, perColumn),
    thinRuns(request.lowest, perColumn),
    thinRuns(request.highest, perColumn),
  ]
  const most = Math.max(1, largest(theirs), largest(ours))
  const bound = largest(highest)
  const room = {
    window,
    // A bound far above all that happened would press the picture flat; then the band runs out at the top.
    highest: (bound <= most * 1.3 ? Math.max(most, bound) : most) * 1.04,
    below: strips.length === 0 ? 0 : STRIP.gap + strips.length * STRIP.height,
  }
  const frame = makeFrame(room)
  const slabs = slabsBetween(theirs, ours)
  const body = [
    HATCH,
    ...drawBand(lowest, highest, frame),
    fill(slabs, COLOURS.out, 0.4, frame),
    fill(slabsBetween(ours, theirs), COLOURS.in, 0.3, frame),
    drawApart(request.apart, frame),
    // As in the picture of a replay: one's own in front, what was recorded as dashes that show where the two differ.
    line(theirs, THEIRS.colour, 1.8, frame, THEIRS.dash),
    line(ours, OURS.colour, 2.4, frame),
    ...drawMarks(request.marks, frame),
    ...strips.flatMap((strip, index) =>
      drawStrip(strip, frame.bottom + STRIP.gap + (index + 1) * STRIP.height, frame),
    ),
  ]
  const legend = legendOf(request.apart.length > 0, lowest.length > 0)
  return drawPicture({ ...room, frame, timeZone, title, subtitle, legend, body })
}

function largest(runs: readonly Run[]): number {
  return runs.reduce((most, { value }) => Math.max(most, value), 0)
}

function fill(slabs: readonly Slab[], colour: string, opacity: number, frame: Frame): Markup {
  const d = areaPath(slabs, frame)
  return d === '' ? group([]) : element('path', { d, fill: colour, 'fill-opacity': opacity })
}

function line(runs: readonly Run[], colour: string, width: number, frame: Frame, dash?: string): Markup {
  return element('path', {
    d: stepPath(runs, frame),
    fill: 'none',
    stroke: colour,
    'stroke-width': width,
    'stroke-dasharray': dash,
    'stroke-linejoin': 'round',
  })
}

/** What the rules would have allowed. */
function drawBand(lowest: readonly Run[], highest: readonly Run[], frame: Frame): Markup[] {
  const top = (frame.bottom - frame.top) / Math.max(1e-9, frame.bottom - frame.y(1) || 1)
  const clipped = highest.map(run => ({ ...run, value: Math.min(run.value, top) }))
  return [
    fill(slabsBetween(lowest, clipped), COLOURS.band, 0.6, frame),
    line(lowest, COLOURS.bound, 1, frame),
    line(
      clipped.filter(({ value }) => value < top),
      COLOURS.bound,
      1,
      frame,
    ),
  ]
}

const HATCH = element(
  'defs',
  {},
  element(
    'pattern',
    { id: 'apart', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(-45)' },
    element('path', { d: 'M0 0V7', stroke: COLOURS.quiet, 'stroke-width': 2, 'stroke-opacity': 0.5 }),
  ),
)

function drawApart(stretches: readonly Interval[], frame: Frame): Markup {
  const d = barsOf(stretches, frame, frame.top, frame.bottom)
  return d === '' ? group([]) : element('path', { d, fill: 'url(#apart)' })
}

/** At least a pixel each; those that touch on the picture are one. */
function barsOf(stretches: readonly Interval[], frame: Frame, top: number, bottom: number): string {
  let d = ''
  let from = Number.NaN
  let to = Number.NaN
  const end = (): void => {
    if (!Number.isNaN(from)) d += `M${short(from)} ${top}H${short(to)}V${bottom}H${short(from)}Z`
  }
  for (const stretch of stretches) {
    const left = frame.x(stretch.from)
    const right = Math.max(left + 1, frame.x(stretch.to))
    if (left <= to + 0.5) {
      to = Math.max(to, right)
      continue
    }
    end()
    from = left
    to = right
  }
  end()
  return d
}

/** Nothing to be seen, and something to be pointed at. */
function drawMarks(marks: readonly ComparisonMark[], frame: Frame): Markup[] {
  return marks.slice(0, MOST_MARKS).map(({ from, to, says }) => {
    const left = frame.x(from)
    const attributes = {
      x: left,
      y: frame.top,
      width: Math.max(3, frame.x(to) - left),
      height: frame.bottom - frame.top,
      fill: COLOURS.ink,
      'fill-opacity': 0,
    }
    return element('rect', attributes, element('title', {}, text(shorten(says, 400))))
  })
}

function drawStrip({ label, intervals, total }: ComparisonStrip, base: number, frame: Frame): Markup[] {
  const d = barsOf(intervals, frame, base - STRIP.height + 5, base - 2)
  const small = { 'font-size': 11, y: base - 3 }
  return [
    element('path', { d: `M${frame.left} ${base - 2}H${frame.right}`, stroke: COLOURS.edge }),
    ...(d === '' ? [] : [element('path', { d, fill: COLOURS.lost })]),
    element(
      'text',
      { ...small, x: frame.left - 6, 'text-anchor': 'end', fill: COLOURS.quiet },
      text(shorten(label, 9)),
    ),
    element(
      'text',
      { ...small, x: frame.right + 8, fill: d === '' ? COLOURS.quiet : COLOURS.lost },
      text(total),
    ),
  ]
}

function legendOf(someApart: boolean, someBounds: boolean): readonly LegendEntry[] {
  const stroke = (colour: string, width: number, dash?: string): Markup =>
    element('path', { d: 'M0 0H26', stroke: colour, 'stroke-width': width, 'stroke-dasharray': dash })
  const box = (colour: string, opacity: number, edge?: string): Markup =>
    element('rect', {
      x: 0,
      y: -6,
      width: 26,
      height: 12,
      fill: colour,
      'fill-opacity': opacity,
      stroke: edge,
    })
  return [
    { label: 'Plimsoll recommended', swatch: stroke(OURS.colour, 2.4) },
    { label: 'they had', swatch: stroke(THEIRS.colour, 1.8, THEIRS.dash) },
    { label: 'more', swatch: box(COLOURS.out, 0.4) },
    { label: 'fewer', swatch: box(COLOURS.in, 0.3) },
    ...(someBounds ? [{ label: 'its bounds', swatch: box(COLOURS.band, 0.75, COLOURS.bound) }] : []),
    ...(someApart ? [{ label: 'not compared', swatch: box('url(#apart)', 1, COLOURS.edge) }] : []),
  ]
}
