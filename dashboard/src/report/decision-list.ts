/**
 * All decisions of the contender in front, a page at a time: by rule, by direction, by words, or only those of the stretch that is
 * looked at. Clicking one says why and marks it in the picture.
 *
 * Example: 3,000 decisions by "Scale up" in which "82." occurs are 4; the list shows these.
 */
import { button, choice, make } from './elements.ts'
import { oncePerFrame } from './surface.ts'
import type { Made } from './unpack.ts'
import type { View } from './view.ts'
import { stepList } from './why.ts'
import { changeText, directionOf, whenText } from './words.ts'

const PAGE = 20

export function decisionList(view: View): HTMLElement {
  return new DecisionList(view).element
}

class DecisionList {
  readonly element = make('div')
  readonly #view: View
  readonly #rows = make('ol', { class: 'rows' })
  readonly #count = make('span', { role: 'status' })
  readonly #earlier: HTMLButtonElement
  readonly #later: HTMLButtonElement
  readonly #rules: HTMLSelectElement
  readonly #inView = make('input', { type: 'checkbox' })
  #rule = ''
  #direction = 'changes'
  #words = ''
  #page = 0
  #found: readonly number[] = []
  #front = -1
  #selected: number | null = null

  constructor(view: View) {
    this.#view = view
    const rules = choice('Rule', [], value => {
      this.#rule = value
      this.#search()
    })
    this.#rules = rules.select
    const direction = choice(
      'Show',
      [
        ['changes', 'changes'],
        ['out', 'out'],
        ['in', 'in'],
        ['none', 'stays'],
        ['', 'all'],
      ],
      value => {
        this.#direction = value
        this.#search()
      },
    )
    const words = make('input', {
      type: 'search',
      placeholder: 'Search reasons',
      'aria-label': 'Search reasons',
    })
    words.addEventListener('input', () => {
      this.#words = words.value.toLowerCase()
      this.#search()
    })
    this.#inView.addEventListener('change', () => this.#search())
    this.#earlier = button('Earlier', 'Earlier decisions', () => this.#turn(-1))
    this.#later = button('Later', 'Later decisions', () => this.#turn(1))
    this.element.append(
      make(
        'div',
        { class: 'filters' },
        rules.element,
        direction.element,
        words,
        make('label', {}, this.#inView, 'only what the picture shows'),
      ),
      this.#rows,
      make('div', { class: 'pages' }, this.#earlier, this.#later, this.#count),
    )
    this.#rows.addEventListener('keydown', event => {
      if (event.key === 'Escape' && view.selected !== null) view.select(null)
    })
    view.onChange(oncePerFrame(() => this.#follow()))
    this.#follow()
  }

  get #decisions(): readonly Made[] {
    return this.#view.own?.decisions ?? []
  }

  #follow(): void {
    const { front, selected } = this.#view
    if (front !== this.#front) {
      this.#front = front
      this.#rule = ''
      this.#fillRules()
      this.#selected = selected
      this.#search()
      return
    }
    if (this.#inView.checked) this.#search()
    if (selected === this.#selected) return
    this.#selected = selected
    const place = selected === null ? -1 : this.#found.indexOf(selected)
    if (place >= 0) this.#page = Math.floor(place / PAGE)
    this.#draw()
  }

  #fillRules(): void {
    const rules = [...new Set(this.#decisions.flatMap(({ rule }) => (rule === null ? [] : [rule])))].sort()
    this.#rules.replaceChildren(
      make('option', { value: '' }, 'all'),
      ...rules.map(rule => make('option', { value: rule }, rule)),
    )
    this.#rules.disabled = rules.length === 0
  }

  #search(): void {
    const { from, to } = this.#view
    this.#found = this.#decisions.flatMap((decision, place) =>
      this.#matches(decision, from, to) ? place : [],
    )
    const place = this.#selected === null ? -1 : this.#found.indexOf(this.#selected)
    this.#page = Math.max(0, Math.floor(place / PAGE))
    this.#draw()
  }

  #matches(decision: Made, from: number, to: number): boolean {
    if (this.#rule !== '' && decision.rule !== this.#rule) return false
    if (this.#direction === 'out' && decision.to <= decision.from) return false
    if (this.#direction === 'in' && decision.to >= decision.from) return false
    if (this.#direction === 'changes' && decision.to === decision.from) return false
    if (this.#direction === 'none' && decision.to !== decision.from) return false
    if (this.#words !== '' && !decision.because.toLowerCase().includes(this.#words)) return false
    if (!this.#inView.checked) return true
    const bin = this.#view.binOf(decision.at)
    return bin >= from && bin < to
  }

  #turn(by: number): void {
    this.#page += by
    this.#draw()
  }

  #draw(): void {
    const first = this.#page * PAGE
    const shown = this.#found.slice(first, first + PAGE)
    const kept = this.#placeOfFocus()
    this.#rows.replaceChildren(...shown.map(place => this.#row(place)))
    // The rows are new; who reads them by keyboard stays where they were.
    if (kept !== null) this.#button(kept)?.focus({ preventScroll: true })
    this.#earlier.disabled = first === 0
    this.#later.disabled = first + PAGE >= this.#found.length
    const more = this.#view.own?.more ?? 0
    const left = more > 0 ? `; ${more} more are not in this page` : ''
    this.#count.textContent =
      shown.length === 0
        ? `no such decision${left}`
        : `${first + 1} to ${first + shown.length} of ${this.#found.length}${left}`
  }

  #button(place: string): HTMLElement | null {
    return this.#rows.querySelector<HTMLElement>(`[data-place="${place}"]`)
  }

  #placeOfFocus(): string | null {
    const { activeElement } = document
    return this.#rows.contains(activeElement) ? (activeElement?.getAttribute('data-place') ?? null) : null
  }

  #row(place: number): HTMLElement {
    const made = this.#decisions[place]
    if (made === undefined) return make('li')
    const { at, from, to, because, steps } = made
    const isOpen = place === this.#view.selected
    const head = make(
      'button',
      { type: 'button', 'data-place': String(place), 'aria-expanded': String(isOpen) },
      make('span', { class: 'when' }, whenText(at, this.#view.replay.timeZone, 1000)),
      make('span', { class: `count ${directionOf(from, to)}` }, changeText(from, to)),
      make('span', { class: 'said' }, because),
    )
    head.addEventListener('click', () => {
      this.#view.select(isOpen ? null : place)
    })
    return make('li', { class: 'made' }, head, ...(isOpen ? [stepList(steps)] : []))
  }
}
