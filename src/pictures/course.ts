/**
 * The picture of a replay: what was needed as an area, what was ready as lines, the first contender's bounds as a band and its
 * decisions as marks; below, in red, what found no room. An SVG document as text, small whatever the length: of the bins on
 * one pixel column the lowest and the highest are drawn, so that a spike of one minute in a month is still there.
 *
 * Example: a day by the minute of `web` beside `hpa` shows the needed count as a wave, two lines over it, and a strip per
 * contender in which a red bar at 09:10 says that 4 % of that minute's load was lost.
 */
import type { EpochMs, Interval } from '../model/time.ts'
import {
  type Bins,
  columnArea,
  columnLine,
  columnSpread,
  columnsOf,
  densityOf,
  largestOf,
  meanLine,
  type Scale,
  sharesOf,
  shortfallBars,
  sumOf,
} from './bins.ts'
import { COLOURS, drawPicture, type Frame, type LegendEntry, makeFrame } from './frame.ts'
import { element, group, type Markup, short, shorten, text } from './svg.ts'
import { formatDay, formatTime } from './zone-time.ts'

/** What became of one contender; each as long as the picture's `length`. */
export interface PicturedCourse {
  readonly name: string
  readonly ready: Bins
  readonly paid: Bins
  /** In the unit of the load, of each bin. */
  readonly lost: Bins
  readonly refused: Bins
  /** What waits at the end of the bin, in the unit of a bin's load. */
  readonly backlog: Bins
  readonly marks: readonly CourseMark[]
}

export interface CourseMark {
  readonly at: EpochMs
  readonly from: number
  readonly to: number
  readonly because: string
}

export interface CoursePictureRequest {
  readonly title: string
  readonly subtitle: string
  /** IANA name; default UTC. */
  readonly timeZone?: string
  readonly startAt: EpochMs
  readonly stepMs: number
  readonly length: number
  readonly load: Bins
  readonly needed: Bins
  /** NaN where nobody set one. */
  readonly lowest: Bins
  readonly highest: Bins
  /** The one the picture is about first; at least one. */
  readonly courses: readonly PicturedCourse[]
  /** Where the record hit its ceiling. */
  readonly censored: readonly Interval[]
  /** Where the recorded values say little of this replay. */
  readonly doubtful: readonly Interval[]
}

/** Told apart beside each other, by dash as well as by colour; those beyond share the last. */
export const CONTENDER_STROKES: readonly { readonly colour: string; readonly dash?: string }[] = [
  { colour: COLOURS.instances },
  { colour: COLOURS.desired, dash: '7 4' },
  { colour: '#6741b8', dash: '2.5 3' },
  { colour: '#2b8a3e', dash: '10 3 2.5 3' },
  { colour: '#a61e6e', dash: '5 2.5' },
  { colour: '#7a5b00', dash: '1.5 2.5' },
  { colour: COLOURS.quiet, dash: '4 5' },
]

/** More marks could not be told apart on the line; then all of them are ticks below it. */
const MOST_MARKS = 90
const STRIP = { one: 26, several: 17, rug: 16, gap: 9 } as const
/** From so many bins a pixel a line is a cloud of strokes, which hides what is behind it. */
const DENSE = 4
/** Beside the strips stand names of up to twelve letters, or `changes` and `refused`. */
const LEFT_OF_NAMES = 84
const LEFT_OF_WORDS = 64
/** Further contenders get a line, and no strip. */
const MOST_STRIPS = 6

