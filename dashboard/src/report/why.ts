/** The decision that is read, over the picture beside its mark: what it changed, why, and every step; before and after are a click away. */
import { button, make } from './elements.ts'
import type { Layout } from './layout.ts'
import type { Made } from './unpack.ts'
import type { View } from './view.ts'
import { changeText, directionOf, whenText } from './words.ts'

export function whyCard(
  view: View,
  layout: () => Layout | null,
): { element: HTMLElement; place: () => void } {
  const element = make('section', { class: 'why', 'aria-label': 'Why', 'aria-live': 'polite', hidden: true })
  let shown: Made | null = null
  const place = () => {
    const { decision } = view
    const at = layout()
    element.hidden = decision === null
    if (decision === null || at === null) {
      shown = null
      return
    }
    if (decision !== shown) fill(element, view, decision)
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

function fill(element: HTMLElement, view: View, decision: Made): void {
  const { from, to, because, steps, at } = decision
  const step = (by: number) => () => {
    const next = (view.selected ?? 0) + by
    if (view.own?.decisions[next] !== undefined) view.select(next)
  }
  element.replaceChildren(
    make(
      'div',
      { class: 'why-head' },
      make('b', { class: `count ${directionOf(from, to)}` }, changeText(from, to)),
      make('span', { class: 'muted' }, whenText(at, view.replay.timeZone, 1000)),
      button('‹', 'The decision before', step(-1)),
      button('›', 'The decision after', step(1)),
      button('×', 'Close', () => view.select(null)),
    ),
    make('p', { class: 'because' }, because),
    stepList(steps),
  )
  element.scrollTop = 0
}

export function stepList(steps: readonly string[]): HTMLElement {
  if (steps.length === 0) return make('p', { class: 'muted' }, 'A baseline does not record its steps.')
  return make('ol', { class: 'steps' }, ...steps.map(step => make('li', {}, step)))
}
