/** What is asked of Azure Monitor, and which metrics share a call. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MetricSpec } from '../../../model/spec.ts'
import { batchesOf, binsIn, isoInterval, type Question, questionOf, sampleTimeOf } from './question.ts'

const MINUTE = 60_000
const OPTIONS = {
  resource: '/subscriptions/s1/resourceGroups/g/providers/Microsoft.Web/serverfarms/plan',
  metric: 'CpuPercentage',
  namespace: 'Microsoft.Web/serverfarms',
  aggregation: 'average',
  intervalMs: null,
  dimensions: [],
  instance: null,
  splitBy: [],
  endpoint: 'https://westeurope.metrics.monitor.azure.com',
  audience: 'https://management.azure.com',
  authorityHost: null,
  timeoutMs: 10_000,
}

function asked(options: Readonly<Record<string, unknown>> = {}, grainMs: number | null = null): Question {
  const metric: MetricSpec = {
    name: 'cpu',
    kind: 'perInstance',
    unit: 'percent',
    source: 'azure-monitor',
    options: { ...OPTIONS, ...options },
    everyMs: MINUTE,
    staleAfterMs: 3 * MINUTE,
    ofFleet: null,
    grainMs,
    across: grainMs === null ? null : 'avg',
    filter: [],
    dividePerInstance: false,
  }
  return questionOf(metric)
}

describe('a question to Azure Monitor', () => {
  it.each([
    [null, MINUTE],
    [30_000, MINUTE],
    [7 * MINUTE, MINUTE],
    [10 * MINUTE, 5 * MINUTE],
    [60 * MINUTE, 60 * MINUTE],
    [48 * 60 * MINUTE, 24 * 60 * MINUTE],
  ])('about grains of %s ms asks for bins of %i ms', (grainMs, intervalMs) => {
    expect(asked({}, grainMs).intervalMs).toBe(intervalMs)
  })

  const one = { name: 'A', isIn: true, values: ['1'] }
  const any = { name: 'B', isIn: true, values: ['x', "o'y"] }
  const none = { name: 'C', isIn: false, values: ['p', 'q'] }
  it.each<[string, Readonly<Record<string, unknown>>, string | null, string | null]>([
    ['nothing', {}, null, null],
    ['one value', { dimensions: [one] }, "A eq '1'", 'A'],
    ['any of several', { dimensions: [one, any] }, "A eq '1' and B eq 'x' or B eq 'o''y'", 'A,B'],
    ['none of several', { dimensions: [none] }, "C ne 'p' and C ne 'q'", 'C'],
    ['an instance', { instance: 'VMName' }, "VMName eq '*'", null],
    [
      'chosen instances',
      { instance: 'b', dimensions: [one, any] },
      "A eq '1' and B eq 'x' or B eq 'o''y'",
      'A',
    ],
    [
      'labels',
      { instance: 'I', splitBy: ['A', 'D'], dimensions: [one] },
      "A eq '1' and I eq '*' and D eq '*'",
      null,
    ],
  ])('chooses %s', (_, options, filter, rollUpBy) => {
    expect(asked(options)).toMatchObject({ filter, rollUpBy })
  })

  it('that cannot be read is said to be so', () => {
    expect(() => asked({ aggregation: 'median' })).toThrow(/^PLM-366 metric "cpu" has options/)
  })
})

describe('a call', () => {
  it('asks for everything once, within what Azure takes', () => {
    const question = fc
      .record({
        resource: fc.integer({ min: 1, max: 120 }),
        metric: fc.integer({ min: 1, max: 60 }),
        aggregation: fc.constantFrom('average', 'total'),
        instance: fc.constantFrom(null, 'VMName'),
        subscription: fc.constantFrom('s1', 's2'),
      })
      .map(({ resource, metric, subscription, ...more }) =>
        asked({
          ...more,
          metric: `metric ${metric}`,
          resource: `/subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Web/serverfarms/p${resource}`,
        }),
      )
    fc.assert(
      fc.property(fc.array(question, { maxLength: 150 }), questions => {
        const batches = batchesOf(questions)
        expect(batches.flatMap(({ members }) => members).length).toBe(questions.length)
        for (const { like, members, resources, metrics, aggregations } of batches) {
          expect(resources.length).toBeLessThanOrEqual(50)
          expect(metrics.length).toBeLessThanOrEqual(20)
          for (const member of members) {
            expect(resources).toContain(member.resource)
            expect(metrics).toContain(member.metric)
            expect(aggregations).toContain(member.aggregation)
            expect(member.filter).toBe(like.filter)
            expect(member.resource.split('/')[2]).toBe(like.resource.split('/')[2])
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('bins', () => {
  it('hold exactly the samples of a window that have ended by its end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.constantFrom(MINUTE, 5 * MINUTE, 60 * MINUTE),
        (from, length, intervalMs) => {
          const to = from + length
          const bins = binsIn({ from, to }, intervalMs)
          const inside = (startAt: number): boolean => {
            const at = sampleTimeOf(startAt, intervalMs)
            return at > from && at <= to
          }
          const first = Math.floor(from / intervalMs) * intervalMs - intervalMs
          for (let startAt = first; startAt <= to + intervalMs; startAt += intervalMs) {
            const isAsked = bins !== null && startAt >= bins.from && startAt < bins.to
            if (inside(startAt)) expect(isAsked).toBe(true)
            if (isAsked) expect(sampleTimeOf(startAt, intervalMs)).toBeLessThanOrEqual(to)
          }
        },
      ),
    )
  })

  it.each([
    [MINUTE, 'PT1M'],
    [30 * MINUTE, 'PT30M'],
    [60 * MINUTE, 'PT1H'],
    [12 * 60 * MINUTE, 'PT12H'],
    [24 * 60 * MINUTE, 'P1D'],
  ])('of %i ms are %s', (ms, text) => {
    expect(isoInterval(ms)).toBe(text)
  })
})
