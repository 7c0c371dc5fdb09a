/**
 * The picture of a fleet over time: instances as a step line between the constraint lines, what was desired as a dashed
 * line, every change as a mark that says why when pointed at. An SVG document as text.
 *
 * Example: two hours in which a peak raises the bounds from 2..5 to 4..6 show the band step up at 08:00, the line
 * follow to 4, and a green mark titled `08:00:05  2 -> 4  "Peak" asks for at least 4`.
 *
 * Where nobody looked (the target did not answer, the daemon was not running) the line has a hole.
 */
import type { Decision } from '../model/decision.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { TimelinePoint } from '../ports/state-store.ts'
import {
  COLOURS,
  columnMs,
  describeWindow,
  drawPicture,
  type Frame,
  type LegendEntry,
  makeFrame,
} from './frame.ts'
import { type Run, runsOf, silenceAfterMs, thinRuns } from './runs.ts'
import { areaPath, slabsBetween, stepPath } from './step-line.ts'
import { element, type Markup, shorten, text } from './svg.ts'
import { formatTime } from './zone-time.ts'

/** What a mark says of a decision. */
export type Told = Pick<Decision, 'at' | 'current' | 'desired' | 'direction' | 'because'>

export interface TimelineRequest {
  readonly fleet: string
  /** Sorted by time. */
  readonly points: readonly TimelinePoint[]
  readonly window: Interval
  /** To say why at the marks; without them a mark names the rule only. */
  readonly decisions?: readonly Told[]
  /** IANA name; default UTC. */
  readonly timeZone?: string
}

/** More marks than this could not be told apart; then the first in each stretch of pixels stands for its neighbours. */
const MOST_MARKS = 120

