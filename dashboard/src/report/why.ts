/**
 * The decision that is read, over the picture beside its mark: what it changed, why, and every step; before and after are a click
 * away, and Escape closes it.
 */
import { button, make } from './elements.ts'
import type { Layout } from './layout.ts'
import type { Made } from './unpack.ts'
import type { View } from './view.ts'
import { changeText, directionOf, whenText } from './words.ts'

export function whyCard(
  view: View,
  layout: () => Layout | null,
  back: () => void,
): { element: HTMLElement; place: () => void } {
  const element = make('section', { class: 'why', 'aria-label': 'Why', 'aria-live': 'polite', hidden: true })
  let shown: Made | null = null
  element.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    view.select(null)
    back()
  })
  const place = () => {
    const { decision } = view
    const at = layout()
    element.hidden = decision === null
    if (decision === null || at === null) {
      shown = null
      return
    }
    if (decision !== shown) fill(element, view, decision, back)
    shown = decision
    const x = at.scale.x(view.binOf(decision.at))
    const stage = element.offsetParent?.clientWidth ?? 0
    const isLeft = x > stage / 2
    const wide = element.offsetWidth
    element.style.left = `${Math.max(8, Math.min(stage - wide - 8, isLeft ? x - wide - 22 : x + 22))}px`
    element.style.top = '14px'
  }
  return { element, place }
}

function fill(element: HTMLElement, view: View, decision: Made, back: () => void): void {
  const { from, to, because, steps, at } = decision
  const step = (by: number) => () => {
    const next = (view.selected ?? 0) + by
    if (view.own?.decisions[next] !== undefined) view.select(next)
  }
  const kept = element.contains(document.activeElement)
    ? document.activeElement?.getAttribute('aria-label')
    : null
  element.replaceChildren(
    make(
      'div',
      { class: 'why-head' },
      make('b', { class: `count ${directionOf(from, to)}` }, changeText(from, to)),
      make('span', { class: 'muted' }, whenText(at, view.replay.timeZone, 1000)),
      button('‹', 'The decision before', step(-1)),
      button('›', 'The decision after', step(1)),
      button('×', 'Close', () => {
        view.select(null)
        back()
      }),
    ),
    make('p', { class: 'because' }, because),
    stepList(steps),
  )
  element.scrollTop = 0
  // Its buttons are new; who goes from one to the next by keyboard stays on the same.
  const again = [...element.querySelectorAll('button')].find(one => one.getAttribute('aria-label') === kept)
  again?.focus({ preventScroll: true })
}

export function stepList(steps: readonly string[]): HTMLElement {
  if (steps.length === 0) return make('p', { class: 'muted' }, 'A baseline does not record its steps.')
  return make('ol', { class: 'steps' }, ...steps.map(step => make('li', {}, step)))
}
