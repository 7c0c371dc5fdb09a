/**
 * `plimsoll azure cleanup FILE`: deletes what the template of a fleet has created. Without `--yes` it prints what it would do.
 *
 * Example: `plimsoll azure cleanup plimsoll.yaml --yes` ends with `Deleted 6 of web; 2 were not there.`
 */
import { azureVmssTarget } from '../config/schema-azure-vmss.ts'
import { type Deletion, type DeletionPlan, deletionsOf, isOurs, markOf } from '../infrastructure/deletions.ts'
import { Resources, type ResourcesContext } from '../plugins/azure/resources.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import { PluginError } from '../ports/plugin.ts'
import { DeletionLate, type Ended, endOne, whichOf } from './azure-deleting.ts'
import { requireNoSessions } from './azure-sessions.ts'
import { asCliError } from './azure-template.ts'
import { CliError, EXIT_OK, messageOf } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { onInterrupt } from './interrupts.ts'
import { type Io, printJson, printLine } from './io.ts'

export interface CleanupOptions {
  readonly fleet?: string
  readonly check?: boolean
  readonly yes?: boolean
  readonly cutSessions?: boolean
  readonly json?: boolean
}

/** For tests: who signs in, whom to trust, how fast to look. */
export interface CleanupContext extends Partial<ResourcesContext> {
  readonly pauseMs?: number
  readonly longestPauseMs?: number
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000
const PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000

export async function cleanupCommand(
  file: string,
  options: CleanupOptions,
  io: Io,
  context: CleanupContext = {},
): Promise<number> {
  const { spec, state } = await loadFile(io, file)
  const plan = asCliError(() => deletionsOf(spec, options.fleet))
  if (options.yes !== true && options.check !== true) return tellPlan(plan, options, io)
  const resources = resourcesOf(plan, context)
  try {
    if (options.yes !== true) return await check(plan, resources, options, io)
    await requireNoSessions(plan.fleet, state.path, options.cutSessions === true, io)
    return await deleteAll(plan, resources, options, context, io)
  } finally {
    resources.close()
  }
}

function resourcesOf({ fleet }: DeletionPlan, { timeoutMs, ...context }: CleanupContext): Resources {
  const { subscription, endpoint, authorityHost } = azureVmssTarget.parse(fleet.target.options)
  return new Resources(
    { subscription, endpoint, authorityHost, timeoutMs: timeoutMs ?? TIMEOUT_MS },
    { clock: systemClock, ...context },
  )
}

function tellPlan({ fleet, deletions }: DeletionPlan, { json }: CleanupOptions, io: Io): number {
  if (json === true) {
    printJson(io, { fleet: fleet.name, deleted: false, plan: deletions.map(shown) })
    return EXIT_OK
  }
  printLine(io, `What the template of ${fleet.name} has created would be deleted in this order:`)
  for (const [index, deletion] of deletions.entries()) {
    printLine(io, `  ${index + 1}  ${lineOf(deletion)}`)
    printLine(io, `     ${coloursFor(io).dim(deletion.id)}`)
  }
  printLine(
    io,
    'Nothing was deleted, and nothing asked of Azure: --check looks what of it is there, --yes deletes it.',
  )
  return EXIT_OK
}

function shown({ what, name, id, apiVersion }: Deletion) {
  return { what, name, id, apiVersion }
}

function lineOf({ what, name, more }: Deletion): string {
  return `${what.padEnd(16)} ${name}${more === '' ? '' : `, ${more}`}`
}

type Seen = 'there' | 'gone' | 'foreign'

async function check(
  plan: DeletionPlan,
  resources: Resources,
  { json }: CleanupOptions,
  io: Io,
): Promise<number> {
  const { fleet, home, deletions } = plan
  const seen: (ReturnType<typeof shown> & { readonly state: Seen })[] = []
  for (const deletion of deletions) {
    const found = await resources.find(whichOf(deletion), AbortSignal.timeout(4 * TIMEOUT_MS))
    const state = found === null ? 'gone' : isOurs(deletion, home, found) ? 'there' : 'foreign'
    seen.push({ ...shown(deletion), state })
    if (json !== true)
      printLine(io, `${wordFor(state).padEnd(9)} ${lineOf(deletion)}${whyNot(state, deletion, plan)}`)
  }
  if (json === true) printJson(io, { fleet: fleet.name, deleted: false, found: seen })
  return EXIT_OK
}

function wordFor(state: Seen | Ended): string {
  return state === 'gone' ? 'not there' : state === 'foreign' ? 'left' : state
}

function whyNot(state: Seen | Ended, deletion: Deletion, { home }: DeletionPlan): string {
  return state === 'foreign' ? `: it is not of ${home.fleet}, without ${markOf(deletion, home)}` : ''
}

async function deleteAll(
  plan: DeletionPlan,
  resources: Resources,
  options: CleanupOptions,
  context: CleanupContext,
  io: Io,
): Promise<number> {
  const stop = new AbortController()
  const unsubscribe = onInterrupt(() => stop.abort())
  const ended: { readonly deletion: Deletion; readonly how: Ended }[] = []
  try {
    for (const deletion of plan.deletions) {
      const how = await endOne(
        deletion,
        plan.home,
        {
          resources,
          clock: context.clock ?? systemClock,
          pauseMs: context.pauseMs ?? PAUSE_MS,
          longestPauseMs: context.longestPauseMs ?? LONGEST_PAUSE_MS,
          onProgress: progressOn(options, io),
        },
        stop.signal,
      )
      ended.push({ deletion, how })
      if (options.json !== true) {
        printLine(io, `${wordFor(how).padEnd(9)} ${lineOf(deletion)}${whyNot(how, deletion, plan)}`)
      }
    }
  } catch (error) {
    const left = plan.deletions.slice(ended.length)
    if (options.json === true) printJson(io, reportOf(plan, ended, left))
    throw stopped(error, left, stop.signal.aborted)
  } finally {
    unsubscribe()
  }
  if (options.json === true) printJson(io, reportOf(plan, ended, []))
  else
    printLine(
      io,
      summaryOf(
        plan,
        ended.map(({ how }) => how),
      ),
    )
  return EXIT_OK
}

function reportOf(
  { fleet }: DeletionPlan,
  ended: readonly { readonly deletion: Deletion; readonly how: Ended }[],
  left: readonly Deletion[],
) {
  return {
    fleet: fleet.name,
    deleted: left.length === 0,
    ended: ended.map(({ deletion, how }) => ({ ...shown(deletion), how })),
    left: left.map(shown),
  }
}

function summaryOf({ fleet }: DeletionPlan, ended: readonly Ended[]): string {
  const count = (how: Ended) => ended.filter(each => each === how).length
  const gone = count('gone')
  const foreign = count('foreign')
  return [
    `Deleted ${count('deleted')} of ${fleet.name}`,
    ...(gone === 0 ? [] : [`${gone} ${gone === 1 ? 'was' : 'were'} not there`]),
    ...(foreign === 0 ? [] : [`${foreign} left, not of ${fleet.name}`]),
  ]
    .join('; ')
    .concat('.')
}

/** On a terminal, a line every so often: a scale set takes minutes. */
function progressOn({ json }: CleanupOptions, io: Io): (deletion: Deletion, seconds: number) => void {
  let lastAt = 0
  return ({ what, name }, seconds) => {
    if (json === true || seconds < lastAt + 10) {
      lastAt = Math.min(lastAt, seconds)
      return
    }
    lastAt = seconds
    io.stderr.write(`deleting the ${what} ${name}, for ${seconds} s\n`)
  }
}

function stopped(error: unknown, left: readonly Deletion[], wasInterrupted: boolean): CliError {
  const [first] = left
  const rest = left.map(({ what, name }) => `the ${what} ${name}`).join(', ')
  const what = first === undefined ? '' : `the ${first.what} ${first.name}`
  const next = `Still to be deleted: ${rest}. Run it again, and it goes on from there.`
  if (wasInterrupted) {
    return new CliError(
      'PLM-806',
      `Stopped while it was about ${what}; what Azure was asked to delete, it deletes all the same. ${next}`,
      { cause: error },
    )
  }
  if (error instanceof DeletionLate) {
    const minutes = Math.round((first?.deadlineMs ?? 0) / 60_000)
    return new CliError(
      'PLM-805',
      `After ${minutes} minutes ${what} was not gone: ${sentence(messageOf(error))} ${next}`,
      {
        cause: error,
      },
    )
  }
  if (error instanceof PluginError) {
    return new CliError('PLM-804', `Could not delete ${what}: ${sentence(error.message)} ${next}`, {
      cause: error,
    })
  }
  throw error
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