export function drawCourse(request: CoursePictureRequest): string {
  const { startAt, stepMs, length, timeZone = 'UTC', courses, title, subtitle } = request
  const window = { from: startAt, to: startAt + stepMs * Math.max(1, length) }
  const strips = stripsOf(request)
  const marks = courses[0]?.marks.filter(({ from, to }) => from !== to) ?? []
  const rug = marks.length > MOST_MARKS ? STRIP.rug : 0
  const room = {
    window,
    highest: highestOf(request) * 1.04,
    left: courses.length > 1 ? LEFT_OF_NAMES : LEFT_OF_WORDS,
    below: STRIP.gap + rug + strips.reduce((sum, strip) => sum + strip.height, 0),
  }
  const frame = makeFrame(room)
  const scale: Scale = { x: bin => frame.x(startAt + bin * stepMs), y: frame.y }
  const columns = (bins: Bins) => columnsOf(bins, 0, length, frame.right - frame.left)
  const [own, ...others] = courses
  const body = [
    ...drawBand(request, columns, scale),
    ...drawDemand(columns(request.needed), scale),
    ...(own === undefined
      ? []
      : [drawShortfall(shortfallBars(request.needed, own.ready, columns(own.ready), scale))]),
    drawHatched(request.doubtful, 'doubtful', frame, stepMs),
    drawHatched(request.censored, 'censored', frame, stepMs),
    ...drawLines(request, columns, scale),
    ...(rug > 0 ? drawRug(marks, frame) : drawMarks(marks, frame, timeZone)),
    ...drawStrips(strips, request, frame, frame.bottom + STRIP.gap + rug),
    ...(others.length > 0 ? drawNames(courses, frame, length) : []),
  ]
  return drawPicture({
    ...room,
    frame,
    timeZone,
    title,
    subtitle,
    unit: 'instances',
    legend: legendOf(request),
    body: [HATCHES, ...body],
  })
}

function highestOf({ needed, highest, courses }: CoursePictureRequest): number {
  const bound = largestOf(highest)
  const most = Math.max(
    1,
    largestOf(needed),
    ...courses.flatMap(({ ready, paid }) => [largestOf(ready), largestOf(paid)]),
  )
  // A bound far above all that happened would press the picture flat; then the band runs out at the top.
  return bound <= most * 1.3 ? Math.max(most, bound) : most
}

function strokeOf(index: number): { readonly colour: string; readonly dash?: string } {
  return CONTENDER_STROKES[Math.min(index, CONTENDER_STROKES.length - 1)] ?? { colour: COLOURS.ink }
}

function isDense({ length }: CoursePictureRequest): boolean {
  return length > DENSE * PLOT_WIDTH
}

function drawLines(request: CoursePictureRequest, columns: ToColumns, scale: Scale): Markup[] {
  const [own, ...others] = request.courses
  if (own === undefined) return []
  const dense = isDense(request)
  const line = (bins: Bins, index: number, width: number, opacity?: number): Markup => {
    const { colour, dash } = strokeOf(index)
    const shown = columns(bins)
    if (!dense) {
      return strokeLine(
        columnLine(shown, scale),
        dash === undefined ? { colour } : { colour, dash },
        width,
        opacity,
      )
    }
    // The average as a line, and pale around it what a pixel went through, so that neither hides the other.
    return group([
      element('path', {
        d: columnSpread(shown, scale),
        stroke: colour,
        'stroke-opacity': index === 0 ? 0.38 : 0.14,
      }),
      strokeLine(meanLine(shown, scale), { colour }, index === 0 ? 1.6 : 1, opacity),
    ])
  }
  return [
    ...(dense ? [] : [line(own.paid, 0, 0.9, 0.55)]),
    ...others.map(({ ready }, index) => line(ready, index + 1, 1.5)).reverse(),
    line(own.ready, 0, 2.2),
  ]
}

function strokeLine(
  d: string,
  { colour, dash }: { readonly colour: string; readonly dash?: string },
  width: number,
  opacity?: number,
): Markup {
  return element('path', {
    d,
    fill: 'none',
    stroke: colour,
    'stroke-width': width,
    'stroke-opacity': opacity,
    'stroke-dasharray': dash,
    'stroke-linejoin': 'round',
  })
}

type ToColumns = (bins: Bins) => ReturnType<typeof columnsOf>

