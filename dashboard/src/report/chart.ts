/**
 * Draws the stretch that is looked at: every bin where there is room for it, and otherwise the lowest and the highest of each
 * pixel.
 *
 * Example: 43,200 bins of three contenders on 1,100 pixels take some 5 ms.
 */
import {
  columnArea,
  columnLine,
  columnSpread,
  columnsOf,
  densityOf,
  largestOf,
  meanLine,
  type Scale,
  shortfallBars,
  sumOf,
} from '../../../src/pictures/bins.ts'
import { countTicks, timeTicks } from '../../../src/pictures/ticks.ts'
import { edgesOf, type Lane, type Layout, layOut } from './layout.ts'
import { colourReader, strokeOf } from './strokes.ts'
import { type Surface, surfaceOf } from './surface.ts'
import type { Made } from './unpack.ts'
import type { View } from './view.ts'
import { goneWord, percentText } from './words.ts'

const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
export const FONT = `12px ${FAMILY}`
/** Of a name beside the plot. */
const MOST_LETTERS = 12
/** More marks than this on the line would hide it; the lane has them all. */
const MOST_MARKS = 70

type Colour = (name: string) => string

interface Drawing extends Surface {
  readonly view: View
  readonly layout: Layout
  readonly colour: Colour
  readonly columns: (bins: ArrayLike<number>) => ReturnType<typeof columnsOf>
}

export function drawChart(canvas: HTMLCanvasElement, view: View): Layout | null {
  const surface = surfaceOf(canvas)
  if (surface === null) return null
  const layout = layOut(view, surface.width, surface.height)
  const first = Math.floor(view.from)
  const end = Math.ceil(view.to)
  const drawing: Drawing = {
    ...surface,
    view,
    layout,
    colour: colourReader(),
    columns: bins => columnsOf(bins, first, end, layout.right - layout.left),
  }
  surface.context.font = FONT
  drawGrid(drawing)
  insidePlot(drawing, () => {
    drawBand(drawing)
    drawDemand(drawing)
    drawHatched(drawing)
    drawLines(drawing)
  })
  drawMarks(drawing)
  for (const lane of layout.lanes) drawLane(drawing, lane)
  drawNames(drawing)
  return layout
}

function insidePlot({ context, layout }: Drawing, draw: () => void): void {
  const { left, right, top, bottom } = layout
  context.save()
  context.beginPath()
  context.rect(left, top - 8, right - left, bottom - top + 8)
  context.clip()
  draw()
  context.restore()
}

function drawGrid({ context, layout, view, colour, width }: Drawing): void {
  const { left, right, top, bottom, foot, highest, scale } = layout
  context.lineWidth = 1
  context.fillStyle = colour('--muted')
  context.textAlign = 'right'
  for (const count of countTicks(highest, Math.max(3, (bottom - top) / 48))) {
    if (count > highest) continue
    const y = Math.round(scale.y(count)) + 0.5
    context.strokeStyle = count === 0 ? colour('--muted') : colour('--grid')
    line(context, left, y, right, y)
    context.fillText(String(count), left - 8, y + 4)
  }
  context.textAlign = 'left'
  context.fillText('instances', left, top - 10)
  const window = { from: view.timeOf(view.from), to: view.timeOf(view.to) }
  context.textAlign = 'center'
  context.strokeStyle = colour('--grid')
  for (const { at, label, day } of timeTicks(
    window,
    Math.max(3, width / (edgesOf(width).isNarrow ? 75 : 105)),
    view.replay.timeZone,
  )) {
    const x = Math.round(scale.x(view.binOf(at))) + 0.5
    line(context, x, top, x, foot)
    context.fillText(label, x, foot + 17)
    if (day === null) continue
    context.font = `600 ${FONT}`
    context.fillText(day, x, foot + 33)
    context.font = FONT
  }
}

function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(toX, toY)
  context.stroke()
}

