import { describe, expect, it } from 'vitest'
import { againOf, fuzzAzure, fuzzAzureCommand } from './azure.ts'

describe('strange and damaged autoscale settings', () => {
  it('are imported into what is valid and can be exported, or refused with a place (400 of 10,000 cases)', () => {
    const { accepted, refused, failures } = fuzzAzure(400, 20_261_122)
    expect(failures.map(({ seed, error }) => `${error}\nAgain: ${againOf(seed)}`)).toEqual([])
    expect(accepted).toBeGreaterThan(40)
    expect(refused).toBeGreaterThan(40)
  }, 60_000)

  it.each([
    [['--cases', '3', '--seed', '7'], 0, /^3 cases: \d accepted, \d refused, 0 failed\n$/],
    [['--cases', '2', '--json'], 0, /^\{"cases":2,"seed":1,/],
    [['--cases', 'many'], 2, /^Give --cases from 1 to/],
    [['10000'], 2, /^Give --cases from 1 to/],
  ])('are tried as often as %j says, and never not at all', (args, code, words) => {
    let said = ''
    expect(fuzzAzureCommand(args, text => (said += text))).toBe(code)
    expect(said).toMatch(words)
  })
})
