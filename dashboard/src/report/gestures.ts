/**
 * Pointer, wheel, touch and keys on the picture. Drag a stretch to look at it, wheel or pinch to zoom, with a finger (or Shift) drag
 * to move, double click for the whole; + - arrows 0 for who has no pointer.
 *
 * Example: dragging from 08:00 to 10:00 shows just these two hours; a click of less than four pixels chooses the nearest decision.
 */
import { placeOf } from './chart.ts'
import type { Layout } from './layout.ts'
import type { Pointed } from './overlay.ts'
import type { View } from './view.ts'

const CLICK = 4
const NEAR = 24

export interface Gestured {
  readonly element: HTMLElement
  readonly view: View
  readonly layout: () => Layout | null
  readonly pointed: (pointed: Pointed) => void
}

interface Press {
  readonly kind: 'zoom' | 'move'
  readonly x: number
  readonly from: number
  readonly to: number
  isClick: boolean
}

export function listen(gestured: Gestured): void {
  new Gestures(gestured).listen()
}

class Gestures {
  readonly #on: Gestured
  readonly #fingers = new Map<number, number>()
  #press: Press | null = null
  #pinch: { readonly apart: number; readonly around: number; readonly span: number } | null = null

  constructor(on: Gestured) {
    this.#on = on
  }

  listen(): void {
    const { element, view } = this.#on
    element.addEventListener('pointerdown', event => this.#down(event))
    element.addEventListener('pointermove', event => this.#move(event))
    element.addEventListener('pointerup', event => this.#up(event))
    element.addEventListener('pointercancel', event => this.#cancel(event))
    element.addEventListener('pointerleave', () => {
      if (this.#press === null) this.#on.pointed({ x: null, draggedFrom: null })
    })
    element.addEventListener('dblclick', () => view.reset())
    element.addEventListener('wheel', event => this.#wheel(event), { passive: false })
    element.addEventListener('keydown', event => this.#key(event))
  }

  #x(event: MouseEvent): number {
    return event.clientX - this.#on.element.getBoundingClientRect().left
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return
    const { element, view } = this.#on
    const x = this.#x(event)
    element.setPointerCapture(event.pointerId)
    this.#fingers.set(event.pointerId, x)
    if (this.#fingers.size === 2) {
      this.#beginPinch()
      return
    }
    const kind = event.pointerType === 'touch' || event.shiftKey ? 'move' : 'zoom'
    this.#press = { kind, x, from: view.from, to: view.to, isClick: true }
  }

  #beginPinch(): void {
    const { view } = this.#on
    const layout = this.#on.layout()
    const [a = 0, b = 0] = [...this.#fingers.values()]
    this.#press = null
    if (layout === null) return
    this.#pinch = { apart: Math.max(20, Math.abs(a - b)), around: layout.binAt((a + b) / 2), span: view.span }
  }

  #move(event: PointerEvent): void {
    const { view } = this.#on
    const layout = this.#on.layout()
    if (layout === null) return
    const x = this.#x(event)
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, x)
    if (this.#pinch !== null) {
      const [a = 0, b = 0] = [...this.#fingers.values()]
      const { apart, around, span } = this.#pinch
      view.zoom(view.span / (span * (apart / Math.max(20, Math.abs(a - b)))), around)
      return
    }
    const press = this.#press
    if (press !== null && Math.abs(x - press.x) >= CLICK) press.isClick = false
    if (press?.kind === 'move' && !press.isClick) {
      const by = ((press.x - x) / (layout.right - layout.left)) * (press.to - press.from)
      view.show(press.from + by, press.to + by)
    }
    const isDragging = press !== null && press.kind === 'zoom' && !press.isClick
    this.#on.pointed({ x, draggedFrom: isDragging ? press.x : null })
  }

  #up(event: PointerEvent): void {
    const { view } = this.#on
    const press = this.#press
    const layout = this.#on.layout()
    const x = this.#x(event)
    this.#cancel(event)
    if (press === null || layout === null) return
    if (press.isClick) this.#choose(x, layout)
    else if (press.kind === 'zoom') {
      const [from, to] = [layout.binAt(press.x), layout.binAt(x)]
      view.show(Math.min(from, to), Math.max(from, to))
    }
    this.#on.pointed({ x: event.pointerType === 'touch' ? null : x, draggedFrom: null })
  }

  #cancel(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId)
    if (this.#fingers.size < 2) this.#pinch = null
    this.#press = null
  }

  /** The change nearest to where one clicked, if there is one near; else a decision that changed nothing. */
  #choose(x: number, layout: Layout): void {
    const { view } = this.#on
    const decisions = view.own?.decisions ?? []
    const first = placeOf(decisions, view.timeOf(layout.binAt(x - NEAR)))
    const end = placeOf(decisions, view.timeOf(layout.binAt(x + NEAR)))
    let nearest: number | null = null
    let least = Number.POSITIVE_INFINITY
    for (let place = first; place < end; place++) {
      const made = decisions[place]
      if (made === undefined) continue
      const away = Math.abs(layout.scale.x(view.binOf(made.at)) - x) + (made.from === made.to ? NEAR : 0)
      if (away >= least) continue
      nearest = place
      least = away
    }
    view.select(nearest)
  }

  #wheel(event: WheelEvent): void {
    const { view } = this.#on
    const layout = this.#on.layout()
    if (layout === null) return
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
    const pixels = event.deltaMode === 0 ? 1 : 30
    // Where nothing changes any more the page scrolls on.
    const has = isSideways
      ? view.pan((event.deltaX * pixels) / (layout.right - layout.left))
      : view.zoom(Math.exp((-event.deltaY * pixels) / 400), layout.binAt(this.#x(event)))
    if (has) event.preventDefault()
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.#on.element) return
    const { view } = this.#on
    const acts: Readonly<Record<string, () => unknown>> = {
      '+': () => view.zoom(2),
      '=': () => view.zoom(2),
      '-': () => view.zoom(0.5),
      _: () => view.zoom(0.5),
      ArrowLeft: () => view.pan(-0.25),
      ArrowRight: () => view.pan(0.25),
      PageUp: () => view.pan(-1),
      PageDown: () => view.pan(1),
      Home: () => view.show(0, view.span),
      End: () => view.show(view.replay.length - view.span, view.replay.length),
      '0': () => view.reset(),
      Escape: () => (view.selected === null ? view.reset() : view.select(null)),
    }
    const act = acts[event.key]
    if (act === undefined) return
    act()
    event.preventDefault()
  }
}