export function drawTimeline(request: TimelineRequest): string {
  const { fleet, window, timeZone = 'UTC' } = request
  const points = request.points.filter(point => point.at < window.to)
  const silenceMs = silenceAfterMs(points)
  const line = (pick: (point: TimelinePoint) => number | null): readonly Run[] =>
    thinRuns(runsOf(points, pick, window, silenceMs), columnMs(window))

  const open = line(point => point.open)
  const withPending = line(point => sum(point.open, point.pending))
  const withDraining = line(point => sum(sum(point.open, point.pending), point.draining))
  const desired = line(point => point.desired)
  const lowest = line(point => point.lowest)
  const highest = line(point => point.highest)
  const changes = changesOf(request, points)

  const top = Math.max(1, ...[withDraining, desired, highest].map(largest))
  // A little air above the highest line, so that it is not the frame.
  const room = { window, highest: top + Math.max(0.5, top * 0.06) }
  const frame = makeFrame(room)
  const area = (lower: readonly Run[], upper: readonly Run[], fill: string, opacity: number): Markup =>
    element('path', {
      d: areaPath(slabsBetween(lower, upper), frame),
      fill,
      'fill-opacity': opacity,
    })
  const stroke = (runs: readonly Run[], colour: string, width: number, dash?: string): Markup =>
    element('path', {
      d: stepPath(runs, frame),
      fill: 'none',
      stroke: colour,
      'stroke-width': width,
      'stroke-dasharray': dash,
      'stroke-linejoin': 'round',
      'stroke-linecap': dash === undefined ? 'round' : undefined,
    })

  const someDraining = points.some(point => (point.draining ?? 0) > 0)
  const somePending = points.some(point => (point.pending ?? 0) > 0)
  const body = [
    area(lowest, highest, COLOURS.band, 0.75),
    stroke(lowest, COLOURS.bound, 1.4),
    stroke(highest, COLOURS.bound, 1.4),
    ...(someDraining ? [area(withPending, withDraining, COLOURS.draining, 0.35)] : []),
    ...(somePending ? [area(open, withPending, COLOURS.pending, 0.45)] : []),
    // Under the instances: the dashes show where the two differ, which is what one looks for.
    stroke(desired, COLOURS.desired, 1.8, '6 5'),
    stroke(open, COLOURS.instances, 2.8),
    ...drawBoundLabels(lowest, highest, frame),
    ...drawMarks(changes, frame, timeZone),
    ...(open.length === 0 ? [drawEmpty(points.length, frame)] : []),
  ]
  return drawPicture({
    ...room,
    frame,
    timeZone,
    title: fleet,
    subtitle: describe(request, points, changes, timeZone),
    legend: legendOf(somePending, someDraining, changes.length > 0),
    body,
  })
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

function largest(runs: readonly Run[]): number {
  return runs.reduce((most, run) => Math.max(most, run.value), 0)
}

interface ChangeMark {
  readonly at: EpochMs
  readonly from: number
  readonly to: number
  readonly because: string
}

function changesOf(
  { decisions, window }: TimelineRequest,
  points: readonly TimelinePoint[],
): readonly ChangeMark[] {
  const marks: ChangeMark[] = []
  if (decisions !== undefined) {
    for (const { at, current, desired, direction, because } of decisions) {
      if (direction === 'none' || current === null || desired === null) continue
      marks.push({ at, from: current, to: desired, because })
    }
  } else {
    let before: number | null = null
    for (const { at, desired, rule } of points) {
      if (desired !== null && before !== null && desired !== before) {
        marks.push({ at, from: before, to: desired, because: rule === null ? 'no rule named' : `"${rule}"` })
      }
      before = desired ?? before
    }
  }
  return marks.filter(mark => mark.at >= window.from && mark.at < window.to).sort((a, b) => a.at - b.at)
}

/** Triangles on the desired line: up and green for more, down and red for fewer. */
function drawMarks(changes: readonly ChangeMark[], frame: Frame, timeZone: string): readonly Markup[] {
  const apart = changes.length > MOST_MARKS ? (frame.right - frame.left) / MOST_MARKS : 0
  const scale = changes.length > MOST_MARKS / 3 ? 0.65 : 1
  let lastX = Number.NEGATIVE_INFINITY
  const marks: Markup[] = []
  for (const change of changes) {
    const x = frame.x(change.at)
    if (x - lastX < apart) continue
    lastX = x
    marks.push(drawMark(change, x, frame.y(change.to), scale, timeZone))
  }
  return marks
}

function drawMark(
  { at, from, to, because }: ChangeMark,
  x: number,
  y: number,
  scale: number,
  timeZone: string,
): Markup {
  const up = to > from
  const title = `${formatTime(at, timeZone)}  ${from} -> ${to}  ${shorten(because, 400)}`
  return element(
    'path',
    {
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale})`,
      d: up ? 'M0 -8L7 5H-7Z' : 'M0 8L7 -5H-7Z',
      fill: up ? COLOURS.out : COLOURS.in,
      stroke: COLOURS.card,
      'stroke-width': 1.5,
    },
    element('title', {}, text(title)),
  )
}

/** The bounds at the right end, named and numbered where they are. */
function drawBoundLabels(lowest: readonly Run[], highest: readonly Run[], frame: Frame): readonly Markup[] {
  const low = lowest.at(-1)
  const high = highest.at(-1)
  if (low === undefined || high === undefined) return []
  const label = (y: number, value: string) =>
    element('text', { x: frame.right + 8, y: y + 4, 'font-size': 12, fill: COLOURS.quiet }, text(value))
  if (low.value === high.value) return [label(frame.y(low.value), `exactly ${low.value}`)]
  return [
    label(frame.y(high.value), `at most ${high.value}`),
    label(frame.y(low.value), `at least ${low.value}`),
  ]
}

function drawEmpty(points: number, frame: Frame): Markup {
  const why =
    points === 0 ? 'No tick was recorded in this time.' : 'The target could not be asked in all of this time.'
  const middle = {
    x: (frame.left + frame.right) / 2,
    y: (frame.top + frame.bottom) / 2,
    'text-anchor': 'middle',
  }
  return element('text', { ...middle, 'font-size': 15, fill: COLOURS.quiet }, text(why))
}

function describe(
  { window }: TimelineRequest,
  points: readonly TimelinePoint[],
  changes: readonly ChangeMark[],
  timeZone: string,
): string {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const { open } of points) {
    if (open === null) continue
    least = Math.min(least, open)
    most = Math.max(most, open)
  }
  const count =
    most < 0
      ? 'nothing recorded'
      : least === most
        ? counted(most, 'instance')
        : `${least} to ${counted(most, 'instance')}`
  return `${describeWindow(window, timeZone)}  ·  ${count}  ·  ${counted(changes.length, 'change')}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function legendOf(somePending: boolean, someDraining: boolean, someChanges: boolean): readonly LegendEntry[] {
  const line = (colour: string, width: number, dash?: string) =>
    element('path', { d: 'M0 0H26', stroke: colour, 'stroke-width': width, 'stroke-dasharray': dash })
  const box = (fill: string, opacity: number, stroke?: string) =>
    element('rect', { x: 0, y: -6, width: 26, height: 12, fill, 'fill-opacity': opacity, stroke })
  const triangles = [
    element('path', { d: 'M6 -6L12 5H0Z', fill: COLOURS.out }),
    element('path', { d: 'M20 6L26 -5H14Z', fill: COLOURS.in }),
  ]
  return [
    { label: 'instances', swatch: line(COLOURS.instances, 3) },
    { label: 'desired', swatch: line(COLOURS.desired, 2, '6 5') },
    ...(somePending ? [{ label: 'pending', swatch: box(COLOURS.pending, 0.45) }] : []),
    ...(someDraining ? [{ label: 'draining', swatch: box(COLOURS.draining, 0.35) }] : []),
    { label: 'bounds', swatch: box(COLOURS.band, 0.75, COLOURS.bound) },
    ...(someChanges ? [{ label: 'changes', swatch: element('g', {}, ...triangles) }] : []),
  ]
}
