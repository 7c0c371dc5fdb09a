import { describe, expect, it } from 'vitest'
import { ARBITRARY_CONTEXT } from '../../../test/arbitraries/expression.ts'
import { parseCondition, parseExpression } from './parse.ts'
import { CODE, formatProblem } from './problem.ts'

/** The values of all literals with a unit, by their text. */
function literals(
  text: string,
  parse: typeof parseCondition | typeof parseExpression,
): Record<string, number> {
  const parsed = parse(text, ARBITRARY_CONTEXT)
  if (!parsed.ok) throw new Error(parsed.problems.map(problem => formatProblem(text, problem)).join('\n'))
  const found: Record<string, number> = {}
  JSON.stringify(parsed.value, (_, node) => {
    if (node?.node === 'number' && Number.isNaN(Number(node.text))) found[node.text] = node.value
    return node
  })
  return found
}

describe('a % literal', () => {
  it.each<[string, Record<string, number>]>([
    ['avg(cpu, 5m) > 80%', { '80%': 80 }],
    ['80% < avg(cpu, 5m)', { '80%': 80 }],
    ['avg(load, 5m) > 80%', { '80%': 80 }],
    ['avg(memory, 5m) > 80%', { '80%': 0.8 }],
    ['avg(memory, 5m) > -80%', { '-80%': -0.8 }],
    ['-(80%) < avg(memory, 5m)', { '80%': 0.8 }],
    ['avg(cpu, 5m) + 5% > 80%', { '5%': 5, '80%': 80 }],
    ['avg(memory, 5m) + 5% > 80%', { '5%': 0.05, '80%': 0.8 }],
    ['80% - 5% < avg(memory, 5m)', { '80%': 0.8, '5%': 0.05 }],
    ['avg(cpu, 5m) > 2 * 40%', { '40%': 40 }],
    ['avg(memory, 5m) > 2 * 40%', { '40%': 0.4 }],
    ['avg(memory, 5m) > 80% / 2', { '80%': 0.8 }],
    ['avg(cpu, 5m) > instances * 20%', { '20%': 20 }],
    ['avg(cpu, 5m) > 80% + 3', { '80%': 80 }],
    ['avg(cpu, 5m) * 2 > 80%', { '80%': 80 }],
    ['avg(load, 5m) / 2 > 80%', { '80%': 80 }],
    ['avg(load, 5m) / (2 * 3) > 80%', { '80%': 80 }],
    ['avg(load, 5m) * instances > 80%', { '80%': 80 }],
    ['avg(cpu, 5m) / instances > 80%', { '80%': 80 }],
    ['min(cpu, 5m) + max(load, 5m) / instances > 80%', { '80%': 80 }],
  ])('takes the unit of what it meets: %s', (text, expected) => {
    expect(literals(text, parseCondition)).toEqual(expected)
  })

  it.each<[string, Record<string, number>]>([
    ['avg(cpu, 5m) * 110% > 80%', { '110%': 1.1, '80%': 80 }],
    ['110% * avg(cpu, 5m) > 80%', { '110%': 1.1, '80%': 80 }],
    ['avg(latency, 5m) * 110% > 2s', { '110%': 1.1, '2s': 2000 }],
    ['avg(disk, 5m) / 50% > 1GiB', { '50%': 0.5, '1GiB': 1_073_741_824 }],
    ['avg(latency, 5m) > 2s * 50%', { '2s': 2000, '50%': 0.5 }],
    ['avg(latency, 5m) > 2s / 50%', { '2s': 2000, '50%': 0.5 }],
    ['avg(cpu, 5m) > 20% * 30%', { '20%': 20, '30%': 0.3 }],
    ['pending > instances * 20%', { '20%': 0.2 }],
    ['ready / 80% > 3', { '80%': 0.8 }],
    ['last(orders) / last(queue-depth) > 5%', { '5%': 0.05 }],
    ['avg(cpu, 5m) / avg(cpu, 1h) > 150%', { '150%': 1.5 }],
    ['sum(load, 5m) / sum(load, 1h) > 150%', { '150%': 1.5 }],
    ['instances > 80% / 20%', { '80%': 0.8, '20%': 0.2 }],
    ['50% > 5%', { '50%': 0.5, '5%': 0.05 }],
    ['50% / avg(latency, 5m) > 3', { '50%': 0.5 }],
  ])('is a share of what it scales, and of plain numbers: %s', (text, expected) => {
    expect(literals(text, parseCondition)).toEqual(expected)
  })

  it.each<[string, Record<string, number>]>([
    ['instances * avg(cpu, 5m) / 80%', { '80%': 80 }],
    ['instances * (avg(memory, 5m) / 80%)', { '80%': 0.8 }],
    ['80% / avg(memory, 5m)', { '80%': 0.8 }],
    ['50%', { '50%': 0.5 }],
    ['avg(disk, 5m) / 2GiB', { '2GiB': 2_147_483_648 }],
  ])('divides its own kind into a plain number: %s', (text, expected) => {
    expect(literals(text, parseExpression)).toEqual(expected)
  })
})

