/**
 * The picture of what service costs: each contender's settings as points, cost upwards against loss to the right, joined where
 * they are the best it can do; the one that was chosen is marked. An SVG document as text.
 *
 * Example: `hpa` at targets of 50, 60, 70 and 80 % is four points from (0.1 %, 3.9) to (2 %, 1.6); a line through points further
 * down and left is better everywhere.
 */
import { CONTENDER_STROKES } from './course.ts'
import { COLOURS, HEIGHT, WIDTH } from './frame.ts'
import { element, group, type Markup, short, shorten, text } from './svg.ts'

export interface FrontPictureRequest {
  readonly title: string
  readonly subtitle: string
  /** To the right; less is better: `{ label: 'load lost, %', scale: 'log' }`. */
  readonly across: FrontAxis
  /** Upwards; less is better. */
  readonly up: FrontAxis
  /** The operator's own first. */
  readonly groups: readonly FrontGroup[]
  /** A point of the first group. */
  readonly chosen?: FrontPoint | null
  /** Values across that matter to the reader, such as the stated losses: a hair line each. */
  readonly goals?: readonly number[]
  /** What is written above such a line; nothing where it is left out. */
  readonly goalText?: (goal: number) => string
}

export interface FrontAxis {
  readonly label: string
  /** On a logarithmic axis zero has a place of its own at the edge. */
  readonly scale: 'linear' | 'log'
}

export interface FrontGroup {
  readonly name: string
  readonly points: readonly FrontPoint[]
}

export interface FrontPoint {
  readonly across: number
  readonly up: number
  /** The setting, said when pointed at. */
  readonly label: string
}

const LEFT = 72
const RIGHT = WIDTH - 112
const TOP = 84
const BOTTOM = HEIGHT - 60
/** Room at the edge of a logarithmic axis for what is zero. */
const ZERO = 34
const MOST_POINTS = 2000

/** Those no other beats in both; sorted by `across`. */
export function frontOf(points: readonly FrontPoint[]): readonly FrontPoint[] {
  const sorted = points
    .filter(({ across, up }) => Number.isFinite(across) && Number.isFinite(up))
    .sort((a, b) => a.across - b.across || a.up - b.up)
  let least = Number.POSITIVE_INFINITY
  return sorted.filter(({ up }) => {
    if (up >= least) return false
    least = up
    return true
  })
}

