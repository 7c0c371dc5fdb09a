import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { FULL } from '../full.fixture.ts'
import { findSpot, unknown, variableSpots } from './address.ts'
import { spliced } from './splice.ts'

const TEXT = `plimsoll: 1
metrics:
  cpu: { source: push, kind: perInstance, unit: percent, every: 15s } # by the agents
  orders: { source: push, kind: total }
fleets:
  # The shop itself.
  web:
    capacity: { min: 2, max: "5" }   # five is all we pay for
    every: 15s
    kpis:
      busy: { goal: "avg(cpu, 45m) < 80%" }
    rules:
      # Out first.
      - name: Scale up!
        when: >-
          avg(cpu, 5m) > 80%
          and last(orders) > 100
        scale: { by: 2 }   # two at a time
        for: 30s
      - { name: Down, when: 'avg(cpu, 10m) < 20%', scale: { by: "-20%", atLeast: 2 }, cooldown: 5m }
      - { name: Hold, track: { metric: "avg(cpu, 5m)", target: 60% } }
      - { name: Bands, steps: { of: "avg(cpu, 5m)", threshold: 60%, bands: [{ from: 0, to: 10, by: 1 }, { from: 10, by: 3 }] } }
      - { name: Serve it, serve: { metric: last(orders), perInstance: 100, slo: 99.5% } }
      - { name: Red, when: busy is red, scale: { by: 1 } }
    cooldown: { out: 3m }
    stabilization: {}
    outageGuard: { of: "avg(orders, 1m)", drop: 80%, within: 5m, hold: 15m }
    mode: scale
  jobs: { capacity: { min: 1, max: 2 }, cooldown: 5m }
`

/** The text with one value in the place of another. */
function changed(address: string, value: string, fleet = 'web', text = TEXT): string {
  const found = findSpot(text, fleet, address)
  if (found.kind === 'refused') return found.message
  return spliced(text, [found.kind === 'written' ? found.spot.replace(value) : found.insert(value)])
}

/** What of the lines is another than before. */
function changedLines(after: string): string[] {
  const before = TEXT.split('\n')
  return after.split('\n').filter(line => !before.includes(line))
}

describe('what a rule says one level deeper', () => {
  it.each([
    ['rules.serve-it.boot', '2m', 'serve: { metric: last(orders), perInstance: 100, slo: 99.5%, boot: 2m }'],
    ['rules.hold.tolerance', '5%', 'track: { metric: "avg(cpu, 5m)", target: 60%, tolerance: 5% }'],
    ['rules.scale-up.atLeast', '3', 'scale: { by: 2, atLeast: 3 }   # two at a time'],
  ])('%s is written there, where the file leaves it at its default', (address, value, written) => {
    expect(changedLines(changed(address, value)).join()).toContain(written)
  })

  it.each([
    ['rules.serve-it.cooldown', '2m', 'slo: 99.5% }, cooldown: 2m }'],
    ['rules.hold.enabled', 'false', 'target: 60% }, enabled: false }'],
  ])('%s is of the rule itself', (address, value, written) => {
    expect(changedLines(changed(address, value)).join()).toContain(written)
  })
})

