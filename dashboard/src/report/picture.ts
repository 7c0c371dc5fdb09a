/**
 * The picture with everything around it: whose lines, what they say under the pointer, the stretch that is looked at, and why.
 */
import { drawChart } from './chart.ts'
import { button, choice, make } from './elements.ts'
import { listen } from './gestures.ts'
import { LANE_HEIGHT, type Layout, laneCount } from './layout.ts'
import { numbersTable } from './numbers.ts'
import { drawOverlay, type Pointed } from './overlay.ts'
import { overview } from './overview.ts'
import { strokeOf } from './strokes.ts'
import { oncePerFrame } from './surface.ts'
import type { View } from './view.ts'
import { whyCard } from './why.ts'
import { countText, goneWord, percentText, whenText } from './words.ts'

const KEYS = 'Drag to look at a stretch, wheel to zoom, double click for all. Keys: + - and the arrows.'
const FINGERS = 'Pinch to zoom, drag to move, tap to read a decision.'

export function picture(view: View): readonly HTMLElement[] {
  const canvas = make('canvas', { 'aria-hidden': 'true' })
  const over = make('canvas', { class: 'over', 'aria-hidden': 'true' })
  const stage = make(
    'div',
    {
      class: 'stage',
      role: 'application',
      tabindex: '0',
      'aria-roledescription': 'picture that can be zoomed',
      'aria-keyshortcuts': '+ - ArrowLeft ArrowRight 0 Escape',
    },
    canvas,
    over,
  )
  const readout = make('p', { class: 'readout', 'aria-hidden': 'true' })
  let layout: Layout | null = null
  let pointed: Pointed = { x: null, draggedFrom: null }
  const why = whyCard(
    view,
    () => layout,
    () => stage.focus({ preventScroll: true }),
  )
  const overlay = oncePerFrame(() => {
    if (layout !== null) drawOverlay(over, view, layout, pointed)
    readout.replaceChildren(...readingAt(view, layout, pointed.x))
  })
  const draw = oncePerFrame(() => {
    stage.style.height = `${(innerWidth < 700 ? 250 : 340) + laneCount(view) * LANE_HEIGHT}px`
    layout = drawChart(canvas, view)
    stage.setAttribute('aria-label', labelOf(view))
    why.place()
    overlay()
  })
  view.onChange(draw)
  new ResizeObserver(draw).observe(stage)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  listen({
    element: stage,
    view,
    layout: () => layout,
    pointed: now => {
      pointed = now
      overlay()
    },
  })
  const holder = make('div', { class: 'holder' }, stage, why.element)
  const isTouch = matchMedia('(pointer: coarse)').matches
  draw()
  return [
    bar(view),
    readout,
    holder,
    overview(view),
    make('p', { class: 'hint' }, isTouch ? FINGERS : KEYS),
    numbersTable(view),
  ]
}

function bar(view: View): HTMLElement {
  const { contenders } = view.replay
  const chips = contenders.map((contender, index) => chip(view, contender.name, index))
  const front = choice(
    'In front',
    contenders.map(({ name }, index) => [String(index), name] as const),
    value => view.bring(Number(value)),
  )
  const out = button('−', 'Zoom out', () => view.zoom(0.5))
  const all = button('All', 'Show all of it', () => view.reset())
  const earlier = button('‹', 'Earlier', () => view.pan(-0.5))
  const later = button('›', 'Later', () => view.pan(0.5))
  const follow = () => {
    chips.forEach(({ follow: update }) => {
      update()
    })
    for (const tool of [out, all, earlier, later]) tool.disabled = view.isWhole
  }
  view.onChange(follow)
  follow()
  return make(
    'div',
    { class: 'bar' },
    ...(contenders.length > 1 ? chips.map(({ element }) => element) : []),
    make('span', { class: 'space' }),
    ...(contenders.length > 1 ? [front.element] : []),
    make(
      'span',
      { class: 'tools' },
      earlier,
      later,
      button('+', 'Zoom in', () => view.zoom(2)),
      out,
      all,
    ),
  )
}

/** A line's name, which shows it or takes it away. */
function chip(view: View, name: string, index: number): { element: HTMLElement; follow: () => void } {
  const { colour, dash } = strokeOf(index)
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 22 8')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', 'M0 4H22')
  path.setAttribute('stroke', `var(${colour})`)
  path.setAttribute('stroke-width', '2.5')
  path.setAttribute('stroke-dasharray', dash.join(' '))
  svg.append(path)
  const element = make('button', { class: 'chip', type: 'button' })
  element.append(svg, name)
  element.addEventListener('click', () => {
    if (index !== view.front) view.toggle(index)
  })
  const follow = () => {
    const isFront = index === view.front
    element.classList.toggle('own', isFront)
    element.setAttribute('aria-pressed', String(isFront || !view.hidden.has(index)))
  }
  return { element, follow }
}

/** What the lines say where the pointer is; and, where it is not, what they mean. */
function readingAt(view: View, layout: Layout | null, x: number | null): readonly HTMLElement[] {
  if (layout === null || x === null || x < layout.left || x > layout.right) return keysOf(view)
  const { replay, own } = view
  const bin = Math.min(replay.length - 1, Math.max(0, Math.floor(layout.binAt(x))))
  const said = (label: string, value: string) => make('span', {}, `${label} `, make('b', {}, value))
  const shown = [view.front, ...view.others].flatMap(index => replay.contenders[index] ?? [])
  const readings = [
    make('b', {}, whenText(view.timeOf(bin), replay.timeZone, replay.stepMs)),
    said('needed', countText(replay.needed[bin])),
    ...shown.map(({ name, ready }) => said(shown.length === 1 ? 'ready' : name, countText(ready[bin]))),
  ]
  if (own === undefined) return readings
  readings.push(said('paid', countText(own.paid[bin])))
  if ((own.turnedAway[bin] ?? 0) > 0) readings.push(said(goneWord(own), percentText(own.turnedAway[bin])))
  if ((own.waiting[bin] ?? 0) > 0) readings.push(said('queue', percentText(own.waiting[bin])))
  return readings
}

function keysOf(view: View): readonly HTMLElement[] {
  const { replay } = view
  const key = (kind: string, label: string) => make('span', { class: `key ${kind}` }, label)
  return [
    key('demand', 'needed'),
    key('short', 'short'),
    key('paid', 'paid'),
    ...(view.own?.lowest.some(value => value > 0) ? [key('bounds', 'bounds')] : []),
    ...(replay.censored.length > 0 ? [key('censored', 'record at its ceiling')] : []),
    ...(replay.doubtful.length > 0 ? [key('doubtful', 'doubtful')] : []),
  ]
}

function labelOf(view: View): string {
  const { replay, own } = view
  const said = (bin: number) => whenText(view.timeOf(bin), replay.timeZone, replay.stepMs)
  return `Instances needed and ready of ${own?.name ?? 'nobody'}, ${said(view.from)} to ${said(view.to)}`
}
