import { describe, expect, it } from 'vitest'
import { boundsOf, boundText, MEASURES, measureText, parseObjective } from './objective.ts'
import { scoresWith } from './scores.fixture.ts'

describe('an objective', () => {
  it.each([
    ['cost', 'cost', 'lost', []],
    ['cost, slo<=1%', 'cost', 'lost', ['lost <= 1 %']],
    ['cost, slo <= 0.5', 'cost', 'lost', ['lost <= 0.5 %']],
    ['cost, slo>=99.5%', 'cost', 'lost', ['lost <= 0.5 %']],
    ['cost, lost<=now', 'cost', 'lost', ['lost no worse than now']],
    ['hours, wait<=2s, actions<200', 'hours', 'wait', ['wait <= 2000 ms', 'actions <= 200']],
    ['lost', 'lost', 'cost', []],
    ['lost, cost<=1.5x', 'lost', 'cost', ['cost <= 1.5 x']],
    ['tauU, tauO<=20%', 'under', 'over', ['over <= 20 %']],
    ['costVsOracleRatio, lostPercent<=1', 'cost', 'lost', ['lost <= 1 %']],
    ['Cost, LOST<=1', 'cost', 'lost', ['lost <= 1 %']],
    ['lost, lost<=1', 'lost', 'cost', ['lost <= 1 %']],
  ])('%s: the least %s, set against %s, with %j', (text, minimise, against, constraints) => {
    const objective = parseObjective(text)
    expect(objective.minimise.name).toBe(minimise)
    expect(objective.against.name).toBe(against)
    expect(objective.constraints.map(boundText)).toEqual(constraints)
  })

  it.each([
    ['', 'it is empty'],
    ['slo<=1%', 'begins with what is to be as small as possible'],
    ['cots', 'Did you mean cost?'],
    ['happiness', 'There is cost, lost, hours'],
    ['cost, lost', 'give "lost" a bound, as in lost<=1'],
    ['cost, ?', '"?" is no bound'],
    ['cost, wait<=1%', '"1%" is no bound for wait, which is counted in ms'],
    ['cost, lost<=2m', '"2m" is no bound for lost, which is counted in %'],
    ['cost, actions>=3', 'of actions less is better: write actions<=3'],
    ['cost, slo>=1%', 'less is better'],
  ])('%j is PLM-743: %s', (text, because) => {
    expect(() => parseObjective(text)).toThrow(
      expect.objectContaining({ code: 'PLM-743', message: expect.stringContaining(because) }),
    )
  })

  it('takes "now" from the file as it is', () => {
    const bounds = boundsOf(
      parseObjective('cost, lost<=now, actions<=5'),
      scoresWith({ lost: 0.7, refusedPercent: 0.1 }),
    )
    expect(bounds.map(({ most }) => most)).toEqual([0.7 + 0.1, 5])
  })

  it('knows every score that less is better of, but for the price and shares of other hours', () => {
    const read = new Set<string>()
    const scores = new Proxy(scoresWith({}), {
      get(target, key, receiver) {
        read.add(String(key))
        return Reflect.get(target, key, receiver)
      },
    })
    for (const measure of MEASURES) measure.read(scores)
    const others = Object.keys(scoresWith({})).filter(key => !read.has(key))
    expect(others).toEqual([
      'timeShortPercent',
      'neededInstanceHours',
      'oracleInstanceHours',
      'price',
      'costVsNeededRatio',
      'costVsStaticPeakRatio',
      'ticksPerSecond',
    ])
  })
})

describe('a measured value', () => {
  it.each([
    ['cost', 1.4, '1.40 x'],
    ['lost', 0, '0 %'],
    ['lost', 0.0004, '<0.01 %'],
    ['lost', 12.34, '12.3 %'],
    ['hours', 1234.5, '1235 h'],
    ['actions', 17, '17'],
  ])('of %s, %d, reads %s', (name, value, text) => {
    const measure = MEASURES.find(each => each.name === name)
    expect(measure === undefined ? null : measureText(measure, value)).toBe(text)
  })
})
