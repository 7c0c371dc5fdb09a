/**
 * The golden cases of deciding, end to end: each becomes a configuration file and an observation, and `plimsoll decide`
 * must answer with the count expected.
 */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { NOON, openScene } from '../builders/cli.ts'
import { HPA, type Policies, type ScaleEvent } from './hpa-behavior.ts'

const scene = openScene()
afterAll(() => scene.end())

interface Told {
  readonly desired: number
  readonly bounds: { readonly lowest: number; readonly highest: number }
  readonly steps: readonly Readonly<Record<string, unknown>>[]
}

function golden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
}

/** One fleet "web" of this configuration, seen like this. */
async function decide(fleet: object, seen: object, more: object = {}): Promise<Told> {
  const config = {
    plimsoll: 1,
    metrics: {
      wish: { source: 'push' },
      cpu: { source: 'push', kind: 'perInstance' },
    },
    fleets: { web: { target: { type: 'none' }, ...STILL, ...fleet } },
    ...more,
  }
  scene.file('plimsoll.yaml', JSON.stringify(config))
  const observation = { at: NOON, fleets: { web: seen } }
  const run = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-', '--json'], {
    readInput: async () => JSON.stringify(observation),
  })
  // Warnings are allowed: the cases are not files anyone would write.
  expect(run.code, run.err).toBe(0)
  const told: { fleets: { web: Told } } = JSON.parse(run.out)
  return told.fleets.web
}

/** Nothing waits, so that a case sees the stage it is about. */
const STILL = { cooldown: '0s', stabilization: { out: '0s', in: '0s' }, flapping: false }

const FIRES = 'last(wish) >= 0'

interface Cases {
  readonly reconciliation: readonly {
    readonly name: string
    readonly current: number
    readonly min: number
    readonly max: number
    readonly fired: readonly (readonly [string, number])[]
    readonly expected: number
  }[]
  readonly groups: readonly {
    readonly name: string
    readonly ratio: number
    readonly range?: readonly [number, number]
    readonly by?: string
    readonly current?: number
    readonly expected?: number
    readonly expectedRange?: readonly [number, number]
  }[]
  readonly flapping: readonly {
    readonly current: number
    readonly wanted: number
    readonly observed: number
    readonly growWhen: string
    readonly expected: number
    readonly projected?: readonly number[]
  }[]
  readonly reserve: readonly {
    readonly sessions: number
    readonly instances: number
    readonly slots: number
    /** The share in use above which there should be more: 0.3 keeps 70 % free. */
    readonly threshold: number
    readonly expected: 'none' | 'add' | 'remove 1'
  }[]
  readonly steps: {
    readonly steps: Readonly<Record<'out' | 'in', { threshold: number; bands: readonly object[] }>>
    readonly sequence: readonly (readonly [number, number, number])[]
  }
}

const cases = golden<Cases>('./decide.json')

describe('reconciliation', () => {
  it.each(cases.reconciliation)('$name', async ({ current, min, max, fired, expected }) => {
    const rules = fired.map(([by, rank], index) => ({
      name: `rule ${index}`,
      rank,
      when: FIRES,
      scale: { by },
    }))
    const told = await decide(
      { capacity: { min, max }, rules },
      { open: current, values: { 'last(wish)': 1 } },
    )
    expect(told.desired).toBe(expected)
  })
})

describe('scale groups', () => {
  it.each(cases.groups)('$name', async ({ ratio, range, by, current, expected, expectedRange }) => {
    const [min, max] = range ?? [0, 100]
    const group = {
      fleets: { web: ratio },
      constraints: range === undefined ? [] : [{ name: 'Range', rank: 1, min, max }],
      rules: by === undefined ? [] : [{ name: 'Change', when: FIRES, scale: { by } }],
    }
    const capacity = { min: 0, max: 100 }
    const seen = { open: current ?? 4, values: { 'last(wish)': 1 } }
    const told = await decide({ capacity }, seen, { groups: { shop: group } })
    if (expected !== undefined) expect(told.desired).toBe(expected)
    if (expectedRange !== undefined) {
      expect([told.bounds.lowest, told.bounds.highest]).toEqual(expectedRange)
    }
    expect(expected ?? expectedRange).toBeDefined()
  })
})

