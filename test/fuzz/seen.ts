/**
 * Random observations for the fleets of a specification, as a person would state them to `plimsoll decide`.
 *
 * Example: `{ at, fleets: { web: { open: 4, values: { 'avg(cpu, 5m)': 83.2 }, lastChange: { ... } } } }`.
 */
import { type FleetSpec, looksAhead, type Spec } from '../../src/model/spec.ts'
import type { Chance } from './chance.ts'

const MONDAY = Date.UTC(2026, 10, 23)
const WEEK_MS = 7 * 86_400_000
const HOUR_MS = 3_600_000

type Given = Record<string, unknown>

export function randomObservation(spec: Spec, chance: Chance): { at: number; fleets: Record<string, Given> } {
  const at = MONDAY + chance.whole(0, WEEK_MS)
  const fleets = Object.values(spec.fleets).map(fleet => {
    const rules = fleet.rules.map(({ name }) => name)
    const given: Given = {
      ...randomCounts(chance),
      values: Object.fromEntries(
        chance.some(fleet.operands, 0.9).map(({ key }) => [key, randomValue(chance)]),
      ),
      ...(chance.maybe(0.4) ? { lastChange: randomChange(at, rules, chance) } : {}),
      ...(chance.maybe(0.4)
        ? { recommendations: chance.times(0, 4, () => ({ at: ago(at, chance), count: chance.whole(0, 20) })) }
        : {}),
      ...(chance.maybe(0.4)
        ? {
            changes: chance.times(0, 4, () => ({
              at: ago(at, chance),
              from: chance.whole(0, 20),
              to: chance.whole(0, 20),
            })),
          }
        : {}),
      ...(chance.maybe(0.4)
        ? { trueSince: Object.fromEntries(chance.some(rules, 0.5).map(rule => [rule, ago(at, chance)])) }
        : {}),
      ...(chance.maybe(0.3)
        ? { sessions: { inUse: chance.whole(0, 40), slots: chance.pick([null, 40, 80]) } }
        : {}),
      ...(chance.maybe(0.2) ? { targetHighest: chance.whole(0, 20) } : {}),
      ...(chance.maybe(0.6) ? { outlooks: randomOutlooks(fleet, chance) } : {}),
    }
    return [fleet.name, given] as const
  })
  return { at, fleets: Object.fromEntries(fleets) }
}

/** What rules that look ahead expect: of some a number, of some that it is not known. */
function randomOutlooks({ rules }: FleetSpec, chance: Chance): Given {
  const outlooks = chance.some(rules.filter(looksAhead), 0.7).map(({ name, kind }): [string, unknown] => {
    const amount = Math.max(0, randomValue(chance) ?? 0)
    const stated = kind === 'serve' ? { capacity: amount } : { expected: amount / 2, atMost: amount }
    return [name, chance.maybe(0.1) ? null : { ...stated, ...(chance.maybe(0.5) ? { lead: '3m' } : {}) }]
  })
  return Object.fromEntries(outlooks)
}

function randomCounts(chance: Chance): Given {
  if (chance.maybe(0.05)) return { open: null }
  return {
    open: chance.whole(0, 20),
    ...(chance.maybe(0.3) ? { pending: chance.whole(0, 4) } : {}),
    ...(chance.maybe(0.2) ? { draining: chance.whole(0, 4) } : {}),
    ...(chance.maybe(0.2) ? { replacing: chance.whole(0, 3) } : {}),
  }
}

function randomValue(chance: Chance): number | null {
  switch (chance.whole(0, 9)) {
    case 0:
      return null
    case 1:
      return chance.pick([0, -1, 1e15, 1e-9, -0, 1e300])
    default:
      return chance.maybe(0.5) ? chance.whole(0, 150) : chance.next() * 500
  }
}

function randomChange(at: number, rules: readonly string[], chance: Chance): Given {
  return {
    at: ago(at, chance),
    direction: chance.pick(['out', 'in']),
    ...(rules.length > 0 && chance.maybe(0.5) ? { rule: chance.pick(rules) } : {}),
  }
}

function ago(at: number, chance: Chance): number {
  return at - chance.whole(0, chance.pick([1000, 60_000, HOUR_MS]))
}