/** What the constraints allow, up to the top of the picture where that is more than it shows. */
function drawBand({ lowest, highest }: CoursePictureRequest, columns: ToColumns, scale: Scale): Markup[] {
  const low = columns(lowest)
  const high = columns(highest)
  if (!low.low.some(value => !Number.isNaN(value))) return []
  const top = scale.y(0) - 1e4
  const clipped: Scale = { x: scale.x, y: value => Math.max(PLOT_TOP, value > 1e9 ? top : scale.y(value)) }
  return [
    element('path', {
      d: `${columnArea(high, 'high', 0, clipped)}${columnArea(low, 'low', 0, clipped)}`,
      fill: COLOURS.band,
      'fill-opacity': 0.6,
      'fill-rule': 'evenodd',
    }),
    strokeLine(columnLine(low, clipped), { colour: COLOURS.bound }, 1),
    strokeLine(columnLine(high, clipped), { colour: COLOURS.bound }, 1),
  ]
}

const PLOT = makeFrame({ window: { from: 0, to: 1 }, highest: 1 })
const PLOT_TOP = PLOT.top
const PLOT_WIDTH = PLOT.right - PLOT.left

/** Full up to the average of a column, light from there to its highest. */
function drawDemand(needed: ReturnType<typeof columnsOf>, scale: Scale): Markup[] {
  const area = (edge: 'mean' | 'high', opacity: number) =>
    element('path', { d: columnArea(needed, edge, 0, scale), fill: COLOURS.demand, 'fill-opacity': opacity })
  return [area('high', 0.35), area('mean', 0.4)]
}

function drawShortfall(d: string): Markup {
  return element('path', { d, fill: COLOURS.lost, 'fill-opacity': 0.75 })
}

function coarse(value: number): string {
  return short(Math.round(value * 10) / 10)
}

const HATCHES = element(
  'defs',
  {},
  ...(
    [
      ['censored', '#b35c00', 45],
      ['doubtful', COLOURS.quiet, -45],
    ] as const
  ).map(([id, stroke, turn]) =>
    element(
      'pattern',
      { id, width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: `rotate(${turn})` },
      element('path', { d: 'M0 0V7', stroke, 'stroke-width': 2, 'stroke-opacity': 0.5 }),
    ),
  ),
)

/** Stretches that touch on the picture are one. */
function drawHatched(
  stretches: readonly Interval[],
  pattern: 'censored' | 'doubtful',
  frame: Frame,
  stepMs: number,
): Markup {
  let d = ''
  let from = Number.NaN
  let to = Number.NaN
  const end = () => {
    if (!Number.isNaN(from))
      d += `M${coarse(from)} ${frame.top}H${coarse(to)}V${frame.bottom}H${coarse(from)}Z`
  }
  for (const stretch of stretches) {
    const left = frame.x(stretch.from)
    const right = Math.max(left + 1, frame.x(Math.max(stretch.to, stretch.from + stepMs)))
    if (left <= to + 0.5) {
      to = Math.max(to, right)
      continue
    }
    end()
    from = left
    to = right
  }
  end()
  return d === '' ? group([]) : element('path', { d, fill: `url(#${pattern})` })
}

/** Small triangles on the count asked for. */
function drawMarks(marks: readonly CourseMark[], frame: Frame, timeZone: string): Markup[] {
  const size = marks.length > MOST_MARKS / 3 ? 0.5 : 0.8
  return marks.map(({ at, from, to, because }) => {
    const said = `${formatDay(at, timeZone)} ${formatTime(at, timeZone)}  ${from} -> ${to}  ${shorten(because, 300)}`
    return element(
      'path',
      {
        transform: `translate(${coarse(frame.x(at))} ${coarse(frame.y(to))}) scale(${size})`,
        d: to > from ? 'M0 -8L7 5H-7Z' : 'M0 8L7 -5H-7Z',
        fill: to > from ? COLOURS.out : COLOURS.in,
        stroke: COLOURS.card,
        'stroke-width': 1.5,
      },
      element('title', {}, text(said)),
    )
  })
}