describe('flapping', () => {
  it.each(cases.flapping)('$current to $wanted at $observed, growing $growWhen', async flapping => {
    const { current, wanted, observed, growWhen, expected, projected } = flapping
    const rules = [
      { name: 'Up', when: `last(cpu) ${growWhen}`, scale: { by: 1 } },
      { name: 'Down', when: FIRES, scale: { to: wanted } },
    ]
    const fleet = { capacity: { min: 0, max: 100 }, rules, flapping: true, scaleIn: 'any' }
    const values = { 'last(cpu)': observed, 'last(wish)': 1 }
    const told = await decide(fleet, { open: current, values })
    expect(told.desired).toBe(expected)
    const step = told.steps.find(({ guard }) => guard === 'flapping')
    const seen = (step?.projections as readonly { value: number }[] | undefined)?.map(({ value }) => value)
    if (projected !== undefined) expect(seen?.slice(0, projected.length)).toEqual(projected)
  })
})

describe('step scaling', () => {
  const { out, in: inward } = cases.steps.steps
  const stepRule = (name: string, steps: object) => ({
    name,
    steps: { of: 'last(cpu)', rounding: 'towards-zero', ...steps },
  })
  it.each(cases.steps.sequence)('a reading of %d at %d wants %d', async (reading, current, expected) => {
    const rules = [stepRule('Out', out), stepRule('In', inward)]
    // One policy per direction: the other one has nothing to say, and vetoes nothing.
    const fleet = { capacity: { min: 0, max: 100 }, rules, scaleIn: 'any' }
    const told = await decide(fleet, { open: current, values: { 'last(cpu)': reading } })
    expect(told.desired).toBe(expected)
  })
  it.each(cases.steps.sequence)(
    'so with the preset of AWS: %d at %d wants %d',
    async (reading, current, expected) => {
      const rules = [
        { name: 'Out', steps: { of: 'last(cpu)', ...out } },
        { name: 'In', steps: { of: 'last(cpu)', ...inward } },
      ]
      const fleet = { preset: 'aws', capacity: { min: 0, max: 100 }, rules }
      const told = await decide(fleet, { open: current, values: { 'last(cpu)': reading } })
      expect(told.desired).toBe(expected)
    },
  )
})

function limitsOf({ policies }: Policies): object[] {
  return policies.map(({ type, value, periodSeconds }) =>
    type === 'Pods'
      ? { instances: value, per: `${periodSeconds}s` }
      : { percent: `${value}%`, per: `${periodSeconds}s` },
  )
}

function selectOf({ selectPolicy }: Policies): string {
  return selectPolicy === 'Min' ? 'min' : 'max'
}

/** Seen from far above zero, since only the difference counts. */
function changesOf(events: readonly ScaleEvent[], sign: 1 | -1): object[] {
  return events.map(({ change, ageSeconds }) => ({
    at: NOON - ageSeconds * 1000,
    from: 1000,
    to: 1000 + sign * change,
  }))
}

/** One rule that wants `count`, whatever is observed, under the preset of the HPA. */
function wish(count: number, bounds: { min: number; max: number }, keys: object): object {
  const rules = [{ name: 'Wish', when: FIRES, scale: { to: count } }]
  return { preset: 'hpa', capacity: bounds, rules, ...keys }
}

