/**
 * The page in a real browser, over a real API: what an operator sees, what changes while they look, what it says when
 * the daemon is gone. Needs Chromium (`PLIMSOLL_CHROMIUM`, or /usr/bin/chromium).
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Api, createApi } from '../src/api/api.ts'
import type { ApiSettings } from '../src/api/settings.ts'
import type { Approval } from '../src/model/approval.ts'
import type { Freeze } from '../src/model/health.ts'
import type { Instance } from '../src/model/inventory.ts'
import { NO_SESSIONS } from '../src/model/observation.ts'
import { instance, type Seen, specOf, webFleet } from './builders/journal.ts'
import { createStandIn, type StandIn } from './builders/runtime.ts'
import { sheddingFleet } from './builders/settings.ts'

const CHROMIUM = process.env.PLIMSOLL_CHROMIUM ?? '/usr/bin/chromium'
const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = existsSync(CHROMIUM)
const TITLE = FOUND || REQUIRED ? 'the page in Chromium' : `the page in Chromium (not found at ${CHROMIUM})`
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Polls a condition of the page; the deadline is for a busy machine. */
function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 15_000 })
}

const FLEETS = specOf(webFleet(), webFleet({ name: 'shop & more', mode: 'recommend' }))

describe.skipIf(!FOUND && !REQUIRED)(TITLE, () => {
  let browser: Browser
  let root: string
  let runtime: StandIn
  let api: Api
  let url: string
  let page: Page
  let problems: string[]
  /** What the browser may complain about in this test, and only in it. */
  let foreseen: RegExp | null

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'plimsoll-page-'))
    await build({
      root: join(import.meta.dirname, '..', 'dashboard'),
      logLevel: 'error',
      build: { outDir: root, emptyOutDir: true },
    })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await rm(root, { recursive: true })
  })

  beforeEach(async () => {
    problems = []
    foreseen = null
    runtime = createStandIn(FLEETS)
    runtime.at = Date.now()
    await serve()
  })
  afterEach(async () => {
    await page?.context().close()
    await api.close()
    expect(problems.filter(problem => foreseen?.test(problem) !== true)).toEqual([])
  })

  async function serve(settings: Partial<ApiSettings> = {}): Promise<void> {
    api = await createApi(runtime, {
      host: '127.0.0.1',
      port: 0,
      token: null,
      dashboardRoot: root,
      ...settings,
    })
    url = (await api.listen()).url
  }

  /** Anything the console says and every breach of the content security policy counts as a problem. */
  async function open(options: BrowserContextOptions = {}, path = '/'): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    page.on('console', message => problems.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => problems.push(`error: ${error.message}`))
    await page.addInitScript(() =>
      addEventListener('securitypolicyviolation', event =>
        console.error(`policy: ${event.violatedDirective}`),
      ),
    )
    await page.goto(url + path)
  }

  /** Ticks of the last minutes: it grows from 3 to 4, then nothing changes. */
  async function past(): Promise<void> {
    const at = runtime.at
    const three = ['web-1', 'web-2', 'web-3'].map(id => instance(id, { launchedAt: at - 200_000 }))
    for (let index = 0; index < 20; index += 1) {
      const cpu = index === 10 ? 83.2 : 50
      const fleet = index <= 10 ? three : [...three, instance('web-4', { launchedAt: at - 90_000 })]
      const time = at - (20 - index) * 10_000
      const seen = { at: time, instances: fleet, cpu, peakUntil: at + 3_600_000 }
      await runtime.tick('web', seen, [{ at: time, value: cpu, instance: 'web-1' }])
    }
  }

  const now = () => page.getByRole('region', { name: 'Now' })
  const why = () => page.getByRole('region', { name: 'Why' })
  const instances = () => page.getByRole('region', { name: 'Instances' })
  const happened = () => page.getByRole('region', { name: 'What happened' })
  const textOf = (locator: ReturnType<typeof now>) => locator.innerText()

  it('asks for a word where a decision waits for one, and says what was changed by hand', async () => {
    const at = runtime.at
    const approval: Approval = {
      id: 'web-1',
      at,
      current: 3,
      desired: 4,
      direction: 'out',
      rule: 'Scale up',
      because: '"Scale up" fired: avg(cpu, 1m) = 83.2',
      expiresAt: at + 1_800_000,
      state: 'waiting',
    }
    await runtime.operator.set(
      'web',
      { kind: 'mode', mode: 'notify' },
      { who: 'ada', why: 'new rules', forMs: null },
    )
    const three = ['web-1', 'web-2', 'web-3'].map(id => instance(id))
    await runtime.tick('web', {
      at,
      instances: three,
      cpu: 83.2,
      approval,
      overrides: await runtime.operator.overrides('web'),
    })
    await open()
    const byHand = page.getByRole('region', { name: 'By hand' })
    await eventually(() => byHand.innerText()).toContain('3 → 4 "Scale up" fired')
    await eventually(() => byHand.innerText()).toContain(
      'mode notify by ada (new rules), until it is cleared',
    )
    await byHand.getByRole('button', { name: 'Approve' }).click()
    await eventually(() => runtime.store.readVerdict('web-1')).toMatchObject({
      verdict: 'approved',
      who: 'the page',
    })
    expect(await byHand.getByRole('button', { name: 'Reject' }).isDisabled()).toBe(true)
    await runtime.tick('web', { at: at + 1000, instances: three, cpu: 50 })
    await eventually(() => byHand.count()).toBe(0)
  })

  it('shows the count, the bounds, the reason, the instances and what happened', async () => {
    await past()
    await open()
    await eventually(() => textOf(now())).toMatch(/4\s*→\s*4/)
    // The count comes with the list of fleets, the rest with the fleet itself.
    await eventually(() => textOf(why())).toContain('No change:')
    expect(await textOf(now())).toMatch(/between 4 and 12 by Peak, until \d\d:\d\d/)
    expect(await textOf(now())).toContain('busy green')
    expect(await page.title()).toBe('4 → 4 web · Plimsoll')
    expect(await textOf(why())).toContain('avg(cpu, 1m) = 50')
    expect(await textOf(why())).toContain('"Scale up" abstains')
    const rows = instances().getByRole('row')
    expect(await rows.count()).toBe(5)
    expect(await rows.nth(4).innerText()).toMatch(
      /web-4\s+ready\s+open\s+healthy\s+3 of 20\s+1 min \d+ s\s+127/,
    )
    expect(await textOf(happened())).toMatch(/3 → 4\s+"Scale up" fired/)
    expect(await page.getByRole('status').innerText()).toBe('live')
    expect(await page.getByRole('img', { name: /^Instances over time. Last: 4 open/ }).isVisible()).toBe(true)
    expect(await page.getByRole('img', { name: /^cpu over time: 50 %/ }).isVisible()).toBe(true)
  })

  it('shows for how much of the time each goal was met, and follows a change at once', async () => {
    await past()
    await open()
    const strip = page.getByRole('img', { name: /^busy over time/ })
    // Of the last 15 minutes 200 seconds were seen, 10 of them red.
    await eventually(() => strip.getAttribute('aria-label')).toMatch(/green 21 %, red 1 %, unknown 78 %/)
    expect(await strip.locator('rect').count()).toBe(3)
    expect(await strip.locator('rect.red').count()).toBe(1)
    runtime.at += 2000
    const three = ['web-1', 'web-2', 'web-3'].map(id => instance(id))
    await runtime.tick('web', { at: runtime.at - 1000, instances: three, cpu: 95 })
    await eventually(() => strip.locator('rect.red').count()).toBe(2)
    const drawn = await strip.boundingBox()
    expect(drawn?.width).toBeGreaterThan(400)
    expect(drawn?.height).toBe(8)
  })

  it('draws: the canvas of the timeline is not blank', async () => {
    await past()
    await open()
    await page.locator('.plot canvas').first().waitFor()
    const colours = () =>
      page
        .locator('.plot canvas')
        .first()
        .evaluate((canvas: HTMLCanvasElement) => {
          const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
          const seen = new Set<string>()
          for (let index = 0; index < pixels.length; index += 4)
            seen.add(pixels.slice(index, index + 4).join())
          return seen.size
        })
    await eventually(colours).toBeGreaterThan(20)
  })

  it('follows live: a tick, a lost instance and a refused configuration show at once', async () => {
    await past()
    await open()
    await eventually(() => page.getByRole('status').innerText()).toBe('live')
    const four = ['web-1', 'web-2', 'web-3', 'web-4'].map(id => instance(id))
    const lost = instance('web-4', { lifecycle: 'lost', health: 'unhealthy', detail: 'exited with code 1' })
    await runtime.tick('web', { at: Date.now(), instances: [...four.slice(0, 3), lost], cpu: 91.5 })
    await eventually(() => textOf(now())).toMatch(/3\s*→\s*4/)
    await eventually(() => textOf(why())).toContain('avg(cpu, 1m) = 91.5')
    await eventually(() => textOf(instances())).toContain('exited with code 1')
    runtime.emit({
      type: 'lost',
      fleet: 'web',
      instance: 'web-4',
      at: Date.now(),
      detail: 'exited with code 1',
    })
    await eventually(() => textOf(happened())).toContain('web-4 was lost: exited with code 1')
    runtime.emit({ type: 'spec-refused', problems: 'plimsoll.yaml:3:1 <b>what?</b>', at: Date.now() })
    await eventually(() => page.getByRole('alert').innerText()).toContain('plimsoll.yaml:3:1 <b>what?</b>')
    runtime.emit({ type: 'spec-applied', digest: 'abc', at: Date.now() })
    await eventually(() => page.getByRole('alert').count()).toBe(0)
    runtime.report({
      outcome: 'failed',
      fleet: 'web',
      at: Date.now(),
      code: 'PLM-600',
      error: 'the disk is full',
    })
    await eventually(() => textOf(now())).toContain('last tick failed: the disk is full')
  })

  /** Rooms in two zones: two open, one draining with three sessions, one sealed; a crowd waits. */
  async function rooms(seen: Partial<Seen> = {}): Promise<void> {
    const at = Date.now()
    const held = (id: string, zone: string, slots: number, more: Partial<Instance> = {}) =>
      instance(id, { zone, load: { kind: 'known', slots, at }, launchedAt: at - 90_000, ...more })
    const closed = { admission: 'closed', closedAt: at - 65_000 } as const
    await runtime.tick('rooms', {
      at,
      instances: [
        held('rooms-1', 'a', 3, closed),
        held('rooms-2', 'b', 8),
        held('rooms-3', 'a', 7),
        held('rooms-4', 'b', 0, { ...closed, sealed: true }),
      ],
      cpu: 50,
      sessions: { inUse: 18, inUseOpen: 15, slots: 16, waiting: 2, silent: 0 },
      waiting: [{ what: 'terminate', instance: 'rooms-1', because: '3 in use', until: null }],
      ...seen,
    })
  }

  async function serveRooms(): Promise<void> {
    const usual = webFleet()
    const fleet = webFleet({ name: 'rooms', sessions: { ...usual.sessions, slotsPerInstance: 8 } })
    runtime = createStandIn(specOf(fleet))
    runtime.at = Date.now()
    await api.close()
    await serve()
  }

  it('shows a fleet of sessions: slots in use, who waits, what drains and what it waits for', async () => {
    await serveRooms()
    await rooms()
    await open()
    await eventually(() => textOf(now())).toMatch(
      /15 of 16 slots in use, 3 more on draining instances, 2 waiting for room/,
    )
    const rows = instances().getByRole('row')
    await eventually(() => rows.count()).toBe(5)
    const texts = await rows.allInnerTexts()
    expect(texts[0]).toMatch(/Instance\s+Zone\s+Lifecycle\s+Admission\s+Health\s+Slots/)
    expect(texts.slice(1).map(text => text.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^rooms-2 b ready open healthy 8 of 8 1 min \d+ s 127\S+ Drain ?Keep 2 h$/),
      expect.stringMatching(/^rooms-3 a ready open healthy 7 of 8/),
      expect.stringMatching(
        /^rooms-1 waits: 3 in use a ready draining since \d\d:\d\d:\d\d healthy 3 of 8 .* Keep 2 h$/,
      ),
      expect.stringMatching(
        /^rooms-4 b ready sealed since \d\d:\d\d:\d\d healthy 0 of 8 1 min \d+ s 127\S+ ?$/,
      ),
    ])
    expect(await textOf(why())).toContain('terminate rooms-1 waits: 3 in use')
    const chart = page.getByRole('img', { name: /^Sessions over time: / })
    expect(await chart.getAttribute('aria-label')).toBe(
      'Sessions over time: 18 in use, 16 slots open, 2 waiting.',
    )
    await rooms({ sessions: { inUse: 9, inUseOpen: 9, slots: 16, waiting: 0, silent: 0 }, waiting: [] })
    await eventually(() => textOf(now())).toMatch(/9 of 16 slots in use\s/)
    await eventually(() => chart.getAttribute('aria-label')).toContain('9 in use, 16 slots open, 0 waiting')
  })

  it('says nothing of slots where there are none', async () => {
    await past()
    await runtime.tick('shop & more', {
      at: Date.now(),
      instances: [instance('shop-1')],
      cpu: 40,
      sessions: NO_SESSIONS,
    })
    await open({}, '/#shop%20%26%20more')
    await eventually(() => textOf(instances())).toContain('shop-1')
    expect(await textOf(now())).not.toContain('slots')
    expect(await page.getByRole('img', { name: /^Sessions over time/ }).count()).toBe(0)
  })

  it('drains and keeps one instance, and takes it back', async () => {
    await serveRooms()
    await rooms()
    await open()
    const orders = async () =>
      (await runtime.operator.overrides('rooms')).map(({ change, who, until }) => ({ change, who, until }))
    await page.getByRole('button', { name: 'Drain rooms-2' }).click()
    await eventually(orders).toEqual([
      { change: { kind: 'instance', instance: 'rooms-2', order: 'drain' }, who: 'the page', until: null },
    ])
    await page.getByRole('button', { name: 'Keep 2 h rooms-1' }).click()
    await eventually(async () => (await orders()).length).toBe(2)
    expect((await orders()).find(({ until }) => until !== null)).toMatchObject({
      change: { instance: 'rooms-1', order: 'keep' },
      until: runtime.at + 7_200_000,
    })
    const at = Date.now()
    await rooms({
      instances: [
        instance('rooms-1', { order: 'keep' }),
        instance('rooms-2', { order: 'drain', admission: 'closed', closedAt: at }),
      ],
      overrides: await runtime.operator.overrides('rooms'),
      waiting: [],
    })
    await eventually(() => textOf(instances())).toMatch(/rooms-1\s*kept/)
    await eventually(() => page.getByRole('region', { name: 'By hand' }).innerText()).toContain(
      'rooms-2 drains by the page',
    )
    await page.getByRole('button', { name: 'Undo drain rooms-2' }).click()
    await eventually(async () => (await orders()).map(({ change }) => change)).toEqual([
      { kind: 'instance', instance: 'rooms-1', order: 'keep' },
    ])
  })

  it('says plainly that a fleet is frozen and why, and unfreezes it', async () => {
    await serveRooms()
    const since = Date.now() - 60_000
    const freeze: Freeze = {
      since,
      cause: 'unhealthy',
      because: '3 of 5 instances are unhealthy, more than 40 %',
      until: since + 1_800_000,
    }
    await rooms({ freeze })
    await open()
    const frozen = page.getByRole('region', { name: 'Frozen' })
    await eventually(() => frozen.innerText()).toMatch(
      /Frozen since \d\d:\d\d:\d\d: 3 of 5 instances are unhealthy, more than 40 %\. Nothing is closed, ended or restarted until that is over, or \d\d:\d\d at the latest/,
    )
    await frozen.getByRole('button', { name: 'Unfreeze' }).click()
    await eventually(async () =>
      (await runtime.operator.overrides('rooms')).map(({ change }) => change.kind),
    ).toEqual(['unfreeze'])
    await eventually(() => page.getByRole('status').innerText()).toBe('live')
    runtime.emit({ type: 'thawed', fleet: 'rooms', at: Date.now(), freeze })
    await rooms()
    await eventually(() => frozen.count()).toBe(0)
    await eventually(() => textOf(happened())).toContain('no longer frozen')
  })

  it.each([
    ['a desk', 1280, 900, 'light'],
    ['a phone at night', 390, 844, 'dark'],
  ] as const)('fits a frozen fleet of sessions on %s', async (_where, width, height, colorScheme) => {
    await serveRooms()
    const since = Date.now() - 60_000
    await rooms({
      freeze: { since, cause: 'silent', because: 'no instance answers', until: since + 600_000 },
    })
    await open({ viewport: { width, height }, colorScheme })
    await eventually(() => textOf(instances())).toContain('rooms-4')
    await fits(width, `rooms-${width}-${colorScheme}`)
  })

  it('shows the settings, and at once which rule changed one', async () => {
    runtime = createStandIn(specOf(sheddingFleet()))
    runtime.at = Date.now()
    await api.close()
    await serve()
    const settings = () => page.getByRole('region', { name: 'Settings' })
    await runtime.tick('web', { at: Date.now(), instances: [instance('web-1')], cpu: 50 })
    await open()
    await eventually(() => textOf(settings())).toMatch(
      /reports true\s+at its default\s+The reports of the shop/,
    )
    await eventually(() => page.getByRole('status').innerText()).toBe('live')
    await runtime.tick('web', { at: Date.now(), instances: [instance('web-1')], cpu: 95 })
    await eventually(() => textOf(settings())).toMatch(
      /reports false\s+held by "Shed load" since \d\d:\d\d:\d\d, default true/,
    )
    expect(await textOf(settings())).toMatch(/quality low/)
    await eventually(() => textOf(happened())).toContain('setting reports: true → false, by "Shed load"')
  })

  it('tells why at a mark and in the list, by mouse and by keyboard', async () => {
    await past()
    await open()
    const mark = page.getByRole('button', { name: /3 → 4, because "Scale up" fired/ })
    await mark.hover()
    await eventually(() => page.locator('.why-tip').innerText()).toContain('"Scale up" fired')
    await mark.click()
    await eventually(() => textOf(why())).toContain('"Scale up" wants 4')
    await page.getByRole('button', { name: 'Back to now' }).click()
    await eventually(() => textOf(why())).toContain('No change:')
    await happened().getByRole('button').first().focus()
    await page.keyboard.press('Enter')
    await eventually(() => textOf(why())).toMatch(/Why, at \d\d:\d\d:\d\d/)
    await page.getByRole('radio', { name: '15 min' }).focus()
    await page.keyboard.press('ArrowLeft')
    await eventually(() => page.getByRole('radio', { name: '5 min', exact: true }).isChecked()).toBe(true)
  })

  it('moves between fleets, each with an address of its own', async () => {
    await past()
    await runtime.tick('shop & more', { at: Date.now(), instances: [instance('shop-1')], cpu: 40 })
    await open({}, '/#shop%20%26%20more')
    await eventually(() => textOf(instances())).toContain('shop-1')
    expect(await textOf(now())).toContain('recommends only')
    await page.getByRole('navigation', { name: 'Fleets' }).getByRole('button', { name: 'web' }).click()
    await eventually(() => textOf(instances())).toContain('web-4')
    expect(new URL(page.url()).hash).toBe('#web')
    await page.goBack()
    await eventually(() => textOf(instances())).toContain('shop-1')
  })

  it('says that the connection is lost, and is live again when the daemon is back', async () => {
    foreseen = /^error: Failed to load resource: (net::ERR_|the server responded with a status of 503)/
    await past()
    await open()
    await eventually(() => page.getByRole('status').innerText()).toBe('live')
    const port = Number(new URL(url).port)
    await api.close()
    await eventually(() => page.getByRole('status').innerText()).toContain('connection lost')
    await runtime.tick('web', { at: Date.now(), instances: [instance('web-9')], cpu: 50 })
    await serve({ port })
    await eventually(() => page.getByRole('status').innerText()).toBe('live')
    await eventually(() => textOf(instances())).toContain('web-9')
  })

  it('asks for the token, says when it is another, keeps it for this tab', async () => {
    foreseen = /401 \(Unauthorized\)/
    await api.close()
    await serve({ token: 'open sesame' })
    await past()
    await open()
    await page.getByLabel(/Token/).fill('close sesame')
    await page.keyboard.press('Enter')
    await eventually(() => page.getByRole('alert').innerText()).toContain('not the token')
    await page.getByLabel(/Token/).fill('open sesame')
    await page.getByRole('button', { name: 'Open' }).click()
    await eventually(() => textOf(now())).toContain('between 4 and 12')
    expect(await page.getByRole('status').innerText()).toBe('live')
    await page.reload()
    await eventually(() => textOf(now())).toContain('between 4 and 12')
  })

  it('is honest before the first tick, and about a target that could not be asked', async () => {
    await open()
    await eventually(() => textOf(now())).toMatch(/\?\s*→\s*\?/)
    expect(await textOf(now())).toContain('no tick yet')
    expect(await textOf(why())).toContain('Nothing decided yet.')
    await runtime.tick('web', { at: Date.now(), instances: [], cpu: 50, blind: true })
    await eventually(() => textOf(why())).toContain('the target did not answer')
    expect(await textOf(now())).toMatch(/\?\s*→\s*\?/)
  })

  it.each([
    ['a desk', 1280, 900, 'light'],
    ['a desk at night', 1280, 900, 'dark'],
    ['a phone', 390, 844, 'light'],
    ['a phone at night', 390, 844, 'dark'],
  ] as const)('fits on %s, with text that stands out', async (_where, width, height, colorScheme) => {
    await past()
    await open({ viewport: { width, height }, colorScheme })
    await eventually(() => textOf(instances())).toContain('web-4')
    await fits(width, `${width}-${colorScheme}`)
  })

  async function fits(width: number, name: string): Promise<void> {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    const lowest = await page.evaluate(lowestContrast)
    expect(lowest.ratio, lowest.text).toBeGreaterThanOrEqual(4.5)
    const folder = process.env.PLIMSOLL_SCREENSHOTS
    if (folder !== undefined) {
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
    }
  }
})

