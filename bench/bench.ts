/**
 * Runs one benchmark: `npm run bench -- NAME [--json]`. A benchmark is a file of this folder that exports `run`;
 * its readable table is printed, and with `--json` one JSON object as the last line, for a script to read.
 *
 * Example: `npm run bench -- aggregate --json | tail -1` prints `{"samplesPerSecond1h":...,"samplesPerSecond24h":...}`.
 * Exit codes: 0 done, 1 the benchmark failed, 2 no such benchmark.
 */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What every file here exports. `args` are the words after the name, without `--json`. */
export interface Benchmark {
  run(args: readonly string[]): Promise<BenchmarkReport>
}

/** `result` is a flat JSON object of figures, units in their names. */
export interface BenchmarkReport {
  readonly table: string
  readonly result: object
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const THIS = basename(fileURLToPath(import.meta.url))

function isBenchmark(loaded: unknown): loaded is Benchmark {
  return typeof loaded === 'object' && loaded !== null && 'run' in loaded && typeof loaded.run === 'function'
}

/** Names of the files here, e.g. `aggregate`. */
function benchmarkNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== THIS)
    .map(file => file.slice(0, -'.ts'.length))
    .sort()
}

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  const [name, ...rest] = args.filter(arg => arg !== '--json')
  if (name === undefined || !benchmarkNames().includes(name)) {
    const what = name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`
    console.error(`${what} There are: ${benchmarkNames().join(', ')}.\nUsage: npm run bench -- NAME [--json]`)
    return 2
  }
  const loaded: unknown = await import(new URL(`${name}.ts`, import.meta.url).href)
  if (!isBenchmark(loaded)) {
    console.error(`bench/${name}.ts is no benchmark: it exports no function "run".`)
    return 1
  }
  const report = await loaded.run(rest)
  console.log(report.table)
  if (json) console.log(JSON.stringify(report.result))
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
}