describe('an address', () => {
  it.each([
    ['rules.scale-up.threshold.1', '70%', ['          avg(cpu, 5m) > 70%']],
    ['rules.scale-up.threshold.2', '90', ['          and last(orders) > 90']],
    ['rules.Scale up!.window', '10m', ['          avg(cpu, 10m) > 80%']],
    ['rules.scale-up.when.window', '10m', ['          avg(cpu, 10m) > 80%']],
    ['rules.scale-up.by', '3', ['        scale: { by: 3 }   # two at a time']],
    ['rules.scale-up.scale.by', '3', ['        scale: { by: 3 }   # two at a time']],
    ['RULES.SCALE-UP.FOR', '1m', ['        for: 1m']],
    [
      'rules.down.by',
      '-30%',
      [
        `      - { name: Down, when: 'avg(cpu, 10m) < 20%', scale: { by: "-30%", atLeast: 2 }, cooldown: 5m }`,
      ],
    ],
    [
      'rules.down.threshold',
      '30%',
      [
        `      - { name: Down, when: 'avg(cpu, 10m) < 30%', scale: { by: "-20%", atLeast: 2 }, cooldown: 5m }`,
      ],
    ],
    ['rules.hold.target', '50%', ['      - { name: Hold, track: { metric: "avg(cpu, 5m)", target: 50% } }']],
    ['rules.hold.window', '9m', ['      - { name: Hold, track: { metric: "avg(cpu, 9m)", target: 60% } }']],
    [
      'rules.bands.bands.1.by',
      '4',
      [
        '      - { name: Bands, steps: { of: "avg(cpu, 5m)", threshold: 60%, bands: [{ from: 0, to: 10, by: 1 }, { from: 10, by: 4 }] } }',
      ],
    ],
    [
      'rules.serve-it.slo',
      '99%',
      ['      - { name: Serve it, serve: { metric: last(orders), perInstance: 100, slo: 99% } }'],
    ],
    ['kpis.busy.threshold', '70%', ['      busy: { goal: "avg(cpu, 45m) < 70%" }']],
    ['capacity.max', '9', ['    capacity: { min: 2, max: "9" }   # five is all we pay for']],
    ['fleets.web.every', '1m', ['    every: 1m']],
    ['mode', 'recommend', ['    mode: recommend']],
    [
      'metrics.cpu.every',
      '30s',
      ['  cpu: { source: push, kind: perInstance, unit: percent, every: 30s } # by the agents'],
    ],
    [
      'outageGuard.within',
      '9m',
      ['    outageGuard: { of: "avg(orders, 1m)", drop: 80%, within: 9m, hold: 15m }'],
    ],
    // Not in the file yet.
    ['cooldown.in', '9m', ['    cooldown: { out: 3m, in: 9m }']],
    ['stabilization.in', '9m', ['    stabilization: { in: 9m }']],
    ['rules.scale-up.cooldown', '9m', ['        cooldown: 9m']],
    ['warmup', '9m', ['    warmup: 9m']],
    ['repair.maxUnhealthy', '9%', ['    repair: { maxUnhealthy: 9% }']],
    [
      'rules.red.cooldown',
      '9m',
      ['      - { name: Red, when: busy is red, scale: { by: 1 }, cooldown: 9m }'],
    ],
    ['fleets.jobs.every', '1m', ['  jobs: { capacity: { min: 1, max: 2 }, cooldown: 5m, every: 1m }']],
  ])('%s = %s changes one line, and nothing else', (address, value, lines) => {
    const after = changed(address, value)
    expect(changedLines(after)).toEqual(lines)
    expect(parse(after)).not.toEqual(parse(TEXT))
  })

  it.each([
    [
      'rules.scale-up.threshold',
      'say which: rules.scale-up.threshold.1 (80%), rules.scale-up.threshold.2 (100)',
    ],
    ['rules.sclae-up.by', 'Did you mean rules.scale-up.by?'],
    ['rules.red.threshold', 'there is no such value'],
    ['rules.nobody.by', 'What can be varied: capacity.min (2), capacity.max (5), every (15s)'],
    ['capacity', 'say which: capacity.min (2), capacity.max (5)'],
    ['fleets.nobody.every', 'there is no such value'],
  ])('%s is refused: %s', (address, words) => {
    expect(changed(address, '1')).toContain(words)
  })

  it('below a single value says so', () => {
    expect(changed('cooldown.in', '1m', 'jobs')).toBe(
      'cooldown.in: cooldown is one value in the file, 5m; vary that, or write its parts out there.',
    )
  })

  it('of a misspelt rule names the right one, also where it is the only one', () => {
    const text =
      'fleets:\n  web:\n    rules:\n      - { name: Busy, when: "last(orders) > 5", scale: { by: 1 } }\n'
    expect(changed('rules.bsuy.by', '2', 'web', text)).toContain('Did you mean rules.busy.by?')
  })

  it('of two rules of one name is refused', () => {
    const text = TEXT.replace('name: Down', 'name: SCALE UP')
    expect(changed('rules.scale-up.by', '1', 'web', text)).toContain('there are 2 of that name')
  })

  it('of an alias asks for its value to be written out', () => {
    const text = TEXT.replace('every: 15s\n    kpis', 'every: &often 15s\n    warmup: *often\n    kpis')
    expect(changed('warmup', '1m', 'web', text)).toContain('it is empty or an alias')
    expect(changed('every', '1m', 'web', text)).toContain('every: &often 1m\n')
  })

  it('is understood with the line ends of Windows', () => {
    const text = TEXT.replaceAll('\n', '\r\n')
    expect(changed('warmup', '9m', 'web', text)).toContain('    mode: scale\r\n    warmup: 9m\r\n')
    expect(changed('rules.scale-up.threshold.2', '90', 'web', text)).toContain('and last(orders) > 90\r\n')
  })
})

describe('what can be varied', () => {
  const spots = variableSpots(FULL, 'web')

  it('has an address each, which finds it', () => {
    expect(spots.length).toBeGreaterThan(20)
    for (const { address, written, fullAddress } of spots) {
      for (const each of [address, fullAddress]) {
        expect(findSpot(FULL, 'web', each)).toMatchObject({ kind: 'written', spot: { written } })
      }
    }
  })

  it('changes only itself, whatever is written there', () => {
    fc.assert(
      fc.property(fc.constantFrom(...spots), fc.integer({ min: 0, max: 99 }), (spot, number) => {
        const after = spliced(FULL, [spot.replace(String(number))])
        const again = variableSpots(after, 'web')
        expect(again.find(({ address }) => address === spot.address)?.written).toBe(String(number))
        expect(again.filter(each => each.address !== spot.address).map(each => each.written)).toEqual(
          spots.filter(each => each.address !== spot.address).map(each => each.written),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('is proposed where an address is wrong', () => {
    expect(unknown('capacity.mni', variableSpots(TEXT, 'web'))).toContain('Did you mean capacity.min?')
  })
})
