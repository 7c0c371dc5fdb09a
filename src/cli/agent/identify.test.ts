import { describe, expect, it } from 'vitest'
import type { Self } from '../../plugins/azure/instance-metadata.ts'
import { identityOnAzure } from './identify.ts'

const signal = new AbortController().signal

function world(answers: readonly (Self | Error)[], stop?: () => void) {
  const waited: number[] = []
  const troubles: string[] = []
  let asked = 0
  return {
    waited,
    troubles,
    metadata: {
      self: async (): Promise<Self> => {
        const answer = answers[asked]
        asked += 1
        if (answer === undefined) stop?.()
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('called off')
        return answer
      },
    },
    wait: async (ms: number) => waited.push(ms),
    trouble: (because: string) => void troubles.push(because),
  }
}

describe('the instance that an agent runs on, as Azure says it', () => {
  it.each([
    ['of a Uniform scale set', { name: 'Rooms_7', scaleSet: 'Rooms' }, 'Rooms_7'],
    ['of one that Azure spells otherwise', { name: 'rooms_12', scaleSet: 'ROOMS' }, 'rooms_12'],
    ['of a Flexible scale set', { name: 'Rooms_0a1B2c3D', scaleSet: 'Rooms' }, 'rooms_0a1b2c3d'],
    ['of a Flexible one with a name of its own', { name: 'Annex_7', scaleSet: 'Rooms' }, 'annex_7'],
    ['of no scale set', { name: 'Alone', scaleSet: null }, 'alone'],
  ])('%s: %j is %s', async (_, self, instance) => {
    const told = await identityOnAzure(world([{ ...self, vmId: '6f1c' }]), signal)
    expect(told).toEqual({ instance, incarnation: '6f1c' })
  })

  it('is asked for until it is said, ever more seldom', async () => {
    const failures = Array.from({ length: 6 }, () => new Error('answered 503'))
    const asking = world([...failures, { name: 'rooms_7', vmId: '6f1c', scaleSet: 'rooms' }])
    expect((await identityOnAzure(asking, signal))?.instance).toBe('rooms_7')
    expect(asking.waited).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
    expect(asking.troubles[0]).toBe('PLM-779 the name of this VM could not be read: answered 503')
  })

  it('is asked for no longer once that is called off', async () => {
    const stop = new AbortController()
    const asking = world([new Error('answered 503')], () => stop.abort())
    expect(await identityOnAzure(asking, stop.signal)).toBeNull()
    expect(asking.troubles).toHaveLength(1)
  })
})
