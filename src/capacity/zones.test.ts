import { describe, expect, it } from 'vitest'
import { usableZones, ZoneTally } from './zones.ts'

function tally(counts: Readonly<Record<string, number>>): ZoneTally {
  const zones = new ZoneTally(Object.keys(counts))
  for (const [zone, count] of Object.entries(counts)) zones.add(zone, count)
  return zones
}

/** `a1` is in zone a; `-1` in none. */
function instances(...ids: string[]): { id: string; zone: string | null }[] {
  return ids.map(id => ({ id, zone: id.startsWith('-') ? null : id.charAt(0) }))
}

const idsOf = (taken: readonly { readonly id: string }[]): string[] => taken.map(({ id }) => id)

describe('what leaves', () => {
  it('is taken from the fullest zone, there in order of preference', () => {
    const taken = tally({ a: 4, b: 2, c: 2 }).takeLeaving(instances('b1', 'a1', 'c1', 'a2', 'a3'), 4)
    expect(idsOf(taken)).toEqual(['a1', 'a2', 'b1', 'c1'])
  })

  it('may be in no zone at any time', () => {
    expect(idsOf(tally({ a: 3, b: 1 }).takeLeaving(instances('-1', 'a1', 'b1'), 2))).toEqual(['-1', 'a1'])
  })

  it('is as many as there are', () => {
    expect(idsOf(tally({ a: 1 }).takeLeaving(instances('a1'), 5))).toEqual(['a1'])
  })
})

describe('what comes', () => {
  it('is taken for the emptiest zone, and what is in none comes last', () => {
    const taken = tally({ a: 2, b: 0, c: 1 }).takeComing(instances('-1', 'a1', 'c1', 'b1', 'b2'), 5)
    expect(idsOf(taken)).toEqual(['b1', 'c1', 'b2', 'a1', '-1'])
  })
})

describe('zones with trouble', () => {
  it('are left alone until their wait is over, and then tried', () => {
    const trouble = {
      b: { failures: 1, retryAt: 100, error: 'down' },
      c: { failures: 1, retryAt: 50, error: 'down' },
    }
    expect(usableZones(['a', 'b', 'c'], trouble, 60)).toEqual({ well: ['a'], tried: ['c'] })
  })
})
