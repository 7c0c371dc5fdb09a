/**
 * What every health probe must do, whatever it asks.
 *
 * Example: `healthProbeAcceptance('http', async () => ({ probe, well, ill, hung, end }))` in a test file.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HealthProbe, ProbedInstance } from './health-probe.ts'

export interface ProbeSubject {
  readonly probe: HealthProbe
  /** Instances in known states. */
  readonly well: ProbedInstance
  readonly ill: ProbedInstance
  /** Never answers; `null` where that cannot be. */
  readonly hung: ProbedInstance | null
  /** Who cannot be asked at all; `null` where that cannot be. */
  readonly nowhere: ProbedInstance | null
  end(): Promise<void>
}

export function healthProbeAcceptance(name: string, create: () => Promise<ProbeSubject>): void {
  describe(`the health probe ${name}`, () => {
    let subject: ProbeSubject
    beforeAll(async () => {
      subject = await create()
    })
    afterAll(async () => {
      await subject.probe.close()
      await subject.end()
    })
    const never = new AbortController().signal

    it('tells one that is well from one that is not', async () => {
      expect((await subject.probe.probe(subject.well, never)).state).toBe('healthy')
      const ill = await subject.probe.probe(subject.ill, never)
      expect(ill.state).toBe('unhealthy')
      expect(ill.detail).not.toBe('')
    })

    it('takes no answer until it is called off for a bad one, and says so', async () => {
      if (subject.hung === null) return
      const { hung } = subject
      const question = new AbortController()
      const asked = subject.probe.probe(hung, question.signal)
      question.abort(new Error('no answer within 2 s'))
      expect(await asked).toMatchObject({
        state: 'unhealthy',
        detail: expect.stringContaining('no answer within 2 s'),
      })
    })

    it('does not throw when it is called off before', async () => {
      const called = AbortSignal.abort(new Error('no answer within 2 s'))
      expect((await subject.probe.probe(subject.well, called)).state).toBe('unhealthy')
    })

    it('knows nothing of one that cannot be asked', async () => {
      if (subject.nowhere === null) return
      expect((await subject.probe.probe(subject.nowhere, never)).state).toBe('unknown')
    })

    it('answers several at once, each for itself', async () => {
      const asked = [subject.well, subject.ill, subject.well].map(each => subject.probe.probe(each, never))
      expect((await Promise.all(asked)).map(({ state }) => state)).toEqual([
        'healthy',
        'unhealthy',
        'healthy',
      ])
    })

    it('is closed as often as one likes', async () => {
      await subject.probe.close()
      await subject.probe.close()
    })
  })
}