function drawBand({ context, layout, view, colour, columns }: Drawing): void {
  const { own } = view
  if (own === undefined || largestOf(own.lowest) === 0) return
  const low = columns(own.lowest)
  const high = columns(own.highest)
  const band = new Path2D(columnArea(high, 'high', 0, layout.scale))
  band.addPath(new Path2D(columnArea(low, 'low', 0, layout.scale)))
  context.fillStyle = colour('--bound-fill')
  context.fill(band, 'evenodd')
  context.strokeStyle = colour('--bound')
  context.globalAlpha = 0.75
  context.lineWidth = 1
  context.stroke(new Path2D(columnLine(low, layout.scale)))
  context.stroke(new Path2D(columnLine(high, layout.scale)))
  context.globalAlpha = 1
}

function drawDemand({ context, layout, view, colour, columns }: Drawing): void {
  const needed = columns(view.replay.needed)
  context.fillStyle = colour('--demand')
  context.globalAlpha = 0.32
  context.fill(new Path2D(columnArea(needed, 'high', 0, layout.scale)))
  context.globalAlpha = 0.4
  context.fill(new Path2D(columnArea(needed, 'mean', 0, layout.scale)))
  context.globalAlpha = 1
  const { own } = view
  if (own === undefined) return
  context.fillStyle = colour('--bad')
  context.fill(new Path2D(shortfallBars(view.replay.needed, own.ready, needed, layout.scale)))
}

function drawHatched(drawing: Drawing): void {
  const { replay } = drawing.view
  hatch(drawing, replay.doubtful, '--muted', -1)
  hatch(drawing, replay.censored, '--queue', 1)
}

function hatch(
  { context, layout, view, colour }: Drawing,
  stretches: readonly (readonly [number, number])[],
  name: string,
  slope: number,
): void {
  const { top, bottom, scale } = layout
  const tall = bottom - top
  context.strokeStyle = colour(name)
  for (const [from, to] of stretches) {
    if (to < view.from || from > view.to) continue
    const left = Math.max(layout.left, scale.x(from))
    const right = Math.min(layout.right, Math.max(scale.x(to), scale.x(from) + 1))
    context.save()
    context.beginPath()
    context.rect(left, top, right - left, tall)
    context.clip()
    context.globalAlpha = 0.5
    context.lineWidth = 1.5
    context.beginPath()
    for (let x = left - tall - (left % 9); x < right + tall; x += 9) {
      context.moveTo(x, slope > 0 ? bottom : top)
      context.lineTo(x + tall, slope > 0 ? top : bottom)
    }
    context.stroke()
    context.restore()
  }
}

/** From so many bins a pixel a line is a cloud of strokes, which hides what is behind it. */
const DENSE = 4

function drawLines({ context, layout, view, colour, columns }: Drawing): void {
  const isDense = view.span > (layout.right - layout.left) * DENSE
  const draw = (bins: Float64Array, index: number, width: number, alpha: number) => {
    const { colour: name, dash } = strokeOf(index)
    const shown = columns(bins)
    context.strokeStyle = colour(name)
    if (isDense) {
      // The average as a line, and pale around it what a pixel went through, so that neither hides the other.
      context.globalAlpha = index === view.front ? 0.38 : 0.14
      context.lineWidth = 1.1
      context.setLineDash([])
      context.stroke(new Path2D(columnSpread(shown, layout.scale)))
    }
    context.lineWidth = isDense ? width * 0.75 : width
    context.globalAlpha = alpha
    context.setLineDash(isDense ? [] : [...dash])
    context.stroke(new Path2D(isDense ? meanLine(shown, layout.scale) : columnLine(shown, layout.scale)))
  }
  for (const index of [...view.others].reverse()) {
    const other = view.replay.contenders[index]
    if (other !== undefined) draw(other.ready, index, 1.5, 0.95)
  }
  const { own } = view
  if (own !== undefined) {
    if (!isDense) draw(own.paid, view.front, 1, 0.5)
    draw(own.ready, view.front, 2.2, 1)
  }
  context.setLineDash([])
  context.globalAlpha = 1
}

