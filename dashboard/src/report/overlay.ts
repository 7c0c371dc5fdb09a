/**
 * What follows the pointer and the choice, on a canvas of its own so that the picture below is not drawn anew: the hair line, the
 * stretch that is being dragged, the decision that is read.
 */
import type { Layout } from './layout.ts'
import { colourReader } from './strokes.ts'
import { surfaceOf } from './surface.ts'
import type { View } from './view.ts'

export interface Pointed {
  /** Of the pointer in the picture; `null` when it is elsewhere. */
  readonly x: number | null
  /** Where a drag began. */
  readonly draggedFrom: number | null
}

export function drawOverlay(canvas: HTMLCanvasElement, view: View, layout: Layout, pointed: Pointed): void {
  const surface = surfaceOf(canvas)
  if (surface === null) return
  const { context } = surface
  const colour = colourReader()
  const { left, right, top, foot, scale } = layout
  const { decision } = view
  if (decision !== null) {
    const x = scale.x(view.binOf(decision.at))
    if (x >= left - 1 && x <= right + 1) {
      const y = scale.y(Math.min(decision.to, layout.highest))
      context.strokeStyle = colour('--ink')
      context.lineWidth = 1.5
      context.globalAlpha = 0.55
      context.beginPath()
      context.moveTo(x, top)
      context.lineTo(x, foot)
      context.stroke()
      context.globalAlpha = 1
      context.lineWidth = 2.5
      context.strokeStyle = colour(decision.to >= decision.from ? '--out' : '--in')
      context.beginPath()
      context.arc(x, y, 8, 0, 2 * Math.PI)
      context.stroke()
    }
  }
  if (pointed.x === null) return
  const x = Math.min(Math.max(pointed.x, left), right)
  if (pointed.draggedFrom !== null) {
    const from = Math.min(Math.max(pointed.draggedFrom, left), right)
    context.fillStyle = colour('--water')
    context.globalAlpha = 0.16
    context.fillRect(Math.min(from, x), top, Math.abs(x - from), foot - top)
    context.globalAlpha = 0.8
    context.fillRect(from - 0.5, top, 1, foot - top)
    context.fillRect(x - 0.5, top, 1, foot - top)
    context.globalAlpha = 1
    return
  }
  context.fillStyle = colour('--muted')
  context.globalAlpha = 0.7
  context.fillRect(x - 0.5, top, 1, foot - top)
  context.globalAlpha = 1
}
