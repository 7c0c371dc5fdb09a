/**
 * Where everything is in the picture: the plot, below it a lane for the decisions and one for each contender's losses, the times
 * at the foot.
 *
 * Example: 1200 x 420 with three contenders is a plot of 992 x 274, four lanes of 18 pixels and 40 for the times.
 */
import type { Scale } from '../../../src/pictures/bins.ts'
import { largestOf } from '../../../src/pictures/bins.ts'
import type { View } from './view.ts'
import { goneWord } from './words.ts'

export interface Lane {
  readonly label: string
  readonly kind: 'changes' | 'lost' | 'waiting'
  /** Of the contender. */
  readonly index: number
  readonly top: number
  readonly bottom: number
}

export interface Layout {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly foot: number
  /** The count at the top of the plot. */
  readonly highest: number
  readonly scale: Scale
  readonly lanes: readonly Lane[]
  binAt(x: number): number
}

/** What is counted upwards is written above the plot. */
const TOP = 22
const AXIS = 40
const LANE = 22
const MOST_LANES = 6

/** Names stand beside the plot where there is room for them. */
export function edgesOf(width: number): { left: number; right: number; isNarrow: boolean } {
  const isNarrow = width < 620
  return { left: isNarrow ? 34 : 96, right: width - (isNarrow ? 10 : 112), isNarrow }
}

export function layOut(view: View, width: number, height: number): Layout {
  const { left, right } = edgesOf(width)
  const foot = height - AXIS
  const wanted = lanesOf(view)
  const bottom = foot - 8 - wanted.length * LANE
  const lanes = wanted.map((lane, place) => {
    const top = bottom + 8 + place * LANE
    return { ...lane, top, bottom: top + LANE - 4 }
  })
  const highest = highestIn(view) * 1.05
  return {
    left,
    right,
    top: TOP,
    bottom,
    foot,
    highest,
    lanes,
    scale: {
      x: bin => left + ((bin - view.from) / view.span) * (right - left),
      y: count => bottom - (count / highest) * (bottom - TOP),
    },
    binAt: x => view.from + ((x - left) / (right - left)) * view.span,
  }
}

/** How many lanes there are, to know the height the picture wants. */
export function laneCount(view: View): number {
  return lanesOf(view).length
}

export const LANE_HEIGHT = LANE

function lanesOf(view: View): readonly Omit<Lane, 'top' | 'bottom'>[] {
  const { replay, front, own } = view
  if (own === undefined) return []
  const lanes: Omit<Lane, 'top' | 'bottom'>[] = [{ label: 'changes', kind: 'changes', index: front }]
  const waits = replay.contenders.some(({ waiting }) => largestOf(waiting) > 0)
  const loses = !waits || replay.contenders.some(({ turnedAway }) => largestOf(turnedAway) > 0)
  const others = view.others
  const label = (index: number) =>
    others.length === 0 ? goneWord(own) : (replay.contenders[index]?.name ?? '')
  if (waits) lanes.push({ label: 'queue', kind: 'waiting', index: front })
  if (loses) {
    for (const index of [front, ...others]) lanes.push({ label: label(index), kind: 'lost', index })
  }
  return lanes.slice(0, MOST_LANES)
}

function highestIn(view: View): number {
  const { replay, own, others } = view
  const first = Math.floor(view.from)
  const end = Math.ceil(view.to)
  const most = Math.max(
    1,
    largestOf(replay.needed, first, end),
    largestOf(own?.ready ?? [], first, end),
    largestOf(own?.paid ?? [], first, end),
    ...others.map(index => largestOf(replay.contenders[index]?.ready ?? [], first, end)),
  )
  // A bound far above all that happened would press the picture flat; then the band runs out at the top.
  const bound = largestOf(own?.highest ?? [], first, end)
  return bound <= most * 1.3 ? Math.max(most, bound) : most
}
