/**
 * All of the replay in one small strip under the picture, with the stretch that is looked at: drag it along, or click where to look.
 */
import { columnArea, columnLine, columnsOf, largestOf, type Scale } from '../../../src/pictures/bins.ts'
import { make } from './elements.ts'
import { edgesOf } from './layout.ts'
import { colourReader, strokeOf } from './strokes.ts'
import { oncePerFrame, surfaceOf } from './surface.ts'
import type { View } from './view.ts'

export function overview(view: View): HTMLElement {
  const canvas = make('canvas', { 'aria-hidden': 'true' })
  const element = make('div', { class: 'overview' }, canvas)
  const edges = () => edgesOf(canvas.clientWidth)
  const draw = oncePerFrame(() => drawOverview(canvas, view, edges()))
  view.onChange(draw)
  new ResizeObserver(draw).observe(element)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)

  const binAt = (event: PointerEvent): number => {
    const { left, right } = edges()
    const x = event.clientX - canvas.getBoundingClientRect().left
    return ((x - left) / (right - left)) * view.replay.length
  }
  /** From the middle of the stretch to where it was taken. */
  let held: number | null = null
  element.addEventListener('pointerdown', event => {
    const bin = binAt(event)
    element.setPointerCapture(event.pointerId)
    const middle = (view.from + view.to) / 2
    held = bin >= view.from && bin <= view.to ? bin - middle : 0
    view.show(bin - held - view.span / 2, bin - held + view.span / 2)
  })
  element.addEventListener('pointermove', event => {
    if (held === null) return
    const middle = binAt(event) - held
    view.show(middle - view.span / 2, middle + view.span / 2)
  })
  const end = () => {
    held = null
  }
  element.addEventListener('pointerup', end)
  element.addEventListener('pointercancel', end)
  return element
}

function drawOverview(
  canvas: HTMLCanvasElement,
  view: View,
  { left, right }: { left: number; right: number },
): void {
  const surface = surfaceOf(canvas)
  if (surface === null) return
  const { context, height } = surface
  const { replay, own } = view
  const colour = colourReader()
  const most = Math.max(1, largestOf(replay.needed), largestOf(own?.ready ?? []))
  const scale: Scale = {
    x: bin => left + (bin / replay.length) * (right - left),
    y: count => height - 4 - (count / most) * (height - 10),
  }
  const columns = (bins: ArrayLike<number>) => columnsOf(bins, 0, replay.length, right - left)
  context.fillStyle = colour('--demand')
  context.globalAlpha = 0.5
  context.fill(new Path2D(columnArea(columns(replay.needed), 'high', 0, scale)))
  if (own !== undefined) {
    context.globalAlpha = 0.8
    context.strokeStyle = colour(strokeOf(view.front).colour)
    context.lineWidth = 1
    context.stroke(new Path2D(columnLine(columns(own.ready), scale)))
  }
  context.globalAlpha = 0.72
  context.fillStyle = colour('--card')
  const from = scale.x(view.from)
  const to = scale.x(view.to)
  context.fillRect(left, 0, from - left, height)
  context.fillRect(to, 0, right - to, height)
  context.globalAlpha = 1
  context.strokeStyle = colour('--water')
  context.lineWidth = 1.5
  context.beginPath()
  context.roundRect(from, 1.5, Math.max(3, to - from), height - 3, 4)
  context.stroke()
}
