/**
 * How wrong are forecasts of recorded demand, and what does one more minute of it cost? Every load file (`timestamp,value`) of a folder
 * is told bin by bin to `createDemandForecast`, with one configuration for all; what it said is scored when its moment has come, so
 * nothing looks ahead. `errorRatio` is the mean absolute error of the combination as a share of the last value's, over all bins
 * from the first that it forecast, those without any history included. 1 is "as now".
 *
 * Example: `npm run bench -- forecast --json [--traces DIR]` ends with
 * `{"rows":[{"trace":"nasa_http_1995_07","horizonMinutes":15,"errorRatio":0.778},...],"msPerUpdate":0.007}`. Without `--traces` it takes
 * ../shared/traces beside the checkout, and says so where that is absent. An update is: learn one bin, forecast, quantile.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { binOf } from '../src/forecast/binning.ts'
import { createDemandForecast, type Standing } from '../src/forecast/demand-forecast.ts'

const DEFAULT_TRACES = resolve(import.meta.dirname, '../../shared/traces')
const HORIZONS_MINUTES = [15, 60]
const QUANTILE = 0.95
const MINUTE_MS = 60_000
/** Utilisation that a scaling group made itself, and of a database: not demand. */
const NOT_DEMAND = ['nab_asg_cpu', 'nab_rds_']
/** Fewer than so many forecasts that came true say nothing. */
const LEAST_SCORED = 30

interface Load {
  readonly trace: string
  readonly stepMs: number
  readonly startAt: number
  readonly values: readonly number[]
}

interface Row {
  readonly trace: string
  readonly horizonMinutes: number
  readonly errorRatio: number
}

interface Scored extends Row {
  /** Share of the bins from the first outlook on that were at most `atMost`. */
  readonly coverage: number
  /** Share of the outlooks that were switched off. */
  readonly offShare: number
  /** Of each forecaster, against the last value on the bins that it forecast; `null`: never did. */
  readonly byForecaster: Readonly<Record<string, number | null>>
}

export async function run(args: readonly string[]): Promise<{ table: string; result: object }> {
  const given = args.indexOf('--traces')
  const folder = given < 0 ? DEFAULT_TRACES : resolve(args[given + 1] ?? '.')
  if (!existsSync(folder)) {
    const msPerUpdate = timeUpdates(inventedDay())
    return {
      table: `There are no traces: the folder ${folder} is absent.`,
      result: { rows: [], msPerUpdate },
    }
  }
  const loads = loadsOf(folder)
  const scored = loads.flatMap(load => HORIZONS_MINUTES.flatMap(minutes => score(load, minutes) ?? []))
  const longest = loads.reduce((a, b) => (a.values.length >= b.values.length ? a : b), inventedDay())
  const msPerUpdate = timeUpdates(longest)
  const rows = scored.map(({ trace, horizonMinutes, errorRatio }): Row => {
    return { trace, horizonMinutes, errorRatio }
  })
  const missing = loads.flatMap(load =>
    HORIZONS_MINUTES.filter(m => !rows.some(r => r.trace === load.trace && r.horizonMinutes === m)).map(
      minutes => `${load.trace} is too short to be scored at ${minutes} min.`,
    ),
  )
  const cost = `An update takes ${(msPerUpdate * 1_000).toFixed(1)} us (${longest.trace}, learn and forecast).`
  return { table: [tableOf(scored), ...missing, cost].join('\n'), result: { rows, msPerUpdate } }
}

function loadsOf(folder: string): readonly Load[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.csv') && !NOT_DEMAND.some(name => file.startsWith(name)))
    .sort()
    .flatMap(file => {
      const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
      return lines[0]?.trim() === 'timestamp,value' ? [binned(basename(file, '.csv'), lines.slice(1))] : []
    })
}

