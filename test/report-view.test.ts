/** What the picture of a report shows of the decisions of a replay. */
import { describe, expect, it } from 'vitest'
import { decisionsIn } from '../dashboard/src/report/chart.ts'
import type { Made, Replay, Shown } from '../dashboard/src/report/unpack.ts'
import { View } from '../dashboard/src/report/view.ts'

const MINUTE = 60_000
const BINS = 10

function madeAt(bin: number): Made {
  return { at: bin * MINUTE, from: 2, to: 3, rule: null, because: 'a test', steps: [] }
}

function viewOf(decisions: readonly Made[]): View {
  const none = new Float64Array(BINS)
  const own: Shown = {
    ...{ ready: none, paid: none, lost: none, refused: none, backlog: none, lowest: none, highest: none },
    turnedAway: none,
    waiting: none,
    name: 'web',
    isShown: true,
    decisions,
    more: 0,
  }
  const replay: Replay = {
    timeZone: 'UTC',
    startAt: 0,
    stepMs: MINUTE,
    length: BINS,
    censored: [],
    doubtful: [],
    load: none,
    needed: none,
    contenders: [own],
  }
  return new View(replay)
}

describe('the decisions in a picture', () => {
  const view = viewOf([0, 4, 9, BINS].map(madeAt))

  it('are all of them while all is looked at, the one at the end of the last bin too', () => {
    expect(decisionsIn(view)).toEqual({ first: 0, end: 4 })
  })

  it('are those of the stretch that is looked at', () => {
    view.show(2, 9)
    expect(decisionsIn(view)).toEqual({ first: 1, end: 2 })
  })
})
