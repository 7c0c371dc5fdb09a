/**
 * Throws random rules and service information of the Application Block at its importer. `node test/fuzz/xml.ts --cases 10000
 * [--seed S] [--json]`; a case that fails prints the command that repeats it.
 *
 * Every file is either refused, each problem with a place inside it, or imported: then the text loads without a problem, a
 * second import gives the same text, and every finding has a place inside the files.
 *
 * Exit codes: 0 nothing failed, 1 a case failed, 2 an option is wrong.
 */
import { parseArgs } from 'node:util'
import { parseConfig } from '../../src/config/load.ts'
import type { Imported } from '../../src/importers/finding.ts'
import { ImportError, type SourcePlace } from '../../src/importers/import-error.ts'
import { importWasabi, type WasabiFiles } from '../../src/importers/wasabi/import-wasabi.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { Unsound } from './soundness.ts'
import { randomXml } from './xml-grammar.ts'

export interface XmlFailure {
  readonly seed: number
  readonly error: string
  readonly command: string
}

export interface XmlReport {
  readonly cases: number
  readonly seed: number
  readonly accepted: number
  readonly refused: number
  readonly failures: readonly XmlFailure[]
}

/** After so many failures nothing new is learnt. */
const MOST_FAILURES = 5

/** Case n has the seed `seed + n`, so that one case alone is `--cases 1 --seed` of it. */
export function fuzzXml(cases: number, seed: number): XmlReport {
  const failures: XmlFailure[] = []
  const count = { accepted: 0, refused: 0 }
  let done = 0
  for (; done < cases && failures.length < MOST_FAILURES; done++) {
    const own = seed + done
    try {
      count[runCase(chanceFrom(own))] += 1
    } catch (error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
      failures.push({ seed: own, error: words, command: `node test/fuzz/xml.ts --cases 1 --seed ${own}` })
    }
  }
  return { cases: done, seed, ...count, failures }
}

function runCase(chance: Chance): 'accepted' | 'refused' {
  const { rules, services } = randomXml(chance)
  return askImport({
    rules: { file: 'rules.xml', text: rules },
    ...(services === null ? {} : { services: { file: 'services.xml', text: services } }),
  })
}

export function askImport(files: WasabiFiles): 'accepted' | 'refused' {
  const first = tryImport(files)
  const inside = placesIn(files)
  if (first instanceof ImportError) {
    ask(first.problems.length > 0, 'refused without a problem')
    for (const { code, message, ...place } of first.problems) {
      ask(/^PLM-75[0-3]$/.test(code), `the code is ${code}`)
      ask(message !== '', 'a problem says nothing')
      inside(place, message)
    }
    return 'refused'
  }
  const env = variablesOf(first.text)
  const loaded = parseConfig(first.text, { file: 'plimsoll.yaml', env, readFile: () => '' })
  ask(
    loaded.ok,
    `does not load: ${loaded.ok ? '' : loaded.problems.map(({ message }) => message).join('; ')}`,
  )
  for (const { message, ...place } of first.findings) inside(place, message)
  const second = tryImport(files)
  ask(!(second instanceof ImportError) && second.text === first.text, 'another text the second time')
  return 'accepted'
}

function tryImport(files: WasabiFiles): Imported | ImportError {
  try {
    return importWasabi(files)
  } catch (error) {
    if (error instanceof ImportError) return error
    throw error
  }
}

/** Those that connection strings are to be in. */
function variablesOf(text: string): Record<string, string> {
  const names = [...text.matchAll(/connection: "\$\{env:(STORAGE_\w+)\}"/g)].map(([, name = '']) => name)
  return Object.fromEntries(names.map(name => [name, 'UseDevelopmentStorage=true']))
}

/** Asks that a place is one of the file it names. */
function placesIn({ rules, services }: WasabiFiles): (place: SourcePlace, message: string) => void {
  const lines = new Map(
    [rules, ...(services === undefined ? [] : [services])].map(({ file, text }) => [
      file,
      text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/),
    ]),
  )
  return ({ file, line, column }, message) => {
    const width = lines.get(file)?.[line - 1]?.length ?? -2
    ask(column >= 1 && column <= width + 1, `${file}:${line}:${column} is not in the file: ${message}`)
  }
}

function ask(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Unsound(what)
}

const MOST_CASES = 1_000_000

function main(): void {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  })
  const [cases, seed] = [Number(values.cases), Number(values.seed)]
  if (!(Number.isInteger(cases) && cases >= 1 && cases <= MOST_CASES && Number.isInteger(seed))) {
    process.stderr.write(`Give --cases from 1 to ${MOST_CASES} and a whole --seed.\n`)
    process.exitCode = 2
    return
  }
  const report = fuzzXml(cases, seed)
  for (const { error, command } of report.failures) process.stderr.write(`${error}\nAgain: ${command}\n`)
  const { accepted, refused, failures } = report
  const words = `${report.cases} cases: ${accepted} accepted, ${refused} refused, ${failures.length} failed`
  process.stdout.write(`${values.json ? JSON.stringify(report) : words}\n`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

if (import.meta.main) main()