/** Means over bins of at least a minute; gaps stay gaps. */
function binned(trace: string, lines: readonly string[]): Load {
  const rows = lines.map(line => {
    const [time = '', value = ''] = line.split(',')
    return { at: Date.parse(time), value: Number(value) }
  })
  const startAt = rows[0]?.at ?? 0
  const stepMs = binOf((rows[1]?.at ?? MINUTE_MS) - startAt)
  const sums: number[] = []
  const counts: number[] = []
  for (const { at, value } of rows) {
    const bin = Math.floor((at - startAt) / stepMs)
    sums[bin] = (sums[bin] ?? 0) + value
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { trace, stepMs, startAt, values: Array.from(sums, (sum = 0, bin) => sum / (counts[bin] ?? 0)) }
}

interface Said {
  readonly standings: readonly Standing[]
  /** `null`: no outlook yet. */
  readonly atMost: number | null
  readonly isOff: boolean
}

function score(load: Load, horizonMinutes: number): Scored | null {
  const horizonBins = Math.max(1, Math.ceil((horizonMinutes * MINUTE_MS) / load.stepMs))
  const forecast = createDemandForecast({
    stepMs: load.stepMs,
    horizonMs: horizonMinutes * MINUTE_MS,
    quantile: QUANTILE,
  })
  const tally = new Tally()
  const waiting: Said[] = []
  load.values.forEach((value, bin) => {
    // Even bins of the epoch, as the forecast makes them itself.
    const at = (Math.floor(load.startAt / load.stepMs) + bin) * load.stepMs
    forecast.learn(at, value)
    const due = waiting[bin - horizonBins]
    if (due !== undefined) tally.add(due, value)
    const outlook = forecast.outlook(at)
    waiting.push({
      standings: forecast.standings(),
      atMost: outlook.kind === 'forecast' ? outlook.atMost : null,
      isOff: outlook.kind === 'forecast' && outlook.state === 'off',
    })
    // What has been scored is let go.
    if (bin >= horizonBins) delete waiting[bin - horizonBins]
  })
  return tally.result(load.trace, horizonMinutes)
}

class Tally {
  readonly #own = new Map<string, number>()
  readonly #last = new Map<string, number>()
  #scored = 0
  #outlooks = 0
  #covered = 0
  #off = 0

  add({ standings, atMost, isOff }: Said, value: number): void {
    const last = standings[0]?.forecast
    if (Number.isNaN(value) || last === null || last === undefined) return
    this.#scored += 1
    for (const { name, forecast } of standings) {
      if (forecast === null) continue
      this.#own.set(name, (this.#own.get(name) ?? 0) + Math.abs(value - forecast))
      this.#last.set(name, (this.#last.get(name) ?? 0) + Math.abs(value - last))
    }
    if (atMost === null) return
    this.#outlooks += 1
    if (value <= atMost) this.#covered += 1
    if (isOff) this.#off += 1
  }

  result(trace: string, horizonMinutes: number): Scored | null {
    const errorRatio = this.#ratio('combination')
    if (this.#scored < LEAST_SCORED || errorRatio === null) return null
    const names = [...this.#own.keys()].filter(name => name !== 'combination')
    return {
      trace,
      horizonMinutes,
      errorRatio,
      coverage: this.#covered / this.#outlooks,
      offShare: this.#off / this.#outlooks,
      byForecaster: Object.fromEntries(names.map(name => [name, this.#ratio(name)])),
    }
  }

  #ratio(name: string): number | null {
    const own = this.#own.get(name)
    const last = this.#last.get(name)
    return own === undefined || last === undefined || last === 0 ? null : Number((own / last).toFixed(3))
  }
}

/** Milliseconds for one bin: learnt, and an outlook asked for. */
function timeUpdates({ stepMs, values }: Load): number {
  const forecast = createDemandForecast({ stepMs, horizonMs: 15 * MINUTE_MS, quantile: QUANTILE })
  let outlooks = 0
  const started = performance.now()
  values.forEach((value, bin) => {
    forecast.learn(bin * stepMs, value)
    if (forecast.outlook(bin * stepMs).kind === 'forecast') outlooks += 1
  })
  const ms = performance.now() - started
  if (outlooks === 0) throw new Error('no outlook was given, so nothing was measured')
  return Number((ms / values.length).toFixed(5))
}

/** For the time it takes, where there are no traces: two weeks of a daily wave. */
function inventedDay(): Load {
  const values = Array.from({ length: 20_160 }, (_, minute) => {
    return 100 + 50 * Math.sin((minute / 1_440) * 2 * Math.PI) + ((minute * 7_919) % 31)
  })
  return { trace: 'an invented fortnight', stepMs: MINUTE_MS, startAt: 0, values }
}

function tableOf(scored: readonly Scored[]): string {
  const names = [...new Set(scored.flatMap(({ byForecaster }) => Object.keys(byForecaster)))]
  const heads = ['trace', 'min', 'combined', 'covered', 'off', ...names]
  const rows = scored.map(row => [
    row.trace,
    String(row.horizonMinutes),
    row.errorRatio.toFixed(3),
    Number.isNaN(row.coverage) ? '-' : `${(row.coverage * 100).toFixed(1)}%`,
    Number.isNaN(row.offShare) ? '-' : `${Math.round(row.offShare * 100)}%`,
    ...names.map(name => row.byForecaster[name]?.toFixed(2) ?? '-'),
  ])
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...rows.map(row => row[index]?.length ?? 0)),
  )
  return [heads, ...rows]
    .map(row =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  '),
    )
    .join('\n')
}