describe('a time', () => {
  it.each<[string, Record<string, number>]>([
    ['avg(latency, 5m) > 2s', { '2s': 2000 }],
    ['avg(wait, 5m) > 300ms', { '300ms': 0.3 }],
    ['avg(wait, 5m) > 45m', { '45m': 2700 }],
    ['avg(latency, 5m) + 100ms > 2 * 1s', { '100ms': 100, '1s': 1000 }],
    ['avg(latency, 5m) / 1s > avg(wait, 5m) / 1s', { '1s': 1 }],
    ['5m > 300s', { '5m': 300_000, '300s': 300_000 }],
    ['5m / 1s > instances', { '5m': 300_000, '1s': 1000 }],
    ['1s / avg(latency, 5m) > 2', { '1s': 1000 }],
    ['avg(latency, 5m) * 2s > 3', { '2s': 2000 }],
    ['2s * avg(latency, 5m) > 3', { '2s': 2000 }],
  ])('is counted as the metric it meets: %s', (text, expected) => {
    expect(literals(text, parseCondition)).toEqual(expected)
  })
})

describe('units that fit', () => {
  it.each([
    'avg(latency, 5m) > 300',
    'avg(cpu, 5m) > instances',
    'avg(disk, 5m) > instances * 2000000',
    'count(latency, 5m) > 3',
    'count(latency, 5m) > last(orders)',
    'avg(cpu, 5m) > avg(load, 5m)',
    'avg(disk, 5m) > 2GiB + 500MB',
    'avg(latency, 5m) * avg(cpu, 5m) > 3',
    'avg(latency, 5m) * avg(cpu, 5m) > avg(disk, 5m)',
    'avg(latency, 5m) / avg(wait, 5m) > 1000',
    '1 / avg(latency, 5m) > 3',
    'last(orders) > 1000 - avg(latency, 5m)',
  ])('%s', text => {
    expect(parseCondition(text, ARBITRARY_CONTEXT)).toMatchObject({ ok: true })
  })
})

describe('units that do not fit', () => {
  it.each<[string, string, string]>([
    ['avg(cpu, 5m) > 300ms', CODE.differentUnits, 'Compare it with a plain number'],
    ['avg(load, 5m) > 300ms', CODE.differentUnits, 'unit: ms (or s) on the metric load'],
    ['300ms < avg(load, 5m)', CODE.differentUnits, 'unit: ms (or s) on the metric load'],
    ['avg(load, 5m) > 2GiB', CODE.differentUnits, 'unit: bytes on the metric load'],
    ['avg(load, 5m) > avg(wait, 5m)', CODE.differentUnits, 'unit: s on the metric load'],
    ['avg(memory, 5m) > avg(load, 5m)', CODE.differentUnits, 'unit: ratio on the metric load'],
    ['avg(memory, 5m) > avg(cpu, 5m)', CODE.differentUnits, 'Divide each side by 100%'],
    ['avg(wait, 5m) > avg(latency, 5m)', CODE.differentUnits, 'Divide each side by 1s'],
    ['avg(latency, 5m) > 80%', CODE.differentUnits, 'Compare it with a plain number'],
    ['avg(disk, 5m) > 5m', CODE.differentUnits, 'Compare it with a plain number'],
    ['5m > 80%', CODE.differentUnits, 'Compare it with a plain number'],
    ['avg(cpu, 5m) + 300ms > 80', CODE.differentUnits, 'Compare it with a plain number'],
    ['avg(cpu, 5m) - avg(wait, 5m) > 80', CODE.differentUnits, 'Compare it with a plain number'],
    ['instances > 300ms', CODE.undecidedUnit, 'plain number'],
    ['count(latency, 5m) > 300ms', CODE.undecidedUnit, 'plain number'],
    ['last(orders) / 30s > 5', CODE.undecidedUnit, 'plain number'],
    ['last(orders) * (30s + 5) > 5', CODE.undecidedUnit, 'plain number'],
    ['last(load) * 30s > 5', CODE.undecidedUnit, 'plain number'],
    ['2s * 3s > 5', CODE.undecidedUnit, 'plain number'],
    ['50% / 3s > 5', CODE.undecidedUnit, 'plain number'],
    ['avg(cpu, 5m) * avg(cpu, 5m) > 50%', CODE.undecidedUnit, 'plain number'],
    ['avg(cpu, 5m) * avg(wait, 5m) > 50s', CODE.undecidedUnit, 'plain number'],
    ['last(load) / instances > 80%', CODE.doubtfulPercent, 'unit: count'],
    ['80% < sum(load, 5m) / last(orders)', CODE.doubtfulPercent, 'unit: count'],
    ['last(load) / (instances * 2) > 80%', CODE.doubtfulPercent, 'unit: count'],
    ['last(load) / instances / 80% > 3', CODE.doubtfulPercent, 'unit: count'],
    ['80% / (last(load) / instances) > 3', CODE.doubtfulPercent, 'unit: count'],
  ])('%s', (text, code, hint) => {
    const parsed = parseCondition(text, ARBITRARY_CONTEXT)
    expect(parsed).toMatchObject({ ok: false, problems: [{ code }] })
    if (!parsed.ok) expect(parsed.problems[0]?.hint).toContain(hint)
  })

  it('are reported in every comparison at once', () => {
    const parsed = parseCondition(
      'avg(cpu, 5m) > 3s and (avg(disk, 5m) < 5% or instances > 2h)',
      ARBITRARY_CONTEXT,
    )
    const places = parsed.ok ? [] : parsed.problems.map(problem => [problem.code, problem.at])
    expect(places).toEqual([
      [CODE.differentUnits, 0],
      [CODE.differentUnits, 23],
      [CODE.undecidedUnit, 57],
    ])
  })
})
