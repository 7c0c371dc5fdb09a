/**
 * Makes the time of each parting of two sets of rules a button that shows it in the picture.
 *
 * Example: of one from 09:12 to 09:31 the picture shows 08:53 to 09:50: as much before and after it.
 */
import { make } from './elements.ts'
import type { View } from './view.ts'

export function linkPartings(view: View): void {
  for (const item of document.querySelectorAll<HTMLElement>('.partings [data-from]')) {
    const time = item.querySelector('h3')?.firstChild
    if (!(time instanceof Text)) continue
    const show = make('button', { class: 'show', type: 'button', title: 'Show it in the picture' }, time.data)
    const [from, to] = [Number(item.dataset.from), Number(item.dataset.to)].map(at => view.binOf(at))
    if (from === undefined || to === undefined) continue
    show.addEventListener('click', () => {
      view.show(from - (to - from), to + (to - from))
      document.getElementById('picture-title')?.scrollIntoView()
    })
    time.replaceWith(show)
  }
}
