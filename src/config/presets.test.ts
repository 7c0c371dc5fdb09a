import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { FleetSpec } from '../model/spec.ts'
import { formatProblems, parseConfig } from './load.ts'
import { PRESETS } from './presets.ts'

function parse(text: string) {
  return parseConfig(text, { file: 'plimsoll.yaml', env: { SMTP_URL: 'smtp://mail:25' }, readFile: () => '' })
}

function fleet(...lines: string[]): FleetSpec {
  const result = parse(
    [
      'plimsoll: 1',
      'metrics: { cpu: { source: process, read: cpu }, orders: { source: push, kind: total } }',
      'fleets:',
      '  web:',
      '    target: { type: process, command: [a] }',
      ...lines.map(line => `    ${line}`),
    ].join('\n'),
  )
  if (!result.ok) throw new Error(formatProblems(result.problems, result.text, { colour: false }))
  const web = result.loaded.spec.fleets.web
  if (web === undefined) throw new Error('no fleet')
  return web
}

const CAPACITY = 'capacity: { min: 1, max: 9 }'
const MINUTE = 60_000
const NO_LIMITS = { limits: [], select: 'max' }

describe('the preset', () => {
  it('wasabi: any shrink rule, no flapping, 20 minutes each, nothing without a constraint', () => {
    expect(fleet('preset: wasabi').guards).toEqual({
      scaleIn: 'any',
      flapping: false,
      cooldownOutMs: 20 * MINUTE,
      cooldownInMs: 20 * MINUTE,
      cooldownFrom: 'own',
      stabilizationOutMs: 0,
      stabilizationInMs: 0,
      rateOut: NO_LIMITS,
      rateIn: NO_LIMITS,
      billingHour: null,
      growDuringWarmup: true,
      withoutConstraint: 'hold',
    })
    expect(fleet('preset: wasabi').constraints).toEqual([])
  })

  it('azure: all shrink rules, flapping, 5 minutes, no stabilization', () => {
    expect(fleet('preset: azure', CAPACITY).guards).toMatchObject({
      scaleIn: 'all',
      flapping: true,
      cooldownOutMs: 5 * MINUTE,
      cooldownInMs: 5 * MINUTE,
      cooldownFrom: 'own',
      stabilizationOutMs: 0,
      stabilizationInMs: 0,
      withoutConstraint: 'free',
    })
  })

  it('hpa: no cooldown, 5 minutes of stabilization in, its rate limits, whole percents', () => {
    const { guards, rules } = fleet(
      'preset: hpa',
      CAPACITY,
      'rules: [ { name: T, track: { metric: "avg(cpu, 1m)", target: 60% } }, { name: Q, track: { metric: "last(orders)", target: 60 } } ]',
    )
    expect(guards).toMatchObject({
      scaleIn: 'all',
      flapping: false,
      cooldownOutMs: 0,
      cooldownInMs: 0,
      stabilizationOutMs: 0,
      stabilizationInMs: 5 * MINUTE,
      rateOut: {
        limits: [
          { kind: 'instances', instances: 4, periodMs: 15_000 },
          { kind: 'percent', ratio: 1, periodMs: 15_000 },
        ],
        select: 'max',
      },
      rateIn: { limits: [{ kind: 'percent', ratio: 1, periodMs: 15_000 }], select: 'max' },
    })
    expect(rules).toMatchObject([
      { toleranceRatio: 0.1, toleranceInRatio: 0.1, wholePercents: true },
      { wholePercents: false },
    ])
  })

  it('aws: a warm-up for a cooldown, steps towards zero, tracking in only below 90 % of the target', () => {
    const { guards, warmupMs, rules } = fleet(
      'preset: aws',
      CAPACITY,
      'rules: [ { name: T, track: { metric: "avg(cpu, 1m)", target: 60% } }, { name: S, steps: { of: "avg(cpu, 1m)", threshold: 60, bands: [ { from: 0, by: "10%" } ] } } ]',
    )
    expect(guards).toMatchObject({
      scaleIn: 'all',
      flapping: false,
      cooldownOutMs: 0,
      cooldownInMs: 0,
      growDuringWarmup: false,
    })
    expect(warmupMs).toBe(5 * MINUTE)
    expect(rules).toMatchObject([{ toleranceRatio: 0, toleranceInRatio: 0.1 }, { rounding: 'towards-zero' }])
  })

  it('gives way to every key that is written out', () => {
    const { guards, warmupMs, rules } = fleet(
      'preset: hpa',
      CAPACITY,
      'cooldown: 2m',
      'flapping: true',
      'warmup: 7s',
      'stabilization: { in: 1m }',
      'rateLimits: { out: [ { instances: 1, per: 1m } ] }',
      'rules: [ { name: T, track: { metric: "avg(cpu, 1m)", target: 60%, tolerance: 3%, wholePercents: false } } ]',
    )
    expect(guards).toMatchObject({
      flapping: true,
      cooldownOutMs: 2 * MINUTE,
      cooldownInMs: 2 * MINUTE,
      stabilizationOutMs: 0,
      stabilizationInMs: MINUTE,
      rateOut: { limits: [{ kind: 'instances', instances: 1, periodMs: MINUTE }] },
      rateIn: { limits: [{ kind: 'percent', ratio: 1, periodMs: 15_000 }] },
    })
    expect(warmupMs).toBe(7000)
    expect(rules[0]).toMatchObject({ toleranceRatio: 0.03, wholePercents: false })
  })

  it('is told apart from a fleet with none', () => {
    expect(fleet(CAPACITY).guards).toMatchObject({ cooldownOutMs: 3 * MINUTE, cooldownInMs: 10 * MINUTE })
  })
})

describe('the page of each preset', () => {
  it.each(PRESETS)('of %s has an example that is accepted without a warning', preset => {
    const page = readFileSync(new URL(`../../docs/presets/${preset}.md`, import.meta.url), 'utf8')
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const result = parse(example)
      if (!result.ok) throw new Error(formatProblems(result.problems, result.text, { colour: false }))
      expect(result.loaded.warnings).toEqual([])
      const presets = Object.values(result.loaded.spec.fleets).length
      expect(presets).toBeGreaterThan(0)
      expect(example).toContain(`preset: ${preset}`)
    }
  })
})
