/** The numbers behind the page's pictures: bounded, in order, and nothing made up. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { happenings } from '../dashboard/src/happenings.ts'
import { type Count, Demand, MOST_POINTS, Timeline } from '../dashboard/src/series.ts'
import type { Decision } from '../dashboard/src/wire.ts'
import { ageText, changeText, countText, valueText } from '../dashboard/src/words.ts'

function count(at: number, open: number | null, desired = open): Count {
  return { at, open, total: open, desired, lowest: 2, highest: 8 }
}

/** What a step line shows at a time: the last value at or before it. */
function shownAt(timeline: Timeline, at: number, column: 4 | 5): number | null | undefined {
  const columns = timeline.columns(at)
  const index = columns[0].findLastIndex(time => time <= at)
  return columns[column]?.[index]
}

describe('the timeline', () => {
  it('keeps two points of a steady run, and every change', () => {
    const timeline = new Timeline()
    for (let at = 0; at < 600; at += 1) timeline.push(count(at, at < 300 ? 5 : 6))
    expect(timeline.length).toBe(4)
    expect(timeline.columns(700)[0]).toEqual([0, 299, 300, 599, 700])
    expect(timeline.columns(700)[4]).toEqual([5, 5, 6, 6, 6])
  })

  it('shows at every time what was pushed last before it, however it thins', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            wait: fc.integer({ min: 1, max: 9 }),
            open: fc.option(fc.integer({ min: 0, max: 3 })),
          }),
        ),
        ticks => {
          const timeline = new Timeline()
          const pushed: Count[] = []
          let at = 0
          for (const { wait, open } of ticks) {
            at += wait
            pushed.push(count(at, open))
            timeline.push(count(at, open))
          }
          for (const { at: time, open } of pushed) expect(shownAt(timeline, time, 4)).toBe(open)
        },
      ),
    )
  })

  it('never holds more than a screen can show, and drops the oldest', () => {
    const timeline = new Timeline()
    for (let at = 0; at < 10_000; at += 1) timeline.push(count(at, at % 2))
    expect(timeline.length).toBeLessThanOrEqual(MOST_POINTS)
    expect(timeline.last?.at).toBe(9999)
  })

  it('ignores a point from the past and replaces one of the same time', () => {
    const timeline = new Timeline()
    timeline.push(count(10, 5))
    timeline.push(count(9, 1))
    timeline.push(count(10, 6))
    expect(timeline.columns(10)[4]).toEqual([6])
  })
})

describe('the demand', () => {
  it('gathers samples into spans with mean, lowest and highest', () => {
    const demand = new Demand(10)
    for (const [at, value] of [
      [1, 10],
      [9, 30],
      [12, 5],
    ] as const)
      demand.push(at, value)
    expect(demand.columns()).toEqual([
      [5, 15],
      [20, 5],
      [10, 5],
      [30, 5],
    ])
  })

  it('puts late samples where they belong, whatever the order they come in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 }), times => {
        const inOrder = new Demand(10)
        const asTheyCome = new Demand(10)
        for (const at of [...times].sort((one, other) => one - other)) inOrder.push(at, at)
        for (const at of times) asTheyCome.push(at, at)
        expect(asTheyCome.columns()[0]).toEqual(inOrder.columns()[0])
        expect(asTheyCome.columns()[3]).toEqual(inOrder.columns()[3])
      }),
    )
  })

  it('leaves a hole where there were no samples', () => {
    const demand = new Demand(1)
    for (const at of [0, 1, 2, 30, 31]) demand.push(at, 7)
    expect(demand.columns()[1]).toEqual([7, 7, 7, null, 7, 7])
  })

  it('draws a line through samples that come less often than the metric says', () => {
    const demand = new Demand(1)
    for (let at = 0; at < 100; at += 10) demand.push(at, 7)
    expect(demand.columns()[1]).toEqual(Array(10).fill(7))
  })

  it('never holds more than a screen can show, even of samples from long ago', () => {
    const demand = new Demand(1)
    for (let at = 20_000; at < 40_000; at += 1) demand.push(at, 1)
    for (let at = 0; at < 5000; at += 1) demand.push(at, 1)
    expect(demand.length).toBeLessThanOrEqual(MOST_POINTS)
    expect(demand.columns()[0].at(-1)).toBe(39_999.5)
  })
})

describe('what happened', () => {
  const decision = (revision: number, current: number, desired: number): Decision => ({
    revision,
    at: new Date(revision * 1000).toISOString(),
    current,
    desired,
    direction: 'out',
    rule: 'Scale up',
    because: 'busy',
    steps: [],
    actions: [],
  })

  it('tells a run of the same decision once, and notes in between by their time', () => {
    const decisions = [decision(5, 3, 4), decision(4, 3, 4), decision(3, 3, 4), decision(2, 2, 3)]
    const notes = [{ at: new Date(2500).toISOString(), text: 'web-1 was lost' }]
    expect(
      happenings(decisions, notes).map(one =>
        one.kind === 'note' ? one.note.text : [one.decision.revision, one.times],
      ),
    ).toEqual([[5, 3], 'web-1 was lost', [2, 1]])
  })
})

describe('words', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [95_000, '1 min 35 s'],
    [3_599_000, '59 min'],
    [7_260_000, '2 h 1 min'],
    [200_000_000, '2 d 7 h'],
    [-5, '0 s'],
  ])('an age of %d ms is %s', (ms, text) => expect(ageText(ms)).toBe(text))

  it.each([
    [83.25, 'percent', '83.3 %'],
    [0.5, 'ratio', '50 %'],
    [12, 'ms', '12 ms'],
    [1536, 'bytes', '1.5 KiB'],
    [0, 'bytes', '0 B'],
    [1234.5, null, '1,230'],
  ] as const)('%d in %s is %s', (value, unit, text) => expect(valueText(value, unit)).toBe(text))

  it('says that what is not known is not known', () => {
    expect(countText(null)).toBe('?')
    expect(changeText(5, null)).toBe('5 → ?')
    expect(countText(0)).toBe('0')
  })
})
