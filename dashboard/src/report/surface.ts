/**
 * A canvas as sharp as the screen, with the element's size in its own pixels.
 *
 * Example: `surfaceOf(canvas)` on a screen of two dots a pixel makes a 600 x 200 canvas 1200 x 400 dots, drawn on as 600 x 200.
 */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
}

export function surfaceOf(canvas: HTMLCanvasElement): Surface | null {
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  const context = canvas.getContext('2d')
  if (context === null || width === 0 || height === 0) return null
  const dots = window.devicePixelRatio || 1
  const across = Math.round(width * dots)
  const down = Math.round(height * dots)
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across
    canvas.height = down
  }
  context.setTransform(dots, 0, 0, dots, 0, 0)
  context.clearRect(0, 0, width, height)
  return { context, width, height }
}

/** At most once a frame, however often it is asked for. */
export function oncePerFrame(draw: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      draw()
    })
  }
}
