/**
 * A month of made-up load through one fleet and its baselines: whatever a report is read as, it says the same, and needs nothing
 * but itself.
 */
import { describe, expect, it } from 'vitest'
import { loadOf, MIDNIGHT } from '../../test/builders/load.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Spec } from '../model/spec.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { backtest } from './backtest.ts'
import { baselineNamed } from './baselines/registry.ts'
import { readRun } from './recorded-run.ts'
import { backtestReport } from './report/backtest-report.ts'
import { htmlReport } from './report/html.ts'
import { jsonReport } from './report/json.ts'
import { scoreTexts } from './report/score-text.ts'
import { textReport } from './report/text.ts'
import type { LoadTrace } from './trace.ts'

const STEP_MS = 300_000
const calendar = { window: () => null, windows: () => [], offsetOf: () => () => 0, timeZoneDatabase: 'none' }

const fleet = fleetSpec({
  min: 2,
  max: 30,
  metrics: { cpu: { kind: 'perInstance', unit: 'percent' } },
  rules: [
    { name: 'Up', when: 'avg(cpu, 5m) > 75%', by: 1 },
    { name: 'Down', when: 'avg(cpu, 10m) < 45%', by: -1 },
  ],
  guards: { cooldownOutMs: 300_000, cooldownInMs: 600_000 },
})
const spec: Spec = {
  digest: 'made up',
  fleets: { [fleet.name]: fleet },
  metrics: {},
  schedules: {},
  notifiers: {},
  actions: {},
}

function month(): LoadTrace {
  const load = Float64Array.from(loadOf({ hours: 30 * 24, everyMinutes: 5 }))
  return {
    kind: 'load',
    name: 'month',
    startAt: MIDNIGHT,
    stepMs: STEP_MS,
    length: load.length,
    columns: { load },
    repairs: [],
  }
}

function played(trace: LoadTrace) {
  const against = ['hpa', 'oracle'].flatMap(name => {
    const baseline = baselineNamed(name)
    return baseline === null ? [] : [{ baseline, knob: baseline.knob.usual }]
  })
  return backtest({
    spec,
    fleet: fleet.name,
    trace,
    feeds: { loadColumn: null, instancesColumn: null, sources: {} },
    model: { perInstance: 60 },
    against,
    calendar,
    seed: 1,
  })
}

const trace = month()
const report = backtestReport(played(trace), trace, { timeZone: 'UTC', pricePerHour: 0.1 })

describe('the report of thirty days', () => {
  const page = htmlReport(report)

  it('loads nothing from anywhere', () => {
    const withoutData = page.replace(/<script type="application\/octet-stream"[\s\S]*?<\/script>/, '')
    expect(withoutData).not.toMatch(/\b(?:src|href|action|poster|data)\s*=\s*["']?(?!#)/i)
    expect(withoutData).not.toMatch(/@import|url\(\s*["']?(?!#)/i)
    expect(withoutData).not.toMatch(
      /\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|importScripts|sendBeacon)\b/,
    )
    expect(/Content-Security-Policy" content="default-src (\S+); /.exec(page)?.[1]).toBe('&#39;none&#39;')
    expect(page.length).toBeLessThan(2_000_000)
  })

  it('says the same in the terminal, on the page and as JSON', () => {
    const text = textReport(report, { width: 200 })
    const json = jsonReport(report)
    expect(report.table.length).toBeGreaterThan(15)
    for (const row of report.table) {
      const texts = scoreTexts(row)
      const line = text.split('\n').find(one => new RegExp(`^${escaped(row.label)}(: | {2})`).test(one))
      const numbers = line?.match(/[<*]?\d[\d.]*(?=\s|$)/g)?.map(number => number.replace('*', ''))
      expect(numbers?.slice(-texts.length)).toEqual(row.isAside === true ? texts.slice(0, 1) : texts)
      const cells = rowOnPage(page, row.label)
      expect(cells).toEqual(texts)
      report.contenders.forEach(({ name }, column) => {
        expect(json.scores[row.key]?.values[name]).toBe(row.values[column])
      })
    }
  })

  it('scores what the courses hold', () => {
    const [own] = report.courses
    if (own === undefined) throw new Error('there is no course')
    const hours = own.paid.reduce((sum, count) => sum + count, 0) * (STEP_MS / 3_600_000)
    const { scores } = jsonReport(report)
    expect(scores.instanceHours?.values.web).toBeCloseTo(hours, 6)
    expect(scores.price?.values.web).toBeCloseTo(0.1 * hours, 6)
    expect(scores.actions?.values.web).toBe(own.decisions.filter(({ from, to }) => from !== to).length)
    const sum = (line: Float64Array) => line.reduce((total, value) => total + value, 0)
    expect(sum(own.served) + sum(own.lost)).toBeCloseTo(sum(own.load), 4)
    expect(scores.lostPercent?.values.web).toBeCloseTo((100 * sum(own.lost)) / sum(own.load), 9)
  })
})

function escaped(label: string): string {
  return label.replaceAll(/[()]/g, '\\$&')
}

/** The texts of a row's cells, in the order of the columns. */
function rowOnPage(page: string, label: string): string[] {
  const rows = [...page.matchAll(/<tr><th scope="row"[^>]*>([^<]*) <span[\s\S]*?<\/th>([\s\S]*?)<\/tr>/g)]
  const found = rows.find(([, name]) => name === label.replaceAll('<', '&lt;'))
  const cells = [...(found?.[2] ?? '').matchAll(/<td[^>]*>([^<]*)/g)]
  return cells.map(([, text = '']) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>'))
}

describe('what cannot be played', () => {
  it('is a fleet that is not there', () => {
    const asked = () =>
      backtest({
        spec,
        fleet: 'api',
        trace,
        feeds: { loadColumn: null, instancesColumn: null, sources: {} },
        model: { perInstance: 60 },
        against: [],
        calendar,
        seed: 1,
      })
    expect(asked).toThrow(expect.objectContaining({ code: 'PLM-724' }))
  })

  it('is a journal of another time', async () => {
    const asked = readRun(createMemoryStore(), 'web', ['cpu'], { from: 0, to: 1 })
    await expect(asked).rejects.toMatchObject({ code: 'PLM-726' })
  })
})