describe('the Kubernetes HPA', () => {
  it.each(HPA.rateLimit)('$id: $title', async testCase => {
    const { minReplicas: min, maxReplicas: max, scaleUp, scaleDown } = testCase
    // What is the HPA's own default is left to the preset.
    const rateLimits = {
      ...(testCase.scaleUpIsDefault === true ? {} : { out: limitsOf(scaleUp) }),
      ...(testCase.scaleDownIsDefault === true ? {} : { in: limitsOf(scaleDown) }),
      select: { out: selectOf(scaleUp), in: selectOf(scaleDown) },
    }
    const fleet = wish(testCase.desiredBeforeLimits, { min, max }, { rateLimits })
    const changes = [...changesOf(testCase.scaleUpEvents, 1), ...changesOf(testCase.scaleDownEvents, -1)]
    const told = await decide(fleet, { open: testCase.currentReplicas, values: { 'last(wish)': 1 }, changes })
    expect(told.desired).toBe(testCase.expectedReplicas)
  })

  it.each(HPA.behaviorStabilization)('$id: $title', async testCase => {
    const stabilization = {
      out: `${testCase.scaleUpWindowSeconds}s`,
      in: `${testCase.scaleDownWindowSeconds}s`,
    }
    const none = { out: [], in: [] }
    const fleet = wish(testCase.desired, { min: 0, max: 1000 }, { stabilization, rateLimits: none })
    const recommendations = testCase.history.map(({ recommendation, ageSeconds }) => ({
      at: NOON - ageSeconds * 1000,
      count: recommendation,
    }))
    const told = await decide(fleet, {
      open: testCase.currentReplicas,
      values: { 'last(wish)': 1 },
      recommendations,
    })
    expect(told.desired).toBe(testCase.expectedReplicas)
  })

  it.each(HPA.policyLimit)(
    '$id: $title',
    async ({ direction, currentReplicas, expectedLimit, ...policies }) => {
      const side = direction === 'up' ? 'out' : 'in'
      const rateLimits = { [side]: limitsOf(policies), select: selectOf(policies) }
      const fleet = wish(direction === 'up' ? 1000 : 0, { min: 0, max: 1000 }, { rateLimits })
      const told = await decide(fleet, { open: currentReplicas, values: { 'last(wish)': 1 } })
      expect(told.desired).toBe(expectedLimit)
    },
  )

  it('has the defaults of the golden file as its preset', async () => {
    const { scaleUp, scaleDown } = HPA.defaults
    const written = wish(
      1000,
      { min: 0, max: 1000 },
      { rateLimits: { out: limitsOf(scaleUp), in: limitsOf(scaleDown) } },
    )
    const preset = wish(1000, { min: 0, max: 1000 }, {})
    const seen = { open: 10, values: { 'last(wish)': 1 } }
    expect((await decide(preset, seen)).desired).toBe((await decide(written, seen)).desired)
    expect((await decide(preset, seen)).desired).toBe(20)
  })
})

describe('reserves', () => {
  it.each(golden<Cases>('./decide.json').reserve)(
    '$sessions sessions on $instances instances of $slots slots: $expected',
    async ({ sessions, instances, slots, threshold, expected }) => {
      const fleet = {
        capacity: { min: 0, max: 100 },
        sessions: { slotsPerInstance: slots, reserve: `${Math.round(100 * (1 - threshold))}%` },
      }
      const seen = { open: instances, sessions: { inUse: sessions } }
      const { desired } = await decide(fleet, seen)
      if (expected === 'add') expect(desired).toBeGreaterThan(instances)
      else expect(desired).toBe(expected === 'none' ? instances : instances - 1)
    },
  )

  it('are kept where the sessions are told instance by instance', async () => {
    const fleet = {
      capacity: { min: 0, max: 100 },
      rules: [{ name: 'Room', reserve: { slots: 5 } }],
      sessions: { slotsPerInstance: 5 },
    }
    const loads = [5, 5, 1].map((load, index) => ({ id: `web-${index}`, load }))
    expect((await decide(fleet, { instances: loads })).desired).toBe(4)
  })
})

describe('schedules', () => {
  interface ScheduleCase {
    readonly schedule: Readonly<Record<string, unknown>>
    readonly instants: readonly (readonly [string, boolean])[]
  }
  const { cases: schedules } = golden<{ cases: readonly ScheduleCase[] }>('./schedules.json')

  it.each(schedules.map((each, index) => ({ ...each, index })))(
    'case $index is told by `plimsoll schedule --name`',
    async ({ schedule, instants }) => {
      const config = {
        plimsoll: 1,
        schedules: { asked: schedule },
        fleets: { web: { capacity: { min: 1, max: 1 } } },
      }
      scene.file('schedule.yaml', JSON.stringify(config))
      const years = instants.map(([at]) => Number(at.slice(0, 4)))
      const range = ['--from', `${Math.min(...years)}-01-01`, '--to', `${Math.max(...years) + 1}-01-02`]
      const run = await scene.run(['schedule', 'schedule.yaml', '--name', 'asked', ...range, '--json'])
      expect(run.err).toBe('')
      const told: { windows: readonly { from: string; to: string }[] } = JSON.parse(run.out)
      const windows = told.windows.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }))
      for (const [instant, expected] of instants) {
        const at = Date.parse(instant)
        const inside = windows.some(({ from, to }) => from <= at && at < to)
        expect([instant, inside]).toEqual([instant, expected])
      }
    },
  )
})
