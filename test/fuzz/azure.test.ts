import { describe, expect, it } from 'vitest'
import { fuzzAzure } from './azure.ts'

describe('strange and damaged autoscale settings', () => {
  it('are imported into what is valid and can be exported, or refused with a place (400 of 10,000 cases)', () => {
    const { accepted, refused, failures } = fuzzAzure(400, 20_261_122)
    expect(failures.map(({ seed, error }) => `${error}\nAgain: node test/fuzz/azure.ts 1 ${seed}`)).toEqual(
      [],
    )
    expect(accepted).toBeGreaterThan(40)
    expect(refused).toBeGreaterThan(40)
  }, 60_000)
})
