/**
 * The lab plays the production tick: what a daemon decided over real processes under a scripted load, it decides again from the
 * journal of that run, entry by entry, with every step.
 */
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { readRun, replayRun, seriesRead } from '../src/lab/recorded-run.ts'
import { createCalendar } from '../src/plugins/calendars/temporal.ts'
import { openSqliteStore } from '../src/plugins/stores/sqlite.ts'
import { inFolder, QUICKSTART, type RunningDaemon } from './builders/real.ts'
import { until } from './builders/until.ts'

vi.setConfig({ testTimeout: 90_000 })

const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
metrics:
  orders: { source: push, kind: total, staleAfter: 10m }
fleets:
  web:
    target: { type: process, command: [node, app.mjs], health: { path: /health, every: 200ms }, stopGrace: 5s }
    router: { type: proxy, listen: "127.0.0.1:0" }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Grow, when: "last(orders) > instances", scale: { by: 1 } }
      - { name: Serve, serve: { metric: "last(orders)", perInstance: 2, slo: 90%, boot: 1s } }
      - { name: Shrink, when: "last(orders) < instances", scale: { by: -1 } }
    cooldown: { out: 300ms, in: 500ms }
    stabilization: { out: 0s, in: 500ms }
    every: 200ms
`

async function push(daemon: RunningDaemon, orders: number): Promise<void> {
  const answer = await daemon.post(
    '/v1/samples',
    JSON.stringify({ samples: [{ metric: 'orders', value: orders }] }),
  )
  expect(answer).toMatchObject({ status: 202 })
}

const open = (daemon: RunningDaemon, count: number) =>
  until(`${count} instances are open`, async () => {
    const { capacity } = await daemon.fleet('web')
    return capacity?.open === count && capacity.pending === 0
  })

describe('a run of real processes, replayed from its journal', () => {
  it('is decided as it was, entry by entry, and otherwise by other rules', async () => {
    await inFolder(async folder => {
      folder.write('plimsoll.yaml', CONFIG)
      folder.write('tighter.yaml', CONFIG.replace('max: 5', 'max: 2'))
      folder.copy(path.join(QUICKSTART, 'app.mjs'), 'app.mjs')
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      for (const orders of [3, 2, 4, 1]) {
        await push(daemon, orders)
        await open(daemon, orders)
      }
      await daemon.stop('SIGTERM')

      const store = await openSqliteStore(path.join(folder.path, 'state.db'))
      const replayed = async (file: string) => {
        const loaded = await loadConfig(path.join(folder.path, file))
        if (!loaded.ok) throw new Error('the configuration is wrong')
        const { spec } = loaded.loaded
        const fleet = spec.fleets.web
        if (fleet === undefined) throw new Error('there is no fleet web')
        const range = { from: 0, to: Number.MAX_SAFE_INTEGER }
        const run = await readRun(store, 'web', seriesRead(fleet), range)
        return replayRun({ run, spec, fleet, calendar: createCalendar() })
      }
      const same = await replayed('plimsoll.yaml')
      const other = await replayed('tighter.yaml')
      await store.close()

      expect(same.length).toBeGreaterThan(15)
      const directions = new Set(same.map(({ recorded }) => recorded.direction))
      expect([...directions].sort()).toEqual(['in', 'none', 'out'])
      expect(same.map(({ replayed }) => replayed)).toEqual(same.map(({ recorded }) => recorded))
      expect(Math.max(...other.map(({ replayed }) => replayed.current ?? 0))).toBe(2)
    })
  })
})