/** How often it changed: up for more, down for fewer. */
function drawRug(marks: readonly CourseMark[], frame: Frame): Markup[] {
  const middle = frame.bottom + STRIP.gap + STRIP.rug / 2 - 2
  const small = { 'font-size': 11, y: middle + 4, fill: COLOURS.quiet }
  const ticks = (isUp: boolean, colour: string, down: number) => {
    const places = marks.filter(({ from, to }) => to > from === isUp).map(({ at }) => frame.x(at))
    const shares = [...densityOf(places, frame.left, frame.right, (frame.right - frame.left) / TICK)]
    const d = shares.map((share, column) =>
      share === 0
        ? ''
        : `M${frame.left + column * TICK + TICK / 2} ${middle}v${coarse(down * Math.max(0.15, share))}`,
    )
    return element('path', { d: d.join(''), stroke: colour, 'stroke-width': TICK * 0.8 })
  }
  return [
    element('path', { d: `M${frame.left} ${middle}H${frame.right}`, stroke: COLOURS.edge }),
    ticks(true, COLOURS.out, -7),
    ticks(false, COLOURS.in, 7),
    element('text', { ...small, x: frame.left - 6, 'text-anchor': 'end' }, text('changes')),
    element('text', { ...small, x: frame.right + 8 }, text(String(marks.length))),
  ]
}

/** Pixels a tick has. */
const TICK = 2

interface Strip {
  readonly label: string
  /** Shares of the bin's load. */
  readonly shares: Float64Array
  readonly colour: string
  readonly height: number
  /** Of the whole time: `0.42 %`. */
  readonly total: string
}

/** One contender: what was lost, refused and waited, each by itself. Several: what each turned away. */
function stripsOf({ courses, load, length }: CoursePictureRequest): readonly Strip[] {
  const total = sumOf(load)
  const strip = (label: string, amounts: readonly Bins[], colour: string, height: number): Strip => ({
    label,
    shares: sharesOf(amounts, load, length),
    colour,
    height,
    total: percent(amounts.reduce((sum, bins) => sum + sumOf(bins), 0) / Math.max(total, 1e-300)),
  })
  const [own] = courses
  if (own === undefined) return []
  if (courses.length > 1) {
    const waits = courses.some(({ backlog }) => largestOf(backlog) > 0)
    return courses.slice(0, MOST_STRIPS).map(({ name, lost, refused, backlog }) => {
      const turnedAway = strip(shorten(name, 12), [lost, refused], COLOURS.lost, STRIP.several)
      return waits && largestOf(turnedAway.shares) === 0
        ? { ...strip(shorten(name, 12), [backlog], COLOURS.pending, STRIP.several), total: 'queue' }
        : turnedAway
    })
  }
  const candidates = [
    strip('lost', [own.lost], COLOURS.lost, STRIP.one),
    strip('refused', [own.refused], COLOURS.lost, STRIP.one),
    { ...strip('waiting', [own.backlog], COLOURS.pending, STRIP.one), total: 'queue' },
  ]
  const some = candidates.filter(({ shares }) => largestOf(shares) > 0)
  return some.length > 0 ? some : candidates.slice(0, 1)
}

/** `0.42 %`; what is more than nothing does not read as nothing. */
function percent(ratio: number): string {
  const value = ratio * 100
  if (value > 0 && value < 0.01) return '<0.01 %'
  return `${value === 0 ? '0' : value.toFixed(value >= 10 ? 1 : 2)} %`
}