/** In the browser: the text with the least contrast to what is behind it (WCAG's ratio; 4.5 is enough to read). */
function lowestContrast(): { ratio: number; text: string } {
  type Colour = [number, number, number, number]
  const parse = (text: string): Colour => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
    return [red, green, blue, alpha]
  }
  const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
    r * a + r2 * (1 - a),
    g * a + g2 * (1 - a),
    b * a + b2 * (1 - a),
    1,
  ]
  const behind = (element: Element | null): Colour => {
    if (element === null) return parse(getComputedStyle(document.documentElement).backgroundColor)
    const own = parse(getComputedStyle(element).backgroundColor)
    return own[3] === 1 ? own : over(own, behind(element.parentElement))
  }
  const light = ([r, g, b]: Colour) => {
    const [x = 0, y = 0, z = 0] = [r, g, b].map(part => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  let lowest = { ratio: 21, text: '' }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    const text = node.textContent?.trim() ?? ''
    if (element === null || text === '' || element.closest('svg, noscript, .arrow, .unseen') !== null)
      continue
    const back = behind(element)
    const front = light(over(parse(getComputedStyle(element).color), back))
    const [dark = 0, bright = 0] = [front, light(back)].sort((one, other) => one - other)
    const ratio = (bright + 0.05) / (dark + 0.05)
    if (ratio < lowest.ratio) lowest = { ratio, text }
  }
  return lowest
}