export function drawFront(request: FrontPictureRequest): string {
  const { title, subtitle, groups, goals = [], goalText = () => '', chosen = null } = request
  const all = groups.flatMap(({ points }) => points).concat(chosen === null ? [] : [chosen])
  const across = axisOf(request.across, [...all.map(point => point.across), ...goals], LEFT, RIGHT)
  const up = axisOf(
    request.up,
    all.map(point => point.up),
    BOTTOM,
    TOP,
  )
  const place = (point: FrontPoint): Placed => ({
    ...point,
    x: across.place(point.across),
    y: up.place(point.up),
  })
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
    drawCard(title, subtitle),
    drawAxes(request, across, up),
    ...goals.map(goal => drawGoal(across.place(goal), goalText(goal))),
    ...groups.map((group, index) => drawGroup(group, index, place)).reverse(),
    ...drawNames(groups, place),
    ...(chosen === null ? [] : [drawChosen(place(chosen))]),
    ...(all.length === 0 ? [drawEmpty()] : []),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${picture.markup}\n`
}

interface Placed extends FrontPoint {
  readonly x: number
  readonly y: number
}

interface Axis {
  readonly ticks: readonly number[]
  place(value: number): number
}

/** From the edge at `from` to the one at `to`. */
function axisOf({ scale }: FrontAxis, values: readonly number[], from: number, to: number): Axis {
  const known = values.filter(value => Number.isFinite(value) && value >= 0)
  return scale === 'log' ? logAxis(known, from, to) : linearAxis(known, from, to)
}

function linearAxis(values: readonly number[], from: number, to: number): Axis {
  const least = values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)
  const most = values.reduce((high, value) => Math.max(high, value), 0)
  // Differences are what one looks for: the axis begins near the lowest, where that is far from zero.
  const span = most - least
  const step = roundStep((span > 0 ? span : most || 1) / 6)
  const low = least > span && Number.isFinite(least) ? Math.floor(least / step) * step : 0
  const high = Math.max(low + step, Math.ceil((most + span * 0.04) / step) * step)
  const count = Math.round((high - low) / step)
  return {
    ticks: Array.from({ length: count + 1 }, (_, index) => low + index * step),
    place: value => from + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (to - from),
  }
}

function logAxis(values: readonly number[], from: number, to: number): Axis {
  const above = values.filter(value => value > 0)
  const least = above.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)
  const most = above.reduce((high, value) => Math.max(high, value), 0)
  const low = Math.log10(above.length === 0 ? 0.1 : least) - 0.08
  const high = Math.max(low + 0.3, Math.log10(above.length === 0 ? 10 : most) + 0.08)
  const hasZero = values.some(value => value === 0)
  const start = hasZero ? from + Math.sign(to - from) * ZERO : from
  const ticks = [...(hasZero ? [0] : [])]
  for (let power = Math.floor(low); power <= high; power++) {
    for (const factor of high - low > 3.2 ? [1] : [1, 2, 5]) {
      const value = factor * 10 ** power
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value)
    }
  }
  return {
    ticks,
    place: value =>
      value <= 0
        ? from
        : start + ((Math.min(Math.max(Math.log10(value), low), high) - low) / (high - low)) * (to - start),
  }
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 2.5, 5, 10].find(factor => factor * power >= least * 0.999) ?? 10) * power
}

function drawCard(title: string, subtitle: string): Markup {
  return group([
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
      { x: 32, y: 36, 'font-size': 19, 'font-weight': 600, fill: COLOURS.ink },
      text(shorten(title, 70)),
    ),
    element('text', { x: 32, y: 57, 'font-size': 12.5, fill: COLOURS.quiet }, text(shorten(subtitle, 150))),
  ])
}

function drawAxes(request: FrontPictureRequest, across: Axis, up: Axis): Markup {
  const small = { 'font-size': 12, fill: COLOURS.quiet }
  const parts = [
    ...up.ticks.flatMap(tick => {
      const y = up.place(tick)
      return [
        element('path', { d: `M${LEFT} ${short(y)}H${RIGHT}`, stroke: COLOURS.grid }),
        element('text', { ...small, x: LEFT - 9, y: y + 4, 'text-anchor': 'end' }, text(tickText(tick))),
      ]
    }),
    ...across.ticks.flatMap(tick => {
      const x = across.place(tick)
      return [
        element('path', { d: `M${short(x)} ${TOP}V${BOTTOM + 5}`, stroke: COLOURS.grid }),
        element('text', { ...small, x, y: BOTTOM + 20, 'text-anchor': 'middle' }, text(tickText(tick))),
      ]
    }),
    element('path', { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, fill: 'none', stroke: COLOURS.bound }),
    element(
      'text',
      { ...small, x: (LEFT + RIGHT) / 2, y: BOTTOM + 44, 'text-anchor': 'middle', 'font-size': 13 },
      text(shorten(request.across.label, 80)),
    ),
    element(
      'text',
      {
        ...small,
        transform: `translate(22 ${(TOP + BOTTOM) / 2}) rotate(-90)`,
        'text-anchor': 'middle',
        'font-size': 13,
      },
      text(shorten(request.up.label, 50)),
    ),
  ]
  return group(parts)
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function drawGoal(x: number, said: string): Markup {
  const line = element('path', {
    d: `M${short(x)} ${TOP}V${BOTTOM}`,
    stroke: COLOURS.bound,
    'stroke-dasharray': '3 4',
  })
  if (said === '') return line
  const place = { x: short(x), y: TOP - 6, 'text-anchor': 'middle', 'font-size': 12, fill: COLOURS.quiet }
  return group([line, element('text', place, text(said))])
}

function strokeAt(index: number): { readonly colour: string; readonly dash?: string } {
  return CONTENDER_STROKES[Math.min(index, CONTENDER_STROKES.length - 1)] ?? { colour: COLOURS.ink }
}

type Place = (point: FrontPoint) => Placed

/** All of its points, pale; the best of them joined, full. */
function drawGroup({ points }: FrontGroup, index: number, place: Place): Markup {
  const { colour, dash } = strokeAt(index)
  const front = frontOf(points)
  const onFront = new Set(front)
  const behind = points.filter(point => !onFront.has(point) && Number.isFinite(point.across + point.up))
  const stride = Math.max(1, Math.ceil(behind.length / MOST_POINTS))
  const dot = (point: FrontPoint, radius: number, opacity?: number) => {
    const { x, y, label } = place(point)
    return element(
      'circle',
      { cx: x, cy: y, r: radius, fill: colour, 'fill-opacity': opacity },
      element('title', {}, text(`${shorten(label, 200)}: ${tickText(point.across)}, ${tickText(point.up)}`)),
    )
  }
  const line = front.map(point => {
    const { x, y } = place(point)
    return `${short(x)} ${short(y)}`
  })
  return group([
    ...behind.filter((_, at) => at % stride === 0).map(point => dot(point, 2.2, 0.28)),
    element('path', {
      d: line.length === 0 ? '' : `M${line.join('L')}`,
      fill: 'none',
      stroke: colour,
      'stroke-width': index === 0 ? 2.6 : 1.7,
      'stroke-dasharray': dash,
      'stroke-linejoin': 'round',
    }),
    ...front.map(point => dot(point, index === 0 ? 4 : 3)),
  ])
}

/** At the right end of each line, moved apart where two would overlap. */
function drawNames(groups: readonly FrontGroup[], place: Place): Markup[] {
  const LINE = 15
  const ends = groups
    .flatMap(({ name, points }, index) => {
      const last = frontOf(points).at(-1)
      return last === undefined ? [] : [{ name, index, ...place(last) }]
    })
    .sort((a, b) => a.y - b.y)
  let free = TOP
  const placed = ends.map(end => {
    const y = Math.max(end.y, free)
    free = y + LINE
    return { ...end, shownAt: y }
  })
  const over = Math.max(0, free - LINE - BOTTOM)
  return placed.flatMap(({ name, index, x, y, shownAt }) => {
    const { colour } = strokeAt(index)
    const label = RIGHT + 12
    return [
      element('path', {
        d: `M${short(x + 6)} ${short(y)}L${label - 4} ${short(shownAt - over)}`,
        stroke: colour,
        'stroke-opacity': 0.35,
      }),
      element(
        'text',
        {
          x: label,
          y: shownAt - over + 4,
          'font-size': 12.5,
          'font-weight': index === 0 ? 700 : 600,
          fill: colour,
        },
        text(shorten(name, 13)),
      ),
    ]
  })
}

function drawChosen({ x, y, label }: Placed): Markup {
  const isRight = x > (LEFT + RIGHT) / 2
  return group([
    element(
      'circle',
      { cx: x, cy: y, r: 9, fill: 'none', stroke: COLOURS.desired, 'stroke-width': 2.5 },
      element('title', {}, text(label)),
    ),
    element('path', { d: `M${short(x - 15)} ${short(y)}h30`, stroke: COLOURS.desired, 'stroke-width': 2.5 }),
    element(
      'text',
      {
        x: isRight ? x - 14 : x + 14,
        y: y - 14,
        'text-anchor': isRight ? 'end' : 'start',
        'font-size': 12.5,
        'font-weight': 600,
        fill: COLOURS.ink,
        stroke: COLOURS.card,
        'stroke-width': 4,
        'paint-order': 'stroke',
      },
      text(shorten(label, 60)),
    ),
  ])
}

function drawEmpty(): Markup {
  const middle = { x: (LEFT + RIGHT) / 2, y: (TOP + BOTTOM) / 2, 'text-anchor': 'middle' }
  return element('text', { ...middle, 'font-size': 15, fill: COLOURS.quiet }, text('Nothing was tried.'))
}
