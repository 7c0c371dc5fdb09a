/** KPIs over time: the walk through the journal against a slow one over every second, and the routes over a real socket. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { instance, T0 } from '../../test/builders/journal.ts'
import { createStandIn, type StandIn } from '../../test/builders/runtime.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { JournalQuery } from '../ports/state-store.ts'
import { type Api, createApi } from './api.ts'
import { kpiHistory } from './kpis.ts'

const SECOND = 1000
const MINUTE = 60_000
const ONE = [instance('web-1')]

type State = 'green' | 'red' | 'unknown'
const CPU: Readonly<Record<State, number | null>> = { green: 50, red: 90, unknown: null }

/** Ticks at so many seconds after T0. */
async function ticked(...ticks: readonly (readonly [number, State])[]): Promise<StandIn> {
  const runtime = createStandIn()
  for (const [second, state] of ticks) {
    await runtime.tick('web', { at: T0 + second * SECOND, instances: ONE, cpu: CPU[state] })
  }
  return runtime
}

function history(runtime: StandIn, from: number, to: number, limit = 1000) {
  const window = { from: T0 + from * SECOND, to: T0 + to * SECOND }
  return kpiHistory(runtime.store, { fleet: 'web', kpi: 'busy', window, limit })
}

/** `red 60-120`, seconds after T0; what nobody saw is in brackets. */
const told = ({ intervals }: Awaited<ReturnType<typeof history>>) =>
  intervals.map(({ from, to, state, ticked }) => {
    const text = `${state} ${(from - T0) / SECOND}-${(to - T0) / SECOND}`
    return ticked ? text : `(${text})`
  })