function drawStrips(
  strips: readonly Strip[],
  { length }: CoursePictureRequest,
  frame: Frame,
  top: number,
): Markup[] {
  const most = strips.reduce((sum, { shares }) => Math.max(sum, largestOf(shares)), 0)
  let bottom = top
  return strips.flatMap(({ label, shares, colour, height, total }) => {
    bottom += height
    const base = bottom - 2
    const tall = height - 5
    const scale: Scale = {
      x: bin => frame.left + (bin / Math.max(1, length)) * (frame.right - frame.left),
      // By the root, so that a thousandth is seen beside a half; and what is there at all is a pixel.
      y: share => (share <= 0 ? base : base - Math.max(1.2, Math.sqrt(share / Math.max(most, 1e-9)) * tall)),
    }
    const columns = columnsOf(shares, 0, length, frame.right - frame.left)
    const small = { 'font-size': 11, y: base - 1 }
    return [
      element('path', { d: `M${frame.left} ${base}H${frame.right}`, stroke: COLOURS.edge }),
      element('path', { d: columnArea(columns, 'high', 0, scale), fill: colour }),
      element(
        'text',
        { ...small, x: frame.left - 6, 'text-anchor': 'end', fill: COLOURS.quiet },
        text(label),
      ),
      element(
        'text',
        { ...small, x: frame.right + 8, fill: colour === COLOURS.lost ? colour : COLOURS.quiet },
        text(total),
      ),
    ]
  })
}

/** Each name where its line ends, moved apart where two would overlap. */
function drawNames(courses: readonly PicturedCourse[], frame: Frame, length: number): Markup[] {
  const LINE = 14
  const ends = courses
    .map(({ name, ready }, index) => ({ name, index, y: frame.y(ready[length - 1] ?? 0) }))
    .sort((a, b) => a.y - b.y)
  let free = frame.top
  const placed = ends.map(end => {
    const y = Math.max(end.y, free)
    free = y + LINE
    return { ...end, y }
  })
  const over = Math.max(0, free - LINE - frame.bottom)
  return placed.map(({ name, index, y }) =>
    element(
      'text',
      {
        x: frame.right + 8,
        y: y - over + 4,
        'font-size': 12,
        'font-weight': index === 0 ? 700 : 600,
        fill: strokeOf(index).colour,
      },
      text(shorten(name, 11)),
    ),
  )
}

function legendOf(request: CoursePictureRequest): readonly LegendEntry[] {
  const { courses, censored, doubtful, lowest } = request
  const line = (stroke: ReturnType<typeof strokeOf>, width: number, opacity?: number) =>
    element('path', {
      d: 'M0 0H26',
      stroke: stroke.colour,
      'stroke-width': width,
      'stroke-dasharray': stroke.dash,
      'stroke-opacity': opacity,
    })
  const box = (fill: string, opacity: number, stroke?: string) =>
    element('rect', { x: 0, y: -6, width: 26, height: 12, fill, 'fill-opacity': opacity, stroke })
  const triangles = group([
    element('path', { d: 'M6 -6L12 5H0Z', fill: COLOURS.out }),
    element('path', { d: 'M20 6L26 -5H14Z', fill: COLOURS.in }),
  ])
  const [own] = courses
  const bounded = largestOf(lowest) > 0
  return [
    { label: 'needed', swatch: box(COLOURS.demand, 0.6) },
    {
      label: courses.length > 1 ? `${shorten(own?.name ?? '', 16)} ready` : 'ready',
      swatch: line(strokeOf(0), 2.4),
    },
    ...(isDense(request) ? [] : [{ label: 'paid', swatch: line(strokeOf(0), 1, 0.55) }]),
    { label: 'short', swatch: box(COLOURS.lost, 0.75) },
    ...(bounded ? [{ label: 'bounds', swatch: box(COLOURS.band, 0.75, COLOURS.bound) }] : []),
    ...((own?.marks.length ?? 0) > 0 ? [{ label: 'decisions', swatch: triangles }] : []),
    ...(censored.length > 0
      ? [{ label: 'at least this', swatch: box('url(#censored)', 1, COLOURS.edge) }]
      : []),
    ...(doubtful.length > 0 ? [{ label: 'doubtful', swatch: box('url(#doubtful)', 1, COLOURS.edge) }] : []),
  ]
}
