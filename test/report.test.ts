/**
 * The report of a replay in a real browser, opened as a file: that it loads nothing, that its picture can be zoomed by whatever one
 * has at hand, and that a decision says why. Needs Chromium (`PLIMSOLL_CHROMIUM`, or /usr/bin/chromium).
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { partingsOf } from '../src/lab/parting.ts'
import { htmlReport } from '../src/lab/report/html.ts'
import { madeReport } from '../src/lab/report/report.fixture.ts'
import type { Report } from '../src/lab/report/report.ts'

const CHROMIUM = process.env.PLIMSOLL_CHROMIUM ?? '/usr/bin/chromium'
const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = existsSync(CHROMIUM)
const TITLE =
  FOUND || REQUIRED ? 'the report in Chromium' : `the report in Chromium (not found at ${CHROMIUM})`
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** A machine with other work draws later than within the second that is usual here. */
const eventually: typeof expect.poll = (read, options) => expect.poll(read, { timeout: 10_000, ...options })

describe.skipIf(!FOUND && !REQUIRED)(TITLE, () => {
  let browser: Browser
  let root: string
  let page: Page
  let problems: string[]
  let asked: string[]

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'plimsoll-report-'))
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await rm(root, { recursive: true })
  })
  beforeEach(() => {
    problems = []
    asked = []
  })
  afterEach(async () => {
    await page?.context().close()
    expect(problems).toEqual([])
    expect(asked.filter(url => !url.startsWith('file://'))).toEqual([])
    expect(asked.length).toBe(1)
  })

  /** Whatever the console says, breaches of the content security policy included, is a problem; and nothing but the file is asked for. */
  async function open(report: Report, options: BrowserContextOptions = {}): Promise<void> {
    const file = join(root, 'report.html')
    await writeFile(file, htmlReport(report))
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    page.on('console', message => problems.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => problems.push(`error: ${error.message}`))
    page.on('dialog', dialog => problems.push(`dialog: ${dialog.message()}`))
    page.on('request', request => asked.push(request.url()))
    await page.goto(pathToFileURL(file).href)
  }

  const stage = () => page.getByRole('application')
  const why = () => page.getByRole('region', { name: 'Why' })
  const label = () => stage().getAttribute('aria-label')
  const rows = () => page.locator('#decisions .made')

  async function box(): Promise<{ x: number; y: number; width: number; height: number }> {
    await eventually(label).toContain(' to ')
    const found = await stage().boundingBox()
    if (found === null) throw new Error('the picture is not there')
    return found
  }

  /** What the picture shows after something was done, which must be something else. */
  async function after(act: () => Promise<unknown>): Promise<string | null> {
    const before = await label()
    await act()
    await eventually(label).not.toBe(before)
    return label()
  }

  it('shows the picture, the scores, the decisions and how it was replayed', async () => {
    await open(madeReport())
    await box()
    for (const name of ['Scores', 'Decisions', 'What was replayed', 'What was needed, and what was there']) {
      expect(await page.getByRole('heading', { name, exact: true }).isVisible()).toBe(true)
    }
    expect(await page.locator('figure.still').isVisible()).toBe(false)
    expect(await rows().count()).toBe(20)
    expect(await label()).toBe('Instances needed and ready of web, 1 Jun 01:00 to 3 Jun 01:00')
  })

  it('looks at the stretch that is dragged, and at all of it after a double click', async () => {
    await open(madeReport())
    const { x, y, width } = await box()
    const all = await label()
    const zoomed = await after(async () => {
      await page.mouse.move(x + width * 0.4, y + 100)
      await page.mouse.down()
      await page.mouse.move(x + width * 0.45, y + 120, { steps: 3 })
      await page.mouse.move(x + width * 0.5, y + 120, { steps: 3 })
      await page.mouse.up()
    })
    expect(zoomed).toMatch(/1 Jun (18|19|20|21):\d\d to (1 Jun|2 Jun) \d\d:\d\d/)
    expect(await after(() => page.mouse.dblclick(x + width / 2, y + 10))).toBe(all)
  })

  it('zooms with the wheel around the pointer, and lets the page scroll where there is no more', async () => {
    await open(madeReport())
    const { x, y, width } = await box()
    await page.mouse.move(x + width / 2, y + 100)
    const all = await label()
    await after(() => page.mouse.wheel(0, -400))
    expect(await page.evaluate(() => scrollY)).toBe(0)
    await eventually(async () => {
      await page.mouse.wheel(0, 400)
      return page.evaluate(() => scrollY)
    }).toBeGreaterThan(0)
    expect(await label()).toBe(all)
  })

  it('answers keys and buttons', async () => {
    await open(madeReport())
    await box()
    const all = await label()
    await stage().focus()
    await after(() => page.keyboard.press('+'))
    await after(() => page.keyboard.press('+'))
    await after(() => page.keyboard.press('ArrowRight'))
    await after(() => page.keyboard.press('-'))
    expect(await after(() => page.keyboard.press('0'))).toBe(all)
    await after(() => page.getByRole('button', { name: 'Zoom in' }).click())
    await after(() => page.getByRole('button', { name: 'Later', exact: true }).first().click())
    expect(await after(() => page.getByRole('button', { name: 'Show all of it' }).click())).toBe(all)
  })

  it('says why a decision was made that is clicked in the list, and marks it in the picture', async () => {
    await open(madeReport())
    await box()
    const row = rows().nth(3)
    const said = (await row.locator('.said').textContent()) ?? 'nothing'
    await row.getByRole('button').click()
    await eventually(() => rows().nth(3).locator('.steps li').count()).toBe(4)
    expect(await rows().nth(3).locator('.steps li').allTextContents()).toEqual([
      'bounds 3..34 from "capacity" (rank 1)',
      expect.stringContaining('" holds: last(requests) = '),
      expect.stringContaining('" wants '),
      'cooldown: over (last change 10m ago, cooldown 5m)',
    ])
    expect(await why().textContent()).toContain(said)
    await why().getByRole('button', { name: 'The decision after' }).click()
    await eventually(() => rows().nth(4).locator('.steps').count()).toBe(1)
    await why().getByRole('button', { name: 'Close' }).click()
    await eventually(() => why().isVisible()).toBe(false)
  })

  it('says why a decision was made that is clicked in the picture', async () => {
    await open(madeReport())
    const { x, y, width } = await box()
    await page.mouse.click(x + width * 0.3, y + 120)
    await eventually(() => why().locator('.steps li').count()).toBe(4)
    const told = (await why().locator('.because').textContent()) ?? ''
    expect(told).toContain('" fired: ')
    await eventually(() => page.locator('#decisions [aria-expanded="true"] .said').textContent()).toBe(told)
  })

  it('keeps the place of who reads decisions by keyboard, and Escape closes what was opened', async () => {
    await open(madeReport())
    await box()
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    await rows().nth(3).getByRole('button').focus()
    await page.keyboard.press('Enter')
    await eventually(() => rows().nth(3).locator('.steps').count()).toBe(1)
    expect(await focused()).toBe(await rows().nth(3).getByRole('button').textContent())
    await page.keyboard.press('Escape')
    await eventually(() => why().isVisible()).toBe(false)
    expect(await focused()).toBe(await rows().nth(3).getByRole('button').textContent())
    await page.keyboard.press('Enter')
    await why().getByRole('button', { name: 'The decision after' }).focus()
    await page.keyboard.press('Enter')
    await eventually(() => rows().nth(4).locator('.steps').count()).toBe(1)
    await page.keyboard.press('Enter')
    await eventually(() => rows().nth(5).locator('.steps').count()).toBe(1)
    await page.keyboard.press('Escape')
    await eventually(() => why().isVisible()).toBe(false)
  })

  it('looks at a parting of two sets of rules that is clicked', async () => {
    const made = madeReport({ contenders: ['after', 'before'] })
    const [after_, before] = made.courses
    if (after_ === undefined || before === undefined) throw new Error('a report of two')
    const partings = partingsOf(before, after_, 10, 15 * 60_000)
    await open({ ...made, comparison: { changes: [{ text: 'web: max 4 -> 6' }], partings } })
    await box()
    expect(await page.getByRole('listitem').filter({ hasText: 'web: max 4 -> 6' }).isVisible()).toBe(true)
    const item = page.locator('.partings li').first()
    const said = (await item.getByRole('button').textContent()) ?? ''
    const shown = await after(() => item.getByRole('button').click())
    expect(said).toMatch(/^\d+ Jun \d\d:\d\d to /)
    const day = /^(\d+ Jun)/.exec(said)?.[1] ?? 'nothing'
    expect(shown).toContain(day)
    expect(shown).not.toContain('1 Jun 01:00 to 3 Jun 01:00')
  })

  it('says refused of sessions that were refused, in a picture of one', async () => {
    const made = madeReport({ contenders: ['rooms'] })
    const courses = made.courses.map(course => ({ ...course, refused: course.lost, lost: course.backlog }))
    await open({ ...made, courses })
    const { x, y, width } = await box()
    const readout = page.locator('.readout')
    const lost = courses[0]?.refused.findIndex(value => value > 0) ?? 0
    await page.mouse.move(x + 96 + ((width - 96 - 112) * (lost + 0.5)) / 2880, y + 100)
    await eventually(() => readout.textContent()).toMatch(/needed .*ready/)
    expect(await readout.textContent()).not.toContain('lost')
    await page.getByText('The picture as a table').click()
    await eventually(() => page.locator('.numbers th').allTextContents()).toContain('Most refused')
  })

  it('goes to a decision that is not in view', async () => {
    await open(madeReport())
    await box()
    await stage().focus()
    for (const _ of [1, 2, 3]) await after(() => page.keyboard.press('+'))
    expect(await label()).not.toContain('1 Jun 01:')
    await after(() => rows().nth(0).getByRole('button').click())
    expect(await label()).toMatch(/, 1 Jun 01:00 to /)
  })

  it('finds decisions by rule, direction, words and stretch', async () => {
    await open(madeReport())
    await box()
    const status = page.locator('#decisions').getByRole('status')
    const shown = () => page.locator('#decisions').getByRole('combobox').nth(1)
    await eventually(() => status.textContent()).toMatch(/^1 to 20 of \d+$/)
    const all = Number(/\d+$/.exec((await status.textContent()) ?? '')?.[0])
    await page.getByLabel('Rule').selectOption('Let go')
    await eventually(() => rows().first().locator('.said').textContent()).toContain('"Let go" fired')
    await shown().selectOption('out')
    await eventually(() => status.textContent()).toBe('no such decision')
    await shown().selectOption('changes')
    await page.getByLabel('Rule').selectOption('')
    await page.getByRole('searchbox').fill('against 3)')
    await eventually(() => rows().first().locator('.said').textContent()).toContain('against 3)')
    await page.getByRole('searchbox').fill('')
    await stage().focus()
    await after(() => page.keyboard.press('+'))
    await page.getByLabel('only what the picture shows').check()
    await eventually(async () => Number(/\d+$/.exec((await status.textContent()) ?? '')?.[0])).toBeLessThan(
      all,
    )
  })

  it('puts another contender in front, and takes lines away', async () => {
    await open(madeReport())
    await box()
    await after(() => page.getByLabel('In front').selectOption('hpa'))
    expect(await label()).toContain('ready of hpa')
    await eventually(() => rows().nth(2).locator('.said').textContent()).toContain('wants')
    await rows().nth(2).getByRole('button').click()
    await eventually(() => rows().nth(2).textContent()).toContain('does not record its steps')
    const web = page.getByRole('button', { name: 'web', exact: true })
    expect(await web.getAttribute('aria-pressed')).toBe('true')
    await web.click()
    await eventually(() => web.getAttribute('aria-pressed')).toBe('false')
  })

  it('has the picture as a table, of what is looked at', async () => {
    await open(madeReport())
    await box()
    await page.getByText('The picture as a table').click()
    const cells = page.locator('.numbers tbody tr')
    await eventually(() => cells.count()).toBe(24)
    expect(await cells.first().textContent()).toContain('1 Jun 01:00')
  })

  it('zooms with two fingers and moves with one', async () => {
    await open(madeReport(), PHONE)
    const { x, y, width } = await box()
    const session = await page.context().newCDPSession(page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...places: readonly number[]) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: places.map((share, id) => ({ x: x + width * share, y: y + 80, id })),
      })
    await after(async () => {
      await touch('touchStart', 0.45, 0.55)
      await touch('touchMove', 0.3, 0.7)
      await touch('touchMove', 0.2, 0.8)
      await touch('touchEnd')
    })
    await after(async () => {
      await touch('touchStart', 0.7)
      await touch('touchMove', 0.5)
      await touch('touchMove', 0.4)
      await touch('touchEnd')
    })
  })

  it.each([
    ['a desk by day', {}],
    ['a desk by night', { colorScheme: 'dark' as const }],
    ['a phone by day', PHONE],
    ['a phone by night', { ...PHONE, colorScheme: 'dark' as const }],
  ])('can be read on %s', async (_where, options) => {
    const contenders = ['web', 'hpa', 'aws', 'azure', 'nomad', 'react', 'hist', 'reg', 'adapt', 'oracle']
    await open(madeReport({ contenders }), options)
    await box()
    const { wide, seen, pale } = await page.evaluate(() => {
      const light = (colour: string): number => {
        const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number).map(value => {
          const share = value / 255
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const behind = (element: Element | null): string => {
        for (let at = element; at !== null; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor
          if (colour.startsWith('rgb(')) return colour
        }
        return 'rgb(255, 255, 255)'
      }
      const ratio = (element: Element): number => {
        const [low = 0, high = 0] = [light(getComputedStyle(element).color), light(behind(element))].sort(
          (a, b) => a - b,
        )
        return (high + 0.05) / (low + 0.05)
      }
      const said = [...document.querySelectorAll('h1, h2, p, dt, dd, td, th, li span, label, button:enabled')]
        .filter(element => element.checkVisibility() && element.textContent?.trim() !== '')
        .map(element => ({ said: element.textContent?.slice(0, 30), ratio: ratio(element) }))
      return {
        wide: document.documentElement.scrollWidth,
        seen: said.length,
        pale: said.filter(({ ratio }) => ratio < 4.5),
      }
    })
    // A phone that finds more beside the page shows all of it smaller, and says it were that wide.
    expect(wide).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0)
    expect(pale).toEqual([])
    expect(seen).toBeGreaterThan(50)
  })

  it('is drawn: the demand, the line and the losses have their colours on the canvas', async () => {
    await open(madeReport())
    await box()
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector('canvas')
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      const counts = new Map<string, number>()
      for (let at = 0; at < pixels.length; at += 4) {
        const key = `${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return { own: counts.get('11,79,138') ?? 0, lost: counts.get('192,47,40') ?? 0, kinds: counts.size }
    })
    expect(colours.own).toBeGreaterThan(300)
    expect(colours.lost).toBeGreaterThan(5)
  })

  it('is harmless whatever it is called', async () => {
    const name = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'
    await open(madeReport({ contenders: [name, 'hpa'], title: name }))
    await box()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(name)
    expect(await page.locator('img').count()).toBe(0)
    await rows().nth(0).getByRole('button').click()
  })

  it('is whole without scripts', async () => {
    await open(madeReport(), { javaScriptEnabled: false })
    expect(await page.locator('figure.still svg').isVisible()).toBe(true)
    expect(await page.locator('.decisions table tbody tr').count()).toBe(100)
    expect(await page.getByRole('cell', { name: '(best)' }).first().isVisible()).toBe(true)
  })

  it('prints the still picture, the scores and decisions', async () => {
    await open(madeReport())
    await box()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('figure.still').isVisible()).toBe(true)
    expect(await stage().isVisible()).toBe(false)
    expect(await page.locator('.decisions table').isVisible()).toBe(true)
  })
})