describe('the history of a KPI', () => {
  it('is one interval for ticks that saw the same, newest first, to the end of the window', async () => {
    const runtime = await ticked([0, 'green'], [10, 'green'], [20, 'red'], [30, 'red'], [40, 'unknown'])
    const found = await history(runtime, 0, 50)
    expect(told(found)).toEqual(['unknown 40-50', 'red 20-40', 'green 0-20'])
    expect(found.share).toEqual({ green: 0.4, red: 0.4, unknown: 0.2 })
    expect(found.next).toBeNull()
  })

  it('begins with the state from before the window', async () => {
    expect(told(await history(await ticked([0, 'red'], [10, 'red']), 5, 20))).toEqual(['red 5-20'])
  })

  it('is unknown where no tick looked, and before the first', async () => {
    const runtime = await ticked([0, 'green'], [300, 'green'])
    const found = await history(runtime, -100, 400)
    expect(told(found)).toEqual([
      '(unknown 360-400)',
      'green 300-360',
      '(unknown 60-300)',
      'green 0-60',
      '(unknown -100-0)',
    ])
    expect(found.share).toEqual({ green: 0.24, red: 0, unknown: 0.76 })
  })

  it('reads an entry per interval, not one per tick', async () => {
    const runtime = await ticked(
      ...Array.from({ length: 200 }, (_, n) => [n * 10, n < 100 ? 'green' : 'red'] as const),
    )
    let read = 0
    const counting = {
      readJournal(query: JournalQuery): Promise<readonly JournalEntry[]> {
        read += query.limit
        return runtime.store.readJournal(query)
      },
    }
    const window = { from: T0, to: T0 + 2000 * SECOND }
    const query = { fleet: 'web', kpi: 'busy', window, limit: 10 }
    expect((await kpiHistory(counting, query)).intervals).toHaveLength(2)
    expect(read).toBe(2)
  })

  it('reads entries of before it was kept since when, one by one', async () => {
    const runtime = await ticked([0, 'green'], [10, 'green'], [20, 'red'])
    const old = {
      async readJournal(query: JournalQuery): Promise<readonly JournalEntry[]> {
        const stored = await runtime.store.readJournal(query)
        return stored.map(entry => ({
          ...entry,
          decision: {
            ...entry.decision,
            steps: entry.decision.steps.map(step => {
              if (step.stage !== 'kpis') return step
              const { since: _, ...before } = step
              return before
            }),
          },
        }))
      },
    }
    const window = { from: T0, to: T0 + 30 * SECOND }
    const query = { fleet: 'web', kpi: 'busy', window, limit: 10 }
    expect(told(await kpiHistory(old, query))).toEqual(['red 20-30', 'green 0-20'])
  })

  it('says what a look at every second says, in pages of any size', async () => {
    const states = fc.constantFrom<State>('green', 'green', 'red', 'unknown')
    const steps = fc.array(fc.tuple(fc.constantFrom(1, 5, 10, 55, 90, 300), states), { maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: -50, max: 300 }),
        fc.integer({ min: 1, max: 5 }),
        async (given, from, limit) => {
          const ticks: [number, State][] = []
          for (const [after, state] of given) ticks.push([(ticks.at(-1)?.[0] ?? 0) + after, state])
          const to = Math.max(from + 1, (ticks.at(-1)?.[0] ?? 0) + 30)
          const runtime = await ticked(...ticks)
          const seen: string[] = []
          for (let until = to; until > from; ) {
            const page = await history(runtime, from, until, limit)
            expect(page.intervals.length).toBeLessThanOrEqual(limit)
            for (const interval of page.intervals) {
              for (
                let second = (interval.to - T0) / SECOND - 1;
                second >= (interval.from - T0) / SECOND;
                second--
              ) {
                seen.push(interval.ticked ? interval.state : 'not seen')
              }
            }
            const { green, red, unknown } = page.share
            expect(green + red + unknown).toBeCloseTo(1, 9)
            until = page.next === null ? from : (page.next - T0) / SECOND
          }
          const slow: string[] = []
          for (let second = to - 1; second >= from; second--) {
            const last = ticks.filter(([at]) => at <= second).at(-1)
            slow.push(last === undefined || second - last[0] >= 60 ? 'not seen' : last[1])
          }
          expect(seen).toEqual(slow)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the routes of KPIs', () => {
  const opened: Api[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(api => api.close()))
  })

  async function read(runtime: StandIn, path: string): Promise<{ status: number; body: unknown }> {
    const api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
    opened.push(api)
    const response = await fetch(`${(await api.listen()).url}/v1/fleets/${path}`)
    return { status: response.status, body: await response.json() }
  }

  it('tell the state, the goal, what was read and since when', async () => {
    const runtime = await ticked([0, 'green'], [10, 'red'], [20, 'red'])
    expect(await read(runtime, 'web/kpis')).toEqual({
      status: 200,
      body: {
        fleet: 'web',
        at: '2026-11-21T12:00:20.000Z',
        kpis: [
          {
            kpi: 'busy',
            goal: 'avg(cpu, 1m) < 80%',
            state: 'red',
            since: '2026-11-21T12:00:10.000Z',
            found: { 'avg(cpu, 1m)': 90 },
          },
        ],
      },
    })
  })

  it('know of a KPI before the first tick', async () => {
    expect((await read(createStandIn(), 'web/kpis')).body).toMatchObject({
      at: null,
      kpis: [{ kpi: 'busy', state: 'unknown', since: null, found: {} }],
    })
  })

  it('tell the intervals up to now, and page', async () => {
    const runtime = await ticked([0, 'green'], [10, 'red'], [20, 'green'])
    runtime.at = T0 + 30 * SECOND
    const { body } = await read(
      runtime,
      `web/kpis/busy/history?since=${T0}&limit=2&until=${T0 + 90 * MINUTE}`,
    )
    expect(body).toMatchObject({
      kpi: 'busy',
      window: { from: '2026-11-21T12:00:10.000Z', to: '2026-11-21T12:00:30.000Z' },
      intervals: [{ state: 'green', ticked: true }, { state: 'red' }],
      share: { green: 0.5, red: 0.5, unknown: 0 },
      next: '2026-11-21T12:00:10.000Z',
    })
    const more = await read(runtime, `web/kpis/busy/history?since=${T0}&until=2026-11-21T12:00:10.000Z`)
    expect(more.body).toMatchObject({ intervals: [{ state: 'green' }], next: null })
  })

  it.each([
    ['wep/kpis', 404, 'PLM-461'],
    ['web/kpis/bussy/history', 404, 'PLM-489'],
    [`web/kpis/busy/history?since=${T0 + MINUTE}`, 400, 'PLM-456'],
    ['web/kpis/busy/history?limit=1001', 400, 'PLM-456'],
    ['web/kpis/busy/history?since=yesterday', 400, 'PLM-456'],
  ])('refuse %s', async (path, status, code) => {
    expect(await read(await ticked([0, 'green']), path)).toMatchObject({ status, body: { error: { code } } })
  })
})
