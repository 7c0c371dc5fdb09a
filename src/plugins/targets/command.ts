/**
 * A fleet behind three commands of the operator's: one lists the instances, one launches, one terminates. They speak
 * JSON and are run without a shell.
 *
 * Example: `./fleet.sh launch` is given `{"orders": [{"token": "web/42/1", "zone": null}]}` on its input and prints
 * `[{"token": "web/42/1", "instance": "web-7"}]`; `./fleet.sh list` then prints `[{"id": "web-7", "lifecycle": "booting",
 * "token": "web/42/1"}]`, and `./fleet.sh terminate`, given `{"instances": ["web-7"]}`, `[{"instance": "web-7", "state": "gone"}]`.
 *
 * `restart`, where there is one, gets and prints what `terminate` does, and the instance boots again under its id. Where ids are
 * used again the list says an `incarnation` too, and both commands are told it: `"incarnations": {"web-7": "vm-a"}`.
 *
 * Whether a command that failed half-way launched something is not known. Its token is the way to find out: a script
 * that keeps tokens and prints them in its list is never asked twice for the same one.
 */
import { z } from 'zod'
import { PluginError, type PluginErrorKind } from '../../ports/plugin.ts'
import type {
  LaunchOrder,
  LaunchResult,
  Target,
  TargetCapabilities,
  TargetInstance,
  TerminateResult,
  Victim,
} from '../../ports/target.ts'
import { CommandError, quoteCommand, quoteText, runCommand } from '../command.ts'

export interface CommandTargetOptions {
  /** Programs and arguments; no shell. */
  readonly list: readonly string[]
  readonly launch: readonly string[]
  readonly terminate: readonly string[]
  /** Mends instances in place; `null`: it cannot, and they are replaced. */
  readonly restart: readonly string[] | null
  /** Names of zones an order may ask for. */
  readonly zones: readonly string[]
  /** The list may be behind by so much. */
  readonly listingLagMs: number
  /** Folder they run in; `null` is the daemon's own. */
  readonly cwd: string | null
  readonly timeoutMs: number
  /** Nobody else adds or removes instances: one that vanishes was lost. */
  readonly exclusive: boolean
}

export interface CommandTargetContext {
  readonly fleet: string
}

const MOST_INSTANCES = 10_000
const LONGEST_NAME = 200
const MOST_ACCESS = 20
/** Tokens remembered with what they launched; the oldest are forgotten first. */
const TOKENS = 10_000
const PROBLEMS_SHOWN = 3

const KINDS = ['unavailable', 'refused', 'not-found', 'conflict', 'misconfigured', 'throttled'] as const
const name = z.string().min(1).max(LONGEST_NAME)
const text = z.string().max(2_000)

const listed = z
  .array(
    z.strictObject({
      id: name,
      incarnation: name.nullable().default(null),
      lifecycle: z.enum(['booting', 'ready', 'terminating', 'lost']).default('ready'),
      health: z.enum(['unknown', 'healthy', 'suspect', 'unhealthy']).default('unknown'),
      zone: name.nullable().default(null),
      address: text.nullable().default(null),
      launchedAt: z.iso.datetime({ offset: true }).nullable().default(null),
      token: text.nullable().default(null),
      detail: text.nullable().default(null),
      access: z
        .array(z.strictObject({ name, address: text }))
        .max(MOST_ACCESS)
        .default([]),
    }),
  )
  .max(MOST_INSTANCES)

/** `kind` is how a caller may act on the error; left out, it is "not now". */
const failure = { error: text.optional(), kind: z.enum(KINDS).default('unavailable') }

const launched = z.array(
  z
    .strictObject({ token: z.string(), instance: name.optional(), ...failure })
    .refine(result => (result.instance === undefined) !== (result.error === undefined), {
      error: 'must have either "instance" or "error"',
    }),
)

