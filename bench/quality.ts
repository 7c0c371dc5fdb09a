/**
 * How well does each autoscaler trade cost for loss? Every contender's knob is swept over every load file of a folder in the
 * standard setting of src/lab/standard-setting.ts, and the cost compared at the same loss:
 * `npm run bench -- quality --traces DIR [--policies a,b] [--not-demand a,b] [--first-half] [--json]`.
 * With `--first-half` no row behind the middle of a file is played: constants are chosen by that alone.
 *
 * Summary: cost on the frontier of the points tried, linear between two of them (src/lab/frontier.ts), at 0.1, 0.5, 1 and 2 % loss;
 * `null` where no setting loses so little. `summary` is over all bins, `summarySecondHalf` over the second half of them.
 *
 * Example row of the table: hpa, at 0.5 % the median cost over all traces is 2.1 times what is needed.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { costAt } from '../src/lab/frontier.ts'
import type { BenchmarkReport } from './bench.ts'
import { contendersNamed } from './quality/contenders.ts'
import { loadFilesIn } from './quality/load-file.ts'
import type { Half, QualityRow } from './quality/sweep.ts'
import type { SweepAnswer, SweepTask } from './quality/worker.ts'

const LOSSES_PERCENT = [0.1, 0.5, 1, 2]
/** Utilizations of fleets that were scaled while they were recorded: no demand, as the traces' own description has it. */
const NOT_DEMAND = 'nab_asg_cpu,nab_rds_*'
const WORKER = new URL('./quality/worker.ts', import.meta.url)

interface SummaryRow {
  readonly trace: string
  readonly lossPercent: number
  readonly policy: string
  readonly costRatio: number | null
  /** `null` where either is out of reach. */
  readonly ratioToHpa: number | null
}

export async function run(args: readonly string[]): Promise<BenchmarkReport> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      traces: { type: 'string' },
      policies: { type: 'string' },
      'not-demand': { type: 'string', default: NOT_DEMAND },
      'first-half': { type: 'boolean', default: false },
    },
  })
  if (values.traces === undefined)
    throw new Error('Which traces? --traces DIR names the folder of load files.')
  const paths = loadFilesIn(values.traces, listOf(values['not-demand']))
  if (paths.length === 0)
    throw new Error(`No load file in ${values.traces}: none begins with "timestamp,value".`)
  const names = values.policies === undefined ? null : listOf(values.policies)
  const policies = contendersNamed(names).map(({ name }) => name)
  const tasks = paths.flatMap(path =>
    policies.map(policy => ({ path, policy, firstHalf: values['first-half'] })),
  )
  const rows = await sweepAll(tasks)
  const summary = summarize(rows, policies, 'all')
  const summarySecondHalf = summarize(rows, policies, 'second')
  const table = [
    `${paths.length} traces, ${policies.length} contenders, ${rows.length / 2} runs`,
    '',
    ...tableOf('All bins', summary, policies),
    '',
    ...tableOf('Second half', summarySecondHalf, policies),
  ].join('\n')
  return { table, result: { rows, summary, summarySecondHalf } }
}

function listOf(words: string): readonly string[] {
  return words.split(',').filter(word => word !== '')
}

/** On all cores; rows in the order of the tasks. The first failure ends all. */
async function sweepAll(tasks: readonly SweepTask[]): Promise<readonly QualityRow[]> {
  const answers: (readonly QualityRow[])[] = tasks.map(() => [])
  const left = tasks.entries()
  const count = Math.min(tasks.length, availableParallelism())
  const workers = Array.from({ length: count }, () => new Worker(WORKER))
  try {
    await Promise.all(workers.map(worker => work(worker, left, answers)))
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  return answers.flat()
}

/** One worker, for as long as there are tasks. */
function work(
  worker: Worker,
  left: IterableIterator<[number, SweepTask]>,
  answers: (readonly QualityRow[])[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let current = -1
    const goOn = (): void => {
      const { value, done } = left.next()
      if (done === true) {
        resolve()
        return
      }
      current = value[0]
      worker.postMessage(value[1])
    }
    worker.on('message', ({ rows }: SweepAnswer) => {
      answers[current] = rows
      goOn()
    })
    worker.on('error', reject)
    goOn()
  })
}

function summarize(rows: readonly QualityRow[], policies: readonly string[], half: Half): SummaryRow[] {
  const ofHalf = rows.filter(row => row.half === half)
  const traces = [...new Set(ofHalf.map(({ trace }) => trace))]
  return traces.flatMap(trace => {
    const ofTrace = ofHalf.filter(row => row.trace === trace)
    const costOf = (policy: string, loss: number): number | null =>
      costAt(
        ofTrace.filter(row => row.policy === policy),
        loss,
      )
    return LOSSES_PERCENT.flatMap(lossPercent => {
      const hpa = costOf('hpa', lossPercent)
      return policies.map((policy): SummaryRow => {
        const costRatio = costOf(policy, lossPercent)
        const ratioToHpa = costRatio === null || hpa === null ? null : costRatio / hpa
        return { trace, lossPercent, policy, costRatio, ratioToHpa }
      })
    })
  })
}

/** Per contender and loss: median cost, median of its cost in HPA's, the worst of that, and on how many traces it gets there. */
function tableOf(title: string, summary: readonly SummaryRow[], policies: readonly string[]): string[] {
  const traces = new Set(summary.map(({ trace }) => trace)).size
  const head = [
    title,
    ...LOSSES_PERCENT.flatMap(loss => [`${loss} %: cost`, 'of HPA', 'worst', `of ${traces}`]),
  ]
  const lines = policies.map(policy => [
    policy,
    ...LOSSES_PERCENT.flatMap(loss => {
      const ofLoss = summary.filter(row => row.policy === policy && row.lossPercent === loss)
      const costs = ofLoss.flatMap(({ costRatio }) => (costRatio === null ? [] : [costRatio]))
      const ratios = ofLoss.flatMap(({ ratioToHpa }) => (ratioToHpa === null ? [] : [ratioToHpa]))
      return [
        numberText(medianOf(costs)),
        numberText(medianOf(ratios)),
        numberText(Math.max(...ratios)),
        `${costs.length}`,
      ]
    }),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map(line => line[column]?.length ?? 0)))
  return [head, ...lines].map(line =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length / 2
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? high) + high) / 2 : high
}

function numberText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '-'
}
