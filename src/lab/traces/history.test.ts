import { describe, expect, it } from 'vitest'
import { type History, type HistoryColumn, type PageAnswer, readHistory } from './history.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 22, 12)

/** Every bin of a column reads its number of minutes since noon. */
function kept(
  columns: readonly HistoryColumn[],
  change: Partial<History> = {},
): History & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name: 'the shelf',
    columns,
    dispensable: new Set(['instances']),
    pageMs: () => 10 * MINUTE,
    async page({ from, to }) {
      asked.push(`${(from - NOON) / MINUTE} to ${(to - NOON) / MINUTE}`)
      return columns.map(({ stepMs }): PageAnswer => {
        const bins = Array.from({ length: (to - from) / stepMs }, (_, index) => from + index * stepMs)
        return { values: bins.map(startAt => ({ startAt, value: (startAt - NOON) / MINUTE })) }
      })
    },
    asked,
    ...change,
  }
}

const column = (name: string, minutes = 1, combine: HistoryColumn['combine'] = 'avg'): HistoryColumn => ({
  name,
  stepMs: minutes * MINUTE,
  combine,
})

const read = (history: History, minutes = 20, stepMs?: number, waits: number[] = []) =>
  readHistory(history, {
    window: { from: NOON, to: NOON + minutes * MINUTE },
    stepMs,
    wait: async ms => void waits.push(ms),
  })

describe('a kept history', () => {
  it('is read page by page, each as long as the one before says it may be', async () => {
    const lengths = [10, 4, 4, 4]
    const history = kept([column('cpu')], { pageMs: () => (lengths.shift() ?? 1) * MINUTE })
    const { columns, startAt, stepMs } = await read(history)
    expect([startAt, stepMs, [...(columns.cpu ?? [])]]).toEqual([
      NOON,
      MINUTE,
      Array.from({ length: 20 }, (_, bin) => bin),
    ])
    expect(history.asked).toEqual(['0 to 10', '10 to 14', '14 to 18', '18 to 20'])
  })

  it.each<[HistoryColumn['combine'], readonly number[]]>([
    ['avg', [2, 7]],
    ['sum', [10, 35]],
    ['max', [4, 9]],
    ['min', [0, 5]],
  ])('is as coarse as its coarsest column: finer ones are combined (%s)', async (combine, values) => {
    const { columns } = await read(kept([column('cpu', 1, combine), column('orders', 5)]), 10)
    expect([...(columns.cpu ?? [])]).toEqual(values)
    expect([...(columns.orders ?? [])]).toEqual([0, 5])
  })

  it('asks again for what may pass, as often as five times, and no sooner than it may', async () => {
    let failing = 4
    const waits: number[] = []
    const history = kept([column('cpu')])
    const { length } = await read(
      {
        ...history,
        page: window =>
          failing-- > 0
            ? Promise.resolve([{ because: 'too many', passes: true, waitMs: failing === 3 ? 30_000 : null }])
            : history.page(window),
      },
      10,
      undefined,
      waits,
    )
    expect([length, waits]).toEqual([10, [30_000, 4_000, 6_000, 8_000]])
  })

  it.each<[string, PageAnswer, number]>([
    ['what will not pass', { because: 'no such metric', passes: false, waitMs: null }, 0],
    ['who wants to be left alone for long', { because: 'later', passes: true, waitMs: 120_001 }, 0],
    ['who never comes back', { because: 'down', passes: true, waitMs: null }, 4],
  ])('gives up on %s', async (_, answer, times) => {
    const waits: number[] = []
    const failed = read(kept([column('cpu')], { page: async () => [answer] }), 10, undefined, waits)
    await expect(failed).rejects.toMatchObject({ code: TRACE_CODES.historyRefused })
    expect(waits).toHaveLength(times)
  })

  it('does without a column that can be spared', async () => {
    const history = kept([column('cpu'), column('instances')])
    const trace = await read({
      ...history,
      async page(window) {
        const [cpu] = await history.page(window)
        return cpu === undefined ? [] : [cpu, { because: 'not allowed', passes: false, waitMs: null }]
      },
    })
    expect(Object.keys(trace.columns)).toEqual(['cpu'])
    expect(trace.repairs.map(({ detail }) => detail)).toEqual([
      '"instances" could not be read and is left out: not allowed',
    ])
  })

  it('is not read into bins that it does not have', async () => {
    const codeOf = async (stepMs: number) => {
      try {
        return (await read(kept([column('cpu', 5)]), 20, stepMs)).length
      } catch (error) {
        return error instanceof TraceError ? error.code : error
      }
    }
    expect(await Promise.all([5, 10, 1, 7].map(minutes => codeOf(minutes * MINUTE)))).toEqual([
      4,
      2,
      TRACE_CODES.historyStep,
      TRACE_CODES.historyStep,
    ])
  })
})
