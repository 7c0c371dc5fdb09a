import { describe, expect, it } from 'vitest'
import type { MetricQuery } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { poll, type Question } from './polled.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const signal = AbortSignal.timeout(60_000)
const WINDOW = { from: NOON - 1_000, to: NOON }

function query(name: string): MetricQuery {
  const metric = {
    name,
    kind: 'total',
    unit: null,
    source: 'x',
    options: {},
    everyMs: 1,
    staleAfterMs: 1,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  } as const
  return { fleet: 'web', metric }
}

/** Asks for the metric's name; `fetch` is told which. */
function asking(fetch: (name: string) => Promise<number>) {
  return ({ metric: { name } }: MetricQuery): Question<number> => ({
    key: name,
    fetch: () => fetch(name),
    read: (value, at) => ({ samples: [{ at, value }] }),
  })
}

describe('polling', () => {
  it('asks eight at a time and, as answers come in, all of them', async () => {
    let open = 0
    let most = 0
    const fetch = async () => {
      open += 1
      most = Math.max(most, open)
      await new Promise(resolve => setImmediate(resolve))
      open -= 1
      return 1
    }
    const queries = Array.from({ length: 50 }, (_, n) => query(`m${n}`))
    const answers = await poll(queries, WINDOW, signal, () => NOON, asking(fetch))
    expect(answers).toHaveLength(50)
    expect(most).toBe(8)
  })

  it('goes on with the others when one fails', async () => {
    const fetch = async (name: string) => {
      if (name.startsWith('bad')) throw new PluginError('unavailable', `${name} is not to be had`)
      return 1
    }
    const queries = Array.from({ length: 30 }, (_, n) => query(n % 2 === 0 ? `bad${n}` : `m${n}`))
    const answers = await poll(queries, WINDOW, signal, () => NOON, asking(fetch))
    expect(answers[0]).toEqual({ gap: 'bad0 is not to be had' })
    expect(answers.filter(answer => 'samples' in answer)).toHaveLength(15)
  })

  it('does not take a defect for a gap', async () => {
    const fetch = () => Promise.reject(new TypeError('x is not a function'))
    await expect(poll([query('a')], WINDOW, signal, () => NOON, asking(fetch))).rejects.toThrow(TypeError)
  })

  it.each([
    ['now, when the window reaches beyond it', NOON + 5, NOON],
    ['the end of the window, when that has just passed', NOON - 5, NOON - 5],
  ])('stamps the sample with %s', async (_what, to, at) => {
    const answers = await poll(
      [query('a')],
      { from: NOON - 1_000, to },
      signal,
      () => NOON,
      asking(async () => 7),
    )
    expect(answers).toEqual([{ samples: [{ at, value: 7 }] }])
  })
})
