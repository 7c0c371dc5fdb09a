/**
 * The fault simulator: `npm run simulate -- --seeds 300 [--seed 1] [--planted NAME] [--cloud NAME] [--show]
 * [--json]`. Seeds are divided among all
 * cores; each is run twice, and the two logs are compared. A seed that fails prints what went wrong, its faults, and the
 * command that shows it again.
 *
 * Example: `npm run simulate -- --seeds 300 --json` ends with
 * `{"seeds":300,"ticks":49000,"faults":{"pause":310,...},"violations":0}`.
 * Exit codes: 0 no violation, 1 violations, 2 an option is wrong.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { PLANTED, type PlantedName } from '../../src/lab/simulation/planted-faults.ts'
import type { Simulated } from '../../src/lab/simulation/simulation.ts'
import { CLOUDS, type CloudName, runOnce, type Story } from './run-seed.ts'

interface Asked {
  readonly seeds: number
  readonly seed: number
  readonly planted: PlantedName | null
  readonly cloud: CloudName
  readonly show: boolean
  readonly json: boolean
}

interface Sum {
  seeds: number
  ticks: number
  sessions: number
  launched: number
  terminated: number
  violations: number
  readonly faults: Record<string, number>
}

/** After so many failed seeds nothing new is learnt. */
const MOST_FAILED = 10

async function main(): Promise<number> {
  const asked = read(process.argv.slice(2))
  if (typeof asked === 'string') {
    process.stderr.write(`${asked}\n`)
    return 2
  }
  if (asked.show) {
    const { log } = await runOnce(asked)
    process.stdout.write(`${log.join('\n')}\n`)
  }
  const sum = await runAll(asked)
  const { seeds, ticks, faults, violations, ...more } = sum
  if (asked.json) process.stdout.write(`${JSON.stringify({ ...more, seeds, ticks, faults, violations })}\n`)
  else process.stdout.write(told(sum))
  return violations === 0 ? 0 : 1
}

function read(args: readonly string[]): Asked | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '100' },
        seed: { type: 'string', default: '1' },
        planted: { type: 'string' },
        cloud: { type: 'string', default: 'plain' },
        show: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const [seeds, seed] = [Number(values.seeds), Number(values.seed)]
    if (!Number.isInteger(seeds) || seeds < 1)
      return `--seeds must be a whole number from 1, not ${values.seeds}`
    if (!Number.isInteger(seed) || seed < 0) return `--seed must be a whole number from 0, not ${values.seed}`
    const planted = values.planted ?? null
    if (planted !== null && !isPlanted(planted)) {
      return `there is no planted fault "${planted}"; there are ${Object.keys(PLANTED).join(', ')}`
    }
    const cloud = CLOUDS.find(name => name === values.cloud)
    if (cloud === undefined) return `there is no cloud "${values.cloud}"; there are ${CLOUDS.join(', ')}`
    return { seeds: values.show ? 1 : seeds, seed, planted, cloud, show: values.show, json: values.json }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\noptions: --seeds N --seed S --planted NAME --cloud NAME --show --json`
  }
}

function isPlanted(name: string): name is PlantedName {
  return Object.hasOwn(PLANTED, name)
}

async function runAll(asked: Asked): Promise<Sum> {
  const sum: Sum = { seeds: 0, ticks: 0, sessions: 0, launched: 0, terminated: 0, violations: 0, faults: {} }
  let next = asked.seed
  let failed = 0
  const take = (simulated: Simulated): void => {
    add(sum, simulated)
    if (simulated.violations.length > 0) {
      failed += 1
      tellFailure(simulated, asked)
    }
    if (!asked.json && process.stdout.isTTY) process.stdout.write(`\r${sum.seeds} of ${asked.seeds} seeds`)
  }
  const more = (): number | null => {
    if (next >= asked.seed + asked.seeds || failed >= MOST_FAILED) return null
    next += 1
    return next - 1
  }
  const threads = Math.min(availableParallelism(), asked.seeds)
  await Promise.all(Array.from({ length: threads }, () => runThread(asked, more, take)))
  return sum
}

function runThread(
  { planted, cloud }: Asked,
  more: () => number | null,
  take: (simulated: Simulated) => void,
): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: [] })
  return new Promise((resolve, reject) => {
    const goOn = (): void => {
      const seed = more()
      if (seed !== null) worker.postMessage({ seed, planted, cloud } satisfies Story)
      else void worker.terminate().then(() => resolve())
    }
    worker.on('message', (simulated: Simulated) => {
      take(simulated)
      goOn()
    })
    worker.once('error', reject)
    goOn()
  })
}

function add(sum: Sum, { ticks, faults, violations, sessions, launched, terminated }: Simulated): void {
  sum.seeds += 1
  sum.ticks += ticks
  sum.sessions += sessions
  sum.launched += launched
  sum.terminated += terminated
  sum.violations += violations.length
  for (const [kind, count] of Object.entries(faults)) sum.faults[kind] = (sum.faults[kind] ?? 0) + count
}

function tellFailure({ seed, violations, faults }: Simulated, { planted, cloud }: Asked): void {
  const lines = violations
    .slice(0, 5)
    .map(({ invariant, what, atMs }) => `  ${(atMs / 1000).toFixed(1)} s  ${invariant}: ${what}`)
  const struck = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`)
  const again = `npm run simulate -- --seed ${seed} --show${planted === null ? '' : ` --planted ${planted}`}${cloud === 'plain' ? '' : ` --cloud ${cloud}`}`
  process.stderr.write(
    `seed ${seed}: ${violations.length} violations\n${lines.join('\n')}\n  faults: ${struck.join(', ')}\n  again: ${again}\n`,
  )
}

function told({ seeds, ticks, sessions, launched, terminated, faults, violations }: Sum): string {
  const struck = Object.entries(faults).sort(([, a], [, b]) => b - a)
  const total = struck.reduce((sum, [, count]) => sum + count, 0)
  return (
    `\r${seeds} seeds, ${ticks} ticks, ${sessions} sessions, ${launched} launched, ${terminated} terminated, ` +
    `${total} faults, ${violations} violations\n${struck.map(([kind, count]) => `  ${kind} ${count}`).join('\n')}\n`
  )
}

process.exitCode = await main()
