import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../test/builders/observation.ts'
import { type FleetWords, fleetSpec, type RuleWords } from '../../test/builders/spec.ts'
import type { AggregateOperand } from '../model/expression.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { Override } from '../model/override.ts'
import type { FleetSpec, ReactiveRule } from '../model/spec.ts'
import { decide } from './decide.ts'
import { WHY_NOT_REASONS, whyNot } from './why-not.ts'

const MINUTE = 60_000
const metrics = { cpu: {}, orders: {} }
const up: RuleWords = { name: 'up', rank: 10, when: 'last(cpu) > 80%', by: 1 }
const down: RuleWords = { name: 'down', rank: 10, when: 'last(cpu) < 20%', by: -1 }

function ask(
  rule: string,
  words: FleetWords,
  seen: ObservationWords,
  memory: Memory = EMPTY_MEMORY,
  change: (spec: FleetSpec) => FleetSpec = spec => spec,
) {
  const spec = change(fleetSpec({ min: 1, max: 10, metrics, ...words }))
  const given = observation(seen)
  const answer = whyNot(
    spec,
    { observation: given, memory, decision: decide(spec, given, memory).decision },
    rule,
  )
  for (const { reason } of answer?.reasons ?? []) expect(WHY_NOT_REASONS).toContain(reason)
  return answer
}

const because = (answer: ReturnType<typeof whyNot>) => answer?.reasons.map(reason => reason.because)
const kinds = (answer: ReturnType<typeof whyNot>) => answer?.reasons.map(({ reason }) => reason)