const terminated = z.array(
  z
    .strictObject({ instance: z.string(), state: z.enum(['terminating', 'gone']).optional(), ...failure })
    .refine(result => (result.state === undefined) !== (result.error === undefined), {
      error: 'must have either "state" or "error"',
    }),
)

type Failed = { readonly ok: false; readonly kind: PluginErrorKind; readonly error: string }
type Terminated = { readonly ok: true; readonly state: 'terminating' | 'gone' } | Failed

export function createCommandTarget(options: CommandTargetOptions, context: CommandTargetContext): Target {
  const closing = new AbortController()
  const instanceByToken = new Map<string, string>()
  const capabilities: TargetCapabilities = {
    acts: true,
    choosesVictim: true,
    zones: options.zones,
    // Across a restart of ours only the script could know a token again, and not every script does.
    idempotentLaunch: false,
    exclusive: options.exclusive,
    highestCount: null,
    restarts: options.restart !== null,
    listingLagMs: options.listingLagMs,
  }

  async function ask<T>(question: Question<T>, signal: AbortSignal): Promise<T> {
    const printed = await runCommand(question.command, {
      input: question.input,
      cwd: options.cwd,
      timeoutMs: options.timeoutMs,
      signal: AbortSignal.any([signal, closing.signal]),
      env: { PLIMSOLL_FLEET: context.fleet },
    })
    return parsePrinted(printed, question)
  }

  function remember(token: string, instance: string): void {
    instanceByToken.set(token, instance)
    const [oldest] = instanceByToken.keys()
    if (instanceByToken.size > TOKENS && oldest !== undefined) instanceByToken.delete(oldest)
  }

  async function listInstances(signal: AbortSignal): Promise<readonly TargetInstance[]> {
    const expected = '[{"id": "web-1", "lifecycle": "ready"}]'
    const instances = await ask({ command: options.list, input: null, schema: listed, expected }, signal)
    requireUnique(instances, options.list)
    for (const { id, token } of instances) {
      if (token !== null) remember(token, id)
    }
    return instances.map(({ launchedAt, ...instance }) => ({
      ...instance,
      launchedAt: launchedAt === null ? null : Date.parse(launchedAt),
    }))
  }

  /** Orders whose token was used are answered from memory; of the others, what failed and why. */
  async function launchNew(
    orders: readonly LaunchOrder[],
    signal: AbortSignal,
  ): Promise<Map<string, Failed>> {
    const fresh = new Map(
      orders.filter(({ token }) => !instanceByToken.has(token)).map(order => [order.token, order]),
    )
    const [first] = fresh.keys()
    if (first === undefined) return new Map()
    const input = { orders: [...fresh.values()] }
    const expected = `[{"token": ${JSON.stringify(first)}, "instance": "web-7"}]`
    const failed = new Map<string, Failed>()
    try {
      for (const result of await ask(
        { command: options.launch, input, schema: launched, expected },
        signal,
      )) {
        if (result.instance !== undefined) remember(result.token, result.instance)
        else failed.set(result.token, { ok: false, kind: result.kind, error: result.error ?? '' })
      }
    } catch (error) {
      const why = failureOf(error)
      for (const token of fresh.keys()) failed.set(token, why)
    }
    return failed
  }

  /** Whichever of the two commands it is. */
  async function endAll(
    command: readonly string[],
    victims: readonly Victim[],
    signal: AbortSignal,
  ): Promise<readonly TerminateResult[]> {
    const results = await askToEnd(command, victims, signal)
    return victims.map(({ id }): TerminateResult => {
      return { instance: id, ...(results.get(id) ?? unanswered(command, id)) }
    })
  }

  async function askToEnd(
    command: readonly string[],
    victims: readonly Victim[],
    signal: AbortSignal,
  ): Promise<Map<string, Terminated>> {
    const instances = victims.map(({ id }) => id)
    const [first] = instances
    if (first === undefined) return new Map()
    const input = { instances: [...new Set(instances)], ...incarnationsOf(victims) }
    const expected = `[{"instance": ${JSON.stringify(first)}, "state": "terminating"}]`
    const results = new Map<string, Terminated>()
    try {
      for (const result of await ask({ command, input, schema: terminated, expected }, signal)) {
        results.set(result.instance, terminationOf(result))
      }
    } catch (error) {
      const why = failureOf(error)
      for (const instance of instances) results.set(instance, why)
    }
    return results
  }

  return {
    capabilities,
    listInstances,

    async launch(orders, signal) {
      const failed = await launchNew(orders, signal)
      return orders.map(({ token }): LaunchResult => {
        const instance = instanceByToken.get(token)
        if (instance !== undefined) return { token, ok: true, instance }
        return { token, ...(failed.get(token) ?? unanswered(options.launch, `the order ${token}`)) }
      })
    },

    terminate: (victims, signal) => endAll(options.terminate, victims, signal),

    ...(options.restart === null ? {} : { restart: endAll.bind(null, options.restart) }),

    async check(signal) {
      try {
        const instances = await listInstances(signal)
        return { ok: true, detail: `${quoteCommand(options.list)} lists ${instances.length} instances` }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    async close() {
      closing.abort()
    },
  }
}

/** Only where ids are used again: the script must not end a later one of that name. */
function incarnationsOf(victims: readonly Victim[]): { incarnations?: Record<string, string> } {
  const known = victims.flatMap(({ id, incarnation }) =>
    incarnation === null ? [] : [[id, incarnation] as const],
  )
  return known.length === 0 ? {} : { incarnations: Object.fromEntries(known) }
}

interface Question<T> {
  readonly command: readonly string[]
  readonly input: unknown
  readonly schema: z.ZodType<T>
  /** An answer as it should be, for the operator. */
  readonly expected: string
}

function parsePrinted<T>(printed: string, { command, schema, expected }: Question<T>): T {
  const saw = printed.trim() === '' ? 'nothing' : quoteText(printed, 'start')
  const wrong = (because: string) =>
    new PluginError(
      'misconfigured',
      `PLM-356 ${quoteCommand(command)} printed ${saw}, ${because}. Expected is something like ${expected}.`,
    )
  let answer: unknown
  try {
    answer = JSON.parse(printed)
  } catch {
    throw wrong('which is not JSON')
  }
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw wrong(`in which ${parsed.error.issues.slice(0, PROBLEMS_SHOWN).map(problemText).join('; ')}`)
}

function problemText({ path, message }: z.core.$ZodIssue): string {
  const place = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return `${place === '' ? 'the whole' : place.replace(/^\./, '')}: ${message}`
}

function requireUnique(instances: readonly { readonly id: string }[], command: readonly string[]): void {
  const ids = new Set<string>()
  for (const { id } of instances) {
    if (ids.has(id)) {
      throw new PluginError(
        'misconfigured',
        `PLM-358 ${quoteCommand(command)} listed the instance "${id}" twice, so the list is not used.`,
      )
    }
    ids.add(id)
  }
}

/** Rethrows when nothing was tried: then the whole call may simply be made again. */
function failureOf(error: unknown): Failed {
  if (!(error instanceof PluginError)) throw error
  if (error instanceof CommandError && !error.started) throw error
  return { ok: false, kind: error.kind, error: error.message }
}

function unanswered(command: readonly string[], what: string): Failed {
  return {
    ok: false,
    kind: 'unavailable',
    error: `PLM-357 ${quoteCommand(command)} gave no answer for ${what}; whether it was done is not known.`,
  }
}

/** An instance the script does not know is gone, which is what was asked for. */
function terminationOf(result: z.output<typeof terminated>[number]): Terminated {
  if (result.state !== undefined) return { ok: true, state: result.state }
  if (result.kind === 'not-found') return { ok: true, state: 'gone' }
  return { ok: false, kind: result.kind, error: result.error ?? '' }
}