/** The decisions of the one in front that can be seen. */
export function decisionsIn(view: View): { first: number; end: number } {
  const decisions = view.own?.decisions ?? []
  return {
    first: placeOf(decisions, view.timeOf(view.from)),
    // What the last bin brought is decided when it is over, which is the picture's edge.
    end: view.to >= view.replay.length ? decisions.length : placeOf(decisions, view.timeOf(view.to)),
  }
}

/** The first that is not before. */
export function placeOf(decisions: readonly Made[], at: number): number {
  let low = 0
  let high = decisions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((decisions[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** Plimsoll marks on the count that was asked for. */
function drawMarks({ context, layout, view, colour }: Drawing): void {
  const { first, end } = decisionsIn(view)
  const changes = view.own?.decisions.slice(first, end).filter(({ from, to }) => from !== to) ?? []
  if (changes.length > Math.min(MOST_MARKS, (layout.right - layout.left) / 14)) return
  context.lineWidth = 1.6
  for (const { at, from, to } of changes) {
    const x = layout.scale.x(view.binOf(at))
    const y = layout.scale.y(Math.min(to, layout.highest))
    context.fillStyle = colour('--card')
    context.strokeStyle = colour(to > from ? '--out' : '--in')
    context.beginPath()
    context.arc(x, y, 4, 0, 2 * Math.PI)
    context.fill()
    context.stroke()
    line(context, x - 7, y, x + 7, y)
  }
}

function drawLane(drawing: Drawing, lane: Lane): void {
  const { context, layout, colour, view, width } = drawing
  const { left, right } = layout
  context.fillStyle =
    lane.kind === 'lost' && view.others.length > 0 ? colour(strokeOf(lane.index).colour) : colour('--muted')
  const { isNarrow } = edgesOf(width)
  context.textAlign = 'right'
  if (!isNarrow) context.fillText(shortName(lane.label, MOST_LETTERS), left - 8, lane.bottom - 2)
  if (lane.kind === 'changes') {
    drawRug(drawing, lane)
    if (isNarrow) drawInside(drawing, lane)
    return
  }
  context.strokeStyle = colour('--line')
  context.lineWidth = 1
  line(context, left, lane.bottom + 0.5, right, lane.bottom + 0.5)
  drawShares(drawing, lane)
  if (isNarrow) drawInside(drawing, lane)
  else drawTotal(drawing, lane)
}

/** Where there is no room beside it, a lane has its name in it, small and on its own ground. */
function drawInside({ context, layout, colour, view }: Drawing, lane: Lane): void {
  const isOf = lane.kind === 'lost' && view.others.length > 0
  context.font = `10px ${FAMILY}`
  context.textAlign = 'left'
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeStyle = colour('--card')
  context.fillStyle = isOf ? colour(strokeOf(lane.index).colour) : colour('--muted')
  const said = [shortName(lane.label, MOST_LETTERS), layout.left + 3, lane.top + 8] as const
  context.strokeText(...said)
  context.fillText(...said)
  context.font = FONT
}

/** Of the stretch that is looked at. */
function drawTotal({ context, layout, view, colour }: Drawing, lane: Lane): void {
  const contender = view.replay.contenders[lane.index]
  if (contender === undefined) return
  const first = Math.floor(view.from)
  const end = Math.ceil(view.to)
  context.textAlign = 'left'
  const x = layout.right + 8
  if (lane.kind === 'waiting') {
    context.fillStyle = colour('--muted')
    context.fillText(`most ${percentText(largestOf(contender.waiting, first, end))}`, x, lane.bottom - 2)
    return
  }
  const { lost, refused } = contender
  const load = sumOf(view.replay.load.subarray(first, end))
  const gone = sumOf(lost.subarray(first, end)) + sumOf(refused.subarray(first, end))
  context.fillStyle = colour(gone > 0 ? '--bad' : '--muted')
  const share = percentText(load > 0 ? gone / load : 0)
  // Of one alone the lane itself is called so.
  const said = view.others.length > 0 ? `${share} ${goneWord(contender)}` : share
  context.fillText(said, x, lane.bottom - 2)
}

/** How often it changed: up for more, down for fewer. */
function drawRug({ context, layout, view, colour, width }: Drawing, lane: Lane): void {
  const { left, right, scale } = layout
  const { first, end } = decisionsIn(view)
  const shown = view.own?.decisions.slice(first, end) ?? []
  const middle = (lane.top + lane.bottom) / 2
  const tall = (lane.bottom - lane.top) / 2
  context.fillStyle = colour('--line')
  context.fillRect(left, middle - 0.5, right - left, 1)
  const ticks = (changes: readonly Made[], isUp: boolean) => {
    const places = changes.map(({ at }) => scale.x(view.binOf(at)))
    densityOf(places, left, right, (right - left) / TICK).forEach((share, column) => {
      if (share === 0) return
      const high = tall * Math.max(0.15, share)
      context.fillRect(left + column * TICK, isUp ? middle - high : middle, TICK * 0.8, high)
    })
  }
  const out = shown.filter(({ from, to }) => to > from)
  const back = shown.filter(({ from, to }) => to < from)
  context.fillStyle = colour('--out')
  ticks(out, true)
  context.fillStyle = colour('--in')
  ticks(back, false)
  if (edgesOf(width).isNarrow) return
  context.textAlign = 'left'
  context.fillStyle = colour('--muted')
  context.fillText(String(out.length + back.length), right + 8, lane.bottom - 2)
}

/** Pixels a tick has. */
const TICK = 2

/** By the root, so that a thousandth is seen beside a half; and what is there at all is a pixel. */
function drawShares({ context, layout, view, colour, columns }: Drawing, lane: Lane): void {
  const contender = view.replay.contenders[lane.index]
  if (contender === undefined) return
  const shares = lane.kind === 'waiting' ? contender.waiting : contender.turnedAway
  const alike = view.replay.contenders.map(other =>
    lane.kind === 'waiting' ? other.waiting : other.turnedAway,
  )
  const most = Math.max(1e-9, ...alike.map(bins => largestOf(bins)))
  const tall = lane.bottom - lane.top - 1
  const scale: Scale = {
    x: layout.scale.x,
    y: share => (share <= 0 ? lane.bottom : lane.bottom - Math.max(1.5, Math.sqrt(share / most) * tall)),
  }
  context.save()
  context.beginPath()
  context.rect(layout.left, lane.top - 1, layout.right - layout.left, lane.bottom - lane.top + 2)
  context.clip()
  context.fillStyle = colour(lane.kind === 'waiting' ? '--queue' : '--bad')
  context.fill(new Path2D(columnArea(columns(shares), 'high', 0, scale)))
  context.restore()
}

function shortName(name: string, letters: number): string {
  const all = [...name]
  return all.length <= letters ? name : `${all.slice(0, letters - 1).join('')}…`
}

/** Each name where its line ends, moved apart where two would overlap. */
function drawNames({ context, layout, view, colour, width }: Drawing): void {
  if (edgesOf(width).isNarrow) return
  const bin = Math.min(view.replay.length - 1, Math.max(0, Math.ceil(view.to) - 1))
  const shown = [...view.others, view.front]
    .map(index => ({ index, contender: view.replay.contenders[index] }))
    .map(({ index, contender }) => ({
      index,
      name: contender?.name ?? '',
      y: layout.scale.y(contender?.ready[bin] ?? 0),
    }))
    .sort((a, b) => a.y - b.y)
  let free = layout.top
  const placed = shown.map(name => {
    const y = Math.max(name.y, free)
    free = y + 15
    return { ...name, y }
  })
  const over = Math.max(0, free - 15 - layout.bottom)
  context.textAlign = 'left'
  for (const { index, name, y } of placed) {
    context.font = `${index === view.front ? 700 : 600} ${FONT}`
    context.fillStyle = colour(strokeOf(index).colour)
    context.fillText(shortName(name, MOST_LETTERS), layout.right + 8, y - over + 4)
  }
  context.font = FONT
}
