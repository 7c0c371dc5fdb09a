/**
 * The baselines against an independent simulator of the standard setting, on its own traces. Where the folder of traces is
 * absent there is nothing to compare with, and the tests say so.
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Course } from '../course.ts'
import { oracleInstanceBins, oracleWithoutKeepingBins } from '../oracle.ts'
import { elasticSpeedup, type Scores, scoresOf } from '../scores.ts'
import { bootBinsOf, STANDARD_BOOT_MS, StandardCourse, standardPerInstance } from '../standard-setting.ts'
import type { Baseline } from './baseline.ts'
import { hpa } from './hpa.ts'
import { staticPeak } from './static.ts'

const FOLDER = resolve(import.meta.dirname, '../../../../shared/traces')
const SCORES = resolve(FOLDER, 'reference_scores.csv')
const absent = existsSync(SCORES) ? '' : ' (skipped: ../shared/traces is absent)'

/** The published figures have three decimals. */
const ROUNDING = 0.0006
const AGREEMENT = 0.05

type Row = Readonly<Record<string, number>>

/** By trace, then by the name there. */
function published(): Map<string, Map<string, Row>> {
  if (absent !== '') return new Map()
  const [head = '', ...lines] = readFileSync(SCORES, 'utf8').trim().split('\n')
  const columns = head.split(',').slice(2)
  const all = new Map<string, Map<string, Row>>()
  for (const line of lines) {
    const [, trace = '', name = '', figures = ''] = /^([^,]*),("[^"]*"|[^,]*),(.*)$/.exec(line) ?? []
    const values = figures.split(',').map(value => (value === '' ? Number.NaN : Number(value)))
    const row = Object.fromEntries(columns.map((column, index) => [column, values[index] ?? Number.NaN]))
    const ofTrace = all.get(trace) ?? new Map<string, Row>()
    all.set(trace, ofTrace.set(name.replaceAll('"', ''), row))
  }
  return all
}

function played(trace: string): {
  readonly course: StandardCourse
  play(baseline: Baseline, knob: number): Course
} {
  const rows = readFileSync(resolve(FOLDER, `${trace}.csv`), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  const load = Float64Array.from(rows, row => Number(row.split(',')[1]))
  const at = (index: number): number => Date.parse(rows[index]?.split(',')[0] ?? '')
  const setting = { perInstance: standardPerInstance(load), stepMs: at(1) - at(0), bootMs: STANDARD_BOOT_MS }
  const course = new StandardCourse(load, setting)
  const known = { ...setting, leadBins: bootBinsOf(setting), startAt: at(0), load }
  return {
    course,
    play(baseline, knob) {
      course.run(baseline.create(knob, known), baseline.initial?.(knob, known))
      return course.course(baseline.name, at(0))
    },
  }
}

function scored(
  trace: string,
  baseline: Baseline,
  knob: number,
): { readonly scores: Scores; readonly speedup: number } {
  const { course, play } = played(trace)
  const setting = { ...course.setting, pricePerHour: null }
  const base = scoresOf(play(staticPeak, 0.95), setting)
  const scores = scoresOf(play(baseline, knob), setting)
  return { scores, speedup: elasticSpeedup(scores, base) }
}

describe.skipIf(absent !== '')(`published scores in the standard setting${absent}`, () => {
  const reference = published()
  // Without traces the tests still stand there, by name.
  const traces = absent === '' ? [...reference.keys()] : ['any trace']

  it.each(traces)('agree in every figure for static fleets on %s', trace => {
    for (const [name, quantile] of [
      ['static max', 1],
      ['static p95', 0.95],
    ] as const) {
      const row = reference.get(trace)?.get(name) ?? {}
      const { scores, speedup } = scored(trace, staticPeak, quantile)
      const ours: Row = {
        thU: scores.thetaUPercent,
        thO: scores.thetaOPercent,
        tauU: scores.tauUPercent,
        tauO: scores.tauOPercent,
        ups: scores.upsilonPercent,
        sigma: scores.sigmaPercent,
        overT: scores.timeShortPercent,
        lost: scores.lostPercent,
        cost: scores.costVsNeededRatio,
        acts_day: scores.actionsPerDay,
        eta_vs_p95: speedup,
      }
      expect(Object.keys(row)).toEqual(Object.keys(ours))
      for (const [figure, value] of Object.entries(ours)) {
        expect(Math.abs(value - (row[figure] ?? Number.NaN)), `${name}: ${figure}`).toBeLessThan(ROUNDING)
      }
    }
  })

  it.each(traces)('agree for the oracle, with and without keeping, on %s', trace => {
    const { course } = played(trace)
    const needed = course.needed.reduce((sum, count) => sum + count, 0)
    const bootBins = bootBinsOf(course.setting)
    const costOf = (name: string): number => reference.get(trace)?.get(name)?.cost ?? Number.NaN
    const exact = oracleInstanceBins(course.needed, bootBins) / needed
    const anew = oracleWithoutKeepingBins(course.needed, bootBins) / needed
    expect(Math.abs(exact - costOf('oracle, exact minimum'))).toBeLessThan(ROUNDING)
    expect(Math.abs(anew - costOf('oracle, no keep-alive'))).toBeLessThan(ROUNDING)
  })

  it.each(traces)('agree within 5 % on cost and loss for HPA at 80 % on %s', trace => {
    const row = reference.get(trace)?.get('HPA 80%') ?? {}
    const { scores } = scored(trace, hpa, 0.8)
    const within = (ours: number, theirs = Number.NaN): boolean =>
      Math.abs(ours - theirs) <= AGREEMENT * theirs + ROUNDING
    expect([scores.costVsNeededRatio, row.cost, within(scores.costVsNeededRatio, row.cost)]).toContain(true)
    expect([scores.lostPercent, row.lost, within(scores.lostPercent, row.lost)]).toContain(true)
  })
})
