import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../test/simulated/clock.ts'
import type { HealthSpec } from '../model/health.ts'
import type { HealthProbe, ProbedInstance, ProbeVerdict } from '../ports/health-probe.ts'
import { createHealthWatch } from './health-watch.ts'

const SPEC: HealthSpec = {
  probe: { type: 'http', options: {} },
  everyMs: 5_000,
  timeoutMs: 2_000,
  graceMs: 0,
  suspectAfter: 3,
  unhealthyAfter: 6,
  healthyAfter: 2,
}
const WELL: ProbeVerdict = { state: 'healthy', detail: 'fine' }
const ILL: ProbeVerdict = { state: 'unhealthy', detail: 'HTTP 503' }

function one(id: string, incarnation: string | null = null): ProbedInstance {
  return { id, incarnation, address: `http://${id}` }
}

interface Scene {
  readonly answer?: (instance: ProbedInstance, signal: AbortSignal) => Promise<ProbeVerdict>
  readonly spec?: Partial<HealthSpec>
  readonly mostAtOnce?: number
}

function scene({ answer = async () => WELL, spec = {}, ...more }: Scene = {}) {
  const clock = new SimulatedClock(1_000_000)
  const asked: { readonly id: string; readonly at: number }[] = []
  let atOnce = 0
  let most = 0
  const probe: HealthProbe = {
    async probe(instance, signal) {
      asked.push({ id: instance.id, at: clock.now() - 1_000_000 })
      atOnce += 1
      most = Math.max(most, atOnce)
      try {
        return await answer(instance, signal)
      } finally {
        atOnce -= 1
      }
    },
    check: async () => ({ ok: true, detail: '' }),
    close: async () => undefined,
  }
  let drawn = 0
  const random = { next: () => (drawn++ * 0.618_034) % 1 }
  const watch = createHealthWatch({ spec: { ...SPEC, ...spec }, probe, clock, random, ...more })
  let woken = 0
  watch.subscribe(() => {
    woken += 1
  })
  return { clock, watch, asked, most: () => most, woken: () => woken }
}

function hangs(_instance: ProbedInstance, signal: AbortSignal): Promise<ProbeVerdict> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => {
      resolve({ state: 'unhealthy', detail: signal.reason instanceof Error ? signal.reason.message : '' })
    })
  })
}

describe('a watch over the health of instances', () => {
  it('asks each about once in its period, and not all at once', async () => {
    const { clock, watch, asked } = scene()
    watch.watch(Array.from({ length: 20 }, (_, index) => one(`web-${index}`)))
    await clock.advance(50_000)
    const times = asked.filter(({ id }) => id === 'web-7').map(({ at }) => at)
    expect(times.length).toBeGreaterThanOrEqual(9)
    expect(times.length).toBeLessThanOrEqual(11)
    const first = asked.slice(0, 20).map(({ at }) => at)
    expect(new Set(first).size).toBeGreaterThan(15)
    expect(watch.readings().size).toBe(20)
  })

  it('gives up on an answer when its time is over, and says after how long', async () => {
    const { clock, watch } = scene({ answer: hangs })
    watch.watch([one('web-1')])
    await clock.advance(8_000)
    expect(watch.readings().get('web-1')?.answers.at(0)).toMatchObject({
      state: 'unhealthy',
      detail: 'no answer within 2 s',
    })
  })

  it('asks at most so many at a time, however many hang', async () => {
    const { clock, watch, most, asked } = scene({ answer: hangs, mostAtOnce: 3 })
    watch.watch(Array.from({ length: 12 }, (_, index) => one(`web-${index}`)))
    await clock.advance(20_000)
    expect(most()).toBe(3)
    expect(new Set(asked.map(({ id }) => id)).size).toBe(12)
  })

  it('hands over the answers in their order, with the identity they are of', async () => {
    let well = true
    const { clock, watch } = scene({ answer: async () => (well ? WELL : ILL) })
    watch.watch([one('web-1', 'first')])
    await clock.advance(6_000)
    well = false
    await clock.advance(5_000)
    const reading = watch.readings().get('web-1')
    expect(reading?.incarnation).toBe('first')
    const states = reading?.answers.map(({ state }) => state) ?? []
    expect(states[0]).toBe('healthy')
    expect(states.at(-1)).toBe('unhealthy')
    expect([...states].sort()).toEqual(states)
  })

  it('begins anew with another one under the same id, and forgets who is no longer ready', async () => {
    const { clock, watch, asked } = scene({ answer: async () => ILL })
    watch.watch([one('web-1', 'first'), one('web-2')])
    await clock.advance(20_000)
    watch.watch([one('web-1', 'second')])
    expect(watch.readings().size).toBe(0)
    asked.length = 0
    await clock.advance(10_000)
    expect(watch.readings().get('web-1')?.incarnation).toBe('second')
    expect(asked.every(({ id }) => id === 'web-1')).toBe(true)
  })

  it('takes an answer for one that is gone by then for nothing', async () => {
    const { clock, watch } = scene({ answer: hangs })
    watch.watch([one('web-1', 'first')])
    await clock.advance(5_000)
    watch.watch([one('web-1', 'second')])
    await clock.advance(1_000)
    expect(watch.readings().size).toBe(0)
  })

  it('wakes a tick when so many failures in a row may change something, and not for each', async () => {
    let verdict = WELL
    const { clock, watch, woken } = scene({ answer: async () => verdict })
    watch.watch([one('web-1')])
    await clock.advance(60_000)
    expect(woken()).toBe(0)
    verdict = ILL
    await clock.advance(18_000)
    expect(woken()).toBe(1)
    await clock.advance(120_000)
    expect(woken()).toBe(2)
    verdict = WELL
    await clock.advance(60_000)
    // The first good one, and the one that makes it healthy again.
    expect(woken()).toBe(4)
  })

  it('keeps a bounded number of answers', async () => {
    const { clock, watch } = scene({ spec: { everyMs: 1_000, timeoutMs: 500 } })
    watch.watch([one('web-1')])
    await clock.advance(100_000)
    expect(watch.readings().get('web-1')?.answers).toHaveLength(32)
  })

  it('takes a probe that throws for one that could not be made', async () => {
    const { clock, watch } = scene({ answer: () => Promise.reject(new Error('a defect')) })
    watch.watch([one('web-1')])
    await clock.advance(6_000)
    expect(watch.readings().get('web-1')?.answers[0]).toMatchObject({ state: 'unknown' })
  })

  it('asks nobody any more once it is closed', async () => {
    const { clock, watch, asked } = scene({ answer: hangs })
    watch.watch([one('web-1'), one('web-2')])
    await clock.advance(5_000)
    await watch.close()
    asked.length = 0
    await clock.advance(60_000)
    expect(asked).toEqual([])
    expect(watch.readings().size).toBe(0)
  })
})