describe('why a rule did not win', () => {
  it('knows no rule of another name', () => {
    expect(ask('uq', { rules: [up] }, {})).toBeNull()
  })

  it('it did win', () => {
    const answer = ask('up', { rules: [up] }, { values: { 'last(cpu)': 90 } })
    expect(answer).toMatchObject({ won: true, rule: 'up' })
    expect(because(answer)).toEqual(['it did win: 4 became 5'])
  })

  it('disabled in the file', () => {
    const answer = ask('up', { rules: [{ ...up, enabled: false }] }, { values: { 'last(cpu)': 90 } })
    expect(because(answer)).toEqual(['it is disabled in the file'])
  })

  it('outside its schedule, with when it opens', () => {
    const words = { rules: [{ ...up, during: 'day' }] }
    const values = { 'last(cpu)': 90 }
    const opens = NOON + 90 * MINUTE
    const answer = ask('up', words, { values, windows: { day: { from: opens, to: opens + MINUTE } } })
    expect(answer?.reasons).toMatchObject([{ reason: 'outside-schedule', by: 'day', until: opens }])
    expect(because(answer)).toEqual(['outside its schedule "day" for another 1h 30m'])
    const never = ask('up', words, { values, windows: { day: null } })
    expect(because(never)).toEqual(['outside its schedule "day", which has no window to come'])
  })

  it('false, with the value against the threshold', () => {
    const answer = ask('up', { rules: [up] }, { values: { 'last(cpu)': 62.1 } })
    expect(because(answer)).toEqual(['last(cpu) is 62.1, not > 80% (17.9 short)'])
    expect(answer?.reasons[0]).toMatchObject({ reason: 'false', found: { 'last(cpu)': 62.1 } })
  })

  it('false: only the parts that are to blame, through and, or, not and KPIs', () => {
    const when = 'last(orders) > 10 and (busy is red or not last(cpu) < 90%)'
    const words = { kpis: { busy: 'last(cpu) < 85%' }, rules: [{ ...up, when }] }
    const answer = ask('up', words, { values: { 'last(cpu)': 62, 'last(orders)': 20 } })
    expect(because(answer)).toEqual(['"busy": last(cpu) is 62, still < 85%', 'last(cpu) is 62, still < 90%'])
  })

  it('false: a KPI that is not as it is asked to be, and not the part that is', () => {
    const kpis = { busy: 'last(cpu) < 85%' }
    const asked = (when: string) =>
      because(
        ask('up', { kpis, rules: [{ ...up, when }] }, { values: { 'last(cpu)': 90, 'last(orders)': 5 } }),
      )
    expect(asked('busy is green')).toEqual(['"busy": last(cpu) is 90, not < 85% (5 over)'])
    expect(asked('not busy is red')).toEqual(['"busy": last(cpu) is 90, not < 85% (5 over)'])
    expect(asked('busy is red and last(orders) > 10')).toEqual(['last(orders) is 5, not > 10 (5 short)'])
    expect(asked('busy is unknown')).toEqual(['busy is unknown is false'])
    expect(asked('at_min')).toEqual(['instances is 4, not <= lowest (1) (3 over)'])
  })

  it('false: against something that is computed, and at a bound', () => {
    const when = 'last(orders) / instances > highest * 2 and at_max'
    const answer = ask('up', { rules: [{ ...up, when }] }, { values: { 'last(orders)': 20 } })
    expect(because(answer)).toEqual([
      'last(orders) / instances is 5, not > highest * 2 (20) (15 short)',
      'instances is 4, not >= highest (10) (6 short)',
    ])
  })

  it('unknown, because of which gap and since when', () => {
    const memory = { ...EMPTY_MEMORY, gaps: { 'last(cpu)': NOON - 12 * MINUTE } }
    const answer = ask('up', { rules: [up] }, { values: { 'last(cpu)': null } }, memory)
    expect(answer?.reasons).toMatchObject([
      { reason: 'unknown', by: 'last(cpu)', since: NOON - 12 * MINUTE, found: { 'last(cpu)': null } },
    ])
    expect(because(answer)).toEqual(['last(cpu) is unknown: stated as a gap, for 12m now'])
    const fresh = ask('up', { rules: [up] }, { values: { 'last(cpu)': null } })
    expect(because(fresh)).toEqual(['last(cpu) is unknown: stated as a gap, since this tick'])
  })

  it('unknown without a gap: a division by zero', () => {
    const rules = [{ ...up, when: 'last(cpu) / last(orders) > 1' }]
    const answer = ask('up', { rules }, { values: { 'last(cpu)': 5, 'last(orders)': 0 } })
    expect(because(answer)?.[0]).toContain('division by zero')
  })

  it('not long enough, until when', () => {
    const memory = { ...EMPTY_MEMORY, trueSince: { up: NOON - 10_000 } }
    const answer = ask('up', { rules: [{ ...up, forMs: 30_000 }] }, { values: { 'last(cpu)': 90 } }, memory)
    expect(answer?.reasons).toMatchObject([
      { reason: 'not-long-enough', since: NOON - 10_000, until: NOON + 20_000 },
    ])
    expect(because(answer)).toEqual(['true for 10s, and it must be for 30s (another 20s)'])
  })

  it.each([
    {
      than: { ...down, when: 'last(cpu) > 50%', rank: 20 },
      kind: 'lower-rank',
      says: 'it wants 5, but "down" has rank 20, over 10, and wants 3',
    },
    {
      than: { ...up, name: 'fast', by: 3 },
      kind: 'smaller-want',
      says: 'it wants 5, and "fast" of the same rank wants 7, which is more',
    },
    {
      than: { ...up, name: 'first' },
      kind: 'later-in-file',
      says: '"first" wants 5 too and stands before it in the file',
    },
  ])('$kind', ({ than, kind, says }) => {
    const answer = ask('up', { rules: [than, up] }, { values: { 'last(cpu)': 90 } })
    expect(kinds(answer)).toEqual([kind])
    expect(because(answer)).toEqual([says])
    expect(answer).toMatchObject({ won: false, reasons: [{ by: than.name }] })
  })

  it('vetoed, by whom and why', () => {
    const rules = [down, { ...down, name: 'quiet', when: 'last(orders) < 5' }]
    const answer = ask('down', { rules }, { values: { 'last(cpu)': 10, 'last(orders)': 50 } })
    expect(answer?.reasons).toMatchObject([{ reason: 'vetoed', by: 'quiet' }])
    expect(because(answer)).toEqual(['"down" wants 3, but "quiet" does not agree (scaleIn: all)'])
  })

  it('held by a guard, until when', () => {
    const lastChange = {
      at: NOON - MINUTE,
      direction: 'out' as const,
      rule: null,
      from: 3,
      to: 4,
      cooldownMs: 0,
    }
    const words = { rules: [up], guards: { cooldownOutMs: 3 * MINUTE } }
    const answer = ask('up', words, { values: { 'last(cpu)': 90 } }, { ...EMPTY_MEMORY, lastChange })
    expect(answer?.reasons).toMatchObject([{ reason: 'held', by: 'cooldown', until: NOON + 2 * MINUTE }])
    expect(because(answer)).toEqual(['cooldown: held for another 2m (last change 1m ago, cooldown 3m)'])
  })

  it('lessened by a guard, and still won', () => {
    const rate = {
      limits: [{ kind: 'instances' as const, instances: 2, periodMs: MINUTE }],
      select: 'max' as const,
    }
    const words = { rules: [{ ...up, by: 5 }], guards: { rateOut: rate } }
    const answer = ask('up', words, { values: { 'last(cpu)': 90 } })
    expect(kinds(answer)).toEqual(['won', 'lessened'])
    expect(because(answer)?.[0]).toBe('it did win: 4 became 6')
  })

  it('stopped by the bounds, and by what the target holds', () => {
    const bounded = ask('up', { max: 4, rules: [up] }, { values: { 'last(cpu)': 90 } })
    expect(bounded?.reasons).toMatchObject([{ reason: 'bounds', by: 'capacity' }])
    expect(because(bounded)).toEqual(['at most 4: the highest bound of "capacity"'])
    const full = ask('up', { rules: [up] }, { values: { 'last(cpu)': 90 }, targetHighest: 4 })
    expect(full?.reasons).toMatchObject([{ reason: 'bounds', by: 'target' }])
  })

  it('wants just what there is', () => {
    const { by: _, ...frame } = up
    const answer = ask('up', { rules: [{ ...frame, to: 4 }] }, { values: { 'last(cpu)': 90 } })
    expect(kinds(answer)).toEqual(['wants-what-there-is'])
  })

  it('the count is not known', () => {
    const spec = fleetSpec({ metrics, rules: [up] })
    const given = { ...observation(), capacity: null, capacityGap: 'the target did not answer' }
    const { decision } = decide(spec, given, EMPTY_MEMORY)
    const answer = whyNot(spec, { observation: given, memory: EMPTY_MEMORY, decision }, 'up')
    expect(kinds(answer)).toEqual(['count-unknown'])
  })

  it('asks for no count: its effects are all it has, and a setting may be overruled', () => {
    const change = (spec: FleetSpec): FleetSpec => ({
      ...spec,
      settings: { quality: { name: 'quality', default: 'high', description: '' } },
      rules: spec.rules.map(rule =>
        rule.kind === 'when'
          ? { ...rule, scale: null, effects: { set: { quality: rule.name }, notify: [], run: ['page'] } }
          : rule,
      ),
    })
    const rules = [{ ...up, name: 'first' }, up]
    const answer = ask('up', { rules }, { values: { 'last(cpu)': 90 } }, EMPTY_MEMORY, change)
    expect(because(answer)).toEqual([
      'it fired, and asks for no count: it sets quality to up, runs page',
      'quality is first as "first" has it',
    ])
  })

  it('content: a tracking rule within its tolerance', () => {
    const change = (spec: FleetSpec): FleetSpec => ({
      ...spec,
      rules: spec.rules.flatMap(rule => {
        if (rule.kind !== 'when' || rule.when.node !== 'compare') return []
        const { when, whenText: _, scale: __, ...frame } = rule
        return [
          {
            ...frame,
            kind: 'track' as const,
            operand: when.left,
            operandText: 'last(cpu)',
            spread: 'perInstance' as const,
            target: 60,
            toleranceRatio: 0.1,
            toleranceInRatio: 0.1,
            wholePercents: false,
          },
        ]
      }),
    })
    const answer = ask('up', { rules: [up] }, { values: { 'last(cpu)': 62 } }, EMPTY_MEMORY, change)
    expect(because(answer)).toEqual(['it is content: last(cpu) is 62, near enough to 60 (tolerance 10 %)'])
  })

  it('switched off by a person, and paused by one', () => {
    const at = NOON - MINUTE
    const override = { id: '1', fleet: 'web', at, who: 'ada', why: 'sale', until: NOON + 60 * MINUTE }
    const spec = fleetSpec({ metrics, rules: [up] })
    const given = observation({ values: { 'last(cpu)': 90 } })
    const off = {
      ...given,
      overrides: [{ ...override, change: { kind: 'rule-enabled' as const, rule: 'up', enabled: false } }],
    }
    const answer = whyNot(
      spec,
      { observation: off, memory: EMPTY_MEMORY, decision: decide(spec, off, EMPTY_MEMORY).decision },
      'up',
    )
    expect(answer?.reasons).toMatchObject([{ reason: 'disabled', by: 'ada', until: NOON + 60 * MINUTE }])
    const paused = { ...given, overrides: [{ ...override, change: { kind: 'pause' as const } }] }
    const held = whyNot(
      spec,
      { observation: paused, memory: EMPTY_MEMORY, decision: decide(spec, paused, EMPTY_MEMORY).decision },
      'up',
    )
    expect(held?.reasons).toMatchObject([{ reason: 'paused', by: 'ada' }])
  })
})

