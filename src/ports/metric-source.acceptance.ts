/**
 * What every metric source must do, as a suite: answers in order, samples sorted, finite and inside the window, a gap
 * where there is nothing to be had, and an end when it is called off.
 *
 * Example: `metricSourceAcceptance('http-json source', async () => ({ source, now, query, offer, failing, hanging, cleanUp }))`.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EpochMs, Interval } from '../model/time.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from './metric-source.ts'
import { PluginError } from './plugin.ts'

export interface MetricSourceCase {
  readonly source: MetricSource
  now(): EpochMs
  /** A query of this source; `metric` names which. */
  query(fleet: string, metric: string): MetricQuery
  /** Makes the outside say `value` for the metric, now. */
  offer(metric: string, value: number): Promise<void> | void
  /** A query that fails, where this source has any that can. */
  readonly failing?: MetricQuery
  /** A query that is never answered, where this source has any. */
  readonly hanging?: MetricQuery
  readonly cleanUp: () => Promise<void>
}

const LOOK_BACK_MS = 60_000

export function metricSourceAcceptance(name: string, create: () => Promise<MetricSourceCase>): void {
  describe(`${name} keeps the promises of a metric source`, () => {
    let subject: MetricSourceCase
    let source: MetricSource

    beforeEach(async () => {
      subject = await create()
      source = subject.source
    })
    afterEach(async () => {
      await source.close()
      await subject.cleanUp()
    })

    const signal = () => AbortSignal.timeout(20_000)
    /** As a tick asks: a little look back, up to now. */
    const window = (): Interval => ({ from: subject.now() - LOOK_BACK_MS, to: subject.now() })

    function valuesOf(answer: MetricAnswer | undefined): number[] {
      if (answer === undefined || 'gap' in answer)
        throw new Error(`a gap: ${answer?.gap ?? 'no answer at all'}`)
      return answer.samples.map(sample => sample.value)
    }

    it('answers every query, in order', async () => {
      await subject.offer('first', 11)
      await subject.offer('second', 22)
      const queries = [
        subject.query('web', 'second'),
        subject.query('web', 'first'),
        subject.query('shop', 'second'),
      ]
      const answers = await source.read(queries, window(), signal())
      expect(answers.map(valuesOf)).toEqual([[22], [11], [22]])
    })

    it('answers nothing when nothing is asked', async () => {
      expect(await source.read([], window(), signal())).toEqual([])
    })

    it('gives samples sorted by time, inside the window, finite', async () => {
      await subject.offer('first', 1.5)
      await subject.offer('first', 2.5)
      const { from, to } = window()
      const [answer] = await source.read([subject.query('web', 'first')], { from, to }, signal())
      if (answer === undefined || 'gap' in answer) throw new Error('a gap')
      expect(answer.samples.length).toBeGreaterThan(0)
      const times = answer.samples.map(sample => sample.at)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      for (const sample of answer.samples) {
        expect(sample.at).toBeGreaterThan(from)
        expect(sample.at).toBeLessThanOrEqual(to)
        expect(Number.isFinite(sample.value)).toBe(true)
      }
    })

    it('gives no sample of now for a window that is over or not yet here', async () => {
      await subject.offer('first', 1)
      const now = subject.now()
      for (const asked of [
        { from: now + 1, to: now + LOOK_BACK_MS },
        { from: now, to: now },
      ]) {
        const [answer] = await source.read([subject.query('web', 'first')], asked, signal())
        expect(answer).toEqual({ samples: [] })
      }
    })

    it('answers a failed query with a gap that says why, and the others as if nothing were', async ({
      skip,
    }) => {
      const { failing } = subject
      if (failing === undefined) return skip('no query of this source can fail by itself')
      await subject.offer('first', 11)
      const queries = [failing, subject.query('web', 'first'), failing]
      const answers = await source.read(queries, window(), signal())
      expect(answers).toMatchObject([{ gap: expect.any(String) }, {}, { gap: expect.any(String) }])
      expect(valuesOf(answers[1])).toEqual([11])
      for (const answer of answers) if ('gap' in answer) expect(answer.gap).toMatch(/^PLM-[37]\d\d .{10,}/)
    })

    it('ends a read that is called off, without inventing an answer', async ({ skip }) => {
      const { hanging } = subject
      if (hanging === undefined) return skip('this source answers at once')
      const calledOff = new AbortController()
      const reading = source.read([hanging], window(), calledOff.signal)
      setImmediate(() => calledOff.abort())
      await expectNothing(reading)
    })

    it('reads nothing under a signal that is already aborted', async () => {
      await subject.offer('first', 1)
      await expectNothing(source.read([subject.query('web', 'first')], window(), AbortSignal.abort()))
    })

    it('ends a read when it is closed', async ({ skip }) => {
      const { hanging } = subject
      if (hanging === undefined) return skip('this source answers at once')
      const reading = source.read([hanging], window(), signal())
      setImmediate(() => source.close())
      await expectNothing(reading)
    })

    it('reports on itself in words, and may be closed twice', async () => {
      expect(await source.check(signal())).toMatchObject({ ok: true, detail: expect.stringMatching(/\w/) })
      await source.close()
      await source.close()
    })

    it('unsubscribes without a word', () => {
      const unsubscribe = source.subscribe?.(() => {})
      unsubscribe?.()
      unsubscribe?.()
    })

    /** A gap in every answer, or a `PluginError`; never a sample. */
    async function expectNothing(reading: Promise<readonly MetricAnswer[]>): Promise<void> {
      try {
        for (const answer of await reading) expect(answer).toEqual({ gap: expect.any(String) })
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
      }
    }
  })
}
