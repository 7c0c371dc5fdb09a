/**
 * Whether the rows of one time are of several things, which a column of words tells apart: parts of one fleet may be averaged, requests
 * and errors may not, and only the operator knows which it is.
 *
 * Example: `12:00,requests,940` and `12:00,errors,3` differ in column "metric" ("requests", "errors").
 */
import { type Layout, listed, type Remark } from './layout.ts'
import { numberOf } from './numbers.ts'

const MOST_THINGS = 100
const SHOWN = 3

/** What to say of it; nothing where every row has a time of its own. */
export function partsOf(layout: Layout, timeIndex: number): readonly Remark[] {
  const telling = layout.names.findIndex(
    (_, index) => index !== timeIndex && tellsApart(layout, timeIndex, index),
  )
  if (telling < 0) return []
  const things = thingsIn(layout, telling)
  const more = things.length > SHOWN ? ', ...' : ''
  const detail =
    `rows of one time differ in column "${layout.names[telling] ?? ''}" (${listed(things.slice(0, SHOWN))}${more}); ` +
    'taken as parts of one thing. If they are not, give a file of each'
  return [{ detail, count: 1 }]
}

/** Times come again, and never with the same word. */
function tellsApart(layout: Layout, timeIndex: number, index: number): boolean {
  const { rows } = layout
  const things = thingsIn(layout, index)
  if (things.length < 2 || things.length > MOST_THINGS) return false
  if (things.some(thing => !Number.isNaN(numberOf(thing)))) return false
  const times = rows.map(({ fields }) => fields[timeIndex] ?? '')
  const pairs = new Set(rows.map(({ fields }, row) => `${times[row]}\n${fields[index] ?? ''}`))
  // The sample may end, or begin, in the midst of those of one time.
  return new Set(times).size <= rows.length * 0.75 && pairs.size === rows.length
}

function thingsIn({ rows }: Layout, index: number): readonly string[] {
  return [...new Set(rows.map(({ fields }) => fields[index] ?? ''))]
}