describe('each reason', () => {
  const busy = { values: { 'last(cpu)': 90 } }
  const first = (...asked: Parameters<typeof ask>) => ask(...asked)?.reasons[0]

  const nothing = { by: null, since: null, until: null, found: {} }
  const override = {
    id: '1',
    fleet: 'web',
    at: NOON,
    who: 'ada',
    why: '',
    until: NOON + MINUTE,
  }

  it('won: with what it wanted', () => {
    expect(first('up', { rules: [up] }, busy)).toEqual({
      ...nothing,
      reason: 'won',
      because: 'it did win: 4 became 5',
      found: { want: 5 },
    })
  })

  it('disabled in the file, whatever a person changed of others, or of its rank', () => {
    const overrides: Override[] = [
      { ...override, change: { kind: 'rule-enabled', rule: 'down', enabled: false } },
      { ...override, change: { kind: 'rule-rank', rule: 'up', rank: 3 } },
      { ...override, change: { kind: 'mode', mode: 'notify' } },
    ]
    expect(first('up', { rules: [{ ...up, enabled: false }, down] }, { ...busy, overrides })).toEqual({
      ...nothing,
      reason: 'disabled',
      because: 'it is disabled in the file',
    })
  })

  it('no constraint in force', () => {
    const words = { rules: [up], guards: { withoutConstraint: 'hold' as const }, spec: { constraints: [] } }
    expect(first('up', words, busy)).toEqual({
      ...nothing,
      reason: 'no-constraint',
      because: 'no constraint is in force, so nothing changes',
    })
  })

  it('false: just at a threshold that does not belong to it', () => {
    expect(first('up', { rules: [up] }, { values: { 'last(cpu)': 80 } })).toEqual({
      ...nothing,
      reason: 'false',
      because: 'last(cpu) is 80, not > 80%',
      found: { 'last(cpu)': 80 },
    })
  })

  it('false: whatever the unknown part would be, which is told too', () => {
    const rules = [{ ...up, when: 'last(cpu) > 80% and 5 > last(orders)' }]
    const values = { 'last(cpu)': null, 'last(orders)': 7 }
    expect(ask('up', { rules }, { values })?.reasons).toEqual([
      {
        ...nothing,
        reason: 'false',
        because: 'last(cpu) > 80% is unknown',
        found: { 'last(cpu)': null },
      },
      {
        ...nothing,
        reason: 'false',
        because: '5 is 5, not > last(orders) (7) (2 short)',
        found: { '5': 5 },
      },
    ])
    const other = [{ ...up, when: '5 > last(cpu) and 5 > last(orders)' }]
    expect(because(ask('up', { rules: other }, { values }))?.[0]).toBe('5 > last(cpu) is unknown')
  })

  it('false: a KPI that is known, with what it is known by', () => {
    const words = { kpis: { busy: 'last(cpu) < 85%' }, rules: [{ ...up, when: 'busy is unknown' }] }
    expect(first('up', words, busy)).toEqual({
      ...nothing,
      reason: 'false',
      because: 'busy is unknown is false',
      found: { 'last(cpu)': 90 },
    })
  })

  it('false: a KPI, by name', () => {
    const words = { kpis: { busy: 'last(cpu) < 85%' }, rules: [{ ...up, when: 'busy is red' }] }
    expect(first('up', words, { values: { 'last(cpu)': 62 } })).toMatchObject({ reason: 'false', by: 'busy' })
  })

  it('unknown: only by gaps of its own operands', () => {
    const rules = [{ ...down, when: 'last(orders) < 5' }, up]
    const values = { 'last(cpu)': null, 'last(orders)': null }
    expect(ask('up', { rules }, { values })?.reasons).toEqual([
      {
        ...nothing,
        reason: 'unknown',
        because: 'last(cpu) is unknown: stated as a gap, since this tick',
        by: 'last(cpu)',
        since: NOON,
        found: { 'last(cpu)': null },
      },
    ])
  })

  it('unknown: by nothing but arithmetic', () => {
    const rules = [{ ...up, when: 'last(cpu) / 0 > 1' }]
    expect(first('up', { rules }, busy)).toMatchObject({ ...nothing, reason: 'unknown' })
  })

  it('not long enough: with what it found itself', () => {
    const rules = [
      { ...down, when: 'last(orders) < 5' },
      { ...up, forMs: MINUTE },
    ]
    expect(first('up', { rules }, { values: { 'last(cpu)': 90, 'last(orders)': 50 } })).toEqual({
      ...nothing,
      reason: 'not-long-enough',
      because: 'true for 0ms, and it must be for 1m (another 1m)',
      since: NOON,
      until: NOON + MINUTE,
      found: { 'last(cpu)': 90 },
    })
  })

  it.each([
    ['lower-rank', { ...down, when: 'last(cpu) > 50%', rank: 20 }, { want: 5, down: 3 }],
    ['smaller-want', { ...up, name: 'fast', by: 3 }, { want: 5, fast: 7 }],
  ])('%s: also to one that stands after it in the file', (kind, than, found) => {
    expect(first('up', { rules: [up, than] }, busy)).toMatchObject({ reason: kind, by: than.name, found })
  })

  it('vetoed and content with what there is: with what it wanted', () => {
    const rules = [down, { ...down, name: 'quiet', when: 'last(orders) < 5' }]
    const low = { values: { 'last(cpu)': 10, 'last(orders)': 50 } }
    expect(first('down', { rules }, low)).toMatchObject({ reason: 'vetoed', found: { want: 3 } })
    const { by: _, ...frame } = up
    expect(first('up', { rules: [{ ...frame, to: 4 }] }, busy)).toMatchObject({
      reason: 'wants-what-there-is',
      found: { want: 4 },
    })
  })

  const limits = {
    limits: [{ kind: 'instances' as const, instances: 2, periodMs: MINUTE }],
    select: 'max' as const,
  }
  const peak = { name: 'Peak', rank: 100, min: 1, max: 5, schedule: 'peak' }
  const windows = { peak: { from: NOON - MINUTE, to: NOON + MINUTE } }

  it('lessened: it won in part, and by what', () => {
    const answer = ask('up', { rules: [{ ...up, by: 5 }], guards: { rateOut: limits } }, busy)
    expect(answer).toMatchObject({
      won: true,
      reasons: [
        { reason: 'won' },
        { reason: 'lessened', by: 'rate-limit', until: null, found: { want: 9, left: 6 } },
      ],
    })
  })

  it.each<[string, FleetWords, ObservationWords, object]>([
    [
      'a bound, until its window ends',
      { constraints: [peak] },
      { windows },
      {
        because: 'at most 5: the highest bound of "Peak"',
        by: 'Peak',
        until: NOON + MINUTE,
        found: { want: 9, left: 5 },
      },
    ],
    [
      'the target, whatever bound there is',
      { constraints: [{ ...peak, max: 9 }] },
      { windows, targetHighest: 5 },
      {
        because: 'at most 5: the target holds no more',
        by: 'target',
        until: null,
        found: { want: 9, left: 5 },
      },
    ],
    [
      'the quota, whatever bound there is',
      { constraints: [{ ...peak, max: 9 }], spec: { quota: 5 } },
      { windows },
      {
        because: 'at most 5: the quota allows no more',
        by: 'quota',
        until: null,
        found: { want: 9, left: 5 },
      },
    ],
  ])('bounds: %s', (_, words, seen, expected) => {
    const answer = ask('up', { rules: [{ ...up, by: 5 }], ...words }, { ...busy, ...seen })
    expect(answer?.reasons[1]).toEqual({ ...nothing, reason: 'bounds', ...expected })
  })

  it('bounds: raised by one', () => {
    const words = { min: 3, rules: [{ ...down, by: -2 }] }
    const answer = ask('down', words, { values: { 'last(cpu)': 10 } })
    expect(answer?.reasons[1]).toMatchObject({ because: 'at least 3: the lowest bound of "capacity"' })
  })

  const as =
    (
      make: (
        frame: Pick<
          ReactiveRule,
          'name' | 'rank' | 'enabled' | 'forMs' | 'during' | 'cooldownMs' | 'effects'
        >,
      ) => ReactiveRule,
    ) =>
    (spec: FleetSpec): FleetSpec => ({
      ...spec,
      rules: spec.rules.map(({ name, rank, enabled, forMs, during, cooldownMs, effects }) =>
        make({ name, rank, enabled, forMs, during, cooldownMs, effects }),
      ),
    })
  const operand = (metric: string): AggregateOperand => ({
    node: 'aggregate',
    key: `last(${metric})`,
    aggregate: 'last',
    metric,
    windowMs: MINUTE,
  })

  it('false: a reading in none of its bands', () => {
    const change = as(frame => ({
      ...frame,
      kind: 'steps',
      operand: operand('cpu'),
      operandText: 'last(cpu)',
      threshold: 60,
      bands: [{ from: 10, to: null, scale: { kind: 'by', instances: 1 } }],
      rounding: 'up',
    }))
    expect(first('up', { rules: [up] }, { values: { 'last(cpu)': 62.123 } }, EMPTY_MEMORY, change)).toEqual({
      ...nothing,
      reason: 'false',
      because: 'last(cpu) is 62.12, in none of its bands around 60',
      found: { 'last(cpu)': 62.123 },
    })
  })

  it('content: an expression that says just what there is', () => {
    const change = as(frame => ({
      ...frame,
      kind: 'match',
      expression: { node: 'arithmetic', operator: '+', left: operand('cpu'), right: operand('orders') },
      expressionText: 'last(cpu) + last(orders)',
    }))
    const rules = [{ ...up, when: 'last(cpu) > 1 and last(orders) > 1' }]
    const values = { 'last(cpu)': 1, 'last(orders)': 3 }
    expect(first('up', { rules }, { values }, EMPTY_MEMORY, change)).toEqual({
      ...nothing,
      reason: 'content',
      because: 'it asks for just what there is: last(cpu) is 1, last(orders) is 3',
      found: values,
    })
  })

  it('asks for no count: with all it does; and settings that others have', () => {
    const change = (spec: FleetSpec): FleetSpec => ({
      ...spec,
      settings: {
        quality: { name: 'quality', default: 'high', description: '' },
        reports: { name: 'reports', default: true, description: '' },
      },
      rules: spec.rules.map(rule =>
        rule.kind === 'when'
          ? {
              ...rule,
              scale: null,
              effects: {
                set: rule.name === 'up' ? { quality: 'low', reports: false } : { quality: 'lower' },
                notify: ['ops'],
                run: ['page'],
              },
            }
          : rule,
      ),
    })
    const rules = [{ ...up, name: 'first' }, up]
    expect(ask('up', { rules }, busy, EMPTY_MEMORY, change)?.reasons).toEqual([
      {
        ...nothing,
        reason: 'asks-no-count',
        because:
          'it fired, and asks for no count: it sets quality to low, sets reports to false, notifies ops, runs page',
      },
      {
        ...nothing,
        reason: 'setting-overruled',
        because: 'quality is lower as "first" has it',
        by: 'first',
      },
    ])
  })
})
