import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instanceIds } from './instance-id.ts'

const START = Date.UTC(2026, 10, 21, 12)

describe('the name of an instance', () => {
  it('counts on within one run', () => {
    const next = instanceIds('web', START, () => 0.5)
    const names = [next(), next(), next()]
    expect(names.map(name => name.replace(/.*-/, ''))).toEqual(['1', '2', '3'])
    expect(new Set(names).size).toBe(3)
  })

  it('differs between runs that start a second apart, whatever chance says', () => {
    const first = instanceIds('web', START, () => 0)()
    const second = instanceIds('web', START + 1_000, () => 0)()
    expect(second).not.toBe(first)
  })

  it('differs between runs in the same second by chance', () => {
    expect(instanceIds('web', START, () => 0.1)()).not.toBe(instanceIds('web', START, () => 0.9)())
  })

  it('is safe in an address and an environment, and short, whatever the fleet is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (fleet, chance) => {
          const id = instanceIds(fleet, START, () => chance)()
          expect(id).toMatch(/^[A-Za-z0-9_.-]+$/)
          expect(id.length).toBeLessThanOrEqual(fleet.length + 12)
        },
      ),
    )
  })
})
