import { describe, expect, it } from 'vitest'
import type { HealthMemory, HealthSpec, ProbeAnswer } from '../model/health.ts'
import { foldHealth, worseOf } from './health.ts'

const SPEC: HealthSpec = {
  probe: { type: 'http', options: {} },
  everyMs: 5_000,
  timeoutMs: 2_000,
  graceMs: 30_000,
  suspectAfter: 3,
  unhealthyAfter: 6,
  healthyAfter: 2,
}
const READY_AT = 1_000_000
const AFTER_GRACE = READY_AT + SPEC.graceMs

/** One answer every five seconds: `.` well, `x` not, `i` initializing, `?` not to be asked. */
function probedAs(
  answers: string,
  from = AFTER_GRACE,
  readyAt: number | null = READY_AT,
): HealthMemory | null {
  const states = { '.': 'healthy', x: 'unhealthy', i: 'initializing', '?': 'unknown' } as const
  let memory: HealthMemory | null = null
  for (const [index, sign] of [...answers].entries()) {
    const state = states[sign as keyof typeof states]
    const answer: ProbeAnswer = { at: from + index * 5_000, state, detail: sign }
    memory = foldHealth(SPEC, memory, answer, readyAt)
  }
  return memory
}

describe('health by probes', () => {
  it.each([
    ['.', 'healthy'],
    ['.xx', 'healthy'],
    ['.xxx', 'suspect'],
    ['.xxxxx', 'suspect'],
    ['.xxxxxx', 'unhealthy'],
    ['.xx.xx.xx', 'healthy'],
    ['.xxx.', 'suspect'],
    ['.xxx..', 'healthy'],
    ['.xxxxxx.', 'unhealthy'],
    ['.xxxxxx..', 'healthy'],
    ['.xxxxxx.x.', 'unhealthy'],
    ['xxxxxx', 'unhealthy'],
  ])('%s is %s', (answers, state) => {
    expect(probedAs(answers)?.state).toBe(state)
  })

  it('counts no answer that could not be had', () => {
    expect(probedAs('.xx??????')).toMatchObject({ state: 'healthy', failures: 2 })
    expect(probedAs('.xx??x')).toMatchObject({ state: 'suspect', failures: 3 })
  })

  it('counts no failure in the grace after it is ready', () => {
    expect(probedAs('xxxxxx', READY_AT)).toMatchObject({ state: 'unknown', failures: 0 })
    expect(probedAs('xxxxxxxxx', READY_AT)).toMatchObject({ state: 'suspect', failures: 3 })
  })

  it('counts nothing while it boots, and nothing that was asked before it was ready', () => {
    expect(probedAs('xxxxxx', AFTER_GRACE, null)).toBeNull()
    expect(probedAs('xxxxxx', READY_AT - 60_000)).toBeNull()
  })

  it('never replaces one that says it is not there yet', () => {
    expect(probedAs(`.${'i'.repeat(50)}`)?.state).toBe('suspect')
  })

  it('counts each answer once', () => {
    const answer: ProbeAnswer = { at: AFTER_GRACE, state: 'unhealthy', detail: 'HTTP 503' }
    const once = foldHealth(SPEC, null, answer, READY_AT)
    expect(foldHealth(SPEC, once, answer, READY_AT)).toBe(once)
  })

  it('is the worse one of two words', () => {
    expect(worseOf('unknown', 'healthy')).toBe('healthy')
    expect(worseOf('healthy', 'unknown')).toBe('healthy')
    expect(worseOf('unhealthy', 'healthy')).toBe('unhealthy')
    expect(worseOf('suspect', 'unhealthy')).toBe('unhealthy')
  })
})
