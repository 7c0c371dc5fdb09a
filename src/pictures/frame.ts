/**
 * What every picture of ours shares: a light card with a title, a legend, a grid with counts upwards and local time
 * to the right. The card brings its own background, so it reads on a dark page too.
 *
 * Example: `makeFrame({ window, highest: 6, ... }).x(window.from)` is 56, the left edge of the plot.
 */
import type { EpochMs, Interval } from '../model/time.ts'
import { element, group, type Markup, shorten, text } from './svg.ts'
import { countTicks, timeTicks } from './ticks.ts'
import { formatDate, formatMinute, formatTime } from './zone-time.ts'

export const WIDTH = 1120
export const HEIGHT = 480
const LEFT = 56
const RIGHT = 92
const TOP = 96
const BOTTOM = 56

export const COLOURS = {
  card: '#fbfcfe',
  edge: '#d5dde6',
  grid: '#e7ecf2',
  ink: '#16283a',
  quiet: '#5c6f82',
  band: '#dbe9f6',
  bound: '#6d9ac4',
  instances: '#0b4f8a',
  desired: '#e8590c',
  pending: '#f2a516',
  draining: '#8b98a6',
  demand: '#5fa3b8',
  lost: '#c92a2a',
  out: '#1f8a4c',
  in: '#c2255c',
} as const

export interface LegendEntry {
  readonly label: string
  /** A swatch 26 wide and 12 high, its left middle at 0,0. */
  readonly swatch: Markup
}

export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  /** Where a count of 0 is. */
  readonly bottom: number
  /** The end of what stands below the plot; the times are written under it. */
  readonly foot: number
  x(at: EpochMs): number
  y(count: number): number
}

export interface FrameRequest {
  readonly window: Interval
  /** The largest count that must fit. */
  readonly highest: number
  /** How much of the height is left free between the plot and the times, for strips. Default 0. */
  readonly below?: number
  /** Where the plot begins: names beside it want more than counts do. Default 56. */
  readonly left?: number
}

/** Milliseconds that one pixel column covers. */
export function columnMs(window: Interval): number {
  return Math.max(1, window.to - window.from) / (WIDTH - RIGHT - LEFT)
}

export function makeFrame({ window, highest, below = 0, left = LEFT }: FrameRequest): Frame {
  const right = WIDTH - RIGHT
  const foot = HEIGHT - BOTTOM
  const bottom = foot - below
  const span = Math.max(1, window.to - window.from)
  const ticks = countTicks(highest, 8)
  const top = ticks.at(-1) ?? 1
  return {
    left,
    right,
    top: TOP,
    bottom,
    foot,
    x: at => left + ((Math.min(Math.max(at, window.from), window.to) - window.from) / span) * (right - left),
    y: count => bottom - (count / top) * (bottom - TOP),
  }
}

export interface PictureRequest extends FrameRequest {
  readonly frame: Frame
  readonly title: string
  readonly subtitle: string
  readonly timeZone: string
  /** What is counted upwards, above the axis; nothing where it is left out. */
  readonly unit?: string
  readonly legend: readonly LegendEntry[]
  readonly body: readonly Markup[]
}

/** The finished SVG document. */
export function drawPicture(request: PictureRequest): string {
  const { frame, title, subtitle } = request
  const head = group([
    element('title', {}, text(title)),
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: HEIGHT - 1,
      rx: 10,
      fill: COLOURS.card,
      stroke: COLOURS.edge,
    }),
    element(
      'text',
      { x: LEFT - 24, y: 36, 'font-size': 19, 'font-weight': 600, fill: COLOURS.ink },
      text(shorten(title, 60)),
    ),
    element(
      'text',
      { x: LEFT - 24, y: 57, 'font-size': 12.5, fill: COLOURS.quiet },
      text(shorten(subtitle, 150)),
    ),
  ])
  const picture = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      role: 'img',
      'font-family': 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    },
    head,
    drawGrid(request),
    ...request.body,
    drawLegend(request.legend, frame),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${picture.markup}\n`
}

function drawGrid({ frame, window, highest, timeZone, unit }: PictureRequest): Markup {
  const parts: Markup[] = []
  if (unit !== undefined) {
    const place = { x: frame.left, y: frame.top - 12, 'font-size': 12, fill: COLOURS.quiet }
    parts.push(element('text', place, text(unit)))
  }
  for (const count of countTicks(highest, 8)) {
    const y = frame.y(count)
    parts.push(
      element('path', {
        d: `M${frame.left} ${y}H${frame.right}`,
        stroke: count === 0 ? COLOURS.bound : COLOURS.grid,
      }),
    )
    parts.push(
      element(
        'text',
        { x: frame.left - 9, y: y + 4, 'text-anchor': 'end', 'font-size': 12, fill: COLOURS.quiet },
        text(String(count)),
      ),
    )
  }
  for (const tick of timeTicks(window, 10, timeZone)) {
    const x = frame.x(tick.at)
    parts.push(element('path', { d: `M${x} ${frame.top}V${frame.foot}`, stroke: COLOURS.grid }))
    parts.push(element('path', { d: `M${x} ${frame.foot}v5`, stroke: COLOURS.bound }))
    const label = { x, 'text-anchor': 'middle', 'font-size': 12, fill: COLOURS.quiet }
    parts.push(element('text', { ...label, y: frame.foot + 20 }, text(tick.label)))
    if (tick.day !== null) {
      parts.push(element('text', { ...label, y: frame.foot + 36, 'font-weight': 600 }, text(tick.day)))
    }
  }
  return element('g', { 'stroke-width': 1 }, ...parts)
}

/** One row, right-aligned with the plot. */
function drawLegend(legend: readonly LegendEntry[], frame: Frame): Markup {
  const letterWidth = 6.4
  const widths = legend.map(entry => 34 + entry.label.length * letterWidth + 20)
  let x = frame.right - widths.reduce((sum, width) => sum + width, 0) + 20
  const parts = legend.map((entry, index) => {
    const at = x
    x += widths[index] ?? 0
    return element(
      'g',
      { transform: `translate(${at.toFixed(1)} ${frame.top - 20})` },
      entry.swatch,
      element('text', { x: 34, y: 4, 'font-size': 12, fill: COLOURS.ink }, text(entry.label)),
    )
  })
  return group(parts)
}

/** `21 Nov 2026, 10:00 to 12:00 (Europe/London)` */
export function describeWindow(window: Interval, timeZone: string): string {
  const fine = window.to - window.from < 10 * 60_000
  const clock = fine ? formatTime : formatMinute
  const first = formatDate(window.from, timeZone)
  const last = formatDate(window.to, timeZone)
  const end = first === last ? clock(window.to, timeZone) : `${last}, ${clock(window.to, timeZone)}`
  return `${first}, ${clock(window.from, timeZone)} to ${end} (${timeZone})`
}
