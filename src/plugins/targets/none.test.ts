import { describe, expect, it } from 'vitest'
import { targetAcceptance, victims } from '../../ports/target.acceptance.ts'
import { createNoneTarget } from './none.ts'

targetAcceptance('the none target', async () => ({
  target: createNoneTarget(),
  settle: async () => {},
  cleanUp: async () => {},
}))

describe('the none target', () => {
  it('has no instances and says why it does not act', async () => {
    const target = createNoneTarget()
    const signal = AbortSignal.timeout(1_000)
    expect(target.capabilities.acts).toBe(false)
    expect(await target.listInstances(signal)).toEqual([])
    const error = expect.stringMatching(/^PLM-380 this fleet has no target/)
    expect(await target.launch([{ token: 'web/1/1', zone: null }], signal)).toEqual([
      { token: 'web/1/1', ok: false, kind: 'refused', error },
    ])
    expect(await target.terminate(victims('web-1'), signal)).toEqual([
      { instance: 'web-1', ok: false, kind: 'refused', error },
    ])
    await expect(target.listInstances(AbortSignal.abort())).rejects.toThrow('PLM-381')
  })
})
