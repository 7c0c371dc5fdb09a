/**
 * The quickstart's rooms as their reader meets them: real processes, people over real WebSockets, and the page in a real browser.
 * The crowd comes, the fleet grows; it leaves, and instances drain with people in them, and end when these have left. Nobody is
 * cut off. Needs Chromium (`PLIMSOLL_CHROMIUM`, or /usr/bin/chromium).
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { LONGEST_STAY_MS } from '../src/demo/evening.ts'
import { stillRunning } from './builders/process-table.ts'
import { type Folder, inFolder, QUICKSTART, type RunningDaemon } from './builders/real.ts'
import { until } from './builders/until.ts'

const CHROMIUM = process.env.PLIMSOLL_CHROMIUM ?? '/usr/bin/chromium'
const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = existsSync(CHROMIUM)
const TITLE =
  FOUND || REQUIRED ? 'the rooms of the quickstart' : `the rooms of the quickstart (no ${CHROMIUM})`
/** The crowd of the demonstration has come and gone by then. */
const TWO_MINUTES_MS = 120_000

let browser: Browser | null = null
afterEach(async () => {
  await browser?.close()
  browser = null
})

/** The quickstart without its shop, on a port of its own. */
function roomsIn(folder: Folder): void {
  const { fleets, metrics: _, ...rest } = parse(readFileSync(path.join(QUICKSTART, 'plimsoll.yaml'), 'utf8'))
  const config = { ...rest, api: { listen: '127.0.0.1:0' }, fleets: { rooms: fleets.rooms } }
  folder.write('plimsoll.yaml', stringify(config))
  folder.copy(path.join(QUICKSTART, 'rooms.mjs'), 'rooms.mjs')
}

function lastVisitors(daemon: RunningDaemon) {
  return daemon.lines().findLast(line => line.visitors !== undefined)?.visitors
}

describe.skipIf(!FOUND && !REQUIRED)(TITLE, () => {
  it(
    'grow for a crowd and shrink after it; the page shows one drain with people in it, and nobody is cut off',
    async () => {
      await inFolder(async folder => {
        roomsIn(folder)
        const daemon = folder.run('plimsoll.yaml', '--demo-load')
        const url = await daemon.url()
        const began = Date.now()
        const left = () => TWO_MINUTES_MS - (Date.now() - began)

        browser = await chromium.launch({
          executablePath: CHROMIUM,
          args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
        })
        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
        await page.goto(`${url}/#rooms`)
        const rows = page.getByRole('region', { name: 'Instances' }).getByRole('row')

        await until(
          'the page shows four rooms',
          async () => (await rows.allInnerTexts()).filter(text => /\bopen\b/.test(text)).length >= 4,
          left(),
        )
        const zones = new Set((await daemon.instances('rooms')).map(({ zone }) => zone))
        expect(zones).toEqual(new Set(['a', 'b', 'c']))

        const draining = await until(
          'the page shows a room that drains with people in it',
          async () =>
            (await rows.allInnerTexts()).find(text => /draining since .*\b[1-8] of 8\b/s.test(text)),
          left(),
        )
        expect(draining).toMatch(/waits: \d+ in use/)
        const drained = /^rooms-\S+/.exec(draining)?.[0]

        const gone = await until(
          'it is sealed and terminated once it is empty',
          async () =>
            (await daemon.journal('rooms', 200)).find(({ plan }) =>
              plan.actions.some(({ kind, instance }) => kind === 'terminate' && instance === drained),
            ),
          left() + LONGEST_STAY_MS,
        )
        expect(gone.plan.actions.map(({ kind }) => kind)).toEqual(
          expect.arrayContaining(['seal', 'terminate']),
        )
        expect(gone.outcomes.every(({ outcome }) => outcome === 'done')).toBe(true)
        await until(
          'the page does not show it any more',
          async () => (await rows.filter({ hasText: drained ?? '' }).count()) === 0,
        )
        expect(lastVisitors(daemon)).toMatchObject({ cut: 0, failed: 0, turnedAway: 0 })

        const family = daemon.family()
        expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
        expect(stillRunning(family)).toEqual([])
        expect(lastVisitors(daemon)).toMatchObject({ cut: 0, failed: 0, turnedAway: 0 })
        expect(lastVisitors(daemon)?.left).toBeGreaterThan(30)
        expect(daemon.errors()).toBe('')
      })
    },
    TWO_MINUTES_MS + 180_000,
  )
})
