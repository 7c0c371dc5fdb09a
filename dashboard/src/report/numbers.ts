/** The picture as a table, for who does not see it: the stretch that is looked at in at most 24 rows, written only while it is open. */
import { columnsOf, largestOf } from '../../../src/pictures/bins.ts'
import { make } from './elements.ts'
import { oncePerFrame } from './surface.ts'
import type { View } from './view.ts'
import { countText, goneWord, percentText, whenText } from './words.ts'

const ROWS = 24

export function numbersTable(view: View): HTMLElement {
  const details = make('details', { class: 'numbers' }, make('summary', {}, 'The picture as a table'))
  const holder = make('div', {
    class: 'scroll',
    tabindex: '0',
    role: 'region',
    'aria-label': 'The picture as a table',
  })
  details.append(holder)
  const draw = oncePerFrame(() => {
    if (details.open) holder.replaceChildren(tableOf(view))
  })
  details.addEventListener('toggle', draw)
  view.onChange(draw)
  return details
}

function tableOf(view: View): HTMLElement {
  const { replay, own, front } = view
  const { starts, low, high, length } = columnsOf(
    replay.needed,
    Math.floor(view.from),
    Math.ceil(view.to),
    ROWS,
  )
  const shown = [front, ...view.others].flatMap(index => replay.contenders[index] ?? [])
  const head = [
    'From',
    'Needed',
    ...shown.map(({ name }) => `${name} ready`),
    own === undefined ? 'Most lost' : `Most ${goneWord(own)}`,
    'Most queued',
  ]
  const rows = Array.from({ length }, (_, row) => {
    const first = starts[row] ?? 0
    const end = starts[row + 1] ?? first
    return [
      whenText(view.timeOf(first), replay.timeZone, replay.stepMs),
      span(low[row], high[row]),
      ...shown.map(({ ready }) => {
        const column = columnsOf(ready, first, end, 1)
        return span(column.low[0], column.high[0])
      }),
      percentText(largestOf(own?.turnedAway ?? [], first, end)),
      percentText(largestOf(own?.waiting ?? [], first, end)),
    ]
  })
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...head.map(cell => make('th', { scope: 'col' }, cell)))),
    make(
      'tbody',
      {},
      ...rows.map(([when = '', ...cells]) =>
        make('tr', {}, make('th', { scope: 'row' }, when), ...cells.map(cell => make('td', {}, cell))),
      ),
    ),
  )
}

function span(least: number | undefined, most: number | undefined): string {
  return least === most ? countText(most) : `${countText(least)} to ${countText(most)}`
}
