import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { decide } from './decide.ts'

const spec = fleetSpec({
  metrics: { cpu: {} },
  kpis: { busy: 'avg(cpu, 5m) < 80%' },
  spec: { everyMs: 30_000 },
})

/** Since how many seconds after noon the KPI is what it is, tick after tick. */
function since(...ticks: readonly (readonly [number, number | null])[]): readonly (number | null)[] {
  let memory: Memory = EMPTY_MEMORY
  return ticks.map(([second, cpu]) => {
    const at = NOON + second * 1000
    const seen = observation({ at, values: { 'avg(cpu, 5m)': cpu } })
    const decided = decide(spec, seen, memory)
    memory = JSON.parse(JSON.stringify(decided.memory))
    const step = decided.decision.steps.find(({ stage }) => stage === 'kpis')
    expect(memory.kpis.busy?.since).toBe(step?.stage === 'kpis' ? step.since : 'no step')
    return step?.stage === 'kpis' && step.since !== undefined ? (step.since - NOON) / 1000 : null
  })
}

describe('since when a KPI is what it is', () => {
  it('is the first tick that saw it, and anew with every change', () => {
    expect(since([0, 50], [30, 60], [60, 90], [90, 95], [120, null], [150, 90])).toEqual([
      0, 0, 60, 60, 120, 150,
    ])
  })

  it('begins anew after a time without ticks, longer than three of them and than a minute', () => {
    expect(since([0, 90], [90, 90], [181, 90])).toEqual([0, 0, 181])
  })

  it('is forgotten with the KPI', () => {
    const { memory } = decide(spec, observation({ values: { 'avg(cpu, 5m)': 50 } }), EMPTY_MEMORY)
    expect(memory.kpis).toEqual({ busy: { state: 'green', since: NOON } })
    expect(decide(fleetSpec(), observation({ at: NOON + 1 }), memory).memory.kpis).toEqual({})
  })
})
