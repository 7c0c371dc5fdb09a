/**
 * `plimsoll init [FILE]`: asks a few questions and writes a commented file that is valid as it stands. Never overwrites.
 *
 * Example: `plimsoll init --yes --target none` writes plimsoll.yaml without asking.
 */
import { parseConfig } from '../config/load.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { createFile } from './files.ts'
import { type InitAnswers, TARGET_CHOICES, type TargetChoice, writeTemplate } from './init-template.ts'
import { type Io, printJson, printLine, resolvePath } from './io.ts'
import { suggest } from './nearest.ts'

export interface InitOptions {
  readonly yes?: boolean
  readonly fleet?: string
  readonly target?: string
  readonly command?: string
  readonly listen?: string
  readonly slots?: string
  readonly min?: string
  readonly max?: string
  readonly json?: boolean
}

export async function initCommand(file: string, options: InitOptions, io: Io): Promise<number> {
  const answers = await collect(options, io)
  const text = writeTemplate(answers, file)
  refuseInvalid(text, file, io)
  await createFile(io, file, text)
  if (options.json === true) {
    printJson(io, { file, ...answers })
    return EXIT_OK
  }
  printLine(io, `Wrote ${file}. Next:`)
  printLine(io, `  plimsoll validate ${file}`)
  printLine(io, `  plimsoll run ${file}`)
  return EXIT_OK
}

type Ask = (question: string, usual: string) => Promise<string>

async function collect(options: InitOptions, io: Io): Promise<InitAnswers> {
  const ask = askerOf(options, io)
  const fleet = options.fleet ?? (await ask('Name of the fleet', 'web'))
  const target = targetOf(options.target ?? (await ask(`Target (${TARGET_CHOICES.join(', ')})`, 'process')))
  const command =
    target === 'process' ? (options.command ?? (await ask('Program of an instance', 'node app.mjs'))) : ''
  const listen =
    target === 'process' ? (options.listen ?? (await ask('Address of the proxy', '127.0.0.1:8080'))) : ''
  const slots = countOf(
    options.slots ?? (await ask('Sessions an instance has room for (0: it serves requests)', '0')),
    '--slots',
  )
  const min = countOf(options.min ?? (await ask('Fewest instances', '2')), '--min')
  const max = countOf(options.max ?? (await ask('Most instances', String(Math.max(5, min)))), '--max')
  if (max < min) throw new CliError('PLM-501', `--max ${max} is less than --min ${min}.`)
  return { fleet, target, command: splitWords(command), listen, slots, min, max }
}

/** On a terminal a person is asked; with `--yes` the usual answer stands. */
function askerOf({ yes }: InitOptions, io: Io): Ask {
  if (yes === true) return async (_question, usual) => usual
  if (!io.canAsk) {
    throw new CliError(
      'PLM-506',
      'There is no terminal to ask questions on. Add --yes to take the usual answers, and options for the others ' +
        '(plimsoll init --help).',
    )
  }
  return async (question, usual) => {
    const typed = await io.ask(`${question} [${usual}]: `)
    if (typed === null)
      throw new CliError('PLM-506', 'The input ended before the last question. Nothing was written.')
    return typed.trim() === '' ? usual : typed.trim()
  }
}

function targetOf(text: string): TargetChoice {
  const found = TARGET_CHOICES.find(choice => choice === text)
  if (found !== undefined) return found
  throw new CliError('PLM-501', `There is no target "${text}". ${suggest(text, TARGET_CHOICES)}`)
}

const MOST_INSTANCES = 100_000

function countOf(text: string, what: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text.trim()) && count <= MOST_INSTANCES) return count
  throw new CliError('PLM-501', `${what} "${text}" is not a count. Give a whole number, 0 or more.`)
}

/** Words apart at spaces; quotes keep them together. */
function splitWords(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
  return words.map(([, double, single, plain]) => double ?? single ?? plain ?? '')
}

/** An answer that the file cannot hold (a strange fleet name, an address that is none) is refused before writing. */
function refuseInvalid(text: string, file: string, io: Io): void {
  const result = parseConfig(text, { file: resolvePath(io, file), env: {}, readFile: () => '' })
  if (result.ok) return
  const said = result.problems.map(problem => `\n  ${problem.message}`)
  throw new CliError(
    'PLM-501',
    `These answers do not make a valid file, so nothing was written:${said.join('')}`,
  )
}
