import { describe, expect, it } from 'vitest'
import { Balance } from './balance.ts'

interface Instance {
  readonly id: string
  readonly inFlight: number
  readonly avoidUntil: number
}

function fleet(...inFlight: readonly number[]): Instance[] {
  return inFlight.map((count, i) => ({ id: `web-${i + 1}`, inFlight: count, avoidUntil: 0 }))
}

function choose(open: readonly Instance[], limit = 8, except: Instance | null = null): string {
  const choice = new Balance().choose(open, limit, 100, except)
  return choice.kind === 'chosen' ? choice.candidate.id : choice.kind
}

describe('the choice of an instance', () => {
  it.each([
    ['the one with the fewest requests in flight', fleet(3, 1, 2), 'web-2'],
    ['nothing when each has its share', fleet(8, 8), 'full'],
    ['the only one with room', fleet(8, 7), 'web-2'],
    ['nothing where none is open', [], 'none'],
  ])('is %s', (_, open, chosen) => {
    expect(choose(open)).toBe(chosen)
  })

  it('goes round among equals', () => {
    const balance = new Balance()
    const open = fleet(1, 1, 1)
    const chosen = Array.from({ length: 6 }, () => {
      const choice = balance.choose(open, 8, 100, null)
      return choice.kind === 'chosen' ? choice.candidate.id : choice.kind
    })
    expect(chosen.slice(0, 3).sort()).toEqual(['web-1', 'web-2', 'web-3'])
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3))
  })

  it('leaves out the one tried before, even if no other is there', () => {
    const open = fleet(0, 5)
    expect(choose(open, 8, open[0])).toBe('web-2')
    expect(choose(open.slice(0, 1), 8, open[0])).toBe('none')
  })

  it('leaves out one that just failed, as long as another is open, even a full one', () => {
    const [failed, other] = fleet(0, 8)
    if (failed === undefined || other === undefined) throw new Error('two are needed')
    const avoided = { ...failed, avoidUntil: 101 }
    expect(choose([avoided, other])).toBe('full')
    expect(choose([avoided])).toBe('web-1')
    expect(choose([{ ...failed, avoidUntil: 100 }, other])).toBe('web-1')
  })
})
